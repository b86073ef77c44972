/* After work with known keys, no copy of one is left in the process but in secret memory.
 *
 * Secret memory and libcrypto's heap are one static pool here. Every function works with keys whose bytes are known;
 * then all writable memory but the pool is searched for them, stack included: as they are, as HMAC pads them, and in
 * the byte orders in which hash functions load them. The test's own copies are kept inverted. */
#include <stdio.h>

#include <openssl/core_names.h>

#include "crypto/aead.h"
#include "crypto/box.h"
#include "crypto/chunked.h"
#include "crypto/cipher.h"
#include "crypto/compare.h"
#include "crypto/gcm.h"
#include "crypto/kdf.h"
#include "crypto/libcrypto.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "crypto/asymmetric.h"
#include "crypto/sign.h"
#include "crypto/test_bytes.h"
#include "crypto/xaes.h"

enum { POOL_BYTES = 32 << 20, HEADER_BYTES = 16, MOST_RANGES = 200, MOST_NEEDLES = 64, NEEDLE_BYTES = 16 };

/* Hands out and never takes back: what is freed stays findable, were it not overwritten. */
static struct {
    _Alignas(16) uint8_t bytes[POOL_BYTES];
    size_t used;
} pool;

static void *pool_take(size_t bytes) {
    size_t size = (bytes + HEADER_BYTES + 15) & ~(size_t)15;
    if (bytes > POOL_BYTES || pool.used + size > POOL_BYTES) return NULL;
    uint8_t *at = pool.bytes + pool.used;
    pool.used += size;
    memcpy(at, &bytes, sizeof bytes);
    return at + HEADER_BYTES;
}

static size_t pool_size(const void *at) {
    size_t bytes;
    memcpy(&bytes, (const uint8_t *)at - HEADER_BYTES, sizeof bytes);
    return bytes;
}

static void pool_give_back(void *at) { explicit_bzero(at, pool_size(at)); }

static void *pool_resize(void *at, size_t bytes) {
    void *moved = pool_take(bytes);
    if (moved == NULL || at == NULL) return moved;
    size_t old = pool_size(at);
    memcpy(moved, at, old < bytes ? old : bytes);
    pool_give_back(at);
    return moved;
}

static void pool_give_secret_back(void *at, size_t bytes) { explicit_bzero(at, bytes); }

/* What to look for, inverted. */
static struct {
    uint8_t inverted[MOST_NEEDLES][NEEDLE_BYTES];
    const char *names[MOST_NEEDLES];
    size_t count;
} needles;

static struct {
    const uint8_t *start[MOST_RANGES], *end[MOST_RANGES];
    size_t count;
} ranges;

/* Nothing but loops over the inverted bytes: calling anything here would overwrite the stack to be searched. Volatile,
 * because by the rules of C nobody can see what a function left on the stack. */
static const char *range_search(const volatile uint8_t *start, const volatile uint8_t *end) {
    const uint8_t *needles_start = (const uint8_t *)&needles;
    for (const volatile uint8_t *at = start; at + NEEDLE_BYTES <= end; at++) {
        if (at >= pool.bytes && at < pool.bytes + POOL_BYTES) at = pool.bytes + POOL_BYTES;
        if (at >= needles_start && at < needles_start + sizeof needles) at = needles_start + sizeof needles;
        if (at + NEEDLE_BYTES > end) break;
        for (size_t n = 0; n < needles.count; n++) {
            size_t same = 0;
            while (same < NEEDLE_BYTES && (needles.inverted[n][same] ^ at[same]) == 0xff) same++;
            if (same == NEEDLE_BYTES) return needles.names[n];
        }
    }
    return NULL;
}

static const char *memory_search(void) {
    for (size_t i = 0; i < ranges.count; i++) {
        const char *found = range_search(ranges.start[i], ranges.end[i]);
        if (found) return found;
    }
    return NULL;
}

