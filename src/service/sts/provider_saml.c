/* SAML identity providers: whom an account believes, by the metadata they publish. What an assertion is measured against the vault seals; the
 * records here tell about it. */
#include "service/sts/provider_saml.h"

#include "base/text.h"
#include "crypto/hash.h"

enum { PROVIDERS_MOST = 100, NAME_BYTES_MOST = 128 };

status saml_load(call *c, slice name, saml_provider_record *out, uint64_t *revision) {
    slice path;
    ENSURE(identity_name_is_valid(name, NAME_BYTES_MOST), SAML_PROVIDER_NOT_FOUND);
    TRY(saml_provider_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &saml_provider_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(SAML_PROVIDER_NOT_FOUND) : loaded;
}

static status save(call *c, saml_provider_record *p, uint64_t revision) {
    slice path;
    p->updated_at = SET_INT(c->now_s);
    TRY(saml_provider_path(c->who.account_id, p->name, &c->memory, &path));
    return call_change(c, path, &saml_provider_record_shape, p, revision);
}

static status fill_view(call *c, const saml_provider_record *p, saml_provider_view *out) {
    *out = (saml_provider_view){.saml_provider_name = p->name, .description = p->description};
    out->create_date = p->created_at;
    out->update_date = p->updated_at;
    return arn_principal_saml(c->who.account_id, p->name, &c->memory, &out->arn);
}

static status new_view(call *c, const saml_provider_record *p, saml_provider_view **out) {
    OWNED(buffer) encoded = {0};
    *out = CALL_NEW(c, saml_provider_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    TRY(fill_view(c, p, *out));
    TRY(base64_encode(&encoded, p->metadata));
    return arena_copy(&c->memory, buffer_slice(&encoded), &(*out)->encoded_saml_metadata_document);
}

/* As it is, or in base64: the vault has seen that it is one of both. */
static status metadata_of(call *c, slice plain, slice encoded, slice *out) {
    if (!slice_is_empty(plain)) return *out = plain, OK;
    status decoded = base64_decode(encoded, &c->memory, out);
    ENSURE(!FAILED_WITH(decoded, MALFORMED) && utf8_is_valid(*out), SAML_METADATA);
    return decoded;
}

static status ask_vault(call *c, slice sealed, const provider_wish *wish) {
    provider_wish *kept = CALL_NEW(c, provider_wish);
    ENSURE(kept != NULL, OUT_OF_MEMORY);
    *kept = *wish;
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_SEAL_PROVIDER, .key = sealed, .provider = kept});
}

/* ---- operations */

status create_saml_provider_prepare(call *c, const create_saml_provider_in *in, create_saml_provider_out *out) {
    (void)out;
    slice prefix;
    size_t count;
    saml_provider_record taken;
    provider_wish wish = {.name = in->saml_provider_name, .metadata = in->saml_metadata_document};
    wish.encoded_metadata = in->encoded_saml_metadata_document;
    if (slice_is_empty(wish.metadata) && slice_is_empty(wish.encoded_metadata))
        return call_refuse(c, FAIL(MISSING_PARAMETER), "EncodedSAMLMetadataDocument");
    TRY(identity_name_check(c, in->saml_provider_name, NAME_BYTES_MOST, "SAMLProviderName"));
    status found = saml_load(c, in->saml_provider_name, &taken, NULL);
    ENSURE(FAILED(found), SAML_PROVIDER_EXISTS);
    if (!FAILED_WITH(found, SAML_PROVIDER_NOT_FOUND)) return found;
    TRY(saml_provider_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < PROVIDERS_MOST, SAML_PROVIDER_LIMIT);
    return ask_vault(c, (slice){0}, &wish);
}

status create_saml_provider_finish(call *c, const create_saml_provider_in *in, create_saml_provider_out *out) {
    saml_provider_record p = {.name = in->saml_provider_name, .description = in->description};
    TRY(metadata_of(c, in->saml_metadata_document, in->encoded_saml_metadata_document, &p.metadata));
    p.created_at = SET_INT(c->now_s);
    p.sealed = c->results.at[0].output;
    TRY(save(c, &p, STORE_ABSENT));
    TRY(new_view(c, &p, &out->saml_provider));
    out->saml_provider_arn = out->saml_provider->arn;
    return OK;
}

status get_saml_provider_prepare(call *c, const get_saml_provider_in *in, get_saml_provider_out *out) {
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, NULL));
    out->saml_metadata_document = p.metadata;
    out->create_date = p.created_at;
    return new_view(c, &p, &out->saml_provider);
}

status list_saml_providers_prepare(call *c, const list_saml_providers_in *in, list_saml_providers_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(saml_provider_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->saml_providers.at = ARENA_ARRAY(&c->memory, saml_provider_view, shown.count + 1);
    ENSURE(out->saml_providers.at != NULL, OUT_OF_MEMORY);
    out->is_truncated = SET_BOOL(shown.is_truncated);
    for (size_t i = 0; i < shown.count; i++) {
        saml_provider_record p;
        TRY(row_unpack(c, &shown.rows[i], &saml_provider_record_shape, &p));
        TRY(fill_view(c, &p, &out->saml_providers.at[out->saml_providers.count++]));
        if (shown.is_truncated) out->marker = p.name;
    }
    return OK;
}

/* A description alone changes nothing the vault has. */
static bool has_metadata(const update_saml_provider_in *in) {
    return !slice_is_empty(in->saml_metadata_document) || !slice_is_empty(in->new_encoded_saml_metadata_document);
}

status update_saml_provider_prepare(call *c, const update_saml_provider_in *in, update_saml_provider_out *out) {
    (void)out;
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, NULL));
    provider_wish wish = {.name = p.name, .metadata = in->saml_metadata_document};
    wish.encoded_metadata = in->new_encoded_saml_metadata_document;
    return has_metadata(in) ? ask_vault(c, p.sealed, &wish) : OK;
}

static status take_metadata(call *c, const update_saml_provider_in *in, saml_provider_record *p) {
    uint8_t hash[HASH_SHA256_BYTES];
    const key_result *made = &c->results.at[0];
    TRY(hash_once(HASH_SHA256, p->sealed, hash));
    ENSURE(slice_equals(made->former, slice_of(hash, sizeof hash)), CONFLICT);
    p->sealed = made->output;
    return metadata_of(c, in->saml_metadata_document, in->new_encoded_saml_metadata_document, &p->metadata);
}

status update_saml_provider_finish(call *c, const update_saml_provider_in *in, update_saml_provider_out *out) {
    saml_provider_record p;
    uint64_t revision;
    TRY(saml_load(c, in->saml_provider_name, &p, &revision));
    if (has_metadata(in)) TRY(take_metadata(c, in, &p));
    if (!slice_is_absent(in->new_description)) p.description = in->new_description;
    TRY(save(c, &p, revision));
    TRY(new_view(c, &p, &out->saml_provider));
    out->saml_provider_arn = out->saml_provider->arn;
    return OK;
}

status delete_saml_provider_prepare(call *c, const delete_saml_provider_in *in, delete_saml_provider_out *out) {
    (void)out;
    slice path;
    saml_provider_record p;
    uint64_t revision;
    TRY(saml_load(c, in->saml_provider_name, &p, &revision));
    TRY(saml_provider_path(c->who.account_id, p.name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}
