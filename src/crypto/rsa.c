/* RSA by libcrypto: key pairs and OAEP. */
#include "crypto/rsa.h"

#include <openssl/rsa.h>

#include "crypto/compare.h"
#include "crypto/libcrypto.h"

enum { MAX_DER_BYTES = 16 * 1024 };

static status private_export(EVP_PKEY *key, secret *out) {
    FREED(PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8(key);
    if (info == NULL) return libcrypto_failure();
    int size = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    if (size <= 0) return libcrypto_failure();
    OWNED(secret) made = {0};
    TRY(secret_new((size_t)size, &made));
    uint8_t *end = secret_fill(&made);
    if (i2d_PKCS8_PRIV_KEY_INFO(info, &end) != size) return libcrypto_failure();
    *out = made;
    made = (secret){0};
    return OK;
}

status rsa_generate(int bits, secret *private_der) {
    ENSURE(bits == 2048 || bits == 3072 || bits == 4096, UNSUPPORTED);
    FREED(EVP_PKEY) key = EVP_RSA_gen((unsigned int)bits);
    if (key == NULL) return libcrypto_failure();
    status result = private_export(key, private_der);
    stack_wipe();
    return result;
}

static status private_import(const secret *private_der, EVP_PKEY **out) {
    slice der = secret_expose(private_der);
    ENSURE(der.len > 0 && der.len <= MAX_DER_BYTES, MALFORMED);
    const uint8_t *end = der.at;
    EVP_PKEY *key = d2i_AutoPrivateKey_ex(NULL, &end, (long)der.len, NULL, NULL);
    if (key != NULL && EVP_PKEY_is_a(key, "RSA") && end == der.at + der.len) {
        *out = key;
        return OK;
    }
    EVP_PKEY_free(key);
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

static status public_import(slice der, EVP_PKEY **out) {
    ENSURE(der.len > 0 && der.len <= MAX_DER_BYTES, MALFORMED);
    const uint8_t *end = der.at;
    EVP_PKEY *key = d2i_PUBKEY_ex(NULL, &end, (long)der.len, NULL, NULL);
    if (key != NULL && EVP_PKEY_is_a(key, "RSA") && end == der.at + der.len) {
        *out = key;
        return OK;
    }
    EVP_PKEY_free(key);
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

status rsa_public(const secret *private_der, buffer *spki_der) {
    FREED(EVP_PKEY) key = NULL;
    TRY(private_import(private_der, &key));
    int size = i2d_PUBKEY(key, NULL);
    if (size <= 0) return libcrypto_failure();
    TRY(buffer_reserve(spki_der, (size_t)size));
    uint8_t *end = spki_der->at + spki_der->len;
    if (i2d_PUBKEY(key, &end) != size) return libcrypto_failure();
    spki_der->len += (size_t)size;
    return OK;
}

/* OAEP with MGF1 over the same hash; the label is empty unless set. */
static status oaep_choose(EVP_PKEY_CTX *context, enum hash_kind kind) {
    const EVP_MD *hash = algorithm_hash(kind);
    ENSURE(hash != NULL, INTERNAL);
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING)));
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_oaep_md(context, hash)));
    return libcrypto_result(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash));
}

static bool kind_is_offered(enum hash_kind kind) { return kind == HASH_SHA1 || kind == HASH_SHA256; }

static status oaep_open(const secret *private_der, enum hash_kind kind, slice sealed, secret *out) {
    FREED(EVP_PKEY) key = NULL;
    TRY(private_import(private_der, &key));
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_decrypt_init(context)));
    TRY(oaep_choose(context, kind));
    size_t size = (size_t)EVP_PKEY_get_size(key); /* the largest it can be, learned without looking at the input */
    ENSURE(sealed.len == size, KEY_MATERIAL);
    OWNED(secret) whole = {0};
    TRY(secret_new(size, &whole));
    TRY(libcrypto_result(EVP_PKEY_decrypt(context, secret_fill(&whole), &size, sealed.at, sealed.len)));
    return secret_copy(slice_head(secret_expose(&whole), size), out);
}

status rsa_open_oaep(const secret *private_der, enum hash_kind kind, slice sealed, secret *out) {
    ENSURE(kind_is_offered(kind), UNSUPPORTED);
    status result = oaep_open(private_der, kind, sealed, out);
    stack_wipe();
    return FAILED(result) ? FAIL(KEY_MATERIAL) : OK;
}

status rsa_seal_oaep(slice spki_der, enum hash_kind kind, slice plaintext, buffer *out) {
    ENSURE(kind_is_offered(kind), UNSUPPORTED);
    FREED(EVP_PKEY) key = NULL;
    TRY(public_import(spki_der, &key));
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_encrypt_init(context)));
    TRY(oaep_choose(context, kind));
    size_t size = (size_t)EVP_PKEY_get_size(key);
    ENSURE(plaintext.len + 2 * hash_size(kind) + 2 <= size, TOO_LARGE); /* RFC 8017 §7.1.1 */
    TRY(buffer_reserve(out, size));
    TRY(libcrypto_result(EVP_PKEY_encrypt(context, out->at + out->len, &size, plaintext.at, plaintext.len)));
    out->len += size;
    return OK;
}
