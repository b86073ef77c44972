/* For this room only: libcrypto's objects, freed at the end of their scope, and the algorithms fetched at start. */
#ifndef CRYPTO_LIBCRYPTO_H
#define CRYPTO_LIBCRYPTO_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/status.h"
#include "crypto/hash.h"

/* The algorithms crypto_start fetched; NULL before it, which makes every use fail. */
const EVP_MD *algorithm_hash(enum hash_kind kind);
const EVP_CIPHER *algorithm_aes256_gcm(void);
const EVP_CIPHER *algorithm_aes256_ecb(void);
enum short_cipher {
    SHORT_CIPHER_AES128_GCM,
    SHORT_CIPHER_AES192_GCM,
    SHORT_CIPHER_SM4_CTR,
    SHORT_CIPHER_AES256_KWP,
    SHORT_CIPHERS
};
const EVP_CIPHER *algorithm_short(enum short_cipher which);

/* INTERNAL, with libcrypto's queue of errors emptied. */
status libcrypto_failure(void);
/* Turns libcrypto's "1 means it worked" into a status. */
status libcrypto_result(int result);

/* FREED(EVP_PKEY) key = …; is freed at the end of the scope. */
#define FREED(kind) __attribute__((cleanup(kind##_free_at))) kind *
#define FREE_AT(kind)                                                                                                  \
    static inline void kind##_free_at(kind **at) { kind##_free(*at); }
FREE_AT(EVP_CIPHER_CTX)
FREE_AT(EVP_MD_CTX)
FREE_AT(EVP_PKEY)
FREE_AT(EVP_PKEY_CTX)
FREE_AT(GENERAL_NAME)
FREE_AT(GENERAL_NAMES)
FREE_AT(PKCS8_PRIV_KEY_INFO)
FREE_AT(X509)
FREE_AT(X509_EXTENSION)
FREE_AT(X509_REQ)
FREE_AT(X509_STORE)
FREE_AT(X509_STORE_CTX)
#undef FREE_AT
static inline void X509_EXTENSIONS_free_at(X509_EXTENSIONS **at) {
    sk_X509_EXTENSION_pop_free(*at, X509_EXTENSION_free);
}
static inline void BIO_free_at(BIO **at) { BIO_free_all(*at); }

#endif
