/* Bodies: every size around chunk and step boundaries, any step size, any range; what must be refused. */
#include "objects/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "crypto/crc.h"
#include "crypto/start.h"

#define WORKS(call) assert_string_equal(status_name(call), "OK")
#define FAILS(name, call) assert_string_equal(status_name(call), #name)

typedef struct sample {
    secret key;
    buffer plain;
    buffer sealed;
    body_figures figures;
} sample;

static const slice place = {(const uint8_t *)"a place", 7};

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void drain(body_sealer *s, buffer *into) {
    WORKS(buffer_append(into, body_sealer_ready(s)));
    body_sealer_take(s);
}

/* Pushes in steps of 1 to `step_max` bytes. */
static void seal(sample *x, uint32_t step_max, uint32_t seed) {
    body_sealer *s = NULL;
    WORKS(body_sealer_new(&x->key, place, &s));
    slice rest = buffer_slice(&x->plain);
    while (rest.len) {
        slice piece = slice_head(rest, 1 + next_random(&seed) % step_max);
        rest = slice_skip(rest, piece.len);
        while (piece.len) {
            WORKS(body_sealer_push(s, &piece));
            if (body_sealer_is_full(s)) drain(s, &x->sealed);
        }
    }
    WORKS(body_sealer_finish(s));
    body_sealer_figures(s, &x->figures);
    drain(s, &x->sealed);
    body_sealer_free(s);
}

static void sample_begin(sample *x, size_t plain_bytes) {
    uint8_t key[CHUNKED_KEY_BYTES];
    uint32_t seed = (uint32_t)plain_bytes + 7;
    *x = (sample){0};
    for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)next_random(&seed);
    WORKS(secret_copy(slice_of(key, sizeof key), &x->key));
    for (size_t i = 0; i < plain_bytes; i++) WORKS(buffer_append_byte(&x->plain, (uint8_t)next_random(&seed)));
}

static void sample_end(sample *x) {
    secret_clear(&x->key);
    buffer_clear(&x->plain);
    buffer_clear(&x->sealed);
}

/* Opens a range, giving `room` bytes a step; the result of the first step that fails. */
static status open_range(const sample *x, const body_range *range, size_t room, buffer *out) {
    body_opener *o = NULL;
    TRY(body_opener_new(&x->key, place, x->sealed.at, range, &o));
    uint8_t *plain = malloc(BODY_STEP_BYTES);
    status result = OK;
    for (body_step step;;) {
        uint64_t left = body_opener_left(o);
        WORKS(body_opener_next(o, left < room ? (size_t)left : room, &step));
        if (step.sealed_bytes == 0) break;
        assert_true(step.sealed_bytes <= BODY_STEP_SEALED_BYTES);
        size_t there = step.offset < x->sealed.len ? x->sealed.len - (size_t)step.offset : 0;
        if (there > step.sealed_bytes) there = step.sealed_bytes;
        uint8_t *sealed = malloc(there + 1); /* of its exact size, so that reading past it is seen */
        if (there) memcpy(sealed, x->sealed.at + step.offset, there);
        result = body_opener_open(o, &step, slice_of(sealed, there), plain);
        free(sealed);
        if (FAILED(result)) break;
        WORKS(buffer_append(out, slice_of(plain, step.plain_bytes)));
    }
    free(plain);
    body_opener_free(o);
    return result;
}

static void expect_range(const sample *x, uint64_t first, uint64_t last, size_t room) {
    OWNED(buffer) out = {0};
    body_range range = {x->plain.len, first, last};
    WORKS(open_range(x, &range, room, &out));
    slice wanted = x->plain.len ? slice_of(x->plain.at + first, (size_t)(last - first + 1)) : SLICE("");
    assert_int_equal(out.len, wanted.len);
    if (wanted.len) assert_memory_equal(out.at, wanted.at, wanted.len);
}

