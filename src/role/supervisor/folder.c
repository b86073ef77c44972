/* The data folder: what is in it and how it comes to be there. */
#include "role/supervisor/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/compare.h"
#include "crypto/random.h"
#include "role/supervisor/tls.h"
#include "system/files.h"
#include "system/process.h"

enum { ENTRIES_MEMORY = 1 << 20, ACCOUNT_FILE_BYTES = 64 };

/* What may lie there before init: configuration, what an interrupted init left, what a new file system has. */
static const char *const known_entries[] = {
    "root.key", ".root.key.new", "account", ".account.new", "keyhold.conf", ".keyhold.conf.new",
    "conf.d",   "core",          "trail",   "tls",          "lost+found"};

static status complain(buffer *complaint, status why, const char *path, const char *what) {
    TRY(buffer_printf(complaint, "%s: %s", path, what));
    return why;
}

static status complain_of_failure(buffer *complaint, status why, const char *path) {
    const char *what = "cannot be read or written (permission?)";
    if (FAILED_WITH(why, DISK_FULL)) what = "the disk is full";
    if (FAILED_WITH(why, READ_ONLY)) what = "the disk is read-only";
    if (FAILED_WITH(why, NOT_FOUND)) what = "there is no such file or folder";
    if (FAILED_WITH(why, EXISTS)) what = "there is something else by that name";
    return complain(complaint, why, path, what);
}

/* ---- opening the folder itself */

data_folder data_folder_closed(void) { return (data_folder){.fd = -1, .lock_fd = -1, .root_key_fd = -1, .pem_fd = -1}; }

static status make_parents(const char *path) {
    char part[PATH_MAX];
    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/') continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        status made = files_make_folder(FILES_HERE, part);
        if (FAILED(made) && !FAILED_WITH(made, EXISTS)) return made;
    }
    return OK;
}

static status open_folder(const char *path, data_folder *d) {
    if (!realpath(path, d->path)) return files_failure(errno);
    return files_open_folder(FILES_HERE, d->path, &d->fd);
}

static status lock(data_folder *d, buffer *complaint) {
    status locked = files_lock(d->fd, &d->lock_fd);
    if (!FAILED(locked)) return OK;
    d->lock_fd = -1;
    if (!FAILED_WITH(locked, CONFLICT)) return complain_of_failure(complaint, locked, d->path);
    return complain(complaint, locked, d->path, "a running Keyhold uses this data folder");
}

/* ---- is it ours? */

static bool is_known(slice name) {
    for (size_t i = 0; i < sizeof known_entries / sizeof known_entries[0]; i++)
        if (slice_equals_text(name, known_entries[i])) return true;
    return false;
}

static status check_entries(const data_folder *d, buffer *complaint) {
    OWNED(arena) memory = {.limit = ENTRIES_MEMORY};
    slice *names;
    size_t count;
    bool has_key;
    TRY(files_exists(d->fd, "root.key", &has_key));
    if (has_key) return OK; /* ours; further files in it are their owner's business */
    TRY(files_list(d->fd, &memory, &names, &count));
    for (size_t i = 0; i < count; i++) {
        if (is_known(names[i])) continue;
        TRY(buffer_printf(complaint, "%s: is not empty (%.*s is in it) and is not a data folder; choose another",
                          d->path, SLICE_ARGS(names[i])));
        return FAIL(CONFLICT);
    }
    return OK;
}

static status check_root_key(const data_folder *d, buffer *complaint) {
    bool has_key, has_store, has_account;
    TRY(files_exists(d->fd, "root.key", &has_key));
    TRY(files_exists(d->fd, "core/store.db", &has_store));
    TRY(files_exists(d->fd, "account", &has_account));
    if (has_key || (!has_store && !has_account)) return OK;
    return complain(complaint, FAIL(NOT_FOUND), d->path,
                    "root.key is gone, and nothing else opens what is stored here; put it back from your copy");
}

/* ---- making what is missing */

