/* kill -9 in the midst of adding, committing and publishing: every acknowledged event is there, every event once. */
#include <signal.h>
#include <sys/wait.h>

#include "trail/ledger.h"
#include "trail/trail_test.h"
#include "trail/verify.h"

enum { ROUNDS = 25, BATCH = 40 };

#define ACCOUNT "123456789012"

static const ledger_options options = {
    .log_name = {(const uint8_t *)"test", 4},
    .journal = {.segment_bytes = JOURNAL_SEGMENT_BYTES_LEAST, .is_durable = true},
};

static status open_ledger(int dir_fd, ledger *out) {
    OWNED(buffer) why = {0};
    secret seed;
    const uint8_t bytes[SIGN_SEED_BYTES] = {9};
    TRY(ledger_open(dir_fd, &options, &why, out));
    TRY(secret_copy(slice_of(bytes, sizeof bytes), &seed));
    status keyed = ledger_sign_with(out, &seed);
    secret_clear(&seed);
    return keyed;
}

static slice numbered_id(uint64_t number, char room[64]) {
    return slice_of(room, (size_t)snprintf(room, 64, "request-%llu", (unsigned long long)number));
}

/* Adds from `next` on for ever, telling through the pipe how many are durable. */
static status run_child(int dir_fd, uint64_t next, int pipe_fd) {
    ledger l;
    bool is_done;
    char room[64];
    char id[64];
    TRY(open_ledger(dir_fd, &l));
    for (uint64_t turn = 0;; turn++) {
        for (int i = 0; i < BATCH; i++, next++)
            TRY(ledger_add(&l, SLICE(ACCOUNT), numbered_id(next, id), test_entry(next, room)));
        TRY(ledger_commit(&l));
        ENSURE(write(pipe_fd, &next, sizeof next) == sizeof next, IO);
        if (turn % 5 == 4) TRY(ledger_publish(&l, &is_done));
    }
}

/* Runs a child for a while, kills it. What it said last was acknowledged. */
static uint64_t run_and_kill(int dir_fd, uint64_t next, unsigned micros) {
    int pipe_fds[2];
    uint64_t acknowledged = next;
    uint64_t said;
    int how;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(FAILED(run_child(dir_fd, next, pipe_fds[1])) ? 1 : 0);
    close(pipe_fds[1]);
    assert_int_equal(read(pipe_fds[0], &said, sizeof said), sizeof said); /* it has begun */
    acknowledged = said;
    usleep(micros);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how)); /* it had not failed by itself */
    while (read(pipe_fds[0], &said, sizeof said) == sizeof said) acknowledged = said;
    close(pipe_fds[0]);
    return acknowledged;
}

static uint64_t check_entries(ledger *l) {
    const tree *t;
    char room[64];
    assert_ok(ledger_tree(l, SLICE(ACCOUNT), &t));
    for (uint64_t bundle = 0; bundle * 256 < t->edge.size; bundle++) {
        OWNED(buffer) bytes = {0};
        slice entry;
        assert_ok(tree_bundle(t, bundle, &bytes));
        slice rest = buffer_slice(&bytes);
        for (uint64_t i = bundle * 256; bundle_take(&rest, &entry); i++)
            assert_true(slice_equals(entry, test_entry(i, room)));
    }
    return t->edge.size;
}

static void killed_at_any_moment(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    uint64_t next = 0;
    unsigned random = 12345;
    bool is_done;
    ledger l;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1103515245 + 12345;
        uint64_t acknowledged = run_and_kill(folder.fd, next, random >> 8 & 0x7fff);
        assert_ok(open_ledger(folder.fd, &l));
        uint64_t size = check_entries(&l); /* in order, none twice, none missing */
        assert_true(size >= acknowledged);
        next = size;
        ledger_clear(&l);
    }
    assert_ok(open_ledger(folder.fd, &l));
    for (is_done = false; !is_done;) assert_ok(ledger_publish(&l, &is_done));
    note_key key = l.key;
    ledger_clear(&l);
    verify_report report;
    verify_request request = {.folder_fd = openat(folder.fd, ACCOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .key = &key};
    assert_ok(verify_trail(&request, &report));
    assert_int_equal(report.entries, next);
    close(request.folder_fd);
    test_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_any_moment)};
    return cmocka_run_group_tests_name("crash", tests, test_start, NULL);
}
