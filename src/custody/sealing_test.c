/* The sealed formats against vectors made by another implementation (docs/formats/sealed.md), and against everything
 * that is not quite what it should be. */
#include "base/text.h"
#include "custody/act.h"
#include "custody/sealing.h"
#include "custody/test_house.h"

static const char ACCOUNT_BLOB[] =
    "4b480141002b0100000010313030303030303030303030303030310200000004726f6f74080000000800000000664aeeed01"
    "010101010101010101010101010101010101010101010115af7cc474f8bb347da0bc2c608a3159d29e83a5c899039b9fa8f4"
    "c8c1218c886e942c798719c1280f13220859293d3e";
static const char ACCESS_KEY_BLOB[] =
    "4b48015300540100000010313030303030303030303030303030310200000010313030303030303030303030303030310300"
    "0000184c544149357454455354564543544f523030303030303031080000000800000000664aeeed02020202020202020202"
    "02020202020202020202020202026534c6c7ec39eeef058fe349128fc0636af84b47471732091b9b1ede68a01284f3230ae4"
    "d3e036b2aeb6053383b03f48";
static const char MATERIAL_BLOB[] =
    "4b48014d00680100000010313030303030303030303030303030310200000010313030303030303030303030303030310600"
    "000010a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0700000010b0b1b2b3b4b5b6b7b8b9babbbcbdbebf08000000080000000066"
    "4aeeed0b00000002000203030303030303030303030303030303030303030303030354ab1a9496a3a55f9864a758698be526"
    "b6d34b301dd1d73a46e0c2075f41befe68aa989e5cc2d00638f66c5ebb969d75";
static const char CIPHERTEXT_BLOB[] =
    "4b480143a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf0404040404040404040404040404"
    "04040404040404040404af9e2257fb3e5f269fcc262c1b9c952ce3a25b0d7f";
static const char CONTEXT[] = "000444657074000766696e616e636500036b2e320000";
static const char STORE_KEY[] = "ab43d27f4d9f663371d4f05d9742077b7a010a677a7ec34e79166594e2c9dac1";
static const char FINGERPRINT_KEY[] = "ca5cfed56b848d35a9e1bc85a0670083d6cbbf375e461b5e1856cfc378c99d9f";
static const char TRAIL_SEED[] = "c767f0e12ee0520cf26fc8b1499fd60bf1fac3bc0667ff2727d4fe5cb1245616";

typedef struct bench {
    sealing sealing;
    arena memory;
    slice account_blob;
    const opened *account;
} bench;

static slice unhex(bench *b, const char *hex) {
    slice bytes;
    ASSERT_OK(hex_decode(slice_of_text(hex), &b->memory, &bytes));
    return bytes;
}

/* The vectors' root key: 00 01 02 … 1f. */
static void bench_begin(bench *b) {
    *b = (bench){.memory = {.limit = 64 << 20}};
    OWNED(secret) root = {0};
    ASSERT_OK(crypto_start());
    ASSERT_OK(secret_new(ROOT_KEY_BYTES, &root));
    for (uint8_t i = 0; i < ROOT_KEY_BYTES; i++) secret_fill(&root)[i] = i;
    ASSERT_OK(sealing_begin(&root, &b->sealing));
    b->account_blob = unhex(b, ACCOUNT_BLOB);
    ASSERT_OK(sealing_open_account(&b->sealing, b->account_blob, TEST_ACCOUNT, &b->account));
}

static void bench_end(bench *b) {
    sealing_clear(&b->sealing);
    arena_clear(&b->memory);
}

static slice flipped(bench *b, slice bytes, size_t bit) {
    slice copy;
    ASSERT_OK(arena_copy(&b->memory, bytes, &copy));
    ((uint8_t *)(uintptr_t)copy.at)[bit / 8] ^= (uint8_t)(1 << bit % 8);
    return copy;
}

