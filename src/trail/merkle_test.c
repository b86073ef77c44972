/* Merkle hashing against the vectors published with RFC 6962's reference code, and against its definition. */
#include "trail/merkle.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "trail/trail_test.h"

static const char *const inputs[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};

static const char *const roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static merkle_hash hash_of(const char *hex) {
    OWNED(arena) memory = {0};
    slice bytes;
    merkle_hash out;
    assert_ok(hex_decode(slice_of_text(hex), &memory, &bytes));
    assert_int_equal(bytes.len, MERKLE_HASH_BYTES);
    memcpy(out.at, bytes.at, MERKLE_HASH_BYTES);
    return out;
}

static merkle_hash leaf_of(int number) {
    OWNED(arena) memory = {0};
    slice bytes;
    merkle_hash out;
    assert_ok(hex_decode(slice_of_text(inputs[number]), &memory, &bytes));
    assert_ok(merkle_leaf(bytes, &out));
    return out;
}

static merkle_path path_of(const char *const *hashes) {
    merkle_path path = {0};
    while (*hashes) path.at[path.count++] = hash_of(*hashes++);
    return path;
}

static void roots_are_the_published_ones(void **state) {
    (void)state;
    frontier f = {0};
    for (int size = 0; size <= 8; size++) {
        merkle_hash root;
        merkle_hash due = hash_of(roots[size]);
        assert_ok(frontier_root(&f, &root));
        assert_memory_equal(root.at, due.at, MERKLE_HASH_BYTES);
        if (size == 8) break;
        merkle_hash leaf = leaf_of(size);
        assert_ok(frontier_add(&f, &leaf, NULL));
    }
}

#define H0_8_A "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define H0_8_B "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define H0_8_C "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define H5_8_A "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define H5_8_B "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define H6_8_A "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

static const struct {
    uint64_t index, size;
    const char *hashes[4];
} inclusions[] = {
    {0, 1, {NULL}},
    {0, 8, {H0_8_A, H0_8_B, H0_8_C, NULL}},
    {5, 8, {H5_8_A, H5_8_B, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", NULL}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", NULL}},
    {1, 5, {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", H0_8_B, H5_8_A, NULL}},
};

static void inclusion_proofs_are_the_published_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof inclusions / sizeof inclusions[0]; i++) {
        merkle_path path = path_of(inclusions[i].hashes);
        merkle_hash leaf = leaf_of((int)inclusions[i].index);
        merkle_head head = {inclusions[i].size, hash_of(roots[inclusions[i].size])};
        assert_ok(merkle_verify_inclusion(&leaf, inclusions[i].index, &path, &head));
        merkle_head other = head;
        other.root.at[31] ^= 1;
        assert_failure(merkle_verify_inclusion(&leaf, inclusions[i].index, &path, &other), VERIFICATION);
        assert_failure(merkle_verify_inclusion(&leaf, inclusions[i].size, &path, &head), VERIFICATION);
        for (size_t k = 0; k < path.count; k++) {
            merkle_path bad = path;
            bad.at[k].at[0] ^= 1;
            assert_failure(merkle_verify_inclusion(&leaf, inclusions[i].index, &bad, &head), VERIFICATION);
        }
        merkle_path longer = path;
        longer.count++;
        assert_failure(merkle_verify_inclusion(&leaf, inclusions[i].index, &longer, &head), VERIFICATION);
        if (path.count == 0) continue;
        merkle_path shorter = path;
        shorter.count--;
        assert_failure(merkle_verify_inclusion(&leaf, inclusions[i].index, &shorter, &head), VERIFICATION);
    }
}

static const struct {
    uint64_t older, newer;
    const char *hashes[4];
} consistencies[] = {
    {0, 5, {NULL}},
    {1, 1, {NULL}},
    {1, 8, {H0_8_A, H0_8_B, H0_8_C, NULL}},
    {6, 8, {H6_8_A, H5_8_B, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", NULL}},
    {2, 5, {H0_8_B, H5_8_A, NULL}},
};

static void consistency_proofs_are_the_published_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof consistencies / sizeof consistencies[0]; i++) {
        merkle_path path = path_of(consistencies[i].hashes);
        merkle_head older = {consistencies[i].older, hash_of(roots[consistencies[i].older])};
        merkle_head newer = {consistencies[i].newer, hash_of(roots[consistencies[i].newer])};
        assert_ok(merkle_verify_consistency(&older, &newer, &path));
        merkle_head other = older;
        other.root.at[0] ^= 1;
        assert_failure(merkle_verify_consistency(&other, &newer, &path), VERIFICATION);
        if (older.size != newer.size) assert_failure(merkle_verify_consistency(&newer, &older, &path), VERIFICATION);
        merkle_path longer = path;
        longer.count++;
        assert_failure(merkle_verify_consistency(&older, &newer, &longer), VERIFICATION);
        if (path.count == 0) continue;
        other = newer;
        other.root.at[0] ^= 1;
        assert_failure(merkle_verify_consistency(&older, &other, &path), VERIFICATION);
        merkle_path shorter = path;
        shorter.count--;
        assert_failure(merkle_verify_consistency(&older, &newer, &shorter), VERIFICATION);
    }
}

/* RFC 6962 §2.1 word for word. */
static merkle_hash naive_root(const merkle_hash *leaves, size_t count) {
    merkle_hash out;
    if (count == 0) {
        assert_ok(hash_once(HASH_SHA256, SLICE(""), out.at));
        return out;
    }
    if (count == 1) return leaves[0];
    size_t split = 1;
    while (split * 2 < count) split *= 2;
    merkle_hash left = naive_root(leaves, split);
    merkle_hash right = naive_root(leaves + split, count - split);
    assert_ok(merkle_node(&left, &right, &out));
    return out;
}

static void frontier_equals_the_definition(void **state) {
    (void)state;
    static merkle_hash leaves[600];
    char room[64];
    frontier f = {0};
    for (size_t size = 0; size <= 600; size++) {
        merkle_hash due = naive_root(leaves, size);
        merkle_hash root;
        assert_ok(frontier_root(&f, &root));
        assert_memory_equal(root.at, due.at, MERKLE_HASH_BYTES);
        if (size == 600) break;
        frontier_step step;
        assert_ok(merkle_leaf(test_entry(size, room), &leaves[size]));
        assert_ok(frontier_add(&f, &leaves[size], &step));
        assert_int_equal(step.count, (size + 1) % 256 ? 1 : 2);
        if (step.count < 2) continue;
        due = naive_root(leaves + size - 255, 256);
        assert_memory_equal(step.at[1].at, due.at, MERKLE_HASH_BYTES);
        assert_ok(merkle_fold(leaves + size - 255, 256, &root));
        assert_memory_equal(root.at, due.at, MERKLE_HASH_BYTES);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_the_published_ones),
        cmocka_unit_test(inclusion_proofs_are_the_published_ones),
        cmocka_unit_test(consistency_proofs_are_the_published_ones),
        cmocka_unit_test(frontier_equals_the_definition),
    };
    return cmocka_run_group_tests_name("merkle", tests, test_start, NULL);
}
