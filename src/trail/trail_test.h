/* What the room's tests share: folders to throw away, keys, numbered entries. Included by tests only. */
#ifndef TRAIL_TEST_H
#define TRAIL_TEST_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/table.h"
#include "crypto/start.h"
#include "trail/tree.h"

typedef struct test_folder {
    char path[64];
    int fd;
} test_folder;

#define assert_ok(call) assert_string_equal(status_name(call), "OK")
#define assert_failure(call, name) assert_string_equal(status_name(call), #name)

static inline int test_remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static inline void test_folder_remove(test_folder *folder) {
    if (folder->fd > 0) close(folder->fd);
    if (folder->path[0]) nftw(folder->path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    *folder = (test_folder){0};
}

static inline test_folder test_folder_make(void) {
    test_folder folder = {.path = "/tmp/trail-test-XXXXXX"};
    assert_non_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder.fd > 0);
    return folder;
}

static inline int test_start(void **state) {
    (void)state;
    table_seed((const uint8_t *)"0123456789abcdef");
    return FAILED(crypto_start());
}

static inline tree_signing test_signing(const char *name, uint8_t seed_byte) {
    tree_signing signing;
    uint8_t seed_bytes[SIGN_SEED_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    secret seed;
    memset(seed_bytes, seed_byte, sizeof seed_bytes);
    assert_ok(secret_copy(slice_of(seed_bytes, sizeof seed_bytes), &seed));
    assert_ok(signer_from_seed(&seed, &signing.with));
    secret_clear(&seed);
    signer_public(signing.with, public_key);
    assert_ok(note_key_make(slice_of_text(name), public_key, &signing.key));
    return signing;
}

/* Entries that differ in content and length. */
static inline slice test_entry(uint64_t number, char room[64]) {
    int len =
        snprintf(room, 64, "{\"n\":%llu,\"x\":\"%.*s\"}", (unsigned long long)number, (int)(number % 7), "abcdefg");
    return slice_of(room, (size_t)len);
}

static inline void test_add(tree *t, uint64_t count) {
    char room[64];
    for (uint64_t i = 0; i < count; i++) {
        uint64_t index;
        uint64_t due = t->edge.size;
        assert_ok(tree_add(t, test_entry(due, room), &index));
        assert_int_equal(index, due);
    }
}

static inline void test_flush(tree *t, const tree_signing *signing) {
    bool is_done = false;
    while (!is_done) assert_ok(tree_flush(t, signing, &is_done));
}

/* Flips one bit of a file; offset from the end when negative. */
static inline void test_flip(const test_folder *folder, const char *name, long offset) {
    int fd = openat(folder->fd, name, O_RDWR | O_CLOEXEC);
    struct stat info;
    uint8_t byte;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    if (offset < 0) offset += info.st_size;
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static inline bool test_exists(const test_folder *folder, const char *name) {
    return faccessat(folder->fd, name, F_OK, 0) == 0;
}

#endif
