/* Providers of SAML: the metadata they publish, by whom that has to be signed, and the private keys that assertions for here are encrypted
 * for, each sealed by itself so that it is opened where keys are:
 *
 *   kind D   the private key, PKCS#8 DER; the header's Spec says how long it is
 */
#include "base/text.h"
#include "crypto/hash.h"
#include "custody/saml.h"

enum { KEY_ID_BYTES_SHOWN = 16 };

/* ---- who signs metadata */

static status take_signer(act_scene *scene, const provider_wish *wish, provider_content *p) {
    if (wish->signer.len == 0) return OK;
    status read = pem_decode(wish->signer, "CERTIFICATE", scene->memory, &p->signer);
    return FAILED_WITH(read, MALFORMED) ? FAIL(SAML_SIGNER) : read;
}

static status metadata_of(const provider_wish *wish, arena *memory, slice *out) {
    ENSURE(wish->metadata.len == 0 || wish->encoded_metadata.len == 0, MISSING_PARAMETER);
    if (wish->encoded_metadata.len == 0) return *out = wish->metadata, OK;
    status decoded = base64_decode(wish->encoded_metadata, memory, out);
    return FAILED_WITH(decoded, MALFORMED) ? FAIL(SAML_METADATA) : decoded;
}

/* With another signer what is there already has to be signed by it, too. */
static status take_metadata(act_scene *scene, const provider_wish *wish, provider_content *p, maybe_int *until) {
    slice given;
    const saml_facts *facts;
    TRY(metadata_of(wish, scene->memory, &given));
    if (given.len == 0 && wish->signer.len == 0 && p->metadata.len > 0) return OK;
    if (given.len > 0) p->metadata = given;
    ENSURE(p->metadata.len > 0, MISSING_PARAMETER);
    TRY(take_signer(scene, wish, p));
    TRY(saml_metadata_check(scene, p, &facts));
    *until = facts->metadata_until;
    return OK;
}

/* ---- private keys */

static const struct {
    enum asymmetric_kind kind;
    int spec;
} SIZES[] = {{ASYMMETRIC_RSA_2048, KEY_SPEC_RSA_2048},
             {ASYMMETRIC_RSA_3072, KEY_SPEC_RSA_3072},
             {ASYMMETRIC_RSA_4096, KEY_SPEC_RSA_4096}};

/* An own arena, overwritten: the text is the key. */
static status private_from_pem(slice pem, asymmetric **out, int *spec) {
    slice der;
    OWNED(secret) key = {0};
    OWNED(arena) memory = {.limit = 64 * 1024};
    status read = pem_decode(pem, "PRIVATE KEY", &memory, &der);
    if (FAILED_WITH(read, MALFORMED)) read = pem_decode(pem, "RSA PRIVATE KEY", &memory, &der);
    if (!FAILED(read)) read = secret_copy(der, &key);
    arena_wipe(&memory);
    ENSURE(!FAILED_WITH(read, MALFORMED), SAML_PRIVATE_KEY);
    TRY(read);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        *spec = SIZES[i].spec;
        if (!FAILED(asymmetric_from_private(SIZES[i].kind, &key, out))) return OK;
    }
    return FAIL(SAML_PRIVATE_KEY);
}

/* Half a SHA-256 of the public half, in hex. */
static status key_id_of(const asymmetric *key, arena *memory, slice *out) {
    uint8_t hash[HASH_SHA256_BYTES];
    OWNED(buffer) public_der = {0};
    OWNED(buffer) text = {0};
    TRY(asymmetric_public(key, &public_der));
    TRY(hash_once(HASH_SHA256, buffer_slice(&public_der), hash));
    TRY(hex_encode(&text, slice_of(hash, KEY_ID_BYTES_SHOWN)));
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 'a') text.at[i] -= 'a' - 'A';
    return arena_copy(memory, buffer_slice(&text), out);
}

static status seal_key(act_scene *scene, const asymmetric *key, int spec, slice *out) {
    OWNED(secret) content = {0};
    sealing_order order = {.kind = SEALED_DECRYPTION_KEY, .content = &content};
    TRY(asymmetric_private(key, &content));
    order.header.spec = spec;
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, out);
}

static size_t key_place(const provider_content *p, slice id) {
    for (size_t i = 0; i < p->private_keys.count; i++)
        if (slice_equals(p->private_keys.at[i].id, id)) return i;
    return SIZE_MAX;
}

static status keep_key(act_scene *scene, const asymmetric *key, int spec, provider_content *p) {
    provider_private_key made, *all = ARENA_ARRAY(scene->memory, provider_private_key, SAML_PRIVATE_KEYS_MOST);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    TRY(key_id_of(key, scene->memory, &made.id));
    ENSURE(key_place(p, made.id) == SIZE_MAX, SAML_PRIVATE_KEY);
    ENSURE(p->private_keys.count < SAML_PRIVATE_KEYS_MOST, SAML_KEY_LIMIT);
    TRY(seal_key(scene, key, spec, &made.sealed));
    for (size_t i = 0; i < p->private_keys.count; i++) all[i] = p->private_keys.at[i];
    all[p->private_keys.count++] = made;
    p->private_keys.at = all;
    return OK;
}

static status add_key(act_scene *scene, slice boxed, provider_content *p) {
    int spec;
    asymmetric *key = NULL;
    OWNED(secret) pem = {0};
    if (boxed.len == 0) return OK;
    TRY(act_unbox(scene, boxed, &pem));
    TRY(private_from_pem(secret_expose(&pem), &key, &spec));
    status kept = keep_key(scene, key, spec, p);
    asymmetric_free(key);
    return kept;
}

static status remove_key(slice id, provider_content *p) {
    if (id.len == 0) return OK;
    size_t place = key_place(p, id), last = p->private_keys.count - 1;
    ENSURE(place != SIZE_MAX, SAML_PRIVATE_KEY);
    if (place < last) p->private_keys.at[place] = p->private_keys.at[last];
    p->private_keys.count = last;
    return OK;
}

status saml_provider_change(act_scene *scene, const key_act *act, provider_content *p, maybe_int *until) {
    const provider_wish *wish = act->provider;
    TRY(take_metadata(scene, wish, p, until));
    TRY(remove_key(wish->key_removed, p));
    TRY(add_key(scene, act->input, p));
    if (wish->encryption.len > 0) p->needs_encryption = SET_BOOL(slice_equals_text(wish->encryption, "Required"));
    ENSURE(!p->needs_encryption.value || p->private_keys.count > 0, SAML_KEY_NEEDED);
    return OK;
}
