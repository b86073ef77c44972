/* KMS: managed data keys. The records, and what the vault does with the values, are those of secrets; no secret has such a name. */
#include <stdio.h>

#include "base/text.h"
#include "contract/sealed.h"
#include "service/secrets/secrets.h"

enum { DAY_S = 24 * 3600, RECOVERY_DAYS = 30, BYTES_STANDARD = 32 };

static const slice PREFIX = {(const uint8_t *)MANAGED_KEY_PREFIX, sizeof MANAGED_KEY_PREFIX - 1};

static slice name_of(const secret_record *of) { return slice_skip(of->secret_name, PREFIX.len); }

static status version_name(call *c, const secret_version_record *version, slice *out) {
    return arena_printf(&c->memory, out, "%lld", (long long)version->number.value);
}

static status usable(const secret_record *of) {
    ENSURE(!of->delete_at.is_set, DATA_KEY_PENDING_DELETION);
    return OK;
}

/* ---- making them and their versions */

static status generate_ask(call *c, const secret_record *of, maybe_int bytes) {
    key_act act;
    slice version_id;
    TRY(secret_version_id(c, (slice){0}, &version_id));
    TRY(secret_begin_sealing(c, of, version_id, &act));
    act.act = VAULT_ACT_GENERATE_MANAGED;
    act.size = SET_INT(bytes.is_set ? bytes.value : BYTES_STANDARD);
    return call_ask_vault(c, &act);
}

/* None is ever dropped for a newer one: what it encrypted would be lost. */
static status generate_keep(call *c, secret_record *of, secret_version_record **out) {
    secret_version_record made;
    slice version_id;
    TRY(secret_version_id(c, (slice){0}, &version_id));
    TRY(secret_take_sealed(c, of, version_id, &made));
    made.data_type = SECRET_DATA_TYPE_BINARY;
    return secret_version_add(of, &made, &c->memory, out);
}

static const secret_name_taken TAKEN = {{FAILURE_DATA_KEY_EXISTS}, {FAILURE_DATA_KEY_PENDING_DELETION}};

static status new_record(call *c, const create_managed_data_key_in *in, secret_record *out) {
    *out = (secret_record){.type = SECRET_TYPE_GENERIC, .encryption_key_id = in->key_id};
    out->created_at = SET_INT(c->now_s);
    TRY(secret_new_id(c, &out->secret_id));
    return ARENA_JOIN(&c->memory, &out->secret_name, PREFIX, in->data_key_name);
}

status create_managed_data_key_prepare(call *c, const create_managed_data_key_in *in,
                                       create_managed_data_key_out *out) {
    (void)out;
    secret_record made;
    uint64_t revision;
    TRY(new_record(c, in, &made));
    TRY(secret_make_way(c, made.secret_name, &TAKEN, &revision));
    c->change_count = 0; /* planned anew when it is kept */
    return generate_ask(c, &made, in->number_of_bytes);
}

status create_managed_data_key_finish(call *c, const create_managed_data_key_in *in, create_managed_data_key_out *out) {
    secret_record made;
    secret_version_record *version;
    uint64_t revision;
    TRY(new_record(c, in, &made));
    TRY(secret_make_way(c, made.secret_name, &TAKEN, &revision));
    made.encryption_key_id = c->key->key_id;
    TRY(generate_keep(c, &made, &version));
    out->data_key_name = in->data_key_name;
    out->arn = c->resource;
    out->key_id = c->key->key_id;
    out->data_key_version_id = version->version_id;
    TRY(version_name(c, version, &out->data_key_version_name));
    return secret_save(c, &made, revision);
}

status create_managed_data_key_version_prepare(call *c, const create_managed_data_key_version_in *in,
                                               create_managed_data_key_version_out *out) {
    (void)out;
    TRY(usable(c->secret));
    ENSURE(c->secret->versions.count < SECRET_VERSIONS_MOST, DATA_KEY_LIMIT);
    return generate_ask(c, c->secret, in->number_of_bytes);
}

status create_managed_data_key_version_finish(call *c, const create_managed_data_key_version_in *in,
                                              create_managed_data_key_version_out *out) {
    (void)in;
    secret_version_record *version;
    TRY(generate_keep(c, c->secret, &version));
    out->data_key_name = name_of(c->secret);
    out->data_key_version_id = version->version_id;
    TRY(version_name(c, version, &out->data_key_version_name));
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- reading one */

/* The newest, unless one is named. */
static status select_version(call *c, const get_managed_data_key_in *in, const secret_version_record **out) {
    const secret_record *of = c->secret;
    ENSURE(of->versions.count > 0, DATA_KEY_NOT_FOUND);
    *out = &of->versions.at[of->versions.count - 1];
    if (slice_is_absent(in->data_key_version_id)) return OK;
    if (in->use_latest.value)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "DataKeyVersionId and UseLatest: one of them.");
    *out = secret_version(of, in->data_key_version_id);
    ENSURE(*out != NULL, DATA_KEY_NOT_FOUND);
    return OK;
}

