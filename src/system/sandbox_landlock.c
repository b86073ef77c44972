/* What each version of Landlock can confine is asked for as far as the kernel has it. Numbers as in the kernel's uapi
 * header. */
#include "system/sandbox_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The attributes of version 6; older kernels accept the longer struct when what they do not know is zero. */
typedef struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
} ruleset_attributes;

static const uint64_t access_refer = 1ULL << 13, access_truncate = 1ULL << 14, access_ioctl_device = 1ULL << 15;
static const uint64_t access_all_first = (1ULL << 13) - 1; /* version 1: execute … make_sym */
static const uint64_t access_tcp_bind = 1, access_tcp_connect = 2;
static const uint64_t scope_abstract_sockets = 1, scope_signals = 2;

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NETWORK = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

int sandbox_landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

static ruleset_attributes attributes_of(int abi) {
    ruleset_attributes a = {.handled_access_fs = access_all_first};
    if (abi >= ABI_REFER) a.handled_access_fs |= access_refer;
    if (abi >= ABI_TRUNCATE) a.handled_access_fs |= access_truncate;
    if (abi >= ABI_NETWORK) a.handled_access_net = access_tcp_bind | access_tcp_connect;
    if (abi >= ABI_IOCTL) a.handled_access_fs |= access_ioctl_device;
    if (abi >= ABI_SCOPE) a.scoped = scope_abstract_sockets | scope_signals;
    return a;
}

static uint64_t rights_of(enum sandbox_right right) {
    uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    if (right == SANDBOX_READ_EXECUTE) rights |= LANDLOCK_ACCESS_FS_EXECUTE;
    if (right == SANDBOX_READ_WRITE)
        rights |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | access_refer | access_truncate;
    return rights;
}

static status add_open(int ruleset_fd, int fd, uint64_t rights) {
    struct stat facts;
    ENSURE(fstat(fd, &facts) == 0, IO);
    if (!S_ISDIR(facts.st_mode))
        rights &= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                  access_truncate | access_ioctl_device;
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = fd};
    ENSURE(syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0, IO);
    return OK;
}

static status add_folder(int ruleset_fd, const sandbox_folder *folder, uint64_t handled) {
    uint64_t rights = rights_of(folder->right) & handled;
    if (!folder->path) return add_open(ruleset_fd, folder->dir_fd, rights);
    int fd = open(folder->path, O_PATH | O_CLOEXEC);
    ENSURE(fd >= 0 || (errno != ENOENT && errno != ENOTDIR), NOT_FOUND);
    ENSURE(fd >= 0, IO);
    status added = add_open(ruleset_fd, fd, rights);
    close(fd);
    return added;
}

/* A supervisor's rules hold for what it starts as well, so they contain what any program here needs to start: the
 * loader, libraries and their settings. What a machine does not have is passed over. */
static status add_program_needs(int ruleset_fd, uint64_t handled) {
    static const sandbox_folder needs[] = {
        {.path = "/usr", .right = SANDBOX_READ_EXECUTE},    {.path = "/lib", .right = SANDBOX_READ_EXECUTE},
        {.path = "/lib64", .right = SANDBOX_READ_EXECUTE},  {.path = "/etc/ld.so.cache", .right = SANDBOX_READ},
        {.path = "/etc/ssl", .right = SANDBOX_READ},        {.path = "/etc/gnutls", .right = SANDBOX_READ},
        {.path = "/etc/localtime", .right = SANDBOX_READ},  {.path = "/etc/pkcs11", .right = SANDBOX_READ},
        {.path = "/dev/null", .right = SANDBOX_READ_WRITE}, {.path = "/dev/urandom", .right = SANDBOX_READ},
        {.path = "/proc", .right = SANDBOX_READ},           {.path = "/sys/devices/system", .right = SANDBOX_READ},
        {.path = "/sys/fs/cgroup", .right = SANDBOX_READ},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        status added = add_folder(ruleset_fd, &needs[i], handled);
        if (FAILED(added) && !FAILED_WITH(added, NOT_FOUND)) return added;
    }
    return OK;
}

static status add_rules(int ruleset_fd, const sandbox_plan *plan, uint64_t handled) {
    for (size_t i = 0; i < plan->folder_count; i++) TRY(add_folder(ruleset_fd, &plan->folders[i], handled));
    if (plan->role == SANDBOX_SUPERVISOR) TRY(add_program_needs(ruleset_fd, handled));
    return OK;
}

status sandbox_landlock_prepare(const sandbox_plan *plan, int *ruleset_fd) {
    int abi = sandbox_landlock_abi();
    if (abi == 0) {
        *ruleset_fd = -1;
        return OK;
    }
    ruleset_attributes attributes = attributes_of(abi);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    ENSURE(fd >= 0, IO);
    status added = add_rules(fd, plan, attributes.handled_access_fs);
    if (FAILED(added)) {
        close(fd);
        return added;
    }
    *ruleset_fd = fd;
    return OK;
}

status sandbox_landlock_enforce(int ruleset_fd, sandbox_report *report) {
    report->landlock_abi = sandbox_landlock_abi();
    if (ruleset_fd < 0) return OK;
    long restricted = syscall(SYS_landlock_restrict_self, ruleset_fd, 0);
    close(ruleset_fd);
    ENSURE(restricted == 0, IO);
    report->files_confined = true;
    report->truncate_confined = report->landlock_abi >= ABI_TRUNCATE;
    report->network_confined = report->landlock_abi >= ABI_NETWORK;
    report->signals_confined = report->landlock_abi >= ABI_SCOPE;
    return OK;
}