static status make_root_key(data_folder *d) {
    uint8_t key[ROOT_KEY_FILE_BYTES];
    bool is_there;
    TRY(files_exists(d->fd, "root.key", &is_there));
    if (is_there) return OK;
    TRY(random_fill(key, sizeof key));
    status written = files_write_new(d->fd, "root.key", slice_of(key, sizeof key));
    bytes_wipe(key, sizeof key);
    TRY(written);
    d->is_new = true;
    return OK;
}

static status make_folders(data_folder *d) {
    static const char *const names[] = {"core", "core/blobs", "trail", "tls"};
    bool is_changed = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        status made = files_make_folder(d->fd, names[i]);
        if (FAILED_WITH(made, EXISTS)) continue;
        TRY(made);
        is_changed = true;
    }
    d->is_new = d->is_new || is_changed;
    return is_changed ? files_sync(d->fd) : OK;
}

static status make_config(const settings *s, data_folder *d) {
    OWNED(buffer) text = {0};
    TRY(settings_write_file(s, &text));
    status written = files_write_new(d->fd, "keyhold.conf", buffer_slice(&text));
    if (FAILED_WITH(written, EXISTS)) return OK;
    d->is_new = true;
    return written;
}

/* The part of a role belongs to its user, who may pass through the folder but not look around in it. */
static status give_part(data_folder *d, const char *name, uid_t user) {
    uid_t owner;
    TRY(files_owner(d->fd, name, &owner));
    return owner == user ? OK : files_give_tree(d->fd, name, user, (gid_t)user);
}

static status give_parts(const settings *s, data_folder *d) {
    int64_t uid_base = settings_number(s, SETTING_UID_BASE);
    if (uid_base == 0 || !process_is_root()) return OK;
    TRY(files_let_pass(d->fd));
    TRY(give_part(d, "core", (uid_t)(uid_base + ROLE_CORE)));
    return give_part(d, "trail", (uid_t)(uid_base + ROLE_AUDITOR));
}

static status make_content(const settings *s, bool with_config, data_folder *d) {
    TRY(make_root_key(d));
    TRY(make_folders(d));
    TRY(tls_make(d->fd, s, &d->is_new));
    if (with_config) TRY(make_config(s, d));
    return give_parts(s, d);
}

static status fill(const settings *s, bool with_config, data_folder *d, buffer *complaint) {
    status opened = make_parents(settings_string(s, SETTING_DATA));
    if (!FAILED(opened)) opened = files_make_folder(FILES_HERE, settings_string(s, SETTING_DATA));
    if (!FAILED(opened)) d->is_new = true;
    if (!FAILED(opened) || FAILED_WITH(opened, EXISTS)) opened = open_folder(settings_string(s, SETTING_DATA), d);
    if (FAILED(opened)) return complain_of_failure(complaint, opened, settings_string(s, SETTING_DATA));
    status checked = check_entries(d, complaint);
    if (!FAILED(checked)) checked = check_root_key(d, complaint);
    if (!FAILED(checked)) checked = lock(d, complaint);
    if (!FAILED(checked)) checked = make_content(s, with_config, d);
    if (FAILED(checked) && complaint->len == 0) return complain_of_failure(complaint, checked, d->path);
    return checked;
}

status data_folder_make(const settings *s, bool with_config, data_folder *out, buffer *complaint) {
    data_folder d = data_folder_closed();
    status made = fill(s, with_config, &d, complaint);
    if (FAILED(made)) {
        data_folder_clear(&d);
        return made;
    }
    *out = d;
    return OK;
}

/* ---- opening one */

static status check_complete(const data_folder *d, buffer *complaint) {
    OWNED(arena) memory = {0};
    slice account;
    status read = data_folder_account(d->path, &memory, &account);
    if (FAILED(read)) return complain_of_failure(complaint, read, d->path);
    if (!slice_is_absent(account)) return OK;
    TRY(buffer_printf(complaint, "%s: is not a data folder with an account in it; run `keyhold init --data %s` first",
                      d->path, d->path));
    return FAIL(NOT_FOUND);
}