static void check_figures(const sample *x) {
    uint8_t md5[HASH_MD5_BYTES];
    assert_int_equal(x->sealed.len, chunked_sealed_size(x->plain.len));
    assert_int_equal(x->figures.plain_bytes, x->plain.len);
    assert_int_equal(x->figures.sealed_bytes, x->sealed.len);
    WORKS(hash_once(HASH_MD5, buffer_slice(&x->plain), md5));
    assert_memory_equal(md5, x->figures.md5, sizeof md5);
    assert_int_equal(x->figures.crc64, crc64_update(0, buffer_slice(&x->plain)));
}

static const size_t sizes[] = {0,      1,      100,    16383,  16384,  16385,  32767,  32768,  32769,  49152,
                               262143, 262144, 262145, 278528, 278529, 524287, 524288, 524289, 540672, 700001};

static void round_trips(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (uint32_t step_max = 1000; step_max < 2000000; step_max *= 40) {
            sample x;
            sample_begin(&x, sizes[i]);
            seal(&x, step_max, (uint32_t)i + step_max);
            check_figures(&x);
            expect_range(&x, 0, sizes[i] ? sizes[i] - 1 : 0, BODY_STEP_BYTES);
            expect_range(&x, 0, sizes[i] ? sizes[i] - 1 : 0, CHUNKED_PLAIN_BYTES);
            sample_end(&x);
        }
    }
}

static void is_the_standard_format(void **state) {
    (void)state;
    sample x;
    sample_begin(&x, 100000);
    seal(&x, 30000, 1);
    chunked *c = NULL;
    uint8_t *plain = malloc(100000);
    WORKS(chunked_new_opener(&x.key, place, x.sealed.at, &c));
    WORKS(chunked_open_final(c, 0, slice_skip(buffer_slice(&x.sealed), CHUNKED_HEADER_BYTES), plain));
    assert_memory_equal(plain, x.plain.at, 100000);
    chunked_free(c);
    free(plain);
    sample_end(&x);
}

static void ranges(void **state) {
    (void)state;
    static const size_t edges[] = {0, 1, 16383, 16384, 16385, 40000, 262143, 262144, 262145, 300000, 524286, 524287};
    size_t count = sizeof edges / sizeof edges[0];
    sample x;
    sample_begin(&x, 524288);
    seal(&x, 70000, 3);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i; k < count; k++) {
            expect_range(&x, edges[i], edges[k], BODY_STEP_BYTES);
            expect_range(&x, edges[i], edges[k], 20000);
        }
    uint32_t seed = 99;
    for (int i = 0; i < 200; i++) {
        size_t first = next_random(&seed) % 524288, last = first + next_random(&seed) % (524288 - first);
        expect_range(&x, first, last, CHUNKED_PLAIN_BYTES + next_random(&seed) % 200000);
    }
    sample_end(&x);
}

static void refuses_ranges_outside(void **state) {
    (void)state;
    sample x;
    sample_begin(&x, 1000);
    seal(&x, 100, 1);
    body_opener *o = NULL;
    FAILS(RANGE, body_opener_new(&x.key, place, x.sealed.at, &(body_range){1000, 0, 1000}, &o));
    FAILS(RANGE, body_opener_new(&x.key, place, x.sealed.at, &(body_range){1000, 5, 4}, &o));
    FAILS(RANGE, body_opener_new(&x.key, place, x.sealed.at, &(body_range){1000, 1000, 1000}, &o));
    assert_null(o);
    WORKS(body_opener_new(&x.key, place, x.sealed.at, &(body_range){1000, 0, 999}, &o));
    body_step step;
    FAILS(INVALID_PARAMETER, body_opener_next(o, 999, &step));
    body_opener_free(o);
    sample_end(&x);
}

