/* Zero-written segments; see append.h for why. */
#include "system/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "system/files.h"

enum { PARTS_PER_CALL = 1024, NUMBER_DIGITS = 20, NAME_BYTES = 40 };

static const uint8_t zeros[APPEND_PREPARE_STEP_BYTES];

static void segment_name(uint64_t number, char out[NAME_BYTES]) {
    snprintf(out, NAME_BYTES, "%0*llu.seg", NUMBER_DIGITS, (unsigned long long)number);
}

static void unfinished_name(uint64_t number, char out[NAME_BYTES]) {
    snprintf(out, NAME_BYTES, ".%0*llu.seg.new", NUMBER_DIGITS, (unsigned long long)number);
}

status append_create(int dir_fd, uint64_t number, uint64_t bytes, append *out) {
    append_preparation p;
    TRY(append_prepare(dir_fd, number, bytes, &p));
    status made = append_prepared_take(&p, out);
    append_preparation_clear(&p);
    return made;
}

status append_open(int dir_fd, uint64_t number, append *out) {
    char name[NAME_BYTES];
    segment_name(number, name);
    append opened = {.number = number};
    TRY(files_open_write(dir_fd, name, &opened.fd));
    status sized = files_size(opened.fd, &opened.bytes);
    if (FAILED(sized)) {
        close(opened.fd);
        return sized;
    }
    *out = opened;
    return OK;
}

void append_clear(append *a) {
    if (a->fd > 0) close(a->fd);
    direct_clear(&a->direct);
    *a = (append){.fd = -1};
}

status append_go_direct(int dir_fd, append *a) {
    char name[NAME_BYTES];
    segment_name(a->number, name);
    ENSURE(a->bytes % DIRECT_BLOCK_BYTES == 0, UNSUPPORTED);
    direct_clear(&a->direct);
    TRY(direct_open(dir_fd, name, &a->direct));
    posix_fadvise(a->fd, 0, 0, POSIX_FADV_DONTNEED); /* else every write has to look for pages to drop */
    return OK;
}

status append_seek(append *a, uint64_t position) {
    ENSURE(position <= a->bytes, TOO_LARGE);
    a->position = position;
    return OK;
}

uint64_t append_room(const append *a) { return a->bytes - a->position; }

/* Skips what the kernel took already. */
static size_t advance(struct iovec **at, size_t count, size_t written) {
    while (count > 0 && written >= (*at)->iov_len) {
        written -= (*at)->iov_len;
        ++*at;
        count--;
    }
    if (count > 0) {
        (*at)->iov_base = (uint8_t *)(*at)->iov_base + written;
        (*at)->iov_len -= written;
    }
    return count;
}

static status write_vector(int fd, uint64_t offset, struct iovec *at, size_t count) {
    count = advance(&at, count, 0); /* empty parts in front */
    while (count > 0) {
        ssize_t written = pwritev(fd, at, (int)count, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return files_failure(errno);
        ENSURE(written > 0, IO);
        offset += (uint64_t)written;
        count = advance(&at, count, (size_t)written);
    }
    return OK;
}

static status write_buffered(append *a, const slice *parts, size_t count) {
    struct iovec vector[PARTS_PER_CALL];
    uint64_t offset = a->position;
    for (size_t done = 0; done < count;) {
        size_t some = count - done < PARTS_PER_CALL ? count - done : PARTS_PER_CALL;
        uint64_t bytes = 0;
        for (size_t i = 0; i < some; i++) {
            vector[i] = (struct iovec){(void *)(uintptr_t)parts[done + i].at, parts[done + i].len};
            bytes += parts[done + i].len;
        }
        TRY(write_vector(a->fd, offset, vector, some));
        offset += bytes;
        done += some;
    }
    return OK;
}

status append_write(append *a, const slice *parts, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        ENSURE(parts[i].len <= append_room(a) - total, TOO_LARGE);
        total += parts[i].len;
    }
    bool is_direct = a->direct.fd > 0;
    status written = is_direct ? direct_write(&a->direct, a->position, parts, count) : write_buffered(a, parts, count);
    if (FAILED(written) && is_direct) { /* the page cache needs no whole blocks, and can say what is wrong */
        direct_clear(&a->direct);
        written = write_buffered(a, parts, count);
    }
    TRY(written);
    a->position += total;
    return OK;
}

