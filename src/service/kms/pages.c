/* KMS: listings as AWS's clients page through them: a limit, and the last name of the page before as marker. */
#include "base/text.h"
#include "contract/key_id.h"
#include "service/handlers.h"

enum { KEYS_STANDARD = 100, ALIASES_STANDARD = 50, TAGS_STANDARD = 50, ROWS_AT_ONCE = 128, ROWS_MEMORY = 16 << 20 };

/* A page under way: its visitor takes what belongs into it. */
typedef struct marked_page {
    slice prefix;
    slice marker; /* absent: from the start */
    int64_t limit;
    int64_t count;
    slice last;    /* the name of the last one taken */
    slice key_id;  /* of aliases: only those of this key; absent: of all */
    void *entries; /* key_entry or alias_entry */
    bool is_truncated;
} marked_page;

/* Sets *is_taken when the record is part of the listing; into the page itself only while there is room. */
typedef status page_visitor(call *c, const store_row *row, marked_page *m, bool *is_taken);

static int64_t limit_of(maybe_int given, int64_t standard) { return given.is_set ? given.value : standard; }

static status visit_rows(call *c, const store_row *rows, size_t count, page_visitor *visit, marked_page *m) {
    for (size_t i = 0; i < count && !m->is_truncated; i++) {
        bool is_taken = false;
        TRY(visit(c, &rows[i], m, &is_taken));
        if (!is_taken) continue;
        m->is_truncated = m->count == m->limit;
        if (m->is_truncated) break;
        m->count++;
        TRY(arena_copy(&c->memory, slice_skip(rows[i].key, m->prefix.len), &m->last));
    }
    return OK;
}

static status page_fill(call *c, page_visitor *visit, marked_page *m) {
    OWNED(arena) memory = {.limit = ROWS_MEMORY};
    slice after = {0};
    if (!slice_is_absent(m->marker))
        TRY(arena_printf(&c->memory, &after, "%.*s%.*s", SLICE_ARGS(m->prefix), SLICE_ARGS(m->marker)));
    for (;;) {
        store_row *rows;
        size_t count;
        TRY(store_list(c->house->store, m->prefix, after, ROWS_AT_ONCE, &memory, &rows, &count));
        TRY(visit_rows(c, rows, count, visit, m));
        if (count < ROWS_AT_ONCE || m->is_truncated) return OK;
        TRY(arena_copy(&c->memory, rows[count - 1].key, &after));
        arena_reset(&memory);
    }
}

/* ---- keys */

static status visit_key(call *c, const store_row *row, marked_page *m, bool *is_taken) {
    OWNED(arena) memory = {0};
    key_shelf shelf = call_keys(c);
    arn_home home = call_home(c);
    key_record key;
    status loaded = key_load(&shelf, slice_skip(row->key, m->prefix.len), &memory, &key, NULL);
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return OK; /* its waiting period is over */
    TRY(loaded);
    *is_taken = true;
    if (m->count == m->limit) return OK;
    key_entry *entry = &((key_entry *)m->entries)[m->count];
    TRY(arena_copy(&c->memory, key.key_id, &entry->key_id));
    return arn_key(&home, entry->key_id, &c->memory, &entry->key_arn);
}

status list_keys_by_marker(call *c, const list_keys_in *in, list_keys_out *out) {
    uint8_t id[16];
    key_shelf shelf = call_keys(c);
    marked_page m = {.marker = in->marker, .limit = limit_of(in->limit, KEYS_STANDARD)};
    ENSURE(slice_is_absent(in->marker) || !FAILED(key_id_parse(in->marker, id)), MARKER);
    m.entries = ARENA_ARRAY(&c->memory, key_entry, (size_t)m.limit);
    ENSURE(m.entries != NULL, OUT_OF_MEMORY);
    TRY(key_prefix(&shelf, &c->memory, &m.prefix));
    TRY(page_fill(c, visit_key, &m));
    out->keys.at = m.entries, out->keys.count = (size_t)m.count;
    out->truncated = SET_BOOL(m.is_truncated);
    if (m.is_truncated) out->next_marker = m.last;
    return OK;
}

