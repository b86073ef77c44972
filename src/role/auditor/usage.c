/* Questions about the use of keys, answered from what is counted of the trail. */
#include "base/clock.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "format/json.h"
#include "role/auditor/auditor.h"
#include "trail/lookup.h"
#include "trail/usage.h"

enum { RESULTS_STANDARD = 100, PAGE_ROWS = 256 };

/* Counts on until the question can be answered, or this turn's share is used up: CONFLICT. */
static status find_usage(trail *t, const waiting_lookup *l, const usage_query *query, usage_answer *out) {
    bool is_done = false;
    status found = ledger_usage(&t->ledger, l->account, query, &t->memory, out);
    if (!FAILED_WITH(found, CONFLICT)) return found;
    TRY(ledger_count_account(&t->ledger, l->account, &is_done));
    return ledger_usage(&t->ledger, l->account, query, &t->memory, out);
}

static status read_key(const waiting_lookup *l, uint8_t id[USAGE_ID_BYTES], usage_query *query) {
    ENSURE(!FAILED(key_id_parse(l->key_id, id)), KEY_NOT_FOUND);
    query->key_id = slice_of(id, USAGE_ID_BYTES);
    return OK;
}

/* A text as it stands in JSON, between its quotes. */
static status unescape(trail *t, slice inside, slice *out) {
    slice quoted;
    const json *value;
    if (slice_is_absent(inside) || slice_find_byte(inside, '\\') == SIZE_MAX)
        return slice_is_absent(inside) ? OK : arena_copy(&t->memory, inside, out);
    TRY(arena_printf(&t->memory, &quoted, "\"%.*s\"", SLICE_ARGS(inside)));
    ENSURE(!FAILED(json_parse(quoted, &t->memory, &value, NULL)) && json_get_text(value, out), CORRUPT);
    return OK;
}

static status id_text(trail *t, slice id, slice *out) {
    char text[37];
    ENSURE(id.len == USAGE_ID_BYTES, CORRUPT);
    uuid_format(id.at, text);
    return arena_copy(&t->memory, slice_of_text(text), out);
}

static status event_of(trail *t, slice account, uint64_t index, const json **out) {
    const tree *of_account;
    slice entry;
    TRY(trail_find_tree(t, account, &of_account));
    ENSURE(of_account != NULL, EVENT_NOT_FOUND);
    TRY(lookup_entry(of_account, index, &t->memory, &entry));
    ENSURE(!FAILED(json_parse(entry, &t->memory, out, NULL)), CORRUPT);
    return OK;
}

/* Since when there is a trail to count from: the time of its first event. */
static status tracking_start(trail *t, slice account, maybe_int *out) {
    const json *event;
    slice text;
    int64_t time_s;
    TRY(event_of(t, account, 0, &event));
    if (json_get_text(json_member(event, SLICE("eventTime")), &text) && !FAILED(clock_parse_iso(text, &time_s)))
        *out = SET_INT(time_s);
    return OK;
}

/* ---- GetKeyUsage, GetCertificateUsage */

static uint32_t hour_of(int64_t time_s) {
    int64_t hour = time_s / USAGE_HOUR_S;
    return hour < 1 ? 1 : hour > UINT32_MAX ? UINT32_MAX : (uint32_t)hour;
}

/* What is asked of a key, whatever the key is of. */
typedef struct usage_question {
    maybe_int from, to, most;
    int period;
    slice token;
} usage_question;

/* A page of the answer. */
typedef struct usage_page {
    key_usage_line *at;
    size_t count;
    maybe_int tracking_start;
    slice next_token;
} usage_page;

static status make_query(trail *t, const usage_question *asked, usage_query *query) {
    query->limit = asked->most.is_set ? (size_t)asked->most.value : RESULTS_STANDARD;
    if (asked->period != USAGE_PERIOD_ALL) {
        query->from_hour = hour_of(asked->from.is_set ? asked->from.value : 0);
        query->to_hour = hour_of(asked->to.is_set ? asked->to.value : INT64_MAX);
    }
    if (slice_is_empty(asked->token)) return OK;
    status decoded = base64_decode(asked->token, &t->memory, &query->after);
    ENSURE(!FAILED_WITH(decoded, MALFORMED), INVALID_PARAMETER);
    TRY(decoded);
    /* one of another question */
    slice rest = query->after;
    slice key;
    uint32_t hour;
    bool is_ours = slice_take(&rest, USAGE_ID_BYTES, &key) && slice_take_u32(&rest, &hour) &&
                   slice_equals(key, query->key_id) && hour >= query->from_hour && hour <= query->to_hour;
    ENSURE(is_ours, INVALID_PARAMETER);
    return OK;
}

