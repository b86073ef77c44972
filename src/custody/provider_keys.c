/* JSON Web Key Sets (RFC 7517, RFC 7518 §6). */
#include "custody/provider.h"

#include "base/text.h"
#include "crypto/jose.h"
#include "custody/json_values.h"

enum { KEY_ID_BYTES_MOST = 255 };

/* A member that is text; absent when it is not there. */
static status text_of(const json_values *key, const char *name, slice *out) {
    const json_value *found = json_values_find(key, name);
    *out = found ? found->value : (slice){0};
    ENSURE(found == NULL || found->is_text, PROVIDER_KEYS);
    return OK;
}

static status number_of(const json_values *key, const char *name, arena *memory, slice *out) {
    slice text;
    TRY(text_of(key, name, &text));
    ENSURE(text.len > 0, PROVIDER_KEYS);
    status read = base64url_decode(text, memory, out);
    return FAILED_WITH(read, MALFORMED) ? FAIL(PROVIDER_KEYS) : read;
}

static status keep_public(const buffer *der, int kind, arena *memory, provider_key *out) {
    out->kind = SET_INT(kind);
    return arena_copy(memory, buffer_slice(der), &out->public);
}

static status read_rsa(const json_values *key, arena *memory, provider_key *out) {
    slice modulus, exponent;
    enum asymmetric_kind kind;
    OWNED(buffer) der = {0};
    TRY(number_of(key, "n", memory, &modulus));
    TRY(number_of(key, "e", memory, &exponent));
    TRY(jose_rsa(modulus, exponent, &kind, &der));
    return keep_public(&der, (int)kind, memory, out);
}

/* Curves not offered leave the key's kind unset. */
static status read_ec(const json_values *key, arena *memory, provider_key *out) {
    slice curve, x, y;
    OWNED(buffer) der = {0};
    TRY(text_of(key, "crv", &curve));
    bool is_p256 = slice_equals_text(curve, "P-256");
    if (!is_p256 && !slice_equals_text(curve, "P-384")) return OK;
    enum asymmetric_kind kind = is_p256 ? ASYMMETRIC_P256 : ASYMMETRIC_P384;
    TRY(number_of(key, "x", memory, &x));
    TRY(number_of(key, "y", memory, &y));
    TRY(jose_ec(kind, x, y, &der));
    return keep_public(&der, (int)kind, memory, out);
}

/* Nobody hands a provider's private key about; whoever does is to know it at once. */
static status check_public(const json_values *key, slice type) {
    ENSURE(!slice_equals_text(type, "oct"), PROVIDER_KEYS);
    ENSURE(json_values_find(key, "d") == NULL && json_values_find(key, "k") == NULL, PROVIDER_KEYS);
    return OK;
}

static status read_key(slice text, arena *memory, provider_key *out) {
    json_values key;
    slice type, use;
    provider_key made = {0};
    status read = json_values_object(text, memory, &key);
    ENSURE(!FAILED_WITH(read, NO_PERMISSION), PROVIDER_KEYS);
    TRY(read);
    TRY(text_of(&key, "kty", &type));
    TRY(text_of(&key, "use", &use));
    TRY(text_of(&key, "kid", &made.id));
    TRY(text_of(&key, "alg", &made.algorithm));
    TRY(check_public(&key, type));
    ENSURE(made.id.len <= KEY_ID_BYTES_MOST && !slice_contains_byte(made.id, ','), PROVIDER_KEYS);
    bool is_for_signatures = slice_is_absent(use) || slice_equals_text(use, "sig");
    if (is_for_signatures && slice_equals_text(type, "RSA")) TRY(read_rsa(&key, memory, &made));
    if (is_for_signatures && slice_equals_text(type, "EC")) TRY(read_ec(&key, memory, &made));
    *out = made;
    return OK;
}

static bool is_named_already(const provider_content *p, slice id) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (slice_equals(p->keys.at[i].id, id)) return true;
    return false;
}

static status take_key(const json_value *element, arena *memory, provider_content *p) {
    provider_key key = {0};
    ENSURE(!element->is_text, PROVIDER_KEYS);
    status read = read_key(element->value, memory, &key);
    ENSURE(!FAILED_WITH(read, MALFORMED), PROVIDER_KEYS);
    TRY(read);
    if (!key.kind.is_set) return OK;
    ENSURE(!is_named_already(p, key.id), PROVIDER_KEYS);
    p->keys.at[p->keys.count++] = key;
    return OK;
}

static status set_read(slice jwks, arena *memory, json_values *out) {
    json_values set;
    TRY(json_values_object(jwks, memory, &set));
    const json_value *keys = json_values_find(&set, "keys");
    ENSURE(keys != NULL && !keys->is_text, PROVIDER_KEYS);
    return json_values_array(keys->value, memory, out);
}

status provider_keys_read(slice jwks, arena *memory, provider_content *out) {
    json_values elements;
    status read = set_read(jwks, memory, &elements);
    ENSURE(!FAILED_WITH(read, NO_PERMISSION), PROVIDER_KEYS);
    TRY(read);
    ENSURE(elements.count > 0 && elements.count <= PROVIDER_KEYS_MOST, PROVIDER_KEYS);
    provider_content made = *out;
    made.keys.at = ARENA_ARRAY(memory, provider_key, elements.count);
    made.keys.count = 0;
    ENSURE(made.keys.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < elements.count; i++) TRY(take_key(&elements.at[i], memory, &made));
    ENSURE(made.keys.count > 0, PROVIDER_KEYS);
    *out = made;
    return OK;
}
