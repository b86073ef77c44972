/* Nonces on disk: known again after the process, not trusted after the machine, and nothing of a broken file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/nonce_log.h"
#include "crypto/random.h"
#include "system/files.h"

enum { NOW = 1716186861, MOST = 1 << 16 };
#define BOOT SLICE("0e1f9a52-7b3c-4f0e-9a52-7b3c4f0e9a52")
#define OTHER_BOOT SLICE("1e1f9a52-7b3c-4f0e-9a52-7b3c4f0e9a52")

typedef struct scene {
    char folder[64];
    nonces *known;
    nonce_log *log;
} scene;

static void open_as(scene *s, slice boot, int64_t now_s) {
    s->known = nonces_new(MOST);
    assert_non_null(s->known);
    assert_false(
        FAILED(nonce_log_open(&(nonce_place){slice_of_text(s->folder), boot, now_s, false}, s->known, &s->log)));
}

static void close_both(scene *s) {
    nonce_log_close(s->log);
    nonces_free(s->known);
    s->log = NULL, s->known = NULL;
}

static uint64_t hash_of(const scene *s, const char *nonce) {
    return nonces_hash(s->known, SLICE("LTAI"), slice_of_text(nonce));
}

static void use(scene *s, const char *nonce, int64_t time_s) {
    assert_false(FAILED(nonces_remember(s->known, hash_of(s, nonce), time_s, time_s)));
    nonce_log_add(s->log, hash_of(s, nonce), time_s);
    assert_false(FAILED(nonce_log_flush(s->log, time_s)));
}

static bool knows(const scene *s, const char *nonce, int64_t time_s) {
    return nonces_seen(s->known, hash_of(s, nonce), time_s);
}

static int begin(void **state) {
    scene *s = calloc(1, sizeof *s);
    snprintf(s->folder, sizeof s->folder, "/tmp/nonce-log-XXXXXX");
    if (!s || !mkdtemp(s->folder)) return 1;
    *state = s;
    return FAILED(random_start());
}

static int end(void **state) {
    scene *s = *state;
    char path[96];
    close_both(s);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/nonces.%d", s->folder, i);
        unlink(path);
    }
    rmdir(s->folder);
    free(s);
    return 0;
}

static void what_was_used_is_known_again(void **state) {
    scene *s = *state;
    open_as(s, BOOT, NOW);
    assert_int_equal(nonce_log_since_s(s->log), NOW); /* nobody knows what came before */
    use(s, "a", NOW);
    use(s, "b", NOW + 30);
    close_both(s);
    open_as(s, BOOT, NOW + 60);
    assert_int_equal(nonce_log_since_s(s->log), NOW);
    assert_true(knows(s, "a", NOW) && knows(s, "b", NOW + 30));
    assert_false(knows(s, "c", NOW) || knows(s, "a", NOW + 120));
    use(s, "c", NOW + 60);
    close_both(s);
    open_as(s, BOOT, NOW + 61);
    assert_true(knows(s, "a", NOW) && knows(s, "b", NOW + 30) && knows(s, "c", NOW + 60));
}

static void where_nothing_was_answered_nothing_is_too_old(void **state) {
    scene *s = *state;
    nonce_place place = {slice_of_text(s->folder), BOOT, NOW, true};
    s->known = nonces_new(MOST);
    assert_false(FAILED(nonce_log_open(&place, s->known, &s->log)));
    assert_int_equal(nonce_log_since_s(s->log), 0);
    close_both(s);
    open_as(s, BOOT, NOW + 1);
    assert_int_equal(nonce_log_since_s(s->log), 0);
}

static void another_start_of_the_machine_is_told(void **state) {
    scene *s = *state;
    open_as(s, BOOT, NOW);
    use(s, "a", NOW);
    close_both(s);
    open_as(s, OTHER_BOOT, NOW + 5);
    assert_int_equal(nonce_log_since_s(s->log), NOW + 5);
    assert_true(knows(s, "a", NOW)); /* what there is counts */
    close_both(s);
    open_as(s, OTHER_BOOT, NOW + 7);
    assert_int_equal(nonce_log_since_s(s->log),
                     NOW + 5); /* a process that starts anew knows no more of what was before */
}

