/* Known answers of Project Wycheproof (wycheproof.txt beside this, which says where they are from) for asymmetric keys, HMAC, key wrapping and AES-256-GCM. */
#include <stdio.h>

#include "crypto/aead.h"
#include "crypto/asymmetric.h"
#include "crypto/mac.h"
#include "crypto/test_bytes.h"
#include "crypto/wrap.h"

enum { LINE_MOST = 16384, WORDS_MOST = 7 };

static const char *path;
static const char *const KINDS[ASYMMETRIC_KINDS] = {"RSA_2048", "RSA_3072", "RSA_4096", "P256",   "P384",
                                                    "P521",     "P256K",    "SM2",      "ED25519"};

typedef struct reading {
    asymmetric *key;
    size_t line;
    size_t done; /* vectors */
    char *words[WORDS_MOST];
} reading;

static size_t place_of(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) return i;
    fail_msg("what is %s?", word);
    return 0;
}

static slice bytes_of(const char *word) { return strcmp(word, "-") == 0 ? SLICE("") : hex(word); }

static void expect(const reading *r, bool was_right, const char *wanted) {
    if (was_right != (strcmp(wanted, "valid") == 0)) fail_msg("line %zu should be %s", r->line, wanted);
}

static bool holds(const secret *s, slice wanted) {
    return s->len == wanted.len && (wanted.len == 0 || memcmp(s->hidden, wanted.at, wanted.len) == 0);
}

static void read_key(reading *r) {
    enum asymmetric_kind kind = (enum asymmetric_kind)place_of(r->words[2], KINDS, ASYMMETRIC_KINDS);
    OWNED(secret) der = secret_from(hex(r->words[3]));
    asymmetric_free(r->key);
    r->key = NULL;
    if (strcmp(r->words[1], "private") == 0) assert_ok(asymmetric_from_private(kind, &der, &r->key));
    else assert_ok(asymmetric_from_public(kind, hex(r->words[3]), &r->key));
}

static void check_open(reading *r) {
    static const char *const HOW[] = {"oaep-sha1", "oaep-sha256"};
    OWNED(secret) opened = {0};
    enum asymmetric_sealing how = (enum asymmetric_sealing)place_of(r->words[1], HOW, 2);
    status result = asymmetric_open(r->key, how, bytes_of(r->words[2]), &opened);
    if (FAILED(result)) assert_fails(result, CIPHERTEXT);
    expect(r, !FAILED(result) && holds(&opened, bytes_of(r->words[3])), r->words[4]);
}

static void check_verify(reading *r) {
    static const struct {
        const char *name;
        signing how;
    } ROWS[] = {
        {"pss-sha256", {SIGNING_PSS, HASH_SHA256, false}},     {"pss-sha384", {SIGNING_PSS, HASH_SHA384, false}},
        {"pss-sha512", {SIGNING_PSS, HASH_SHA512, false}},     {"pkcs1-sha256", {SIGNING_PKCS1, HASH_SHA256, false}},
        {"pkcs1-sha384", {SIGNING_PKCS1, HASH_SHA384, false}}, {"pkcs1-sha512", {SIGNING_PKCS1, HASH_SHA512, false}},
        {"ecdsa-sha256", {SIGNING_ECDSA, HASH_SHA256, false}}, {"ecdsa-sha384", {SIGNING_ECDSA, HASH_SHA384, false}},
        {"ecdsa-sha512", {SIGNING_ECDSA, HASH_SHA512, false}}, {"ed25519", {SIGNING_ED25519, HASH_SHA512, false}}};
    const char *names[10];
    for (size_t i = 0; i < 10; i++) names[i] = ROWS[i].name;
    signing how = ROWS[place_of(r->words[1], names, 10)].how;
    slice message = bytes_of(r->words[2]), signature = bytes_of(r->words[3]);
    status raw = asymmetric_verify(r->key, &how, message, signature);
    if (FAILED(raw)) assert_fails(raw, VERIFICATION);
    expect(r, !FAILED(raw), r->words[4]);
    if (how.scheme == SIGNING_ED25519) return;
    uint8_t digest[HASH_MAX_BYTES];
    assert_ok(hash_once(how.hash, message, digest));
    how.is_digest = true;
    expect(r, !FAILED(asymmetric_verify(r->key, &how, slice_of(digest, hash_size(how.hash)), signature)), r->words[4]);
}