static void refuses_other_key_and_place(void **state) {
    (void)state;
    sample x, other;
    sample_begin(&x, 1000);
    sample_begin(&other, 1001);
    seal(&x, 100, 1);
    body_range range = {1000, 0, 999};
    body_opener *o = NULL;
    FAILS(VERIFICATION, body_opener_new(&other.key, place, x.sealed.at, &range, &o));
    FAILS(VERIFICATION, body_opener_new(&x.key, SLICE("elsewhere"), x.sealed.at, &range, &o));
    assert_null(o);
    sample_end(&x);
    sample_end(&other);
}

/* A flipped bit is found when, and only when, its chunk is read. */
static void finds_changes(void **state) {
    (void)state;
    sample x;
    OWNED(buffer) out = {0};
    sample_begin(&x, 524288);
    seal(&x, 50000, 1);
    body_range all = {524288, 0, 524287}, early = {524288, 0, 16383};
    for (size_t at = CHUNKED_HEADER_BYTES; at < x.sealed.len; at += 16399) {
        x.sealed.at[at] ^= 0x10;
        FAILS(CORRUPT, open_range(&x, &all, BODY_STEP_BYTES, &out));
        if (at >= CHUNKED_HEADER_BYTES + CHUNKED_SEALED_BYTES) expect_range(&x, early.first, early.last, 16384);
        x.sealed.at[at] ^= 0x10;
    }
    x.sealed.at[x.sealed.len - 1] ^= 1; /* in the empty chunk that ends the body */
    FAILS(CORRUPT, open_range(&x, &all, BODY_STEP_BYTES, &out));
    x.sealed.at[x.sealed.len - 1] ^= 1;
    uint8_t *first = x.sealed.at + CHUNKED_HEADER_BYTES, *second = first + CHUNKED_SEALED_BYTES;
    for (size_t i = 0; i < CHUNKED_SEALED_BYTES; i++) { /* two chunks change places */
        uint8_t kept = first[i];
        first[i] = second[i];
        second[i] = kept;
    }
    FAILS(CORRUPT, open_range(&x, &all, BODY_STEP_BYTES, &out));
    sample_end(&x);
}

static void finds_truncation(void **state) {
    (void)state;
    static const size_t lost[] = {1, 16, 17, 16400, 16416};
    for (size_t size = 65536; size <= 65537; size++)
        for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
            sample x;
            OWNED(buffer) out = {0};
            sample_begin(&x, size);
            seal(&x, 50000, 1);
            x.sealed.len -= lost[i];
            FAILS(CORRUPT, open_range(&x, &(body_range){size, 0, size - 1}, BODY_STEP_BYTES, &out));
            sample_end(&x);
        }
}

/* After a failed step the output is zeros: nothing of it can be passed on. */
static void gives_nothing_of_a_bad_step(void **state) {
    (void)state;
    sample x;
    sample_begin(&x, 60000);
    seal(&x, 50000, 1);
    x.sealed.at[CHUNKED_HEADER_BYTES + 3 * CHUNKED_SEALED_BYTES + 5] ^= 1;
    body_opener *o = NULL;
    WORKS(body_opener_new(&x.key, place, x.sealed.at, &(body_range){60000, 0, 59999}, &o));
    body_step step;
    WORKS(body_opener_next(o, BODY_STEP_BYTES, &step));
    uint8_t *plain = malloc(60000);
    memset(plain, 7, 60000);
    FAILS(CORRUPT, body_opener_open(o, &step, slice_of(x.sealed.at + step.offset, step.sealed_bytes), plain));
    for (size_t i = 0; i < 60000; i++) assert_int_equal(plain[i], 0);
    free(plain);
    body_opener_free(o);
    sample_end(&x);
}

static int start(void **state) {
    (void)state;
    return FAILED(crypto_start());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(is_the_standard_format),
        cmocka_unit_test(ranges),
        cmocka_unit_test(refuses_ranges_outside),
        cmocka_unit_test(refuses_other_key_and_place),
        cmocka_unit_test(finds_changes),
        cmocka_unit_test(finds_truncation),
        cmocka_unit_test(gives_nothing_of_a_bad_step),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
