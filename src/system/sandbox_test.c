/* Tests of the sandbox: each role's real work succeeds inside, in a child process per case, and what entering it does
 * besides. */
#include "system/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/append.h"
#include "system/channel.h"
#include "system/files.h"
#include "system/listen.h"
#include "system/process.h"
#include "system/sandbox_scene.h"
#include "system/spawn.h"

/* -- real work */

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);                                  \
            return WENT_WRONG;                                                                                         \
        }                                                                                                              \
    } while (0)

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* What the C library does in everyone: memory of all sizes, sorting, printing, time, randomness. */
static int everyday_work(void) {
    void *blocks[64];
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = malloc((size_t)1 << (i % 23));
        MUST(blocks[i]);
        memset(blocks[i], 1, (size_t)1 << (i % 23));
    }
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = realloc(blocks[i], 3000000);
        MUST(blocks[i]);
    }
    for (size_t i = 0; i < 64; i++) free(blocks[i]);
    static int numbers[50000];
    for (int i = 0; i < 50000; i++) numbers[i] = (i * 7919) % 50000;
    qsort(numbers, 50000, sizeof numbers[0], by_value);
    MUST(numbers[1] >= numbers[0]);

    char text[200];
    time_t now = time(NULL);
    struct tm parts;
    MUST(gmtime_r(&now, &parts) && localtime_r(&now, &parts));
    MUST(strftime(text, sizeof text, "%A %d %B %Y %Z", &parts) > 0);
    MUST(snprintf(text, sizeof text, "%f %s %m", 1.5, "x") > 0);
    uint8_t random[32];
    MUST(getrandom(random, sizeof random, 0) == sizeof random);
    struct timespec moment = {0, 1000};
    MUST(nanosleep(&moment, NULL) == 0 && clock_gettime(CLOCK_REALTIME, &moment) == 0);
    MUST(fprintf(stderr, "%s", "") == 0 && fflush(stderr) == 0);
    MUST(!process_is_terminal(scene()->pair[0]));
    MUST(process_cpu_count() > 0 && sysconf(_SC_OPEN_MAX) > 0);
    return WORKED;
}

static int frames_seen;

static void on_frame(void *context, slice payload, int *fds, size_t fd_count) {
    (void)context, (void)payload;
    for (size_t i = 0; i < fd_count; i++) close(fds[i]);
    frames_seen++;
}

static void on_closed(void *context, enum channel_end why) { (void)context, (void)why; }
static void set_flag(void *context) { *(bool *)context = true; }

/* What every role does all day: messages with descriptors, timers, signals. */
static int channel_work(void) {
    channel *a, *b;
    bool rang = false;
    int copy;
    MUST(!FAILED(channel_new(scene()->l, scene()->pair[0], on_frame, on_closed, NULL, &a)));
    MUST(!FAILED(channel_new(scene()->l, scene()->pair[1], on_frame, on_closed, NULL, &b)));
    MUST(!FAILED(loop_after(scene()->l, 2, set_flag, &rang, NULL)));
    MUST(!FAILED(process_duplicate(2, &copy)));
    MUST(!FAILED(channel_send(a, SLICE("x"))));
    MUST(!FAILED(channel_send_with_descriptors(b, SLICE("x"), &copy, 1)));
    MUST(!FAILED(channel_flush_waiting(a, 1000)));
    while (frames_seen < 2 || !rang) MUST(!FAILED(loop_turn(scene()->l, 100)));
    channel_free(a);
    channel_free(b);
    return WORKED;
}

static int common_work(void) {
    int worked = everyday_work();
    return worked == WORKED ? channel_work() : worked;
}

static void on_synced(void *context, status result) { *(int *)context = FAILED(result) ? -1 : 1; }

