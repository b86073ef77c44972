/* Providers of OpenID Connect: whom an account believes. What a token is measured against the vault seals; the records here tell about it. */
#include "service/sts/provider_oidc.h"

#include "crypto/hash.h"

enum { PROVIDERS_MOST = 100, NAME_BYTES_MOST = 247, FINGERPRINTS_MOST = 5, FINGERPRINT_DIGITS = 40, LIMIT_HOURS = 12 };

/* ---- names and records */

slice oidc_issuer_name(slice issuer_url) {
    return slice_starts_with(issuer_url, SLICE("https://")) ? slice_skip(issuer_url, 8) : (slice){0};
}

/* As in other names; and '/', which those have that are called by their issuer. */
static bool name_is_valid(slice name) {
    slice rest = name, part;
    if (name.len == 0 || name.len > NAME_BYTES_MOST) return false;
    while (slice_split(&rest, '/', &part))
        if (part.len > 0 && !identity_name_is_valid(part, NAME_BYTES_MOST)) return false;
    return true;
}

status oidc_load(call *c, slice name, oidc_provider_record *out, uint64_t *revision) {
    slice path;
    ENSURE(name_is_valid(name), OIDC_PROVIDER_NOT_FOUND);
    TRY(oidc_provider_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &oidc_provider_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(OIDC_PROVIDER_NOT_FOUND) : loaded;
}

status oidc_load_by_issuer(call *c, slice issuer_url, oidc_provider_record *out) {
    slice path, issuer = oidc_issuer_name(issuer_url);
    oidc_issuer_record found;
    ENSURE(issuer.len > 0, OIDC_PROVIDER_NOT_FOUND);
    TRY(oidc_issuer_path(c->who.account_id, issuer, &c->memory, &path));
    status loaded = call_load(c, path, &oidc_issuer_record_shape, &found, NULL);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(OIDC_PROVIDER_NOT_FOUND);
    TRY(loaded);
    return oidc_load(c, found.name, out, NULL);
}

status oidc_save(call *c, oidc_provider_record *p, uint64_t revision) {
    slice path;
    p->updated_at = SET_INT(c->now_s);
    TRY(oidc_provider_path(c->who.account_id, p->name, &c->memory, &path));
    return call_change(c, path, &oidc_provider_record_shape, p, revision);
}

static status fill_view(call *c, const oidc_provider_record *p, oidc_provider_view *out) {
    *out = (oidc_provider_view){.oidc_provider_name = p->name,
                                .description = p->description,
                                .issuer_url = p->issuer_url,
                                .client_ids = p->client_ids,
                                .fingerprints = p->fingerprints,
                                .issuance_limit_time = p->issuance_limit,
                                .signing_keys = p->signing_keys,
                                .create_date = p->created_at,
                                .update_date = p->updated_at};
    out->tags.at = p->tags.at, out->tags.count = p->tags.count;
    return arn_principal_oidc(c->who.account_id, p->name, &c->memory, &out->arn);
}

static status new_view(call *c, const oidc_provider_record *p, oidc_provider_view **out) {
    *out = CALL_NEW(c, oidc_provider_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    return fill_view(c, p, *out);
}

/* ---- fingerprints: SHA-1, as both clouds have them, in hex */

static bool is_fingerprint(slice text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t lower = text.at[i] | 0x20;
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (!is_digit && !(lower >= 'a' && lower <= 'f')) return false;
    }
    return text.len == FINGERPRINT_DIGITS;
}

static status check_fingerprints(call *c, slice all) {
    slice each;
    size_t count = 0;
    while (!slice_is_empty(all) && slice_split(&all, ',', &each))
        if (!is_fingerprint(each) || ++count > FINGERPRINTS_MOST)
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Fingerprints: %d SHA-1s in hex at most.",
                               FINGERPRINTS_MOST);
    return OK;
}

static bool list_has(slice all, slice one) {
    slice each;
    while (slice_split(&all, ',', &each))
        if (slice_equals_ignoring_case(each, one)) return true;
    return false;
}

static status list_without(call *c, slice all, slice one, slice *out) {
    slice kept = {0}, each;
    while (slice_split(&all, ',', &each)) {
        if (slice_equals(each, one)) continue;
        if (slice_is_absent(kept)) kept = each;
        else TRY(ARENA_JOIN(&c->memory, &kept, kept, SLICE(","), each));
    }
    *out = kept;
    return OK;
}

static status list_with(call *c, slice all, slice one, slice *out) {
    if (slice_is_empty(all) || list_has(all, one)) {
        *out = slice_is_empty(all) ? one : all;
        return OK;
    }
    return ARENA_JOIN(&c->memory, out, all, SLICE(","), one);
}

/* ---- what the vault makes of a change */

static status ask_vault(call *c, slice sealed, const provider_wish *wish) {
    provider_wish *kept = CALL_NEW(c, provider_wish);
    ENSURE(kept != NULL, OUT_OF_MEMORY);
    *kept = *wish;
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_SEAL_PROVIDER, .key = sealed, .provider = kept});
}