status get_managed_data_key_prepare(call *c, const get_managed_data_key_in *in, get_managed_data_key_out *out) {
    const secret_version_record *version;
    TRY(usable(c->secret));
    TRY(select_version(c, in, &version));
    out->data_key_version_id = version->version_id;
    TRY(version_name(c, version, &out->data_key_version_name));
    return secret_open_ask(c, version);
}

status get_managed_data_key_finish(call *c, const get_managed_data_key_in *in, get_managed_data_key_out *out) {
    (void)in;
    out->data_key_name = name_of(c->secret);
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

/* ---- listing */

status list_managed_data_key_versions_prepare(call *c, const list_managed_data_key_versions_in *in,
                                              list_managed_data_key_versions_out *out) {
    page wanted = page_of(in->page_number, in->page_size);
    size_t total = c->secret->versions.count;
    managed_data_key_version *list = ARENA_ARRAY(&c->memory, managed_data_key_version, total + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    out->managed_data_key_versions.at = list;
    for (size_t i = 0; i < total; i++) {
        const secret_version_record *version = &c->secret->versions.at[total - 1 - i];
        if (!page_holds(&wanted, (int64_t)i)) continue;
        managed_data_key_version *entry = &list[out->managed_data_key_versions.count++];
        *entry = (managed_data_key_version){.data_key_version_id = version->version_id};
        entry->creation_date = version->created_at;
        TRY(version_name(c, version, &entry->data_key_version_name));
    }
    out->data_key_name = name_of(c->secret);
    out->page_number = SET_INT(wanted.number);
    out->page_size = SET_INT(wanted.size);
    out->total_count = SET_INT(total);
    return OK;
}

typedef struct key_listing {
    page page;
    managed_data_key_entry *entries;
    size_t count;
    int64_t total;
} key_listing;

static status show_entry(call *c, const store_row *row, managed_data_key_entry *entry) {
    slice packed;
    secret_record of;
    arn_home home = call_home(c);
    TRY(arena_copy(&c->memory, row->value, &packed));
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, packed, &c->memory, &of)), CORRUPT);
    *entry = (managed_data_key_entry){.data_key_name = name_of(&of), .key_id = of.encryption_key_id};
    entry->creation_date = of.created_at;
    entry->planned_delete_time = of.delete_at;
    if (of.versions.count) entry->data_key_version_id = of.versions.at[of.versions.count - 1].version_id;
    return arn_managed_key(&home, entry->data_key_name, &c->memory, &entry->arn);
}

static status visit(call *c, const store_row *row, void *context) {
    key_listing *listing = context;
    OWNED(arena) memory = {0};
    secret_record of;
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, row->value, &memory, &of)), CORRUPT);
    if (of.delete_at.is_set && of.delete_at.value <= c->now_s) return OK;
    if (!page_holds(&listing->page, listing->total++)) return OK;
    return show_entry(c, row, &listing->entries[listing->count++]);
}

status list_managed_data_keys_prepare(call *c, const list_managed_data_keys_in *in, list_managed_data_keys_out *out) {
    key_listing listing = {.page = page_of(in->page_number, in->page_size)};
    secret_shelf shelf = call_secrets(c);
    slice prefix;
    listing.entries = ARENA_ARRAY(&c->memory, managed_data_key_entry, (size_t)listing.page.size);
    ENSURE(listing.entries != NULL, OUT_OF_MEMORY);
    TRY(secret_path(&shelf, PREFIX, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit, &listing));
    out->managed_data_keys.at = listing.entries, out->managed_data_keys.count = listing.count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}

/* ---- the end */

status delete_managed_data_key_prepare(call *c, const delete_managed_data_key_in *in,
                                       delete_managed_data_key_out *out) {
    int64_t days = in->recovery_window_in_days.is_set ? in->recovery_window_in_days.value : RECOVERY_DAYS;
    TRY(usable(c->secret));
    c->secret->delete_at = SET_INT(c->now_s + days * DAY_S);
    out->data_key_name = name_of(c->secret);
    out->planned_delete_time = c->secret->delete_at;
    return secret_save(c, c->secret, c->secret_revision);
}

status restore_managed_data_key_prepare(call *c, const restore_managed_data_key_in *in,
                                        restore_managed_data_key_out *out) {
    (void)in;
    out->data_key_name = name_of(c->secret);
    if (!c->secret->delete_at.is_set) return OK;
    c->secret->delete_at = (maybe_int){0};
    return secret_save(c, c->secret, c->secret_revision);
}
