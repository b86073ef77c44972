/* keyhold-vault: the only process that holds keys. Verifies signatures, uses keys, tells the auditor.
 * Descriptors: 3 the supervisor, 4 the file with the root key (read once at start). */
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/table.h"
#include "crypto/compare.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "custody/root.h"
#include "role/vault/vault.h"
#include "system/files.h"
#include "system/process.h"
#include "system/sandbox.h"
#include "system/secret_pool.h"

enum { CONTROL_FD = 3, ROOT_KEY_FD = 4, FRAME_BYTES = 64 << 10, STOP_WAIT_MS = 2000, MEMORY_LIMIT = 8 << 20 };

/* From here on every secret, libcrypto's included, lives in memory no other process can read. */
static status memory_start(void) {
    TRY(secret_pool_open(0));
    TRY(crypto_use_memory(secret_pool_take, secret_pool_resize, secret_pool_give_back));
    secret_memory_use((secret_memory){secret_pool_take, secret_pool_give_back_sized});
    TRY(crypto_start());
    uint8_t seed[16];
    TRY(random_fill(seed, sizeof seed));
    table_seed(seed);
    return OK;
}

static status custody_start(vault *v) {
    OWNED(secret) root_key = {0};
    TRY(root_key_read(ROOT_KEY_FD, &root_key));
    files_close(ROOT_KEY_FD);
    return custody_open(&root_key, &v->custody);
}

static status confine(void) {
    const int keep[] = {CONTROL_FD};
    sandbox_plan plan = {.role = SANDBOX_VAULT, .keep = keep, .keep_count = 1};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

static status configure(vault *v, const configure_message *m) {
    enum log_level least = LOG_INFO_LINE;
    for (size_t i = 0; i < m->settings.count; i++) {
        const pair *setting = &m->settings.at[i];
        if (slice_equals_text(setting->key, "may_begin") && slice_equals_text(setting->value, "yes"))
            custody_allow_beginning(v->custody);
        if (slice_equals_text(setting->key, "login_domain")) TRY(custody_set_login_domain(v->custody, setting->value));
        if (!slice_equals_text(setting->key, "log_level")) continue;
        if (slice_equals_text(setting->value, "debug")) least = LOG_DEBUG_LINE;
        if (slice_equals_text(setting->value, "warning")) least = LOG_WARNING_LINE;
        if (slice_equals_text(setting->value, "error")) least = LOG_ERROR_LINE;
    }
    log_begin("vault", least);
    if (!secret_pool_is_secret())
        log_warning("secret memory unavailable", "keys are in locked memory that root can read");
    return OK;
}

static void say_ready(vault *v) {
    if (v->is_ready) return;
    ready_message m = {0};
    status sent = message_encode(MESSAGE_READY, &m, &v->frame);
    if (!FAILED(sent)) sent = vault_send_frame(v, v->control);
    v->is_ready = !FAILED(sent);
}

static void begin_stop(vault *v) {
    v->is_stopping = true;
    loop_stop(v->loop);
}

static status take_control(vault *v, slice frame, int *fd) {
    message m;
    TRY(message_decode(frame, ROLE_SUPERVISOR, ROLE_VAULT, &v->memory, &m));
    switch (m.verb) {
    case MESSAGE_CONFIGURE: return configure(v, m.fields);
    case MESSAGE_CONNECT:
        vault_connect(v, m.fields, *fd);
        *fd = -1;
        return OK;
    case MESSAGE_CONNECTED: say_ready(v); return OK;
    case MESSAGE_STOP: begin_stop(v); return OK;
    default: return FAIL(MALFORMED);
    }
}

static void on_control_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    int fd = fd_count == 1 ? fds[0] : -1;
    status taken = fd_count <= 1 ? take_control(v, frame, &fd) : FAIL(MALFORMED);
    arena_wipe(&v->memory);
    files_close(fd);
    for (size_t i = 0; fd_count > 1 && i < fd_count; i++) files_close(fds[i]);
    if (!FAILED(taken)) return;
    log_error("supervisor misunderstood", "%s", status_name(taken));
    v->has_failed = true;
    loop_stop(v->loop);
}

/* Without a supervisor there is no one to work for. */
static void on_control_closed(void *context, enum channel_end why) {
    vault *v = context;
    v->has_failed = why != CHANNEL_END_PEER;
    loop_stop(v->loop);
}

static void on_turn_end(void *context) { vault_release(context); }

/* The supervisor says when to stop; a terminal's ^C reaches every process, and must not cut requests short. */
static void on_signal(void *context, int signal) { (void)context, (void)signal; }

static status loop_start(vault *v) {
    v->memory.limit = MEMORY_LIMIT;
    ledger_begin(&v->ledger);
    TRY(buffer_reserve(&v->frame, FRAME_BYTES)); /* what may be clear in a frame is smaller: growing leaves no copy */
    TRY(loop_new(&v->loop));
    TRY(loop_on_signal(v->loop, SIGTERM, on_signal, v));
    TRY(loop_on_signal(v->loop, SIGINT, on_signal, v));
    TRY(loop_at_turn_end(v->loop, on_turn_end, v));
    TRY(channel_new(v->loop, CONTROL_FD, on_control_frame, on_control_closed, v, &v->control));
    channel_carries_secrets(v->control); /* pair keys */
    return OK;
}

static status vault_start(vault *v) {
    process_ignore_broken_pipes();
    process_keep_memory();
    TRY(memory_start());
    TRY(custody_start(v));
    TRY(confine());
    return loop_start(v);
}

/* What is in hand is still witnessed and answered. */
static void finish(vault *v) {
    if (v->auditor && v->answers.len > 0) status_ignore(channel_flush_waiting(v->auditor, STOP_WAIT_MS));
    vault_release(v);
    if (v->core) status_ignore(channel_flush_waiting(v->core, STOP_WAIT_MS));
}

static void vault_clear(vault *v) {
    vault_forget_core(v);
    channel_free(v->core);
    channel_free(v->auditor);
    channel_free(v->keygen);
    channel_free(v->labourer);
    channel_free(v->reader);
    channel_free(v->control);
    loop_free(v->loop);
    custody_close(v->custody);
    ledger_clear(&v->ledger);
    arena_clear(&v->memory);
    buffer_clear(&v->frame);
    buffer_clear(&v->answers);
}

int main(void) {
    log_begin("vault", LOG_INFO_LINE);
    vault *v = calloc(1, sizeof *v);
    status result = v ? vault_start(v) : FAIL(OUT_OF_MEMORY);
    if (!FAILED(result)) result = loop_run(v->loop);
    if (FAILED(result)) {
        log_error("vault failed", "%s", status_name(result));
        return EXIT_FAILURE;
    }
    if (v->is_stopping) finish(v);
    bool has_failed = v->has_failed;
    vault_clear(v);
    free(v);
    return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
