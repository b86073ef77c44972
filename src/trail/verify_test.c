/* Offline verification: a good trail passes, every kind of tampering is found and named. */
#include "trail/verify.h"

#include "trail/trail_test.h"

#define ACCOUNT "123456789012"

typedef struct setting {
    test_folder trail;
    test_folder folder; /* the account's, beneath it */
    tree_signing signing;
    note_key base;
} setting;

static setting make_setting(uint64_t size) {
    setting s = {.trail = test_folder_make(), .signing = test_signing("keyhold/test/" ACCOUNT, 1)};
    tree t;
    assert_ok(note_key_make(SLICE("keyhold/test"), s.signing.key.public_key, &s.base));
    assert_ok(tree_open(s.trail.fd, SLICE(ACCOUNT), NULL, &t));
    test_add(&t, size);
    test_flush(&t, &s.signing);
    tree_clear(&t);
    s.folder.fd = openat(s.trail.fd, ACCOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s;
}

static void drop_setting(setting *s) {
    close(s->folder.fd);
    signer_free(s->signing.with);
    test_folder_remove(&s->trail);
}

static status check(const setting *s, verify_report *report) {
    verify_request request = {.folder_fd = s->folder.fd, .key = &s->base};
    return verify_trail(&request, report);
}

static void good_trails_pass(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1, 255, 256, 257, 1000, 66000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        setting s = make_setting(sizes[i]);
        verify_report report;
        assert_ok(check(&s, &report));
        assert_int_equal(report.entries, sizes[i]);
        assert_int_equal(report.head.size, sizes[i]);
        assert_string_equal(report.file, "");
        assert_string_equal(report.why, "");
        assert_true(slice_equals_text(slice_of(report.origin, report.origin_len), "keyhold/test/" ACCOUNT));
        drop_setting(&s);
    }
}

static void the_key_and_account_must_fit(void **state) {
    (void)state;
    setting s = make_setting(10);
    tree_signing other = test_signing("keyhold/test", 2);
    verify_report report;
    verify_request request = {.folder_fd = s.folder.fd, .key = &s.signing.key};
    assert_ok(verify_trail(&request, &report)); /* the account's own key */
    request.account = SLICE(ACCOUNT);
    request.key = &s.base;
    assert_ok(verify_trail(&request, &report));
    request.account = SLICE("999999999999");
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    request.account = SLICE("2");
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    request = (verify_request){.folder_fd = s.folder.fd, .key = &other.key};
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    assert_string_equal(report.file, "checkpoint");
    signer_free(other.with);
    drop_setting(&s);
}

static void expect_named(setting *s, const char *flip, long offset, const char *file, uint64_t index) {
    verify_report report;
    test_flip(&s->folder, flip, offset);
    assert_failure(check(s, &report), VERIFICATION);
    assert_string_equal(report.file, file);
    assert_int_equal(report.index, index);
    assert_true(report.why[0] != '\0');
    test_flip(&s->folder, flip, offset);
    assert_ok(check(s, &report));
}

static void flipped_bits_are_found_and_named(void **state) {
    (void)state;
    setting s = make_setting(700);
    expect_named(&s, "checkpoint", 20, "checkpoint", 0);
    expect_named(&s, "checkpoint", -3, "checkpoint", 0);
    expect_named(&s, "tile/0/000", 32 * 17, "tile/0/000", 17);
    expect_named(&s, "tile/0/001", -1, "tile/0/001", 511);
    expect_named(&s, "tile/0/002.p/188", 32 * 5 + 3, "tile/0/002.p/188", 517);
    expect_named(&s, "tile/1/000.p/2", 32, "tile/1/000.p/2", 1);
    expect_named(&s, "tile/entries/000", 4, "tile/entries/000", 0);
    expect_named(&s, "tile/entries/001", -1, "tile/entries/001", 511);
    expect_named(&s, "tile/entries/002.p/188", 5, "tile/entries/002.p/188", 512);
    verify_report report;
    test_flip(&s.folder, "tile/entries/001", 0); /* a length: the bundle falls apart */
    assert_failure(check(&s, &report), VERIFICATION);
    assert_string_equal(report.file, "tile/entries/001");
    drop_setting(&s);
}