static status put_line(trail *t, const usage_row *row, key_usage_line *out) {
    usage_parts p;
    ENSURE(usage_row_parts(row, &p), CORRUPT);
    if (p.hour) out->hour = SET_INT((int64_t)p.hour * USAGE_HOUR_S);
    out->count = SET_INT(row->count);
    out->last_used = SET_INT(row->last_s);
    TRY(id_text(t, p.key_version_id, &out->key_version_id));
    TRY(unescape(t, p.operation, &out->operation));
    TRY(unescape(t, p.use, &out->act));
    TRY(unescape(t, p.caller_type, &out->principal_type));
    TRY(unescape(t, p.caller_id, &out->principal_id));
    return unescape(t, p.caller_name, &out->user_name);
}

static status answer(trail *t, const waiting_lookup *l, const usage_question *asked, usage_page *out) {
    uint8_t id[USAGE_ID_BYTES];
    usage_query query = {0};
    usage_answer found;
    OWNED(buffer) token = {0};
    *out = (usage_page){0};
    TRY(read_key(l, id, &query));
    TRY(make_query(t, asked, &query));
    status counted = find_usage(t, l, &query, &found);
    if (FAILED_WITH(counted, NOT_FOUND)) return OK; /* no events yet */
    TRY(counted);
    out->at = ARENA_ARRAY(&t->memory, key_usage_line, found.count + 1);
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found.count; i++) TRY(put_line(t, &found.rows[i], &out->at[out->count++]));
    TRY(tracking_start(t, l->account, &out->tracking_start));
    if (!found.has_more) return OK;
    TRY(base64_encode(&token, found.rows[found.count - 1].order));
    return arena_copy(&t->memory, buffer_slice(&token), &out->next_token);
}

status trail_answer_usage(trail *t, const waiting_lookup *l, void *output) {
    get_key_usage_in in;
    get_key_usage_out *out = output;
    usage_page page;
    TRY(shape_unpack(&get_key_usage_in_shape, l->input, &t->memory, &in));
    TRY(answer(t, l, &(usage_question){in.start_time, in.end_time, in.max_results, in.period, in.next_token}, &page));
    out->key_id = l->key_id;
    out->uses.at = page.at, out->uses.count = page.count;
    out->tracking_start = page.tracking_start;
    out->next_token = page.next_token;
    return OK;
}

status trail_answer_certificate_usage(trail *t, const waiting_lookup *l, void *output) {
    get_certificate_usage_in in;
    get_certificate_usage_out *out = output;
    usage_page page;
    TRY(shape_unpack(&get_certificate_usage_in_shape, l->input, &t->memory, &in));
    TRY(answer(t, l, &(usage_question){in.start_time, in.end_time, in.max_results, in.period, in.next_token}, &page));
    out->certificate_id = l->key_id;
    out->uses.at = page.at, out->uses.count = page.count;
    out->tracking_start = page.tracking_start;
    out->next_token = page.next_token;
    return OK;
}

/* ---- GetKeyLastUsage */

/* Making and importing a key is no use of it. */
static bool is_use(const usage_parts *p) {
    int act = choice_find(vault_act_choices, p->use);
    return act != VAULT_ACT_NEW_KEY && act != VAULT_ACT_IMPORT && act != VAULT_ACT_PERMIT_REWRAP;
}

static status take_latest(const usage_answer *found, usage_row *latest, bool *is_found) {
    for (size_t i = 0; i < found->count; i++) {
        const usage_row *row = &found->rows[i];
        usage_parts p;
        ENSURE(usage_row_parts(row, &p), CORRUPT);
        bool is_later = !*is_found || row->last_s > latest->last_s ||
                        (row->last_s == latest->last_s && row->last_index > latest->last_index);
        if (!is_use(&p) || !is_later) continue;
        *latest = *row;
        *is_found = true;
    }
    return OK;
}

static status find_latest(trail *t, const waiting_lookup *l, usage_row *latest, bool *is_found) {
    uint8_t id[USAGE_ID_BYTES];
    usage_query query = {.limit = PAGE_ROWS};
    usage_answer found = {0};
    TRY(read_key(l, id, &query));
    do {
        TRY(find_usage(t, l, &query, &found));
        TRY(take_latest(&found, latest, is_found));
        if (found.count) query.after = found.rows[found.count - 1].order;
    } while (found.has_more);
    return OK;
}

