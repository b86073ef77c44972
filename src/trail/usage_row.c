/* Counting the key uses that events tell of. */
#include "trail/usage_row.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "format/json_walk.h"

enum { TALLY_MEMORY = 64 << 20, TEXTS = 5, TEXT_BYTES_MOST = 1024 };

/* What an event says about all its uses. */
typedef struct using_event {
    int64_t time_s;
    slice operation;
    slice caller_type, caller_id, caller_name;
    slice uses; /* the array */
} using_event;

static bool read_caller(slice identity, using_event *e) {
    json_walk w;
    slice name, value;
    if (!json_walk_object(identity, &w)) return false;
    while (json_walk_member(&w, &name, &value)) {
        if (slice_equals_text(name, "type")) (void)json_walk_text(value, &e->caller_type);
        if (slice_equals_text(name, "principalId")) (void)json_walk_text(value, &e->caller_id);
        if (slice_equals_text(name, "userName")) (void)json_walk_text(value, &e->caller_name);
    }
    return w.is_ended;
}

static bool read_time(slice value, int64_t *out) {
    slice text;
    return json_walk_text(value, &text) && !FAILED(clock_parse_iso(text, out));
}

static bool read_event(slice entry, using_event *out) {
    json_walk w;
    slice name, value;
    using_event e = {.time_s = -1};
    if (!json_walk_object(entry, &w)) return false;
    while (json_walk_member(&w, &name, &value)) {
        if (slice_equals_text(name, "eventTime") && !read_time(value, &e.time_s)) return false;
        if (slice_equals_text(name, "eventName")) (void)json_walk_text(value, &e.operation);
        if (slice_equals_text(name, "userIdentity") && !read_caller(value, &e)) return false;
        if (slice_equals_text(name, "keyUse")) e.uses = value;
    }
    if (!w.is_ended || e.time_s < 0 || slice_is_absent(e.uses)) return false;
    *out = e;
    return true;
}

typedef struct one_use {
    uint8_t key_id[USAGE_ID_BYTES], key_version_id[USAGE_ID_BYTES];
    slice use;
} one_use;

static bool read_id(slice value, uint8_t out[USAGE_ID_BYTES]) {
    slice text;
    return json_walk_text(value, &text) && !FAILED(uuid_parse(text, out));
}

static bool read_key_id(slice value, uint8_t out[USAGE_ID_BYTES]) {
    slice text;
    return json_walk_text(value, &text) && !FAILED(key_id_parse(text, out));
}

static bool read_use(slice value, one_use *out) {
    json_walk w;
    slice name;
    unsigned found = 0;
    if (!json_walk_object(value, &w)) return false;
    while (json_walk_member(&w, &name, &value)) {
        if (slice_equals_text(name, "keyId")) found += read_key_id(value, out->key_id);
        if (slice_equals_text(name, "keyVersionId")) found += read_id(value, out->key_version_id);
        if (slice_equals_text(name, "operation")) found += json_walk_text(value, &out->use);
    }
    return w.is_ended && found == 3;
}

static status put_text(buffer *out, slice text) {
    text = slice_head(text, TEXT_BYTES_MOST); /* what event.c writes is shorter */
    TRY(buffer_append_u16(out, (uint16_t)text.len));
    return buffer_append(out, text);
}

static status put_order(const using_event *e, const one_use *use, uint32_t hour, buffer *out) {
    TRY(buffer_append(out, slice_of(use->key_id, USAGE_ID_BYTES)));
    TRY(buffer_append_u32(out, hour));
    TRY(buffer_append(out, slice_of(use->key_version_id, USAGE_ID_BYTES)));
    TRY(put_text(out, e->operation));
    TRY(put_text(out, use->use));
    TRY(put_text(out, e->caller_type));
    TRY(put_text(out, e->caller_id));
    return put_text(out, e->caller_name);
}

void usage_row_add(usage_row *row, const usage_row *more) {
    row->count += more->count;
    bool is_later = more->last_s > row->last_s || (more->last_s == row->last_s && more->last_index > row->last_index);
    if (!is_later) return;
    row->last_s = more->last_s;
    row->last_index = more->last_index;
}