static void vectors_open(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    bench_begin(&b);
    assert_true(slice_equals(secret_expose(&b.sealing.root.store), unhex(&b, STORE_KEY)));
    assert_true(slice_equals(secret_expose(&b.sealing.root.trail), unhex(&b, TRAIL_SEED)));
    assert_true(slice_equals(secret_expose(&b.account->value), unhex(&b, FINGERPRINT_KEY)));
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, unhex(&b, ACCESS_KEY_BLOB), &found));
    assert_true(slice_equals(secret_expose(&found->value), TEST_SECRET));
    assert_true(slice_equals(found->header.access_key_id, TEST_KEY_NAME));
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_KEY_MATERIAL, unhex(&b, MATERIAL_BLOB), &found));
    assert_int_equal(found->header.origin, KEY_ORIGIN_EXTERNAL);
    ciphertext outside;
    ASSERT_OK(ciphertext_parse(unhex(&b, CIPHERTEXT_BLOB), &outside));
    assert_true(slice_equals(outside.key_id, found->header.key_id));
    OWNED(buffer) bound = {0};
    OWNED(secret) plaintext = {0};
    ASSERT_OK(buffer_append(&bound, outside.clear));
    pair map[] = {{SLICE("k.2"), SLICE("")}, {SLICE("Dept"), SLICE("finance")}};
    ASSERT_OK(context_canonical((pair_list){map, 2}, &b.memory, &bound));
    assert_true(slice_ends_with(buffer_slice(&bound), unhex(&b, CONTEXT)));
    ASSERT_OK(xaes_open(found->cipher, buffer_slice(&bound), outside.content, &plaintext));
    assert_true(slice_equals(secret_expose(&plaintext), SLICE("hello")));
    bench_end(&b);
}

static void every_flipped_bit_is_refused(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    bench_begin(&b);
    const struct {
        const char *blob;
        enum sealed_kind kind;
    } things[] = {{ACCESS_KEY_BLOB, SEALED_ACCESS_KEY}, {MATERIAL_BLOB, SEALED_KEY_MATERIAL}};
    for (size_t bit = 0; bit < 8 * b.account_blob.len; bit++) {
        slice bad = flipped(&b, b.account_blob, bit);
        ASSERT_FAILS(sealing_open_account(&b.sealing, bad, TEST_ACCOUNT, &found), CORRUPT);
    }
    for (size_t i = 0; i < 2; i++) {
        slice blob = unhex(&b, things[i].blob);
        ASSERT_OK(
            sealing_open(&b.sealing, b.account, things[i].kind, blob, &found)); /* kept: must not help the bad ones */
        for (size_t bit = 0; bit < 8 * blob.len; bit++) {
            slice bad = flipped(&b, blob, bit);
            ASSERT_FAILS(sealing_open(&b.sealing, b.account, things[i].kind, bad, &found), CORRUPT);
        }
        for (size_t len = 0; len < blob.len; len++) {
            slice cut = slice_head(blob, len);
            ASSERT_FAILS(sealing_open(&b.sealing, b.account, things[i].kind, cut, &found), CORRUPT);
        }
    }
    bench_end(&b);
}

static void kinds_do_not_stand_for_each_other(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    bench_begin(&b);
    static const enum sealed_kind kinds[] = {SEALED_ACCOUNT_KEY, SEALED_KEY_MATERIAL, SEALED_SESSION, SEALED_IMPORT};
    slice blob = unhex(&b, ACCESS_KEY_BLOB);
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, blob, &found));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        ASSERT_FAILS(sealing_open(&b.sealing, b.account, kinds[i], blob, &found), CORRUPT);
    ASSERT_FAILS(sealing_open_account(&b.sealing, blob, TEST_ACCOUNT, &found), CORRUPT);
    ASSERT_FAILS(sealing_open_account(&b.sealing, b.account_blob, SLICE("1000000000000002"), &found), CORRUPT);
    ASSERT_FAILS(sealing_open_account(&b.sealing, b.account_blob, (slice){0}, &found), CORRUPT);
    bench_end(&b);
}

/* The same id does not make the same account: what is kept in memory must not be reached through a second account key.
 */
static void accounts_do_not_reach_each_other(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL, *twin = NULL, *other = NULL;
    bench_begin(&b);
    slice blob = unhex(&b, ACCESS_KEY_BLOB), twin_blob, other_blob;
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, blob, &found));
    sealed_header header = {.account_id = TEST_ACCOUNT};
    ASSERT_OK(sealing_new_account(&b.sealing, &header, &b.memory, &twin_blob, &twin));
    ASSERT_FAILS(sealing_open(&b.sealing, twin, SEALED_ACCESS_KEY, blob, &found), CORRUPT);
    header.account_id = SLICE("1000000000000002");
    ASSERT_OK(sealing_new_account(&b.sealing, &header, &b.memory, &other_blob, &other));
    ASSERT_FAILS(sealing_open(&b.sealing, other, SEALED_ACCESS_KEY, blob, &found), CORRUPT);
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, blob, &found));
    static const char *const bad_ids[] = {"", "12345678901", "12345678901234567", "1234567890123a", "123456789012 "};
    for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++) {
        header.account_id = slice_of_text(bad_ids[i]);
        ASSERT_FAILS(sealing_new_account(&b.sealing, &header, &b.memory, &other_blob, &other), INVALID_PARAMETER);
    }
    bench_end(&b);
}

