/* A scene for the tests of the sandbox. */
#include "system/sandbox_scene.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/channel.h"
#include "system/listen.h"
#include "system/spawn.h"

static sandbox_scene here;

sandbox_scene *scene(void) { return &here; }

int scene_set_up(void **unused) {
    (void)unused;
    snprintf(here.path, sizeof here.path, "/tmp/keyhold-sandbox-XXXXXX");
    if (!mkdtemp(here.path)) return -1;
    here.folder_fd = open(here.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    here.file_fd = open(here.path, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (FAILED(listen_tcp("127.0.0.1:0", &here.listener)) || FAILED(channel_pair(here.pair))) return -1;
    return here.folder_fd >= 0 && here.file_fd >= 0 && write(here.file_fd, "0123456789", 10) == 10 ? 0 : -1;
}

int scene_tear_down(void **unused) {
    (void)unused;
    return rmdir(here.path);
}

bool scene_find_self(void) {
    static arena memory; /* as long as the process */
    slice self;
    if (FAILED(path_of_self(&memory, &self))) return false;
    here.own_path = (const char *)self.at;
    return true;
}

static status start_worker(void *context) {
    (void)context;
    return sync_worker_start(here.l, &here.worker);
}

int scene_enter(enum sandbox_role role) {
    sandbox_folder folders[] = {{.path = here.path, .right = SANDBOX_READ_WRITE},
                                {.path = here.own_path, .right = SANDBOX_READ_EXECUTE}};
    int keep[5 + LOOP_DESCRIPTORS_MAX] = {here.folder_fd, here.listener, here.file_fd, here.pair[0], here.pair[1]};
    if (FAILED(loop_new(&here.l))) return WENT_WRONG;
    size_t keep_count = 5 + loop_descriptors(here.l, keep + 5);
    bool has_files = role == SANDBOX_CORE || role == SANDBOX_AUDITOR || role == SANDBOX_SUPERVISOR;
    sandbox_plan plan = {.role = role,
                         .folders = folders,
                         .folder_count = has_files ? 2 : 0,
                         .keep = keep,
                         .keep_count = keep_count,
                         .before_filter = role == SANDBOX_GATEWAY ? start_worker : NULL};
    if (FAILED(sandbox_enter(&plan, &here.entered))) return WENT_WRONG;
    bool confined = here.entered.filtered && here.entered.files_confined == (here.entered.landlock_abi > 0);
    return confined ? WORKED : NOT_CONFINED;
}

int scene_end_of(pid_t child) {
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

int scene_run(enum sandbox_role role, sandbox_action *act) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return scene_end_of(child);
    alarm(20);
    int ready = scene_enter(role);
    _exit(ready == WORKED ? act() : ready);
}
