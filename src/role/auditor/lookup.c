/* Questions about the trail: look-ups, proofs, checkpoints. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "contract/operation.h"
#include "role/auditor/auditor.h"
#include "trail/lookup.h"
#include "trail/proof.h"

enum { DAY_S = 86400, DEFAULT_DAYS = 7, ANSWER_BYTES_MOST = 768 << 10, MEMORY_LIMIT = 64 << 20 };

static slice put(uint8_t **at, slice text) {
    if (text.len) memcpy(*at, text.at, text.len);
    slice copy = slice_of(*at, text.len);
    *at += text.len;
    return copy;
}

static void enqueue(trail *t, waiting_lookup *l) {
    if (!t->lookups_end) t->lookups_end = &t->lookups;
    l->next = NULL;
    *t->lookups_end = l;
    t->lookups_end = &l->next;
}

static waiting_lookup *dequeue(trail *t) {
    waiting_lookup *l = t->lookups;
    if (!l) return NULL;
    t->lookups = l->next;
    if (!t->lookups) t->lookups_end = NULL;
    return l;
}

status trail_take_lookup(trail *t, const lookup_message *m) {
    ENSURE(operation_get(m->operation.value) != NULL, MALFORMED);
    waiting_lookup *l = malloc(sizeof *l + m->account_id.len + m->key_id.len + m->sought.len + m->input.len);
    ENSURE(l != NULL, OUT_OF_MEMORY);
    uint8_t *at = (uint8_t *)(l + 1);
    *l = (waiting_lookup){.id = m->id.value, .operation = (enum operation_id)m->operation.value};
    l->account = put(&at, m->account_id);
    l->key_id = put(&at, m->key_id);
    l->sought = put(&at, m->sought);
    l->input = put(&at, m->input);
    enqueue(t, l);
    return OK;
}

bool trail_has_lookups(const trail *t) { return t->lookups != NULL; }

/* ---- LookupEvents */

static const struct {
    const char *wire;
    enum lookup_key key;
} ATTRIBUTES[] = {
    {"EventName", LOOKUP_EVENT_NAME},
    {"User", LOOKUP_USER_NAME},
    {"ResourceName", LOOKUP_RESOURCE_NAME},
    {"ResourceType", LOOKUP_RESOURCE_TYPE},
    {"EventId", LOOKUP_EVENT_ID},
    {"ServiceName", LOOKUP_SERVICE_NAME},
    {"EventRW", LOOKUP_EVENT_RW},
    {"EventType", LOOKUP_EVENT_TYPE},
    {"EventAccessKeyId", LOOKUP_ACCESS_KEY_ID},
    {"SourceIpAddress", LOOKUP_SOURCE_IP},
    {"RequestId", LOOKUP_REQUEST_ID},
};

static status set_attribute(const lookup_attribute *attribute, lookup_query *query) {
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++) {
        if (!slice_equals_text(attribute->key, ATTRIBUTES[i].wire)) continue;
        query->value[ATTRIBUTES[i].key] = attribute->value;
        return OK;
    }
    return FAIL(INVALID_PARAMETER);
}

static status make_query(const lookup_events_in *in, lookup_query *out) {
    lookup_query query = {.limit = in->max_results.is_set ? (unsigned)in->max_results.value : 20};
    query.to_s = in->end_time.is_set ? in->end_time.value : clock_now_s() + LOOKUP_TIME_SLACK_S;
    query.from_s = in->start_time.is_set ? in->start_time.value : clock_now_s() - DEFAULT_DAYS * DAY_S;
    query.is_forward = in->direction == LOOKUP_DIRECTION_FORWARD;
    query.bytes_most = ANSWER_BYTES_MOST;
    for (size_t i = 0; i < in->lookup_attribute.count; i++) TRY(set_attribute(&in->lookup_attribute.at[i], &query));
    if (!slice_is_empty(in->next_token)) {
        query.has_start = true;
        ENSURE(slice_to_u64(in->next_token, &query.start), INVALID_PARAMETER);
    }
    *out = query;
    return OK;
}

