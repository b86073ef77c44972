/* The algorithms, fetched once: a fetch per message would cost more than most messages. */
#include "crypto/start.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "crypto/gcm.h"
#include "crypto/libcrypto.h"
#include "crypto/random.h"

static struct {
    EVP_MD *hashes[HASH_KINDS];
    EVP_CIPHER *shorts[SHORT_CIPHERS];
    EVP_CIPHER *aes256_gcm;
    EVP_CIPHER *aes256_ecb;
    bool started;
    void *(*take)(size_t);
    void *(*resize)(void *, size_t);
    void (*give_back)(void *);
} library;

const EVP_MD *algorithm_hash(enum hash_kind kind) { return (size_t)kind < HASH_KINDS ? library.hashes[kind] : NULL; }

const EVP_CIPHER *algorithm_aes256_gcm(void) { return library.aes256_gcm; }

const EVP_CIPHER *algorithm_aes256_ecb(void) { return library.aes256_ecb; }

const EVP_CIPHER *algorithm_short(enum short_cipher which) { return library.shorts[which]; }

status libcrypto_failure(void) {
    ERR_clear_error();
    return FAIL(INTERNAL);
}

status libcrypto_result(int result) { return result == 1 ? OK : libcrypto_failure(); }

/* libcrypto passes the place of the call along; nobody here wants to know it. */
static void *take_memory(size_t bytes, const char *file, int line) {
    (void)file, (void)line;
    return library.take(bytes);
}

static void *resize_memory(void *at, size_t bytes, const char *file, int line) {
    (void)file, (void)line;
    return library.resize(at, bytes);
}

static void give_memory_back(void *at, const char *file, int line) {
    (void)file, (void)line;
    if (at != NULL) library.give_back(at);
}

status crypto_use_memory(void *(*take)(size_t), void *(*resize)(void *, size_t), void (*give_back)(void *)) {
    ENSURE(!library.started, INTERNAL);
    library.take = take;
    library.resize = resize;
    library.give_back = give_back;
    return CRYPTO_set_mem_functions(take_memory, resize_memory, give_memory_back) == 1 ? OK : FAIL(INTERNAL);
}

static status ciphers_fetch(void) {
    static const char *const names[SHORT_CIPHERS] = {
        [SHORT_CIPHER_AES128_GCM] = "AES-128-GCM",
        [SHORT_CIPHER_AES192_GCM] = "AES-192-GCM",
        [SHORT_CIPHER_SM4_CTR] = "SM4-CTR",
        [SHORT_CIPHER_AES256_KWP] = "AES-256-WRAP-PAD",
    };
    for (size_t i = 0; i < SHORT_CIPHERS; i++) {
        library.shorts[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
        if (library.shorts[i] == NULL) return libcrypto_failure();
    }
    return OK;
}

static status hashes_fetch(void) {
    static const char *const names[HASH_KINDS] = {
        [HASH_MD5] = "MD5",         [HASH_SHA1] = "SHA1",       [HASH_SHA256] = "SHA2-256", [HASH_SHA384] = "SHA2-384",
        [HASH_SHA512] = "SHA2-512", [HASH_SHA224] = "SHA2-224", [HASH_SM3] = "SM3",
    };
    for (size_t i = 0; i < HASH_KINDS; i++) {
        library.hashes[i] = EVP_MD_fetch(NULL, names[i], NULL);
        if (library.hashes[i] == NULL) return libcrypto_failure();
    }
    return OK;
}

/* The first use opens the generators, which may read the kernel's; after this no file is needed. */
static status generators_seed(void) {
    uint8_t drawn[16];
    TRY(libcrypto_result(RAND_bytes(drawn, sizeof drawn)));
    TRY(libcrypto_result(RAND_priv_bytes(drawn, sizeof drawn)));
    return random_start();
}

status crypto_start(void) {
    if (library.started) return OK;
    uint64_t quietly = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
    TRY(libcrypto_result(OPENSSL_init_crypto(quietly, NULL)));
    TRY(hashes_fetch());
    TRY(ciphers_fetch());
    library.aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    library.aes256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    if (library.aes256_gcm == NULL || library.aes256_ecb == NULL) return libcrypto_failure();
    TRY(generators_seed());
    gcm_engine_choose();
    library.started = true;
    return OK;
}