status append_sync(append *a) { return files_sync_data(a->fd); }

status append_read(const append *a, uint64_t offset, void *into, size_t bytes, size_t *got) {
    return files_read_at(a->fd, offset, into, bytes, got);
}

/* Only names this file makes: 20 digits and ".seg". */
static bool parse_name(slice name, uint64_t *number) {
    return name.len == NUMBER_DIGITS + 4 && slice_ends_with(name, SLICE(".seg")) &&
           slice_to_u64(slice_head(name, NUMBER_DIGITS), number);
}

status append_list(int dir_fd, arena *a, uint64_t **numbers, size_t *count) {
    slice *names;
    size_t name_count, found = 0;
    TRY(files_list(dir_fd, a, &names, &name_count));
    uint64_t *list = ARENA_ARRAY(a, uint64_t, name_count ? name_count : 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < name_count; i++) /* byte order is number order: all have the same length */
        if (parse_name(names[i], &list[found])) found++;
    *numbers = list;
    *count = found;
    return OK;
}

status append_remove(int dir_fd, uint64_t number) {
    char name[NAME_BYTES];
    segment_name(number, name);
    TRY(files_unlink(dir_fd, name));
    return files_sync(dir_fd);
}

status append_prepare(int dir_fd, uint64_t number, uint64_t bytes, append_preparation *out) {
    char name[NAME_BYTES], unfinished[NAME_BYTES];
    segment_name(number, name);
    unfinished_name(number, unfinished);
    bool there;
    TRY(files_exists(dir_fd, name, &there));
    ENSURE(!there, EXISTS);
    status removed = files_unlink(dir_fd, unfinished);
    if (FAILED(removed) && !FAILED_WITH(removed, NOT_FOUND)) return removed;
    append_preparation p = {.dir_fd = dir_fd, .begun = true};
    p.segment = (append){.number = number, .bytes = bytes ? bytes : APPEND_SEGMENT_BYTES};
    TRY(files_create(dir_fd, unfinished, &p.segment.fd));
    *out = p;
    return OK;
}

static status finish_preparation(append_preparation *p) {
    char name[NAME_BYTES], unfinished[NAME_BYTES];
    segment_name(p->segment.number, name);
    unfinished_name(p->segment.number, unfinished);
    TRY(files_sync(p->segment.fd));
    TRY(files_rename(p->dir_fd, unfinished, name));
    TRY(files_sync(p->dir_fd));
    p->segment.position = 0;
    p->ready = true;
    return OK;
}

status append_prepare_step(append_preparation *p) {
    ENSURE(p->begun, NOT_FOUND);
    if (p->ready) return OK;
    uint64_t left = append_room(&p->segment);
    if (left == 0) return finish_preparation(p);
    slice step = slice_of(zeros, left < sizeof zeros ? (size_t)left : sizeof zeros);
    off_t offset = (off_t)p->segment.position;
    TRY(append_write(&p->segment, &step, 1));
    /* Starts writing back without waiting, so that the sync at the end has little left; only a hint. */
    sync_file_range(p->segment.fd, offset, (off_t)step.len, SYNC_FILE_RANGE_WRITE);
    return OK;
}

status append_prepared_take(append_preparation *p, append *out) {
    while (!p->ready) TRY(append_prepare_step(p));
    *out = p->segment;
    *p = (append_preparation){0};
    return OK;
}

void append_preparation_clear(append_preparation *p) {
    if (p->begun && !p->ready) {
        char unfinished[NAME_BYTES];
        unfinished_name(p->segment.number, unfinished);
        status_ignore(files_unlink(p->dir_fd, unfinished));
    }
    append_clear(&p->segment);
    *p = (append_preparation){0};
}
