/* Entering the sandbox, in the order in which the steps allow each other: the last one is the system call filter. */
#include "system/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "system/sandbox_landlock.h"
#include "system/sandbox_rules.h"

enum { KEEP_MAX = 256, CAPABILITY_WORDS = _LINUX_CAPABILITY_U32S_3 };

static int by_number(const void *a, const void *b) {
    int first = *(const int *)a, second = *(const int *)b;
    return (first > second) - (first < second);
}

/* Closes the gaps between what is kept; close_range(2) needs no list of what is open. */
static status close_others(const sandbox_plan *plan, int ruleset_fd) {
    int kept[KEEP_MAX + 4];
    size_t count = 0;
    ENSURE(plan->keep_count <= KEEP_MAX, TOO_LARGE);
    for (int fd = 0; fd <= 2; fd++) kept[count++] = fd;
    for (size_t i = 0; i < plan->keep_count; i++)
        if (plan->keep[i] > 2) kept[count++] = plan->keep[i];
    if (ruleset_fd > 2) kept[count++] = ruleset_fd;
    qsort(kept, count, sizeof kept[0], by_number);
    for (size_t i = 0; i < count; i++) {
        unsigned first = (unsigned)kept[i] + 1, last = i + 1 < count ? (unsigned)kept[i + 1] - 1 : ~0U;
        if (i + 1 < count && kept[i + 1] <= kept[i] + 1) continue;
        ENSURE(close_range(first, last, 0) == 0, IO);
    }
    return OK;
}

/* What the C library would otherwise do at its first use, with files by name. A second malloc arena would read a
 * setting of the kernel when it shrinks: one arena does not. */
static void warm_up_library(void) {
    tzset();
    mallopt(M_ARENA_MAX, 1);
}

static status change_user(const sandbox_plan *plan, sandbox_report *report) {
    if (plan->run_as_user == 0) return OK;
    uid_t user = plan->run_as_user;
    gid_t group = plan->run_as_group;
    ENSURE(group != 0, USAGE);
    ENSURE(setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0, IO);
    ENSURE(setresuid(0, 0, 0) != 0 && geteuid() == user && getegid() == group, IO); /* there is no way back */
    report->user_changed = true;
    return OK;
}

/* The bounding set can only be emptied with CAP_SETPCAP; without it there is nothing in it that could be gained, as
 * no_new_privs holds. */
static void empty_bounding_set(void) {
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static status drop_capabilities(sandbox_report *report) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[CAPABILITY_WORDS] = {0};
    ENSURE(syscall(SYS_capset, &header, none) == 0, IO);
    report->capabilities_dropped = true;
    return OK;
}

/* The supervisor keeps its capabilities: what it starts changes to users of their own. */
static status give_up_privileges(const sandbox_plan *plan, sandbox_report *report) {
    int parent_death_signal = 0;
    ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, IO);
    ENSURE(prctl(PR_GET_PDEATHSIG, &parent_death_signal, 0, 0, 0) == 0, IO);
    if (plan->role != SANDBOX_SUPERVISOR) empty_bounding_set();
    TRY(change_user(plan, report));
    if (plan->role != SANDBOX_SUPERVISOR) TRY(drop_capabilities(report));
    /* Changing the user undoes both: prctl(2). */
    if (parent_death_signal) ENSURE(prctl(PR_SET_PDEATHSIG, parent_death_signal, 0, 0, 0) == 0, IO);
    ENSURE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, IO);
    struct rlimit no_core = {0, 0};
    ENSURE(setrlimit(RLIMIT_CORE, &no_core) == 0, IO);
    return OK;
}

static struct scmp_arg_cmp compare_of(const sandbox_row *row) {
    switch (row->when) {
    case SANDBOX_DIFFERS: return SCMP_CMP64(row->argument, SCMP_CMP_NE, row->value, 0);
    case SANDBOX_HAS_BITS: return SCMP_CMP64(row->argument, SCMP_CMP_MASKED_EQ, row->value, row->value);
    case SANDBOX_LACKS_BITS: return SCMP_CMP64(row->argument, SCMP_CMP_MASKED_EQ, row->value, 0);
    case SANDBOX_OWN_PID: return SCMP_CMP64(row->argument, SCMP_CMP_EQ, (uint64_t)getpid(), 0);
    case SANDBOX_ALWAYS:
    case SANDBOX_EQUALS: break;
    }
    return SCMP_CMP64(row->argument, SCMP_CMP_EQ, row->value, 0);
}

static status add_group(scmp_filter_ctx filter, uint32_t action, const sandbox_group *group) {
    for (size_t i = 0; i < group->count; i++) {
        const sandbox_row *row = &group->rows[i];
        struct scmp_arg_cmp compare = compare_of(row);
        unsigned compare_count = row->when == SANDBOX_ALWAYS ? 0 : 1;
        int added = seccomp_rule_add_array(filter, action, row->call, compare_count, &compare);
        ENSURE(added != -ENOMEM, OUT_OF_MEMORY);
        ENSURE(added == 0, INTERNAL);
    }
    return OK;
}

static status fill_filter(scmp_filter_ctx filter, const sandbox_list *list) {
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0, INTERNAL);
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0, UNSUPPORTED);
    /* Both only help: the killed call in the audit log, and a faster search. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    uint32_t action = list->forbids ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW;
    for (size_t i = 0; i < SANDBOX_GROUPS_MAX && list->groups[i]; i++) TRY(add_group(filter, action, list->groups[i]));
    if (!list->forbids) TRY(add_group(filter, action, sandbox_sanitizer_group()));
    int loaded = seccomp_load(filter);
    ENSURE(loaded != -EINVAL && loaded != -ENOSYS, UNSUPPORTED);
    ENSURE(loaded == 0, IO);
    return OK;
}

static status filter_calls(enum sandbox_role role, sandbox_report *report) {
    const sandbox_list *list = sandbox_list_of(role);
    scmp_filter_ctx filter = seccomp_init(list->forbids ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
    ENSURE(filter != NULL, OUT_OF_MEMORY);
    status filled = fill_filter(filter, list);
    seccomp_release(filter);
    TRY(filled);
    report->filtered = true;
    report->relaxed = !list->forbids && sandbox_sanitizer_group()->count > 0;
    return OK;
}

status sandbox_enter(const sandbox_plan *plan, sandbox_report *out) {
    sandbox_report report = {0};
    int ruleset_fd;
    warm_up_library();
    TRY(sandbox_landlock_prepare(plan, &ruleset_fd));
    TRY(close_others(plan, ruleset_fd));
    TRY(give_up_privileges(plan, &report));
    TRY(sandbox_landlock_enforce(ruleset_fd, &report));
    if (plan->before_filter) TRY(plan->before_filter(plan->context));
    TRY(filter_calls(plan->role, &report));
    *out = report;
    return OK;
}
