/* Proofs for every pair of sizes of small trees, for trees that span tiles, and their text. */
#include "trail/proof.h"

#include "trail/trail_test.h"

#define ACCOUNT "123456789012"

static merkle_hash leaf_at(uint64_t index) {
    merkle_hash leaf;
    char room[64];
    assert_ok(merkle_leaf(test_entry(index, room), &leaf));
    return leaf;
}

static void check_inclusion(const tree *t, uint64_t index, uint64_t size) {
    merkle_path path;
    merkle_head head;
    merkle_hash leaf = leaf_at(index);
    assert_ok(proof_inclusion(t, index, size, &path));
    assert_ok(proof_head(t, size, &head));
    assert_ok(merkle_verify_inclusion(&leaf, index, &path, &head));
    leaf.at[0] ^= 1;
    assert_failure(merkle_verify_inclusion(&leaf, index, &path, &head), VERIFICATION);
}

static void check_consistency(const tree *t, uint64_t from, uint64_t to) {
    merkle_path path;
    merkle_head older;
    merkle_head newer;
    assert_ok(proof_head(t, from, &older));
    assert_ok(proof_head(t, to, &newer));
    assert_ok(proof_consistency(t, from, to, &path));
    assert_ok(merkle_verify_consistency(&older, &newer, &path));
    if (from == 0 || from == to) return;
    older.root.at[9] ^= 1;
    assert_failure(merkle_verify_consistency(&older, &newer, &path), VERIFICATION);
}

static void all_pairs_of_a_small_tree(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree t;
    assert_ok(tree_open(folder.fd, SLICE(ACCOUNT), NULL, &t));
    test_add(&t, 70);
    for (uint64_t size = 1; size <= 70; size++)
        for (uint64_t index = 0; index < size; index++) check_inclusion(&t, index, size);
    for (uint64_t to = 0; to <= 70; to++)
        for (uint64_t from = 0; from <= to; from++) check_consistency(&t, from, to);
    merkle_path path;
    assert_failure(proof_inclusion(&t, 5, 5, &path), INVALID_PARAMETER);
    assert_failure(proof_inclusion(&t, 5, 71, &path), INVALID_PARAMETER);
    assert_failure(proof_consistency(&t, 5, 71, &path), INVALID_PARAMETER);
    assert_failure(proof_consistency(&t, 6, 5, &path), INVALID_PARAMETER);
    tree_clear(&t);
    test_folder_remove(&folder);
}

