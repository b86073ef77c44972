/* What the tests of the store on disk share: a folder of their own, and records that can be told apart. */
#ifndef STORE_TEST_BENCH_H
#define STORE_TEST_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

typedef struct bench {
    char folder[64];
    char file[96];
    secret key;
    store_fault fault;
    arena memory;
} bench;

static inline int begin(void **state) {
    bench *b = calloc(1, sizeof *b);
    uint8_t key[STORE_KEY_BYTES] = {9, 8, 7};
    if (!b || FAILED(secret_copy(slice_of(key, sizeof key), &b->key))) return -1;
    snprintf(b->folder, sizeof b->folder, "/tmp/store-test-XXXXXX");
    if (!mkdtemp(b->folder)) return -1;
    snprintf(b->file, sizeof b->file, "%s/store.db", b->folder);
    b->memory.limit = 64 << 20;
    *state = b;
    return 0;
}

static inline int end(void **state) {
    bench *b = *state;
    static const char *const endings[] = {"", "-wal", "-journal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", b->file, endings[i]);
        unlink(path);
    }
    if (rmdir(b->folder) != 0) return -1; /* nothing else may have been left there */
    secret_clear(&b->key);
    arena_clear(&b->memory);
    free(b);
    return 0;
}

static inline status open_with(bench *b, const secret *key, store **out) {
    store_options options = {
        .folder = b->folder, .key = key, .is_durable = true, .cache_bytes = 1 << 16, .fault = &b->fault};
    b->fault.text[0] = 0;
    return store_open(&options, out);
}

static inline store *open_now(bench *b) {
    store *s = NULL;
    status opened = open_with(b, &b->key, &s);
    if (FAILED(opened)) fail_msg("%s: %s", status_name(opened), b->fault.text);
    return s;
}

static inline void expect_refused(bench *b, status expected) {
    store *s = NULL;
    status opened = open_with(b, &b->key, &s);
    assert_null(s);
    assert_int_equal(opened.code, expected.code);
    assert_true(b->fault.text[0] != 0);
}

static inline status put(store *s, const char *key, slice value) {
    store_change change = {slice_of_text(key), value, STORE_ANY};
    return store_apply(s, &change, 1);
}

/* Key n holds "value n" and some filling, so that records spread over pages. */
static inline slice value_of(int n, char text[400]) {
    memset(text, '.', 400);
    int head = snprintf(text, 400, "value %d", n);
    text[head] = '.';
    return slice_of(text, 400);
}

static inline void fill(store *s, int from, int until) {
    assert_int_equal(store_begin(s).code, STATUS_OK);
    for (int n = from; n < until; n++) {
        char key[24], text[400];
        snprintf(key, sizeof key, "key%06d", n);
        assert_int_equal(put(s, key, value_of(n, text)).code, STATUS_OK);
    }
    assert_int_equal(store_commit(s).code, STATUS_OK);
}

static inline status read_back(bench *b, store *s, int n) {
    char key[24], text[400];
    slice got;
    uint64_t revision;
    snprintf(key, sizeof key, "key%06d", n);
    arena_reset(&b->memory);
    TRY(store_get(s, slice_of_text(key), &b->memory, &got, &revision));
    if (!slice_equals(got, value_of(n, text))) fail_msg("%s came back different", key);
    return OK;
}

static inline size_t rows_count(bench *b, store *s) {
    store_row *rows;
    size_t count = 0;
    arena_reset(&b->memory);
    assert_int_equal(store_range(s, (slice){0}, (slice){0}, SIZE_MAX, &b->memory, &rows, &count).code, STATUS_OK);
    return count;
}

#endif