/* Taken after a first run of everything, when heap and stack have grown as far as they will. */
static void ranges_read(void) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    ranges.count = 0;
    while (fgets(line, sizeof line, maps) && ranges.count < MOST_RANGES) {
        uintptr_t start, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3) continue;
        if (rights[0] != 'r' || rights[1] != 'w') continue;
        ranges.start[ranges.count] = (const uint8_t *)start;
        ranges.end[ranges.count++] = (const uint8_t *)end;
    }
    fclose(maps);
    assert_in_range(ranges.count, 3, MOST_RANGES - 1);
}

static void needle_add(const char *name, const uint8_t *inverted, uint8_t pad, size_t swapped) {
    assert_true(needles.count < MOST_NEEDLES);
    uint8_t *to = needles.inverted[needles.count];
    for (size_t i = 0; i < NEEDLE_BYTES; i++) to[i] = inverted[i ^ (swapped ? swapped - 1 : 0)] ^ pad;
    needles.names[needles.count++] = name;
}

/* Both halves of a 32-byte key, in every form a copy could have. */
static void needles_add(const char *name, const uint8_t inverted[32]) {
    for (size_t half = 0; half < 32; half += NEEDLE_BYTES) {
        needle_add(name, inverted + half, 0, 0);
        needle_add(name, inverted + half, 0x36, 0);
        needle_add(name, inverted + half, 0x5c, 0);
        needle_add(name, inverted + half, 0, 4);
        needle_add(name, inverted + half, 0, 8);
        needle_add(name, inverted + half, 0x36, 4);
        needle_add(name, inverted + half, 0x36, 8);
        needle_add(name, inverted + half, 0x5c, 8);
    }
}

/* Inverted: the key; what XAES derives from 0x01… and "ABC…X" (from its specification). */
static uint8_t inverted_key[32];
static const uint8_t inverted_subkey[32] = {0x37, 0x9e, 0xd3, 0x61, 0x2a, 0xc0, 0x1b, 0xc1, 0x71, 0xff, 0xa4,
                                            0x7d, 0x75, 0xe9, 0xce, 0x5f, 0x44, 0x34, 0x95, 0x4d, 0x0b, 0x9a,
                                            0xeb, 0x13, 0xb0, 0xbc, 0x60, 0x30, 0x2f, 0x05, 0x69, 0x64};

static secret key_make(void) {
    secret made = {0};
    status_ignore(secret_new(32, &made));
    for (size_t i = 0; i < 32; i++) made.hidden[i] = (uint8_t)~inverted_key[i];
    return made;
}

static status work_xaes(void) {
    OWNED(secret) key = key_make();
    OWNED(buffer) out = {0};
    OWNED(secret) opened = {0};
    xaes *x = NULL;
    TRY(xaes_new(&key, &x));
    status result = xaes_seal_secret(x, SLICE("aad"), &key, &out);
    if (!FAILED(result)) result = xaes_open(x, SLICE("aad"), buffer_slice(&out), &opened);
    xaes_free(x);
    return result;
}

static status work_xaes_subkey(void) {
    OWNED(secret) key = {0};
    OWNED(buffer) out = {0};
    xaes *x = NULL;
    TRY(secret_new(32, &key));
    memset(key.hidden, 1, 32);
    TRY(xaes_new(&key, &x));
    status result = xaes_seal_with_nonce(x, SLICE("ABCDEFGHIJKLMNOPQRSTUVWX").at, SLICE(""), SLICE("text"), &out);
    xaes_free(x);
    return result;
}

static status work_aead(void) {
    OWNED(secret) key = key_make();
    aead *a = NULL;
    uint8_t sealed[48];
    TRY(aead_new(&key, &a));
    status result = aead_seal(a, SLICE("ABCDEFGHIJKL").at, SLICE("aad"), SLICE("0123456789abcdef"), sealed);
    aead_free(a);
    return result;
}

static status work_box(void) {
    OWNED(secret) key = key_make();
    OWNED(buffer) out = {0};
    OWNED(secret) opened = {0};
    box *a = NULL, *b = NULL;
    TRY(box_new(&key, BOX_SIDE_A, &a));
    TRY(box_new(&key, BOX_SIDE_B, &b));
    status result = box_seal_secret(a, SLICE("aad"), &key, &out);
    if (!FAILED(result)) result = box_open(b, SLICE("aad"), buffer_slice(&out), &opened);
    box_free(a);
    box_free(b);
    return result;
}

