/* Frames from gateways, vault and auditor become steps of jobs. */
#include <stdlib.h>

#include "base/text.h"
#include "contract/message.h"
#include "crypto/random.h"
#include "service/account/approval.h"
#include "service/pipeline.h"

enum { FRAME_MEMORY_LIMIT = 8 << 20 };

static slice gateway_key(const uint64_t parts[2]) { return slice_of(parts, 2 * sizeof *parts); }

static job *find_job(serve *s, int64_t number) {
    uint64_t key = (uint64_t)number;
    return table_get(&s->by_number, slice_of(&key, sizeof key));
}

static job *find_gateway_job(serve *s, int64_t gateway, int64_t id) {
    uint64_t parts[2] = {(uint64_t)gateway, (uint64_t)id};
    return table_get(&s->by_gateway, gateway_key(parts));
}

/* ---- gateways */

static status unpack_input(call *c, slice packed) {
    c->stated = NULL;
    c->in = arena_take(&c->memory, c->operation->in->struct_bytes);
    c->out = arena_take(&c->memory, c->operation->out->struct_bytes);
    ENSURE(c->in != NULL && c->out != NULL, OUT_OF_MEMORY);
    c->came = packed;
    TRY(shape_unpack(c->operation->in, packed, &c->memory, c->in));
    slice culprit;
    status checked = shape_check(c->operation->in, c->in, &culprit);
    return FAILED(checked) ? call_refuse(c, checked, "%.*s", SLICE_ARGS(culprit)) : OK;
}

/* The gateway is not trusted: whatever it claims is checked again, and a request it calls broken stays broken. */
static void begin_request(serve *s, job *j, const request_message *m) {
    call *c = &j->call;
    c->request_id = m->request_id;
    c->peer = m->peer;
    c->proof = m->proof;
    c->detail = m->detail;
    c->operation = operation_get(m->operation.value);
    j->operation_id = c->operation ? (enum operation_id)m->operation.value : OPERATION_NONE;
    j->alternative = m->alternative;
    j->alternative_texts = (slice_list){m->alternative_texts.at, m->alternative_texts.count};
    slice culprit;
    if (c->proof && FAILED(shape_check(&proof_shape, c->proof, &culprit))) c->proof = NULL;
    if (m->failure.value > STATUS_OK) {
        c->failure = (status){(enum status_code)m->failure.value};
        c->in = NULL;
        return;
    }
    status unpacked = c->operation ? unpack_input(c, m->input) : FAIL(UNKNOWN_OPERATION);
    if (FAILED(unpacked)) c->failure = unpacked;
    (void)s;
}

static status take_request(serve *s, int64_t index, slice frame) {
    job *j = job_new(s);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    slice held;
    message m;
    status taken = arena_copy(&j->call.memory, frame, &held);
    if (!FAILED(taken)) taken = message_decode(held, ROLE_GATEWAY, ROLE_CORE, &j->call.memory, &m);
    if (FAILED(taken)) {
        job_free(s, j);
        return taken;
    }
    const request_message *request = m.fields;
    uint64_t parts[2] = {(uint64_t)index, (uint64_t)request->id.value};
    void *previous = NULL;
    bool is_new = !table_get(&s->by_gateway, gateway_key(parts));
    if (!is_new || FAILED(table_put(&s->by_gateway, gateway_key(parts), j, &previous))) {
        job_free(s, j);
        return FAIL(MALFORMED);
    }
    j->gateway = index;
    j->gateway_id = request->id.value;
    begin_request(s, j, request);
    if (s->by_number.count > SERVE_CALLS_MOST && !FAILED(j->call.failure)) j->call.failure = FAIL(THROTTLED);
    return OK;
}