/* Begins a change of a provider that is there. */
static status ask_change(call *c, slice name, provider_wish *wish) {
    oidc_provider_record p;
    TRY(oidc_load(c, name, &p, NULL));
    wish->name = p.name;
    return ask_vault(c, p.sealed, wish);
}

/* The provider, with what the vault made of it: CONFLICT when it was made of another state than the present one. */
static status load_changed(call *c, slice name, oidc_provider_record *out, uint64_t *revision) {
    uint8_t hash[HASH_SHA256_BYTES];
    const key_result *made = &c->results.at[0];
    TRY(oidc_load(c, name, out, revision));
    TRY(hash_once(HASH_SHA256, out->sealed, hash));
    ENSURE(slice_equals(made->former, slice_of(hash, sizeof hash)), CONFLICT);
    out->sealed = made->output;
    out->signing_keys = made->summary;
    return OK;
}

/* ---- operations */

static status check_new(call *c, slice name, const create_oidc_provider_in *in) {
    slice prefix;
    size_t count;
    oidc_provider_record taken;
    if (!name_is_valid(name)) return call_refuse(c, FAIL(INVALID_PARAMETER), "OIDCProviderName");
    if (oidc_issuer_name(in->issuer_url).len == 0)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "IssuerUrl begins with https://.");
    TRY(check_fingerprints(c, in->fingerprints));
    status found = oidc_load(c, name, &taken, NULL);
    if (!FAILED(found)) return FAIL(OIDC_PROVIDER_EXISTS);
    if (!FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND)) return found;
    found = oidc_load_by_issuer(c, in->issuer_url, &taken);
    if (!FAILED(found)) return call_refuse(c, FAIL(OIDC_PROVIDER_EXISTS), "%.*s", SLICE_ARGS(taken.name));
    if (!FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND)) return found;
    TRY(oidc_provider_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < PROVIDERS_MOST, OIDC_PROVIDER_LIMIT);
    return OK;
}

static slice new_name(const create_oidc_provider_in *in) {
    return slice_is_absent(in->oidc_provider_name) ? oidc_issuer_name(in->issuer_url) : in->oidc_provider_name;
}

status create_oidc_provider_prepare(call *c, const create_oidc_provider_in *in, create_oidc_provider_out *out) {
    (void)out;
    provider_wish wish = {.name = new_name(in), .issuer_url = in->issuer_url};
    TRY(check_new(c, wish.name, in));
    wish.client_ids = in->client_ids;
    wish.issuance_limit = in->issuance_limit_time;
    return ask_vault(c, (slice){0}, &wish);
}

status create_oidc_provider_finish(call *c, const create_oidc_provider_in *in, create_oidc_provider_out *out) {
    slice path;
    oidc_issuer_record issuer = {.name = new_name(in)};
    oidc_provider_record p = {.name = issuer.name, .issuer_url = in->issuer_url, .client_ids = in->client_ids};
    p.fingerprints = in->fingerprints;
    p.description = in->description;
    p.issuance_limit = in->issuance_limit_time.is_set ? in->issuance_limit_time : SET_INT(LIMIT_HOURS);
    p.created_at = SET_INT(c->now_s);
    p.sealed = c->results.at[0].output;
    tag_set tags;
    TRY(tags_merge(c, &(tag_set){0}, NAME_TAGS(in->tag), &tags));
    p.tags.at = out->tags.at = tags.at, p.tags.count = out->tags.count = tags.count;
    TRY(oidc_save(c, &p, STORE_ABSENT));
    TRY(oidc_issuer_path(c->who.account_id, oidc_issuer_name(p.issuer_url), &c->memory, &path));
    TRY(call_change(c, path, &oidc_issuer_record_shape, &issuer, STORE_ABSENT));
    TRY(new_view(c, &p, &out->oidc_provider));
    out->open_id_connect_provider_arn = out->oidc_provider->arn;
    return OK;
}

status get_oidc_provider_prepare(call *c, const get_oidc_provider_in *in, get_oidc_provider_out *out) {
    oidc_provider_record p;
    TRY(oidc_load(c, in->oidc_provider_name, &p, NULL));
    return new_view(c, &p, &out->oidc_provider);
}

