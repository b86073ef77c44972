/* keyhold-core: metadata, policies and decisions. Opens the store once the vault has given the key to it, then serves gateways.
 * Descriptor 3: the supervisor. Files: beneath its folder only. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "keys/derived.h"
#include "role/child.h"
#include "service/diagnosis.h"
#include "service/serve.h"
#include "system/files.h"
#include "system/sandbox.h"

enum { TICK_MS = 250, STOP_WAIT_MS = 10 * 1000, BOOT_ID_BYTES = 36, REFERENCES_CHUNK = 512 };

typedef struct core core;

typedef struct gateway_link {
    core *core;
    int64_t index;
    channel *channel;
} gateway_link;

struct core {
    child child;
    house house;
    serve *serve; /* NULL until the store is open */
    channel *vault, *auditor;
    gateway_link gateways[SERVE_GATEWAYS_MOST];
    char folder[4096];
    char boot[64];                  /* which start of the machine this is */
    buffer wish;                    /* a BOOTSTRAP that came before the store was open */
    char told[sizeof(store_fault)]; /* the store's last trouble that was logged */
    bool is_durable;
    bool is_ready;
};

static void fail(core *c, const char *what, status why) {
    log_error(what, "%s", status_name(why));
    c->child.has_failed = true;
    loop_stop(c->child.loop);
}

/* ---- the store and the blobs */

static void blobs_path(const core *c, char *out, size_t room) { snprintf(out, room, "%s/blobs", c->folder); }

typedef struct references {
    table wanted;
} references;

static bool is_wanted(void *context, const uint8_t id[BLOB_ID_BYTES]) {
    const references *r = context;
    return table_get(&r->wanted, slice_of(id, BLOB_ID_BYTES)) != NULL;
}

