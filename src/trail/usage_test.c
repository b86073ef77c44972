/* The ledger of key uses: equal to a plain count over the entries, whatever became of its files. */
#include "trail/usage.h"

#include "base/text.h"
#include "trail/event.h"
#include "trail/trail_test.h"
#include "trail/usage_run.h"

enum { BEGIN_S = 1716186861, KEYS = 5, VERSIONS = 2, NAMES = 4, USERS = 3, HOURS = 50 };

static const char *const names[NAMES] = {"Encrypt", "Decrypt", "GetObject", "ScheduleKeyDeletion"};
static const char *const acts[NAMES] = {"Encrypt", "Decrypt", "Decrypt", ""};
static const char *const users[USERS] = {"alice", "b\"o\\b", "root"};

/* What was added, counted without any cleverness. */
typedef struct plain {
    uint64_t count[KEYS][VERSIONS][NAMES][USERS][HOURS];
    int64_t last_s[KEYS];
} plain;

typedef struct setting {
    test_folder folder;
    tree t;
    usage u;
    plain *counted;
    unsigned random;
} setting;

static unsigned draw(setting *s, unsigned below) {
    s->random = s->random * 1103515245 + 12345;
    return s->random / 65536 % below;
}

static void id_text(unsigned kind, unsigned number, char out[37]) {
    uint8_t bytes[16] = {(uint8_t)kind, (uint8_t)number, 7};
    uuid_format(bytes, out);
}

static void add_event(setting *s) {
    OWNED(buffer) plain_event = {0};
    OWNED(buffer) whole = {0};
    char key[37], version[37];
    uint64_t index;
    unsigned k = draw(s, KEYS), v = draw(s, VERSIONS), n = draw(s, NAMES), who = draw(s, USERS), hour = draw(s, HOURS);
    int64_t time_s = BEGIN_S / 3600 * 3600 + hour * 3600 + draw(s, 3600);
    event e = {.event_id = SLICE("e"),
               .event_name = slice_of_text(names[n]),
               .time_s = time_s,
               .user_agent = SLICE("\"keyUse\":[{\"keyId\":"),
               .request_parameters = SLICE("{\"keyUse\":[{\"keyId\":\"x\"}],\"userIdentity\":{\"userName\":\"eve\"}}"),
               .identity = {.type = SLICE("ram-user"), .user_name = slice_of_text(users[who])}};
    assert_ok(event_write(&e, &plain_event));
    id_text(1, k, key);
    id_text(2, v, version);
    event_use use = {slice_of_text(key), slice_of_text(version), slice_of_text(acts[n])};
    event_use uses[] = {use, use};
    size_t count = n == 3 ? 0 : 1 + draw(s, 2);
    assert_ok(event_append_uses(buffer_slice(&plain_event), uses, count, &whole));
    assert_ok(tree_add(&s->t, buffer_slice(&whole), &index));
    s->counted->count[k][v][n][who][hour] += count;
    if (count && time_s > s->counted->last_s[k]) s->counted->last_s[k] = time_s;
}

static void add_events(setting *s, unsigned count) {
    while (count-- > 0) add_event(s);
    assert_ok(tree_write(&s->t));
}

static setting make_setting(void) {
    setting s = {.folder = test_folder_make(), .counted = calloc(1, sizeof(plain)), .random = 4711};
    assert_non_null(s.counted);
    assert_ok(tree_open(s.folder.fd, SLICE("1"), NULL, &s.t));
    return s;
}

static void drop_setting(setting *s) {
    usage_clear(&s->u);
    tree_clear(&s->t);
    free(s->counted);
    test_folder_remove(&s->folder);
}

static void work(setting *s) {
    bool is_done = false;
    while (!is_done) assert_ok(usage_work(&s->u, &s->t, 1000, &is_done));
}

static unsigned index_of(slice text, const char *const *list, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (slice_equals_text(text, list[i])) return i;
    assert_true(slice_equals_text(text, "b\\\"o\\\\b")); /* as it stands in JSON */
    return 1;
}

