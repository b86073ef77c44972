/* Signed notes and checkpoints: the published example, round trips, and everything that must be refused. */
#include "trail/checkpoint.h"

#include "trail/trail_test.h"

/* The example of c2sp.org/signed-note. */
#define EXAMPLE_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_SIGNATURE                                                                                              \
    "\xe2\x80\x94 example.com/foo "                                                                                    \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define OTHER_SIGNATURE "\xe2\x80\x94 example.com/bar AAAAAEFB\n"
#define EXAMPLE_TEXT "This is an example message.\n"

static note_key example_key(void) {
    note_key key;
    assert_ok(note_key_parse(SLICE(EXAMPLE_VKEY), &key));
    return key;
}

static void the_published_note_verifies(void **state) {
    (void)state;
    note_key key = example_key();
    slice text;
    OWNED(buffer) again = {0};
    assert_ok(note_open(SLICE(EXAMPLE_TEXT "\n" EXAMPLE_SIGNATURE), &key, &text));
    assert_true(slice_equals_text(text, EXAMPLE_TEXT));
    assert_ok(note_open(SLICE(EXAMPLE_TEXT "\n" OTHER_SIGNATURE EXAMPLE_SIGNATURE), &key, &text));
    assert_ok(note_key_format(&key, &again));
    assert_true(slice_equals_text(buffer_slice(&again), EXAMPLE_VKEY));
}

static void broken_notes_are_refused(void **state) {
    (void)state;
    note_key key = example_key();
    static const char *const malformed[] = {
        "",
        "\n",
        "\n\n",
        EXAMPLE_TEXT,
        EXAMPLE_TEXT "\n",
        EXAMPLE_TEXT EXAMPLE_SIGNATURE,
        EXAMPLE_TEXT "\n\n" EXAMPLE_SIGNATURE "x",
        EXAMPLE_TEXT "\n" EXAMPLE_SIGNATURE "\n",
        EXAMPLE_TEXT "\n- example.com/foo AAAAAEFB\n",
        EXAMPLE_TEXT "\n\xe2\x80\x94 example.com/foo\n",
        EXAMPLE_TEXT "\n\xe2\x80\x94 example.com/foo !!!!\n",
        EXAMPLE_TEXT "\n\xe2\x80\x94 example.com/foo AAAA\n", /* no byte behind the id */
        EXAMPLE_TEXT "\n\xe2\x80\x94  AAAAAEFB\n",            /* empty name */
        EXAMPLE_TEXT "\n\xe2\x80\x94 a+b AAAAAEFB\n",
        EXAMPLE_TEXT "\n\xe2\x80\x94 a\xc2\xa0"
                     "b AAAAAEFB\n", /* a Unicode space */
        "tab\there\n\n" EXAMPLE_SIGNATURE,
        "bad \xff byte\n\n" EXAMPLE_SIGNATURE,
        EXAMPLE_TEXT "\r\n" EXAMPLE_SIGNATURE,
    };
    slice text;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_failure(note_open(slice_of_text(malformed[i]), &key, &text), MALFORMED);
    static const char *const unsigned_ones[] = {
        EXAMPLE_TEXT "\n" OTHER_SIGNATURE, "This is another example message.\n\n" EXAMPLE_SIGNATURE,
        EXAMPLE_TEXT "\n\xe2\x80\x94 example.com/foo Uw2QOkFB\n", /* our id, but no signature */
    };
    for (size_t i = 0; i < sizeof unsigned_ones / sizeof unsigned_ones[0]; i++)
        assert_failure(note_open(slice_of_text(unsigned_ones[i]), &key, &text), VERIFICATION);
}

static void too_many_signatures_are_refused(void **state) {
    (void)state;
    note_key key = example_key();
    OWNED(buffer) note = {0};
    slice text;
    assert_ok(buffer_append_text(&note, EXAMPLE_TEXT "\n" EXAMPLE_SIGNATURE));
    for (int i = 1; i < NOTE_SIGNATURES_MOST; i++) assert_ok(buffer_append_text(&note, OTHER_SIGNATURE));
    assert_ok(note_open(buffer_slice(&note), &key, &text));
    assert_ok(buffer_append_text(&note, OTHER_SIGNATURE));
    assert_failure(note_open(buffer_slice(&note), &key, &text), TOO_LARGE);
}

