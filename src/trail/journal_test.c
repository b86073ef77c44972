/* The journal: what was committed comes back once and in order; crashes are cut off, damage is named. */
#include "trail/journal.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/text.h"
#include "trail/trail_test.h"

#define FIRST_SEGMENT "00000000000000000001.seg"
#define SECOND_SEGMENT "00000000000000000002.seg"

static const journal_options small = {.segment_bytes = JOURNAL_SEGMENT_BYTES_LEAST, .is_durable = true};

static void append_one(journal *j, uint64_t number) {
    char room[64];
    char id[32];
    snprintf(id, sizeof id, "request-%llu", (unsigned long long)number);
    journal_entry entry = {.kind = JOURNAL_EVENT,
                           .index = number,
                           .account = SLICE("123456789012"),
                           .request_id = slice_of_text(id),
                           .payload = test_entry(number, room)};
    assert_ok(journal_append(j, &entry));
    assert_int_equal(entry.sequence, number + 1);
}

static void append_and_commit(journal *j, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) append_one(j, first + i);
    assert_ok(journal_commit(j));
}

/* Reads to the end; entries are numbered from `first`. */
static status read_all(journal *j, uint64_t first, uint64_t *count) {
    char room[64];
    bool is_end = false;
    for (*count = 0;; ++*count) {
        journal_entry entry;
        TRY(journal_read(j, &entry, &is_end));
        if (is_end) return OK;
        assert_int_equal(entry.sequence, first + *count + 1);
        assert_int_equal(entry.index, first + *count);
        assert_true(slice_equals(entry.payload, test_entry(first + *count, room)));
        assert_true(slice_equals_text(entry.account, "123456789012"));
    }
}

static journal reopen(const test_folder *folder, uint64_t due) {
    journal j;
    uint64_t count;
    assert_ok(journal_open(folder->fd, &small, &j));
    assert_ok(read_all(&j, 0, &count));
    assert_int_equal(count, due);
    return j;
}

static void committed_entries_come_back(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 3);
    append_and_commit(&j, 3, 1);
    append_one(&j, 4); /* never committed */
    journal_clear(&j);
    j = reopen(&folder, 4);
    assert_int_equal(j.torn.bytes, 0);
    append_and_commit(&j, 4, 2);
    append_one(&j, 6);
    journal_abandon(&j);
    append_and_commit(&j, 6, 1);
    journal_clear(&j);
    j = reopen(&folder, 7);
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void segments_follow_and_go(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    uint64_t count = 0;
    for (; j.segment_count < 5; count += 100) append_and_commit(&j, count, 100);
    journal_clear(&j);
    j = reopen(&folder, count);
    assert_ok(journal_release(&j, count)); /* all of it is elsewhere */
    assert_int_equal(j.segment_count, JOURNAL_SEGMENTS_KEPT + 1);
    assert_false(test_exists(&folder, FIRST_SEGMENT));
    uint64_t first = j.segments[0].first;
    assert_ok(journal_release(&j, count));
    append_and_commit(&j, count, 10);
    journal_clear(&j);
    assert_ok(journal_open(folder.fd, &small, &j));
    uint64_t left;
    assert_ok(read_all(&j, first - 1, &left));
    assert_int_equal(left, count + 10 - (first - 1));
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void nothing_is_released_too_early(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    uint64_t count = 0;
    for (; j.segment_count < 5; count += 100) append_and_commit(&j, count, 100);
    assert_ok(journal_release(&j, j.segments[1].first - 2)); /* one entry of the first segment is needed still */
    assert_true(test_exists(&folder, FIRST_SEGMENT));
    assert_ok(journal_release(&j, j.segments[1].first - 1));
    assert_false(test_exists(&folder, FIRST_SEGMENT));
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void a_torn_tail_is_cut_off(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 5);
    append_and_commit(&j, 5, 5);
    long end = (long)j.active.position;
    journal_clear(&j);
    test_flip(&folder, FIRST_SEGMENT, end - 1); /* in the last frame */
    j = reopen(&folder, 9);
    assert_int_equal(j.torn.segment, 1);
    assert_true(j.torn.bytes > 0);
    assert_int_equal(j.torn.offset + j.torn.bytes, end);
    journal_clear(&j);
    j = reopen(&folder, 9);
    assert_int_equal(j.torn.bytes, 0); /* told once */
    append_and_commit(&j, 9, 3);
    journal_clear(&j);
    j = reopen(&folder, 12);
    assert_int_equal(j.torn.bytes, 0);
    journal_clear(&j);
    test_folder_remove(&folder);
}

/* A crash may have written the end of the last commit and not its middle. */
static void a_hole_in_the_last_commit_is_cut_off(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 5);
    long start = (long)j.active.position;
    append_and_commit(&j, 5, 50);
    journal_clear(&j);
    int fd = openat(folder.fd, FIRST_SEGMENT, O_RDWR | O_CLOEXEC);
    const uint8_t zeros[512] = {0};
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, start + 600), sizeof zeros);
    close(fd);
    journal_entry entry;
    bool is_end = false;
    uint64_t count = 0;
    assert_ok(journal_open(folder.fd, &small, &j));
    for (;; count++) {
        assert_ok(journal_read(&j, &entry, &is_end));
        if (is_end) break;
    }
    assert_in_range(count, 6, 20);
    assert_true(j.torn.bytes > 0);
    append_and_commit(&j, count, 100); /* longer than what was cut off */
    journal_clear(&j);
    j = reopen(&folder, count + 100);
    assert_int_equal(j.torn.bytes, 0);
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void expect_corrupt(const test_folder *folder, uint64_t segment) {
    journal j;
    uint64_t count;
    assert_ok(journal_open(folder->fd, &small, &j));
    assert_failure(read_all(&j, 0, &count), CORRUPT);
    assert_int_equal(j.corrupt.segment, segment);
    assert_true(j.corrupt.bytes > 0);
    assert_failure(read_all(&j, 0, &count), CORRUPT); /* it stays so */
    journal_clear(&j);
}

