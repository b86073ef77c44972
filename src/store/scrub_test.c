/* After a scrub nothing of what was deleted or replaced is in the files of the engine, however its pages were split, joined and
 * filled in between; and a file of the format before is taken over clean. */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "crypto/start.h"
#include "store/sqlite.h"
#include "store/sqlite_pages.h"
#include "store/test_bench.h"

enum { OTHERS = 600, SECRETS = 40, ROUNDS = 2500 };
static const char MARK[] = "THIS-IS-KEY-MATERIAL";

typedef struct engine {
    bench *b;
    void *state;
} engine;

static engine open_engine(bench *b) {
    engine e = {.b = b};
    store_options options = {.folder = b->folder, .key = &b->key, .is_durable = false, .fault = &b->fault};
    status opened = store_engine_sqlite.open(&options, &b->fault, &e.state);
    if (FAILED(opened)) fail_msg("%s: %s", status_name(opened), b->fault.text);
    return e;
}

static void step(engine *e, enum store_step which) {
    assert_int_equal(store_engine_sqlite.step(e->state, which).code, STATUS_OK);
}

static void put_value(engine *e, const char *key, slice value) {
    store_row row = {slice_of_text(key), value, 1};
    assert_int_equal(store_engine_sqlite.put(e->state, &row).code, STATUS_OK);
}

static void put_random(engine *e, const char *kind, int number, const char *text) {
    char key[64], value[6000];
    size_t len = 40 + (size_t)rand() % (rand() % 8 ? 600 : 5900); /* some spill over onto pages of their own */
    snprintf(key, sizeof key, "key/%03d/%s", number, kind);
    for (size_t i = 0; i < len; i++) value[i] = text[i % strlen(text)];
    put_value(e, key, slice_of(value, len));
}

static size_t marks_in(const char *path) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    assert_int_equal(fstat(fd, &info), 0);
    uint8_t *all = malloc((size_t)info.st_size + 1);
    assert_non_null(all);
    assert_int_equal(read(fd, all, (size_t)info.st_size), info.st_size);
    close(fd);
    size_t count = 0, hit;
    for (slice rest = slice_of(all, (size_t)info.st_size); (hit = slice_find(rest, SLICE("KEY-MATER"))) != SIZE_MAX;
         rest = slice_skip(rest, hit + 1))
        count++;
    free(all);
    return count;
}

static size_t marks_on_disk(bench *b) {
    char log[128];
    snprintf(log, sizeof log, "%s-wal", b->file);
    return marks_in(b->file) + marks_in(log);
}

static void churn(engine *e) {
    for (int round = 0; round < ROUNDS; round++) {
        step(e, STORE_STEP_BEGIN);
        for (int i = 0; i < 4; i++) put_random(e, "other", rand() % OTHERS, "...");
        char key[64];
        snprintf(key, sizeof key, "key/%03d/other", rand() % OTHERS);
        if (rand() % 2) put_value(e, key, (slice){0});
        if (rand() % 4 == 0) put_random(e, "secret", rand() % SECRETS * 15, MARK);
        snprintf(key, sizeof key, "key/%03d/secret", rand() % SECRETS * 15);
        if (rand() % 9 == 0) put_value(e, key, (slice){0});
        step(e, STORE_STEP_COMMIT);
    }
}

static void remove_secrets(engine *e) {
    step(e, STORE_STEP_BEGIN);
    for (int i = 0; i < SECRETS; i++) {
        char key[64];
        snprintf(key, sizeof key, "key/%03d/secret", i * 15);
        put_value(e, key, (slice){0});
    }
    step(e, STORE_STEP_COMMIT);
}

