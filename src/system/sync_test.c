/* Tests of the syncing thread. */
#include "system/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/files.h"

static int order[SYNC_QUEUE_MAX + 1];
static int finished, failures;
static sync_worker *worker;
static int file;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static void on_done(void *context, status result) {
    if (FAILED(result)) failures++;
    order[finished++] = *(int *)context;
}

static void in_order(void **unused) {
    (void)unused;
    enum { COUNT = 100 };
    static int names[COUNT];
    loop *l;
    expect_ok(loop_new(&l));
    expect_ok(sync_worker_start(l, &worker));
    finished = failures = 0;
    for (int i = 0; i < COUNT; i++) {
        names[i] = i;
        expect_ok(sync_submit(worker, i == 50 ? -1 : file, on_done, &names[i]));
    }
    assert_int_equal(finished, 0); /* never from within sync_submit */
    while (finished < COUNT) expect_ok(loop_turn(l, 5000));
    for (int i = 0; i < COUNT; i++) assert_int_equal(order[i], i);
    assert_int_equal(failures, 1); /* the one with a bad descriptor */
    sync_worker_stop(worker);
    loop_free(l);
}

static void a_full_queue(void **unused) {
    (void)unused;
    static int name = 1;
    loop *l;
    expect_ok(loop_new(&l));
    expect_ok(sync_worker_start(l, &worker));
    finished = failures = 0;
    for (int i = 0; i < SYNC_QUEUE_MAX; i++) expect_ok(sync_submit(worker, file, on_done, &name));
    assert_true(FAILED_WITH(sync_submit(worker, file, on_done, &name), CONFLICT));
    while (finished < SYNC_QUEUE_MAX) expect_ok(loop_turn(l, 5000));
    assert_int_equal(failures, 0);
    expect_ok(sync_submit(worker, file, on_done, &name));
    sync_worker_stop(worker); /* finishes it, calls nobody */
    assert_int_equal(finished, SYNC_QUEUE_MAX);
    loop_free(l);
    sync_worker_stop(NULL);
}

static void submit_again(void *context, status result) {
    int *left = context;
    expect_ok(result);
    if (--*left > 0) expect_ok(sync_submit(worker, file, submit_again, left));
}

static void submitting_from_a_callback(void **unused) {
    (void)unused;
    int left = 20;
    loop *l;
    expect_ok(loop_new(&l));
    expect_ok(sync_worker_start(l, &worker));
    expect_ok(sync_submit(worker, file, submit_again, &left));
    while (left > 0) expect_ok(loop_turn(l, 5000));
    sync_worker_stop(worker);
    loop_free(l);
}

static int set_up(void **unused) {
    (void)unused;
    return FAILED(files_memory(SLICE("x"), &file)) ? -1 : 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(a_full_queue),
                                       cmocka_unit_test(submitting_from_a_callback)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
