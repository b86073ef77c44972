/* The pace of rewrapping: which objects and secrets are moved next, and when; and the heads of blobs afterwards. */
#include "access/identity.h"
#include "base/clock.h"
#include "keys/rewrap.h"
#include "objects/bucket.h"
#include "service/own.h"

enum { PARTS_A_SECOND = 4, BATCH_MOST = 64, SETTLED_AT_ONCE = 32, KEYS_LOOKED_AT = 64, TURN_MEMORY = 8 << 20 };
enum { LOOK_EVERY_MS = 1000, REST_MS = 60 * 1000 };

/* ---- which key, which objects and secrets */

typedef struct rewrap_key {
    own_place place; /* subject: the key's id */
    key_record record;
} rewrap_key;

/* False: not usable now, or gone. */
static bool load_key(serve *s, slice row, arena *memory, rewrap_key *out) {
    slice rest = slice_skip(row, REWRAPPING_PREFIX.len);
    own_place *at = &out->place;
    if (!slice_split(&rest, '/', &at->account) || !slice_split(&rest, '/', &at->region)) return false;
    at->subject = rest;
    key_shelf shelf = {s->house->store, at->account, at->region, clock_now_s()};
    if (slice_is_absent(rest) || FAILED(key_load(&shelf, at->subject, memory, &out->record, NULL))) return false;
    return out->record.rewrap && !FAILED(key_allows(&out->record, KEY_ACT_USE));
}

/* dependent/<key id>/Object/<version>/<bucket>/<object>, dependent/<key id>/Secret/<version>/<region>/<name> */
static status begin_one(serve *s, const rewrap_key *key, slice row, arena *memory) {
    slice rest = row, part, kind;
    own_place place = key->place;
    bool is_whole = slice_split(&rest, '/', &part) && slice_split(&rest, '/', &part) && slice_split(&rest, '/', &kind);
    ENSURE(is_whole && slice_split(&rest, '/', &part) && !slice_is_empty(rest), CORRUPT);
    bool is_secret = choice_find(dependent_kind_choices, kind) == DEPENDENT_KIND_SECRET;
    TRY(arena_printf(memory, &place.subject, "%.*s/%.*s", SLICE_ARGS(key->place.subject), SLICE_ARGS(rest)));
    TRY(own_begin(s, is_secret ? &own_rewrap_secret : &own_rewrap_object, &place));
    s->rewraps.under_way++;
    return OK;
}

static int64_t rate_of(const rewrap_key *key) {
    int64_t rate = key->record.rewrap->rate_per_second.value;
    return rate > 0 ? rate : 1;
}

static size_t batch_of(int64_t rate) {
    size_t batch = (size_t)rate / PARTS_A_SECOND;
    return batch < 1 ? 1 : batch > BATCH_MOST ? BATCH_MOST : batch;
}

static status begin_batch(serve *s, const rewrap_key *key, const rewrap_work *work, arena *memory) {
    for (size_t i = 0; i < work->count; i++) TRY(begin_one(s, key, work->rows[i].key, memory));
    buffer_reset(&s->rewraps.after);
    s->rewraps.next_ms = clock_monotonic_ms() + (int64_t)work->count * 1000 / rate_of(key);
    return buffer_append(&s->rewraps.after, work->rows[work->count - 1].key);
}

/* Behind what was begun last, if that was of this key. */
static slice after_of(const serve *s, const rewrap_key *key, arena *memory) {
    slice prefix, after = buffer_slice(&s->rewraps.after);
    if (FAILED(arena_printf(memory, &prefix, "dependent/%.*s/", SLICE_ARGS(key->place.subject)))) return (slice){0};
    return slice_starts_with(after, prefix) ? after : (slice){0};
}

static bool has_unsettled(serve *s, arena *memory) {
    store_row *rows;
    size_t count;
    return FAILED(store_list(s->house->store, UNSETTLED_PREFIX, (slice){0}, 1, memory, &rows, &count)) || count > 0;
}

/* Nothing behind the place where it was: those that failed, and new ones, come round again; or that was all. */
static status end_round(serve *s, const rewrap_key *key, arena *memory) {
    dependents_record counts;
    bool was_under_way = s->rewraps.after.len > 0;
    buffer_reset(&s->rewraps.after);
    TRY(dependents_load(s->house->store, key->place.subject, memory, &counts));
    if (rewrap_remaining(&key->record, &counts) > 0) {
        if (was_under_way && s->rewraps.has_failed) s->rewraps.next_ms = clock_monotonic_ms() + REST_MS;
        s->rewraps.has_failed = false;
        return OK;
    }
    return has_unsettled(s, memory) ? OK : own_begin(s, &own_rewrap_finished, &key->place);
}

