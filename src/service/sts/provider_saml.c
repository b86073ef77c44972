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

status saml_save(call *c, saml_provider_record *p, uint64_t revision) {
    slice path;
    p->updated_at = SET_INT(c->now_s);
    TRY(saml_provider_path(c->who.account_id, p->name, &c->memory, &path));
    return call_change(c, path, &saml_provider_record_shape, p, revision);
}

static status fill_view(call *c, const saml_provider_record *p, saml_provider_view *out) {
    *out = (saml_provider_view){.saml_provider_name = p->name, .description = p->description};
    out->create_date = p->created_at;
    out->update_date = p->updated_at;
    out->valid_until = p->valid_until;
    out->assertion_encryption_mode = p->encryption;
    out->private_key_list.at = p->private_keys.at, out->private_key_list.count = p->private_keys.count;
    out->metadata_signer = p->signer;
    out->tags.at = p->tags.at, out->tags.count = p->tags.count;
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
    if (slice_is_empty(encoded)) return OK; /* it stays as it is */
    status decoded = base64_decode(encoded, &c->memory, out);
    ENSURE(!FAILED_WITH(decoded, MALFORMED) && utf8_is_valid(*out), SAML_METADATA);
    return decoded;
}

static status ask_vault(call *c, slice sealed, const provider_wish *wish, slice private_key) {
    provider_wish *kept = CALL_NEW(c, provider_wish);
    key_act act = {.act = VAULT_ACT_SEAL_PROVIDER, .key = sealed, .provider = kept, .input = private_key};
    ENSURE(kept != NULL, OUT_OF_MEMORY);
    *kept = *wish;
    return call_ask_vault(c, &act);
}

static slice mode_word(int mode) {
    return mode ? slice_of_text(choice_text(assertion_encryption_mode_choices, mode)) : (slice){0};
}

/* ---- what the vault makes of a change, told in the record */

static const saml_private_key *key_find(const saml_provider_record *p, slice id) {
    for (size_t i = 0; i < p->private_keys.count; i++)
        if (slice_equals(p->private_keys.at[i].key_id, id)) return &p->private_keys.at[i];
    return NULL;
}

/* Those that were there keep their time. */
static status take_keys(call *c, slice ids, saml_provider_record *p) {
    enum { KEYS_MOST = 8 };
    slice id;
    size_t count = 0;
    saml_private_key *all = ARENA_ARRAY(&c->memory, saml_private_key, KEYS_MOST);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    while (!slice_is_empty(ids) && slice_split(&ids, ',', &id)) {
        const saml_private_key *former = key_find(p, id);
        ENSURE(count < KEYS_MOST, CORRUPT);
        all[count++] = former ? *former : (saml_private_key){id, SET_INT(c->now_s)};
    }
    p->private_keys.at = all, p->private_keys.count = count;
    return OK;
}

static status take_signer(call *c, slice pem, saml_provider_record *p) {
    uint8_t hash[HASH_SHA256_BYTES];
    OWNED(buffer) text = {0};
    slice der;
    if (slice_is_empty(pem)) return OK;
    TRY(pem_decode(pem, "CERTIFICATE", &c->memory, &der));
    TRY(hash_once(HASH_SHA256, der, hash));
    TRY(hex_encode(&text, slice_of(hash, sizeof hash)));
    return arena_copy(&c->memory, buffer_slice(&text), &p->signer);
}

/* ---- operations */

status create_saml_provider_prepare(call *c, const create_saml_provider_in *in, create_saml_provider_out *out) {
    (void)out;
    slice prefix;
    size_t count;
    saml_provider_record taken;
    provider_wish wish = {.name = in->saml_provider_name, .metadata = in->saml_metadata_document};
    wish.encoded_metadata = in->encoded_saml_metadata_document;
    wish.encryption = mode_word(in->assertion_encryption_mode);
    wish.signer = in->metadata_signer;
    if (slice_is_empty(wish.metadata) && slice_is_empty(wish.encoded_metadata))
        return call_refuse(c, FAIL(MISSING_PARAMETER), "EncodedSAMLMetadataDocument");
    TRY(identity_name_check(c, in->saml_provider_name, NAME_BYTES_MOST, "SAMLProviderName"));
    status found = saml_load(c, in->saml_provider_name, &taken, NULL);
    ENSURE(FAILED(found), SAML_PROVIDER_EXISTS);
    if (!FAILED_WITH(found, SAML_PROVIDER_NOT_FOUND)) return found;
    TRY(saml_provider_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < PROVIDERS_MOST, SAML_PROVIDER_LIMIT);
    return ask_vault(c, (slice){0}, &wish, in->add_private_key);
}