static void broken_vkeys_are_refused(void **state) {
    (void)state;
    note_key key;
    static const char *const malformed[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another id */
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
        " +530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        EXAMPLE_VKEY "\n\n",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_failure(note_key_parse(slice_of_text(malformed[i]), &key), MALFORMED);
    assert_ok(note_key_parse(SLICE(EXAMPLE_VKEY "\n"), &key));
    assert_failure(note_key_parse(SLICE("x+00000000+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), &key), UNSUPPORTED);
    uint8_t public_key[SIGN_PUBLIC_BYTES] = {0};
    assert_failure(note_key_make(SLICE(""), public_key, &key), INVALID_PARAMETER);
    assert_failure(note_key_make(SLICE("a b"), public_key, &key), INVALID_PARAMETER);
    assert_failure(note_key_make(SLICE("a\xe2\x80\xa8"
                                       "b"),
                                 public_key, &key),
                   INVALID_PARAMETER);
}

static void checkpoints_go_round(void **state) {
    (void)state;
    tree_signing signing = test_signing("keyhold/test/123456789012", 7);
    tree_signing other = test_signing("keyhold/test/123456789012", 8);
    OWNED(buffer) note = {0};
    merkle_head head = {.size = 70000};
    checkpoint read;
    for (int i = 0; i < MERKLE_HASH_BYTES; i++) head.root.at[i] = (uint8_t)i;
    assert_ok(checkpoint_sign(&head, &signing.key, signing.with, &note));
    assert_ok(checkpoint_open(buffer_slice(&note), &signing.key, &read));
    assert_true(slice_equals_text(read.origin, "keyhold/test/123456789012"));
    assert_int_equal(read.head.size, 70000);
    assert_true(merkle_hash_equals(&read.head.root, &head.root));
    assert_int_equal(read.extensions.len, 0);
    assert_failure(checkpoint_open(buffer_slice(&note), &other.key, &read), VERIFICATION);
    for (size_t i = 0; i < note.len; i++) { /* no bit may change unnoticed */
        note.at[i] ^= 1;
        assert_true(FAILED(checkpoint_open(buffer_slice(&note), &signing.key, &read)));
        note.at[i] ^= 1;
    }
    for (size_t len = 0; len < note.len; len++)
        assert_true(FAILED(checkpoint_open(slice_head(buffer_slice(&note), len), &signing.key, &read)));
    signer_free(signing.with);
    signer_free(other.with);
}

#define ROOT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static void broken_checkpoints_are_refused(void **state) {
    (void)state;
    checkpoint read;
    static const char *const malformed[] = {
        "",
        "o\n",
        "o\n1\n",
        "o\n1\n"
        "AAEC\n",
        "\n1\n" ROOT,
        "o\n01\n" ROOT,
        "o\n-1\n" ROOT,
        "o\n+1\n" ROOT,
        "o\n\n" ROOT,
        "o\n18446744073709551616\n" ROOT,
        "o\n1 \n" ROOT,
        "o\n1\n" ROOT "\n",
        "o\n1\n" ROOT "extension",
        "o\n1\n"
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_failure(checkpoint_parse_text(slice_of_text(malformed[i]), &read), MALFORMED);
    assert_ok(checkpoint_parse_text(SLICE("o\n0\n" ROOT "extension\n"), &read));
    assert_true(slice_equals_text(read.extensions, "extension\n"));
    assert_ok(checkpoint_parse_text(SLICE("o\n18446744073709551615\n" ROOT), &read));
}

static void origin_must_be_the_key_name(void **state) {
    (void)state;
    tree_signing signing = test_signing("keyhold/test/a", 7);
    OWNED(buffer) note = {0};
    checkpoint read;
    assert_ok(note_sign(SLICE("keyhold/test/b\n1\n" ROOT), &signing.key, signing.with, &note));
    assert_failure(checkpoint_open(buffer_slice(&note), &signing.key, &read), VERIFICATION);
    signer_free(signing.with);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_note_verifies),
        cmocka_unit_test(broken_notes_are_refused),
        cmocka_unit_test(too_many_signatures_are_refused),
        cmocka_unit_test(broken_vkeys_are_refused),
        cmocka_unit_test(checkpoints_go_round),
        cmocka_unit_test(broken_checkpoints_are_refused),
        cmocka_unit_test(origin_must_be_the_key_name),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, test_start, NULL);
}