static status work_key(serve *s, const rewrap_key *key, arena *memory, bool *is_begun) {
    rewrap_work work;
    slice after = after_of(s, key, memory);
    TRY(rewrap_next(s->house->store, &key->record, after, batch_of(rate_of(key)), memory, &work));
    *is_begun = work.count > 0;
    return *is_begun ? begin_batch(s, key, &work, memory) : end_round(s, key, memory);
}

static status look_for_work(serve *s) {
    OWNED(arena) memory = {.limit = TURN_MEMORY};
    store_row *rows;
    size_t count;
    bool is_begun = false;
    TRY(store_list(s->house->store, REWRAPPING_PREFIX, (slice){0}, KEYS_LOOKED_AT, &memory, &rows, &count));
    for (size_t i = 0; i < count && !is_begun; i++) {
        rewrap_key key;
        if (load_key(s, rows[i].key, &memory, &key)) TRY(work_key(s, &key, &memory, &is_begun));
    }
    return OK;
}

/* ---- heads of blobs, after their records */

/* The head as the record has it now: exactly as long as the one before. */
static status write_head(serve *s, const object_record *object) {
    OWNED(buffer) head = {0};
    blob_header header = {object->blob_id, object->wrapped_key};
    ENSURE(object->blob_id.len == BLOB_ID_BYTES, CORRUPT);
    TRY(blob_head(&header, &head));
    status written = blobs_rewrite(s->house->blobs, object->blob_id.at, buffer_slice(&head));
    return FAILED_WITH(written, NOT_FOUND) ? OK : written; /* whoever reads it will hear of that */
}

static status settle_object(serve *s, slice row, arena *memory) {
    OWNED(buffer) packed = {0};
    slice path, value;
    uint64_t revision;
    object_record object;
    TRY(arena_printf(memory, &path, "object/%.*s", SLICE_ARGS(slice_skip(row, UNSETTLED_PREFIX.len))));
    TRY(store_get(s->house->store, path, memory, &value, &revision));
    ENSURE(!FAILED(shape_unpack(&object_record_shape, value, memory, &object)), CORRUPT);
    if (slice_is_absent(object.former_wrapped_key)) return OK;
    TRY(write_head(s, &object));
    object.former_wrapped_key = (slice){0};
    TRY(shape_pack(&object_record_shape, &object, &packed));
    store_change change = {path, buffer_slice(&packed), revision};
    return serve_change(s, &change, memory);
}

static status settle_some(serve *s, const store_row *rows, size_t count, arena *memory) {
    TRY(store_begin(s->house->store));
    status settled = OK;
    for (size_t i = 0; i < count && !FAILED(settled); i++) {
        settled = settle_object(s, rows[i].key, memory);
        if (FAILED_WITH(settled, CONFLICT) || FAILED_WITH(settled, NOT_FOUND)) settled = OK;
    }
    if (!FAILED(settled)) settled = derived_flush(&s->derived, s->house->store);
    if (!FAILED(settled)) settled = store_commit(s->house->store);
    else store_roll_back(s->house->store);
    derived_drop(&s->derived);
    return settled;
}

static status settle(serve *s, bool *has_more) {
    OWNED(arena) memory = {.limit = TURN_MEMORY};
    store_row *rows;
    size_t count;
    TRY(store_list(s->house->store, UNSETTLED_PREFIX, (slice){0}, SETTLED_AT_ONCE, &memory, &rows, &count));
    *has_more = count == SETTLED_AT_ONCE;
    return count ? settle_some(s, rows, count, &memory) : OK;
}

/* ---- the turn */

void rewrap_turn(serve *s) {
    int64_t now_ms = clock_monotonic_ms();
    bool has_more = false;
    if (s->is_ending || s->rewraps.under_way > 0 || now_ms < s->rewraps.next_ms || !s->auditor || !s->vault) return;
    s->rewraps.next_ms = now_ms + LOOK_EVERY_MS;
    status worked = settle(s, &has_more);
    if (has_more) s->rewraps.next_ms = now_ms;
    if (!FAILED(worked) && !has_more) worked = look_for_work(s);
    if (FAILED(worked)) s->rewraps.next_ms = now_ms + REST_MS;
}

void rewrap_ended(serve *s, const job *j) {
    s->rewraps.under_way--;
    bool was_overtaken = FAILED_WITH(j->call.failure, CONFLICT); /* written anew meanwhile */
    if (FAILED(j->call.failure) && !was_overtaken) s->rewraps.has_failed = true;
}