/* An account without entries has had no events; that is an answer. */
status trail_find_tree(trail *t, slice account, const tree **out) {
    status found = ledger_tree(&t->ledger, account, out);
    if (FAILED_WITH(found, NOT_FOUND)) *out = NULL;
    return FAILED_WITH(found, NOT_FOUND) ? OK : found;
}

static status answer_events(trail *t, const waiting_lookup *l, void *output) {
    lookup_events_in in;
    lookup_events_out *out = output;
    lookup_query query;
    lookup_result result = {0};
    const tree *of_account;
    TRY(shape_unpack(&lookup_events_in_shape, l->input, &t->memory, &in));
    TRY(make_query(&in, &query));
    TRY(trail_find_tree(t, l->account, &of_account));
    if (of_account) TRY(lookup_events(of_account, &query, &t->memory, &result));
    out->events.at = ARENA_ARRAY(&t->memory, slice, result.count + 1);
    ENSURE(out->events.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < result.count; i++) out->events.at[out->events.count++] = result.events[i].json;
    out->start_time = SET_INT(query.from_s);
    out->end_time = SET_INT(query.to_s);
    if (!result.has_next) return OK;
    return arena_printf(&t->memory, &out->next_token, "%llu", (unsigned long long)result.next);
}

/* ---- proofs */

/* The newest state, signed: a proof can only speak of what a checkpoint covers. */
static status publish_all(trail *t) {
    bool is_done = false;
    while (!is_done) TRY(ledger_publish(&t->ledger, &is_done));
    return OK;
}

static status copy_text(trail *t, const buffer *text, slice *out) {
    return arena_copy(&t->memory, buffer_slice(text), out);
}

static status answer_proof(trail *t, const waiting_lookup *l, void *output) {
    get_event_proof_in in;
    get_event_proof_out *out = output;
    lookup_event found;
    const tree *of_account;
    OWNED(buffer) text = {0};
    TRY(shape_unpack(&get_event_proof_in_shape, l->input, &t->memory, &in));
    TRY(trail_find_tree(t, l->account, &of_account));
    ENSURE(of_account != NULL, EVENT_NOT_FOUND);
    status sought = lookup_find(of_account, LOOKUP_EVENT_ID, in.event_id, 0, &t->memory, &found);
    if (FAILED_WITH(sought, EVENT_NOT_FOUND))
        sought = lookup_find(of_account, LOOKUP_REQUEST_ID, in.event_id, 0, &t->memory, &found);
    TRY(sought);
    TRY(publish_all(t));
    TRY(tlog_proof_make(of_account, found.index, &text));
    out->event_id = in.event_id;
    out->index = SET_INT(found.index);
    out->entry = found.json;
    return copy_text(t, &text, &out->proof);
}

/* The event of that request, in the checkpoint made for the purpose. */
static status answer_certificate(trail *t, const waiting_lookup *l, void *output) {
    get_key_destruction_certificate_out *out = output;
    lookup_event found;
    const tree *of_account;
    OWNED(buffer) text = {0};
    TRY(trail_find_tree(t, l->account, &of_account));
    ENSURE(of_account != NULL && !slice_is_empty(l->sought), EVENT_NOT_FOUND);
    TRY(lookup_find(of_account, LOOKUP_REQUEST_ID, l->sought, 0, &t->memory, &found));
    TRY(publish_all(t));
    TRY(tlog_proof_make(of_account, found.index, &text));
    out->key_id = l->key_id;
    out->index = SET_INT(found.index);
    out->entry = found.json;
    return copy_text(t, &text, &out->proof);
}

