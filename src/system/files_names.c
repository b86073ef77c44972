/* What concerns names: folders, lists, renaming, removing, and replacing a whole file at once. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/files.h"

enum { PRIVATE_FOLDER = 0700 };

status files_make_folder(int dir_fd, const char *name) {
    return mkdirat(dir_fd, name, PRIVATE_FOLDER) == 0 ? OK : files_failure(errno);
}

status files_need_folder(int dir_fd, const char *name, int *out) {
    status made = files_make_folder(dir_fd, name);
    if (FAILED(made) && !FAILED_WITH(made, EXISTS)) return made;
    return files_open_folder(dir_fd, name, out);
}

static int by_bytes(const void *a, const void *b) { return slice_compare(*(const slice *)a, *(const slice *)b); }

static bool is_dots(const char *name) { return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])); }

/* The list doubles inside the arena: what is left behind is at most its final size again. */
static status add_name(arena *a, const char *name, slice **names, size_t *count, size_t *capacity) {
    if (*count == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 32;
        slice *grown = ARENA_ARRAY(a, slice, larger);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (*count) memcpy(grown, *names, *count * sizeof **names);
        *names = grown;
        *capacity = larger;
    }
    TRY(arena_copy(a, slice_of_text(name), &(*names)[*count]));
    ++*count;
    return OK;
}

status files_list(int dir_fd, arena *a, slice **names, size_t *count) {
    int fd;
    TRY(files_open_folder(dir_fd, ".", &fd));
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return FAIL(OUT_OF_MEMORY);
    }
    slice *found = NULL;
    size_t found_count = 0, capacity = 0;
    status result = OK;
    struct dirent *entry;
    errno = 0;
    while (!FAILED(result) && (entry = readdir(folder)) != NULL)
        if (!is_dots(entry->d_name)) result = add_name(a, entry->d_name, &found, &found_count, &capacity);
    if (!FAILED(result) && errno != 0) result = files_failure(errno);
    closedir(folder);
    TRY(result);
    if (found_count) qsort(found, found_count, sizeof *found, by_bytes);
    *names = found;
    *count = found_count;
    return OK;
}

status files_name(int fd, int dir_fd, const char *name) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0) return OK;
    ENSURE(errno != EACCES || access("/proc/self/fd", X_OK) == 0, UNSUPPORTED);
    return files_failure(errno);
}

/* "a/b/NAME" -> "a/b/.NAME.new" */
static status temporary_name(const char *name, char out[PATH_MAX]) {
    const char *slash = strrchr(name, '/');
    int folder_len = slash ? (int)(slash - name) + 1 : 0;
    int len = snprintf(out, PATH_MAX, "%.*s.%s.new", folder_len, name, name + folder_len);
    ENSURE(len > 0 && len < PATH_MAX, TOO_LARGE);
    return OK;
}

static status sync_folder_of(int dir_fd, const char *name) {
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(name, '/');
    int fd;
    if (slash) snprintf(folder, sizeof folder, "%.*s", slash == name ? 1 : (int)(slash - name), name);
    TRY(files_open_folder(dir_fd, folder, &fd));
    status synced = files_sync(fd);
    close(fd);
    return synced;
}

static status write_temporary(int dir_fd, const char *temporary, slice content) {
    int fd;
    unlinkat(dir_fd, temporary, 0); /* left by a crash; a failure shows in the next step */
    TRY(files_create(dir_fd, temporary, &fd));
    status written = files_write_all(fd, content);
    if (!FAILED(written)) written = files_sync(fd);
    if (close(fd) != 0 && !FAILED(written)) written = files_failure(errno);
    return written;
}

static status write_and_rename(int dir_fd, const char *name, slice content, unsigned how) {
    char temporary[PATH_MAX];
    TRY(temporary_name(name, temporary));
    status done = write_temporary(dir_fd, temporary, content);
    if (!FAILED(done) && renameat2(dir_fd, temporary, dir_fd, name, how) != 0) done = files_failure(errno);
    if (FAILED(done)) {
        unlinkat(dir_fd, temporary, 0);
        return done;
    }
    return sync_folder_of(dir_fd, name);
}

status files_write_atomic(int dir_fd, const char *name, slice content) {
    return write_and_rename(dir_fd, name, content, 0);
}

status files_write_new(int dir_fd, const char *name, slice content) {
    return write_and_rename(dir_fd, name, content, RENAME_NOREPLACE);
}

status files_rename(int dir_fd, const char *from, const char *to) { return files_move(dir_fd, from, dir_fd, to); }

status files_move(int from_dir_fd, const char *from, int to_dir_fd, const char *to) {
    return renameat2(from_dir_fd, from, to_dir_fd, to, 0) == 0 ? OK : files_failure(errno);
}

status files_unlink(int dir_fd, const char *name) { return unlinkat(dir_fd, name, 0) == 0 ? OK : files_failure(errno); }

status files_remove_folder(int dir_fd, const char *name) {
    if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0) return OK;
    ENSURE(errno != ENOTEMPTY && errno != EEXIST, CONFLICT);
    return files_failure(errno);
}

status files_exists(int dir_fd, const char *name, bool *out) {
    struct stat facts;
    bool there = fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT) return files_failure(errno);
    *out = there;
    return OK;
}

status files_is_private(int dir_fd, const char *name, bool *out) {
    struct stat facts;
    if (fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return files_failure(errno);
    *out = (facts.st_mode & 077) == 0 && (facts.st_uid == geteuid() || facts.st_uid == 0);
    return OK;
}
