/* Two files in turn: while one is written, the other still holds what may matter. */
#include "access/nonce_log.h"

#include <endian.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "crypto/random.h"
#include "system/files.h"

enum {
    FILES = 2,
    BOOT_BYTES = 36,
    MAGIC_BYTES = 8,
    HEAD_BYTES = 64,
    ENTRY_BYTES = 16,
    TURN_S = 2 * NONCE_WINDOW_S + 120, /* a time may lie so far ahead, and counts until so long after */
    READ_ENTRIES = 4096,
};

static const char *const NAMES[FILES] = {"nonces.0", "nonces.1"};
static const char MAGIC[MAGIC_BYTES + 1] = "KHNONCE1";

struct nonce_log {
    int folder, fds[FILES];
    int current;
    uint64_t position; /* in the current file */
    int64_t turns_at_s;
    uint8_t head[HEAD_BYTES];
    buffer waiting;
    int64_t since_s;
    bool is_broken;
};

/* ---- reading back */

static status take_entries(int fd, int64_t now_s, nonces *into) {
    uint8_t chunk[READ_ENTRIES * ENTRY_BYTES];
    size_t got;
    for (uint64_t at = HEAD_BYTES;; at += got) {
        TRY(files_read_at(fd, at, chunk, sizeof chunk, &got));
        for (size_t i = 0; i + ENTRY_BYTES <= got; i += ENTRY_BYTES) {
            uint64_t hash, time;
            memcpy(&hash, chunk + i, sizeof hash);
            memcpy(&time, chunk + i + sizeof hash, sizeof time);
            status taken = nonces_remember(into, le64toh(hash), (int64_t)le64toh(time), now_s);
            if (FAILED_WITH(taken, OUT_OF_MEMORY) || FAILED_WITH(taken, THROTTLED)) return taken;
        }
        if (got < sizeof chunk) return OK;
    }
}

static status open_file(nonce_log *log, int which) {
    status opened = files_open_write(log->folder, NAMES[which], &log->fds[which]);
    return FAILED_WITH(opened, NOT_FOUND) ? files_create(log->folder, NAMES[which], &log->fds[which]) : opened;
}

static int64_t read_since(const nonce_log *log) {
    uint32_t since;
    memcpy(&since, log->head + HEAD_BYTES - sizeof since, sizeof since);
    return le32toh(since);
}

/* The heads of both files are alike, or one is missing yet. */
static status read_heads(nonce_log *log, slice boot, bool sound[FILES]) {
    bool is_whole = true, is_any = false;
    for (int i = 0; i < FILES; i++) {
        uint8_t head[HEAD_BYTES] = {0};
        size_t got;
        TRY(files_read_at(log->fds[i], 0, head, sizeof head, &got));
        sound[i] = got == sizeof head && slice_equals_text(slice_of(head, MAGIC_BYTES), MAGIC);
        is_whole &= sound[i] && slice_equals(slice_of(head + MAGIC_BYTES, BOOT_BYTES), boot);
        if (!sound[i]) continue;
        if (is_any)
            sound[i] = slice_equals(slice_of(head + MAGIC_BYTES + BOOT_BYTES, NONCE_KEY_BYTES),
                                    slice_of(log->head + MAGIC_BYTES + BOOT_BYTES, NONCE_KEY_BYTES));
        else memcpy(log->head, head, sizeof head);
        is_whole &= sound[i];
        is_any = true;
    }
    if (is_whole) log->since_s = read_since(log);
    return OK;
}

static status make_head(nonce_log *log, slice boot, bool is_new) {
    uint8_t *key = log->head + MAGIC_BYTES + BOOT_BYTES;
    if (is_new) TRY(random_fill(key, NONCE_KEY_BYTES));
    memcpy(log->head, MAGIC, MAGIC_BYTES);
    memcpy(log->head + MAGIC_BYTES, boot.at, BOOT_BYTES);
    uint32_t since = htole32((uint32_t)log->since_s);
    memcpy(log->head + HEAD_BYTES - sizeof since, &since, sizeof since);
    return OK;
}

/* ---- writing */

