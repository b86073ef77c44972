/* The ledger: exactly once through restarts, deduplication, publishing, refusals. */
#include "trail/ledger.h"

#include <signal.h>
#include <sys/resource.h>

#include "trail/lookup.h"
#include "trail/trail_test.h"
#include "trail/verify.h"

#define A "123456789012"
#define B "210987654321"

static const ledger_options options = {
    .log_name = {(const uint8_t *)"test", 4},
    .journal = {.segment_bytes = JOURNAL_SEGMENT_BYTES_LEAST, .is_durable = true},
};

static status open_ledger(const test_folder *folder, buffer *why, ledger *out) {
    secret seed;
    const uint8_t bytes[SIGN_SEED_BYTES] = {9};
    buffer_reset(why);
    TRY(ledger_open(folder->fd, &options, why, out));
    TRY(secret_copy(slice_of(bytes, sizeof bytes), &seed));
    status keyed = ledger_sign_with(out, &seed);
    secret_clear(&seed);
    return keyed;
}

static ledger reopen(const test_folder *folder) {
    OWNED(buffer) why = {0};
    ledger l;
    assert_ok(open_ledger(folder, &why, &l));
    assert_int_equal(why.len, 0);
    return l;
}

static slice request_id(const char *account, uint64_t number, char room[64]) {
    return slice_of(room, (size_t)snprintf(room, 64, "%s/%llu", account, (unsigned long long)number));
}

static status add(ledger *l, const char *account, uint64_t number) {
    char room[64];
    char id[64];
    return ledger_add(l, slice_of_text(account), request_id(account, number, id), test_entry(number, room));
}

static void add_many(ledger *l, const char *account, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) assert_ok(add(l, account, first + i));
}

static void publish(ledger *l) {
    bool is_done = false;
    while (!is_done) assert_ok(ledger_publish(l, &is_done));
}

/* Entries 0 to count - 1, each once, in order. */
static void check_account(ledger *l, const char *account, uint64_t count) {
    const tree *t;
    char room[64];
    assert_ok(ledger_tree(l, slice_of_text(account), &t));
    assert_int_equal(t->edge.size, count);
    OWNED(buffer) bundle = {0};
    slice rest = {0};
    for (uint64_t i = 0; i < count; i++) {
        slice entry;
        if (i % 256 == 0) {
            buffer_reset(&bundle);
            assert_ok(tree_bundle(t, i / 256, &bundle));
            rest = buffer_slice(&bundle);
        }
        assert_true(bundle_take(&rest, &entry));
        assert_true(slice_equals(entry, test_entry(i, room)));
    }
}

