/* Every call leaves an event in its owner's trail before it is answered. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "contract/failure.h"
#include "contract/message.h"
#include "crypto/random.h"
#include "service/account/break_glass.h"
#include "service/mask.h"
#include "service/own.h"
#include "trail/event.h"

/* Events of nobody's account: requests whose signer is not known. */
#define PLATFORM_ACCOUNT SLICE("platform")

static slice event_account(const call *c) {
    return slice_is_empty(c->who.account_id) ? PLATFORM_ACCOUNT : c->who.account_id;
}

static event_identity identity_of(const job *j) {
    const call *c = &j->call;
    event_identity who = {.account_id = c->who.account_id};
    if (j->bootstrapped || j->own) {
        who.type = SLICE("system");
        who.user_name = SLICE("keyhold");
        return who;
    }
    who.access_key_id = c->proof ? c->proof->access_key_id : (slice){0};
    who.has_session = c->who.session_began.is_set;
    who.session_created_s = c->who.session_began.value;
    who.is_mfa_session = c->who.mfa_at.is_set;
    bool is_nobody = !c->proof && !j->is_verified; /* a login that failed */
    if (slice_is_empty(c->who.account_id) || is_nobody) {
        who.type = SLICE("unknown");
        return who;
    }
    if (!slice_is_absent(c->who.role_name)) {
        who.type = SLICE("assumed-role");
        who.user_name = c->who.session_label;
        who.principal_id = c->who.session_principal;
        return who;
    }
    if (!slice_is_absent(c->who.federated)) {
        who.type = slice_find(c->who.federated, SLICE(":saml-provider/")) == SIZE_MAX ? SLICE("oidc-user")
                                                                                      : SLICE("saml-user");
        who.user_name = c->who.subject;
        who.principal_id = c->who.federated;
        return who;
    }
    who.type = c->who.is_root ? SLICE("root-account") : SLICE("ram-user");
    who.user_name = c->who.is_root ? SLICE("root") : c->who.user_name;
    who.principal_id = c->who.user_id;
    return who;
}

static bool is_about_key(const operation *op) {
    return op->resource == RESOURCE_KEY || op->resource == RESOURCE_KEY_ONLY || op->resource == RESOURCE_KEY_ID;
}

static bool is_about_secrets(const operation *op) {
    return op->resource == RESOURCE_SECRET || op->resource == RESOURCE_SECRET_CONTAINER ||
           op->resource == RESOURCE_SECRET_NAMED;
}

static bool is_about_managed_keys(const operation *op) {
    return op->resource == RESOURCE_MANAGED_KEY || op->resource == RESOURCE_MANAGED_KEY_NEW ||
           op->resource == RESOURCE_MANAGED_KEY_CONTAINER;
}

static bool is_about_certificates(const operation *op) {
    return op->resource == RESOURCE_CERTIFICATE || op->resource == RESOURCE_CERTIFICATE_CONTAINER;
}

/* The key is not what the operation is about, but what it seals with: the event names both. */
static bool seals_something(const operation *op) {
    return is_about_secrets(op) || is_about_managed_keys(op) || strcmp(op->product->name, "oss") == 0;
}

static const char *resource_type(const operation *op) {
    if (!op) return "ACS::KMS::Key"; /* of own acts */
    if (is_about_key(op)) return "ACS::KMS::Key";
    if (is_about_secrets(op)) return "ACS::KMS::Secret";
    if (is_about_certificates(op)) return "ACS::KMS::Certificate";
    if (is_about_managed_keys(op)) return "ACS::KMS::ManagedDataKey";
    if (strcmp(op->product->name, "kms") == 0) return "ACS::KMS::Key";
    if (strcmp(op->product->name, "ram") == 0) return "ACS::RAM::Resource";
    if (strcmp(op->product->name, "oss") == 0)
        return op->resource == RESOURCE_BUCKET ? "ACS::OSS::Bucket" : "ACS::OSS::Object";
    return "ACS::ActionTrail::Trail";
}

/* The name after the account in an ARN: what people filter by. */
static slice resource_name(slice whole) {
    slice rest = whole, part;
    for (int i = 0; i < 4; i++)
        if (!slice_split(&rest, ':', &part)) return whole;
    return slice_is_absent(rest) ? whole : rest;
}

static size_t list_resources(const call *c, event_resource resources[2]) {
    size_t count = 0;
    bool is_object = !c->operation && slice_starts_with(c->resource, SLICE("acs:oss:")); /* of own acts */
    if (!slice_is_empty(c->resource)) {
        slice name = resource_name(c->resource);
        if (slice_starts_with(name, SLICE("key/"))) name = slice_skip(name, 4);
        const char *type = is_object ? "ACS::OSS::Object" : resource_type(c->operation);
        bool is_managed = slice_starts_with(name, SLICE("managed-data-key/"));
        if (c->secret && !is_managed) type = "ACS::KMS::Secret";
        if (c->certificate) type = "ACS::KMS::Certificate";
        if (slice_starts_with(name, SLICE("secret/"))) name = slice_skip(name, 7);
        if (slice_starts_with(name, SLICE("certificate/"))) name = slice_skip(name, 12);
        if (is_managed) name = slice_skip(name, 17);
        resources[count++] = (event_resource){slice_of_text(type), name};
    }
    bool is_sealed = c->operation ? seals_something(c->operation) : is_object || c->secret;
    if (c->key && is_sealed) resources[count++] = (event_resource){SLICE("ACS::KMS::Key"), c->key->key_id};
    return count;
}

