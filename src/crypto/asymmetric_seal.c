/* Encryption under public keys, and key agreement. */
#include <limits.h>
#include <openssl/rsa.h>

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"

enum { SM2_PLAINTEXT_MOST = 6047, FIELD_BYTES_MOST = 66 };

static bool goes_together(enum asymmetric_kind kind, enum asymmetric_sealing how) {
    return how == SEALING_SM2 ? kind == ASYMMETRIC_SM2 : kind_is_rsa(kind);
}

static enum hash_kind hash_of(enum asymmetric_sealing how) {
    return how == SEALING_OAEP_SHA1 ? HASH_SHA1 : HASH_SHA256;
}

/* RFC 8017 §7.1.1 */
size_t asymmetric_seal_most(enum asymmetric_kind kind, enum asymmetric_sealing how) {
    static const uint16_t BYTES[] = {
        [ASYMMETRIC_RSA_2048] = 256, [ASYMMETRIC_RSA_3072] = 384, [ASYMMETRIC_RSA_4096] = 512};
    if (!goes_together(kind, how)) return 0;
    return how == SEALING_SM2 ? SM2_PLAINTEXT_MOST : BYTES[kind] - 2 * hash_size(hash_of(how)) - 2;
}

/* The label is empty unless set. */
static status oaep_choose(EVP_PKEY_CTX *context, enum hash_kind kind) {
    const EVP_MD *hash = algorithm_hash(kind);
    ENSURE(hash != NULL, INTERNAL);
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING)));
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_oaep_md(context, hash)));
    return libcrypto_result(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash));
}

status asymmetric_seal(const asymmetric *a, enum asymmetric_sealing how, slice plaintext, buffer *out) {
    ENSURE(goes_together(a->kind, how), UNSUPPORTED);
    ENSURE(plaintext.len <= asymmetric_seal_most(a->kind, how), TOO_LARGE);
    ENSURE(how != SEALING_SM2 || plaintext.len > 0, INVALID_PARAMETER);
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_encrypt_init(context)));
    if (how != SEALING_SM2) TRY(oaep_choose(context, hash_of(how)));
    size_t size = 0;
    TRY(libcrypto_result(EVP_PKEY_encrypt(context, NULL, &size, plaintext.at, plaintext.len)));
    TRY(buffer_reserve(out, size));
    status sealed = libcrypto_result(EVP_PKEY_encrypt(context, out->at + out->len, &size, plaintext.at, plaintext.len));
    stack_wipe();
    TRY(sealed);
    out->len += size;
    return OK;
}

size_t asymmetric_seal_bytes(const asymmetric *a) { return (size_t)EVP_PKEY_get_size(a->key); }

/* Room for the largest plaintext there can be, learned without looking at the input. */
static size_t room_for(const asymmetric *a, enum asymmetric_sealing how, slice sealed) {
    return how == SEALING_SM2 ? sealed.len : (size_t)EVP_PKEY_get_size(a->key);
}

/* One whole value in DER, which libcrypto does not insist on. */
static bool is_whole(slice der) {
    const uint8_t *at = der.at;
    long length = 0;
    int tag = 0, class = 0;
    if (der.len > LONG_MAX || (ASN1_get_object(&at, &length, &tag, &class, (long)der.len) & 0x80)) return false;
    return at + length == der.at + der.len;
}

static status open_any(const asymmetric *a, enum asymmetric_sealing how, slice sealed, secret *out) {
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_decrypt_init(context)));
    if (how != SEALING_SM2) TRY(oaep_choose(context, hash_of(how)));
    size_t size = room_for(a, how, sealed);
    ENSURE(sealed.len > 0 && (how == SEALING_SM2 ? is_whole(sealed) : sealed.len == size), CIPHERTEXT);
    OWNED(secret) whole = {0};
    TRY(secret_new(size, &whole));
    TRY(libcrypto_result(EVP_PKEY_decrypt(context, secret_fill(&whole), &size, sealed.at, sealed.len)));
    return secret_copy(slice_head(secret_expose(&whole), size), out);
}

status asymmetric_open(const asymmetric *a, enum asymmetric_sealing how, slice sealed, secret *out) {
    ENSURE(goes_together(a->kind, how), UNSUPPORTED);
    status result = open_any(a, how, sealed, out);
    stack_wipe();
    return FAILED(result) ? FAIL(CIPHERTEXT) : OK;
}

status asymmetric_seal_once(enum asymmetric_kind kind, slice spki_der, enum asymmetric_sealing how, slice plaintext,
                            buffer *out) {
    asymmetric *key = NULL;
    TRY(asymmetric_from_public(kind, spki_der, &key));
    status sealed = asymmetric_seal(key, how, plaintext, out);
    asymmetric_free(key);
    return sealed;
}

status asymmetric_open_once(enum asymmetric_kind kind, const secret *private_der, enum asymmetric_sealing how,
                            slice sealed, secret *out) {
    asymmetric *key = NULL;
    if (FAILED(asymmetric_from_private(kind, private_der, &key))) return FAIL(CIPHERTEXT);
    status opened = asymmetric_open(key, how, sealed, out);
    asymmetric_free(key);
    return opened;
}

static status agree_any(const asymmetric *a, const asymmetric *peer, secret *out) {
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_derive_init(context)));
    if (EVP_PKEY_derive_set_peer_ex(context, peer->key, 1) != 1) {
        status_ignore(libcrypto_failure());
        return FAIL(INVALID_PARAMETER);
    }
    size_t size = FIELD_BYTES_MOST;
    OWNED(secret) whole = {0};
    TRY(secret_new(size, &whole));
    TRY(libcrypto_result(EVP_PKEY_derive(context, secret_fill(&whole), &size)));
    return secret_copy(slice_head(secret_expose(&whole), size), out);
}

status asymmetric_agree(const asymmetric *a, slice peer_spki_der, secret *out) {
    ENSURE(a->kind >= ASYMMETRIC_P256 && a->kind <= ASYMMETRIC_P521, UNSUPPORTED);
    asymmetric *peer = NULL;
    status read = asymmetric_from_public(a->kind, peer_spki_der, &peer);
    if (FAILED_WITH(read, MALFORMED)) return FAIL(INVALID_PARAMETER);
    TRY(read);
    status agreed = agree_any(a, peer, out);
    asymmetric_free(peer);
    stack_wipe();
    return agreed;
}
