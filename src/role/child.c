/* A child's side of the control channel. */
#include "role/child.h"

#include <signal.h>

#include "base/log.h"
#include "base/table.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "system/files.h"
#include "system/process.h"

enum { CONFIGURE_WAIT_MS = 10 * 1000 };

static slice setting_in(const pair_list *settings, const char *name) {
    for (size_t i = 0; i < settings->count; i++)
        if (slice_equals_text(settings->at[i].key, name)) return settings->at[i].value;
    return (slice){0};
}

slice child_setting(const child *c, const char *name) { return setting_in(&c->settings, name); }

bool child_setting_is(const child *c, const char *name, const char *value) {
    return slice_equals_text(child_setting(c, name), value);
}

static enum log_level level_of(slice text) {
    if (slice_equals_text(text, "debug")) return LOG_DEBUG_LINE;
    if (slice_equals_text(text, "warning")) return LOG_WARNING_LINE;
    return slice_equals_text(text, "error") ? LOG_ERROR_LINE : LOG_INFO_LINE;
}

/* Settings are read once; later ones (a reload) only change the log level. */
static status configure(child *c, slice frame) {
    OWNED(arena) later = {0};
    slice held;
    message m;
    bool is_first = c->settings.count == 0;
    arena *memory = is_first ? &c->settings_memory : &later;
    TRY(arena_copy(memory, frame, &held));
    TRY(message_decode(held, ROLE_SUPERVISOR, c->role, memory, &m));
    const pair_list *told = &((const configure_message *)m.fields)->settings;
    if (is_first) c->settings = *told;
    log_begin(c->name, level_of(setting_in(told, "log_level")));
    return OK;
}

static status take(child *c, slice frame, int *fd) {
    OWNED(arena) memory = {0};
    message m;
    TRY(message_decode(frame, ROLE_SUPERVISOR, c->role, &memory, &m));
    status taken = OK;
    switch (m.verb) {
    case MESSAGE_CONFIGURE: taken = configure(c, frame); break;
    case MESSAGE_CONNECT:
        if (*fd < 0 && c->role != ROLE_GATEWAY) return FAIL(MALFORMED); /* a gateway may just get a new pair key */
        c->on_connect(c->context, m.fields, *fd);
        *fd = -1;
        break;
    case MESSAGE_CONNECTED: c->is_connected = true; break;
    case MESSAGE_STOP:
        c->is_stopping = true;
        loop_stop(c->loop);
        break;
    default: taken = c->on_other ? c->on_other(c->context, &m) : FAIL(MALFORMED);
    }
    arena_wipe(&memory);
    return taken;
}

static void on_frame(void *context, slice frame, int *fds, size_t fd_count) {
    child *c = context;
    int fd = fd_count == 1 ? fds[0] : -1;
    status taken = fd_count <= 1 ? take(c, frame, &fd) : FAIL(MALFORMED);
    files_close(fd);
    for (size_t i = 0; fd_count > 1 && i < fd_count; i++) files_close(fds[i]);
    if (!FAILED(taken)) return;
    log_error("supervisor misunderstood", "%s", status_name(taken));
    c->has_failed = true;
    loop_stop(c->loop);
}

/* Without a supervisor there is no one to work for. */
static void on_closed(void *context, enum channel_end why) {
    child *c = context;
    c->has_failed = why != CHANNEL_END_PEER;
    loop_stop(c->loop);
}

/* The supervisor says when to stop; a terminal's ^C reaches every process, and must not cut requests short. */
static void on_signal(void *context, int signal) { (void)context, (void)signal; }

status child_start(child *c) {
    uint8_t seed[16];
    log_begin(c->name, LOG_INFO_LINE);
    process_ignore_broken_pipes();
    process_keep_memory();
    TRY(crypto_start());
    TRY(random_fill(seed, sizeof seed));
    table_seed(seed);
    TRY(loop_new(&c->loop));
    TRY(loop_on_signal(c->loop, SIGTERM, on_signal, c));
    TRY(loop_on_signal(c->loop, SIGINT, on_signal, c));
    OWNED(buffer) frame = {0};
    TRY(channel_read_first(CHILD_CONTROL_FD, CONFIGURE_WAIT_MS, &frame));
    TRY(configure(c, buffer_slice(&frame)));
    ENSURE(c->settings.count > 0, MALFORMED);
    return OK;
}

status child_send(child *c, enum message_verb verb, const void *fields) {
    OWNED(buffer) frame = {0};
    TRY(message_encode(verb, fields, &frame));
    status sent = channel_send(c->control, buffer_slice(&frame));
    buffer_wipe(&frame);
    return sent;
}

status child_run(child *c) {
    TRY(channel_new(c->loop, CHILD_CONTROL_FD, on_frame, on_closed, c, &c->control));
    channel_carries_secrets(c->control);
    TRY(loop_run(c->loop));
    return c->has_failed ? FAIL(CLOSED) : OK;
}

void child_clear(child *c) {
    channel_free(c->control);
    loop_free(c->loop);
    arena_clear(&c->settings_memory);
}