status list_oidc_providers_prepare(call *c, const list_oidc_providers_in *in, list_oidc_providers_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(oidc_provider_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->oidc_providers.at = ARENA_ARRAY(&c->memory, oidc_provider_view, shown.count + 1);
    ENSURE(out->oidc_providers.at != NULL, OUT_OF_MEMORY);
    out->is_truncated = SET_BOOL(shown.is_truncated);
    for (size_t i = 0; i < shown.count; i++) {
        oidc_provider_record p;
        TRY(row_unpack(c, &shown.rows[i], &oidc_provider_record_shape, &p));
        TRY(fill_view(c, &p, &out->oidc_providers.at[out->oidc_providers.count++]));
        if (shown.is_truncated) out->marker = p.name;
    }
    return OK;
}

status update_oidc_provider_prepare(call *c, const update_oidc_provider_in *in, update_oidc_provider_out *out) {
    (void)out;
    provider_wish wish = {.client_ids = in->client_ids, .issuance_limit = in->issuance_limit_time};
    return ask_change(c, in->oidc_provider_name, &wish);
}

status update_oidc_provider_finish(call *c, const update_oidc_provider_in *in, update_oidc_provider_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(load_changed(c, in->oidc_provider_name, &p, &revision));
    if (!slice_is_empty(in->client_ids)) p.client_ids = in->client_ids;
    if (!slice_is_absent(in->new_description)) p.description = in->new_description;
    if (in->issuance_limit_time.is_set) p.issuance_limit = in->issuance_limit_time;
    TRY(oidc_save(c, &p, revision));
    return new_view(c, &p, &out->oidc_provider);
}

status add_client_id_to_oidc_provider_prepare(call *c, const add_client_id_to_oidc_provider_in *in,
                                              add_client_id_to_oidc_provider_out *out) {
    (void)out;
    provider_wish wish = {.client_added = in->client_id};
    return ask_change(c, in->oidc_provider_name, &wish);
}

status add_client_id_to_oidc_provider_finish(call *c, const add_client_id_to_oidc_provider_in *in,
                                             add_client_id_to_oidc_provider_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(load_changed(c, in->oidc_provider_name, &p, &revision));
    TRY(list_with(c, p.client_ids, in->client_id, &p.client_ids));
    TRY(oidc_save(c, &p, revision));
    return new_view(c, &p, &out->oidc_provider);
}

status remove_client_id_from_oidc_provider_prepare(call *c, const remove_client_id_from_oidc_provider_in *in,
                                                   remove_client_id_from_oidc_provider_out *out) {
    (void)out;
    provider_wish wish = {.client_removed = in->client_id};
    return ask_change(c, in->oidc_provider_name, &wish);
}

status remove_client_id_from_oidc_provider_finish(call *c, const remove_client_id_from_oidc_provider_in *in,
                                                  remove_client_id_from_oidc_provider_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(load_changed(c, in->oidc_provider_name, &p, &revision));
    TRY(list_without(c, p.client_ids, in->client_id, &p.client_ids));
    TRY(oidc_save(c, &p, revision));
    return new_view(c, &p, &out->oidc_provider);
}

status set_oidc_provider_keys_prepare(call *c, const set_oidc_provider_keys_in *in, set_oidc_provider_keys_out *out) {
    (void)out;
    provider_wish wish = {.keys = in->keys};
    return ask_change(c, in->oidc_provider_name, &wish);
}

status set_oidc_provider_keys_finish(call *c, const set_oidc_provider_keys_in *in, set_oidc_provider_keys_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(load_changed(c, in->oidc_provider_name, &p, &revision));
    TRY(oidc_save(c, &p, revision));
    return new_view(c, &p, &out->oidc_provider);
}

static status save_fingerprints(call *c, oidc_provider_record *p, uint64_t revision, oidc_provider_view **view) {
    TRY(check_fingerprints(c, p->fingerprints));
    TRY(oidc_save(c, p, revision));
    return new_view(c, p, view);
}

status add_fingerprint_to_oidc_provider_prepare(call *c, const add_fingerprint_to_oidc_provider_in *in,
                                                add_fingerprint_to_oidc_provider_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    TRY(list_with(c, p.fingerprints, in->fingerprint, &p.fingerprints));
    return save_fingerprints(c, &p, revision, &out->oidc_provider);
}

status remove_fingerprint_from_oidc_provider_prepare(call *c, const remove_fingerprint_from_oidc_provider_in *in,
                                                     remove_fingerprint_from_oidc_provider_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    TRY(list_without(c, p.fingerprints, in->fingerprint, &p.fingerprints));
    return save_fingerprints(c, &p, revision, &out->oidc_provider);
}

status update_oidc_provider_thumbprint_prepare(call *c, const update_oidc_provider_thumbprint_in *in,
                                               update_oidc_provider_thumbprint_out *out) {
    oidc_provider_record p;
    uint64_t revision;
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    p.fingerprints = in->fingerprints;
    return save_fingerprints(c, &p, revision, &out->oidc_provider);
}

status delete_oidc_provider_prepare(call *c, const delete_oidc_provider_in *in, delete_oidc_provider_out *out) {
    (void)out;
    slice path;
    oidc_provider_record p;
    uint64_t revision;
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    TRY(oidc_provider_path(c->who.account_id, p.name, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, revision));
    TRY(oidc_issuer_path(c->who.account_id, oidc_issuer_name(p.issuer_url), &c->memory, &path));
    return call_change(c, path, NULL, NULL, STORE_ANY);
}