static void check_agree(reading *r) {
    OWNED(secret) made = {0};
    status result = asymmetric_agree(r->key, bytes_of(r->words[2]), &made);
    if (FAILED(result)) assert_fails(result, INVALID_PARAMETER);
    expect(r, !FAILED(result) && holds(&made, bytes_of(r->words[3])), r->words[4]);
}

static void check_mac(reading *r) {
    static const char *const NAMES[] = {"md5", "sha1", "sha256", "sha384", "sha512", "sha224", "sm3"};
    enum hash_kind kind = (enum hash_kind)place_of(r->words[1], NAMES, HASH_KINDS);
    OWNED(secret) key = secret_from(hex(r->words[2]));
    uint8_t mac[HASH_MAX_BYTES];
    slice tag = bytes_of(r->words[4]);
    assert_ok(hmac_once(kind, &key, bytes_of(r->words[3]), mac));
    expect(r, tag.len == hash_size(kind) && memcmp(mac, tag.at, tag.len) == 0, r->words[5]);
}

static void check_unwrap(reading *r) {
    OWNED(secret) key = secret_from(hex(r->words[2]));
    OWNED(secret) opened = {0};
    status result = wrap_open(&key, bytes_of(r->words[3]), &opened);
    if (FAILED(result)) assert_fails(result, VERIFICATION);
    bool is_right = !FAILED(result) && holds(&opened, bytes_of(r->words[4]));
    expect(r, is_right, r->words[5]);
    if (!is_right) return;
    OWNED(buffer) again = {0};
    assert_ok(wrap_seal(&key, &opened, &again));
    assert_bytes(again.at, again.len, bytes_of(r->words[3]));
}

static void check_gcm(reading *r) {
    OWNED(secret) key = secret_from(hex(r->words[1]));
    slice sealed = bytes_of(r->words[4]), plain = bytes_of(r->words[5]);
    uint8_t nonce[12], opened[512], made[512];
    aead *a = NULL;
    assert_ok(aead_new(&key, &a));
    assert_true(sealed.len <= sizeof opened && hex(r->words[2]).len == sizeof nonce);
    memcpy(nonce, hex(r->words[2]).at, sizeof nonce);
    status result = aead_open(a, nonce, bytes_of(r->words[3]), sealed, opened);
    if (FAILED(result)) assert_fails(result, VERIFICATION);
    bool is_right = !FAILED(result) && sealed.len - AEAD_TAG_BYTES == plain.len &&
                    (plain.len == 0 || memcmp(opened, plain.at, plain.len) == 0);
    expect(r, is_right, r->words[6]);
    if (is_right) {
        assert_ok(aead_seal(a, nonce, bytes_of(r->words[3]), plain, made));
        assert_bytes(made, plain.len + AEAD_TAG_BYTES, sealed);
    }
    aead_free(a);
}

static void check_line(reading *r) {
    static const char *const WHAT[] = {"key", "open", "verify", "agree", "mac", "unwrap", "gcm"};
    static void (*const CHECKS[])(reading *) = {read_key,  check_open,   check_verify, check_agree,
                                                check_mac, check_unwrap, check_gcm};
    CHECKS[place_of(r->words[0], WHAT, 7)](r);
    r->done++;
}

static void test_all(void **state) {
    (void)state;
    static char line[LINE_MOST];
    reading r = {0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        r.line++;
        if (line[0] == '#') continue;
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        for (size_t i = 0; i < WORDS_MOST; i++) r.words[i] = strsep(&rest, " ");
        check_line(&r);
    }
    fclose(file);
    asymmetric_free(r.key);
    assert_true(r.done > 200);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    path = arguments[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