static void check_verifies(const test_folder *folder, const char *account, uint64_t count) {
    note_key key;
    verify_report report;
    char room[256];
    int fd = openat(folder->fd, "vkey", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, room, sizeof room);
    close(fd);
    assert_ok(note_key_parse(slice_of(room, (size_t)got), &key));
    verify_request request = {.folder_fd = openat(folder->fd, account, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                              .key = &key,
                              .account = slice_of_text(account)};
    assert_ok(verify_trail(&request, &report));
    assert_int_equal(report.entries, count);
    close(request.folder_fd);
}

static void committed_events_survive_once(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    ledger l = reopen(&folder);
    add_many(&l, A, 0, 300);
    add_many(&l, B, 0, 5);
    assert_ok(ledger_commit(&l));
    ledger_clear(&l); /* as after a crash: nothing was published */
    l = reopen(&folder);
    check_account(&l, A, 300);
    check_account(&l, B, 5);
    publish(&l);
    add_many(&l, A, 300, 100);
    assert_ok(ledger_commit(&l));
    ledger_clear(&l); /* one part published, one only in the journal */
    l = reopen(&folder);
    check_account(&l, A, 400);
    check_account(&l, B, 5);
    publish(&l);
    ledger_clear(&l);
    check_verifies(&folder, A, 400);
    check_verifies(&folder, B, 5);
    l = reopen(&folder);
    check_account(&l, A, 400);
    ledger_clear(&l);
    test_folder_remove(&folder);
}

static void events_sent_again_count_once(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    ledger l = reopen(&folder);
    char id[64];
    slice first = request_id(A, 0, id);
    assert_ok(add(&l, A, 0));
    assert_false(ledger_knows(&l, first)); /* not durable yet: must not be acknowledged */
    assert_ok(add(&l, A, 0));
    assert_ok(ledger_commit(&l));
    assert_true(ledger_knows(&l, first));
    assert_ok(add(&l, A, 0));
    assert_ok(ledger_commit(&l));
    check_account(&l, A, 1);
    ledger_clear(&l);
    l = reopen(&folder);
    assert_true(ledger_knows(&l, first)); /* from the journal's tail */
    assert_ok(add(&l, A, 0));
    assert_ok(add(&l, A, 1));
    ledger_abandon(&l);
    assert_false(ledger_knows(&l, request_id(A, 1, id)));
    assert_ok(add(&l, A, 1));
    assert_ok(ledger_commit(&l));
    check_account(&l, A, 2);
    ledger_clear(&l);
    test_folder_remove(&folder);
}

static void the_newest_ids_are_remembered(void **state) {
    (void)state;
    recent r;
    char id[64];
    uint64_t number;
    assert_ok(recent_new(&r));
    for (uint64_t i = 0; i < RECENT_IDS + 1000; i++) recent_add(&r, request_id(A, i, id));
    for (uint64_t i = 0; i < RECENT_IDS + 1000; i++) {
        assert_int_equal(recent_find(&r, request_id(A, i, id), &number), i >= 1000);
        if (i >= 1000) assert_int_equal(number, i);
    }
    assert_false(recent_find(&r, SLICE(""), &number));
    recent_take_back(&r, RECENT_IDS + 500);
    assert_false(recent_find(&r, request_id(A, RECENT_IDS + 500, id), &number));
    assert_true(recent_find(&r, request_id(A, RECENT_IDS + 499, id), &number));
    recent_add(&r, request_id(A, RECENT_IDS + 500, id));
    assert_true(recent_find(&r, request_id(A, RECENT_IDS + 500, id), &number));
    recent_clear(&r);
}

static void journal_segments_go_after_publishing(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    ledger l = reopen(&folder);
    uint64_t count = 0;
    for (; l.journal.segment_count < 6; count += 200) {
        add_many(&l, A, count, 200);
        assert_ok(ledger_commit(&l));
    }
    assert_ok(add(&l, B, 0));
    assert_ok(ledger_commit(&l));
    assert_true(test_exists(&folder, "journal/00000000000000000001.seg"));
    publish(&l);
    assert_false(test_exists(&folder, "journal/00000000000000000001.seg"));
    ledger_clear(&l);
    l = reopen(&folder);
    check_account(&l, A, count);
    ledger_clear(&l);
    check_verifies(&folder, A, count);
    test_folder_remove(&folder);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    OWNED(buffer) why = {0};
    ledger other;
    const tree *t;
    uint8_t *big = calloc(1, 65536);
    ledger l = reopen(&folder);
    assert_failure(ledger_add(&l, SLICE("../x"), SLICE("r"), SLICE("{}")), INVALID_PARAMETER);
    assert_failure(ledger_add(&l, SLICE(""), SLICE("r"), SLICE("{}")), INVALID_PARAMETER);
    assert_failure(ledger_add(&l, SLICE("vkey"), SLICE("r"), SLICE("{}")), INVALID_PARAMETER);
    assert_failure(ledger_add(&l, SLICE(A), SLICE("r"), slice_of(big, 65536)), TOO_LARGE);
    assert_failure(ledger_add(&l, SLICE(A), slice_of(big, 256), SLICE("{}")), TOO_LARGE);
    assert_failure(ledger_tree(&l, SLICE("9999"), &t), NOT_FOUND);
    assert_failure(ledger_tree(&l, SLICE("../x"), &t), NOT_FOUND);
    assert_failure(ledger_open(folder.fd, &options, &why, &other), CONFLICT); /* open already */
    assert_true(why.len > 0);
    assert_ok(ledger_commit(&l));
    ledger_clear(&l);
    free(big);
    test_folder_remove(&folder);
}

static void another_key_or_name_is_refused(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    OWNED(buffer) why = {0};
    ledger l = reopen(&folder);
    ledger_clear(&l);
    ledger_options other = options;
    other.log_name = SLICE("another");
    assert_failure(ledger_open(folder.fd, &other, &why, &l), CORRUPT);
    assert_true(why.len > 0);
    other.log_name = SLICE("a b");
    assert_failure(ledger_open(folder.fd, &other, &why, &l), INVALID_PARAMETER);
    other.log_name = SLICE("");
    assert_failure(ledger_open(folder.fd, &other, &why, &l), INVALID_PARAMETER);
    buffer_reset(&why);
    assert_ok(ledger_open(folder.fd, &options, &why, &l));
    bool is_done;
    assert_failure(ledger_publish(&l, &is_done), CLOSED); /* no signer yet */
    secret seed;
    const uint8_t bytes[SIGN_SEED_BYTES] = {10};
    assert_ok(secret_copy(slice_of(bytes, sizeof bytes), &seed));
    assert_failure(ledger_sign_with(&l, &seed), VERIFICATION);
    secret_clear(&seed);
    ledger_clear(&l);
    test_folder_remove(&folder);
}

static void damage_stops_the_start_and_says_why(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    OWNED(buffer) why = {0};
    ledger l = reopen(&folder);
    add_many(&l, A, 0, 3);
    assert_ok(ledger_commit(&l));
    add_many(&l, A, 3, 3);
    assert_ok(ledger_commit(&l));
    publish(&l);
    add_many(&l, A, 6, 3);
    assert_ok(ledger_commit(&l));
    long end = (long)l.journal.active.position;
    ledger_clear(&l);
    test_flip(&folder, "journal/00000000000000000001.seg", 80);
    assert_failure(open_ledger(&folder, &why, &l), CORRUPT);
    assert_true(slice_starts_with(buffer_slice(&why), SLICE("journal segment 1 is damaged at offset 32")));
    test_flip(&folder, "journal/00000000000000000001.seg", 80);
    test_flip(&folder, A "/tile/0/000.p/6", 80);
    assert_failure(open_ledger(&folder, &why, &l), CORRUPT);
    assert_true(slice_starts_with(buffer_slice(&why), SLICE("the tree of account " A)));
    test_flip(&folder, A "/tile/0/000.p/6", 80);
    test_flip(&folder, "journal/00000000000000000001.seg", end - 1);
    assert_ok(open_ledger(&folder, &why, &l)); /* a torn tail is cut off, and told */
    assert_true(slice_starts_with(buffer_slice(&why), SLICE("journal segment 1: an unfinished commit of ")));
    check_account(&l, A, 8);
    ledger_clear(&l);
    test_folder_remove(&folder);
}

/* The checkpoint taken away or put back to an older one: the journal shows that the tree was longer. */
static void a_lost_checkpoint_is_noticed(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    OWNED(buffer) why = {0};
    ledger l = reopen(&folder);
    uint64_t count = 0;
    while (test_exists(&folder, "journal/00000000000000000001.seg")) { /* until the first entries are in tiles only */
        add_many(&l, A, count, 400);
        assert_ok(ledger_commit(&l));
        publish(&l);
        count += 400;
    }
    ledger_clear(&l);
    assert_int_equal(unlinkat(folder.fd, A "/checkpoint", 0), 0);
    assert_failure(open_ledger(&folder, &why, &l), CORRUPT);
    assert_true(slice_starts_with(buffer_slice(&why), SLICE("account " A ": the tree ends at entry 0")));
    for (struct {
             int number;
             char name[64];
         } each = {1, ""};
         each.number < 20; each.number++) {
        snprintf(each.name, sizeof each.name, "journal/%020d.seg", each.number);
        unlinkat(folder.fd, each.name, 0);
    }
    l = reopen(&folder); /* with the journal gone as well the tiles still speak */
    assert_failure(add(&l, A, 0), CORRUPT);
    const tree *t;
    assert_failure(ledger_tree(&l, SLICE(A), &t), CORRUPT);
    ledger_clear(&l);
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
    bool is_done;
    char id[64];
    signal(SIGXFSZ, SIG_IGN);
    ledger l = reopen(&folder);
    add_many(&l, A, 0, 10);
    assert_ok(ledger_commit(&l));
    set_file_limit(16);
    assert_true(FAILED(ledger_publish(&l, &is_done)));
    add_many(&l, A, 10, 10);
    assert_failure(ledger_commit(&l), DISK_FULL);
    assert_false(ledger_knows(&l, request_id(A, 12, id)));
    add_many(&l, A, 10, 10); /* sent again meanwhile */
    assert_failure(ledger_commit(&l), DISK_FULL);
    set_file_limit(RLIM_INFINITY);
    assert_ok(ledger_commit(&l));
    assert_true(ledger_knows(&l, request_id(A, 12, id)));
    publish(&l);
    check_account(&l, A, 20);
    ledger_clear(&l);
    check_verifies(&folder, A, 20);
    test_folder_remove(&folder);
}

static void a_batch_that_is_full_commits_itself(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    ledger l = reopen(&folder);
    add_many(&l, A, 0, 20000);
    assert_true(l.accounts != NULL);
    assert_ok(ledger_commit(&l));
    check_account(&l, A, 20000);
    publish(&l);
    ledger_clear(&l);
    check_verifies(&folder, A, 20000);
    test_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_events_survive_once),
        cmocka_unit_test(events_sent_again_count_once),
        cmocka_unit_test(the_newest_ids_are_remembered),
        cmocka_unit_test(journal_segments_go_after_publishing),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(another_key_or_name_is_refused),
        cmocka_unit_test(damage_stops_the_start_and_says_why),
        cmocka_unit_test(a_lost_checkpoint_is_noticed),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_batch_that_is_full_commits_itself),
    };
    return cmocka_run_group_tests_name("ledger", tests, test_start, NULL);
}
