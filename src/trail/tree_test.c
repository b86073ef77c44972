/* Trees on disk: layout, restoring at every size, refusing what does not fit together. */
#include "trail/tree.h"

#include <dirent.h>

#include "trail/trail_test.h"

#define ACCOUNT "123456789012"

static tree reopen(const test_folder *folder, const tree_signing *signing) {
    tree t;
    assert_ok(tree_open(folder->fd, SLICE(ACCOUNT), &signing->key, &t));
    return t;
}

/* Root of the entries 0 to size - 1. */
static merkle_hash due_root(uint64_t size) {
    frontier f = {0};
    merkle_hash out;
    char room[64];
    for (uint64_t i = 0; i < size; i++) {
        merkle_hash leaf;
        assert_ok(merkle_leaf(test_entry(i, room), &leaf));
        assert_ok(frontier_add(&f, &leaf, NULL));
    }
    assert_ok(frontier_root(&f, &out));
    return out;
}

static void check_content(const tree *t, uint64_t size) {
    char room[64];
    for (uint64_t bundle = 0; bundle * 256 < size; bundle++) {
        OWNED(buffer) bytes = {0};
        assert_ok(tree_bundle(t, bundle, &bytes));
        slice rest = buffer_slice(&bytes);
        slice entry;
        for (uint64_t i = bundle * 256; i < size && i < bundle * 256 + 256; i++) {
            assert_true(bundle_take(&rest, &entry));
            assert_true(slice_equals(entry, test_entry(i, room)));
        }
        assert_int_equal(rest.len, 0);
    }
    OWNED(buffer) none = {0};
    assert_failure(tree_bundle(t, (size + 255) / 256, &none), NOT_FOUND);
}

static void every_size_is_restored(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    for (uint64_t size = 0; size <= 600; size++) {
        merkle_hash root;
        merkle_hash due = due_root(size);
        tree t = reopen(&folder, &signing);
        assert_int_equal(t.edge.size, size ? size - 1 : 0);
        if (size) test_add(&t, 1);
        assert_ok(tree_root(&t, &root));
        assert_memory_equal(root.at, due.at, MERKLE_HASH_BYTES);
        if (size % 37 == 0 || size % 256 < 2) check_content(&t, size);
        if (size) test_flush(&t, &signing);
        tree_clear(&t);
    }
    signer_free(signing.with);
    test_folder_remove(&folder);
}

/* Files under a folder, the whole way down. */
static unsigned count_files(int dir_fd, const char *name) {
    unsigned count = 0;
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    DIR *dir = fdopendir(fd);
    for (struct dirent *each; (each = readdir(dir));) {
        if (each->d_name[0] == '.') continue;
        if (each->d_type == DT_DIR) count += count_files(fd, each->d_name);
        else count++;
    }
    closedir(dir);
    return count;
}

static long size_of(const test_folder *folder, const char *name) {
    struct stat info;
    return fstatat(folder->fd, name, &info, 0) == 0 ? (long)info.st_size : -1;
}

static void a_tree_of_256_has_the_layout_of_the_specification(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t = reopen(&folder, &signing);
    test_add(&t, 256);
    test_flush(&t, &signing);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/0/000"), 8192);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/1/000.p/1"), 32);
    assert_true(size_of(&folder, ACCOUNT "/tile/entries/000") > 256 * 2);
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile"), 3);
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

static void a_tree_of_70000_has_the_layout_of_the_specification(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t = reopen(&folder, &signing);
    bool is_done = false;
    test_add(&t, 70000);
    assert_ok(tree_flush(&t, &signing, &is_done));
    assert_false(is_done); /* bounded work */
    assert_false(test_exists(&folder, ACCOUNT "/checkpoint"));
    test_flush(&t, &signing);
    tree_clear(&t);
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile/0"), 273 + 1);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/0/273.p/112"), 112 * 32);
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile/1"), 1 + 1);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/1/000"), 8192);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/1/001.p/17"), 17 * 32);
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile/2"), 1);
    assert_int_equal(size_of(&folder, ACCOUNT "/tile/2/000.p/1"), 32);
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile/entries"), 273 + 1);
    t = reopen(&folder, &signing);
    merkle_hash due = due_root(70000);
    merkle_hash root;
    assert_ok(tree_root(&t, &root));
    assert_memory_equal(root.at, due.at, MERKLE_HASH_BYTES);
    check_content(&t, 70000);
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

static void names_follow_the_specification(void **state) {
    (void)state;
    tile_place place = {.folder = "a/"};
    char name[TILE_NAME_BYTES];
    tile_name(&place, &(tile_id){0, 1234067, 256}, name);
    assert_string_equal(name, "a/tile/0/x001/x234/067");
    tile_name(&place, &(tile_id){2, 0, 1}, name);
    assert_string_equal(name, "a/tile/2/000.p/1");
    tile_name(&place, &(tile_id){TILE_ENTRIES, 1000, 255}, name);
    assert_string_equal(name, "a/tile/entries/x001/000.p/255");
    tile_name(&place, &(tile_id){7, UINT64_MAX, 255}, name);
    assert_string_equal(name, "a/tile/7/x018/x446/x744/x073/x709/x551/615.p/255");
}

