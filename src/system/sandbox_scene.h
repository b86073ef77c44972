/* What the tests of the sandbox share: a child process that enters a role and then acts. */
#ifndef SYSTEM_SANDBOX_SCENE_H
#define SYSTEM_SANDBOX_SCENE_H

#include <sys/types.h>

#include "system/loop.h"
#include "system/sandbox.h"
#include "system/sync.h"

/* Exit codes of the child. */
enum { WORKED = 0, WENT_WRONG = 1, NOT_CONFINED = 2, REFUSED = 10 };

/* What an action may use; set up before the sandbox is entered. */
typedef struct sandbox_scene {
    char path[64]; /* the role's folder */
    int folder_fd;
    int listener;
    int file_fd;
    int pair[2];
    const char *own_path; /* of the test's executable, which the role may read */
    loop *l;
    sync_worker *worker; /* the gateway's */
    sandbox_report entered;
} sandbox_scene;

typedef int sandbox_action(void); /* runs inside; gives the exit code */

/* The one scene of the process. */
sandbox_scene *scene(void);
/* For cmocka: makes and removes the folder, the listener, the pair. */
int scene_set_up(void **unused);
int scene_tear_down(void **unused);
/* Finds own_path; false on failure. */
bool scene_find_self(void);

/* Enters with everything of the scene kept: WORKED, or an exit code. */
int scene_enter(enum sandbox_role role);
/* Forks, enters, acts: the child's exit code, or minus the signal that killed it. */
int scene_run(enum sandbox_role role, sandbox_action *act);
int scene_end_of(pid_t child);

#endif
