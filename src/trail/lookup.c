/* Scanning entry bundles: a cheap search for the bytes first, then a real JSON parse to confirm. */
#include "trail/lookup.h"

#include "base/clock.h"
#include "format/json.h"

enum { PARSE_MEMORY_BYTES = 4 << 20 };

/* Where each key's value stands in an event. */
static const struct {
    const char *object; /* NULL: the event itself */
    const char *member;
    bool is_list;
} fields[LOOKUP_KEYS] = {
    [LOOKUP_EVENT_NAME] = {NULL, "eventName", false},
    [LOOKUP_USER_NAME] = {"userIdentity", "userName", false},
    [LOOKUP_RESOURCE_NAME] = {NULL, "resourceName", true},
    [LOOKUP_RESOURCE_TYPE] = {NULL, "resourceType", true},
    [LOOKUP_EVENT_ID] = {NULL, "eventId", false},
    [LOOKUP_SERVICE_NAME] = {NULL, "serviceName", false},
    [LOOKUP_EVENT_RW] = {NULL, "eventRW", false},
    [LOOKUP_EVENT_TYPE] = {NULL, "eventType", false},
    [LOOKUP_ACCESS_KEY_ID] = {"userIdentity", "accessKeyId", false},
    [LOOKUP_SOURCE_IP] = {NULL, "sourceIpAddress", false},
    [LOOKUP_REQUEST_ID] = {NULL, "requestId", false},
};

/* One bundle in memory, taken apart. */
typedef struct open_bundle {
    uint64_t index;
    bool is_open;
    buffer bytes;
    slice entry[MERKLE_TILE_WIDTH];
    unsigned count;
} open_bundle;

typedef struct scan {
    const tree *tree;
    const lookup_query *query;
    buffer needles;            /* the values as they stand in JSON text */
    slice needle[LOOKUP_KEYS]; /* absent: any */
    arena parsing;             /* reset per entry */
    open_bundle bundle;
    arena *memory;
    lookup_result result;
    size_t result_bytes;
} scan;

static void scan_clear(scan *s) {
    buffer_clear(&s->needles);
    buffer_clear(&s->bundle.bytes);
    arena_clear(&s->parsing);
}

/* The value with JSON's escapes, without the quotes: our entries come from the same writer, so it stands there like
 * this. */
static status escape(slice value, buffer *out, size_t *start, size_t *len) {
    json_writer w = {.out = out};
    *start = out->len + 1;
    json_put_text(&w, value);
    TRY(json_finish(&w));
    *len = out->len - 1 - *start;
    return OK;
}

static status make_needles(scan *s) {
    size_t start[LOOKUP_KEYS] = {0};
    size_t len[LOOKUP_KEYS] = {0};
    for (int key = 0; key < LOOKUP_KEYS; key++)
        if (!slice_is_absent(s->query->value[key]))
            TRY(escape(s->query->value[key], &s->needles, &start[key], &len[key]));
    for (int key = 0; key < LOOKUP_KEYS; key++)
        if (!slice_is_absent(s->query->value[key])) s->needle[key] = slice_of(s->needles.at + start[key], len[key]);
    return OK;
}

static bool may_match(const scan *s, slice entry) {
    for (int key = 0; key < LOOKUP_KEYS; key++)
        if (!slice_is_absent(s->needle[key]) && slice_find(entry, s->needle[key]) == SIZE_MAX) return false;
    return true;
}

static bool list_has(slice list, slice wanted) {
    slice group;
    slice item;
    while (slice_split(&list, ',', &group))
        while (slice_split(&group, ';', &item))
            if (slice_equals(item, wanted)) return true;
    return false;
}

static bool field_matches(const json *event, int key, slice wanted) {
    slice text;
    const json *object = fields[key].object ? json_member(event, slice_of_text(fields[key].object)) : event;
    if (!json_get_text(json_member(object, slice_of_text(fields[key].member)), &text)) return false;
    if (slice_equals(text, wanted)) return true;
    return fields[key].is_list && list_has(text, wanted);
}

