/* Random bytes: never the same twice, in no process; UUID bits. */
#include "crypto/random.h"

#include <sys/wait.h>
#include <unistd.h>

#include "crypto/test_bytes.h"

static void test_draws_differ(void **state) {
    (void)state;
    uint8_t seen[400][16];
    for (size_t i = 0; i < 400; i++) {
        assert_ok(random_fill(seen[i], sizeof seen[i])); /* passes the end of a block */
        for (size_t k = 0; k < i; k++) assert_memory_not_equal(seen[i], seen[k], sizeof seen[i]);
    }
}

static void test_sizes(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *at = calloc(1, sizes[i] + 16);
        assert_non_null(at);
        assert_ok(random_fill(at, sizes[i]));
        assert_bytes(at + sizes[i], 16, hex("00000000000000000000000000000000"));
        if (sizes[i] > 16) assert_memory_not_equal(at + sizes[i] - 16, at + sizes[i], 16);
        free(at);
    }
}

static void test_secrets_differ(void **state) {
    (void)state;
    OWNED(secret) a = {0};
    OWNED(secret) b = {0};
    assert_ok(random_secret(32, &a));
    assert_ok(random_secret(32, &b));
    assert_int_equal(a.len, 32);
    assert_memory_not_equal(a.hidden, b.hidden, 32);
}

/* A child must not hand out what its parent will. */
static void test_fork(void **state) {
    (void)state;
    uint8_t mine[32], of_child[32];
    int ends[2];
    assert_ok(random_fill(mine, 1));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        status drawn = random_fill(of_child, sizeof of_child);
        _exit(FAILED(drawn) || write(ends[1], of_child, sizeof of_child) != (ssize_t)sizeof of_child);
    }
    assert_true(child > 0);
    assert_int_equal(read(ends[0], of_child, sizeof of_child), sizeof of_child);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    assert_ok(random_fill(mine, sizeof mine));
    assert_memory_not_equal(mine, of_child, sizeof mine);
}

static void test_uuid_bits(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) {
        uint8_t uuid[16];
        assert_ok(random_uuid(uuid));
        assert_int_equal(uuid[6] >> 4, 4);
        assert_int_equal(uuid[8] >> 6, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_differ), cmocka_unit_test(test_sizes),     cmocka_unit_test(test_secrets_differ),
        cmocka_unit_test(test_fork),         cmocka_unit_test(test_uuid_bits),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