/* The file begins anew: what was in it is past its window. */
static status turn_to(nonce_log *log, int which, int64_t now_s) {
    TRY(files_resize(log->fds[which], 0));
    TRY(files_write_at(log->fds[which], 0, slice_of(log->head, HEAD_BYTES)));
    log->current = which;
    log->position = HEAD_BYTES;
    log->turns_at_s = now_s + TURN_S;
    return OK;
}

/* Goes on with the fuller file, so that neither is emptied while it matters: the time for that begins anew. */
static status go_on(nonce_log *log, const bool sound[FILES], int64_t now_s) {
    uint64_t sizes[FILES] = {0};
    for (int i = 0; i < FILES; i++) {
        if (!sound[i]) TRY(turn_to(log, i, now_s));
        else TRY(files_write_at(log->fds[i], 0, slice_of(log->head, HEAD_BYTES)));
        TRY(files_size(log->fds[i], &sizes[i]));
    }
    log->current = sizes[1] > sizes[0];
    log->position = sizes[log->current] - (sizes[log->current] - HEAD_BYTES) % ENTRY_BYTES;
    log->turns_at_s = now_s + TURN_S;
    return OK;
}

static status begin(nonce_log *log, const nonce_place *place, nonces *into) {
    bool sound[FILES];
    for (int i = 0; i < FILES; i++) TRY(open_file(log, i));
    log->since_s = place->is_new ? 0 : place->now_s;
    TRY(read_heads(log, place->boot, sound));
    TRY(make_head(log, place->boot, !sound[0] && !sound[1]));
    nonces_use_key(into, log->head + MAGIC_BYTES + BOOT_BYTES);
    for (int i = 0; i < FILES; i++)
        if (sound[i]) TRY(take_entries(log->fds[i], place->now_s, into));
    return go_on(log, sound, place->now_s);
}

status nonce_log_open(const nonce_place *place, nonces *into, nonce_log **out) {
    char path[4200];
    slice folder = place->folder;
    ENSURE(folder.len < sizeof path && place->boot.len == BOOT_BYTES, INVALID_PARAMETER);
    memcpy(path, folder.at, folder.len);
    path[folder.len] = 0;
    nonce_log *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->folder = made->fds[0] = made->fds[1] = -1;
    status opened = files_open_folder(FILES_HERE, path, &made->folder);
    if (!FAILED(opened)) opened = begin(made, place, into);
    if (FAILED(opened)) {
        nonce_log_close(made);
        return opened;
    }
    *out = made;
    return OK;
}

void nonce_log_close(nonce_log *log) {
    if (!log) return;
    for (int i = 0; i < FILES; i++)
        if (log->fds[i] >= 0) close(log->fds[i]);
    if (log->folder >= 0) close(log->folder);
    buffer_clear(&log->waiting);
    free(log);
}

int64_t nonce_log_since_s(const nonce_log *log) { return log->since_s; }

/* Of no start of any machine: the next time it is opened it is not whole. */
static void disown(nonce_log *log) {
    memset(log->head + MAGIC_BYTES, 0, BOOT_BYTES);
    for (int i = 0; i < FILES; i++) status_ignore(files_write_at(log->fds[i], 0, slice_of(log->head, HEAD_BYTES)));
    log->is_broken = true;
    buffer_clear(&log->waiting);
}

void nonce_log_add(nonce_log *log, uint64_t hash, int64_t request_time_s) {
    uint64_t entry[2] = {htole64(hash), htole64((uint64_t)request_time_s)};
    if (log->is_broken) return;
    if (FAILED(buffer_append(&log->waiting, slice_of(entry, sizeof entry)))) disown(log);
}

static status write_waiting(nonce_log *log, int64_t now_s) {
    if (now_s >= log->turns_at_s) TRY(turn_to(log, !log->current, now_s));
    TRY(files_write_at(log->fds[log->current], log->position, buffer_slice(&log->waiting)));
    log->position += log->waiting.len;
    buffer_reset(&log->waiting);
    return OK;
}

status nonce_log_flush(nonce_log *log, int64_t now_s) {
    if (log->is_broken || log->waiting.len == 0) return OK;
    status written = write_waiting(log, now_s);
    if (FAILED(written)) disown(log);
    return written;
}
