/* OSS: listing objects in the order of their names, with prefix and delimiter. */
#include "base/text.h"
#include "objects/bucket.h"
#include "service/handlers.h"
#include "service/oss/oss.h"

enum { CHUNK = 512, CHUNK_MEMORY = 32 << 20, KEYS_MOST = 1000, KEYS_DEFAULT = 100 };

typedef struct listing {
    slice bucket, prefix, delimiter, after;
    size_t most;
    object_entry *contents;
    size_t content_count;
    slice *prefixes;
    size_t prefix_count;
    bool is_truncated;
    slice next; /* the last name or common prefix given: the listing goes on behind it */
} listing;

static size_t given(const listing *l) { return l->content_count + l->prefix_count; }

/* A name with the delimiter behind the prefix belongs to a common prefix. */
static bool find_common(const listing *l, slice key, slice *common) {
    if (slice_is_empty(l->delimiter)) return false;
    size_t at = slice_find(slice_skip(key, l->prefix.len), l->delimiter);
    if (at == SIZE_MAX) return false;
    *common = slice_head(key, l->prefix.len + at + l->delimiter.len);
    return true;
}

static status add_common(call *c, listing *l, slice common) {
    TRY(arena_copy(&c->memory, common, &l->prefixes[l->prefix_count]));
    l->next = l->prefixes[l->prefix_count++];
    return OK;
}

static status add_object(call *c, listing *l, slice key, slice packed) {
    slice held;
    object_record object;
    TRY(arena_copy(&c->memory, packed, &held));
    ENSURE(!FAILED(shape_unpack(&object_record_shape, held, &c->memory, &object)), CORRUPT);
    object_entry *entry = &l->contents[l->content_count++];
    TRY(arena_copy(&c->memory, key, &entry->key));
    entry->last_modified = object.modified_at;
    entry->e_tag = object.e_tag;
    entry->size = object.size;
    entry->storage_class = SLICE("Standard");
    l->next = entry->key;
    return OK;
}

/* The first name that can come after everything beginning with `text`: its last byte raised. */
static status behind_all_of(call *c, slice text, slice *out) {
    TRY(arena_copy(&c->memory, text, out));
    uint8_t *bytes = (uint8_t *)(uintptr_t)out->at;
    while (out->len && bytes[out->len - 1] == 0xff) out->len--;
    if (out->len) bytes[out->len - 1]++;
    return OK;
}

/* One chunk from *from; *from moves to where the next one begins. False in *more: the end was reached. */
static status list_chunk(call *c, listing *l, slice until, slice *from, bool *more) {
    OWNED(arena) memory = {.limit = CHUNK_MEMORY};
    store_row *rows;
    size_t count, path_bytes;
    slice start, base;
    TRY(object_path(l->bucket, SLICE(""), &memory, &base));
    path_bytes = base.len;
    TRY(arena_copy(&memory, *from, &start));
    TRY(store_range(c->house->store, start, until, CHUNK, &memory, &rows, &count));
    *more = count == CHUNK;
    for (size_t i = 0; i < count; i++) {
        slice common, key = slice_skip(rows[i].key, path_bytes);
        if (given(l) == l->most) {
            l->is_truncated = true;
            *more = false;
            return OK;
        }
        if (find_common(l, key, &common)) {
            TRY(add_common(c, l, common));
            TRY(behind_all_of(c, slice_of(rows[i].key.at, path_bytes + common.len), from));
            *more = true; /* skip the rest of what the prefix stands for */
            return OK;
        }
        TRY(add_object(c, l, key, rows[i].value));
    }
    if (*more) TRY(arena_printf(&c->memory, from, "%.*s%c", SLICE_ARGS(rows[count - 1].key), 0));
    return OK;
}

