/* One child: its process, its settings, its control channel. Its frames are all the supervisor ever parses. */
#include "role/supervisor/member.h"

#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "system/files.h"

enum { CONTROL_GONE_MS = 2000, FRAME_MEMORY = 64 << 10, EXTRA_SETTINGS = 5 };

void member_name(const member *m, char out[MEMBER_NAME_BYTES]) {
    if (m->row->role == ROLE_GATEWAY) snprintf(out, MEMBER_NAME_BYTES, "%s %lld", m->row->name, (long long)m->index);
    else snprintf(out, MEMBER_NAME_BYTES, "%s", m->row->name);
}

/* ---- messages to it */

status member_tell(member *m, enum message_verb verb, const void *fields, int fd) {
    OWNED(buffer) frame = {0};
    status sent = message_encode(verb, fields, &frame);
    if (!FAILED(sent) && !m->control) sent = FAIL(CLOSED);
    if (FAILED(sent)) files_close(fd);
    else if (fd < 0) sent = channel_send(m->control, buffer_slice(&frame));
    else sent = channel_send_with_descriptors(m->control, buffer_slice(&frame), &fd, 1);
    buffer_wipe(&frame);
    if (!FAILED(sent)) channel_flush(m->control); /* one child hears of a peer before the peer can use the link */
    return sent;
}

static void add(pair_list *list, const char *name, slice value) {
    list->at[list->count++] = (pair){slice_of_text(name), value};
}

static slice yes_no(bool truth) { return truth ? SLICE("yes") : SLICE("no"); }

/* What is not a setting of the house but follows from them for this child. */
static status add_own_settings(const member *m, arena *memory, pair_list *told) {
    const family_plan *plan = &m->family->plan;
    if (m->row->extras & EXTRA_FOLDER) {
        slice folder;
        TRY(arena_printf(memory, &folder, "%s/%s", plan->data_path, m->row->folder));
        add(told, "folder", folder);
    }
    if (m->row->role == ROLE_VAULT) add(told, "may_begin", yes_no(plan->may_begin));
    if (m->row->extras & EXTRA_LISTENERS) {
        slice index;
        TRY(arena_printf(memory, &index, "%lld", (long long)m->index));
        add(told, "index", index);
        add(told, "allow_http", yes_no(plan->plain_fds));
        add(told, "http_listener", yes_no(plan->plain_fds));
        add(told, "https_listener", yes_no(plan->tls_fds));
    }
    return OK;
}

status member_configure(member *m) {
    OWNED(arena) memory = {0};
    configure_message told = {0};
    TRY(settings_for_role(m->family->settings, m->row->role, EXTRA_SETTINGS, &memory, &told.settings));
    TRY(add_own_settings(m, &memory, &told.settings));
    return member_tell(m, MESSAGE_CONFIGURE, &told, -1);
}

/* ---- what it says */

static status take_frame(member *m, slice frame, size_t fd_count) {
    OWNED(arena) memory = {.limit = FRAME_MEMORY};
    message said;
    family *f = m->family;
    ENSURE(fd_count == 0, MALFORMED);
    TRY(message_decode(frame, m->row->role, ROLE_SUPERVISOR, &memory, &said));
    status taken = OK;
    if (said.verb == MESSAGE_READY) family_member_ready(f, m);
    else if (said.verb == MESSAGE_BOOTSTRAPPED && f->plan.events.on_bootstrapped) {
        f->plan.may_begin = false;
        f->plan.events.on_bootstrapped(f->plan.events.context, said.fields);
    } else taken = FAIL(MALFORMED);
    arena_wipe(&memory);
    return taken;
}

static void on_frame(void *context, slice frame, int *fds, size_t fd_count) {
    member *m = context;
    char name[MEMBER_NAME_BYTES];
    for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
    status taken = take_frame(m, frame, fd_count);
    if (!FAILED(taken)) return;
    member_name(m, name);
    log_error("child misunderstood", "%s: %s; it is ended", name, status_name(taken));
    member_kill(m);
}

