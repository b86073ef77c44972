/* Opening, whole files, and reading and writing at offsets. */
#include "system/files.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PRIVATE_FILE = 0600 };

status files_failure(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return FAIL(NOT_FOUND);
    case EEXIST: return FAIL(EXISTS);
    case ENOSPC:
    case EDQUOT: return FAIL(DISK_FULL);
    case EROFS: return FAIL(READ_ONLY);
    case EFBIG:
    case EOVERFLOW: return FAIL(TOO_LARGE);
    case ENOMEM: return FAIL(OUT_OF_MEMORY);
    default: return FAIL(IO);
    }
}

/* openat2(2) keeps a name beneath its folder whatever links lie about. */
static status open_beneath(int dir_fd, const char *name, int flags, int *out) {
    int fd;
    bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; /* O_TMPFILE contains O_DIRECTORY */
    unsigned mode = makes ? PRIVATE_FILE : 0;
    if (dir_fd == FILES_HERE) {
        fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    } else {
        struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
                               .mode = mode,
                               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
        do fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof how);
        while (fd < 0 && errno == EAGAIN); /* a rename elsewhere made the check unsure */
    }
    if (fd < 0) return files_failure(errno);
    *out = fd;
    return OK;
}

status files_open_folder(int dir_fd, const char *name, int *out) {
    return open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY, out);
}

status files_open_read(int dir_fd, const char *name, int *out) {
    return open_beneath(dir_fd, name, O_RDONLY | O_NOCTTY | O_NONBLOCK, out);
}

status files_open_write(int dir_fd, const char *name, int *out) {
    return open_beneath(dir_fd, name, O_RDWR | O_NOCTTY | O_NONBLOCK, out);
}

status files_open_direct(int dir_fd, const char *name, int *out) {
    status opened = open_beneath(dir_fd, name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_DIRECT, out);
    return FAILED(opened) && errno == EINVAL ? FAIL(UNSUPPORTED) : opened;
}

status files_create(int dir_fd, const char *name, int *out) {
    return open_beneath(dir_fd, name, O_RDWR | O_CREAT | O_EXCL, out);
}

status files_create_nameless(int dir_fd, int *out) {
    status opened = open_beneath(dir_fd, ".", O_RDWR | O_TMPFILE, out);
    if (FAILED(opened) && (errno == EOPNOTSUPP || errno == EISDIR)) return FAIL(UNSUPPORTED);
    return opened;
}

status files_lock(int dir_fd, int *out) {
    int fd;
    TRY(open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY, &fd)); /* its own open file: the lock ends with it */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status locked = errno == EWOULDBLOCK ? FAIL(CONFLICT) : FAIL(IO);
        close(fd);
        return locked;
    }
    *out = fd;
    return OK;
}

status files_memory(slice content, int *out) {
    int fd = memfd_create("keyhold", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return files_failure(errno);
    status filled = files_write_at(fd, 0, content);
    if (!FAILED(filled) && fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        filled = FAIL(IO);
    if (FAILED(filled)) {
        close(fd);
        return filled;
    }
    *out = fd;
    return OK;
}

/* Files of /proc say 0 bytes and are read until they end. */
static status read_unsized(int fd, size_t limit, buffer *out) {
    size_t before = out->len, got = 0;
    do {
        enum { STEP = 4096 };
        TRY(buffer_reserve(out, STEP));
        TRY(files_read_at(fd, out->len - before, out->at + out->len, STEP, &got));
        ENSURE(got <= limit - (out->len - before), TOO_LARGE);
        out->len += got;
    } while (got > 0);
    return OK;
}

static status read_open(int fd, size_t limit, buffer *out) {
    uint64_t bytes;
    size_t got;
    TRY(files_size(fd, &bytes));
    if (bytes == 0) return read_unsized(fd, limit, out);
    ENSURE(bytes <= limit, TOO_LARGE);
    TRY(buffer_reserve(out, (size_t)bytes));
    TRY(files_read_at(fd, 0, out->at + out->len, (size_t)bytes, &got));
    out->len += got;
    return OK;
}

status files_read(int dir_fd, const char *name, size_t limit, buffer *out) {
    int fd;
    TRY(files_open_read(dir_fd, name, &fd));
    size_t before = out->len;
    status result = read_open(fd, limit, out);
    if (FAILED(result)) out->len = before;
    close(fd);
    return result;
}

status files_read_into(int dir_fd, const char *name, void *into, size_t capacity, size_t *got) {
    int fd;
    TRY(files_open_read(dir_fd, name, &fd));
    size_t had = 0;
    uint64_t bytes;
    status result = files_size(fd, &bytes);
    if (!FAILED(result) && bytes > capacity) result = FAIL(TOO_LARGE);
    if (!FAILED(result)) result = files_read_at(fd, 0, into, capacity, &had);
    close(fd);
    TRY(result);
    *got = had;
    return OK;
}

status files_read_at(int fd, uint64_t offset, void *into, size_t bytes, size_t *got) {
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = pread(fd, (uint8_t *)into + done, bytes - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return files_failure(errno);
        if (count == 0) break;
        done += (size_t)count;
    }
    *got = done;
    return OK;
}

status files_write_at(int fd, uint64_t offset, slice bytes) {
    while (bytes.len > 0) {
        ssize_t count = pwrite(fd, bytes.at, bytes.len, (off_t)offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return files_failure(errno);
        ENSURE(count > 0, IO);
        offset += (uint64_t)count;
        bytes = slice_skip(bytes, (size_t)count);
    }
    return OK;
}

status files_write_all(int fd, slice bytes) {
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.at, bytes.len);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return files_failure(errno);
        ENSURE(count > 0, IO);
        bytes = slice_skip(bytes, (size_t)count);
    }
    return OK;
}

status files_size(int fd, uint64_t *out) {
    struct stat facts;
    if (fstat(fd, &facts) != 0) return files_failure(errno);
    *out = (uint64_t)facts.st_size;
    return OK;
}

status files_resize(int fd, uint64_t bytes) {
    ENSURE(bytes <= INT64_MAX, TOO_LARGE);
    return ftruncate(fd, (off_t)bytes) == 0 ? OK : files_failure(errno);
}

status files_sync_data(int fd) { return fdatasync(fd) == 0 ? OK : files_failure(errno); }

status files_sync(int fd) { return fsync(fd) == 0 ? OK : files_failure(errno); }

status files_free_bytes(int fd, uint64_t *out) {
    struct statvfs facts;
    if (fstatvfs(fd, &facts) != 0) return files_failure(errno);
    *out = (uint64_t)facts.f_bavail * (uint64_t)facts.f_frsize;
    return OK;
}

void files_close(int fd) {
    if (fd >= 0) close(fd);
}