static void old_partial_tiles_go(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t = reopen(&folder, &signing);
    for (int i = 0; i < 4; i++) {
        test_add(&t, 10);
        test_flush(&t, &signing);
    }
    assert_false(test_exists(&folder, ACCOUNT "/tile/0/000.p/10"));
    assert_false(test_exists(&folder, ACCOUNT "/tile/entries/000.p/20"));
    assert_true(test_exists(&folder, ACCOUNT "/tile/0/000.p/30"));
    assert_true(test_exists(&folder, ACCOUNT "/tile/entries/000.p/30"));
    assert_true(test_exists(&folder, ACCOUNT "/tile/0/000.p/40"));
    for (int i = 0; i < 2; i++) {
        test_add(&t, 256);
        test_flush(&t, &signing);
    }
    assert_false(test_exists(&folder, ACCOUNT "/tile/0/000.p"));
    assert_int_equal(count_files(folder.fd, ACCOUNT "/tile/entries"), 2 + 2);
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

static void expect_corrupt(const test_folder *folder, const tree_signing *signing, const char *name, long offset) {
    tree t;
    test_flip(folder, name, offset);
    assert_failure(tree_open(folder->fd, SLICE(ACCOUNT), &signing->key, &t), CORRUPT);
    test_flip(folder, name, offset);
}

static void damage_is_refused(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree_signing other = test_signing("keyhold/test/" ACCOUNT, 2);
    tree t = reopen(&folder, &signing);
    test_add(&t, 300);
    test_flush(&t, &signing);
    tree_clear(&t);
    expect_corrupt(&folder, &signing, ACCOUNT "/tile/0/001.p/44", 0);
    expect_corrupt(&folder, &signing, ACCOUNT "/tile/0/001.p/44", -1);
    expect_corrupt(&folder, &signing, ACCOUNT "/tile/1/000.p/1", 5);
    expect_corrupt(&folder, &signing, ACCOUNT "/tile/entries/001.p/44", 5);
    expect_corrupt(&folder, &signing, ACCOUNT "/checkpoint", 0);
    expect_corrupt(&folder, &signing, ACCOUNT "/checkpoint", -5);
    assert_failure(tree_open(folder.fd, SLICE(ACCOUNT), &other.key, &t), CORRUPT);
    assert_failure(tree_open(folder.fd, SLICE("../" ACCOUNT), &signing.key, &t), INVALID_PARAMETER);
    assert_failure(tree_open(folder.fd, SLICE(""), &signing.key, &t), INVALID_PARAMETER);
    assert_failure(tree_open(folder.fd, SLICE("journal"), &signing.key, &t), INVALID_PARAMETER);
    assert_failure(tree_open(folder.fd, SLICE("A"), &signing.key, &t), INVALID_PARAMETER);
    t = reopen(&folder, &signing);
    assert_int_equal(t.edge.size, 300);
    OWNED(buffer) bundle = {0};
    assert_int_equal(unlinkat(folder.fd, ACCOUNT "/tile/entries/000", 0), 0);
    assert_failure(tree_bundle(&t, 0, &bundle), CORRUPT);
    tree_clear(&t);
    assert_int_equal(unlinkat(folder.fd, ACCOUNT "/checkpoint", 0), 0);
    t = reopen(&folder, &signing);
    assert_true(t.has_leftovers);
    tree_clear(&t);
    signer_free(signing.with);
    signer_free(other.with);
    test_folder_remove(&folder);
}

/* Files written after the last checkpoint, as a crash leaves them: they are written again. */
static void an_unfinished_flush_is_repeated(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t = reopen(&folder, &signing);
    test_add(&t, 100);
    test_flush(&t, &signing);
    test_add(&t, 500);
    assert_ok(tree_write(&t)); /* full tiles lie there, no checkpoint names them */
    assert_true(test_exists(&folder, ACCOUNT "/tile/0/001"));
    tree_clear(&t);
    t = reopen(&folder, &signing);
    assert_int_equal(t.edge.size, 100);
    test_add(&t, 600);
    test_flush(&t, &signing);
    tree_clear(&t);
    t = reopen(&folder, &signing);
    check_content(&t, 700);
    tree_clear(&t);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

static void the_largest_entry_fits_and_no_larger(void **state) {
    (void)state;
    test_folder folder = test_folder_make();
    tree_signing signing = test_signing("keyhold/test/" ACCOUNT, 1);
    tree t = reopen(&folder, &signing);
    uint8_t *big = calloc(1, 65536);
    uint64_t index;
    assert_failure(tree_add(&t, slice_of(big, 65536), &index), TOO_LARGE);
    assert_int_equal(t.edge.size, 0);
    assert_ok(tree_add(&t, slice_of(big, 65535), &index));
    assert_ok(tree_add(&t, slice_of(big, 0), &index));
    test_flush(&t, &signing);
    tree_clear(&t);
    t = reopen(&folder, &signing);
    assert_int_equal(t.edge.size, 2);
    assert_int_equal(t.bundle.len, 65535 + 4);
    tree_clear(&t);
    free(big);
    signer_free(signing.with);
    test_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_restored),
        cmocka_unit_test(a_tree_of_256_has_the_layout_of_the_specification),
        cmocka_unit_test(a_tree_of_70000_has_the_layout_of_the_specification),
        cmocka_unit_test(names_follow_the_specification),
        cmocka_unit_test(old_partial_tiles_go),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(an_unfinished_flush_is_repeated),
        cmocka_unit_test(the_largest_entry_fits_and_no_larger),
    };
    return cmocka_run_group_tests_name("tree", tests, test_start, NULL);
}
