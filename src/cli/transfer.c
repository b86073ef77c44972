/* Uploads and downloads. */
#include "cli/transfer.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/progress.h"
#include "crypto/crc.h"
#include "system/files.h"

typedef struct flow {
    int fd;
    FILE *piped; /* stdin or stdout instead of fd */
    uint64_t position;
    uint64_t crc;
    progress shown;
} flow;

static void on_moved(void *context, uint64_t bytes, uint64_t total) {
    flow *f = context;
    progress_show(&f->shown, bytes, total);
}

static enum progress_wish wish_of(const invocation *inv) {
    return inv->is_quiet ? PROGRESS_SILENT : PROGRESS_IF_TERMINAL;
}

static slice base_name(slice path) {
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/') end--;
    return slice_skip(path, end);
}

/* The server's checksum against ours. An answer without one proves nothing, and is refused. */
static status check_crc(invocation *inv, const answer *a, uint64_t crc) {
    char ours[24];
    slice theirs = answer_header(a, "x-oss-hash-crc64ecma");
    snprintf(ours, sizeof ours, "%llu", (unsigned long long)crc);
    if (slice_equals_text(theirs, ours)) return OK;
    return trouble_note(&inv->trouble, FAIL(VERIFICATION),
                        "The data was changed on the way: its CRC-64 is %s here and %.*s on the server.", ours,
                        SLICE_ARGS(slice_is_absent(theirs) ? SLICE("not told") : theirs));
}

/* ---- up */

static status read_piece(void *context, uint8_t *into, size_t room, size_t *got) {
    flow *f = context;
    if (f->piped) {
        *got = fread(into, 1, room, f->piped);
        ENSURE(!ferror(f->piped), IO);
    } else {
        TRY(files_read_at(f->fd, f->position, into, room, got));
    }
    f->position += *got;
    f->crc = crc64_update(f->crc, slice_of(into, *got));
    return OK;
}

static status open_source(invocation *inv, slice path, flow *f, int64_t *bytes) {
    slice name;
    uint64_t size;
    *bytes = -1;
    if (slice_equals_text(path, "-")) return f->piped = stdin, OK;
    TRY(arena_copy(&inv->memory, path, &name));
    status opened = files_open_read(FILES_HERE, (const char *)name.at, &f->fd);
    if (FAILED(opened))
        return trouble_note(&inv->trouble, opened, "%.*s cannot be read (%s).", SLICE_ARGS(path), status_name(opened));
    TRY(files_size(f->fd, &size));
    *bytes = (int64_t)size;
    return OK;
}

static status send_flow(client *c, const oss_order *order, flow *f, int64_t bytes, result *out) {
    client_stream stream = {.read = read_piece, .moved = on_moved, .context = f, .upload_bytes = bytes};
    result r;
    status sent = call_oss(c, order, &stream, &r);
    progress_end(&f->shown);
    TRY(sent);
    if (bytes >= 0 && f->position != (uint64_t)bytes)
        return trouble_note(&c->inv->trouble, FAIL(CONFLICT), "The file changed while it was sent.");
    TRY(check_crc(c->inv, &r.answer, f->crc));
    *out = r;
    return OK;
}

status transfer_put(client *c, const oss_order *order, slice path, result *out) {
    flow f = {.fd = -1};
    int64_t bytes;
    slice name = base_name(path), shown;
    TRY(arena_copy(&c->inv->memory, name, &shown));
    status done = open_source(c->inv, path, &f, &bytes);
    progress_begin(&f.shown, (const char *)shown.at, wish_of(c->inv));
    if (!FAILED(done)) done = send_flow(c, order, &f, bytes, out);
    files_close(f.fd);
    return done;
}

/* ---- down */

typedef struct target {
    int folder;
    slice name, part; /* of the file, and of the temporary one beside it */
} target;

static status write_piece(void *context, slice bytes) {
    flow *f = context;
    f->crc = crc64_update(f->crc, bytes);
    f->position += bytes.len;
    if (!f->piped) return files_write_all(f->fd, bytes);
    return fwrite(bytes.at, 1, bytes.len, f->piped) == bytes.len ? OK : FAIL(IO);
}

