/* Tests of the store on disk: reopening, killing, full and read-only disks, speed. */
#include "store/test_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "crypto/start.h"

static void test_keeps_what_was_committed(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 300);
    assert_int_equal(store_begin(s).code, STATUS_OK);
    assert_int_equal(put(s, "open", SLICE("x")).code, STATUS_OK);
    store_close(s); /* in the midst of a batch */
    s = open_now(b);
    for (int n = 0; n < 300; n++) assert_int_equal(read_back(b, s, n).code, STATUS_OK);
    assert_int_equal(rows_count(b, s), 300);
    slice got;
    uint64_t first = 0, second = 0;
    assert_int_equal(store_get(s, SLICE("key000299"), &b->memory, &got, &first).code, STATUS_OK);
    fill(s, 0, 1);
    assert_int_equal(store_get(s, SLICE("key000000"), &b->memory, &got, &second).code, STATUS_OK);
    assert_true(second > first);
    store_close(s);
}

static void test_is_private_and_open_once(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 1);
    struct stat facts;
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", b->file);
    assert_true(stat(b->file, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    assert_true(stat(wal, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    pid_t other = fork();
    if (other == 0) {
        store *second = NULL;
        _exit(FAILED_WITH(open_with(b, &b->key, &second), CONFLICT) ? 0 : 1);
    }
    int ended = -1;
    assert_int_equal(waitpid(other, &ended, 0), other);
    assert_int_equal(ended, 0);
    fill(s, 1, 2);
    store_close(s);
}

/* Commits numbered batches for ever; each is acknowledged through the pipe only after store_commit said OK. */
static _Noreturn void write_until_killed(bench *b, int acknowledged, int from) {
    store *s = NULL;
    if (FAILED(open_with(b, &b->key, &s))) _exit(1);
    for (int n = from;; n++) {
        char key[24], text[400];
        if (FAILED(store_begin(s))) _exit(2);
        for (int part = 0; part < 3; part++) {
            snprintf(key, sizeof key, "part%d/%06d", part, n);
            if (FAILED(put(s, key, value_of(n, text)))) _exit(3);
        }
        if (FAILED(store_commit(s))) _exit(4);
        if (write(acknowledged, &n, sizeof n) != (ssize_t)sizeof n) _exit(5);
    }
}

static int last_acknowledged(int pipe_end, int before) {
    int n, last = before;
    while (read(pipe_end, &n, sizeof n) == (ssize_t)sizeof n) last = n;
    return last;
}

static int run_and_kill(bench *b, int from, useconds_t after_us) {
    int ends[2], ended;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_until_killed(b, ends[1], from);
    }
    close(ends[1]);
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    int last = last_acknowledged(ends[0], from - 1);
    close(ends[0]);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended));
    return last;
}

/* All three parts of a batch are there or none. */
static bool batch_is_there(bench *b, store *s, int n) {
    int found = 0;
    for (int part = 0; part < 3; part++) {
        char key[24], text[400];
        slice got;
        uint64_t revision;
        snprintf(key, sizeof key, "part%d/%06d", part, n);
        arena_reset(&b->memory);
        status read = store_get(s, slice_of_text(key), &b->memory, &got, &revision);
        if (FAILED_WITH(read, NOT_FOUND)) continue;
        assert_int_equal(read.code, STATUS_OK);
        assert_true(slice_equals(got, value_of(n, text)));
        found++;
    }
    assert_true(found == 0 || found == 3);
    return found == 3;
}

static void test_kill_loses_nothing_acknowledged(void **state) {
    bench *b = *state;
    int next = 0, acknowledged = 0;
    srand(13);
    for (int round = 0; round < 15; round++) {
        int last = run_and_kill(b, next, (useconds_t)(20000 + rand() % 60000));
        acknowledged += last - next + 1;
        store *s = open_now(b);
        for (int n = 0; n <= last; n++) assert_true(batch_is_there(b, s, n));
        next = batch_is_there(b, s, last + 1) ? last + 2 : last + 1;
        assert_false(batch_is_there(b, s, next));
        store_close(s);
    }
    if (acknowledged < 20) fail_msg("only %d batches were committed", acknowledged);
}

/* Fills until the disk refuses; gives the number of whole batches. */
static int fill_until_full(store *s, status *why) {
    for (int n = 0; n < 10000; n++) {
        char key[24];
        static uint8_t big[60000];
        assert_int_equal(store_begin(s).code, STATUS_OK);
        snprintf(key, sizeof key, "big%06d", n);
        status result = put(s, key, slice_of(big, sizeof big));
        status committed = store_commit(s);
        if (FAILED(result)) assert_int_equal(result.code, committed.code);
        if (!FAILED(committed)) continue;
        *why = committed;
        return n;
    }
    fail_msg("the disk never filled");
    return 0;
}