/* ---- aliases */

static status visit_alias(call *c, const store_row *row, marked_page *m, bool *is_taken) {
    OWNED(arena) memory = {0};
    arn_home home = call_home(c);
    alias_record alias;
    ENSURE(!FAILED(shape_unpack(&alias_record_shape, row->value, &memory, &alias)), CORRUPT);
    *is_taken = slice_is_absent(m->key_id) || slice_equals(alias.key_id, m->key_id);
    if (!*is_taken || m->count == m->limit) return OK;
    alias_entry *entry = &((alias_entry *)m->entries)[m->count];
    *entry = (alias_entry){.creation_date = alias.created_at};
    entry->last_updated_date = alias.updated_at.is_set ? alias.updated_at : alias.created_at;
    TRY(arena_copy(&c->memory, alias.alias_name, &entry->alias_name));
    TRY(arena_copy(&c->memory, alias.key_id, &entry->key_id));
    return arn_alias(&home, entry->alias_name, &c->memory, &entry->alias_arn);
}

/* Only those of one key, which must be there, under its id or ARN. */
static status narrow_to_key(call *c, slice text, slice *key_id) {
    key_shelf shelf = call_keys(c);
    key_name name;
    key_record key;
    TRY(key_name_parse(text, &shelf, &name));
    ENSURE(slice_is_absent(name.alias), ALIAS_NOT_ALLOWED);
    TRY(key_load(&shelf, name.key_id, &c->memory, &key, NULL));
    *key_id = key.key_id;
    return OK;
}

status list_aliases_by_marker(call *c, const list_aliases_in *in, list_aliases_out *out) {
    key_shelf shelf = call_keys(c);
    marked_page m = {.marker = in->marker, .limit = limit_of(in->limit, ALIASES_STANDARD)};
    ENSURE(slice_is_absent(in->marker) || alias_is_valid(in->marker), MARKER);
    if (!slice_is_absent(in->key_id)) TRY(narrow_to_key(c, in->key_id, &m.key_id));
    m.entries = ARENA_ARRAY(&c->memory, alias_entry, (size_t)m.limit);
    ENSURE(m.entries != NULL, OUT_OF_MEMORY);
    TRY(alias_prefix(&shelf, &c->memory, &m.prefix));
    TRY(page_fill(c, visit_alias, &m));
    out->aliases.at = m.entries, out->aliases.count = (size_t)m.count;
    out->truncated = SET_BOOL(m.is_truncated);
    if (m.is_truncated) out->next_marker = m.last;
    return OK;
}

/* ---- tags: as many as there are, unless there is a limit */

static size_t place_after(const key_record *key, slice marker) {
    for (size_t i = 0; i < key->tags.count; i++)
        if (slice_equals(key->tags.at[i].tag_key, marker)) return i + 1;
    return SIZE_MAX;
}

status list_resource_tags_prepare(call *c, const list_resource_tags_in *in, list_resource_tags_out *out) {
    size_t first = slice_is_absent(in->marker) ? 0 : place_after(c->key, in->marker), count = c->key->tags.count;
    ENSURE(first != SIZE_MAX, MARKER);
    size_t limit = call_speaks_aws(c) ? (size_t)limit_of(in->limit, TAGS_STANDARD) : count;
    if (call_speaks_aws(c)) out->truncated = SET_BOOL(count - first > limit);
    if (count == first) return OK;
    out->tags.at = ARENA_ARRAY(&c->memory, key_tag, count - first);
    ENSURE(out->tags.at != NULL, OUT_OF_MEMORY);
    for (size_t i = first; i < count && out->tags.count < limit; i++) {
        const tag *each = &c->key->tags.at[i];
        slice value = slice_is_absent(each->tag_value) ? SLICE("") : each->tag_value;
        out->tags.at[out->tags.count++] = (key_tag){c->key->key_id, each->tag_key, value};
        if (out->truncated.value) out->next_marker = each->tag_key;
    }
    return OK;
}
