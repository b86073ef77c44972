/* Tests of files: what is refused, what a failure leaves behind, and that nothing leads out of a folder. */
#include "system/files.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder_path[] = "/tmp/keyhold-files-XXXXXX";
static int folder;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s (errno %d)", status_name(s), errno);
}

static void expect_content(const char *name, const char *content) {
    OWNED(buffer) got = {0};
    expect_ok(files_read(folder, name, 1000, &got));
    assert_true(slice_equals_text(buffer_slice(&got), content));
}

static bool exists(const char *name) {
    bool there;
    expect_ok(files_exists(folder, name, &there));
    return there;
}

static void writing_whole_files(void **unused) {
    (void)unused;
    struct stat facts;
    bool private;
    expect_ok(files_write_atomic(folder, "a", SLICE("first")));
    expect_content("a", "first");
    expect_ok(files_write_atomic(folder, "a", SLICE("")));
    expect_content("a", "");
    assert_int_equal(fstatat(folder, "a", &facts, 0), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    expect_ok(files_is_private(folder, "a", &private));
    assert_true(private);
    assert_int_equal(fchmodat(folder, "a", 0640, 0), 0);
    expect_ok(files_is_private(folder, "a", &private));
    assert_false(private);
    assert_true(FAILED_WITH(files_write_new(folder, "a", SLICE("other")), EXISTS));
    expect_content("a", "");
    assert_false(exists(".a.new"));
    expect_ok(files_write_atomic(folder, ".b.new", SLICE("x"))); /* its own temporary has yet another name */
    expect_ok(files_write_new(folder, "b", SLICE("left by a crash is replaced")));
    expect_content("b", "left by a crash is replaced");
    expect_ok(files_unlink(folder, "a"));
    expect_ok(files_unlink(folder, "b"));
    assert_true(FAILED_WITH(files_unlink(folder, "b"), NOT_FOUND));
    assert_true(FAILED_WITH(files_write_atomic(folder, "no/where", SLICE("x")), NOT_FOUND));
    assert_false(exists(".b.new"));
}

static void reading_whole_files(void **unused) {
    (void)unused;
    OWNED(buffer) got = {0};
    char into[4];
    size_t count = 77;
    expect_ok(files_write_atomic(folder, "five", SLICE("12345")));
    expect_ok(buffer_append_text(&got, "before:"));
    assert_true(FAILED_WITH(files_read(folder, "five", 4, &got), TOO_LARGE));
    assert_true(FAILED_WITH(files_read(folder, "six", 10, &got), NOT_FOUND));
    assert_true(slice_equals_text(buffer_slice(&got), "before:"));
    expect_ok(files_read(folder, "five", 5, &got));
    assert_true(slice_equals_text(buffer_slice(&got), "before:12345"));
    assert_true(FAILED_WITH(files_read_into(folder, "five", into, sizeof into, &count), TOO_LARGE));
    assert_int_equal(count, 77);
    char larger[10];
    expect_ok(files_read_into(folder, "five", larger, sizeof larger, &count));
    assert_int_equal(count, 5);
    assert_memory_equal(larger, "12345", 5);
    OWNED(buffer) exact = {.limit = 5};
    expect_ok(files_read(folder, "five", 5, &exact));
    OWNED(buffer) unsized = {0};
    expect_ok(files_read(FILES_HERE, "/proc/self/status", 100000, &unsized));
    assert_true(slice_find(buffer_slice(&unsized), SLICE("VmRSS")) < unsized.len);
    assert_true(FAILED_WITH(files_read(FILES_HERE, "/proc/self/status", 10, &unsized), TOO_LARGE));
    expect_ok(files_unlink(folder, "five"));
}

static void nothing_leads_out(void **unused) {
    (void)unused;
    int fd;
    OWNED(buffer) got = {0};
    assert_int_equal(symlinkat("/etc", folder, "etc"), 0);
    assert_int_equal(symlinkat("inner", folder, "link"), 0);
    expect_ok(files_make_folder(folder, "inner"));
    expect_ok(files_write_atomic(folder, "inner/x", SLICE("x")));
    expect_content("inner/x", "x");
    static const char *const names[] = {"etc/passwd",       "link/x",      "link",         "etc",
                                        "../../etc/passwd", "/etc/passwd", "inner/../../x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(FAILED(files_open_read(folder, names[i], &fd)));
        assert_true(FAILED(files_open_write(folder, names[i], &fd)));
        assert_true(FAILED(files_create(folder, names[i], &fd)));
        assert_true(FAILED(files_open_folder(folder, names[i], &fd)));
        assert_true(FAILED(files_read(folder, names[i], 100000, &got)));
        assert_true(FAILED(files_write_atomic(folder, names[i], SLICE("x"))) ||
                    slice_equals_text(slice_of_text(names[i]), "link") ||
                    slice_equals_text(slice_of_text(names[i]), "etc"));
    }
    expect_content("link", "x"); /* replaced the link itself, not what it pointed to */
    expect_content("inner/x", "x");
    static const char *const made[] = {"etc", "link", "inner/x"};
    for (size_t i = 0; i < 3; i++) expect_ok(files_unlink(folder, made[i]));
    expect_ok(files_remove_folder(folder, "inner"));
    char path[100];
    snprintf(path, sizeof path, "%s/loop", folder_path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(FAILED_WITH(files_open_read(FILES_HERE, path, &fd), IO));
    expect_ok(files_unlink(folder, "loop"));
}

static void folders(void **unused) {
    (void)unused;
    int inner;
    OWNED(arena) a = {0};
    slice *names;
    size_t count;
    expect_ok(files_list(folder, &a, &names, &count));
    assert_int_equal(count, 0);
    expect_ok(files_need_folder(folder, "inner", &inner));
    files_close(inner);
    expect_ok(files_need_folder(folder, "inner", &inner));
    assert_true(FAILED_WITH(files_make_folder(folder, "inner"), EXISTS));
    for (int i = 99; i >= 0; i--) {
        char name[20];
        snprintf(name, sizeof name, "%02d", i);
        expect_ok(files_write_new(inner, name, SLICE("")));
    }
    expect_ok(files_list(inner, &a, &names, &count));
    assert_int_equal(count, 100);
    assert_true(slice_equals_text(names[0], "00"));
    assert_true(slice_equals_text(names[99], "99"));
    assert_int_equal(names[5].at[2], 0);
    OWNED(arena) small = {.limit = 600};
    assert_true(FAILED_WITH(files_list(inner, &small, &names, &count), OUT_OF_MEMORY));
    assert_true(FAILED_WITH(files_remove_folder(folder, "inner"), CONFLICT));
    expect_ok(files_rename(inner, "00", "01"));
    expect_ok(files_move(inner, "01", folder, "out"));
    expect_ok(files_unlink(folder, "out"));
    for (size_t i = 2; i < 100; i++) expect_ok(files_unlink(inner, (const char *)names[i].at));
    expect_ok(files_remove_folder(folder, "inner"));
    files_close(inner);
}

static void locks(void **unused) {
    (void)unused;
    int first, second;
    expect_ok(files_lock(folder, &first));
    assert_true(FAILED_WITH(files_lock(folder, &second), CONFLICT));
    files_close(first);
    expect_ok(files_lock(folder, &second));
    files_close(second);
}

static void open_files(void **unused) {
    (void)unused;
    int fd;
    uint64_t bytes;
    char into[10];
    size_t got;
    expect_ok(files_create(folder, "f", &fd));
    assert_true(FAILED_WITH(files_create(folder, "f", &fd), EXISTS));
    expect_ok(files_write_all(fd, SLICE("0123")));
    expect_ok(files_write_at(fd, 6, SLICE("67")));
    expect_ok(files_sync_data(fd));
    expect_ok(files_size(fd, &bytes));
    assert_int_equal(bytes, 8);
    expect_ok(files_read_at(fd, 2, into, sizeof into, &got));
    assert_int_equal(got, 6);
    assert_memory_equal(into, "23\0\00067", 6);
    expect_ok(files_read_at(fd, 100, into, sizeof into, &got));
    assert_int_equal(got, 0);
    expect_ok(files_resize(fd, 3));
    expect_ok(files_size(fd, &bytes));
    assert_int_equal(bytes, 3);
    expect_ok(files_free_bytes(fd, &bytes));
    assert_true(bytes > 0);
    close(fd);
    assert_true(FAILED_WITH(files_write_at(fd, 0, SLICE("x")), IO));
    expect_ok(files_open_read(folder, "f", &fd));
    assert_true(FAILED_WITH(files_write_all(fd, SLICE("x")), IO));
    files_close(fd);
    files_close(-1);
    expect_ok(files_unlink(folder, "f"));
}

static void nameless_files(void **unused) {
    (void)unused;
    int fd;
    status made = files_create_nameless(folder, &fd);
    if (FAILED_WITH(made, UNSUPPORTED)) skip();
    expect_ok(made);
    expect_ok(files_write_all(fd, SLICE("content")));
    expect_ok(files_name(fd, folder, "named"));
    assert_true(FAILED_WITH(files_name(fd, folder, "named"), EXISTS));
    files_close(fd);
    expect_content("named", "content");
    expect_ok(files_unlink(folder, "named"));
}

static void memory_files(void **unused) {
    (void)unused;
    int fd;
    char into[10];
    size_t got;
    expect_ok(files_memory(SLICE("content"), &fd));
    assert_int_equal(read(fd, into, sizeof into), 7);
    expect_ok(files_read_at(fd, 0, into, sizeof into, &got));
    assert_memory_equal(into, "content", 7);
    assert_true(FAILED(files_write_at(fd, 0, SLICE("x"))));
    assert_true(FAILED(files_resize(fd, 1)));
    files_close(fd);
}

static void errors(void **unused) {
    (void)unused;
    static const struct {
        int error;
        enum status_code code;
    } rows[] = {
        {ENOSPC, FAILURE_DISK_FULL}, {EDQUOT, FAILURE_DISK_FULL},     {EROFS, FAILURE_READ_ONLY},
        {ENOENT, FAILURE_NOT_FOUND}, {ENOTDIR, FAILURE_NOT_FOUND},    {EEXIST, FAILURE_EXISTS},
        {EFBIG, FAILURE_TOO_LARGE},  {ENOMEM, FAILURE_OUT_OF_MEMORY}, {EACCES, FAILURE_IO},
        {EIO, FAILURE_IO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(files_failure(rows[i].error).code, rows[i].code);
    int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    if (full < 0) skip();
    assert_true(FAILED_WITH(files_write_all(full, SLICE("x")), DISK_FULL));
    files_close(full);
}

static int write_past_limit(void) {
    struct rlimit limit = {4, 4};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    return FAILED_WITH(files_write_atomic(folder, "kept", SLICE("too long")), TOO_LARGE) ? 0 : 2;
}

/* A write that fails half-way leaves the old content and no temporary file. */
static void failing_half_way(void **unused) {
    (void)unused;
    int how;
    expect_ok(files_write_atomic(folder, "kept", SLICE("old")));
    pid_t pid = fork();
    if (pid == 0) _exit(write_past_limit());
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    expect_content("kept", "old");
    assert_false(exists(".kept.new"));
    expect_ok(files_unlink(folder, "kept"));
}

static void make_deep(int depth) {
    char name[200] = "deep";
    for (int i = 0; i < depth; i++) {
        expect_ok(files_make_folder(folder, name));
        size_t len = strlen(name);
        snprintf(name + len, sizeof name - len, "/deep");
    }
}

static void whole_trees(void **unused) {
    (void)unused;
    uid_t owner;
    assert_true(FAILED_WITH(files_remove_tree(folder, "tree"), NOT_FOUND));
    expect_ok(files_make_folder(folder, "kept"));
    expect_ok(files_write_new(folder, "kept/safe", SLICE("x")));
    expect_ok(files_make_folder(folder, "tree"));
    expect_ok(files_make_folder(folder, "tree/a"));
    expect_ok(files_write_new(folder, "tree/a/b", SLICE("x")));
    assert_int_equal(symlinkat("../kept", folder, "tree/link"), 0);
    status given = files_give_tree(folder, "tree", 71002, 71003);
    assert_true(geteuid() == 0 ? !FAILED(given) : FAILED_WITH(given, IO));
    expect_ok(files_owner(folder, "tree/a/b", &owner));
    assert_int_equal(owner, geteuid() == 0 ? 71002 : geteuid());
    expect_ok(files_owner(folder, "kept/safe", &owner));
    assert_int_equal(owner, geteuid());
    expect_ok(files_remove_tree(folder, "tree"));
    assert_false(exists("tree"));
    assert_true(exists("kept/safe")); /* links were not followed */
    expect_ok(files_remove_tree(folder, "kept"));
    make_deep(FILES_TREE_DEPTH + 1);
    assert_true(FAILED_WITH(files_remove_tree(folder, "deep"), TOO_LARGE));
    expect_ok(files_remove_tree(folder, "deep/deep/deep"));
    expect_ok(files_remove_tree(folder, "deep"));
}

static int set_up(void **unused) {
    (void)unused;
    return mkdtemp(folder_path) && !FAILED(files_open_folder(FILES_HERE, folder_path, &folder)) ? 0 : -1;
}

static int tear_down(void **unused) {
    (void)unused;
    return rmdir(folder_path); /* also: nothing is left over */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_whole_files),
        cmocka_unit_test(reading_whole_files),
        cmocka_unit_test(nothing_leads_out),
        cmocka_unit_test(folders),
        cmocka_unit_test(locks),
        cmocka_unit_test(open_files),
        cmocka_unit_test(nameless_files),
        cmocka_unit_test(memory_files),
        cmocka_unit_test(errors),
        cmocka_unit_test(failing_half_way),
        cmocka_unit_test(whole_trees),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
