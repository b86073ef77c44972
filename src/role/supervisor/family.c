/* The family as a whole: starting it, starting a dead child again, stopping all in order. */
#include "role/supervisor/family.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/supervisor/member.h"
#include "system/process.h"

enum {
    QUICK_DEATH_MS = 10 * 1000, /* one that lived longer is started again at once */
    FIRST_DELAY_MS = 100,
    DELAY_MOST_MS = 5000,
    MINUTE_MS = 60 * 1000,
    FAMILY_MEMORY = 256 << 10,
};

/* ---- making it */

/* Nothing of the environment reaches a child, but what the runtime of a sanitizer or of a coverage build looks for. */
static status environment_make(family *f) {
    static const char *const passed[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE", "GCOV_PREFIX"};
    enum { PASSED = sizeof passed / sizeof passed[0] };
    f->environment = ARENA_ARRAY(&f->memory, const char *, PASSED + 2);
    ENSURE(f->environment != NULL, OUT_OF_MEMORY);
    size_t count = 0;
    f->environment[count++] = "PATH=/usr/bin:/bin";
    for (size_t i = 0; i < PASSED; i++) {
        const char *value = process_variable(passed[i]);
        slice line;
        if (!value) continue;
        TRY(arena_printf(&f->memory, &line, "%s=%s", passed[i], value));
        f->environment[count++] = (const char *)line.at;
    }
    return OK;
}

static slice folder_of(slice path) {
    size_t end = path.len;
    while (end > 1 && path.at[end - 1] != '/') end--;
    return slice_head(path, end > 1 ? end - 1 : end);
}

static status add_members(family *f, const role_row *row) {
    slice path;
    status found = path_find_libexec(&f->memory, row->executable, &path);
    if (FAILED(found)) log_error("executable not found", "%s: %s", row->executable, status_name(found));
    TRY(found);
    TRY(arena_copy(&f->memory, folder_of(path), &f->folder));
    size_t count = row->role == ROLE_GATEWAY ? f->plan.gateway_count : row->role == ROLE_KEYGEN ? FAMILY_KEYGENS : 1;
    for (size_t i = 0; i < count; i++)
        f->members[f->count++] = (member){.family = f, .row = row, .index = (int64_t)i, .path = path};
    return OK;
}

static status family_fill(family *f) {
    ENSURE(f->plan.gateway_count <= FAMILY_GATEWAYS_MOST, TOO_LARGE);
    f->members = ARENA_ARRAY(&f->memory, member, ROLE_ROWS + FAMILY_KEYGENS + f->plan.gateway_count);
    ENSURE(f->members != NULL, OUT_OF_MEMORY);
    TRY(environment_make(f));
    for (size_t i = 0; i < ROLE_ROWS; i++)
        if (f->plan.roles & (1u << role_row_at(i)->role)) TRY(add_members(f, role_row_at(i)));
    return OK;
}

status family_new(const family_plan *plan, family **out) {
    family *f = calloc(1, sizeof *f);
    ENSURE(f != NULL, OUT_OF_MEMORY);
    f->plan = *plan;
    f->settings = plan->settings;
    f->memory.limit = FAMILY_MEMORY;
    status filled = family_fill(f);
    if (FAILED(filled)) {
        family_free(f);
        return filled;
    }
    *out = f;
    return OK;
}

slice family_folder(const family *f) { return f->folder; }

void family_free(family *f) {
    if (!f) return;
    for (size_t i = 0; i < f->count; i++) {
        member *m = &f->members[i];
        spawn_end how;
        if (m->is_alive) {
            member_kill(m);
            loop_unwatch(f->plan.loop, m->process.pidfd);
            status_ignore(spawn_wait(&m->process, -1, &how));
        }
        member_clear(m);
    }
    loop_cancel(f->plan.loop, f->stop_timer);
    arena_clear(&f->memory);
    free(f);
}

/* ---- starting it */

status family_start(family *f) {
    for (size_t i = 0; i < f->count; i++) TRY(member_start(&f->members[i]));
    for (size_t i = 0; i < LINK_ROWS; i++) {
        const link_row *row = link_row_at(i);
        for (size_t a = 0; a < f->count; a++)
            for (size_t b = 0; b < f->count; b++)
                if (f->members[a].row->role == row->a && f->members[b].row->role == row->b)
                    TRY(members_link(&f->members[a], &f->members[b], row->kind));
    }
    connected_message connected = {0};
    for (size_t i = 0; i < f->count; i++) TRY(member_tell(&f->members[i], MESSAGE_CONNECTED, &connected, -1));
    return OK;
}

status family_tell(family *f, enum role role, enum message_verb verb, const void *fields) {
    bool is_told = false;
    for (size_t i = 0; i < f->count; i++) {
        if (f->members[i].row->role != role || !f->members[i].is_alive) continue;
        TRY(member_tell(&f->members[i], verb, fields, -1));
        is_told = true;
    }
    return is_told ? OK : FAIL(CLOSED);
}

void family_configure(family *f, const settings *changed) {
    f->settings = changed;
    for (size_t i = 0; i < f->count; i++)
        if (f->members[i].is_alive) status_ignore(member_configure(&f->members[i])); /* a lost one starts with them */
}

bool family_is_ready(const family *f) {
    for (size_t i = 0; i < f->count; i++)
        if (f->members[i].row->is_awaited && !f->members[i].is_ready) return false;
    return true;
}

static void fail(family *f) {
    if (f->has_failed || f->is_stopping) return;
    f->has_failed = true;
    f->plan.events.on_failed(f->plan.events.context);
}

void family_member_ready(family *f, member *m) {
    char name[MEMBER_NAME_BYTES];
    member_name(m, name);
    bool is_again =
        f->was_ready && m->has_ended; /* who is not awaited may be ready late, and is not back from anywhere */
    m->is_ready = true;
    log_line(is_again ? LOG_INFO_LINE : LOG_DEBUG_LINE, is_again ? "ready again" : "child ready", "%s, after %lld ms",
             name, (long long)(clock_monotonic_ms() - m->started_ms));
    if (f->was_ready || f->is_stopping || !family_is_ready(f)) return;
    f->was_ready = true;
    if (f->plan.events.on_ready) f->plan.events.on_ready(f->plan.events.context);
}

/* ---- starting a child again */

static void start_again(void *context);

static int64_t delay_of(const member *m) {
    if (m->quick_deaths <= 1) return 0;
    int64_t delay_ms = FIRST_DELAY_MS;
    for (unsigned i = 2; i < m->quick_deaths && delay_ms < DELAY_MOST_MS; i++) delay_ms *= 2;
    return delay_ms < DELAY_MOST_MS ? delay_ms : DELAY_MOST_MS;
}

static void plan_start(member *m) {
    family *f = m->family;
    int64_t lived_ms = clock_monotonic_ms() - m->started_ms;
    m->quick_deaths = lived_ms < QUICK_DEATH_MS ? m->quick_deaths + 1 : 1;
    status planned = loop_after(f->plan.loop, delay_of(m), start_again, m, &m->timer);
    if (!FAILED(planned)) return;
    log_error("child not started again", "%s: %s", m->row->name, status_name(planned));
    fail(f);
}

static void start_again(void *context) {
    member *m = context;
    char name[MEMBER_NAME_BYTES];
    m->timer = 0;
    member_name(m, name);
    status started = member_start(m);
    if (!FAILED(started)) started = member_link_all(m);
    if (!FAILED(started)) return;
    log_error("child not started", "%s: %s", name, status_name(started));
    if (m->is_alive) member_kill(m);
    else plan_start(m);
}

static void log_end(const member *m, const spawn_end *how, enum log_level level) {
    char name[MEMBER_NAME_BYTES];
    long long lived_ms = (long long)(clock_monotonic_ms() - m->started_ms);
    member_name(m, name);
    if (how->signal == SIGSYS)
        log_line(level, "child ended", "%s after %lld ms: it made a system call its sandbox forbids", name, lived_ms);
    else if (how->signal)
        log_line(level, "child ended", "%s after %lld ms: signal %d (%s)", name, lived_ms, how->signal,
                 strsignal(how->signal));
    else log_line(level, "child ended", "%s after %lld ms: exit code %d", name, lived_ms, how->exit_code);
}

/* The list holds one more than are tolerated: when its oldest is less than a minute old, that is too many. */
static void count_death(member *m) {
    enum { KEPT = sizeof m->deaths_ms / sizeof m->deaths_ms[0] };
    char name[MEMBER_NAME_BYTES];
    int64_t now_ms = loop_now_ms(m->family->plan.loop);
    memmove(m->deaths_ms, m->deaths_ms + 1, (KEPT - 1) * sizeof m->deaths_ms[0]);
    m->deaths_ms[KEPT - 1] = now_ms;
    if (m->deaths_ms[0] == 0 || now_ms - m->deaths_ms[0] > MINUTE_MS) return;
    member_name(m, name);
    log_error("child keeps ending", "%s: more than %d times within a minute; it is started again every %d s at least",
              name, FAMILY_DEATHS_A_MINUTE, DELAY_MOST_MS / 1000);
}

/* ---- stopping */

static bool stage_is_alive(const family *f, unsigned stage) {
    for (size_t i = 0; i < f->count; i++)
        if (f->members[i].is_alive && f->members[i].row->stop_stage == stage) return true;
    return false;
}

static void kill_stage(family *f, unsigned stage) {
    for (size_t i = 0; i < f->count; i++)
        if (f->members[i].row->stop_stage == stage) member_kill(&f->members[i]);
}

static void on_stop_timer(void *context) {
    family *f = context;
    f->stop_timer = 0;
    log_error("children did not stop", "stage %u: ended by force after %d s", f->stop_stage,
              FAMILY_STOP_WAIT_MS / 1000);
    kill_stage(f, f->stop_stage);
}

static void tell_stage(family *f) {
    stop_message stop = {0};
    for (size_t i = 0; i < f->count; i++) {
        member *m = &f->members[i];
        if (!m->is_alive || m->row->stop_stage != f->stop_stage) continue;
        if (FAILED(member_tell(m, MESSAGE_STOP, &stop, -1))) member_kill(m);
    }
    if (FAILED(loop_after(f->plan.loop, FAMILY_STOP_WAIT_MS, on_stop_timer, f, &f->stop_timer)))
        kill_stage(f, f->stop_stage);
}

/* The next stage with someone alive, or the end. */
static void stop_next(family *f) {
    loop_cancel(f->plan.loop, f->stop_timer);
    f->stop_timer = 0;
    while (f->stop_stage < STOP_STAGES && !stage_is_alive(f, f->stop_stage)) f->stop_stage++;
    if (f->stop_stage < STOP_STAGES) tell_stage(f);
    else f->plan.events.on_gone(f->plan.events.context);
}

void family_stop(family *f) {
    if (f->is_stopping) {
        for (size_t i = 0; i < f->count; i++) member_kill(&f->members[i]);
        return;
    }
    f->is_stopping = true;
    for (size_t i = 0; i < f->count; i++) {
        if (f->members[i].is_alive) continue;
        loop_cancel(f->plan.loop, f->members[i].timer);
        f->members[i].timer = 0;
    }
    stop_next(f);
}

void family_member_ended(family *f, member *m, const spawn_end *how) {
    m->has_ended = true;
    bool is_clean = f->is_stopping && how->exit_code == 0 && how->signal == 0;
    log_end(m, how, is_clean ? LOG_DEBUG_LINE : LOG_WARNING_LINE);
    if (f->is_stopping) {
        if (!stage_is_alive(f, f->stop_stage)) stop_next(f);
    } else if (!f->was_ready || f->plan.has_one_try) {
        fail(f);
    } else {
        count_death(m);
        plan_start(m);
    }
}