static status work_chunked(void) {
    OWNED(secret) key = key_make();
    chunked *c = NULL;
    static uint8_t sealed[CHUNKED_SEALED_BYTES];
    TRY(chunked_new_sealer(&key, SLICE("context"), &c));
    status result = chunked_seal_final(c, 0, SLICE("some text"), sealed);
    chunked_free(c);
    return result;
}

static status work_hmac(void) {
    OWNED(secret) key = key_make();
    uint8_t mac[HASH_MAX_BYTES];
    for (size_t kind = 0; kind < HASH_KINDS; kind++) TRY(hmac_once((enum hash_kind)kind, &key, SLICE("text"), mac));
    return OK;
}

static status work_hkdf(void) {
    OWNED(secret) key = key_make();
    OWNED(secret) extracted = {0};
    OWNED(secret) expanded = {0};
    TRY(hkdf_extract(HASH_SHA256, SLICE("salt"), &key, &extracted));
    return hkdf_expand(HASH_SHA512, &key, SLICE("info"), 100, &expanded);
}

static status work_sign(void) {
    OWNED(secret) key = key_make();
    signer *s = NULL;
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    TRY(signer_from_seed(&key, &s));
    status result = signer_sign(s, SLICE("text"), signature);
    signer_free(s);
    return result;
}

static struct {
    secret private_der;
    buffer public_der;
} pair;

static status work_rsa_generate(void) {
    OWNED(secret) made = {0};
    return asymmetric_generate(ASYMMETRIC_RSA_2048, &made);
}

static status work_rsa(void) {
    OWNED(secret) key = key_make();
    OWNED(buffer) sealed = {0};
    OWNED(secret) opened = {0};
    slice spki = buffer_slice(&pair.public_der);
    TRY(asymmetric_seal_once(ASYMMETRIC_RSA_2048, spki, SEALING_OAEP_SHA256, (slice){key.hidden, key.len}, &sealed));
    return asymmetric_open_once(ASYMMETRIC_RSA_2048, &pair.private_der, SEALING_OAEP_SHA256, buffer_slice(&sealed),
                                &opened);
}