static status matches(scan *s, slice entry, bool *out) {
    const json *event;
    slice text;
    int64_t time_s;
    *out = false;
    if (!may_match(s, entry)) return OK;
    arena_reset(&s->parsing);
    status parsed = json_parse(entry, &s->parsing, &event, NULL);
    if (FAILED_WITH(parsed, MALFORMED) || FAILED_WITH(parsed, TOO_LARGE)) return OK;
    TRY(parsed);
    if (!json_get_text(json_member(event, SLICE("eventTime")), &text) || FAILED(clock_parse_iso(text, &time_s)))
        return OK;
    if (time_s < s->query->from_s || time_s > s->query->to_s) return OK;
    for (int key = 0; key < LOOKUP_KEYS; key++)
        if (!slice_is_absent(s->query->value[key]) && !field_matches(event, key, s->query->value[key])) return OK;
    *out = true;
    return OK;
}

static status load(scan *s, uint64_t index) {
    open_bundle *bundle = &s->bundle;
    if (bundle->is_open && bundle->index == index) return OK;
    bundle->is_open = false;
    buffer_reset(&bundle->bytes);
    TRY(tree_bundle(s->tree, index, &bundle->bytes));
    slice rest = buffer_slice(&bundle->bytes);
    bundle->count = 0;
    while (bundle->count < MERKLE_TILE_WIDTH && bundle_take(&rest, &bundle->entry[bundle->count])) bundle->count++;
    ENSURE(rest.len == 0 && bundle->count == tile_width(TILE_ENTRIES, index, s->tree->edge.size), CORRUPT);
    bundle->index = index;
    bundle->is_open = true;
    return OK;
}

/* eventTime without a parse: it stands before anything a caller could have written (event.c). Only used to leave out
 * what is far outside the range. */
static bool rough_time(slice entry, int64_t *out) {
    slice mark = SLICE("\"eventTime\":\"");
    size_t at = slice_find(entry, mark);
    if (at == SIZE_MAX) return false;
    slice text = slice_head(slice_skip(entry, at + mark.len), CLOCK_ISO_BYTES - 1);
    return !FAILED(clock_parse_iso(text, out));
}

/* How the first entry of a bundle lies to a time: whether it is surely later. */
static status begins_after(scan *s, uint64_t bundle, int64_t time_s, bool *out) {
    int64_t first_s;
    TRY(load(s, bundle));
    *out = rough_time(s->bundle.entry[0], &first_s) && first_s > time_s;
    return OK;
}

/* The number of bundles before the first one that begins after a time, by halving. */
static status bundles_until(scan *s, int64_t time_s, uint64_t *out) {
    uint64_t low = 0;
    uint64_t high = (s->tree->edge.size + MERKLE_TILE_WIDTH - 1) / MERKLE_TILE_WIDTH;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        bool is_after;
        TRY(begins_after(s, middle, time_s, &is_after));
        if (is_after) high = middle;
        else low = middle + 1;
    }
    *out = low;
    return OK;
}