static void describe_operation(const job *j, event *e, char source[96]) {
    const call *c = &j->call;
    const operation *op = c->operation;
    if (j->bootstrapped || j->own) {
        e->event_name = j->own ? slice_of_text(j->own->event_name) : SLICE("CreateAccount");
        e->event_type = SLICE("AliyunServiceEvent");
    } else if (j->own) {
        e->event_name = slice_of_text(j->own->event_name);
        e->event_type = SLICE("AliyunServiceEvent");
    } else {
        bool is_ours = j->gateway < 0; /* a body that could not be read to its end (intake.c) */
        e->event_name = op ? slice_of_text(op->name) : is_ours ? SLICE("BodyNotServed") : SLICE("UnrecognisedRequest");
    }
    e->service_name = op ? slice_of_text(op->product->service_name) : SLICE("Keyhold");
    e->api_version = op ? slice_of_text(op->product->version) : (slice){0};
    bool is_write = !op || op->level == LEVEL_WRITE;
    e->event_rw = is_write ? SLICE("Write") : SLICE("Read");
    bool is_data = op && (op->level == LEVEL_USE || op->body != BODY_NONE);
    if (is_data) e->event_category = SLICE("Data");
    snprintf(source, 96, "%s.%.*s.keyhold", op ? op->product->name : "keyhold", SLICE_ARGS(call_region(c)));
    e->event_source = slice_of_text(source);
}

bool record_is_refusal(const job *j) {
    status failure = j->call.failure;
    return j->is_verified && (FAILED_WITH(failure, NO_PERMISSION) || FAILED_WITH(failure, APPROVAL_REQUIRED));
}

static status describe_failure(call *c, event *e) {
    if (!FAILED(c->failure)) return OK;
    const failure_row *row = failure_get(c->failure.code);
    e->error_code = slice_of_text(failure_shown(row).code);
    if (slice_is_empty(c->detail)) {
        e->error_message = slice_of_text(row->message);
        return OK;
    }
    return arena_printf(&c->memory, &e->error_message, "%s %.*s", row->message, SLICE_ARGS(c->detail));
}

/* For the trail of `recipient`; absent: of nobody's account. */
static status write_event(job *j, slice recipient, buffer *out) {
    call *c = &j->call;
    char source[96], id[37];
    uint8_t random[16];
    event_resource resources[2];
    OWNED(buffer) parameters = {0};
    event e = {.request_id = c->request_id, .region = call_region(c), .time_s = c->now_s, .identity = identity_of(j)};
    TRY(random_uuid(random));
    uuid_format(random, id);
    e.event_id = slice_of_text(id);
    describe_operation(j, &e, source);
    TRY(describe_failure(c, &e));
    if (c->operation && c->in) {
        TRY(mask_write(c->operation->in, c->in, &parameters));
        e.request_parameters = buffer_slice(&parameters);
    }
    if (c->peer) {
        e.source_ip = c->peer->source_ip;
        e.user_agent = c->peer->user_agent;
        e.dialect = c->peer->dialect;
        e.scheme = c->peer->is_tls.value ? SLICE("https") : SLICE("http");
    }
    e.recipient_account_id = recipient;
    e.resources = resources;
    e.resource_count = list_resources(c, resources);
    e.response_elements = c->told;
    e.approval = c->approval;
    e.approved_by = c->approved_by;
    e.break_glass = c->break_glass;
    bool is_own = slice_equals(recipient, c->who.account_id); /* sealed for that account alone */
    if (is_own && record_is_refusal(j)) e.diagnosis = c->diagnosis;
    e.count = j->stands_for + 1;
    buffer_reset(out);
    return event_write(&e, out);
}

static status plan_outbox(call *c, const outbox_record *record) {
    slice path;
    TRY(ARENA_JOIN(&c->memory, &path, SLICE("outbox/"), record->request_id));
    return call_change(c, path, &outbox_record_shape, record, STORE_ANY);
}

/* ---- beside the caller's: the trails of the accounts whose resources it was about */

#define TWIN_TAIL "-affected"

/* Only what was signed tells anything to others. */
static status make_twins(job *j) {
    call *c = &j->call;
    j->twin_count = 0;
    if (!j->is_verified) return OK;
    for (size_t i = 0; i < c->affected_count; i++) {
        struct twin *t = &j->twins[j->twin_count];
        OWNED(buffer) telling = {0};
        *t = (struct twin){.account_id = c->affected[i]};
        TRY(write_event(j, t->account_id, &telling));
        TRY(arena_copy(&c->memory, buffer_slice(&telling), &t->event));
        TRY(arena_printf(&c->memory, &t->request_id, "%.*s" TWIN_TAIL "%.*s", SLICE_ARGS(c->request_id), i ? 2 : 0,
                         "-2"));
        j->twin_count++;
    }
    return OK;
}

