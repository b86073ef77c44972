/* What of a request goes to core, and what of core's reply goes to the client. */
#include "crypto/box.h"
#include "base/log.h"
#include "role/gateway/exchange_private.h"
#include "role/gateway/picture.h"
#include "role/gateway/secrets.h"
#include "system/files.h"

static secrets_way way_of(exchange *e) { return (secrets_way){e->gateway->box, e->request_id, &e->memory}; }

/* Limits first, then boxes: what is packed holds no plaintext. */
static status input_pack(exchange *e, void *input, buffer *out, slice *culprit) {
    const operation *op = operation_get(e->decoded.operation);
    TRY(shape_check(op->in, input, culprit));
    if (shape_has_secrets(op->in)) {
        ENSURE(e->gateway->box != NULL, CLOSED);
        secrets_way way = way_of(e);
        TRY(secrets_box(&way, op->in, input, culprit));
    }
    return shape_pack(op->in, input, out);
}

static status inputs_pack(exchange *e, buffer *input, buffer *alternative, slice *culprit) {
    slice other_culprit;
    ENSURE(operation_get(e->decoded.operation) != NULL && e->decoded.input != NULL, UNKNOWN_OPERATION);
    TRY(input_pack(e, e->decoded.input, input, culprit));
    if (e->decoded.alternative && FAILED(input_pack(e, e->decoded.alternative, alternative, &other_culprit)))
        buffer_reset(alternative); /* a reading that breaks the limits is none */
    return OK;
}

static peer peer_of(const exchange *e) {
    const http_head *wire = &e->head->wire;
    return (peer){.source_ip = wire->source_ip,
                  .user_agent = slice_head(head_find(wire, "User-Agent"), 1024),
                  .host = slice_head(head_find(wire, "Host"), 1024),
                  .is_tls = SET_BOOL(wire->is_tls),
                  .dialect = slice_of_text(e->decoded.dialect->name),
                  .api_version = e->decoded.api_version};
}

/* A request that no frame holds is recorded without what makes it so long. */
static status request_send(exchange *e, request_message *request) {
    core_link *core = e->gateway->core;
    status asked = core_link_ask(core, &e->call, request);
    if (!FAILED_WITH(asked, TOO_LARGE)) return asked;
    request_message shorter = {.request_id = request->request_id,
                               .operation = request->operation,
                               .peer = request->peer,
                               .failure = SET_INT(FAILURE_REQUEST_TOO_LARGE)};
    return core_link_ask(core, &e->call, &shorter);
}

typedef struct finding {
    status failure;
    slice detail;
} finding;

/* What was signed names every parameter, plaintexts too: it is for the vault's eyes, not for core's. */
static status text_box(exchange *e, slice text, slice *out) {
    return box_seal_kept(e->gateway->box, e->request_id, text, &e->memory, out);
}

static status texts_box(exchange *e, const slice_list *texts, slice_list *out) {
    slice_list boxed = {ARENA_ARRAY(&e->memory, slice, texts->count), 0};
    ENSURE(boxed.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < texts->count; i++) TRY(text_box(e, texts->at[i], &boxed.at[boxed.count++]));
    *out = boxed;
    return OK;
}

/* A signed body goes along only where the vault has something to read in it: the action, or what to compare an act or a change with. */
static status body_box(exchange *e, proof *claimed) {
    const operation *op = operation_get(e->decoded.operation);
    bool names_action =
        slice_equals_text(claimed->scope_service, "sts") || slice_equals_text(claimed->scope_service, "iam");
    bool is_compared = op != NULL && (op->acts != 0 || operation_is_compared(op));
    if (!names_action && !is_compared) claimed->body = (slice){0};
    return claimed->body.len ? text_box(e, claimed->body, &claimed->body) : OK;
}

static status proof_box(exchange *e, proof *claimed, request_message *request) {
    slice_list texts = {claimed->texts.at, claimed->texts.count};
    ENSURE(e->gateway->box != NULL, CLOSED);
    TRY(texts_box(e, &texts, &texts));
    TRY(body_box(e, claimed));
    claimed->texts.at = texts.at;
    request->proof = claimed;
    if (request->alternative_texts.count == 0) return OK;
    texts = (slice_list){request->alternative_texts.at, request->alternative_texts.count};
    TRY(texts_box(e, &texts, &texts));
    request->alternative_texts.at = texts.at;
    return OK;
}

static void ask(exchange *e, const finding *found, const buffer *input, const buffer *alternative) {
    const decoded *d = &e->decoded;
    peer from = peer_of(e);
    proof claimed = d->proof;
    bool is_fine = !FAILED(found->failure);
    request_message request = {.request_id = e->request_id, .peer = &from, .detail = found->detail};
    if (d->operation != OPERATION_NONE) request.operation = SET_INT(d->operation);
    if (!is_fine) request.failure = SET_INT(found->failure.code);
    if (is_fine) request.input = buffer_slice(input);
    if (is_fine && alternative->len) {
        request.alternative = buffer_slice(alternative);
        request.alternative_texts = d->alternative_texts;
    }
    e->stage = STAGE_ASKED;
    bool has_claim = d->has_proof || !slice_is_absent(d->proof.access_key_id);
    status asked = has_claim ? proof_box(e, &claimed, &request) : OK;
    if (!FAILED(asked)) asked = request_send(e, &request);
    e->call_id = e->call.id;
    if (FAILED(asked)) exchange_fail(e, FAILED_WITH(asked, CLOSED) ? asked : FAIL(INTERNAL), (slice){0});
}

