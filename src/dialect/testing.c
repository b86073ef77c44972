/* Test helpers. */
#include "dialect/testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "crypto/compare.h"
#include "crypto/mac.h"

enum { HEADERS_MOST = 64 };

static void add_header(http_header *to, slice line) {
    size_t split = slice_find_byte(line, ':');
    *to = (http_header){slice_head(line, split), slice_trim(slice_skip(line, split + 1))};
}

http_head testing_head(const char *method, const char *target, const char *headers) {
    static http_header list[HEADERS_MOST];
    slice rest = slice_of_text(headers), line;
    size_t count = 0;
    while (slice_split(&rest, '\n', &line) && count < HEADERS_MOST)
        if (line.len) add_header(&list[count++], line);
    return (http_head){
        .method = slice_of_text(method), .target = slice_of_text(target), .headers = list, .header_count = count};
}

static slice joined(const char *before, slice middle, const char *after, arena *memory) {
    slice out = {0};
    status_ignore(arena_printf(memory, &out, "%s%.*s%s", before, SLICE_ARGS(middle), after));
    return out;
}

static void hash_hex(slice text, char out[2 * HASH_SHA256_BYTES + 1]) {
    uint8_t hash[HASH_SHA256_BYTES];
    status_ignore(hash_once(HASH_SHA256, text, hash));
    for (size_t i = 0; i < sizeof hash; i++) snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

/* The two families of scoped signatures, each with its own words. */
static bool sign_scoped(const proof *p, slice text, slice secret_text, uint8_t *out, arena *memory) {
    bool is_aws = p->scheme == SCHEME_AWS_V4;
    slice service = is_aws ? p->scope_service : SLICE("oss");
    const char *end = is_aws ? "aws4_request" : "aliyun_v4_request";
    char hex[2 * HASH_SHA256_BYTES + 1], time[CLOCK_BASIC_BYTES];
    uint8_t key[HASH_SHA256_BYTES], next[HASH_SHA256_BYTES];
    slice to_sign;
    hash_hex(text, hex);
    clock_format_basic(p->request_time.value, time);
    if (FAILED(arena_printf(memory, &to_sign, "%s-HMAC-SHA256\n%s\n%.*s/%.*s/%.*s/%s\n%s", is_aws ? "AWS4" : "OSS4",
                            time, SLICE_ARGS(p->scope_date), SLICE_ARGS(p->scope_region), SLICE_ARGS(service), end,
                            hex)))
        return false;
    const slice steps[] = {p->scope_date, p->scope_region, service, slice_of_text(end), to_sign};
    slice with = joined(is_aws ? "AWS4" : "aliyun_v4", secret_text, "", memory);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (FAILED(hmac_bytes(HASH_SHA256, with, steps[i], next))) return false;
        memcpy(key, next, sizeof key);
        with = slice_of(key, sizeof key);
    }
    memcpy(out, key, sizeof key);
    return true;
}

static size_t sign(const proof *p, slice text, slice secret_text, uint8_t *out, arena *memory) {
    char hex[2 * HASH_SHA256_BYTES + 1];
    switch (p->scheme) {
    case SCHEME_ALIBABA_V1:
        return FAILED(hmac_bytes(HASH_SHA1, joined("", secret_text, "&", memory), text, out)) ? 0 : HASH_SHA1_BYTES;
    case SCHEME_OSS_V1: return FAILED(hmac_bytes(HASH_SHA1, secret_text, text, out)) ? 0 : HASH_SHA1_BYTES;
    case SCHEME_ALIBABA_V3:
        hash_hex(text, hex);
        text = joined("ACS3-HMAC-SHA256\n", slice_of_text(hex), "", memory);
        return FAILED(hmac_bytes(HASH_SHA256, secret_text, text, out)) ? 0 : HASH_SHA256_BYTES;
    default: return sign_scoped(p, text, secret_text, out, memory) ? HASH_SHA256_BYTES : 0;
    }
}

int testing_matches(const proof *p, slice_list texts, slice secret_text) {
    OWNED(arena) memory = {0};
    for (size_t i = 0; i < texts.count; i++) {
        uint8_t expected[HASH_MAX_BYTES];
        size_t length = sign(p, texts.at[i], secret_text, expected, &memory);
        if (length && bytes_equal_secret(p->signature, slice_of(expected, length))) return (int)i;
    }
    return -1;
}

slice testing_header(const http_answer *a, const char *name) {
    for (size_t i = 0; i < a->count; i++)
        if (slice_equals_ignoring_case(a->headers[i].name, slice_of_text(name))) return a->headers[i].value;
    return (slice){0};
}

char *testing_read_file(const char *path, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t room = 4 << 20;
    char *text = malloc(room);
    *bytes = text ? fread(text, 1, room, f) : 0;
    fclose(f);
    return text;
}