/* Takes the row's count off what is expected; at the end nothing may be left. */
static void take_off(plain *left, unsigned key, const usage_row *row) {
    usage_parts p;
    assert_true(usage_row_parts(row, &p));
    assert_int_equal(p.key_id.at[1], key);
    assert_true(slice_equals_text(p.caller_type, "ram-user") && slice_is_absent(p.caller_id));
    unsigned n = index_of(p.operation, names, NAMES), who = index_of(p.caller_name, users, USERS);
    assert_true(slice_equals_text(p.use, acts[n]));
    unsigned hour = p.hour - (unsigned)(BEGIN_S / 3600);
    assert_true(hour < HOURS);
    uint64_t *cell = &left->count[key][p.key_version_id.at[1]][n][who][hour];
    assert_true(row->count > 0);
    assert_int_equal(*cell, row->count);
    *cell = 0;
}

static void page_through(setting *s, unsigned key, plain *left) {
    uint8_t id[16] = {1, (uint8_t)key, 7};
    usage_query q = {.key_id = slice_of(id, 16), .from_hour = 1, .to_hour = UINT32_MAX, .limit = 337};
    OWNED(arena) memory = {.limit = 64 << 20};
    for (;;) {
        usage_answer found;
        assert_ok(usage_find(&s->u, &s->t, &q, &memory, &found));
        for (size_t i = 0; i < found.count; i++) take_off(left, key, &found.rows[i]);
        if (!found.has_more) return;
        assert_int_equal(found.count, q.limit);
        q.after = found.rows[found.count - 1].order;
    }
}

static void check_totals(setting *s, unsigned key) {
    uint8_t id[16] = {1, (uint8_t)key, 7};
    usage_query q = {.key_id = slice_of(id, 16), .limit = 1000};
    OWNED(arena) memory = {.limit = 64 << 20};
    usage_answer found;
    uint64_t sum = 0, expected = 0;
    int64_t last_s = 0;
    const uint64_t *cells = &s->counted->count[key][0][0][0][0];
    for (size_t i = 0; i < sizeof s->counted->count[0] / sizeof *cells; i++) expected += cells[i];
    assert_ok(usage_find(&s->u, &s->t, &q, &memory, &found));
    for (size_t i = 0; i < found.count; i++) {
        sum += found.rows[i].count;
        if (found.rows[i].last_s > last_s) last_s = found.rows[i].last_s;
    }
    assert_int_equal(sum, expected);
    assert_int_equal(last_s, s->counted->last_s[key]);
}

static void check_equal(setting *s) {
    plain *left = malloc(sizeof *left);
    assert_non_null(left);
    *left = *s->counted;
    for (unsigned key = 0; key < KEYS; key++) {
        page_through(s, key, left);
        check_totals(s, key);
    }
    const uint64_t *cells = &left->count[0][0][0][0][0];
    for (size_t i = 0; i < sizeof left->count / sizeof *cells; i++) assert_int_equal(cells[i], 0);
    free(left);
}

static void it_equals_a_plain_count(void **state) {
    (void)state;
    setting s = make_setting();
    work(&s);
    check_equal(&s);
    const unsigned steps[] = {1, 1000, 22, 1, 5000, 9000, 1361, 3000}; /* over the edges of runs of both levels */
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        add_events(&s, steps[i]);
        work(&s);
        check_equal(&s);
    }
    assert_true(test_exists(&s.folder, "1/usage/1-0"));
    assert_false(test_exists(&s.folder, "1/usage/0-3"));
    usage_clear(&s.u); /* a start finds the runs, and counts what is behind them */
    work(&s);
    check_equal(&s);
    drop_setting(&s);
}

static void nothing_is_answered_before_all_is_counted(void **state) {
    (void)state;
    setting s = make_setting();
    uint8_t id[16] = {1};
    usage_query q = {.key_id = slice_of(id, 16), .limit = 1};
    OWNED(arena) memory = {.limit = 16 << 20};
    usage_answer found;
    assert_failure(usage_find(&s.u, &s.t, &q, &memory, &found), CONFLICT);
    work(&s);
    assert_ok(usage_find(&s.u, &s.t, &q, &memory, &found));
    assert_int_equal(found.count, 0);
    add_events(&s, 1024);
    assert_failure(usage_find(&s.u, &s.t, &q, &memory, &found), CONFLICT);
    q.key_id.len = 15;
    assert_failure(usage_find(&s.u, &s.t, &q, &memory, &found), INVALID_PARAMETER);
    drop_setting(&s);
}