static int gateway_work(void) {
    MUST(common_work() == WORKED);
    int connection = accept4(scene()->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), yes = 1, memory, synced = 0;
    MUST(connection >= 0);
    MUST(setsockopt(connection, IPPROTO_TCP, 1, &yes, sizeof yes) == 0);
    OWNED(arena) a = {0};
    slice address;
    MUST(!FAILED(listen_peer_address(connection, &a, &address)) && slice_equals_text(address, "127.0.0.1"));
    char bytes[8];
    MUST(recv(connection, bytes, sizeof bytes, 0) == 5 && send(connection, bytes, 5, MSG_NOSIGNAL) == 5);
    MUST(shutdown(connection, SHUT_WR) == 0 && close(connection) == 0);

    MUST(!FAILED(files_write_at(scene()->file_fd, 0, SLICE("body"))) && !FAILED(files_sync_data(scene()->file_fd)));
    size_t got;
    MUST(!FAILED(files_read_at(scene()->file_fd, 0, bytes, 4, &got)) && got == 4);
    MUST(!FAILED(files_memory(SLICE("content"), &memory)) && close(memory) == 0);
    MUST(!FAILED(sync_submit(scene()->worker, scene()->file_fd, on_synced, &synced)));
    while (!synced) MUST(!FAILED(loop_turn(scene()->l, 100)));
    MUST(synced == 1);
    sync_worker_stop(scene()->worker);
    return WORKED;
}

static int file_work(void) {
    int folder, fd;
    OWNED(buffer) content = {0};
    OWNED(arena) a = {0};
    slice *names;
    size_t count;
    MUST(common_work() == WORKED);
    MUST(!FAILED(files_need_folder(scene()->folder_fd, "inner", &folder)));
    MUST(!FAILED(files_write_atomic(scene()->folder_fd, "inner/one", SLICE("1"))));
    MUST(!FAILED(files_read(folder, "one", 10, &content)) && content.len == 1);
    MUST(!FAILED(files_move(folder, "one", scene()->folder_fd, "two"))); /* across folders: Landlock's refer */
    MUST(!FAILED(files_list(scene()->folder_fd, &a, &names, &count)) && count == 2);
    MUST(!FAILED(files_lock(scene()->folder_fd, &fd)) && close(fd) == 0);
    MUST(!FAILED(files_create(folder, "new", &fd)) && !FAILED(files_resize(fd, 100)) && !FAILED(files_sync(fd)));
    void *shared = mmap(NULL, 100, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(shared != MAP_FAILED && munmap(shared, 100) == 0 && close(fd) == 0);
    uint64_t free_bytes;
    MUST(!FAILED(files_free_bytes(folder, &free_bytes)));
    MUST(!FAILED(files_unlink(folder, "new")) && !FAILED(files_unlink(scene()->folder_fd, "two")));
    MUST(!FAILED(files_remove_folder(scene()->folder_fd, "inner")) && close(folder) == 0);
    return WORKED;
}

static int core_work(void) {
    MUST(file_work() == WORKED);
    int fd = openat(scene()->folder_fd, "locks", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_len = 1};
    MUST(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_GETLK, &lock) == 0 && close(fd) == 0);
    MUST(unlinkat(scene()->folder_fd, "locks", 0) == 0);
    return WORKED;
}

static int auditor_work(void) {
    MUST(file_work() == WORKED);
    append segment;
    slice part = SLICE("record");
    MUST(!FAILED(append_create(scene()->folder_fd, 1, 1 << 20, &segment)));
    MUST(!FAILED(append_write(&segment, &part, 1)) && !FAILED(append_sync(&segment)));
    append_clear(&segment);
    MUST(!FAILED(append_remove(scene()->folder_fd, 1)));
    return WORKED;
}

static int abort_work(void) { abort(); }

/* A client whose connection waits to be accepted. */
static int waiting_client(void) {
    uint16_t port;
    assert_false(FAILED(listen_port(scene()->listener, &port)));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    return fd;
}

static void real_work(void **unused) {
    (void)unused;
    int client = waiting_client();
    assert_int_equal(scene_run(SANDBOX_GATEWAY, gateway_work), WORKED);
    char answer[8];
    assert_int_equal(recv(client, answer, sizeof answer, 0), 5);
    close(client);
    assert_int_equal(scene_run(SANDBOX_VAULT, common_work), WORKED);
    assert_int_equal(scene_run(SANDBOX_CORE, core_work), WORKED);
    assert_int_equal(scene_run(SANDBOX_AUDITOR, auditor_work), WORKED);
    for (int role = SANDBOX_GATEWAY; role <= SANDBOX_AUDITOR; role++)
        assert_int_equal(scene_run((enum sandbox_role)role, abort_work), -SIGABRT); /* assertions end as they should */
}

/* -- the supervisor, and roles started by it */

