/* Tests of the store against damage and against someone who can write the file but has no key. */
#include "store/test_bench.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "crypto/start.h"
#include "system/files.h"

/* Whether the bytes appear in any file of the store. */
static bool is_on_disk(bench *b, slice wanted) {
    static const char *const endings[] = {"", "-wal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        OWNED(buffer) content = {0};
        char path[128];
        snprintf(path, sizeof path, "%s%s", b->file, endings[i]);
        status read = files_read(FILES_HERE, path, 64 << 20, &content);
        if (!FAILED(read)) found |= slice_find(buffer_slice(&content), wanted) != SIZE_MAX;
    }
    return found;
}

static void test_no_value_is_on_disk_in_clear(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    assert_int_equal(store_begin(s).code, STATUS_OK);
    assert_int_equal(put(s, "a visible key", SLICE("a very hidden value")).code, STATUS_OK);
    assert_int_equal(store_commit(s).code, STATUS_OK);
    assert_true(is_on_disk(b, SLICE("a visible key")));
    assert_false(is_on_disk(b, SLICE("a very hidden value")));
    store_close(s);
    assert_true(is_on_disk(b, SLICE("a visible key")));
    assert_false(is_on_disk(b, SLICE("a very hidden value")));
}

static void test_refuses_another_key(void **state) {
    bench *b = *state;
    store_close(open_now(b));
    secret other = {0};
    store *s = NULL;
    assert_int_equal(secret_new(STORE_KEY_BYTES, &other).code, STATUS_OK);
    assert_int_equal(open_with(b, &other, &s).code, FAILURE_CORRUPT);
    assert_null(s);
    assert_non_null(strstr(b->fault.text, "another key"));
    secret_clear(&other);
    store_close(open_now(b));
}

static void write_file(bench *b, slice content) {
    int fd = open(b->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(files_write_all(fd, content).code, STATUS_OK);
    files_close(fd);
}

static void run_sql(bench *b, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(b->file, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void test_refuses_foreign_files(void **state) {
    bench *b = *state;
    write_file(b, SLICE("this is no database at all, though it has some length to it, more than the hundred bytes of a "
                        "header it needs"));
    expect_refused(b, FAIL(CORRUPT));
    unlink(b->file);
    run_sql(b, "CREATE TABLE other (x)");
    expect_refused(b, FAIL(CORRUPT));
    unlink(b->file);
    store_close(open_now(b));
    run_sql(b, "PRAGMA user_version=4");
    expect_refused(b, FAIL(UNSUPPORTED));
}

/* What someone with access to the file, but without the key, may try: each is noticed at the next open. */
static void test_notices_tampering(void **state) {
    bench *b = *state;
    static const char *const attacks[] = {
        "DELETE FROM records WHERE key = CAST('key000007' AS BLOB)",
        "INSERT INTO records SELECT CAST('key9' AS BLOB), revision, value FROM records WHERE key = CAST('key000007' AS "
        "BLOB)",
        "UPDATE records SET key = CAST('key000007x' AS BLOB) WHERE key = CAST('key000007' AS BLOB)",
        "UPDATE records SET revision = revision + 1 WHERE key = CAST('key000007' AS BLOB)",
        "DELETE FROM records WHERE key = x'00'",
        "UPDATE records SET revision = 5000 WHERE key = x'00'",
        "UPDATE records SET value = x'00' WHERE key = x'00'",
        "UPDATE records SET value = (SELECT value FROM records WHERE key = CAST('key000007' AS BLOB)) WHERE key = "
        "x'00'",
    };
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        unlink(b->file);
        store *s = open_now(b);
        fill(s, 0, 20);
        store_close(s);
        run_sql(b, attacks[i]);
        status opened = open_with(b, &b->key, &s);
        if (!FAILED_WITH(opened, CORRUPT)) fail_msg("%s gave %s", attacks[i], status_name(opened));
    }
}

/* An older state of one record, put back whole: sealed properly, and yet not what was stored last. */
static void test_notices_an_old_record_put_back(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 20);
    store_close(s);
    run_sql(b, "CREATE TABLE kept AS SELECT * FROM records WHERE key = CAST('key000007' AS BLOB)");
    s = open_now(b);
    fill(s, 0, 20);
    store_close(s);
    run_sql(b, "INSERT OR REPLACE INTO records SELECT * FROM kept; DROP TABLE kept");
    expect_refused(b, FAIL(CORRUPT));
    assert_non_null(strstr(b->fault.text, "put back"));
}

/* Two values exchanged: the structure and the sum are sound, the seals are not. */
static void test_names_the_record_that_was_swapped(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 20);
    store_close(s);
    run_sql(b, "UPDATE records SET value = (SELECT value FROM records WHERE key = CAST('key000003' AS BLOB)) "
               "WHERE key = CAST('key000007' AS BLOB)");
    s = open_now(b);
    slice name = SLICE("none yet");
    store_last_corrupt(s, &name);
    assert_true(slice_is_absent(name));
    assert_int_equal(read_back(b, s, 3).code, STATUS_OK);
    assert_int_equal(read_back(b, s, 7).code, FAILURE_CORRUPT);
    store_last_corrupt(s, &name);
    assert_true(slice_equals_text(name, "key000007"));
    assert_non_null(strstr(store_last_fault(s), "key000007"));
    store_row *rows;
    size_t count;
    assert_int_equal(store_range(s, SLICE("key000005"), (slice){0}, 99, &b->memory, &rows, &count).code,
                     FAILURE_CORRUPT);
    assert_int_equal(store_range(s, SLICE("key000008"), (slice){0}, 99, &b->memory, &rows, &count).code, STATUS_OK);
    fill(s, 7, 8);
    assert_int_equal(read_back(b, s, 7).code, STATUS_OK);
    store_close(s);
}