/* Every byte of a small run, and some of a large one: it is found, thrown away and made again. */
static void damaged_runs_are_made_again(void **state) {
    (void)state;
    setting s = make_setting();
    add_events(&s, 5000);
    work(&s);
    struct stat info;
    assert_int_equal(fstatat(s.folder.fd, "1/usage/0-2", &info, 0), 0);
    for (long at = 0; at < info.st_size; at += info.st_size / 23) {
        test_flip(&s.folder, "1/usage/0-2", at);
        if (at % 2) usage_clear(&s.u); /* found at a start, or in the middle of the work */
        plain *left = calloc(1, sizeof *left);
        assert_non_null(left);
        *left = *s.counted;
        OWNED(arena) memory = {.limit = 64 << 20};
        for (unsigned key = 0; key < KEYS; key++) {
            uint8_t id[16] = {1, (uint8_t)key, 7};
            usage_query q = {.key_id = slice_of(id, 16), .from_hour = 1, .to_hour = UINT32_MAX, .limit = 1 << 16};
            usage_answer found;
            status answered = usage_find(&s.u, &s.t, &q, &memory, &found);
            while (FAILED_WITH(answered, CONFLICT)) {
                work(&s);
                answered = usage_find(&s.u, &s.t, &q, &memory, &found);
            }
            assert_ok(answered);
            for (size_t i = 0; i < found.count; i++) take_off(left, key, &found.rows[i]);
        }
        free(left);
        work(&s);
        check_equal(&s);
    }
    drop_setting(&s);
}

/* Runs that count other entries than this tree's, or more than it has, do not count. */
static void runs_of_another_tree_do_not_count(void **state) {
    (void)state;
    setting one = make_setting(), other = make_setting();
    other.random = 1;
    add_events(&one, 3000);
    add_events(&other, 4000);
    work(&one);
    work(&other);
    usage_clear(&one.u);
    for (int i = 0; i < 3; i++) {
        char from[128], to[128];
        snprintf(from, sizeof from, "%s/1/usage/0-%d", other.folder.path, i);
        snprintf(to, sizeof to, "%s/1/usage/0-%d", one.folder.path, i);
        if (i > 0) assert_int_equal(rename(from, to), 0);
    }
    work(&one);
    check_equal(&one);
    drop_setting(&one);
    drop_setting(&other);
}

static void a_run_left_half_made_is_no_hindrance(void **state) {
    (void)state;
    setting s = make_setting();
    add_events(&s, 1500);
    work(&s);
    usage_clear(&s.u);
    char path[128];
    const char *const leftovers[] = {"0-1.new", "0-7", "1-0", "x", "0-", "99-1", "0-99999999999999999999"};
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
        snprintf(path, sizeof path, "%s/1/usage/%s", s.folder.path, leftovers[i]);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs("half", f);
        fclose(f);
    }
    add_events(&s, 1500);
    work(&s);
    check_equal(&s);
    drop_setting(&s);
}

static void lines_come_back_as_they_were_written(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    usage_row row = {SLICE("0123456789abcdef\0\0\0\1fedcba9876543210\0\0\0\0\0\0\0\0\0\0"), 3, 1700000000, 9}, again;
    usage_parts parts;
    assert_ok(usage_row_write(&row, &out));
    slice whole = buffer_slice(&out), rest = whole;
    assert_true(usage_row_take(&rest, &again) && rest.len == 0);
    assert_true(slice_equals(again.order, row.order) && again.count == 3 && again.last_s == 1700000000 &&
                again.last_index == 9);
    assert_true(usage_row_parts(&again, &parts) && parts.hour == 1 && slice_is_absent(parts.use));
    for (size_t len = 0; len < whole.len; len++) {
        rest = slice_head(whole, len);
        assert_false(usage_row_take(&rest, &again));
    }
    row.order.len--;
    assert_false(usage_row_parts(&row, &parts));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_equals_a_plain_count),
        cmocka_unit_test(nothing_is_answered_before_all_is_counted),
        cmocka_unit_test(damaged_runs_are_made_again),
        cmocka_unit_test(runs_of_another_tree_do_not_count),
        cmocka_unit_test(a_run_left_half_made_is_no_hindrance),
        cmocka_unit_test(lines_come_back_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, test_start, NULL);
}