static int64_t shifted(int64_t time_s, int64_t by) {
    int64_t sum;
    if (__builtin_add_overflow(time_s, by, &sum)) return by < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* The entries worth looking at: [*first, *end). */
static status find_range(scan *s, uint64_t *first, uint64_t *end) {
    uint64_t bundles;
    uint64_t size = s->tree->edge.size;
    TRY(bundles_until(s, shifted(s->query->from_s, -LOOKUP_TIME_SLACK_S), &bundles));
    *first = bundles > 0 ? (bundles - 1) * MERKLE_TILE_WIDTH : 0;
    TRY(bundles_until(s, shifted(s->query->to_s, LOOKUP_TIME_SLACK_S), &bundles));
    *end = bundles * MERKLE_TILE_WIDTH < size ? bundles * MERKLE_TILE_WIDTH : size;
    if (*first > *end) *first = *end;
    return OK;
}

/* *is_full: this event does not fit any more; it is the next call's. */
static status collect(scan *s, uint64_t index, slice entry, bool *is_full) {
    lookup_result *result = &s->result;
    size_t most = s->query->bytes_most;
    *is_full = result->count > 0 && most > 0 && (entry.len > most || s->result_bytes > most - entry.len);
    if (*is_full) return OK;
    lookup_event *event = &result->events[result->count];
    TRY(arena_copy(s->memory, entry, &event->json));
    event->index = index;
    result->count++;
    s->result_bytes += entry.len;
    return OK;
}

/* Looks at one entry. *is_full as above. */
static status visit(scan *s, uint64_t index, bool *is_full) {
    bool is_match;
    *is_full = false;
    TRY(load(s, index / MERKLE_TILE_WIDTH));
    slice entry = s->bundle.entry[index % MERKLE_TILE_WIDTH];
    TRY(matches(s, entry, &is_match));
    return is_match ? collect(s, index, entry, is_full) : OK;
}

static status run_scan(scan *s) {
    const lookup_query *query = s->query;
    lookup_result *result = &s->result;
    uint64_t budget = query->scan_most ? query->scan_most : LOOKUP_SCAN_MOST;
    uint64_t first;
    uint64_t end;
    TRY(find_range(s, &first, &end));
    if (query->has_start && query->is_forward && query->start > first) first = query->start < end ? query->start : end;
    if (query->has_start && !query->is_forward && query->start < end)
        end = query->start + 1 > first ? query->start + 1 : first;
    for (uint64_t left = end - first; left > 0; left--) {
        bool is_full = false;
        uint64_t index = query->is_forward ? end - left : first + left - 1;
        if (budget-- > 0 && result->count < query->limit) TRY(visit(s, index, &is_full));
        else is_full = true;
        if (is_full) {
            result->has_next = true;
            result->next = index;
            return OK;
        }
    }
    return OK;
}

status lookup_events(const tree *t, const lookup_query *query, arena *memory, lookup_result *out) {
    ENSURE(query->limit >= 1 && query->limit <= LOOKUP_LIMIT_MOST && query->from_s <= query->to_s, INVALID_PARAMETER);
    scan s = {.tree = t, .query = query, .memory = memory, .parsing.limit = PARSE_MEMORY_BYTES};
    s.result.events = ARENA_ARRAY(memory, lookup_event, query->limit);
    ENSURE(s.result.events != NULL, OUT_OF_MEMORY);
    status scanned = make_needles(&s);
    if (!FAILED(scanned)) scanned = run_scan(&s);
    scan_clear(&s);
    TRY(scanned);
    *out = s.result;
    return OK;
}

static status run_walk(scan *s, const lookup_walk *walk, bool *has_next, uint64_t *next) {
    uint64_t first, end, left = walk->glances_most ? walk->glances_most : LOOKUP_SCAN_MOST;
    *has_next = false;
    TRY(find_range(s, &first, &end));
    if (walk->has_start && walk->start < end) end = walk->start + 1 > first ? walk->start + 1 : first;
    for (uint64_t index = end; index-- > first;) {
        uint64_t glances = 1;
        if (left == 0) {
            *has_next = true;
            *next = index;
            return OK;
        }
        TRY(load(s, index / MERKLE_TILE_WIDTH));
        TRY(walk->visit(walk->context, s->bundle.entry[index % MERKLE_TILE_WIDTH], &glances));
        left -= glances < left ? glances : left;
    }
    return OK;
}

status lookup_walk_entries(const tree *t, const lookup_walk *walk, bool *has_next, uint64_t *next) {
    lookup_query range = {.from_s = walk->from_s, .to_s = INT64_MAX, .limit = 1};
    scan s = {.tree = t, .query = &range};
    status walked = run_walk(&s, walk, has_next, next);
    scan_clear(&s);
    return walked;
}

status lookup_find(const tree *t, enum lookup_key key, slice value, uint64_t scan_most, arena *memory,
                   lookup_event *out) {
    lookup_query query = {
        .from_s = INT64_MIN, .to_s = INT64_MAX, .limit = 1, .scan_most = scan_most ? scan_most : UINT64_MAX};
    lookup_result result;
    query.value[key] = value;
    TRY(lookup_events(t, &query, memory, &result));
    ENSURE(result.count == 1, EVENT_NOT_FOUND);
    *out = result.events[0];
    return OK;
}

status lookup_entry(const tree *t, uint64_t index, arena *memory, slice *out) {
    OWNED(buffer) bundle = {0};
    ENSURE(index < t->edge.size, EVENT_NOT_FOUND);
    TRY(tree_bundle(t, index / MERKLE_TILE_WIDTH, &bundle));
    slice rest = buffer_slice(&bundle);
    slice entry = {0};
    for (uint64_t i = 0; i <= index % MERKLE_TILE_WIDTH; i++) ENSURE(bundle_take(&rest, &entry), CORRUPT);
    return arena_copy(memory, entry, out);
}