/* What was there already (too long, too many) comes before what decoding finds, but decoding says who asked. */
static finding request_read(exchange *e, status found, slice detail, buffer *input, buffer *alternative) {
    slice at = {0};
    decoded kept = e->decoded;
    slice body = e->body_wanted ? buffer_slice(&e->body) : (slice){0};
    bool is_readable = !FAILED_WITH(found, REQUEST_TOO_LARGE) && !FAILED_WITH(found, MALFORMED);
    status read = is_readable ? kept.dialect->decode(&e->head->wire, body, &e->memory, &e->decoded, &at) : found;
    if (e->decoded.dialect == NULL) e->decoded = kept;
    if (FAILED(found)) return (finding){found, detail};
    if (FAILED(read)) return (finding){read, at};
    status packed = inputs_pack(e, input, alternative, &at);
    return (finding){packed, FAILED(packed) ? at : (slice){0}};
}

void exchange_ask(exchange *e, status found, slice detail) {
    gateway *g = e->gateway;
    buffer_reset(&g->input);
    buffer_reset(&g->alternative);
    finding all = request_read(e, found, detail, &g->input, &g->alternative);
    ask(e, &all, &g->input, &g->alternative);
}

/* -- answers */

static reply reply_begin(const exchange *e) {
    return (reply){.request_id = e->request_id,
                   .host = head_find(&e->head->wire, "Host"),
                   .elapsed_ms = loop_now_ms(e->gateway->loop) - e->began_ms};
}

static status failure_encode(exchange *e, status failure, slice detail) {
    reply r = reply_begin(e);
    r.failure = failure;
    r.detail = detail;
    return e->decoded.dialect->encode_failure(&e->decoded, &r, &e->memory, &e->answer);
}

static status success_encode(exchange *e, const reply_message *replied) {
    const operation *op = operation_get(e->decoded.operation);
    ENSURE(op != NULL, INTERNAL);
    slice content;
    TRY(arena_copy(&e->memory, replied->output, &content)); /* the message it came in ends before the answer */
    void *output = arena_take(&e->memory, op->out->struct_bytes);
    ENSURE(output != NULL, OUT_OF_MEMORY);
    TRY(shape_unpack(op->out, content, &e->memory, output));
    if (shape_has_secrets(op->out)) {
        ENSURE(e->gateway->box != NULL, CLOSED);
        secrets_way way = way_of(e);
        ENSURE(!FAILED(secrets_unbox(&way, op->out, output)), CLOSED); /* boxed before the vault was started anew */
    }
    if (e->decoded.operation == OPERATION_CREATE_VIRTUAL_MFA_DEVICE) TRY(picture_add(output, &e->memory));
    reply r = reply_begin(e);
    r.failure = OK;
    r.output = output;
    TRY(arena_copy(&e->memory, replied->account_id, &r.account_id));
    return e->decoded.dialect->encode(&e->decoded, &r, &e->memory, &e->answer);
}

static status failure_of(const reply_message *replied) {
    int64_t code = replied->failure.is_set ? replied->failure.value : STATUS_OK;
    return (status){(enum status_code)code};
}

static status reply_encode(exchange *e, const reply_message *replied) {
    status failure = failure_of(replied);
    slice detail;
    if (!FAILED(failure)) return success_encode(e, replied);
    TRY(arena_copy(&e->memory, replied->detail, &detail));
    return failure_encode(e, failure, detail);
}

/* When even the failure cannot be encoded, the status alone goes out. */
void exchange_encode(exchange *e, const reply_message *replied) {
    status encoded = reply_encode(e, replied);
    if (FAILED(encoded)) {
        log_error("an answer could not be encoded", "request %.*s: %s", SLICE_ARGS(e->request_id),
                  status_name(encoded));
        encoded = failure_encode(e, FAILED_WITH(encoded, CLOSED) ? encoded : FAIL(INTERNAL), (slice){0});
    }
    if (FAILED(encoded)) e->answer = (http_answer){.status = 500};
    e->stage = STAGE_ANSWERABLE;
}

void exchange_on_reply(void *context, const reply_message *replied, const int *fds, size_t fd_count) {
    exchange *e = context;
    bool has_plan = replied->body && !FAILED(failure_of(replied)) && e->stage == STAGE_ASKED;
    if (has_plan) {
        exchange_move(e, replied, fds, fd_count);
        return;
    }
    for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
    exchange_encode(e, replied);
    exchange_go_on(e);
}

void exchange_on_failure(void *context, status why) {
    exchange *e = context;
    exchange_move_drop(e);
    exchange_fail(e, why, (slice){0});
    exchange_go_on(e);
}
