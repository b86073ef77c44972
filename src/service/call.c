/* What handlers do to a call. */
#include "service/call.h"

#include <stdarg.h>
#include <stdio.h>

status call_refuse(call *c, status failure, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0) status_ignore(arena_copy(&c->memory, slice_of_text(text), &c->detail));
    return failure;
}

status call_ask_vault(call *c, const key_act *act) {
    ENSURE(c->act_count < CALL_ACTS_MOST, INTERNAL);
    c->acts[c->act_count++] = *act;
    return OK;
}

status call_load(call *c, slice key, const shape *record, void *out, uint64_t *revision) {
    slice packed;
    uint64_t found;
    TRY(store_get(c->house->store, key, &c->memory, &packed, &found));
    ENSURE(!FAILED(shape_unpack(record, packed, &c->memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

/* Room for one element more in a list that lives in the arena. */
static status make_room(call *c, void **at, size_t count, size_t *room, size_t size) {
    if (count < *room) return OK;
    size_t wanted = *room ? *room * 2 : 8;
    void *grown = arena_take_array(&c->memory, wanted, size);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (count) memcpy(grown, *at, count * size);
    *at = grown;
    *room = wanted;
    return OK;
}

status call_change(call *c, slice key, const shape *record, const void *value, uint64_t expected) {
    TRY(make_room(c, (void **)&c->changes, c->change_count, &c->change_room, sizeof *c->changes));
    store_change change = {.key = key, .expected = expected};
    if (value) {
        OWNED(buffer) packed = {0};
        TRY(shape_pack(record, value, &packed));
        TRY(arena_copy(&c->memory, buffer_slice(&packed), &change.value));
    }
    c->changes[c->change_count++] = change;
    return OK;
}

slice call_input_text(const call *c, const char *name) {
    const field *f = c->operation && c->in ? shape_find(c->operation->in, slice_of_text(name)) : NULL;
    if (!f || f->kind != FIELD_TEXT) return (slice){0};
    return *(const slice *)field_at(f, c->in);
}

status call_condition(call *c, slice name, slice value) {
    ENSURE(c->condition_count < CALL_CONDITIONS_MOST, OUT_OF_MEMORY);
    if (!c->conditions) c->conditions = ARENA_ARRAY(&c->memory, condition_value, CALL_CONDITIONS_MOST);
    slice *held = CALL_NEW(c, slice);
    ENSURE(held != NULL && c->conditions != NULL, OUT_OF_MEMORY);
    *held = value;
    c->conditions[c->condition_count++] = (condition_value){name, held, 1};
    return OK;
}

status call_doom(call *c, slice blob_id) {
    ENSURE(blob_id.len == BLOB_ID_BYTES, CORRUPT);
    TRY(make_room(c, (void **)&c->doomed, c->doomed_count, &c->doomed_room, sizeof *c->doomed));
    c->doomed[c->doomed_count++] = blob_id;
    return OK;
}

bool call_speaks_aws(const call *c) { return c->proof && c->proof->scheme == SCHEME_AWS_V4; }

slice call_region(const call *c) {
    if (!slice_is_absent(c->region)) return c->region;
    return call_speaks_aws(c) ? c->proof->scope_region : c->house->region;
}

key_shelf call_keys(const call *c) { return (key_shelf){c->house->store, c->who.account_id, call_region(c), c->now_s}; }

secret_shelf call_secrets(const call *c) {
    return (secret_shelf){c->house->store, c->who.account_id, call_region(c), c->now_s};
}

arn_home call_home(const call *c) { return (arn_home){call_region(c), c->who.account_id}; }

enum { STANDING_CONDITIONS = 12 };

typedef struct standing {
    condition_value conditions[STANDING_CONDITIONS + CALL_CONDITIONS_MOST];
    slice values[STANDING_CONDITIONS];
    size_t count;
} standing;

/* A value that is not there is no condition. */
static void stand(standing *s, slice name, slice value) {
    if (slice_is_empty(value)) return;
    s->values[s->count] = value;
    s->conditions[s->count] = (condition_value){name, &s->values[s->count], 1};
    s->count++;
}

static slice principal_type(const principal *who) { return who->is_root ? SLICE("Account") : SLICE("User"); }

/* What is known of every request. */
static void add_standing(const call *c, standing *s) {
    stand(s, SLICE(CONDITION_SECURE_TRANSPORT), c->peer && c->peer->is_tls.value ? SLICE("true") : SLICE("false"));
    stand(s, SLICE(CONDITION_ACCESS_ID), c->who.access_key_id);
    stand(s, SLICE(CONDITION_PRINCIPAL_ARN), c->who.arn);
    stand(s, SLICE(CONDITION_PRINCIPAL_ACCOUNT), c->who.account_id);
    stand(s, SLICE(CONDITION_PRINCIPAL_TYPE), principal_type(&c->who));
    stand(s, SLICE(CONDITION_USER_NAME), c->who.user_name);
    stand(s, SLICE(CONDITION_USER_ID), c->who.user_id);
    stand(s, SLICE(CONDITION_KMS_CALLER_ACCOUNT), c->who.account_id);
    stand(s, SLICE(CONDITION_REQUESTED_REGION), c->house->region);
    if (!c->peer) return;
    stand(s, SLICE(CONDITION_SOURCE_IP), c->peer->source_ip);
    stand(s, SLICE(CONDITION_USER_AGENT), slice_head(c->peer->user_agent, POLICY_TEXT_BYTES_MOST));
}

status call_authorise(call *c, const char *action, slice resource) {
    standing known;
    known.count = 0;
    add_standing(c, &known);
    for (size_t i = 0; i < c->condition_count; i++) known.conditions[known.count++] = c->conditions[i];
    identity_question question = {action, resource, known.conditions, known.count, c->now_s};
    bool is_explicit;
    status decided = identity_decide(c->house->identities, &c->who, &question, &c->memory, &is_explicit);
    if (!FAILED_WITH(decided, NO_PERMISSION)) return decided;
    return call_refuse(c, decided, "%s on %.*s (%s).", action, SLICE_ARGS(resource),
                       is_explicit ? "a policy denies it" : "no policy allows it");
}