static void headers_agree_along_the_chain(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    bench_begin(&b);
    OWNED(secret) content = {0};
    ASSERT_OK(secret_new(32, &content));
    /* Sealed under the right key, but with a header that names others. */
    const sealed_header liars[] = {{.account_id = SLICE("1000000000000002"), .wrapped_by = TEST_ACCOUNT},
                                   {.account_id = TEST_ACCOUNT, .wrapped_by = SLICE("root")}};
    for (size_t i = 0; i < 2; i++) {
        OWNED(buffer) blob = {0};
        slice clear;
        ASSERT_OK(sealed_begin(SEALED_ACCESS_KEY, &liars[i], &blob));
        ASSERT_OK(arena_copy(&b.memory, buffer_slice(&blob), &clear));
        ASSERT_OK(xaes_seal_secret(b.account->cipher, clear, &content, &blob));
        slice made = buffer_slice(&blob);
        ASSERT_FAILS(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, made, &found), CORRUPT);
    }
    bench_end(&b);
}

static void the_cache_is_bounded(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    slice blobs[8];
    bench_begin(&b);
    OWNED(secret) content = {0};
    ASSERT_OK(secret_copy(TEST_SECRET, &content));
    b.sealing.cache.entries_max = 4;
    for (size_t i = 0; i < 8; i++) {
        sealing_order order = {.kind = SEALED_ACCESS_KEY, .content = &content};
        ASSERT_OK(sealing_open_account(&b.sealing, b.account_blob, TEST_ACCOUNT, &b.account));
        ASSERT_OK(sealing_seal(b.account, &order, &b.memory, &blobs[i]));
        ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, blobs[i], &found));
        cache_trim(&b.sealing.cache);
        assert_true(b.sealing.cache.entries.count <= 4);
    }
    assert_null(cache_find(&b.sealing.cache, blobs[0]));
    assert_non_null(cache_find(&b.sealing.cache, blobs[7]));
    assert_non_null(cache_find(&b.sealing.cache, b.account_blob)); /* used all the time, so not the oldest */
    b.sealing.cache.bytes_max = 1;
    cache_trim(&b.sealing.cache);
    assert_int_equal(b.sealing.cache.entries.count, 0);
    assert_int_equal(b.sealing.cache.bytes, 0);
    bench_end(&b);
}

static size_t kept(const bench *b) { return b->sealing.cache.entries.count; }

static void key_material_is_forgotten_when_told(void **state) {
    (void)state;
    bench b;
    const opened *found = NULL;
    bench_begin(&b);
    slice material = unhex(&b, MATERIAL_BLOB), access = unhex(&b, ACCESS_KEY_BLOB);
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_KEY_MATERIAL, material, &found));
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_ACCESS_KEY, access, &found));
    size_t before = kept(&b), bytes = b.sealing.cache.bytes;
    act_scene scene = {.sealing = &b.sealing, .account = b.account, .memory = &b.memory};
    key_act act = {.act = VAULT_ACT_FORGET, .key = access}; /* credentials and account keys stay */
    act_outcome out = {0};
    ASSERT_OK(act_forget(&scene, &act, &out));
    act.key = b.account_blob;
    ASSERT_OK(act_forget(&scene, &act, &out));
    act.key = SLICE("never opened");
    ASSERT_OK(act_forget(&scene, &act, &out));
    assert_int_equal(kept(&b), before);
    act.key = material;
    ASSERT_OK(act_forget(&scene, &act, &out));
    assert_int_equal(kept(&b), before - 1);
    assert_true(b.sealing.cache.bytes < bytes);
    ASSERT_OK(act_forget(&scene, &act, &out));
    assert_int_equal(kept(&b), before - 1);
    ASSERT_OK(sealing_open(&b.sealing, b.account, SEALED_KEY_MATERIAL, material, &found)); /* the blob still opens */
    bench_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_open),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(kinds_do_not_stand_for_each_other),
        cmocka_unit_test(accounts_do_not_reach_each_other),
        cmocka_unit_test(headers_agree_along_the_chain),
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(key_material_is_forgotten_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