status record_prepare(job *j) {
    call *c = &j->call;
    if (j->is_verified) break_glass_note(c);
    TRY(write_event(j, c->who.account_id, &j->event));
    TRY(make_twins(j));
    if (c->change_count == 0) return OK;
    for (size_t i = 0; i < j->twin_count; i++) {
        const struct twin *t = &j->twins[i];
        TRY(plan_outbox(c, &(outbox_record){t->account_id, t->request_id, t->event}));
    }
    outbox_record record = {event_account(c), c->request_id, buffer_slice(&j->event)};
    TRY(plan_outbox(c, &record));
    j->has_outbox = true;
    return OK;
}

/* How many uses the vault must have witnessed: acts that make, import or use key material. */
static int64_t count_uses(const call *c) {
    int64_t count = 0;
    for (size_t i = 0; i < c->results.count && i < c->act_count; i++) count += act_is_witnessed(c->acts[i].act);
    return count;
}

static status send_event(serve *s, const event_message *m) {
    buffer_reset(&s->out);
    TRY(message_encode(MESSAGE_EVENT, m, &s->out));
    return channel_send(s->auditor, buffer_slice(&s->out));
}

/* Twins first: the witnesses of the request's key uses are let go of with its own event. */
static status send_twins(serve *s, job *j) {
    for (size_t i = 0; i < j->twin_count; i++) {
        struct twin *t = &j->twins[i];
        if (t->number == 0) t->number = ++s->last_event_number;
        event_message m = {.number = SET_INT(t->number), .account_id = t->account_id, .request_id = t->request_id};
        m.event = t->event;
        m.key_uses = SET_INT(count_uses(&j->call));
        m.uses_of = j->call.request_id;
        TRY(send_event(s, &m));
    }
    return OK;
}

status record_send(serve *s, job *j) {
    ENSURE(s->auditor != NULL, CLOSED);
    TRY(send_twins(s, j));
    if (j->event_number == 0) j->event_number = ++s->last_event_number;
    event_message m = {.number = SET_INT(j->event_number), .account_id = event_account(&j->call)};
    m.request_id = j->call.request_id;
    m.event = buffer_slice(&j->event);
    m.key_uses = SET_INT(count_uses(&j->call));
    return send_event(s, &m);
}

void record_send_again(serve *s) {
    for (job *j = s->stages[STAGE_WAIT].first; j; j = j->next) status_ignore(record_send(s, j));
}

/* ---- the outbox: events of committed changes, kept until the auditor has them */

static void forget_outbox(serve *s, slice request_id) {
    if (s->recorded_count == s->recorded_room) {
        size_t room = s->recorded_room ? s->recorded_room * 2 : 64;
        char **grown = realloc(s->recorded, room * sizeof *grown);
        if (!grown) return; /* it stays in the outbox; the auditor will know it */
        s->recorded = grown;
        s->recorded_room = room;
    }
    char *path = NULL;
    if (asprintf(&path, "outbox/%.*s", SLICE_ARGS(request_id)) < 0) return;
    s->recorded[s->recorded_count++] = path;
}

void record_done(serve *s, job *j) {
    for (job *each = s->stages[STAGE_BUNDLED].first, *next; each && j->stands_for; each = next) {
        next = each->next;
        if (each->leader == j) job_move(s, each, STAGE_REPLY);
    }
    if (!j->has_outbox) return;
    for (size_t i = 0; i < j->twin_count; i++) forget_outbox(s, j->twins[i].request_id);
    forget_outbox(s, j->call.request_id);
}

status record_forget_done(serve *s) {
    while (s->recorded_count) {
        char *path = s->recorded[s->recorded_count - 1];
        store_change removal = {.key = slice_of_text(path), .expected = STORE_ANY};
        TRY(store_apply(s->house->store, &removal, 1));
        free(path);
        s->recorded_count--;
    }
    return OK;
}

static status recover_one(serve *s, const store_row *row) {
    job *j = job_new(s);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    call *c = &j->call;
    slice packed;
    outbox_record record;
    status taken = arena_copy(&c->memory, row->value, &packed);
    if (!FAILED(taken)) taken = shape_unpack(&outbox_record_shape, packed, &c->memory, &record);
    if (!FAILED(taken)) taken = buffer_append(&j->event, record.event);
    if (FAILED(taken)) {
        job_free(s, j);
        return taken;
    }
    c->request_id = record.request_id;
    c->who.account_id = record.account_id;
    j->has_outbox = true;
    j->is_abandoned = true;
    job_move(s, j, STAGE_WAIT);
    return record_send(s, j);
}

status serve_recover(serve *s) {
    OWNED(arena) memory = {.limit = 64 << 20};
    store_row *rows;
    size_t count;
    TRY(store_list(s->house->store, SLICE("outbox/"), (slice){0}, 65536, &memory, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        status recovered = recover_one(s, &rows[i]);
        if (FAILED(recovered) && !FAILED_WITH(recovered, CLOSED)) return recovered;
    }
    return OK;
}
