/* Whole trees of files: removing them, giving them away. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/files.h"

typedef struct visit {
    status (*leave)(const struct visit *v, int dir_fd, const char *name, bool is_folder); /* after what is in it */
    uid_t user;
    gid_t group;
} visit;

static status visit_tree(const visit *v, int dir_fd, const char *name, int depth);

static status visit_content(const visit *v, int folder_fd, int depth) {
    OWNED(arena) memory = {.limit = 256 << 20};
    slice *names;
    size_t count;
    TRY(files_list(folder_fd, &memory, &names, &count));
    for (size_t i = 0; i < count; i++) TRY(visit_tree(v, folder_fd, (const char *)names[i].at, depth + 1));
    return OK;
}

static status visit_tree(const visit *v, int dir_fd, const char *name, int depth) {
    struct stat facts;
    ENSURE(depth < FILES_TREE_DEPTH, TOO_LARGE);
    if (fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return files_failure(errno);
    if (S_ISDIR(facts.st_mode)) {
        int folder_fd;
        TRY(files_open_folder(dir_fd, name, &folder_fd));
        status visited = visit_content(v, folder_fd, depth);
        close(folder_fd);
        TRY(visited);
    }
    return v->leave(v, dir_fd, name, S_ISDIR(facts.st_mode));
}

static status remove_one(const visit *v, int dir_fd, const char *name, bool is_folder) {
    (void)v;
    return is_folder ? files_remove_folder(dir_fd, name) : files_unlink(dir_fd, name);
}

static status give_one(const visit *v, int dir_fd, const char *name, bool is_folder) {
    (void)is_folder;
    if (fchownat(dir_fd, name, v->user, v->group, AT_SYMLINK_NOFOLLOW) == 0) return OK;
    return files_failure(errno);
}

status files_remove_tree(int dir_fd, const char *name) {
    return visit_tree(&(visit){.leave = remove_one}, dir_fd, name, 0);
}

status files_give_tree(int dir_fd, const char *name, uid_t user, gid_t group) {
    return visit_tree(&(visit){give_one, user, group}, dir_fd, name, 0);
}

status files_owner(int dir_fd, const char *name, uid_t *out) {
    struct stat facts;
    if (fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return files_failure(errno);
    *out = facts.st_uid;
    return OK;
}

status files_let_pass(int folder_fd) { return fchmod(folder_fd, 0711) == 0 ? OK : files_failure(errno); }
