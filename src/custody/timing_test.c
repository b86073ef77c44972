/* What is wrong with a padding is not told by time either.
 *
 * Two kinds of input are tried in turns, in an order drawn anew for each pair, so that whatever else the machine does meets both
 * alike. Were they indistinguishable, each would be the slower one of a pair as often as the other: of n pairs half, give or
 * take sqrt(n)/2. The test fails beyond eight times that, which chance does once in 10^15 runs; and it must see what differs. */
#include <time.h>

#include "crypto/random.h"
#include "custody/test_house.h"

enum { COUNT = 300, COUNT_OF_IMPORTS = 80, DEVIATIONS = 8 };

static test_house house;

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_house_end(&house);
    return 0;
}

typedef void attempt(size_t which, size_t round);

static int64_t time_ns(attempt *try, size_t which, size_t round) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    try(which, round);
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec - before.tv_nsec;
}

/* How often the second kind was the slower one, as deviations from half of all. */
static double deviations(attempt *try, size_t count) {
    size_t slower = 0, pairs = 0;
    for (size_t round = 0; round < count; round++) {
        uint8_t coin;
        int64_t ns[2];
        assert_false(FAILED(random_fill(&coin, 1)));
        size_t first = coin & 1;
        ns[first] = time_ns(try, first, round);
        ns[1 - first] = time_ns(try, 1 - first, round);
        pairs += ns[0] != ns[1];
        slower += ns[1] > ns[0];
    }
    double expected = (double)pairs / 2, off = (double)slower - expected;
    double variance = (double)pairs / 4;
    return variance > 0 ? off * (off < 0 ? -off : off) / variance : 0; /* the square, with its sign */
}

static void assert_alike(attempt *try, size_t count) {
    double squared = deviations(try, count);
    if (squared < 0) squared = -squared;
    if (squared > DEVIATIONS * DEVIATIONS) fail_msg("told apart: %.1f deviations squared", squared);
}

static void assert_different(attempt *try) {
    double squared = deviations(try, COUNT);
    assert_true(squared > DEVIATIONS * DEVIATIONS || squared < -DEVIATIONS * DEVIATIONS);
}

/* ---- a ciphertext under an RSA key */

static struct {
    secret private_der;
    buffer public_der;
    asymmetric *key;
} rsa;

/* 0: random, so that after the RSA operation hardly anything of the padding is right. 1: made for another hash, so that the first byte is
 * right (which is what Manger's attack asks for) and the rest is not. */
static buffer wrongs[2][COUNT];

static void seal_all(slice public_der) {
    uint8_t random[256];
    for (size_t i = 0; i < COUNT; i++) {
        ASSERT_OK(random_fill(random, sizeof random));
        random[0] = 0x01; /* smaller than any modulus */
        buffer_reset(&wrongs[0][i]);
        buffer_reset(&wrongs[1][i]);
        ASSERT_OK(buffer_append(&wrongs[0][i], slice_of(random, sizeof random)));
        ASSERT_OK(
            asymmetric_seal_once(ASYMMETRIC_RSA_2048, public_der, SEALING_OAEP_SHA1, SLICE("text"), &wrongs[1][i]));
    }
}

static void release_all(void) {
    for (size_t i = 0; i < COUNT; i++) buffer_clear(&wrongs[0][i]), buffer_clear(&wrongs[1][i]);
}

static void try_open(size_t which, size_t round) {
    OWNED(secret) opened_text = {0};
    status opening = asymmetric_open(rsa.key, SEALING_OAEP_SHA256, buffer_slice(&wrongs[which][round]), &opened_text);
    ASSERT_FAILS(opening, CIPHERTEXT);
}

/* Cut short, it is refused before the key is used. */
static void try_short(size_t which, size_t round) {
    OWNED(secret) opened_text = {0};
    slice whole = buffer_slice(&wrongs[0][round]);
    ASSERT_FAILS(asymmetric_open(rsa.key, SEALING_OAEP_SHA256, slice_head(whole, whole.len - which), &opened_text),
                 CIPHERTEXT);
}

static void paddings_are_refused_alike(void **state) {
    (void)state;
    ASSERT_OK(asymmetric_generate(ASYMMETRIC_RSA_2048, &rsa.private_der));
    ASSERT_OK(asymmetric_public_of(ASYMMETRIC_RSA_2048, &rsa.private_der, &rsa.public_der));
    ASSERT_OK(asymmetric_from_private(ASYMMETRIC_RSA_2048, &rsa.private_der, &rsa.key));
    seal_all(buffer_slice(&rsa.public_der));
    assert_alike(try_open, COUNT);
    assert_different(try_short);
    release_all();
    asymmetric_free(rsa.key);
    secret_clear(&rsa.private_der);
    buffer_clear(&rsa.public_der);
}

/* ---- key material that is wrapped twice; wrapped once, it is opened as above */

static struct {
    slice token, public_der;
    buffer twice[2];
} import;

static void ask_parameters(int algorithm) {
    test_add_pair(&house, 0);
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT_PARAMETERS, act.algorithm = algorithm;
    const key_result *given = test_act(&house, "GetParametersForImport", act);
    ASSERT_ANSWER(&house, OK);
    import.token = given->extra, import.public_der = given->output;
}

static void try_import(slice wrapped) {
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT, act.token = import.token, act.input = wrapped;
    use_message use = test_use(&house, "ImportKeyMaterial", &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
}

static void try_twice(size_t which, size_t round) {
    (void)round;
    try_import(buffer_slice(&import.twice[which]));
}

/* The first part opens, or does not; the second is wrong either way. */
static void material_wrapped_twice_is_refused_alike(void **state) {
    (void)state;
    uint8_t random[40 + 256], aes[32];
    ask_parameters(WRAPPING_ALGORITHM_RSA_AES_KEY_WRAP_SHA_256);
    ASSERT_OK(random_fill(random, sizeof random));
    ASSERT_OK(random_fill(aes, sizeof aes));
    random[0] = 0x01;
    ASSERT_OK(buffer_append(&import.twice[0], slice_of(random, sizeof random)));
    ASSERT_OK(asymmetric_seal_once(ASYMMETRIC_RSA_2048, import.public_der, SEALING_OAEP_SHA256,
                                   slice_of(aes, sizeof aes), &import.twice[1]));
    ASSERT_OK(buffer_append(&import.twice[1], slice_of(random + 256, 40)));
    assert_alike(try_twice, COUNT_OF_IMPORTS);
    buffer_clear(&import.twice[0]), buffer_clear(&import.twice[1]);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(paddings_are_refused_alike),
        TEST(material_wrapped_twice_is_refused_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
