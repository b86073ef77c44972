/* Signatures, by scheme. */
#include "custody/proof.h"

#include "base/clock.h"
#include "crypto/compare.h"
#include "crypto/mac.h"

enum { HEX_SHA256_BYTES = 2 * HASH_SHA256_BYTES, DATE_BYTES = 8, SCOPE_PART_MOST = 64 };

/* How a scheme signs: its key from the secret, its signature over one text. */
typedef struct signing_scheme {
    enum hash_kind hash;
    status (*key)(const proof *p, const secret *from, secret *out);
    status (*sign)(const proof *p, const secret *key, slice text, uint8_t *out);
} signing_scheme;

static status hash_as_hex(slice text, char out[HEX_SHA256_BYTES]) {
    uint8_t hash[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, text, hash));
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    return OK;
}

static status key_plain(const proof *p, const secret *from, secret *out) {
    (void)p;
    return secret_copy(secret_expose(from), out);
}

static status key_joined(slice before, const secret *from, slice after, secret *out) {
    OWNED(secret) made = {0};
    TRY(secret_new(before.len + from->len + after.len, &made));
    uint8_t *at = secret_fill(&made);
    if (before.len) memcpy(at, before.at, before.len);
    if (from->len) memcpy(at + before.len, secret_expose(from).at, from->len);
    if (after.len) memcpy(at + before.len + from->len, after.at, after.len);
    *out = made;
    made = (secret){0};
    return OK;
}

static status key_with_ampersand(const proof *p, const secret *from, secret *out) {
    (void)p;
    return key_joined(SLICE(""), from, SLICE("&"), out);
}

/* What tells one family of scoped signatures from the other. */
typedef struct scope_words {
    slice before_secret, algorithm, service, end;
} scope_words;

static scope_words words_of(const proof *p) {
    if (p->scheme == SCHEME_OSS_V4)
        return (scope_words){SLICE("aliyun_v4"), SLICE("OSS4-HMAC-SHA256"), SLICE("oss"), SLICE("aliyun_v4_request")};
    return (scope_words){SLICE("AWS4"), SLICE("AWS4-HMAC-SHA256"), p->scope_service, SLICE("aws4_request")};
}

/* A '/' or line break within a part could make one scope look like another. */
static bool is_scope_part(slice part) {
    if (part.len > SCOPE_PART_MOST) return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.at[i] <= ' ' || part.at[i] == '/' || part.at[i] >= 0x7f) return false;
    return true;
}

static status scope_check(const proof *p) {
    bool has_region = p->scope_region.len > 0 || p->scheme == SCHEME_AWS_V4;
    scope_words words = words_of(p);
    ENSURE(p->request_time.is_set && p->scope_date.len == DATE_BYTES, BAD_SIGNATURE);
    ENSURE(has_region && is_scope_part(p->scope_region), BAD_SIGNATURE);
    ENSURE(words.service.len > 0 && is_scope_part(words.service), BAD_SIGNATURE);
    char time[CLOCK_BASIC_BYTES];
    clock_format_basic(p->request_time.value, time);
    ENSURE(slice_equals(p->scope_date, slice_of(time, DATE_BYTES)), BAD_SIGNATURE);
    return OK;
}

static status key_scoped(const proof *p, const secret *from, secret *out) {
    TRY(scope_check(p));
    scope_words words = words_of(p);
    OWNED(secret) start = {0};
    OWNED(secret) key = {0};
    TRY(key_joined(words.before_secret, from, SLICE(""), &start));
    TRY(secret_new(HASH_SHA256_BYTES, &key));
    TRY(hmac_once(HASH_SHA256, &start, p->scope_date, secret_fill(&key)));
    const slice steps[] = {p->scope_region, words.service, words.end};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        OWNED(secret) next = {0};
        TRY(secret_new(HASH_SHA256_BYTES, &next));
        TRY(hmac_once(HASH_SHA256, &key, steps[i], secret_fill(&next)));
        secret swapped = key;
        key = next;
        next = swapped;
    }
    *out = key;
    key = (secret){0};
    return OK;
}

static status sign_text_sha1(const proof *p, const secret *key, slice text, uint8_t *out) {
    (void)p;
    return hmac_once(HASH_SHA1, key, text, out);
}

static status sign_acs3(const proof *p, const secret *key, slice text, uint8_t *out) {
    (void)p;
    char hex[HEX_SHA256_BYTES];
    TRY(hash_as_hex(text, hex));
    const slice parts[] = {SLICE("ACS3-HMAC-SHA256\n"), slice_of(hex, sizeof hex)};
    return hmac_parts(HASH_SHA256, secret_expose(key), &(hmac_text){parts, 2}, out);
}

static status sign_scoped(const proof *p, const secret *key, slice text, uint8_t *out) {
    scope_words words = words_of(p);
    char hex[HEX_SHA256_BYTES], time[CLOCK_BASIC_BYTES];
    TRY(hash_as_hex(text, hex));
    clock_format_basic(p->request_time.value, time);
    const slice parts[] = {
        words.algorithm,          SLICE("\n"), slice_of_text(time), SLICE("\n"), p->scope_date, SLICE("/"),
        p->scope_region,          SLICE("/"),  words.service,       SLICE("/"),  words.end,     SLICE("\n"),
        slice_of(hex, sizeof hex)};
    return hmac_parts(HASH_SHA256, secret_expose(key), &(hmac_text){parts, sizeof parts / sizeof *parts}, out);
}

static const signing_scheme schemes[] = {
    [SCHEME_ALIBABA_V1] = {HASH_SHA1, key_with_ampersand, sign_text_sha1},
    [SCHEME_ALIBABA_V3] = {HASH_SHA256, key_plain, sign_acs3},
    [SCHEME_OSS_V1] = {HASH_SHA1, key_plain, sign_text_sha1},
    [SCHEME_OSS_V4] = {HASH_SHA256, key_scoped, sign_scoped},
    [SCHEME_AWS_V4] = {HASH_SHA256, key_scoped, sign_scoped},
};

status proof_verify(const proof *p, const secret *key, size_t *candidate) {
    ENSURE(p->scheme > 0 && (size_t)p->scheme < sizeof schemes / sizeof *schemes, BAD_SIGNATURE);
    const signing_scheme *scheme = &schemes[p->scheme];
    ENSURE(p->texts.count > 0 && p->texts.count <= PROOF_TEXTS_MOST && key->len > 0, BAD_SIGNATURE);
    ENSURE(p->signature.len == hash_size(scheme->hash), BAD_SIGNATURE);
    OWNED(secret) signing = {0};
    TRY(scheme->key(p, key, &signing));
    for (size_t i = 0; i < p->texts.count; i++) {
        uint8_t expected[HASH_MAX_BYTES];
        TRY(scheme->sign(p, &signing, p->texts.at[i], expected));
        bool matches = bytes_equal_secret(p->signature, slice_of(expected, p->signature.len));
        bytes_wipe(expected, sizeof expected);
        if (!matches) continue;
        *candidate = i;
        return OK;
    }
    return FAIL(BAD_SIGNATURE);
}