static status collect(store *s, references *r) {
    OWNED(arena) memory = {.limit = 64 << 20};
    OWNED(buffer) after = {0};
    for (;;) {
        store_row *rows;
        size_t count;
        slice from = after.len ? buffer_slice(&after) : (slice){0};
        TRY(store_list(s, SLICE("object/"), from, REFERENCES_CHUNK, &memory, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            object_record object;
            ENSURE(!FAILED(shape_unpack(&object_record_shape, rows[i].value, &memory, &object)), CORRUPT);
            TRY(table_put(&r->wanted, object.blob_id, r, NULL));
        }
        if (count < REFERENCES_CHUNK) return OK;
        buffer_reset(&after);
        TRY(buffer_append(&after, rows[count - 1].key));
        arena_reset(&memory);
    }
}

#define CLEAN_END SLICE("meta/clean-end")

static status put_clean_end(store *s, slice value) {
    store_change change = {CLEAN_END, value, STORE_ANY};
    TRY(store_begin(s));
    status applied = store_apply(s, &change, 1);
    if (FAILED(applied)) {
        store_roll_back(s);
        return applied;
    }
    return store_commit(s);
}

/* After an end that was not clean, bodies may lie there whose records were never committed. */
static status sweep(core *c) {
    OWNED(arena) memory = {0};
    slice value;
    uint64_t revision;
    status found = store_get(c->house.store, CLEAN_END, &memory, &value, &revision);
    if (!FAILED(found)) return put_clean_end(c->house.store, (slice){0});
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    references r = {0};
    blobs_count counted;
    status swept = collect(c->house.store, &r);
    if (!FAILED(swept)) swept = blobs_sweep(c->house.blobs, is_wanted, &r, &counted);
    table_clear(&r.wanted);
    TRY(swept);
    if (counted.removed || counted.parts)
        log_info("bodies removed", "%llu that no object names, %llu unfinished", (unsigned long long)counted.removed,
                 (unsigned long long)counted.parts);
    return OK;
}

static status open_house(core *c, const store_key_message *m) {
    OWNED(secret) key = {0};
    char path[4200];
    store_fault fault = {""};
    TRY(secret_copy(m->key, &key));
    store_options options = {.folder = c->folder, .key = &key, .is_durable = c->is_durable, .fault = &fault};
    status opened = store_open(&options, &c->house.store);
    if (FAILED(opened)) {
        log_error("store not opened", "%s: %s", c->folder, fault.text);
        return opened;
    }
    blobs_path(c, path, sizeof path);
    TRY(blobs_new(&(blobs_options){path, c->is_durable}, &c->house.blobs));
    TRY(sweep(c));
    TRY(derived_renew(c->house.store));
    TRY(identities_new(c->house.store, &c->house.identities));
    TRY(diagnosis_cipher(&key, &c->house.diagnosis));
    TRY(serve_new(&c->house, &c->serve));
    TRY(serve_remember_nonces(c->serve, slice_of_text(c->folder), slice_of_text(c->boot)));
    return serve_recall_tries(c->serve);
}

/* ---- readiness */

static void on_bootstrapped(void *context, const bootstrapped_message *result) {
    core *c = context;
    status sent = child_send(&c->child, MESSAGE_BOOTSTRAPPED, result);
    if (FAILED(sent)) fail(c, "bootstrap not reported", sent);
}

static status bootstrap(core *c) {
    OWNED(arena) memory = {0};
    message m;
    TRY(message_decode(buffer_slice(&c->wish), ROLE_SUPERVISOR, ROLE_CORE, &memory, &m));
    status begun = serve_bootstrap(c->serve, m.fields, on_bootstrapped, c);
    buffer_wipe(&c->wish);
    return begun;
}

static void serve_when_whole(core *c) {
    if (!c->serve || !c->vault || !c->auditor || !c->child.is_connected) return;
    if (c->wish.len) {
        status begun = bootstrap(c);
        if (FAILED(begun)) return fail(c, "bootstrap", begun);
    }
    if (c->is_ready) return;
    ready_message ready = {0};
    c->is_ready = !FAILED(child_send(&c->child, MESSAGE_READY, &ready));
}

static status on_other(void *context, const message *m) {
    core *c = context;
    ENSURE(m->verb == MESSAGE_BOOTSTRAP, MALFORMED);
    buffer_reset(&c->wish);
    return message_encode(MESSAGE_BOOTSTRAP, m->fields, &c->wish);
}

/* ---- peers */

static void refuse_descriptors(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) files_close(fds[i]);
}

static void drop(channel **at, const char *name, status why) {
    /* A peer that ended is the supervisor's news; one that broke the rules is ours. */
    log_line(FAILED_WITH(why, CLOSED) ? LOG_DEBUG_LINE : LOG_WARNING_LINE, "channel closed", "%s: %s", name,
             status_name(why));
    channel_free(*at);
    *at = NULL;
}

static void on_gateway_closed(void *context, enum channel_end why) {
    gateway_link *link = context;
    (void)why;
    if (link->core->serve) serve_use_gateway(link->core->serve, link->index, NULL);
    drop(&link->channel, "gateway", FAIL(CLOSED));
}

static void on_gateway_frame(void *context, slice frame, int *fds, size_t fd_count) {
    gateway_link *link = context;
    refuse_descriptors(fds, fd_count);
    status taken = fd_count ? FAIL(MALFORMED) : serve_from_gateway(link->core->serve, link->index, frame);
    if (!FAILED(taken)) return;
    serve_use_gateway(link->core->serve, link->index, NULL);
    drop(&link->channel, "gateway", taken);
}

static void on_vault_closed(void *context, enum channel_end why) {
    core *c = context;
    (void)why;
    if (c->serve) serve_use_vault(c->serve, NULL);
    drop(&c->vault, "vault", FAIL(CLOSED));
}

static void start_gateways(core *c) {
    for (int64_t i = 0; i < SERVE_GATEWAYS_MOST; i++) {
        if (!c->gateways[i].channel) continue;
        serve_use_gateway(c->serve, i, c->gateways[i].channel);
        channel_resume(c->gateways[i].channel);
    }
}