static status describe_latest(trail *t, slice account, const usage_row *row, key_last_use **out) {
    key_usage_line line = {0};
    const json *event;
    slice text;
    key_last_use *use = ARENA_NEW(&t->memory, key_last_use);
    ENSURE(use != NULL, OUT_OF_MEMORY);
    TRY(put_line(t, row, &line));
    *use = (key_last_use){.operation = line.operation,
                          .act = line.act,
                          .key_version_id = line.key_version_id,
                          .principal_type = line.principal_type,
                          .principal_id = line.principal_id,
                          .user_name = line.user_name,
                          .time = line.last_used};
    TRY(event_of(t, account, row->last_index, &event));
    if (json_get_text(json_member(event, SLICE("eventId")), &text)) use->event_id = text;
    if (json_get_text(json_member(event, SLICE("requestId")), &text)) use->request_id = text;
    *out = use;
    return OK;
}

status trail_answer_last_usage(trail *t, const waiting_lookup *l, void *output) {
    get_key_last_usage_out *out = output;
    usage_row latest;
    bool is_found = false;
    out->key_id = l->key_id;
    status sought = find_latest(t, l, &latest, &is_found);
    if (FAILED_WITH(sought, NOT_FOUND)) return OK; /* no events yet */
    TRY(sought);
    TRY(tracking_start(t, l->account, &out->tracking_start));
    return is_found ? describe_latest(t, l->account, &latest, &out->key_last_usage) : OK;
}

/* ---- GetKeyCensus: what the trail tells of each version */

/* What makes a ciphertext that somebody keeps. */
static bool is_wrap(slice use) {
    static const int WRAPS[] = {VAULT_ACT_ENCRYPT,        VAULT_ACT_GENERATE,      VAULT_ACT_GENERATE_SEALED,
                                VAULT_ACT_HOLD_GENERATED, VAULT_ACT_GENERATE_PAIR, VAULT_ACT_GENERATE_PAIR_SEALED,
                                VAULT_ACT_SEAL_HELD};
    int act = choice_find(vault_act_choices, use);
    for (size_t i = 0; i < sizeof WRAPS / sizeof *WRAPS; i++)
        if (act == WRAPS[i]) return true;
    return false;
}

enum { CENSUS_VERSIONS_MOST = 1024 };

static key_version_census *line_of(get_key_census_out *out, slice version_id) {
    for (size_t i = 0; i < out->versions.count; i++)
        if (slice_equals(out->versions.at[i].key_version_id, version_id)) return &out->versions.at[i];
    if (out->versions.count == CENSUS_VERSIONS_MOST) return NULL;
    key_version_census *line = &out->versions.at[out->versions.count++];
    *line = (key_version_census){.key_version_id = version_id, .wraps = SET_INT(0)};
    return line;
}

static status add_to_census(trail *t, const usage_row *row, get_key_census_out *out) {
    usage_parts p;
    slice version_id;
    ENSURE(usage_row_parts(row, &p), CORRUPT);
    if (!is_use(&p)) return OK;
    TRY(id_text(t, p.key_version_id, &version_id));
    key_version_census *line = line_of(out, version_id);
    ENSURE(line != NULL, TOO_LARGE);
    if (is_wrap(p.use)) line->wraps.value += (int64_t)row->count;
    if (!line->last_used.is_set || line->last_used.value < row->last_s) line->last_used = SET_INT(row->last_s);
    return OK;
}

status trail_answer_census(trail *t, const waiting_lookup *l, void *output) {
    get_key_census_out *out = output;
    uint8_t id[USAGE_ID_BYTES];
    usage_query query = {.limit = PAGE_ROWS};
    usage_answer found = {0};
    out->key_id = l->key_id;
    out->versions.at = ARENA_ARRAY(&t->memory, key_version_census, CENSUS_VERSIONS_MOST);
    ENSURE(out->versions.at != NULL, OUT_OF_MEMORY);
    TRY(read_key(l, id, &query));
    do {
        status counted = find_usage(t, l, &query, &found);
        if (FAILED_WITH(counted, NOT_FOUND)) return OK; /* no events yet */
        TRY(counted);
        for (size_t i = 0; i < found.count; i++) TRY(add_to_census(t, &found.rows[i], out));
        if (found.count) query.after = found.rows[found.count - 1].order;
    } while (found.has_more);
    return tracking_start(t, l->account, &out->tracking_start);
}