static void flip_byte(bench *b, uint64_t at, uint8_t mask) {
    int fd = open(b->file, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    assert_true(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
    byte ^= mask;
    assert_true(pwrite(fd, &byte, 1, (off_t)at) == 1);
    close(fd);
}

/* Either it does not open, or every record reads right or CORRUPT; true when the damage was noticed. */
static bool damage_is_noticed(bench *b, int count) {
    store *s = NULL;
    status opened = open_with(b, &b->key, &s);
    if (FAILED(opened)) {
        if (!FAILED_WITH(opened, CORRUPT) && !FAILED_WITH(opened, UNSUPPORTED))
            fail_msg("%s: %s", status_name(opened), b->fault.text);
        return true;
    }
    bool is_noticed = false;
    for (int n = 0; n < count; n++) {
        status read = read_back(b, s, n);
        if (FAILED(read) && !FAILED_WITH(read, CORRUPT)) fail_msg("key %d: %s", n, status_name(read));
        is_noticed |= FAILED(read);
    }
    store_close(s);
    return is_noticed;
}

static void test_flipped_bits_never_give_wrong_data(void **state) {
    bench *b = *state;
    enum { RECORDS = 60, FLIPS = 150 };
    OWNED(buffer) sound = {0};
    store *s = open_now(b);
    fill(s, 0, RECORDS);
    store_close(s);
    assert_int_equal(files_read(FILES_HERE, b->file, 64 << 20, &sound).code, STATUS_OK);
    int noticed = 0;
    srand(11);
    for (int i = 0; i < FLIPS; i++) {
        flip_byte(b, (uint64_t)rand() % sound.len, (uint8_t)(1 << rand() % 8));
        noticed += damage_is_noticed(b, RECORDS);
        write_file(b, buffer_slice(&sound));
    }
    /* Most of the file is records; some bytes are free space or counters that nothing depends on. */
    assert_true(noticed > FLIPS / 2);
    assert_false(damage_is_noticed(b, RECORDS));
}

/* A cut file is damage and not a smaller store. */
static void test_notices_a_cut_file(void **state) {
    bench *b = *state;
    store *s = open_now(b);
    fill(s, 0, 200);
    store_close(s);
    struct stat facts;
    assert_int_equal(stat(b->file, &facts), 0);
    assert_int_equal(truncate(b->file, facts.st_size / 2), 0);
    expect_refused(b, FAIL(CORRUPT));
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_value_is_on_disk_in_clear, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_another_key, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_foreign_files, begin, end),
        cmocka_unit_test_setup_teardown(test_notices_tampering, begin, end),
        cmocka_unit_test_setup_teardown(test_notices_an_old_record_put_back, begin, end),
        cmocka_unit_test_setup_teardown(test_names_the_record_that_was_swapped, begin, end),
        cmocka_unit_test_setup_teardown(test_flipped_bits_never_give_wrong_data, begin, end),
        cmocka_unit_test_setup_teardown(test_notices_a_cut_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