/* Some tiles on disk, some waiting in memory, some unfinished. */
static void proofs_span_tiles(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t;
    assert_ok(tree_open(folder.fd, SLICE(ACCOUNT), NULL, &t));
    test_add(&t, 66000);
    test_flush(&t, &signing);
    test_add(&t, 1000);
    assert_non_null(t.unwritten);
    static const uint64_t sizes[] = {1, 255, 256, 257, 600, 65535, 65536, 65537, 65792, 66000, 66048, 66999, 67000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (int i = 0; i < SIZES; i++) {
        for (int k = 0; k <= i; k++) {
            check_consistency(&t, sizes[k], sizes[i]);
            check_inclusion(&t, sizes[k] - 1, sizes[i]);
        }
        check_inclusion(&t, 0, sizes[i]);
        check_inclusion(&t, sizes[i] / 2, sizes[i]);
    }
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

static void the_text_proves_and_nothing_else_does(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    OWNED(buffer) text = {0};
    char room[64];
    tree t;
    assert_ok(tree_open(folder.fd, SLICE(ACCOUNT), NULL, &t));
    test_add(&t, 300);
    assert_failure(tlog_proof_make(&t, 7, &text), NOT_FOUND); /* nothing is published yet */
    test_flush(&t, &signing);
    test_add(&t, 100);
    assert_failure(tlog_proof_make(&t, 300, &text), NOT_FOUND);
    assert_int_equal(text.len, 0);
    assert_ok(tlog_proof_make(&t, 299, &text));
    slice proof = buffer_slice(&text);
    assert_true(slice_starts_with(proof, SLICE("c2sp.org/tlog-proof@v1\nindex 299\n")));
    assert_ok(tlog_proof_verify(proof, test_entry(299, room), &signing.key));
    assert_failure(tlog_proof_verify(proof, test_entry(298, room), &signing.key), VERIFICATION);
    for (size_t i = 0; i < text.len; i++) { /* no bit may change unnoticed */
        text.at[i] ^= 1;
        assert_true(FAILED(tlog_proof_verify(proof, test_entry(299, room), &signing.key)));
        text.at[i] ^= 1;
    }
    for (size_t len = 0; len < text.len; len++)
        assert_true(FAILED(tlog_proof_verify(slice_head(proof, len), test_entry(299, room), &signing.key)));
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

#define NOTE "o\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\xe2\x80\x94 o AAAAAEFB\n"
#define HASH_LINE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static void texts_are_read_strictly(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) again = {0};
    tlog_proof proof;
    slice good = SLICE("c2sp.org/tlog-proof@v1\nextra AAEC\nindex 0\n" HASH_LINE "\n" NOTE);
    assert_ok(tlog_proof_parse(good, &memory, &proof));
    assert_int_equal(proof.extra.len, 3);
    assert_int_equal(proof.path.count, 1);
    assert_ok(tlog_proof_write(&proof, &again));
    assert_true(slice_equals(buffer_slice(&again), good));
    assert_ok(tlog_proof_parse(SLICE("c2sp.org/tlog-proof@v1\nindex 0\n\n" NOTE), &memory, &proof));
    assert_true(slice_is_absent(proof.extra));
    static const char *const malformed[] = {
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 00\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex \n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex -1\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 0 \n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAEC\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 0\nAAEC\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 0\n" HASH_LINE NOTE,
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\no\n1\n",
        "c2sp.org/tlog-proof@v1\r\nindex 0\n\n" NOTE,
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_failure(tlog_proof_parse(slice_of_text(malformed[i]), &memory, &proof), MALFORMED);
    buffer_reset(&again);
    assert_ok(buffer_append_text(&again, "c2sp.org/tlog-proof@v1\nindex 0\n"));
    for (int i = 0; i <= MERKLE_PATH_MOST; i++) assert_ok(buffer_append_text(&again, HASH_LINE));
    assert_ok(buffer_append_text(&again, "\n" NOTE));
    assert_failure(tlog_proof_parse(buffer_slice(&again), &memory, &proof), MALFORMED); /* too many hashes */
}

/* The example in docs/formats/trail.md, made by another program. */
#define DOC_ROOT "p5vUAZS2ZU1GBZ4VgKIVezvyXn7rgzyJJDmMmt04Vuo=\n"
#define DOC_NOTE                                                                                                       \
    "keyhold/test/" ACCOUNT "\n3\n" DOC_ROOT "\n\xe2\x80\x94 keyhold/test/" ACCOUNT                                    \
    " HjcMdEdnGbfoWZ6pJH92rj5/64oMwg6988TEObJoNYPBATKFr5kviVblCU8HKaP5PygQAix6lAcD6XzIqflfvT//+g0=\n"
#define DOC_PROOF "c2sp.org/tlog-proof@v1\nindex 2\nJkNibpsWyabgG3m8MVIOla6LYAPYUve5EqnrSRnTo38=\n\n" DOC_NOTE
#define DOC_VKEY "keyhold/test/" ACCOUNT "+1e370c74+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

static void the_documented_example_is_written(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 7);
    OWNED(buffer) note = {0};
    OWNED(buffer) proof = {0};
    OWNED(buffer) vkey = {0};
    uint64_t index;
    tree t;
    assert_ok(tree_open(folder.fd, SLICE(ACCOUNT), NULL, &t));
    assert_ok(tree_add(&t, SLICE("{\"a\":1}"), &index));
    assert_ok(tree_add(&t, SLICE("{\"a\":2}"), &index));
    assert_ok(tree_add(&t, SLICE("{\"a\":3}"), &index));
    test_flush(&t, &signing);
    assert_ok(tree_checkpoint(&t, &note));
    assert_true(slice_equals_text(buffer_slice(&note), DOC_NOTE));
    assert_ok(tlog_proof_make(&t, 2, &proof));
    assert_true(slice_equals_text(buffer_slice(&proof), DOC_PROOF));
    assert_ok(note_key_format(&signing.key, &vkey));
    assert_true(slice_equals_text(buffer_slice(&vkey), DOC_VKEY));
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_of_a_small_tree),
        cmocka_unit_test(proofs_span_tiles),
        cmocka_unit_test(the_text_proves_and_nothing_else_does),
        cmocka_unit_test(texts_are_read_strictly),
        cmocka_unit_test(the_documented_example_is_written),
    };
    return cmocka_run_group_tests_name("proof", tests, test_start, NULL);
}