/* A prime's first bytes as DER has them, and its lowest ones as big numbers have them in memory. */
static status prime_add(EVP_PKEY *key, const char *parameter, const char *name) {
    BIGNUM *prime = NULL;
    uint8_t bytes[128];
    TRY(libcrypto_result(EVP_PKEY_get_bn_param(key, parameter, &prime)));
    TRY(libcrypto_result(BN_bn2binpad(prime, bytes, sizeof bytes) == sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)~bytes[i];
    needle_add(name, bytes, 0, 0);
    TRY(libcrypto_result(BN_bn2lebinpad(prime, bytes, sizeof bytes) == sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)~bytes[i];
    needle_add(name, bytes, 0, 0);
    needle_add(name, bytes + 64, 0, 0);
    BN_clear_free(prime);
    return OK;
}

static status pair_make(void) {
    TRY(asymmetric_generate(ASYMMETRIC_RSA_2048, &pair.private_der));
    TRY(asymmetric_public_of(ASYMMETRIC_RSA_2048, &pair.private_der, &pair.public_der));
    const uint8_t *end = pair.private_der.hidden;
    FREED(EVP_PKEY) key = d2i_AutoPrivateKey(NULL, &end, (long)pair.private_der.len);
    TRY(prime_add(key, OSSL_PKEY_PARAM_RSA_FACTOR1, "the prime p"));
    return prime_add(key, OSSL_PKEY_PARAM_RSA_FACTOR2, "the prime q");
}

/* ---- short keys, and pairs on curves */

static status work_cipher(void) {
    static const enum cipher_kind kinds[] = {CIPHER_AES_128, CIPHER_AES_192, CIPHER_SM4};
    OWNED(secret) key = key_make();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        OWNED(secret) cut = {0};
        OWNED(secret) opened = {0};
        OWNED(buffer) out = {0};
        TRY(secret_copy((slice){key.hidden, cipher_key_bytes(kinds[i])}, &cut));
        TRY(cipher_seal(kinds[i], &cut, SLICE("aad"), &key, &out));
        TRY(cipher_open(kinds[i], &cut, SLICE("aad"), buffer_slice(&out), &opened));
    }
    return OK;
}

static struct curve {
    enum asymmetric_kind kind;
    const char *name;
    signing how;
    secret private_der;
    buffer public_der;
} curves[] = {{ASYMMETRIC_P256, "the scalar of P-256", {SIGNING_ECDSA, HASH_SHA256, false}},
              {ASYMMETRIC_P384, "the scalar of P-384", {SIGNING_ECDSA, HASH_SHA384, false}},
              {ASYMMETRIC_P521, "the scalar of P-521", {SIGNING_ECDSA, HASH_SHA512, false}},
              {ASYMMETRIC_P256K, "the scalar of secp256k1", {SIGNING_ECDSA, HASH_SHA256, false}},
              {ASYMMETRIC_SM2, "the scalar of SM2", {SIGNING_SM2, HASH_SM3, false}},
              {ASYMMETRIC_ED25519, "the seed of Ed25519", {SIGNING_ED25519, HASH_SHA512, false}}};
enum { CURVES = sizeof curves / sizeof *curves, SCALAR_MOST = 66 };

/* As DER has it and as a big number has it in memory: what stands in the middle, for P-521 begins with zeros. */
static status scalar_add(const struct curve *c) {
    uint8_t bytes[SCALAR_MOST], turned[SCALAR_MOST];
    size_t count = 0;
    BIGNUM *scalar = NULL;
    const uint8_t *end = c->private_der.hidden;
    FREED(EVP_PKEY) key = d2i_AutoPrivateKey(NULL, &end, (long)c->private_der.len);
    if (c->kind == ASYMMETRIC_ED25519) {
        count = sizeof bytes;
        TRY(libcrypto_result(EVP_PKEY_get_raw_private_key(key, bytes, &count)));
    } else {
        TRY(libcrypto_result(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar)));
        count = (size_t)BN_num_bytes(scalar);
        TRY(libcrypto_result(BN_bn2bin(scalar, bytes) == (int)count));
        BN_clear_free(scalar);
    }
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)~bytes[i];
    for (size_t i = 0; i < count; i++) turned[i] = bytes[count - 1 - i];
    needle_add(c->name, bytes + 4, 0, 0);
    needle_add(c->name, turned, 0, 0);
    return OK;
}

static status curves_make(void) {
    for (size_t i = 0; i < CURVES; i++) {
        TRY(asymmetric_generate(curves[i].kind, &curves[i].private_der));
        TRY(asymmetric_public_of(curves[i].kind, &curves[i].private_der, &curves[i].public_der));
        TRY(scalar_add(&curves[i]));
    }
    return OK;
}

static status curve_use(const struct curve *c, const asymmetric *key) {
    OWNED(buffer) out = {0};
    OWNED(buffer) sealed = {0};
    OWNED(secret) opened = {0};
    OWNED(secret) agreed = {0};
    TRY(asymmetric_sign(key, &c->how, SLICE("text"), &out));
    TRY(asymmetric_verify(key, &c->how, SLICE("text"), buffer_slice(&out)));
    if (c->kind == ASYMMETRIC_ED25519 || c->kind == ASYMMETRIC_P256K) return OK;
    if (c->kind != ASYMMETRIC_SM2) return asymmetric_agree(key, buffer_slice(&c->public_der), &agreed);
    TRY(asymmetric_seal(key, SEALING_SM2, SLICE("text"), &sealed));
    return asymmetric_open(key, SEALING_SM2, buffer_slice(&sealed), &opened);
}

static status work_curves(void) {
    for (size_t i = 0; i < CURVES; i++) {
        asymmetric *key = NULL;
        TRY(asymmetric_from_private(curves[i].kind, &curves[i].private_der, &key));
        status used = curve_use(&curves[i], key);
        asymmetric_free(key);
        TRY(used);
    }
    return OK;
}