static void take_store_key(core *c, slice frame) {
    OWNED(arena) memory = {0};
    message m;
    if (c->serve) return; /* a vault that came back says it again */
    status opened = message_decode(frame, ROLE_VAULT, ROLE_CORE, &memory, &m);
    if (!FAILED(opened)) opened = open_house(c, m.fields);
    arena_wipe(&memory);
    if (FAILED(opened)) return fail(c, "data folder not usable", opened);
    serve_use_vault(c->serve, c->vault);
    serve_use_auditor(c->serve, c->auditor);
    status recovered = serve_recover(c->serve);
    if (FAILED(recovered)) return fail(c, "outbox not usable", recovered);
    start_gateways(c);
}

static void on_vault_frame(void *context, slice frame, int *fds, size_t fd_count) {
    core *c = context;
    refuse_descriptors(fds, fd_count);
    if (frame.len && frame.at[0] == MESSAGE_STORE_KEY) return take_store_key(c, frame);
    status taken = fd_count || !c->serve ? FAIL(MALFORMED) : serve_from_vault(c->serve, frame);
    if (!FAILED(taken)) return;
    if (c->serve) serve_use_vault(c->serve, NULL);
    drop(&c->vault, "vault", taken);
}

static void on_auditor_closed(void *context, enum channel_end why) {
    core *c = context;
    (void)why;
    if (c->serve) serve_use_auditor(c->serve, NULL);
    drop(&c->auditor, "auditor", FAIL(CLOSED));
}

static void on_auditor_frame(void *context, slice frame, int *fds, size_t fd_count) {
    core *c = context;
    refuse_descriptors(fds, fd_count);
    status taken = fd_count || !c->serve ? FAIL(MALFORMED) : serve_from_auditor(c->serve, frame);
    if (!FAILED(taken)) return;
    if (c->serve) serve_use_auditor(c->serve, NULL);
    drop(&c->auditor, "auditor", taken);
}

static status connect_gateway(core *c, int64_t index, int fd) {
    ENSURE(index >= 0 && index < SERVE_GATEWAYS_MOST, MALFORMED);
    gateway_link *link = &c->gateways[index];
    channel_free(link->channel);
    *link = (gateway_link){.core = c, .index = index};
    TRY(channel_new(c->child.loop, fd, on_gateway_frame, on_gateway_closed, link, &link->channel));
    if (c->serve) serve_use_gateway(c->serve, index, link->channel);
    else channel_pause(link->channel);
    return OK;
}

static status connect_vault(core *c, int fd) {
    channel_free(c->vault);
    c->vault = NULL;
    TRY(channel_new(c->child.loop, fd, on_vault_frame, on_vault_closed, c, &c->vault));
    channel_carries_secrets(c->vault);
    if (c->serve) serve_use_vault(c->serve, c->vault);
    return OK;
}

static status connect_auditor(core *c, int fd) {
    channel_free(c->auditor);
    c->auditor = NULL;
    TRY(channel_new(c->child.loop, fd, on_auditor_frame, on_auditor_closed, c, &c->auditor));
    if (c->serve) serve_use_auditor(c->serve, c->auditor);
    return OK;
}

static void on_connect(void *context, const connect_message *m, int fd) {
    core *c = context;
    status connected = FAIL(MALFORMED);
    if (m->peer == ROLE_GATEWAY) connected = connect_gateway(c, m->index.value, fd);
    if (m->peer == ROLE_VAULT) connected = connect_vault(c, fd);
    if (m->peer == ROLE_AUDITOR) connected = connect_auditor(c, fd);
    if (!FAILED(connected)) return;
    files_close(fd);
    fail(c, "peer not connected", connected);
}

/* ---- the process */

/* The client hears that stored data is damaged, whoever keeps the machine also which record it is. */
static void tell_faults(core *c) {
    const char *fault = store_last_fault(c->house.store);
    if (strcmp(fault, c->told) == 0) return;
    snprintf(c->told, sizeof c->told, "%s", fault);
    log_error("store in trouble", "%s", fault);
}