/* Where the listing begins: behind the marker, and behind a whole common prefix when the marker names one. */
static status find_start(call *c, const listing *l, slice *from) {
    slice common;
    TRY(object_path(l->bucket, l->prefix, &c->memory, from));
    if (slice_is_empty(l->after) || slice_compare(l->after, l->prefix) < 0) return OK;
    slice marked;
    TRY(object_path(l->bucket, l->after, &c->memory, &marked));
    if (slice_starts_with(l->after, l->prefix) && find_common(l, l->after, &common) && slice_equals(common, l->after))
        return behind_all_of(c, marked, from);
    return arena_printf(&c->memory, from, "%.*s%c", SLICE_ARGS(marked), 0);
}

static status list(call *c, listing *l) {
    bucket_record bucket;
    slice from, until;
    bool more = true;
    TRY(oss_bucket(c, l->bucket, &bucket, NULL));
    l->contents = ARENA_ARRAY(&c->memory, object_entry, l->most + 1);
    l->prefixes = ARENA_ARRAY(&c->memory, slice, l->most + 1);
    ENSURE(l->contents != NULL && l->prefixes != NULL, OUT_OF_MEMORY);
    TRY(find_start(c, l, &from));
    TRY(object_path(l->bucket, l->prefix, &c->memory, &until));
    TRY(behind_all_of(c, until, &until));
    while (more && l->most > 0 && slice_compare(from, until) < 0) TRY(list_chunk(c, l, until, &from, &more));
    return OK;
}

static size_t keys_most(maybe_int max_keys) {
    if (!max_keys.is_set) return KEYS_DEFAULT;
    return max_keys.value > KEYS_MOST ? KEYS_MOST : (size_t)max_keys.value;
}

static slice or_empty(slice text) { return slice_is_absent(text) ? SLICE("") : text; }

status list_objects_prepare(call *c, const list_objects_in *in, list_objects_out *out) {
    listing l = {.bucket = in->bucket, .prefix = or_empty(in->prefix), .delimiter = or_empty(in->delimiter)};
    l.after = or_empty(in->marker);
    l.most = keys_most(in->max_keys);
    TRY(list(c, &l));
    out->bucket = in->bucket;
    out->prefix = in->prefix;
    out->marker = in->marker;
    out->delimiter = in->delimiter;
    out->max_keys = SET_INT(l.most);
    out->encoding_type = in->encoding_type;
    out->is_truncated = SET_BOOL(l.is_truncated);
    if (l.is_truncated) out->next_marker = l.next;
    out->owner_id = call_account(c);
    out->contents.at = l.contents, out->contents.count = l.content_count;
    out->common_prefixes.at = l.prefixes, out->common_prefixes.count = l.prefix_count;
    return OK;
}

/* The continuation token is the place itself in hex: nothing in it that the caller does not know. */
static status read_token(call *c, slice token, slice *after) {
    if (FAILED(hex_decode(token, &c->memory, after)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "continuation-token");
    return OK;
}

status list_objects_v2_prepare(call *c, const list_objects_v2_in *in, list_objects_v2_out *out) {
    listing l = {.bucket = in->bucket, .prefix = or_empty(in->prefix), .delimiter = or_empty(in->delimiter)};
    l.after = or_empty(in->start_after);
    l.most = keys_most(in->max_keys);
    if (!slice_is_empty(in->continuation_token)) TRY(read_token(c, in->continuation_token, &l.after));
    TRY(list(c, &l));
    out->bucket = in->bucket;
    out->prefix = in->prefix;
    out->start_after = in->start_after;
    out->continuation_token = in->continuation_token;
    out->delimiter = in->delimiter;
    out->max_keys = SET_INT(l.most);
    out->key_count = SET_INT(given(&l));
    out->encoding_type = in->encoding_type;
    out->is_truncated = SET_BOOL(l.is_truncated);
    if (in->fetch_owner.value) out->owner_id = call_account(c);
    out->contents.at = l.contents, out->contents.count = l.content_count;
    out->common_prefixes.at = l.prefixes, out->common_prefixes.count = l.prefix_count;
    if (!l.is_truncated) return OK;
    OWNED(buffer) token = {0};
    TRY(hex_encode(&token, l.next));
    return arena_copy(&c->memory, buffer_slice(&token), &out->next_continuation_token);
}
