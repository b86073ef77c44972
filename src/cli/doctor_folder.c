/* Looking at the data folder. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "crypto/certificate.h"
#include "system/files.h"

enum { ROOT_KEY_BYTES = 32, PATH_BYTES = 4096, PEM_BYTES_MOST = 1 << 16, DAY_S = 86400, SOON_DAYS = 30 };
static const uint64_t SPACE_LOW = 1000000000, SPACE_WRONG = 50000000;

typedef struct place {
    findings *all;
    const char *data;
    uid_t owner; /* of the data folder */
} place;

static const char *path_in(const place *p, const char *name, char out[PATH_BYTES]) {
    snprintf(out, PATH_BYTES, "%s/%s", p->data, name);
    return out;
}

/* What is ours alone: no rights for group and others, the same owner as the folder. */
static void check_private(const place *p, const char *name, mode_t mode_most) {
    char path[PATH_BYTES];
    struct stat facts;
    if (lstat(path_in(p, name, path), &facts) != 0) {
        if (errno == EACCES) (void)finding_add(p->all, name, FINDING_WARNING, "this user may not look at it");
        else
            finding_advise(finding_add(p->all, name, FINDING_WRONG, "%s is missing", path), "keyhold init --data %s",
                           p->data);
        return;
    }
    mode_t mode = facts.st_mode & 07777;
    if (mode & ~mode_most)
        finding_advise(finding_add(p->all, name, FINDING_WRONG, "others can reach it (mode %04o)", (unsigned)mode),
                       "chmod %o %s", (unsigned)mode_most, path);
    else (void)finding_add(p->all, name, FINDING_FINE, "mode %04o, owner %u", (unsigned)mode, (unsigned)facts.st_uid);
}

static void check_root_key(const place *p) {
    char path[PATH_BYTES];
    struct stat facts;
    check_private(p, "root.key", 0600);
    if (lstat(path_in(p, "root.key", path), &facts) != 0) return;
    if (facts.st_uid != p->owner && facts.st_uid != 0)
        finding_advise(finding_add(p->all, "root.key owner", FINDING_WRONG,
                                   "it belongs to user %u, the folder to user %u", (unsigned)facts.st_uid,
                                   (unsigned)p->owner),
                       "chown %u %s", (unsigned)p->owner, path);
    if (!S_ISREG(facts.st_mode) || facts.st_size != ROOT_KEY_BYTES) {
        finding_advise(finding_add(p->all, "root.key size", FINDING_WRONG, "%s is not a file of %d bytes", path,
                                   (int)ROOT_KEY_BYTES),
                       "bring it back from its copy: without it nothing can be opened");
        return;
    }
    finding_advise(finding_add(p->all, "root.key place", FINDING_WARNING,
                               "it lies beside the data it protects: a copy of the folder holds both"),
                   "keep a copy of it elsewhere, leave it out of backups of the folder, and put the folder on an "
                   "encrypted device");
}

static void tell_certificate(const place *p, const char *name, int64_t left_days) {
    if (left_days < 0) {
        finding_advise(finding_add(p->all, name, FINDING_WRONG, "it expired %lld days ago", (long long)-left_days),
                       "put a new one there, or remove it and run keyhold init --data %s", p->data);
    } else if (left_days < SOON_DAYS) {
        finding_advise(finding_add(p->all, name, FINDING_WARNING, "it expires in %lld days", (long long)left_days),
                       "put a new one there soon");
    } else {
        (void)finding_add(p->all, name, FINDING_FINE, "valid for %lld days", (long long)left_days);
    }
}

static void check_certificate(const place *p, const char *name) {
    OWNED(buffer) pem = {0};
    char path[PATH_BYTES];
    int64_t end_s;
    status got = files_read(FILES_HERE, path_in(p, name, path), PEM_BYTES_MOST, &pem);
    if (!FAILED(got)) got = certificate_not_after(buffer_slice(&pem), &end_s);
    if (!FAILED(got)) tell_certificate(p, name, (end_s - clock_now_s()) / DAY_S);
    else (void)finding_add(p->all, name, FINDING_WRONG, "%s cannot be read as a certificate", path);
}

static void check_space(const place *p) {
    uint64_t left = 0;
    int fd;
    status got = files_open_folder(FILES_HERE, p->data, &fd);
    if (!FAILED(got)) {
        got = files_free_bytes(fd, &left);
        files_close(fd);
    }
    if (FAILED(got)) return;
    enum finding_state state = left < SPACE_WRONG ? FINDING_WRONG : left < SPACE_LOW ? FINDING_WARNING : FINDING_FINE;
    finding *f = finding_add(p->all, "disk", state, "%llu MB are free", (unsigned long long)(left / 1000000));
    if (state != FINDING_FINE)
        finding_advise(f, "make room: a full disk stops every operation, for each has to be recorded");
}

void doctor_check_folder(findings *all, const char *data) {
    place p = {.all = all, .data = data};
    struct stat facts;
    if (stat(data, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        finding_advise(finding_add(all, "data folder", FINDING_WRONG, "there is no folder %s", data),
                       "keyhold init --data DIR makes one; --data DIR names another");
        return;
    }
    p.owner = facts.st_uid;
    mode_t mode = facts.st_mode & 07777;
    enum finding_state state = mode & 0077 ? FINDING_WRONG : FINDING_FINE;
    finding *f =
        finding_add(all, "data folder", state, "%s: mode %04o, owner %u", data, (unsigned)mode, (unsigned)p.owner);
    if (mode & 0077) finding_advise(f, "chmod 700 %s", data);
    check_root_key(&p);
    check_private(&p, "core", 0700);
    check_private(&p, "trail", 0700);
    check_private(&p, "tls/server.key", 0600);
    check_certificate(&p, "tls/server.pem");
    check_certificate(&p, "tls/ca.pem");
    check_space(&p);
}