static void on_turn_end(void *context) {
    core *c = context;
    if (!c->serve) return;
    serve_when_whole(c);
    if (serve_turn(c->serve)) loop_do_not_block(c->child.loop);
    tell_faults(c);
}

static void on_tick(void *context) {
    core *c = context;
    if (c->serve) serve_rotate_due(c->serve, clock_now_s());
    if (c->serve) serve_renew_due(c->serve, clock_now_s());
    if (c->serve) serve_keep_tries(c->serve, clock_now_s());
    status_ignore(loop_after(c->child.loop, TICK_MS, on_tick, c, NULL));
}

static status confine(core *c) {
    slice folder = child_setting(&c->child, "folder");
    ENSURE(folder.len > 0 && folder.len < sizeof c->folder, INVALID_PARAMETER);
    memcpy(c->folder, folder.at, folder.len);
    size_t got;
    TRY(files_read_into(FILES_HERE, "/proc/sys/kernel/random/boot_id", c->boot, sizeof c->boot - 1, &got));
    c->boot[BOOT_ID_BYTES] = 0;
    c->is_durable = !child_setting_is(&c->child, "is_durable", "no");
    c->house.region = child_setting(&c->child, "region");
    c->house.login_domain = child_setting(&c->child, "login_domain");
    ENSURE(slice_to_i64(child_setting(&c->child, "rotation_least_s"), &c->house.rotation_least_s), INVALID_PARAMETER);
    c->house.regions = child_setting(&c->child, "regions");
    int keep[1 + LOOP_DESCRIPTORS_MAX] = {CHILD_CONTROL_FD};
    size_t keep_count = 1 + loop_descriptors(c->child.loop, keep + 1);
    sandbox_folder folders[] = {{.path = c->folder, .right = SANDBOX_READ_WRITE}};
    sandbox_plan plan = {
        .role = SANDBOX_CORE, .folders = folders, .folder_count = 1, .keep = keep, .keep_count = keep_count};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

/* Requests under way still get their answers; nothing new is taken. */
static void finish(core *c) {
    for (int64_t i = 0; i < SERVE_GATEWAYS_MOST; i++)
        if (c->gateways[i].channel) channel_pause(c->gateways[i].channel);
    if (c->serve) serve_end(c->serve);
    for (int waited = 0; c->serve && serve_busy(c->serve) && waited < STOP_WAIT_MS; waited += TICK_MS)
        if (FAILED(loop_turn(c->child.loop, TICK_MS))) break;
    if (c->serve) serve_keep_tries(c->serve, INT64_MAX);
    if (c->serve && serve_busy(c->serve) == 0) status_ignore(put_clean_end(c->house.store, SLICE("1")));
}

static status core_start(core *c) {
    TRY(child_start(&c->child));
    TRY(confine(c));
    TRY(loop_at_turn_end(c->child.loop, on_turn_end, c));
    on_tick(c);
    return OK;
}

int main(void) {
    core *c = calloc(1, sizeof *c);
    if (!c) return EXIT_FAILURE;
    c->child = (child){.role = ROLE_CORE, .name = "core", .on_connect = on_connect, .on_other = on_other, .context = c};
    status result = core_start(c);
    if (!FAILED(result)) result = child_run(&c->child);
    if (FAILED(result)) log_error("core ends", "%s", status_name(result));
    else finish(c);
    for (size_t i = 0; i < SERVE_GATEWAYS_MOST; i++) channel_free(c->gateways[i].channel);
    serve_free(c->serve);
    channel_free(c->vault);
    channel_free(c->auditor);
    grant_shelves_clear(&c->house.grants);
    identities_free(c->house.identities);
    xaes_free(c->house.diagnosis);
    blobs_free(c->house.blobs);
    store_close(c->house.store);
    child_clear(&c->child);
    free(c);
    return FAILED(result) ? EXIT_FAILURE : EXIT_SUCCESS;
}