static status work_curves_generate(void) {
    for (size_t i = 0; i < CURVES; i++) {
        OWNED(secret) made = {0};
        TRY(asymmetric_generate(curves[i].kind, &made));
    }
    return OK;
}

static int start(void **state) {
    (void)state;
    secret_memory_use((secret_memory){pool_take, pool_give_secret_back});
    if (FAILED(crypto_use_memory(pool_take, pool_resize, pool_give_back)) || FAILED(crypto_start())) return -1;
    OWNED(secret) key = {0};
    if (FAILED(random_secret(32, &key))) return -1;
    for (size_t i = 0; i < 32; i++) inverted_key[i] = (uint8_t)~key.hidden[i];
    needles_add("the key", inverted_key);
    needles_add("the XAES subkey", inverted_subkey);
    return FAILED(pair_make()) || FAILED(curves_make()) ? -1 : 0;
}

static void check_leaves_nothing(status (*work)(void)) {
    assert_ok(work());
    ranges_read();
    status result = work();
    const char *found = memory_search();
    assert_ok(result);
    if (found) fail_msg("found a copy of %s", found);
}

/* The search itself must be able to fail. */
static volatile uint8_t left_behind[64];

static status work_leaving_a_copy(void) {
    for (size_t i = 0; i < 16; i++) left_behind[7 + i] = (uint8_t)~inverted_key[16 + i];
    return OK;
}

static __attribute__((noinline)) status work_leaving_a_copy_on_the_stack(void) {
    uint8_t deep[2048];
    for (size_t i = 0; i < 16; i++) deep[100 + i] = (uint8_t)~inverted_key[i];
    __asm__ volatile("" : : "r"(deep) : "memory"); /* keeps it from being optimised away */
    return OK;
}

static void test_the_search_finds(void **state) {
    (void)state;
    ranges_read();
    assert_null(memory_search());
    status result = work_leaving_a_copy();
    const char *found = memory_search();
    for (size_t i = 0; i < sizeof left_behind; i++) left_behind[i] = 0;
    assert_ok(result);
    assert_non_null(found);
    result = work_leaving_a_copy_on_the_stack();
    found = memory_search();
    stack_wipe();
    assert_ok(result);
    assert_non_null(found);
    assert_null(memory_search());
}

static void test_memory_is_chosen_before_the_start(void **state) {
    (void)state;
    assert_fails(crypto_use_memory(pool_take, pool_resize, pool_give_back), INTERNAL);
    assert_ok(crypto_start()); /* a second call changes nothing */
}

#define LEAK_TEST(name)                                                                                                \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        check_leaves_nothing(work_##name);                                                                             \
    }
LEAK_TEST(aead)
LEAK_TEST(box)
LEAK_TEST(chunked)
LEAK_TEST(cipher)
LEAK_TEST(curves)
LEAK_TEST(curves_generate)
LEAK_TEST(hkdf)
LEAK_TEST(hmac)
LEAK_TEST(rsa)
LEAK_TEST(rsa_generate)
LEAK_TEST(sign)
LEAK_TEST(xaes)
LEAK_TEST(xaes_subkey)

static int use_libcrypto(void **state) {
    (void)state;
    gcm_engine_use(gcm_engine_libcrypto());
    return 0;
}

static int use_best(void **state) {
    (void)state;
    gcm_engine_choose();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_search_finds),
        cmocka_unit_test(test_memory_is_chosen_before_the_start),
        cmocka_unit_test(test_aead),
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_cipher),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_curves_generate),
        cmocka_unit_test(test_hkdf),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_rsa_generate),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_xaes),
        cmocka_unit_test(test_xaes_subkey),
        cmocka_unit_test_setup_teardown(test_aead, use_libcrypto, use_best),
        cmocka_unit_test_setup_teardown(test_box, use_libcrypto, use_best),
        cmocka_unit_test_setup_teardown(test_chunked, use_libcrypto, use_best),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
