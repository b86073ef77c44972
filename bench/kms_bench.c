/* What the bare operations of libcrypto cost in CPU time, for comparison with what a request costs: one line "NAME MICROSECONDS" each. */
#include <stdio.h>
#include <time.h>

#include "crypto/asymmetric.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "crypto/xaes.h"

enum { TEXT_BYTES = 1024, LEAST_US = 150 * 1000 };

/* What an operation works on. */
typedef struct bench {
    xaes *cipher;
    asymmetric *key;
    secret text;
    buffer sealed, signature;
    signing how;
    uint8_t digest[HASH_MAX_BYTES];
} bench;

typedef status run(bench *b);

static status seal(bench *b) {
    buffer_reset(&b->sealed);
    return xaes_seal_secret(b->cipher, SLICE("aad"), &b->text, &b->sealed);
}

static status open_sealed(bench *b) {
    OWNED(secret) opened = {0};
    return xaes_open(b->cipher, SLICE("aad"), buffer_slice(&b->sealed), &opened);
}

static status data_key(bench *b) {
    OWNED(secret) made = {0};
    buffer_reset(&b->sealed);
    TRY(random_secret(32, &made));
    return xaes_seal_secret(b->cipher, SLICE("aad"), &made, &b->sealed);
}

static status mac(bench *b) {
    uint8_t out[HASH_MAX_BYTES];
    return hmac_once(HASH_SHA256, &b->text, SLICE("message"), out);
}

static slice digest_of(const bench *b) { return slice_of(b->digest, hash_size(b->how.hash)); }

static status sign(bench *b) {
    buffer_reset(&b->signature);
    return asymmetric_sign(b->key, &b->how, digest_of(b), &b->signature);
}

static status verify(bench *b) { return asymmetric_verify(b->key, &b->how, digest_of(b), buffer_slice(&b->signature)); }

static status oaep_seal(bench *b) {
    buffer_reset(&b->sealed);
    return asymmetric_seal(b->key, SEALING_OAEP_SHA256, slice_of(b->digest, 32), &b->sealed);
}

static status oaep_open(bench *b) {
    OWNED(secret) opened = {0};
    return asymmetric_open(b->key, SEALING_OAEP_SHA256, buffer_slice(&b->sealed), &opened);
}

static double used_us(void) { return (double)clock() * 1e6 / (double)CLOCKS_PER_SEC; }

static status measure(const char *name, run *what, bench *b) {
    double began_us = used_us(), took_us;
    size_t count = 0;
    do {
        TRY(what(b));
        count++;
        took_us = used_us() - began_us;
    } while (took_us < LEAST_US);
    printf("%s %.2f\n", name, took_us / (double)count);
    return OK;
}

static status take_kind(bench *b, enum asymmetric_kind kind) {
    OWNED(secret) der = {0};
    asymmetric_free(b->key);
    b->key = NULL;
    TRY(asymmetric_generate(kind, &der));
    return asymmetric_from_private(kind, &der, &b->key);
}

static status measure_all(bench *b) {
    TRY(random_secret(TEXT_BYTES, &b->text));
    OWNED(secret) key = {0};
    TRY(random_secret(XAES_KEY_BYTES, &key));
    TRY(xaes_new(&key, &b->cipher));
    TRY(measure("Encrypt", seal, b));
    TRY(measure("Decrypt", open_sealed, b));
    TRY(measure("GenerateDataKey", data_key, b));
    TRY(measure("GenerateMac", mac, b));
    TRY(take_kind(b, ASYMMETRIC_P256));
    b->how = (signing){SIGNING_ECDSA, HASH_SHA256, true};
    TRY(measure("AsymmetricSign:EC_P256", sign, b));
    TRY(measure("AsymmetricVerify:EC_P256", verify, b));
    TRY(take_kind(b, ASYMMETRIC_SM2));
    b->how = (signing){SIGNING_SM2, HASH_SM3, true};
    TRY(measure("AsymmetricSign:EC_SM2", sign, b));
    TRY(take_kind(b, ASYMMETRIC_RSA_2048));
    b->how = (signing){SIGNING_PSS, HASH_SHA256, true};
    TRY(measure("AsymmetricSign:RSA_2048", sign, b));
    TRY(measure("AsymmetricEncrypt:RSA_2048", oaep_seal, b));
    return measure("AsymmetricDecrypt:RSA_2048", oaep_open, b);
}

int main(void) {
    bench b = {0};
    status done = crypto_start();
    if (!FAILED(done)) done = measure_all(&b);
    if (FAILED(done)) fprintf(stderr, "kms_bench: %s\n", status_name(done));
    asymmetric_free(b.key);
    xaes_free(b.cipher);
    secret_clear(&b.text);
    buffer_clear(&b.sealed);
    buffer_clear(&b.signature);
    return FAILED(done) ? 1 : 0;
}