static void missing_and_short_files_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"tile/entries/000", "tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/188",
                                        "checkpoint"};
    setting s = make_setting(700);
    verify_report report;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(renameat(s.folder.fd, names[i], s.folder.fd, "away"), 0);
        assert_failure(check(&s, &report), VERIFICATION);
        assert_string_equal(report.file, names[i]);
        assert_int_equal(renameat(s.folder.fd, "away", s.folder.fd, names[i]), 0);
        int fd = openat(s.folder.fd, names[i], O_RDWR | O_CLOEXEC);
        struct stat info;
        uint8_t last;
        assert_int_equal(fstat(fd, &info), 0);
        assert_int_equal(pread(fd, &last, 1, info.st_size - 1), 1);
        assert_int_equal(ftruncate(fd, info.st_size - 1), 0);
        assert_failure(check(&s, &report), VERIFICATION);
        assert_string_equal(report.file, names[i]);
        assert_int_equal(pwrite(fd, &last, 1, info.st_size - 1), 1);
        assert_int_equal(pwrite(fd, &last, 1, info.st_size), 1); /* and one byte too many */
        assert_failure(check(&s, &report), VERIFICATION);
        assert_string_equal(report.file, names[i]);
        assert_int_equal(ftruncate(fd, info.st_size), 0);
        close(fd);
        assert_ok(check(&s, &report));
    }
    drop_setting(&s);
}

/* Someone with the machine but not the key: entries and tiles rewritten to fit together. */
static void a_rewritten_trail_is_found(void **state) {
    (void)state;
    setting s = make_setting(20);
    test_folder forged = test_folder_make();
    tree_signing other = test_signing("keyhold/test/" ACCOUNT, 2);
    verify_report report;
    uint64_t index;
    tree t;
    assert_ok(tree_open(forged.fd, SLICE(ACCOUNT), NULL, &t));
    test_add(&t, 19);
    assert_ok(tree_add(&t, SLICE("{\"forged\":true}"), &index));
    test_flush(&t, &other);
    tree_clear(&t);
    int fd = openat(forged.fd, ACCOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    verify_request request = {.folder_fd = fd, .key = &s.base};
    assert_failure(verify_trail(&request, &report), VERIFICATION); /* signed by another key */
    assert_int_equal(renameat(s.folder.fd, "checkpoint", fd, "checkpoint"), 0);
    assert_failure(verify_trail(&request, &report), VERIFICATION); /* the true checkpoint over forged entries */
    assert_string_equal(report.file, "checkpoint");
    close(fd);
    signer_free(other.with);
    test_folder_remove(&forged);
    drop_setting(&s);
}

static void earlier_checkpoints_must_be_prefixes(void **state) {
    (void)state;
    setting s = make_setting(300);
    tree t;
    OWNED(buffer) earlier = {0};
    OWNED(buffer) later = {0};
    OWNED(buffer) forked = {0};
    verify_report report;
    assert_ok(tree_open(s.trail.fd, SLICE(ACCOUNT), NULL, &t));
    assert_ok(tree_checkpoint(&t, &earlier));
    test_add(&t, 300);
    test_flush(&t, &s.signing);
    assert_ok(tree_checkpoint(&t, &later));
    tree_clear(&t);
    verify_request request = {.folder_fd = s.folder.fd, .key = &s.base, .earlier = buffer_slice(&earlier)};
    assert_ok(verify_trail(&request, &report));
    request.earlier = buffer_slice(&later);
    assert_ok(verify_trail(&request, &report));
    merkle_head other = {.size = 300};
    assert_ok(checkpoint_sign(&other, &s.signing.key, s.signing.with, &forked));
    request.earlier = buffer_slice(&forked);
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    buffer_reset(&forked);
    other.size = 601; /* rolled back since */
    assert_ok(checkpoint_sign(&other, &s.signing.key, s.signing.with, &forked));
    request.earlier = buffer_slice(&forked);
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    request.earlier = SLICE("nonsense");
    assert_failure(verify_trail(&request, &report), VERIFICATION);
    drop_setting(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_trails_pass),
        cmocka_unit_test(the_key_and_account_must_fit),
        cmocka_unit_test(flipped_bits_are_found_and_named),
        cmocka_unit_test(missing_and_short_files_are_named),
        cmocka_unit_test(a_rewritten_trail_is_found),
        cmocka_unit_test(earlier_checkpoints_must_be_prefixes),
    };
    return cmocka_run_group_tests_name("verify", tests, test_start, NULL);
}