static status open_existing(const settings *s, data_folder *d, buffer *complaint) {
    const char *path = settings_string(s, SETTING_DATA);
    status opened = open_folder(path, d);
    if (FAILED_WITH(opened, NOT_FOUND)) {
        TRY(buffer_printf(complaint, "%s: there is no such data folder; run `keyhold init --data %s` first", path,
                          path));
        return opened;
    }
    if (FAILED(opened)) return complain_of_failure(complaint, opened, path);
    TRY(check_root_key(d, complaint));
    TRY(check_complete(d, complaint));
    TRY(lock(d, complaint));
    status made = make_folders(d);
    if (!FAILED(made)) made = tls_make(d->fd, s, &d->is_new);
    if (!FAILED(made)) made = give_parts(s, d);
    return FAILED(made) ? complain_of_failure(complaint, made, d->path) : OK;
}

status data_folder_open(const settings *s, data_folder *out, buffer *complaint) {
    data_folder d = data_folder_closed();
    status opened = open_existing(s, &d, complaint);
    if (FAILED(opened)) {
        data_folder_clear(&d);
        return opened;
    }
    *out = d;
    return OK;
}

static status choose_in(const char *parent, char out[PATH_MAX]) {
    uint8_t random[8];
    OWNED(buffer) name = {0};
    TRY(random_fill(random, sizeof random));
    TRY(hex_encode(&name, slice_of(random, sizeof random)));
    int len = snprintf(out, PATH_MAX, "%s/keyhold-%.*s", parent, SLICE_ARGS(buffer_slice(&name)));
    ENSURE(len > 0 && len < PATH_MAX, TOO_LARGE);
    return files_make_folder(FILES_HERE, out);
}

status data_folder_choose_temporary(char out[PATH_MAX], buffer *complaint) {
    const char *given = process_variable("TMPDIR");
    const char *const parents[] = {"/dev/shm", given && *given == '/' ? given : "/tmp", "/tmp"};
    status chosen = OK;
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        chosen = choose_in(parents[i], out);
        if (!FAILED(chosen)) return OK;
    }
    return complain_of_failure(complaint, chosen, parents[1]);
}

/* ---- what is passed on */

static status hold_root_key(data_folder *d, buffer *complaint) {
    uint64_t size = 0;
    bool is_private = false;
    TRY(files_open_read(d->fd, "root.key", &d->root_key_fd));
    TRY(files_size(d->root_key_fd, &size));
    if (size != ROOT_KEY_FILE_BYTES) return complain(complaint, FAIL(CORRUPT), d->path, "root.key must have 32 bytes");
    TRY(files_is_private(d->fd, "root.key", &is_private));
    if (!is_private) log_warning("root key open to others", "%s/root.key: chmod 600 it", d->path);
    return OK;
}

status data_folder_hold(data_folder *d, buffer *complaint) {
    status held = hold_root_key(d, complaint);
    if (!FAILED(held)) held = tls_hold(d->fd, &d->pem_fd, complaint);
    if (FAILED(held) && complaint->len == 0) return complain_of_failure(complaint, held, d->path);
    return held;
}

status data_folder_account(const char *path, arena *memory, slice *out) {
    char file[PATH_MAX];
    OWNED(buffer) text = {0};
    int len = snprintf(file, sizeof file, "%s/account", path);
    ENSURE(len > 0 && len < (int)sizeof file, TOO_LARGE);
    status read = files_read(FILES_HERE, file, ACCOUNT_FILE_BYTES, &text);
    if (FAILED_WITH(read, NOT_FOUND)) {
        *out = (slice){0};
        return OK;
    }
    TRY(read);
    return arena_copy(memory, slice_trim(buffer_slice(&text)), out);
}

status data_folder_set_account(data_folder *d, slice id) {
    OWNED(buffer) text = {0};
    TRY(buffer_printf(&text, "%.*s\n", SLICE_ARGS(id)));
    return files_write_atomic(d->fd, "account", buffer_slice(&text));
}

void data_folder_clear(data_folder *d) {
    files_close(d->pem_fd);
    files_close(d->root_key_fd);
    files_close(d->lock_fd);
    files_close(d->fd);
    *d = data_folder_closed();
}

status data_folder_has_account(const data_folder *d, bool *out) { return files_exists(d->fd, "account", out); }