static int start_self_as(const char *what) {
    const char *const arguments[] = {scene()->own_path, what, NULL}, *const environment[] = {NULL};
    spawn_plan plan = {.path = scene()->own_path, .arguments = arguments, .environment = environment};
    spawn_child child;
    spawn_end end;
    MUST(!FAILED(spawn_start(&plan, &child)));
    MUST(!FAILED(spawn_wait(&child, 10000, &end)));
    MUST(end.signal == 0 && end.exit_code == 0);
    return WORKED;
}

static int supervisor_work(void) {
    MUST(common_work() == WORKED);
    int pair[2];
    MUST(!FAILED(channel_pair(pair)));
    return start_self_as("vault");
}

static int run_as_started(const char *what) {
    if (strcmp(what, "vault") != 0) return WENT_WRONG;
    scene()->folder_fd = scene()->listener = scene()->file_fd = -1;
    if (FAILED(channel_pair(scene()->pair))) return WENT_WRONG;
    int ready = scene_enter(SANDBOX_VAULT);
    return ready == WORKED ? common_work() : ready;
}

static void the_supervisor(void **unused) {
    (void)unused;
    assert_int_equal(scene_run(SANDBOX_SUPERVISOR, supervisor_work), WORKED);
}

/* -- what else entering does */

static int check_facts(void) {
    struct rlimit core;
    MUST(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    MUST(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
    return WORKED;
}

static void not_dumpable(void **unused) {
    (void)unused;
    assert_int_equal(scene_run(SANDBOX_SUPERVISOR, check_facts), WORKED);
}

static int only_kept_stay_open(void) {
    MUST(fcntl(scene()->folder_fd, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0 && fcntl(scene()->pair[1], F_GETFD) >= 0);
    for (int fd = 500; fd < 520; fd++) MUST(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
    return WORKED;
}

static void others_are_closed(void **unused) {
    (void)unused;
    for (int fd = 500; fd < 520; fd++) assert_int_equal(dup2(2, fd), fd);
    for (int role = SANDBOX_SUPERVISOR; role <= SANDBOX_AUDITOR; role++)
        assert_int_equal(scene_run((enum sandbox_role)role, only_kept_stay_open), WORKED);
    for (int fd = 500; fd < 520; fd++) close(fd);
}

static int enter_as_other_user(void) {
    sandbox_plan plan = {.role = SANDBOX_CORE, .run_as_user = 65534, .run_as_group = 65534};
    MUST(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    MUST(!FAILED(sandbox_enter(&plan, &scene()->entered)) && scene()->entered.user_changed &&
         scene()->entered.capabilities_dropped);
    MUST(getuid() == 65534 && geteuid() == 65534 && getgid() == 65534 && getegid() == 65534);
    return WORKED;
}

static void another_user(void **unused) {
    (void)unused;
    if (geteuid() != 0) skip();
    pid_t pid = fork();
    if (pid == 0) _exit(enter_as_other_user());
    assert_int_equal(scene_end_of(pid), WORKED);
    sandbox_plan to_root = {.role = SANDBOX_CORE, .run_as_user = 65534};
    pid = fork();
    if (pid == 0) _exit(FAILED_WITH(sandbox_enter(&to_root, &scene()->entered), USAGE) ? WORKED : WENT_WRONG);
    assert_int_equal(scene_end_of(pid), WORKED);
}

static void a_missing_folder(void **unused) {
    (void)unused;
    if (sandbox_landlock_abi() == 0) skip();
    sandbox_folder folder = {.path = "/nowhere/at/all", .right = SANDBOX_READ};
    sandbox_plan plan = {.role = SANDBOX_CORE, .folders = &folder, .folder_count = 1};
    assert_true(FAILED_WITH(sandbox_enter(&plan, &scene()->entered), NOT_FOUND)); /* and this process is as it was: */
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    close(fd);
}

int main(int argument_count, char **arguments) {
    if (!scene_find_self()) return 1;
    if (argument_count == 2) _exit(run_as_started(arguments[1])); /* no leak check: it cannot work in the sandbox */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_work),         cmocka_unit_test(the_supervisor), cmocka_unit_test(not_dumpable),
        cmocka_unit_test(others_are_closed), cmocka_unit_test(another_user),   cmocka_unit_test(a_missing_folder),
    };
    return cmocka_run_group_tests(tests, scene_set_up, scene_tear_down);
}