/* A body that failed its verification on the way out: the request was answered and recorded before; this is an event of its own. */
static void report_fetch(serve *s, const body_message *m) {
    uint8_t id[16];
    char text[37];
    job *j = job_new(s);
    if (!j) return;
    call *c = &j->call;
    status made = random_uuid(id);
    uuid_format(id, text);
    if (!FAILED(made)) made = arena_copy(&c->memory, slice_of_text(text), &c->request_id);
    if (FAILED(made)) return job_free(s, j);
    status_ignore(
        arena_printf(&c->memory, &c->detail, "The body of request %.*s was broken off.", SLICE_ARGS(m->request_id)));
    job_fail(s, j, (status){(enum status_code)m->failure.value});
}

static void take_body(serve *s, int64_t index, const body_message *m) {
    job *j = find_gateway_job(s, index, m->id.value);
    if (!j && m->failure.value != STATUS_OK && !slice_is_empty(m->request_id)) return report_fetch(s, m);
    if (!j || j->stage != STAGE_BODY) return; /* given up meanwhile */
    slice md5, crc;
    if (FAILED(arena_copy(&j->call.memory, m->md5, &md5)) || FAILED(arena_copy(&j->call.memory, m->crc64, &crc)))
        return job_fail(s, j, FAIL(OUT_OF_MEMORY));
    j->done = *m;
    j->done.md5 = md5;
    j->done.crc64 = crc;
    job_move(s, j, STAGE_KEEP);
}

static void take_abandon(serve *s, int64_t index, const abandon_message *m) {
    job *j = find_gateway_job(s, index, m->id.value);
    if (!j) return;
    j->is_abandoned = true;
    if (j->stage == STAGE_BODY) job_fail(s, j, FAIL(BODY_BROKEN_OFF));
}

static enum message_verb verb_of(slice frame) { return frame.len ? (enum message_verb)frame.at[0] : MESSAGE_NONE; }

status serve_from_gateway(serve *s, int64_t index, slice frame) {
    ENSURE(index >= 0 && index < SERVE_GATEWAYS_MOST, MALFORMED);
    if (verb_of(frame) == MESSAGE_REQUEST) return take_request(s, index, frame);
    OWNED(arena) memory = {.limit = FRAME_MEMORY_LIMIT};
    message m;
    TRY(message_decode(frame, ROLE_GATEWAY, ROLE_CORE, &memory, &m));
    if (m.verb == MESSAGE_BODY) take_body(s, index, m.fields);
    else if (m.verb == MESSAGE_ABANDON) take_abandon(s, index, m.fields);
    else return FAIL(MALFORMED);
    return OK;
}

static void lose_gateway(serve *s, int64_t index) {
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        for (job *j = s->stages[stage].first, *next; j; j = next) {
            next = j->next;
            if (j->gateway != index) continue;
            j->is_abandoned = true;
            uint64_t parts[2] = {(uint64_t)index, (uint64_t)j->gateway_id};
            if (find_gateway_job(s, index, j->gateway_id) == j) table_remove(&s->by_gateway, gateway_key(parts));
            if (j->stage == STAGE_BODY) job_fail(s, j, FAIL(BODY_BROKEN_OFF));
        }
    }
}

void serve_use_gateway(serve *s, int64_t index, channel *c) {
    if (index < 0 || index >= SERVE_GATEWAYS_MOST) return;
    lose_gateway(s, index);
    s->gateways[index] = c;
}

/* ---- vault */

/* An address can be read in two ways; only the signature tells which one the client meant. */
static bool try_alternative(serve *s, job *j, const used_message *m) {
    call *c = &j->call;
    if (m->failure.value != FAILURE_BAD_SIGNATURE || slice_is_empty(j->alternative) || !c->operation) return false;
    slice packed = j->alternative;
    j->alternative = (slice){0};
    proof *second = ARENA_NEW(&c->memory, proof);
    if (!second) return false;
    *second = *c->proof;
    second->texts.at = j->alternative_texts.at;
    second->texts.count = j->alternative_texts.count;
    c->proof = second;
    c->failure = unpack_input(c, packed);
    call_forget_steps(c);
    job_move(s, j, STAGE_ARRIVED);
    return true;
}

