/* Files: whole reads, atomic writes, opening beneath a folder, and what the disk's errors mean.
 *
 * Every `dir_fd` is an open folder, or FILES_HERE for a plain path. Names beneath a folder are relative and may contain
 * '/'. What opens, reads or writes a file or folder beneath a dir_fd can neither leave it nor pass a symbolic link
 * (NOT_FOUND or IO then); with FILES_HERE only the last part must not be a link. Making a folder, renaming, removing and
 * asking act on the name itself and rely on the folders before it being ours. Everything opened is close-on-exec.
 * Failures, where nothing else is said: NOT_FOUND, EXISTS, DISK_FULL, READ_ONLY, TOO_LARGE (file size limit),
 * OUT_OF_MEMORY, IO (all else, also missing permission). */
#ifndef SYSTEM_FILES_H
#define SYSTEM_FILES_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

enum { FILES_HERE = AT_FDCWD };

/* What an errno of the file system means. */
status files_failure(int error);

/* -- folders */
status files_open_folder(int dir_fd, const char *name, int *out);
/* One folder, mode 0700. EXISTS when the name is taken. The parent is not synced (files_sync(dir_fd) does). */
status files_make_folder(int dir_fd, const char *name);
/* Makes it unless it is there, parents not included, and opens it. */
status files_need_folder(int dir_fd, const char *name, int *out);
/* Names in the folder without "." and "..", in byte order, each followed by a NUL; list and names live in the arena.
 * OUT_OF_MEMORY past the arena's limit. */
status files_list(int dir_fd, arena *a, slice **names, size_t *count);
/* Takes the advisory lock of a folder: held until *out is closed or the process ends. CONFLICT when another holds it.
 */
status files_lock(int dir_fd, int *out);

/* -- opening */
status files_open_read(int dir_fd, const char *name, int *out);
status files_open_write(int dir_fd, const char *name, int *out); /* an existing file, for reading and writing */
status files_create(int dir_fd, const char *name, int *out);     /* a new one, mode 0600, for both; EXISTS */
/* An existing one, for reading and writing past the page cache (O_DIRECT: offsets, lengths and memory in whole blocks).
 * UNSUPPORTED where the file system cannot. */
status files_open_direct(int dir_fd, const char *name, int *out);
/* A file without a name on the folder's file system (mode 0600), gone when closed; files_name gives it one. UNSUPPORTED
 * where the file system cannot. */
status files_create_nameless(int dir_fd, int *out);
/* Gives a nameless file a name. EXISTS. Needs /proc, so not inside a sandbox without it: UNSUPPORTED then. */
status files_name(int fd, int dir_fd, const char *name);
/* The content in memory, as a descriptor positioned at its start that can be passed on; it cannot be changed any more.
 */
status files_memory(slice content, int *out);

/* -- whole files */
/* Appends the content to `out`. TOO_LARGE when it has more than `limit` bytes; out is as before on failure. */
status files_read(int dir_fd, const char *name, size_t limit, buffer *out);
/* Reads it straight into the caller's memory, so that no copy is left elsewhere (keys). TOO_LARGE past `capacity`. */
status files_read_into(int dir_fd, const char *name, void *into, size_t capacity, size_t *got);
/* After OK the new content is durable under the name (mode 0600); after a failure or a crash it is wholly there or the
 * old one is. Writes ".NAME.new" beside it, syncs, renames, syncs the folder. One writer at a time for a name. */
status files_write_atomic(int dir_fd, const char *name, slice content);
/* The same, but never replaces: EXISTS. */
status files_write_new(int dir_fd, const char *name, slice content);

/* -- open files */
/* Reads up to `bytes` at the offset; *got is less only where the file ends. */
status files_read_at(int fd, uint64_t offset, void *into, size_t bytes, size_t *got);
/* Writes all of it or fails (part of it may be there then). */
status files_write_at(int fd, uint64_t offset, slice bytes);
status files_write_all(int fd, slice bytes); /* at the descriptor's position */
status files_size(int fd, uint64_t *out);
/* Cuts or extends with a hole. */
status files_resize(int fd, uint64_t bytes);
/* Durable: the data and what is needed to read it back. After a failure the content on disk is unknown: do not retry.
 */
status files_sync_data(int fd);
status files_sync(int fd); /* all metadata as well; for a folder: its names */
/* Bytes that may still be written on its file system by an ordinary user. */
status files_free_bytes(int fd, uint64_t *out);

/* -- names (durable after files_sync of the folders concerned) */
status files_rename(int dir_fd, const char *from, const char *to); /* replaces */
status files_move(int from_dir_fd, const char *from, int to_dir_fd, const char *to);
status files_unlink(int dir_fd, const char *name);
status files_remove_folder(int dir_fd, const char *name); /* an empty one; CONFLICT when it is not */
status files_exists(int dir_fd, const char *name, bool *out);
/* Whether only its owner can read and write it, and the owner is this user or root. */
status files_is_private(int dir_fd, const char *name, bool *out);

/* -- whole trees (files_tree.c), at most FILES_TREE_DEPTH folders deep: TOO_LARGE. Symbolic links are not followed. */
enum { FILES_TREE_DEPTH = 16 };
/* Removes a folder with all that is in it. */
status files_remove_tree(int dir_fd, const char *name);
/* Gives a folder with all that is in it to a user and group. Only root may. */
status files_give_tree(int dir_fd, const char *name, uid_t user, gid_t group);
/* Whose the file or folder is. */
status files_owner(int dir_fd, const char *name, uid_t *out);
/* Lets other users pass through the open folder to what they own beneath it, but not list it (mode 0711). */
status files_let_pass(int folder_fd);

void files_close(int fd); /* -1 is allowed */

#endif