/* Rows of one size come and go, with a scrub after some of them: those that move to another page leave nothing in the old one. */
static void nothing_is_left_where_rows_were_moved(void **state) {
    bench *b = *state;
    engine e = open_engine(b);
    for (unsigned seed = 1; seed <= 60; seed++) {
        srand(seed);
        for (int round = 0; round < 3; round++) {
            step(&e, STORE_STEP_BEGIN);
            for (int i = 0; i < SECRETS; i++) {
                char key[64], value[336];
                snprintf(key, sizeof key, "key/%03d/secret", rand() % SECRETS * 15);
                for (size_t at = 0; at < sizeof value; at++) value[at] = MARK[at % (sizeof MARK - 1)];
                put_value(&e, key, rand() % 3 ? slice_of(value, sizeof value) : (slice){0});
                put_random(&e, "other", rand() % SECRETS, "...");
            }
            step(&e, STORE_STEP_COMMIT);
            assert_int_equal(store_engine_sqlite.scrub(e.state).code, STATUS_OK);
        }
        remove_secrets(&e);
        assert_int_equal(store_engine_sqlite.scrub(e.state).code, STATUS_OK);
        if (marks_on_disk(b) > 0) fail_msg("seed %u: %zu are left", seed, marks_on_disk(b));
    }
    store_engine_sqlite.close(e.state);
}

/* Heads of pages that no tree has, or that say what cannot be: nothing of those is touched. */
static void a_gap_is_where_a_page_says_and_nowhere_else(void **state) {
    (void)state;
    static const struct {
        uint8_t type, count[2], content[2];
        page_gap first, later;
    } cases[] = {
        {10, {0, 3}, {7, 208}, {114, 2000}, {14, 2000}}, {13, {0, 3}, {7, 208}, {114, 2000}, {14, 2000}},
        {2, {0, 3}, {7, 208}, {118, 2000}, {18, 2000}},  {5, {0, 0}, {16, 0}, {112, 4096}, {12, 4096}},
        {10, {0, 3}, {16, 1}, {0, 0}, {0, 0}},           {10, {0, 3}, {0, 0}, {0, 0}, {0, 0}},
        {10, {255, 255}, {255, 255}, {0, 0}, {0, 0}},    {10, {255, 255}, {16, 0}, {0, 0}, {0, 0}},
        {10, {0, 3}, {0, 14}, {0, 0}, {0, 0}},           {0, {0, 3}, {7, 208}, {0, 0}, {0, 0}},
        {1, {0, 3}, {7, 208}, {0, 0}, {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t number = 1; number <= 2; number++) {
            uint8_t page[SQLITE_PAGE_BYTES] = {0}, *head = number == 1 ? page + 100 : page;
            head[0] = cases[i].type;
            memcpy(head + 3, cases[i].count, 2);
            memcpy(head + 5, cases[i].content, 2);
            page_gap found = page_gap_of(page, number), expected = number == 1 ? cases[i].first : cases[i].later;
            assert_int_equal(found.from, expected.from);
            assert_int_equal(found.to, expected.to);
        }
}

static void nothing_is_left(void **state) {
    bench *b = *state;
    engine e = open_engine(b);
    for (unsigned seed = 1; seed <= 3; seed++) {
        srand(seed);
        churn(&e);
        assert_true(marks_on_disk(b) > 0); /* the scan finds what is there */
        remove_secrets(&e);
        assert_int_equal(store_engine_sqlite.scrub(e.state).code, STATUS_OK);
        assert_int_equal(marks_on_disk(b), 0);
    }
    store_engine_sqlite.close(e.state);
}

/* A file as the format before left it: free pages full of what was deleted. */
static void an_older_file_is_taken_over_clean(void **state) {
    bench *b = *state;
    engine e = open_engine(b);
    store_engine_sqlite.close(e.state);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(b->file, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA secure_delete=OFF; PRAGMA user_version=1;"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                     "INSERT INTO records SELECT 'k' || i, 1, 'THIS-IS-KEY-MATERIAL' || hex(zeroblob(200)) FROM n;"
                     "DELETE FROM records WHERE key <> 'k7'; UPDATE records SET value = 'kept'",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_true(marks_on_disk(b) > 0);
    e = open_engine(b);
    assert_int_equal(marks_on_disk(b), 0);
    store_engine_sqlite.close(e.state);
    e = open_engine(b); /* and is now of this format */
    store_engine_sqlite.close(e.state);
}

static int start(void **state) {
    (void)state;
    return FAILED(crypto_start());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_where_a_page_says_and_nowhere_else),
        cmocka_unit_test_setup_teardown(nothing_is_left, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_left_where_rows_were_moved, begin, end),
        cmocka_unit_test_setup_teardown(an_older_file_is_taken_over_clean, begin, end),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