static status add_consistency(trail *t, const tree *of_account, const get_checkpoint_in *in, get_checkpoint_out *out) {
    merkle_path path;
    if (!in->from_size.is_set) return OK;
    TRY(proof_consistency(of_account, (uint64_t)in->from_size.value, of_account->published.size, &path));
    out->consistency.at = ARENA_ARRAY(&t->memory, slice, path.count + 1);
    ENSURE(out->consistency.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < path.count; i++) {
        OWNED(buffer) text = {0};
        TRY(base64_encode(&text, slice_of(path.at[i].at, MERKLE_HASH_BYTES)));
        TRY(copy_text(t, &text, &out->consistency.at[out->consistency.count++]));
    }
    return OK;
}

static status answer_checkpoint(trail *t, const waiting_lookup *l, void *output) {
    get_checkpoint_in in;
    get_checkpoint_out *out = output;
    const tree *of_account;
    note_key key;
    OWNED(buffer) note = {0};
    OWNED(buffer) vkey = {0};
    TRY(shape_unpack(&get_checkpoint_in_shape, l->input, &t->memory, &in));
    TRY(trail_find_tree(t, l->account, &of_account));
    ENSURE(of_account != NULL, EVENT_NOT_FOUND);
    TRY(publish_all(t));
    TRY(tree_checkpoint(of_account, &note));
    TRY(ledger_account_key(&t->ledger, l->account, &key));
    TRY(note_key_format(&key, &vkey));
    TRY(copy_text(t, &note, &out->checkpoint));
    TRY(copy_text(t, &vkey, &out->verifier_key));
    return add_consistency(t, of_account, &in, out);
}

static status answer(trail *t, const waiting_lookup *l, buffer *output) {
    const operation *op = operation_get(l->operation);
    void *out = arena_take(&t->memory, op->out->struct_bytes);
    ENSURE(out != NULL, OUT_OF_MEMORY);
    switch (l->operation) {
    case OPERATION_LOOKUP_EVENTS: TRY(answer_events(t, l, out)); break;
    case OPERATION_GET_EVENT_PROOF: TRY(answer_proof(t, l, out)); break;
    case OPERATION_GET_CHECKPOINT: TRY(answer_checkpoint(t, l, out)); break;
    case OPERATION_GET_KEY_DESTRUCTION_CERTIFICATE: TRY(answer_certificate(t, l, out)); break;
    case OPERATION_GET_KEY_USAGE: TRY(trail_answer_usage(t, l, out)); break;
    case OPERATION_GET_CERTIFICATE_USAGE: TRY(trail_answer_certificate_usage(t, l, out)); break;
    case OPERATION_GET_KEY_CENSUS: TRY(trail_answer_census(t, l, out)); break;
    case OPERATION_GET_KEY_LAST_USAGE: TRY(trail_answer_last_usage(t, l, out)); break;
    case OPERATION_LIST_LAST_USES:
    case OPERATION_GET_SERVICE_LAST_ACCESSED_DETAILS:
    case OPERATION_GET_SERVICE_LAST_ACCESSED_DETAILS_WITH_ENTITIES: TRY(trail_answer_last_uses(t, l, out)); break;
    default: return FAIL(UNKNOWN_OPERATION);
    }
    return shape_pack(op->out, out, output);
}

static status answer_one(trail *t, const waiting_lookup *l, buffer *output) {
    buffer_reset(output);
    arena_reset(&t->memory);
    t->memory.limit = MEMORY_LIMIT;
    return answer(t, l, output);
}

/* CONFLICT is no answer: that question waits, those behind it do not. */
bool trail_next_answer(trail *t, buffer *output, found_message *out) {
    waiting_lookup *first_put_back = NULL, *l;
    while ((l = t->lookups) != NULL && l != first_put_back) {
        (void)dequeue(t);
        status answered = answer_one(t, l, output);
        if (FAILED_WITH(answered, CONFLICT)) {
            if (!first_put_back) first_put_back = l;
            enqueue(t, l);
            continue;
        }
        *out = (found_message){.id = SET_INT(l->id), .failure = SET_INT(answered.code)};
        if (!FAILED(answered)) out->output = buffer_slice(output);
        free(l);
        return true;
    }
    return false;
}