static void what_is_past_is_forgotten(void **state) {
    scene *s = *state;
    char name[24];
    uint64_t bytes[2];
    open_as(s, BOOT, NOW);
    for (int64_t t = 0; t < 8 * 3600; t += 60) {
        snprintf(name, sizeof name, "n%lld", (long long)t);
        use(s, name, NOW + t);
    }
    close_both(s);
    for (int i = 0; i < 2; i++) {
        char path[96];
        int fd;
        snprintf(path, sizeof path, "%s/nonces.%d", s->folder, i);
        assert_false(FAILED(files_open_read(FILES_HERE, path, &fd)));
        assert_false(FAILED(files_size(fd, &bytes[i])));
        close(fd);
    }
    assert_true(bytes[0] + bytes[1] < 2 * (64 + 34 * 16) + 1);
    int64_t last = NOW + 8 * 3600 - 60;
    open_as(s, BOOT, last + 1);
    for (int64_t t = last - NONCE_WINDOW_S + 60; t <= last; t += 60) {
        snprintf(name, sizeof name, "n%lld", (long long)(t - NOW));
        assert_true(knows(s, name, t));
    }
}

/* Cut anywhere, a bit turned over, or something else: it opens, and says that it is not whole where it cannot know. */
static void broken_files_are_not_trusted(void **state) {
    scene *s = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/nonces.0", s->folder);
    for (uint64_t cut = 0; cut < 64 + 3 * 16; cut += 7) {
        unlink(path);
        open_as(s, BOOT, NOW);
        use(s, "a", NOW);
        use(s, "b", NOW);
        close_both(s);
        assert_int_equal(truncate(path, (off_t)cut), 0);
        open_as(s, BOOT, NOW + 1);
        use(s, "c", NOW + 1);
        close_both(s);
        open_as(s, BOOT, NOW + 2);
        assert_true(knows(s, "c", NOW + 1));
        close_both(s);
    }
    for (size_t at = 0; at < 60; at++) {
        unlink(path);
        snprintf(path, sizeof path, "%s/nonces.1", s->folder);
        unlink(path);
        snprintf(path, sizeof path, "%s/nonces.0", s->folder);
        open_as(s, BOOT, NOW);
        use(s, "a", NOW);
        close_both(s);
        int fd;
        uint8_t byte;
        size_t got;
        assert_false(FAILED(files_open_write(FILES_HERE, path, &fd)));
        assert_false(FAILED(files_read_at(fd, at, &byte, 1, &got)));
        byte ^= 1;
        assert_false(FAILED(files_write_at(fd, at, slice_of(&byte, 1))));
        close(fd);
        open_as(s, BOOT, NOW + 1);
        assert_int_equal(nonce_log_since_s(s->log), NOW + 1);
        close_both(s);
    }
}

static void a_disk_that_takes_nothing_makes_it_not_whole(void **state) {
    scene *s = *state;
    open_as(s, BOOT, NOW);
    use(s, "a", NOW);
    nonce_log_add(s->log, hash_of(s, "b"), NOW);
    close_both(s);
    nonce_place nowhere = {SLICE("/nowhere/at/all"), BOOT, NOW, false},
                no_boot = {slice_of_text(s->folder), SLICE("x"), NOW, false};
    assert_int_equal(nonce_log_open(&nowhere, s->known, &s->log).code, FAILURE_NOT_FOUND);
    assert_int_equal(nonce_log_open(&no_boot, s->known, &s->log).code, FAILURE_INVALID_PARAMETER);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_was_used_is_known_again),         TEST(where_nothing_was_answered_nothing_is_too_old),
        TEST(another_start_of_the_machine_is_told), TEST(what_is_past_is_forgotten),
        TEST(broken_files_are_not_trusted),         TEST(a_disk_that_takes_nothing_makes_it_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