static void end_by_force(void *context) {
    member *m = context;
    m->timer = 0;
    member_kill(m);
}

/* Mostly because it ends; one that goes on without a control channel is of no use. */
static void on_closed(void *context, enum channel_end why) {
    member *m = context;
    (void)why;
    channel_free(m->control);
    m->control = NULL;
    if (FAILED(loop_after(m->family->plan.loop, CONTROL_GONE_MS, end_by_force, m, &m->timer))) member_kill(m);
}

static void on_end(void *context, uint32_t events) {
    member *m = context;
    family *f = m->family;
    spawn_end how;
    (void)events;
    int pidfd = m->process.pidfd;
    loop_unwatch(f->plan.loop, pidfd);
    if (FAILED(spawn_wait(&m->process, 0, &how))) {
        if (!FAILED(loop_watch(f->plan.loop, pidfd, EPOLLIN, on_end, m))) return;
        how = (spawn_end){0};
    }
    if (m->control) status_ignore(channel_receive_now(m->control)); /* its last words; may close the channel */
    member_clear(m);
    family_member_ended(f, m, &how);
}

void member_kill(member *m) {
    if (m->is_alive) status_ignore(spawn_signal(&m->process, SIGKILL)); /* fails when it has ended already */
}

void member_clear(member *m) {
    loop_cancel(m->family->plan.loop, m->timer);
    m->timer = 0;
    channel_free(m->control);
    m->control = NULL;
    m->is_alive = false;
    m->is_ready = false;
}

/* ---- starting it */

static size_t list_descriptors(const member *m, int control, int out[4]) {
    const family_plan *plan = &m->family->plan;
    size_t count = 0;
    out[count++] = control;
    if (m->row->extras & EXTRA_ROOT_KEY) out[count++] = plan->root_key_fd;
    if (m->row->extras & EXTRA_LISTENERS) {
        out[count++] = plan->plain_fds ? plan->plain_fds[m->index] : plan->null_fd;
        out[count++] = plan->tls_fds ? plan->tls_fds[m->index] : plan->null_fd;
        out[count++] = plan->tls_fds ? plan->pem_fd : plan->null_fd;
    }
    return count;
}

static status spawn(member *m, int control) {
    int descriptors[4];
    char index[24];
    snprintf(index, sizeof index, "%lld", (long long)m->index);
    const char *arguments[] = {m->row->executable, m->index > 0 ? index : NULL, NULL};
    int64_t uid_base = settings_number(m->family->settings, SETTING_UID_BASE);
    spawn_plan plan = {.path = (const char *)m->path.at, .arguments = arguments, .environment = m->family->environment};
    plan.descriptors = descriptors;
    plan.descriptor_count = list_descriptors(m, control, descriptors);
    if (uid_base > 0) {
        plan.user = (uid_t)(uid_base + m->row->role);
        plan.group = (gid_t)plan.user;
    }
    TRY(spawn_start(&plan, &m->process));
    status watched = loop_watch(m->family->plan.loop, m->process.pidfd, EPOLLIN, on_end, m);
    if (!FAILED(watched)) return OK;
    spawn_end how;
    status_ignore(spawn_signal(&m->process, SIGKILL));
    status_ignore(spawn_wait(&m->process, -1, &how));
    return watched;
}

static status take_control(member *m, int fd) {
    status taken = channel_new(m->family->plan.loop, fd, on_frame, on_closed, m, &m->control);
    if (FAILED(taken)) files_close(fd);
    else channel_carries_secrets(m->control);
    return taken;
}

status member_start(member *m) {
    int ends[2];
    TRY(channel_pair(ends));
    status started = spawn(m, ends[1]);
    files_close(ends[1]);
    if (FAILED(started)) {
        files_close(ends[0]);
        return started;
    }
    m->is_alive = true;
    m->started_ms = clock_monotonic_ms();
    started = take_control(m, ends[0]);
    if (!FAILED(started)) started = member_configure(m);
    if (FAILED(started)) member_kill(m); /* its end is seen and dealt with as any other */
    return started;
}