static void expect_survives_full_disk(bench *b, store *s) {
    status why = OK;
    fill(s, 0, 10);
    int whole = fill_until_full(s, &why);
    if (!FAILED_WITH(why, DISK_FULL)) fail_msg("%s: %s", status_name(why), store_last_fault(s));
    assert_true(whole > 3);
    assert_int_equal(rows_count(b, s), (size_t)whole + 10);
    for (int n = 0; n < 10; n++) assert_int_equal(read_back(b, s, n).code, STATUS_OK);
    store_close(s);
    s = open_now(b);
    assert_int_equal(rows_count(b, s), (size_t)whole + 10);
    for (int n = 0; n < 10; n++) assert_int_equal(read_back(b, s, n).code, STATUS_OK);
    store_close(s);
}

static void test_full_disk(void **state) {
    bench *b = *state;
    if (mount("tmpfs", b->folder, "tmpfs", 0, "size=4m") != 0) {
        print_message("no tmpfs can be mounted here: test_file_size_limit stands in\n");
        return;
    }
    expect_survives_full_disk(b, open_now(b));
    assert_int_equal(umount2(b->folder, MNT_DETACH), 0);
}

/* The same where nothing can be mounted: the kernel refuses to let the files grow. In a child, because the limit stays.
 */
static void test_file_size_limit(void **state) {
    bench *b = *state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {2 << 20, RLIM_INFINITY}, no_limit = {RLIM_INFINITY, RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        store *s = NULL;
        status why = OK;
        if (FAILED(open_with(b, &b->key, &s)) || setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(1);
        int whole = fill_until_full(s, &why);
        if (!FAILED_WITH(why, DISK_FULL)) _exit(2);
        if (whole < 3 || rows_count(b, s) != (size_t)whole) _exit(3);
        if (setrlimit(RLIMIT_FSIZE, &no_limit) != 0) _exit(4);
        fill(s, 0, 10);
        store_close(s);
        s = open_now(b);
        _exit(rows_count(b, s) == (size_t)whole + 10 ? 0 : 5);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    store *s = open_now(b);
    assert_int_equal(read_back(b, s, 9).code, STATUS_OK);
    store_close(s);
}

static void test_read_only_disk(void **state) {
    bench *b = *state;
    if (mount("tmpfs", b->folder, "tmpfs", 0, "size=4m") != 0) {
        print_message("no tmpfs can be mounted here: not tested\n");
        return;
    }
    store *s = open_now(b);
    fill(s, 0, 10);
    store_close(s);
    assert_int_equal(mount(NULL, b->folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    expect_refused(b, FAIL(READ_ONLY));
    assert_int_equal(mount(NULL, b->folder, NULL, MS_REMOUNT, NULL), 0);
    s = open_now(b);
    assert_int_equal(rows_count(b, s), 10);
    store_close(s);
    assert_int_equal(umount2(b->folder, MNT_DETACH), 0);
}

static void test_missing_folder(void **state) {
    bench *b = *state;
    store *s = NULL;
    store_options options = {
        .folder = "/tmp/store-test-that-is-not-there", .key = &b->key, .is_durable = true, .fault = &b->fault};
    assert_int_equal(store_open(&options, &s).code, FAILURE_NOT_FOUND);
    assert_non_null(strstr(b->fault.text, "store.db"));
}

/* Not a benchmark: a cached read that takes more than a microsecond on average means the cache is not used. */
static void test_cached_reads_are_fast(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 10);
    int64_t best_us = INT64_MAX;
    for (int round = 0; round < 20; round++) {
        int64_t start_us = clock_monotonic_us();
        for (int i = 0; i < 10000; i++) {
            slice got;
            uint64_t revision;
            assert_int_equal(store_get(s, SLICE("key000005"), &b->memory, &got, &revision).code, STATUS_OK);
            if (i % 16 == 15) arena_reset(&b->memory);
        }
        int64_t took_us = clock_monotonic_us() - start_us;
        if (took_us < best_us) best_us = took_us;
    }
    print_message("cached read: %lld ns\n", (long long)best_us / 10);
    assert_true(best_us < 50000);
    store_close(s);
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing_folder, begin, end),
        cmocka_unit_test_setup_teardown(test_keeps_what_was_committed, begin, end),
        cmocka_unit_test_setup_teardown(test_is_private_and_open_once, begin, end),
        cmocka_unit_test_setup_teardown(test_kill_loses_nothing_acknowledged, begin, end),
        cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
        cmocka_unit_test_setup_teardown(test_file_size_limit, begin, end),
        cmocka_unit_test_setup_teardown(test_read_only_disk, begin, end),
        cmocka_unit_test_setup_teardown(test_cached_reads_are_fast, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