status create_saml_provider_finish(call *c, const create_saml_provider_in *in, create_saml_provider_out *out) {
    saml_provider_record p = {.name = in->saml_provider_name, .description = in->description};
    TRY(metadata_of(c, in->saml_metadata_document, in->encoded_saml_metadata_document, &p.metadata));
    p.created_at = SET_INT(c->now_s);
    p.sealed = c->results.at[0].output;
    p.valid_until = c->results.at[0].time;
    p.encryption = in->assertion_encryption_mode;
    tag_set tags;
    TRY(tags_merge(c, &(tag_set){0}, NAME_TAGS(in->tag), &tags));
    p.tags.at = out->tags.at = tags.at, p.tags.count = out->tags.count = tags.count;
    TRY(take_keys(c, c->results.at[0].summary, &p));
    TRY(take_signer(c, in->metadata_signer, &p));
    TRY(saml_save(c, &p, STORE_ABSENT));
    TRY(new_view(c, &p, &out->saml_provider));
    out->saml_provider_arn = out->saml_provider->arn;
    return OK;
}

status get_saml_provider_prepare(call *c, const get_saml_provider_in *in, get_saml_provider_out *out) {
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, NULL));
    out->saml_metadata_document = p.metadata;
    out->create_date = p.created_at;
    out->valid_until = p.valid_until;
    out->assertion_encryption_mode = p.encryption;
    out->private_key_list.at = p.private_keys.at, out->private_key_list.count = p.private_keys.count;
    out->tags.at = p.tags.at, out->tags.count = p.tags.count;
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

static bool has_metadata(const update_saml_provider_in *in) {
    return !slice_is_empty(in->saml_metadata_document) || !slice_is_empty(in->new_encoded_saml_metadata_document);
}

/* A description alone changes nothing the vault has. */
static bool changes_sealed(const update_saml_provider_in *in) {
    bool has_key = !slice_is_empty(in->add_private_key) || !slice_is_empty(in->remove_private_key);
    return has_metadata(in) || has_key || in->assertion_encryption_mode || !slice_is_empty(in->metadata_signer);
}

status update_saml_provider_prepare(call *c, const update_saml_provider_in *in, update_saml_provider_out *out) {
    (void)out;
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, NULL));
    provider_wish wish = {.name = p.name, .metadata = in->saml_metadata_document};
    wish.encoded_metadata = in->new_encoded_saml_metadata_document;
    wish.encryption = mode_word(in->assertion_encryption_mode);
    wish.key_removed = in->remove_private_key;
    wish.signer = in->metadata_signer;
    return changes_sealed(in) ? ask_vault(c, p.sealed, &wish, in->add_private_key) : OK;
}

static status take_change(call *c, const update_saml_provider_in *in, saml_provider_record *p) {
    uint8_t hash[HASH_SHA256_BYTES];
    const key_result *made = &c->results.at[0];
    TRY(hash_once(HASH_SHA256, p->sealed, hash));
    ENSURE(slice_equals(made->former, slice_of(hash, sizeof hash)), CONFLICT);
    p->sealed = made->output;
    if (has_metadata(in)) p->valid_until = made->time;
    if (in->assertion_encryption_mode) p->encryption = in->assertion_encryption_mode;
    TRY(take_keys(c, made->summary, p));
    TRY(take_signer(c, in->metadata_signer, p));
    return metadata_of(c, in->saml_metadata_document, in->new_encoded_saml_metadata_document, &p->metadata);
}

status update_saml_provider_finish(call *c, const update_saml_provider_in *in, update_saml_provider_out *out) {
    saml_provider_record p;
    uint64_t revision;
    TRY(saml_load(c, in->saml_provider_name, &p, &revision));
    if (changes_sealed(in)) TRY(take_change(c, in, &p));
    if (!slice_is_absent(in->new_description)) p.description = in->new_description;
    TRY(saml_save(c, &p, revision));
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
