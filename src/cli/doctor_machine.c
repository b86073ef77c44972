/* Looking at the machine. */
#include <stdio.h>
#include <sys/utsname.h>

#include "cli/doctor.h"
#include "system/files.h"
#include "system/sandbox.h"
#include "system/secret_pool.h"

enum { FILE_BYTES_MOST = 4 << 20 };

/* Files of /proc; empty when they cannot be read. */
static void read_file(const char *path, buffer *out) {
    FILE *f = fopen(path, "re");
    uint8_t chunk[4096];
    size_t got;
    buffer_reset(out);
    while (f && out->len < FILE_BYTES_MOST && (got = fread(chunk, 1, sizeof chunk, f)) > 0)
        if (FAILED(buffer_append(out, slice_of(chunk, got)))) break;
    if (f) fclose(f);
}

static void check_kernel(findings *all) {
    struct utsname name;
    if (uname(&name) == 0) (void)finding_add(all, "kernel", FINDING_FINE, "%s %s", name.sysname, name.release);
    int abi = sandbox_landlock_abi();
    finding *f = finding_add(all, "landlock", abi ? FINDING_FINE : FINDING_WARNING,
                             abi ? "files are confined (ABI %d)" : "this kernel has none (ABI %d)", abi);
    if (!abi) finding_advise(f, "use a kernel of 5.13 or later with Landlock among its security modules");
}

static void check_seccomp(findings *all) {
    OWNED(buffer) text = {0};
    read_file("/proc/self/status", &text);
    bool has_filters = slice_find(buffer_slice(&text), SLICE("Seccomp:")) != SIZE_MAX;
    if (has_filters) (void)finding_add(all, "seccomp", FINDING_FINE, "system calls are filtered");
    else
        finding_advise(finding_add(all, "seccomp", FINDING_WRONG,
                                   "this kernel has no system call filter, and no role starts without"),
                       "use a kernel with CONFIG_SECCOMP_FILTER");
}

static void check_secret_memory(findings *all) {
    if (FAILED(secret_pool_open(SECRET_POOL_LEAST_BYTES))) {
        finding_advise(finding_add(all, "secret memory", FINDING_WRONG, "no memory could be locked for keys"),
                       "raise the limit: LimitMEMLOCK=64M in the unit, or ulimit -l");
        return;
    }
    if (secret_pool_is_secret())
        (void)finding_add(all, "secret memory", FINDING_FINE, "keys live in memory that no other process can read");
    else
        finding_advise(finding_add(all, "secret memory", FINDING_WARNING,
                                   "memfd_secret is off: keys live in locked memory that root could read"),
                       "start the kernel (5.14 or later) with secretmem.enable=1");
    secret_pool_close();
}

static bool has_word(slice line, slice word) {
    slice each;
    while (slice_split(&line, ' ', &each))
        if (slice_equals(slice_trim(each), word)) return true;
    return false;
}

static slice flags_line(slice text) {
    slice line;
    while (slice_split(&text, '\n', &line))
        if (slice_starts_with(line, SLICE("flags")) || slice_starts_with(line, SLICE("Features"))) return line;
    return SLICE("");
}

static void check_processor(findings *all) {
    OWNED(buffer) text = {0};
    read_file("/proc/cpuinfo", &text);
    slice flags = flags_line(buffer_slice(&text));
    bool has_aes = has_word(flags, SLICE("aes")),
         has_vaes = has_word(flags, SLICE("vaes")) && has_word(flags, SLICE("vpclmulqdq"));
    finding *f =
        finding_add(all, "processor", has_aes ? FINDING_FINE : FINDING_WARNING,
                    "AES instructions: %s; wide ones (VAES): %s", has_aes ? "yes" : "no", has_vaes ? "yes" : "no");
    if (!has_aes)
        finding_advise(f, "encryption works, but slowly; in a virtual machine pass the host's processor through");
}

static void check_swap(findings *all) {
    OWNED(buffer) text = {0};
    size_t lines = 0;
    read_file("/proc/swaps", &text);
    for (size_t i = 0; i < text.len; i++) lines += text.at[i] == '\n';
    if (lines <= 1) (void)finding_add(all, "swap", FINDING_FINE, "none");
    else
        finding_advise(finding_add(all, "swap", FINDING_WARNING,
                                   "there is swap: keys never go there, but data on its way through the gateway may"),
                       "swapoff -a, or put swap on an encrypted device");
}

static void check_core_dumps(findings *all) {
    OWNED(buffer) text = {0};
    read_file("/proc/sys/kernel/core_pattern", &text);
    slice pattern = slice_trim(buffer_slice(&text));
    if (!slice_starts_with(pattern, SLICE("|"))) {
        (void)finding_add(all, "core dumps", FINDING_FINE, "pattern \"%.*s\"; all roles switch them off",
                          SLICE_ARGS(pattern));
        return;
    }
    finding_advise(finding_add(all, "core dumps", FINDING_WARNING,
                               "a program receives them (%.*s); all roles switch them off",
                               SLICE_ARGS(slice_head(pattern, 80))),
                   "for other programs that hold keys: sysctl kernel.core_pattern=core");
}

void doctor_check_machine(findings *all) {
    check_kernel(all);
    check_seccomp(all);
    check_secret_memory(all);
    check_processor(all);
    check_swap(all);
    check_core_dumps(all);
}
