/* Binding what an owner says of a provider: each part is what its field of the signed request says, and absent where the operation has no
 * such field. */
#include "crypto/compare.h"
#include "custody/bound.h"
#include "custody/signed.h"

static status same(slice signed_for, slice in_act) {
    ENSURE(bytes_equal_secret(signed_for, in_act), NO_PERMISSION);
    return OK;
}

static slice said_for(const binding *b, enum field_bind part) {
    const shape *in = b->operation->in;
    for (size_t i = 0; i < in->field_count; i++)
        if (in->fields[i].binds == part) return signed_find(b->said, in->fields[i].name);
    return (slice){0};
}

/* By its name, or an ARN of it; a new one without a name has its issuer's, without the scheme. */
static slice name_said(const binding *b, const field *f) {
    static const slice OIDC = {(const uint8_t *)":oidc-provider/", 15}, SAML = {(const uint8_t *)":saml-provider/", 15},
                       SCHEME = {(const uint8_t *)"https://", 8};
    slice text = signed_find(b->said, f->name), issuer = said_for(b, BIND_PROVIDER_ISSUER);
    size_t at = slice_find(text, slice_find(text, SAML) == SIZE_MAX ? OIDC : SAML);
    if (slice_is_absent(text)) return slice_starts_with(issuer, SCHEME) ? slice_skip(issuer, SCHEME.len) : (slice){0};
    bool is_arn = slice_starts_with(text, SLICE("acs:")) || slice_starts_with(text, SLICE("arn:"));
    return is_arn && at != SIZE_MAX ? slice_skip(text, at + OIDC.len) : text;
}

static status same_limit(slice text, maybe_int given) {
    int64_t wanted = 0;
    ENSURE(slice_is_absent(text) || slice_to_i64(text, &wanted), NO_PERMISSION);
    ENSURE(given.is_set == !slice_is_absent(text) && (!given.is_set || given.value == wanted), NO_PERMISSION);
    return OK;
}

/* What is secret came in a box. */
static status same_private_key(const binding *b) {
    slice given = {0};
    act_scene *scene = b->scene;
    if (b->act->input.len > 0) {
        ENSURE(scene->box != NULL, CLOSED);
        TRY(box_open_plain(scene->box, scene->request_id, b->act->input, scene->memory, &given));
    }
    return same(said_for(b, BIND_PROVIDER_PRIVATE_KEY), given);
}

status bind_provider(const binding *b, const field *f) {
    const provider_wish *wish = b->act->provider;
    ENSURE(wish != NULL, NO_PERMISSION);
    TRY(same(name_said(b, f), wish->name));
    TRY(same(said_for(b, BIND_PROVIDER_ISSUER), wish->issuer_url));
    TRY(same(said_for(b, BIND_PROVIDER_CLIENTS), wish->client_ids));
    TRY(same(said_for(b, BIND_PROVIDER_CLIENT_ADDED), wish->client_added));
    TRY(same(said_for(b, BIND_PROVIDER_CLIENT_REMOVED), wish->client_removed));
    TRY(same(said_for(b, BIND_PROVIDER_KEYS), wish->keys));
    TRY(same(said_for(b, BIND_PROVIDER_METADATA), wish->metadata));
    TRY(same(said_for(b, BIND_PROVIDER_ENCODED_METADATA), wish->encoded_metadata));
    TRY(same(said_for(b, BIND_PROVIDER_ENCRYPTION), wish->encryption));
    TRY(same(said_for(b, BIND_PROVIDER_KEY_REMOVED), wish->key_removed));
    TRY(same(said_for(b, BIND_PROVIDER_SIGNER), wish->signer));
    TRY(same_private_key(b));
    return same_limit(said_for(b, BIND_PROVIDER_LIMIT), wish->issuance_limit);
}

/* With the provider's name everything was compared. */
status bind_provider_part(const binding *b, const field *f) {
    (void)b, (void)f;
    return OK;
}
