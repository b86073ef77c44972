/* Which actions principals used, and when last. An entry's head says what it is about without a parse; what would be news is parsed, because
 * only the parsed entry is believed. */
#include "contract/operation.h"
#include "format/json.h"
#include "base/clock.h"
#include "role/auditor/auditor.h"
#include "trail/lookup.h"

enum { PARSE_GLANCES = 16, PARSE_MEMORY_BYTES = 4 << 20, NAME_BYTES_MOST = 128 };

typedef struct search {
    trail *of;
    slice_list ids;
    table by_id; /* → 1 + its place in ids */
    int64_t from_s;
    bool has_start;
    uint64_t start;
    bool *seen; /* by id and operation */
    last_use *at;
    size_t count, room;
    arena parsing; /* reset per entry */
} search;

static void search_clear(search *s) {
    table_clear(&s->by_id);
    arena_clear(&s->parsing);
}

/* ---- what is asked */

static status read_next(slice text, search *out) {
    out->has_start = !slice_is_empty(text);
    ENSURE(!out->has_start || slice_to_u64(text, &out->start), INVALID_PARAMETER);
    return OK;
}

static status read_list(const waiting_lookup *l, search *out) {
    list_last_uses_in in;
    TRY(shape_unpack(&list_last_uses_in_shape, l->input, &out->of->memory, &in));
    out->ids = (slice_list){in.principal_ids.at, in.principal_ids.count};
    out->from_s = in.start_time.is_set ? in.start_time.value : 0;
    return read_next(in.next_token, out);
}

/* Of a job, as core put it: "START;FROM;ID,ID". */
static status read_sought(const waiting_lookup *l, search *out) {
    slice rest = l->sought, next, from, id, counted;
    ENSURE(slice_split(&rest, ';', &next) && slice_split(&rest, ';', &from) && slice_to_i64(from, &out->from_s),
           MALFORMED);
    size_t room = 1;
    for (counted = rest; slice_split(&counted, ',', &id);) room++;
    out->ids.at = ARENA_ARRAY(&out->of->memory, slice, room);
    ENSURE(out->ids.at != NULL, OUT_OF_MEMORY);
    while (!slice_is_empty(rest) && slice_split(&rest, ',', &id)) out->ids.at[out->ids.count++] = id;
    return read_next(next, out);
}

static status prepare(search *s) {
    s->seen = ARENA_ARRAY(&s->of->memory, bool, s->ids.count *OPERATION_COUNT + 1);
    ENSURE(s->seen != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < s->ids.count; i++) {
        void *previous = NULL;
        TRY(table_put(&s->by_id, s->ids.at[i], (void *)(uintptr_t)(i + 1), &previous));
    }
    return OK;
}

/* ---- entries */

/* The first member of that name, as it stands there. */
static slice glance(slice entry, slice mark) {
    size_t at = slice_find(entry, mark);
    if (at == SIZE_MAX) return (slice){0};
    slice rest = slice_head(slice_skip(entry, at + mark.len), NAME_BYTES_MOST);
    size_t end = slice_find_byte(rest, '"');
    return end == SIZE_MAX ? (slice){0} : slice_head(rest, end);
}

/* A session's is "role id:name". */
static slice principal_of(slice id) { return slice_head(id, slice_find_byte(id, ':')); }

static int operation_of(slice name, slice service) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        if (slice_equals_text(name, op->name) && slice_equals_text(service, op->product->service_name)) return id;
    }
    return OPERATION_NONE;
}

static slice text_of(const json *object, const char *name) {
    slice text = {0};
    (void)json_get_text(json_member(object, slice_of_text(name)), &text);
    return text;
}

static bool is_success_of(const json *event, slice id, const operation *op) {
    return slice_equals(principal_of(text_of(json_member(event, SLICE("userIdentity")), "principalId")), id) &&
           slice_equals_text(text_of(event, "eventName"), op->name) &&
           slice_equals_text(text_of(event, "serviceName"), op->product->service_name) &&
           slice_is_absent(text_of(event, "errorCode"));
}

static status add_use(search *s, const last_use *use) {
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        last_use *grown = ARENA_ARRAY(&s->of->memory, last_use, room);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (s->count) memcpy(grown, s->at, s->count * sizeof *grown);
        s->at = grown;
        s->room = room;
    }
    s->at[s->count++] = *use;
    return OK;
}

static status take_news(search *s, slice entry, size_t at, int op_id) {
    const json *event;
    int64_t time_s;
    const operation *op = operation_get(op_id);
    last_use use = {.principal_id = s->ids.at[at], .action = slice_of_text(op->action)};
    arena_reset(&s->parsing);
    status parsed = json_parse(entry, &s->parsing, &event, NULL);
    if (FAILED_WITH(parsed, MALFORMED) || FAILED_WITH(parsed, TOO_LARGE)) return OK;
    TRY(parsed);
    if (!is_success_of(event, s->ids.at[at], op) || FAILED(clock_parse_iso(text_of(event, "eventTime"), &time_s)) ||
        time_s < s->from_s)
        return OK;
    s->seen[at * OPERATION_COUNT + (size_t)op_id] = true;
    use.last_used = SET_INT(time_s);
    TRY(arena_copy(&s->of->memory, text_of(event, "acsRegion"), &use.region));
    return add_use(s, &use);
}

static status visit(void *context, slice entry, uint64_t *glances) {
    search *s = context;
    slice id = principal_of(glance(entry, SLICE("\"principalId\":\"")));
    size_t found = slice_is_empty(id) ? 0 : (size_t)(uintptr_t)table_get(&s->by_id, id);
    if (found == 0) return OK;
    int op = operation_of(glance(entry, SLICE("\"eventName\":\"")), glance(entry, SLICE("\"serviceName\":\"")));
    if (op == OPERATION_NONE || s->seen[(found - 1) * OPERATION_COUNT + (size_t)op]) return OK;
    *glances += PARSE_GLANCES;
    return take_news(s, entry, found - 1, op);
}

/* ---- the answer */

static status run(search *s, slice account, bool *has_next, uint64_t *next) {
    const tree *of_account;
    lookup_walk walk = {s->from_s, s->has_start, s->start, 0, visit, s};
    *has_next = false;
    TRY(prepare(s));
    TRY(trail_find_tree(s->of, account, &of_account));
    return of_account ? lookup_walk_entries(of_account, &walk, has_next, next) : OK;
}

static status fill(const search *s, const operation *op, const uint64_t *next, void *output) {
    const field *uses = shape_find(op->out, SLICE("Uses")), *token = shape_find(op->out, SLICE("NextToken"));
    ENSURE(uses && token, INTERNAL);
    *(shape_list *)field_at(uses, output) = (shape_list){s->at, s->count};
    if (!next) return OK;
    return arena_printf(&s->of->memory, field_at(token, output), "%llu", (unsigned long long)*next);
}

status trail_answer_last_uses(trail *t, const waiting_lookup *l, void *output) {
    bool has_next;
    uint64_t next = 0;
    search s = {.of = t, .parsing.limit = PARSE_MEMORY_BYTES};
    TRY(l->operation == OPERATION_LIST_LAST_USES ? read_list(l, &s) : read_sought(l, &s));
    status found = run(&s, l->account, &has_next, &next);
    if (!FAILED(found)) found = fill(&s, operation_get(l->operation), has_next ? &next : NULL, output);
    search_clear(&s);
    return found;
}
