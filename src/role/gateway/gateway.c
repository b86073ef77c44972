/* keyhold-gateway: HTTP and TLS, dialects, and the bulk encryption of bodies. Descriptors: 3 the supervisor, 4 the plain
 * listener, 5 the TLS listener, 6 certificate and key (read once at start). Opens nothing by name. */
#include "role/gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "role/gateway/exchange.h"
#include "system/files.h"
#include "system/listen.h"
#include "system/process.h"
#include "system/sandbox.h"

enum {
    PLAIN_FD = 4,
    TLS_FD = 5,
    PEM_FD = 6,
    PEM_MAX_BYTES = 256 << 10,
    MAX_CONNECTIONS = 1024,
    IDLE_TIMEOUT_S = 60,
    STOP_WAIT_MS = 10 * 1000,
    TURN_MS = 100,
};

static unsigned number_setting(const gateway *g, const char *name, unsigned otherwise, unsigned most) {
    uint64_t value;
    if (!slice_to_u64(child_setting(&g->child, name), &value) || value == 0) return otherwise;
    return value < most ? (unsigned)value : most;
}

/* Whether the supervisor gave one: else the number may be one of our own descriptors. */
static bool is_listener(int fd) {
    uint16_t port;
    return !FAILED(listen_port(fd, &port));
}

/* A listener is there unless said otherwise; plain HTTP only where it was allowed. */
static http_settings settings_read(const gateway *g) {
    bool has_plain = is_listener(PLAIN_FD) && child_setting_is(&g->child, "allow_http", "yes") &&
                     !child_setting_is(&g->child, "http_listener", "no");
    bool has_tls = is_listener(TLS_FD) && !child_setting_is(&g->child, "https_listener", "no");
    return (http_settings){.plain_fd = has_plain ? PLAIN_FD : -1,
                           .tls_fd = has_tls ? TLS_FD : -1,
                           .max_connections = number_setting(g, "max_connections", MAX_CONNECTIONS, 60000),
                           .idle_timeout_s = number_setting(g, "idle_timeout_s", IDLE_TIMEOUT_S, 3600)};
}

static status pem_read(buffer *out) {
    uint64_t size;
    size_t got = 0;
    TRY(files_size(PEM_FD, &size));
    ENSURE(size > 0 && size < PEM_MAX_BYTES, MALFORMED);
    TRY(buffer_reserve(out, (size_t)size + 1));
    TRY(files_read_at(PEM_FD, 0, out->at, (size_t)size, &got));
    out->at[got] = 0;
    out->len = got + 1;
    return OK;
}

static status front_open(gateway *g) {
    OWNED(buffer) pem = {0};
    http_settings settings = settings_read(g);
    http_server server = exchange_server(g);
    if (settings.plain_fd < 0 && is_listener(PLAIN_FD)) files_close(PLAIN_FD);
    if (settings.tls_fd >= 0) {
        TRY(pem_read(&pem));
        files_close(PEM_FD);
    }
    settings.pem = (const char *)pem.at;
    status opened = http_front_new(g->loop, &settings, &server, &g->front);
    buffer_wipe(&pem);
    return opened;
}

/* The last steps before the system call filter: what makes threads, and what knows files by name no more. */
static status set_up(void *context) {
    gateway *g = context;
    TRY(sync_worker_start(g->loop, &g->sync));
    TRY(core_link_new(g->loop, &g->core));
    return front_open(g);
}

static status confine(gateway *g) {
    int keep[4 + LOOP_DESCRIPTORS_MAX] = {CHILD_CONTROL_FD, PLAIN_FD, TLS_FD, PEM_FD};
    size_t count = 4 + loop_descriptors(g->loop, keep + 4);
    sandbox_plan plan = {
        .role = SANDBOX_GATEWAY, .keep = keep, .keep_count = count, .before_filter = set_up, .context = g};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

/* A new key whenever the vault was started anew: no two makers of boxes ever share one. */
static status pair_key_take(gateway *g, slice bytes) {
    OWNED(secret) key = {0};
    box *made = NULL;
    TRY(secret_copy(bytes, &key));
    TRY(box_new(&key, BOX_SIDE_A, &made));
    box_free(g->box);
    g->box = made;
    return OK;
}

static void on_connect(void *context, const connect_message *who, int fd) {
    gateway *g = context;
    status connected = OK;
    if (!slice_is_absent(who->pair_key)) connected = pair_key_take(g, who->pair_key);
    if (who->peer != ROLE_CORE) files_close(fd);
    else if (fd >= 0 && !FAILED(connected)) connected = core_link_connect(g->core, fd);
    if (FAILED(connected)) log_error("peer not connected", "%d: %s", who->peer, status_name(connected));
}

static void on_turn_end(void *context) {
    gateway *g = context;
    if (g->is_ready || !g->child.is_connected || !core_link_is_open(g->core)) return;
    ready_message ready = {0};
    g->is_ready = !FAILED(child_send(&g->child, MESSAGE_READY, &ready));
}

/* What is in hand is finished, within limits. */
static void finish(gateway *g) {
    http_front_stop_accepting(g->front);
    int64_t end_ms = clock_monotonic_ms() + STOP_WAIT_MS;
    while (http_front_request_count(g->front) && clock_monotonic_ms() < end_ms)
        if (FAILED(loop_turn(g->loop, TURN_MS))) break;
}

static status start(gateway *g) {
    TRY(child_start(&g->child));
    g->loop = g->child.loop;
    g->base_domains = child_setting(&g->child, "base_domains");
    process_raise_descriptor_limit();
    TRY(loop_at_turn_end(g->loop, on_turn_end, g));
    return confine(g);
}

static void gateway_clear(gateway *g) {
    http_front_free(g->front);
    core_link_free(g->core);
    exchanges_free(g);
    sync_worker_stop(g->sync);
    box_free(g->box);
    buffer_clear(&g->input);
    buffer_clear(&g->alternative);
    child_clear(&g->child);
}

int main(void) {
    gateway g = {.child = {.role = ROLE_GATEWAY, .name = "gateway", .on_connect = on_connect}};
    g.child.context = &g;
    status result = start(&g);
    if (FAILED(result)) log_error("not started", "%s", status_name(result));
    if (!FAILED(result)) result = child_run(&g.child);
    if (g.front && g.child.is_stopping) finish(&g);
    gateway_clear(&g);
    return FAILED(result) ? 1 : 0;
}