/* A frame for nobody (given up meanwhile) has to be sound all the same. */
static status check_used(slice frame) {
    OWNED(arena) memory = {.limit = FRAME_MEMORY_LIMIT};
    message m;
    TRY(message_decode(frame, ROLE_VAULT, ROLE_CORE, &memory, &m));
    ENSURE(m.verb == MESSAGE_USED, MALFORMED);
    return OK;
}

status serve_from_vault(serve *s, slice frame) {
    int64_t number;
    job *j = message_peek(frame, MESSAGE_USED, &number) ? find_job(s, number) : NULL;
    if (!j || j->stage != STAGE_VAULT) return check_used(frame);
    call *c = &j->call;
    slice held;
    message m;
    if (FAILED(arena_copy(&c->memory, frame, &held))) {
        job_fail(s, j, FAIL(OUT_OF_MEMORY));
        return OK;
    }
    status read = message_decode(held, ROLE_VAULT, ROLE_CORE, &c->memory, &m);
    ENSURE(!FAILED_WITH(read, MALFORMED), MALFORMED);
    if (FAILED(read)) {
        job_fail(s, j, read);
        return OK;
    }
    const used_message *used = m.fields;
    if (used->failure.value != STATUS_OK) {
        if (try_alternative(s, j, used)) return OK;
        c->failure = (status){(enum status_code)used->failure.value};
        c->detail = used->detail;
        j->is_verified = used->candidate.is_set;
        approval_tell_vault(c);
        job_fail(s, j, c->failure);
        return OK;
    }
    j->said = (said){.operation = used->operation.value, .verb = used->asked, .resource = used->resource};
    j->said.query = used->query;
    j->said.pairs = (pair_list){used->said.at, used->said.count};
    j->said.json = used->said_json;
    c->results.at = used->results.at;
    c->results.count = used->results.count;
    if (!FAILED(c->failure) && c->results.count != c->act_count) c->failure = FAIL(INTERNAL);
    job_move(s, j, STAGE_FINISH);
    return OK;
}

void serve_use_vault(serve *s, channel *c) {
    s->vault = c;
    for (job *j = s->stages[STAGE_VAULT].first, *next; j; j = next) {
        next = j->next;
        j->call.failure = OK; /* not verified: nothing else may be told */
        job_fail(s, j, FAIL(CLOSED));
    }
}

/* ---- auditor */

static void take_recorded(serve *s, const recorded_message *m) {
    for (job *j = s->stages[STAGE_WAIT].first, *next; j; j = next) {
        next = j->next;
        if (j->event_number > (uint64_t)m->number.value) break;
        record_done(s, j);
        job_move(s, j, STAGE_REPLY);
    }
}

static void take_found(serve *s, const found_message *m) {
    job *j = find_job(s, m->id.value);
    if (!j || j->stage != STAGE_TRAIL) return;
    call *c = &j->call;
    slice output;
    status found = {(enum status_code)m->failure.value};
    if (!FAILED(found)) found = arena_copy(&c->memory, m->output, &output);
    if (!FAILED(found)) found = shape_unpack(c->operation->out, output, &c->memory, c->out);
    if (FAILED(found)) return job_fail(s, j, found);
    job_move(s, j, c->completes_answer ? STAGE_KEEP : STAGE_COMMIT);
}

status serve_from_auditor(serve *s, slice frame) {
    OWNED(arena) memory = {.limit = FRAME_MEMORY_LIMIT};
    message m;
    TRY(message_decode(frame, ROLE_AUDITOR, ROLE_CORE, &memory, &m));
    if (m.verb == MESSAGE_RECORDED) take_recorded(s, m.fields);
    else if (m.verb == MESSAGE_FOUND) take_found(s, m.fields);
    else return FAIL(MALFORMED);
    return OK;
}

void serve_use_auditor(serve *s, channel *c) {
    s->auditor = c;
    for (job *j = s->stages[STAGE_TRAIL].first, *next; j; j = next) {
        next = j->next;
        if (j->is_asked) job_fail(s, j, FAIL(CLOSED));
    }
    if (c) record_send_again(s);
}
