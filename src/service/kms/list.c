/* KMS: listings of keys and aliases, and aliases themselves. */
#include "service/filter.h"
#include "service/handlers.h"

/* ---- ListKeys */

typedef struct key_listing {
    page page;
    filter_list filters;
    key_entry *entries;
    size_t entry_count;
    int64_t total;
} key_listing;

static const char *const FILTER_KEYS[] = {"KeyState",    "KeySpec", "KeyUsage", "ProtectionLevel",
                                          "CreatorType", "KeyId",   "Creator",  NULL};

static slice key_property(const key_record *key, slice name, slice service_key_id) {
    if (slice_equals_text(name, "KeyState")) return slice_of_text(choice_text(key_state_choices, key->state));
    if (slice_equals_text(name, "KeySpec")) return slice_of_text(choice_text(key_spec_choices, key->spec));
    if (slice_equals_text(name, "KeyUsage")) return slice_of_text(choice_text(key_usage_choices, key->usage));
    if (slice_equals_text(name, "KeyId")) return key->key_id;
    if (slice_equals_text(name, "Creator")) return key->creator;
    if (slice_equals_text(name, "CreatorType"))
        return slice_equals(key->key_id, service_key_id) ? SLICE("Service") : SLICE("User");
    return slice_of_text(choice_text(protection_level_choices, key->protection_level));
}

static status visit_key(call *c, const store_row *row, void *context) {
    key_shelf shelf = call_keys(c);
    key_listing *listing = context;
    slice id = row->key, part;
    for (int i = 0; i < 3; i++) ENSURE(slice_split(&id, '/', &part), CORRUPT); /* key, account, region */
    OWNED(arena) memory = {0};
    key_record key;
    status loaded = key_load(&shelf, id, &memory, &key, NULL);
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return OK; /* its waiting period is over */
    TRY(loaded);
    for (size_t i = 0; i < listing->filters.count; i++) {
        const filter *f = &listing->filters.at[i];
        if (!filter_equals(f, key_property(&key, f->key, c->who.service_key_id))) return OK;
    }
    if (page_holds(&listing->page, listing->total++)) {
        arn_home home = call_home(c);
        key_entry *entry = &listing->entries[listing->entry_count++];
        TRY(arena_copy(&c->memory, id, &entry->key_id));
        TRY(arn_key(&home, entry->key_id, &c->memory, &entry->key_arn));
    }
    return OK;
}

status list_keys_prepare(call *c, const list_keys_in *in, list_keys_out *out) {
    slice prefix;
    if (call_speaks_aws(c)) return list_keys_by_marker(c, in, out);
    key_listing listing = {.page = page_of(in->page_number, in->page_size)};
    listing.entries = ARENA_ARRAY(&c->memory, key_entry, (size_t)listing.page.size);
    ENSURE(listing.entries != NULL, OUT_OF_MEMORY);
    TRY(filters_read(c, in->filters, FILTER_KEYS, &listing.filters));
    key_shelf shelf = call_keys(c);
    TRY(key_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit_key, &listing));
    out->keys.at = listing.entries, out->keys.count = listing.entry_count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}

/* ---- aliases */

typedef struct alias_listing {
    page page;
    slice key_id; /* absent: of all keys */
    alias_entry *entries;
    size_t entry_count;
    int64_t total;
} alias_listing;

static status visit_alias(call *c, const store_row *row, void *context) {
    alias_listing *listing = context;
    alias_record alias;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&alias_record_shape, row->value, &memory, &alias)), CORRUPT);
    if (!slice_is_absent(listing->key_id) && !slice_equals(alias.key_id, listing->key_id)) return OK;
    if (!page_holds(&listing->page, listing->total++)) return OK;
    alias_entry *entry = &listing->entries[listing->entry_count++];
    arn_home home = call_home(c);
    TRY(arena_copy(&c->memory, alias.alias_name, &entry->alias_name));
    TRY(arena_copy(&c->memory, alias.key_id, &entry->key_id));
    return arn_alias(&home, entry->alias_name, &c->memory, &entry->alias_arn);
}

static status walk_aliases(call *c, alias_listing *listing) {
    slice prefix;
    listing->entries = ARENA_ARRAY(&c->memory, alias_entry, (size_t)listing->page.size);
    ENSURE(listing->entries != NULL, OUT_OF_MEMORY);
    key_shelf shelf = call_keys(c);
    TRY(alias_prefix(&shelf, &c->memory, &prefix));
    return records_walk(c, prefix, visit_alias, listing);
}

status list_aliases_prepare(call *c, const list_aliases_in *in, list_aliases_out *out) {
    if (call_speaks_aws(c)) return list_aliases_by_marker(c, in, out);
    alias_listing listing = {.page = page_of(in->page_number, in->page_size)};
    TRY(walk_aliases(c, &listing));
    out->aliases.at = listing.entries, out->aliases.count = listing.entry_count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}

status list_aliases_by_key_id_prepare(call *c, const list_aliases_by_key_id_in *in, list_aliases_by_key_id_out *out) {
    alias_listing listing = {.page = page_of(in->page_number, in->page_size), .key_id = c->key->key_id};
    TRY(walk_aliases(c, &listing));
    out->aliases.at = listing.entries, out->aliases.count = listing.entry_count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}

static status refuse_reserved(call *c, slice alias) {
    if (alias_is_reserved(alias)) return call_refuse(c, FAIL(ALIAS_RESERVED), "AliasName");
    return OK;
}

status create_alias_prepare(call *c, const create_alias_in *in, create_alias_out *out) {
    key_shelf shelf = call_keys(c);
    (void)out;
    slice path;
    alias_record taken, alias = {in->alias_name, c->key->key_id, SET_INT(c->now_s), SET_INT(c->now_s)};
    TRY(refuse_reserved(c, in->alias_name));
    TRY(key_allows(c->key, KEY_ACT_ALIAS));
    status found = alias_load(&shelf, in->alias_name, &c->memory, &taken, NULL);
    ENSURE(FAILED(found), ALIAS_EXISTS);
    if (!FAILED_WITH(found, ALIAS_NOT_FOUND)) return found;
    TRY(alias_path(&shelf, in->alias_name, &c->memory, &path));
    return call_change(c, path, &alias_record_shape, &alias, STORE_ABSENT);
}

status update_alias_prepare(call *c, const update_alias_in *in, update_alias_out *out) {
    key_shelf shelf = call_keys(c);
    (void)out;
    slice path;
    alias_record alias;
    uint64_t revision;
    TRY(refuse_reserved(c, in->alias_name));
    TRY(alias_load(&shelf, in->alias_name, &c->memory, &alias, &revision));
    TRY(key_allows(c->key, KEY_ACT_REALIAS));
    alias.key_id = c->key->key_id;
    alias.updated_at = SET_INT(c->now_s);
    TRY(alias_path(&shelf, in->alias_name, &c->memory, &path));
    return call_change(c, path, &alias_record_shape, &alias, revision);
}

status delete_alias_prepare(call *c, const delete_alias_in *in, delete_alias_out *out) {
    key_shelf shelf = call_keys(c);
    (void)out;
    slice path;
    alias_record alias;
    uint64_t revision;
    TRY(refuse_reserved(c, in->alias_name));
    TRY(alias_load(&shelf, in->alias_name, &c->memory, &alias, &revision));
    TRY(alias_path(&shelf, in->alias_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}