static status open_target(invocation *inv, slice path, target *out) {
    slice name = base_name(path), folder = slice_head(path, path.len - name.len), whole;
    target t = {.folder = -1};
    if (name.len == 0)
        return trouble_note(&inv->trouble, FAIL(USAGE), "%.*s is a folder, not a file.", SLICE_ARGS(path));
    TRY(arena_copy(&inv->memory, folder.len ? folder : SLICE("."), &whole));
    TRY(arena_copy(&inv->memory, name, &t.name));
    TRY(arena_printf(&inv->memory, &t.part, ".%.*s.%ld.part", SLICE_ARGS(slice_head(name, 200)), (long)getpid()));
    status opened = files_open_folder(FILES_HERE, (const char *)whole.at, &t.folder);
    if (FAILED(opened)) return trouble_note(&inv->trouble, opened, "There is no folder %.*s.", SLICE_ARGS(whole));
    *out = t;
    return OK;
}

static status receive_flow(client *c, const oss_order *order, flow *f, result *out) {
    client_stream stream = {.write = write_piece, .moved = on_moved, .context = f};
    result r;
    status got = call_oss(c, order, &stream, &r);
    progress_end(&f->shown);
    TRY(got);
    if (f->piped && fflush(f->piped) != 0)
        return trouble_note(&c->inv->trouble, FAIL(IO), "Standard output is closed or full.");
    TRY(check_crc(c->inv, &r.answer, f->crc));
    *out = r;
    return OK;
}

/* Where the file system can, the file has no name until it is whole: whatever interrupts leaves nothing behind. */
static status receive_nameless(client *c, const oss_order *order, const target *t, flow *f, result *out) {
    const char *part = (const char *)t->part.at;
    TRY(receive_flow(c, order, f, out));
    TRY(files_name(f->fd, t->folder, part));
    status named = files_rename(t->folder, part, (const char *)t->name.at);
    if (FAILED(named)) status_ignore(files_unlink(t->folder, part));
    return named;
}

static status receive_named(client *c, const oss_order *order, const target *t, flow *f, result *out) {
    const char *part = (const char *)t->part.at;
    TRY(files_create(t->folder, part, &f->fd));
    status got = receive_flow(c, order, f, out);
    if (!FAILED(got)) got = files_rename(t->folder, part, (const char *)t->name.at);
    if (FAILED(got)) status_ignore(files_unlink(t->folder, part));
    return got;
}

static status receive_file(client *c, const oss_order *order, const target *t, flow *f, result *out) {
    status made = files_create_nameless(t->folder, &f->fd);
    if (FAILED(made) && !FAILED_WITH(made, UNSUPPORTED)) return made;
    status got = FAILED(made) ? receive_named(c, order, t, f, out) : receive_nameless(c, order, t, f, out);
    files_close(f->fd);
    return got;
}

/* Standard output, a device, a pipe: written into as the bytes come. */
static status receive_piped(client *c, const oss_order *order, FILE *to, result *out) {
    flow f = {.fd = -1, .piped = to};
    progress_begin(&f.shown, "", wish_of(c->inv));
    return receive_flow(c, order, &f, out);
}

static status receive_special(client *c, const oss_order *order, const char *path, result *out) {
    FILE *to = fopen(path, "we");
    if (!to) return trouble_note(&c->inv->trouble, FAIL(IO), "%s cannot be written.", path);
    status got = receive_piped(c, order, to, out);
    bool is_closed = fclose(to) == 0;
    TRY(got);
    return is_closed ? OK : trouble_note(&c->inv->trouble, FAIL(IO), "%s could not be written.", path);
}

status transfer_get(client *c, const oss_order *order, slice path, result *out) {
    flow f = {.fd = -1};
    target t = {.folder = -1};
    slice whole;
    TRY(arena_copy(&c->inv->memory, path, &whole));
    if (slice_equals_text(path, "-")) return receive_piped(c, order, stdout, out);
    if (output_is_special((const char *)whole.at)) return receive_special(c, order, (const char *)whole.at, out);
    TRY(open_target(c->inv, path, &t));
    progress_begin(&f.shown, (const char *)t.name.at, wish_of(c->inv));
    status got = receive_file(c, order, &t, &f, out);
    files_close(t.folder);
    if (FAILED(got) && !FAILED(c->inv->trouble.failure))
        return trouble_note(&c->inv->trouble, got, "%.*s could not be written (%s).", SLICE_ARGS(path),
                            status_name(got));
    return got;
}
