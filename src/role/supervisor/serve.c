/* keyhold serve: listeners, children, and then waiting: for signals, the watchdog's hour, and children that end. */
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/supervisor/supervisor.h"
#include "system/process.h"

enum { SAME_SIGNAL_MS = 1000 };

/* ---- ready */

static void announce(supervisor *s) {
    if (s->is_announced || s->is_awaiting_account || !family_is_ready(s->family)) return;
    s->is_announced = true;
    log_info("ready", "after %lld ms: http %.*s, https %.*s, %zu gateways",
             (long long)(clock_monotonic_ms() - s->started_ms), SLICE_ARGS(s->http.len ? s->http : SLICE("off")),
             SLICE_ARGS(s->https.len ? s->https : SLICE("off")), s->gateway_count);
    report_ready(s);
    supervisor_forget_account(s);
    if (FAILED(notify_ready(&s->notify))) log_warning("service manager not told", "%s", "READY=1");
}

static void on_ready(void *context) { announce(context); }

static void on_bootstrapped(void *context, const bootstrapped_message *result) {
    supervisor *s = context;
    supervisor_take_account(s, result);
    if (s->has_failed) family_stop(s->family);
    else announce(s);
}

static void on_failed(void *context) { supervisor_give_up(context); }

static void on_gone(void *context) { loop_stop(((supervisor *)context)->loop); }

/* ---- signals and time */

/* A second signal ends all by force; but some send one signal twice, to the process and to its group. */
static void on_stop(void *context, int signal) {
    supervisor *s = context;
    int64_t now_ms = clock_monotonic_ms();
    if (s->stopping_ms && now_ms - s->stopping_ms < SAME_SIGNAL_MS) return;
    s->stopping_ms = now_ms;
    log_info("stopping", "signal %d (%s)", signal, strsignal(signal));
    status_ignore(notify_stopping(&s->notify));
    family_stop(s->family);
}

static void log_difference(const settings *before, const settings *after, enum setting_id id) {
    const setting_row *row = setting_row_of(id);
    bool is_live = id == SETTING_LOG_LEVEL;
    log_info("setting changed", "%s.%s: %s instead of %s%s", row->section, row->key, settings_string(after, id),
             settings_string(before, id), is_live ? "" : "; takes effect at the next start");
}

static size_t log_differences(const settings *before, const settings *after) {
    size_t count = 0;
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (slice_equals(settings_text(before, (enum setting_id)id), settings_text(after, (enum setting_id)id)))
            continue;
        log_difference(before, after, (enum setting_id)id);
        count++;
    }
    return count;
}

/* Only the log level changes at once; a child started again later keeps to the settings of the start. */
static void take_log_level(supervisor *s, settings *loaded) {
    slice level;
    if (FAILED(arena_copy(&s->settings.memory, settings_text(loaded, SETTING_LOG_LEVEL), &level))) return;
    s->settings.values[SETTING_LOG_LEVEL].text = level;
    supervisor_log_as_set(s);
    family_configure(s->family, &s->settings);
}

static void on_reload(void *context, int signal) {
    supervisor *s = context;
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    (void)signal;
    status_ignore(notify_reloading(&s->notify));
    status read = supervisor_load_settings(s, &loaded, &complaint);
    if (FAILED(read))
        log_error("configuration not read again", "%.*s; everything stays as it is",
                  SLICE_ARGS(buffer_slice(&complaint)));
    else if (log_differences(&s->settings, &loaded) == 0) log_info("configuration read again", "%s", "nothing differs");
    else take_log_level(s, &loaded);
    status_ignore(notify_ready(&s->notify));
}

static void on_watchdog(void *context) {
    supervisor *s = context;
    status_ignore(notify_alive(&s->notify));
    if (FAILED(loop_after(s->loop, s->notify.watchdog_ms, on_watchdog, s, NULL)))
        log_error("watchdog not kept", "%s", "out of memory");
}

static status watch_signals(supervisor *s) {
    TRY(loop_on_signal(s->loop, SIGTERM, on_stop, s));
    TRY(loop_on_signal(s->loop, SIGINT, on_stop, s));
    TRY(loop_on_signal(s->loop, SIGHUP, on_reload, s));
    return s->notify.watchdog_ms > 0 ? loop_after(s->loop, s->notify.watchdog_ms, on_watchdog, s, NULL) : OK;
}

/* ---- all of it */

static status open_folder(supervisor *s, buffer *complaint) {
    if (!s->options.in_memory) TRY(data_folder_open(&s->settings, &s->folder, complaint));
    else TRY(data_folder_make(&s->settings, false, &s->folder, complaint));
    return data_folder_hold(&s->folder, complaint);
}

static status start(supervisor *s, buffer *complaint) {
    bool has_plain = !slice_is_absent(s->http), has_tls = !slice_is_absent(s->https);
    family_plan plan = {.settings = &s->settings, .data_path = s->folder.path, .gateway_count = s->gateway_count};
    plan.roles = 1u << ROLE_VAULT | 1u << ROLE_AUDITOR | 1u << ROLE_CORE | 1u << ROLE_GATEWAY | 1u << ROLE_KEYGEN |
                 1u << ROLE_READER;
    plan.plain_fds = has_plain ? s->plain_fds : NULL;
    plan.tls_fds = has_tls ? s->tls_fds : NULL;
    plan.root_key_fd = s->folder.root_key_fd;
    plan.pem_fd = s->folder.pem_fd;
    plan.null_fd = s->null_fd;
    plan.events = (family_events){on_ready, on_bootstrapped, on_failed, on_gone, s};
    TRY(supervisor_start_family(s, &plan, complaint));
    return s->options.in_memory ? supervisor_bootstrap(s) : OK;
}

status supervisor_serve(supervisor *s, buffer *complaint) {
    int64_t gateways = settings_number(&s->settings, SETTING_GATEWAYS);
    s->gateway_count = gateways > 0 ? (size_t)gateways : process_cpu_count();
    if (s->gateway_count > FAMILY_GATEWAYS_MOST) s->gateway_count = FAMILY_GATEWAYS_MOST;
    process_raise_descriptor_limit();
    TRY(notify_open(&s->notify));
    TRY(open_folder(s, complaint));
    TRY(supervisor_listen(s, complaint));
    TRY(watch_signals(s));
    TRY(start(s, complaint));
    TRY(loop_run(s->loop));
    return s->has_failed ? FAIL(INTERNAL) : OK;
}