static status count_row(usage_tally *t, const usage_row *row) {
    usage_row *there = table_get(&t->rows, row->order);
    if (there) {
        usage_row_add(there, row);
        return OK;
    }
    t->memory.limit = TALLY_MEMORY;
    there = ARENA_NEW(&t->memory, usage_row);
    ENSURE(there != NULL, OUT_OF_MEMORY);
    *there = *row;
    TRY(arena_copy(&t->memory, row->order, &there->order));
    return table_put(&t->rows, there->order, there, NULL);
}

static status count_use(usage_tally *t, const using_event *e, const one_use *use, uint64_t index) {
    const uint32_t hours[] = {0, (uint32_t)(e->time_s / USAGE_HOUR_S)};
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        OWNED(buffer) order = {0};
        TRY(put_order(e, use, hours[i], &order));
        usage_row row = {buffer_slice(&order), 1, e->time_s, index};
        TRY(count_row(t, &row));
    }
    return OK;
}

status usage_tally_entry(usage_tally *t, slice entry, uint64_t index) {
    using_event e;
    json_walk uses;
    slice value;
    if (slice_find(entry, SLICE("\"keyUse\":[")) == SIZE_MAX || !read_event(entry, &e)) return OK;
    if (!json_walk_array(e.uses, &uses)) return OK;
    while (json_walk_element(&uses, &value)) {
        one_use use;
        if (read_use(value, &use)) TRY(count_use(t, &e, &use, index));
    }
    return OK;
}

static int compare_rows(const void *a, const void *b) {
    return slice_compare(((const usage_row *)a)->order, ((const usage_row *)b)->order);
}

status usage_tally_rows(usage_tally *t, usage_row **rows, size_t *count) {
    size_t cursor = 0, found = 0;
    void *value;
    usage_row *list = ARENA_ARRAY(&t->memory, usage_row, t->rows.count + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    while (table_next(&t->rows, &cursor, NULL, &value)) list[found++] = *(usage_row *)value;
    qsort(list, found, sizeof *list, compare_rows);
    *rows = list;
    *count = found;
    return OK;
}

void usage_tally_clear(usage_tally *t) {
    table_clear(&t->rows);
    arena_clear(&t->memory);
    *t = (usage_tally){0};
}

/* ---- as bytes */

static bool take_text(slice *rest, slice *out) {
    uint16_t len;
    slice text;
    if (!slice_take_u16(rest, &len) || !slice_take(rest, len, &text)) return false;
    *out = len ? text : (slice){0};
    return true;
}

bool usage_row_parts(const usage_row *row, usage_parts *out) {
    slice rest = row->order;
    usage_parts p = {0};
    bool is_whole = slice_take(&rest, USAGE_ID_BYTES, &p.key_id) && slice_take_u32(&rest, &p.hour) &&
                    slice_take(&rest, USAGE_ID_BYTES, &p.key_version_id);
    slice *texts[TEXTS] = {&p.operation, &p.use, &p.caller_type, &p.caller_id, &p.caller_name};
    for (size_t i = 0; i < TEXTS; i++) is_whole = is_whole && take_text(&rest, texts[i]);
    if (!is_whole || rest.len) return false;
    *out = p;
    return true;
}

status usage_row_write(const usage_row *row, buffer *out) {
    ENSURE(row->order.len <= USAGE_ORDER_BYTES_MOST, TOO_LARGE);
    TRY(buffer_append_u16(out, (uint16_t)row->order.len));
    TRY(buffer_append(out, row->order));
    TRY(buffer_append_u64(out, row->count));
    TRY(buffer_append_u64(out, (uint64_t)row->last_s));
    return buffer_append_u64(out, row->last_index);
}

bool usage_row_take(slice *rest, usage_row *out) {
    slice tried = *rest;
    uint16_t len;
    uint64_t last_s;
    usage_row row;
    bool is_whole = slice_take_u16(&tried, &len) && len <= USAGE_ORDER_BYTES_MOST &&
                    slice_take(&tried, len, &row.order) && slice_take_u64(&tried, &row.count) &&
                    slice_take_u64(&tried, &last_s) && slice_take_u64(&tried, &row.last_index);
    if (!is_whole) return false;
    row.last_s = (int64_t)last_s;
    *rest = tried;
    *out = row;
    return true;
}
