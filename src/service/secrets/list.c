/* KMS: secrets shown and listed, without their values. */
#include "service/filter.h"
#include "service/secrets/secrets.h"

status describe_secret_prepare(call *c, const describe_secret_in *in, describe_secret_out *out) {
    const secret_record *of = c->secret;
    TRY(secret_arn(c, of, &out->arn));
    out->secret_name = of->secret_name;
    out->secret_type = of->type;
    out->description = slice_is_absent(of->description) ? SLICE("") : of->description;
    out->encryption_key_id = of->encryption_key_id;
    if (slice_is_absent(out->encryption_key_id)) out->encryption_key_id = c->who.service_key_id;
    out->automatic_rotation = secret_rotates(of);
    out->rotation_interval = interval_text(c, of);
    out->last_rotation_date = of->rotated_at;
    out->next_rotation_date = secret_next_rotation(of);
    out->create_time = of->created_at;
    out->update_time = of->updated_at;
    out->planned_delete_time = of->delete_at;
    out->extended_config = of->extended_config;
    if (in->fetch_tags.value) out->tags.at = of->tags.at, out->tags.count = of->tags.count;
    return OK;
}

/* ---- ListSecrets */

typedef struct secret_listing {
    page page;
    filter_list filters;
    bool shows_tags;
    secret_entry *entries;
    size_t entry_count;
    int64_t total;
} secret_listing;

static const char *const FILTER_KEYS[] = {"SecretName", "Description", "TagKey", "TagValue", NULL};

static bool tags_pass(const filter *f, const secret_record *of) {
    bool by_key = slice_equals_text(f->key, "TagKey");
    for (size_t i = 0; i < of->tags.count; i++)
        if (filter_begins(f, by_key ? of->tags.at[i].tag_key : of->tags.at[i].tag_value)) return true;
    return false;
}

static bool passes(const filter *f, const secret_record *of) {
    if (slice_equals_text(f->key, "SecretName")) return filter_begins(f, of->secret_name);
    if (slice_equals_text(f->key, "Description")) return filter_begins(f, of->description);
    return tags_pass(f, of);
}

static status show_entry(call *c, const store_row *row, secret_listing *listing) {
    slice packed;
    secret_record of;
    TRY(arena_copy(&c->memory, row->value, &packed));
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, packed, &c->memory, &of)), CORRUPT);
    secret_entry *entry = &listing->entries[listing->entry_count++];
    *entry = (secret_entry){.secret_name = of.secret_name, .secret_type = of.type, .create_time = of.created_at};
    entry->update_time = of.updated_at;
    entry->planned_delete_time = of.delete_at;
    const secret_version_record *pending = secret_version_waiting(&of);
    if (pending) entry->pending_version_id = pending->version_id;
    if (listing->shows_tags) entry->tags.at = of.tags.at, entry->tags.count = of.tags.count;
    return OK;
}

static status visit_secret(call *c, const store_row *row, void *context) {
    secret_listing *listing = context;
    OWNED(arena) memory = {0};
    secret_record of;
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, row->value, &memory, &of)), CORRUPT);
    if (of.delete_at.is_set && of.delete_at.value <= c->now_s) return OK;
    if (!secret_name_is_valid(of.secret_name)) return OK; /* a managed data key */
    for (size_t i = 0; i < listing->filters.count; i++)
        if (!passes(&listing->filters.at[i], &of)) return OK;
    return page_holds(&listing->page, listing->total++) ? show_entry(c, row, listing) : OK;
}

status list_secrets_prepare(call *c, const list_secrets_in *in, list_secrets_out *out) {
    secret_shelf shelf = call_secrets(c);
    secret_listing listing = {.page = page_of(in->page_number, in->page_size), .shows_tags = in->fetch_tags.value};
    slice prefix;
    listing.entries = ARENA_ARRAY(&c->memory, secret_entry, (size_t)listing.page.size);
    ENSURE(listing.entries != NULL, OUT_OF_MEMORY);
    TRY(filters_read(c, in->filters, FILTER_KEYS, &listing.filters));
    TRY(secret_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit_secret, &listing));
    out->secret_list.at = listing.entries, out->secret_list.count = listing.entry_count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}

/* ---- ListSecretVersionIds: newest first */

status list_secret_version_ids_prepare(call *c, const list_secret_version_ids_in *in,
                                       list_secret_version_ids_out *out) {
    page wanted = page_of(in->page_number, in->page_size);
    int64_t total = 0;
    out->version_ids.at = ARENA_ARRAY(&c->memory, secret_version_entry, c->secret->versions.count + 1);
    ENSURE(out->version_ids.at != NULL, OUT_OF_MEMORY);
    for (size_t i = c->secret->versions.count; i-- > 0;) {
        const secret_version_record *version = &c->secret->versions.at[i];
        bool is_deprecated = version->stages.count == 0;
        if ((is_deprecated && !in->include_deprecated.value) || !page_holds(&wanted, total++)) continue;
        secret_version_entry *entry = &out->version_ids.at[out->version_ids.count++];
        *entry = (secret_version_entry){.version_id = version->version_id, .create_time = version->created_at};
        entry->version_stages.at = version->stages.at, entry->version_stages.count = version->stages.count;
    }
    out->secret_name = c->secret->secret_name;
    out->page_number = SET_INT(wanted.number);
    out->page_size = SET_INT(wanted.size);
    out->total_count = SET_INT(total);
    return OK;
}