static void damage_before_the_last_commit_is_named(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 5);
    long end = (long)j.active.position;
    append_and_commit(&j, 5, 1);
    long last_end = (long)j.active.position;
    journal_clear(&j);
    for (long at = 0; at < end; at++) { /* every byte of the header and of the first commit */
        if (at >= 28 && at < JOURNAL_HEADER_BYTES) continue;
        test_flip(&folder, FIRST_SEGMENT, at);
        expect_corrupt(&folder, 1);
        test_flip(&folder, FIRST_SEGMENT, at);
    }
    j = reopen(&folder, 6); /* reading damage changed nothing */
    assert_int_equal(j.active.position, last_end);
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void damage_in_an_older_segment_is_named(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    uint64_t count = 0;
    long end = 0;
    for (; j.segment_count < 2; count += 10) {
        end = (long)j.active.position;
        append_and_commit(&j, count, 10);
    }
    append_and_commit(&j, count, 10);
    count += 10;
    journal_clear(&j);
    test_flip(&folder, FIRST_SEGMENT, end - 1); /* the last frame before the next segment */
    expect_corrupt(&folder, 1);
    test_flip(&folder, FIRST_SEGMENT, end - 1);
    test_flip(&folder, SECOND_SEGMENT, 3);
    expect_corrupt(&folder, 2);
    test_flip(&folder, SECOND_SEGMENT, 3);
    j = reopen(&folder, count);
    journal_clear(&j);
    assert_int_equal(unlinkat(folder.fd, FIRST_SEGMENT, 0), 0);
    uint64_t left;
    assert_ok(journal_open(folder.fd, &small, &j)); /* released segments may be gone … */
    uint64_t first = 0;
    journal_entry entry;
    bool is_end;
    assert_ok(journal_read(&j, &entry, &is_end));
    first = entry.sequence;
    assert_ok(read_all(&j, first, &left));
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void a_missing_segment_is_noticed(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    uint64_t count = 0;
    for (; j.segment_count < 3; count += 100) append_and_commit(&j, count, 100);
    journal_clear(&j);
    assert_int_equal(unlinkat(folder.fd, SECOND_SEGMENT, 0), 0); /* … but not one between two others */
    assert_failure(journal_open(folder.fd, &small, &j), CORRUPT);
    test_folder_remove(&folder);
}

static void set_file_limit(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_loses_nothing(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    signal(SIGXFSZ, SIG_IGN);
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 5);
    set_file_limit(64);
    append_one(&j, 5);
    assert_failure(journal_commit(&j), DISK_FULL);
    append_one(&j, 6);
    assert_failure(journal_commit(&j), DISK_FULL);
    set_file_limit(RLIM_INFINITY);
    append_and_commit(&j, 7, 1); /* there is room again: all three */
    journal_clear(&j);
    j = reopen(&folder, 8);
    assert_int_equal(j.torn.bytes, 0);
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void a_full_disk_stops_the_next_segment(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    signal(SIGXFSZ, SIG_IGN);
    journal j = reopen(&folder, 0);
    uint64_t count = 0;
    for (; append_room(&j.active) > 40000; count += 10) {
        set_file_limit(j.active.position +
                       30000); /* enough for this segment's next commit, not for preparing another */
        append_and_commit(&j, count, 10);
    }
    for (uint64_t i = 0; i < 500; i++) append_one(&j, count + i);
    assert_failure(journal_commit(&j), DISK_FULL);
    assert_failure(journal_commit(&j), DISK_FULL);
    set_file_limit(RLIM_INFINITY);
    assert_ok(journal_commit(&j));
    journal_clear(&j);
    j = reopen(&folder, count + 500);
    journal_clear(&j);
    test_folder_remove(&folder);
}

/* After a failed sync the same entries are written again into a new segment: the old copy must not count twice. */
static void a_failed_sync_moves_on(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    append_and_commit(&j, 0, 5);
    append_and_commit(&j, 5, 2); /* as if its sync had failed: */
    j.must_switch = true;
    j.sequence = j.batch = 6;
    append_and_commit(&j, 5, 4);
    assert_int_equal(j.segment_count, 2);
    j.must_switch = true; /* and once more, with nothing committed in the new segment */
    j.sequence = j.batch = 6;
    append_and_commit(&j, 5, 4);
    assert_int_equal(j.segment_count, 2);
    append_and_commit(&j, 9, 4);
    journal_clear(&j);
    j = reopen(&folder, 13);
    assert_int_equal(j.torn.bytes, 0);
    journal_clear(&j);
    test_folder_remove(&folder);
}

static void limits_are_kept(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    journal j = reopen(&folder, 0);
    uint8_t *big = calloc(1, 70000);
    journal_entry entry = {
        .kind = JOURNAL_EVENT, .account = SLICE("a"), .payload = slice_of(big, FRAME_PAYLOAD_BYTES_MOST + 1)};
    assert_failure(journal_append(&j, &entry), TOO_LARGE);
    entry.payload.len--;
    status appended = OK;
    int count = 0;
    for (; !FAILED(appended); count++) appended = journal_append(&j, &entry);
    assert_failure(appended, CONFLICT); /* the batch is full */
    assert_int_equal(count, JOURNAL_SEGMENT_BYTES_LEAST / 65536);
    assert_ok(journal_commit(&j));
    assert_ok(journal_append(&j, &entry));
    journal_clear(&j);
    free(big);
    journal_options bad = {.segment_bytes = 1024};
    assert_failure(journal_open(folder.fd, &bad, &j), INVALID_PARAMETER);
    test_folder_remove(&folder);
}

/* The bytes in docs/formats/trail.md. */
static void the_documented_bytes_are_written(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(buffer) hex = {0};
    uint8_t header[JOURNAL_HEADER_BYTES];
    frame f = {.sequence = 1,
               .batch = 1,
               .kind = JOURNAL_EVENT,
               .account = SLICE("123456789012"),
               .request_id = SLICE("req-1"),
               .payload = SLICE("{\"a\":1}")};
    assert_ok(frame_encode(&f, &out));
    assert_ok(hex_encode(&hex, buffer_slice(&out)));
    assert_true(slice_equals_text(buffer_slice(&hex),
                                  "000000336c9591ee00000000000000010000000000000001010000000000000000"
                                  "0c313233343536373839303132057265712d317b2261223a317d"));
    buffer_reset(&hex);
    journal_header_encode(&(journal_segment){1, 1}, header);
    assert_ok(hex_encode(&hex, slice_of(header, sizeof header)));
    assert_true(
        slice_equals_text(buffer_slice(&hex), "4b484a524e4c000100000000000000010000000000000001feaf0f4f00000000"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_entries_come_back),
        cmocka_unit_test(segments_follow_and_go),
        cmocka_unit_test(nothing_is_released_too_early),
        cmocka_unit_test(a_torn_tail_is_cut_off),
        cmocka_unit_test(a_hole_in_the_last_commit_is_cut_off),
        cmocka_unit_test(damage_before_the_last_commit_is_named),
        cmocka_unit_test(damage_in_an_older_segment_is_named),
        cmocka_unit_test(a_missing_segment_is_noticed),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_full_disk_stops_the_next_segment),
        cmocka_unit_test(a_failed_sync_moves_on),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(the_documented_bytes_are_written),
    };
    return cmocka_run_group_tests_name("journal", tests, test_start, NULL);
}
