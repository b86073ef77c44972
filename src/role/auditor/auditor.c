/* keyhold-auditor: the journal and the trees. Pairs what core says was done with what the vault says it did, makes both durable,
 * and only then acknowledges. Descriptor 3: the supervisor. Files: beneath its folder only. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "role/auditor/auditor.h"
#include "role/child.h"
#include "system/files.h"
#include "system/sandbox.h"

/* The vault keeps some thousands of uses until it is told that they are durable. */
enum { PUBLISH_MS = 1000, RETRY_MS = 200, SETTLE_MS = 500, SETTLE_AFTER = 512, MEMORY_LIMIT = 4 << 20 };

typedef struct auditor {
    child child;
    trail trail;
    channel *core, *vault;
    int folder_fd;
    buffer frame;
    arena memory;       /* of the message being read */
    bool is_publishing; /* a timer is set */
    bool is_resting;    /* the journal could not be written; a timer is set for the next attempt */
    status journal_told, publishing_told, counting_told; /* the trouble that was logged last: it is told once */
    bool is_ready;
} auditor;

static void fail(auditor *a, const char *what, status why) {
    log_error(what, "%s", status_name(why));
    a->child.has_failed = true;
    loop_stop(a->child.loop);
}

static status send(auditor *a, channel *to, enum message_verb verb, const void *fields) {
    ENSURE(to != NULL, CLOSED);
    buffer_reset(&a->frame);
    TRY(message_encode(verb, fields, &a->frame));
    return channel_send(to, buffer_slice(&a->frame));
}

static void tell(status *told, status now, const char *what, const char *consequence) {
    if (told->code == now.code) return;
    if (FAILED(now)) log_error(what, "%s; %s", status_name(now), consequence);
    else log_info(what, "no more: all is written again");
    *told = now;
}

/* ---- publishing: tiles and signed checkpoints, a second after there is something new */

static void publish(void *context) {
    auditor *a = context;
    bool is_done = true;
    a->is_publishing = false;
    status alarmed = trail_raise_alarms(&a->trail);
    status published = ledger_publish(&a->trail.ledger, &is_done);
    tell(&a->publishing_told, published, "trail not published", "it stays in the journal");
    if (FAILED(alarmed)) log_error("alarm not recorded", "%s", status_name(alarmed));
    bool is_counted = true;
    status counted = ledger_count(&a->trail.ledger, &is_counted);
    tell(&a->counting_told, counted, "key uses not counted", "they will be, from the trail");
    if (is_done && is_counted && !FAILED(published) && !trail_has_witnesses(&a->trail)) return;
    bool goes_on = !FAILED(published) && (!is_done || !is_counted);
    a->is_publishing = !FAILED(loop_after(a->child.loop, goes_on ? 0 : PUBLISH_MS, publish, a, NULL));
}

static void plan_publishing(auditor *a) {
    if (a->is_publishing) return;
    a->is_publishing = !FAILED(loop_after(a->child.loop, PUBLISH_MS, publish, a, NULL));
}

/* ---- the batch: everything that came in this turn becomes durable at once */

/* A question that waits for key uses to be counted, which is done a piece at a time. */
static void come_back_for_lookups(auditor *a) {
    if (trail_has_lookups(&a->trail)) loop_do_not_block(a->child.loop);
}

static void answer_lookups(auditor *a) {
    for (;;) {
        OWNED(buffer) output = {0};
        found_message answer;
        if (!trail_next_answer(&a->trail, &output, &answer)) return come_back_for_lookups(a);
        status_ignore(send(a, a->core, MESSAGE_FOUND, &answer)); /* core asks again, or gave up */
    }
}

static void try_again(void *context) { ((auditor *)context)->is_resting = false; }

/* Without a timer the next message is the next attempt. */
static void rest(auditor *a) { a->is_resting = !FAILED(loop_after(a->child.loop, RETRY_MS, try_again, a, NULL)); }

static void read_witnesses(auditor *a) {
    if (a->vault && FAILED(channel_receive_now(a->vault))) log_warning("channel closed", "%s", "vault");
}

static void settle(auditor *a) {
    uint64_t number;
    if (!trail_settle(&a->trail, &number)) return;
    witnessed_message witnessed = {.number = SET_INT(number)};
    status_ignore(send(a, a->vault, MESSAGE_WITNESSED, &witnessed));
}

static void on_turn_end(void *context) {
    auditor *a = context;
    if (a->is_resting) return;
    if (!trail_has_batch(&a->trail)) return answer_lookups(a);
    /* The vault sent its witnesses before core could know of the use: they are in its channel by now. */
    read_witnesses(a);
    uint64_t event_number;
    status committed = trail_commit(&a->trail, &event_number);
    tell(&a->journal_told, committed, "journal not written", "nothing is acknowledged until it can be");
    if (FAILED(committed)) return rest(a);
    recorded_message recorded = {.number = SET_INT(event_number)};
    status_ignore(send(a, a->core, MESSAGE_RECORDED, &recorded));
    if (trail_unsettled(&a->trail) >= SETTLE_AFTER) settle(a);
    answer_lookups(a);
    plan_publishing(a);
}

/* Witnesses wake nobody: without events of core they are looked for now and then. */
static void on_tick(void *context) {
    auditor *a = context;
    read_witnesses(a);
    if (trail_has_witnesses(&a->trail)) plan_publishing(a);
    settle(a);
    status_ignore(loop_after(a->child.loop, SETTLE_MS, on_tick, a, NULL));
}

/* ---- peers */

static void drop(channel **at, const char *name, status why) {
    /* A peer that ended is the supervisor's news; one that broke the rules is ours. */
    log_line(FAILED_WITH(why, CLOSED) ? LOG_DEBUG_LINE : LOG_WARNING_LINE, "channel closed", "%s: %s", name,
             status_name(why));
    channel_free(*at);
    *at = NULL;
}

static status refuse_descriptors(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) files_close(fds[i]);
    return count ? FAIL(MALFORMED) : OK;
}

static status take_core(auditor *a, slice payload) {
    message m;
    arena_reset(&a->memory);
    TRY(message_decode(payload, ROLE_CORE, ROLE_AUDITOR, &a->memory, &m));
    if (m.verb == MESSAGE_EVENT) return trail_take_event(&a->trail, m.fields);
    if (m.verb == MESSAGE_LOOKUP) return trail_take_lookup(&a->trail, m.fields);
    return FAIL(MALFORMED);
}

static void on_core_frame(void *context, slice payload, int *fds, size_t fd_count) {
    auditor *a = context;
    status taken = refuse_descriptors(fds, fd_count);
    if (!FAILED(taken)) taken = take_core(a, payload);
    if (FAILED(taken)) drop(&a->core, "core", taken);
}

static void on_core_closed(void *context, enum channel_end why) {
    auditor *a = context;
    (void)why;
    drop(&a->core, "core", FAIL(CLOSED));
}

static void say_ready(auditor *a) {
    ready_message ready = {0};
    if (a->is_ready || !a->child.is_connected) return;
    a->is_ready = !FAILED(child_send(&a->child, MESSAGE_READY, &ready));
}

static status take_vault(auditor *a, slice payload) {
    message m;
    arena_reset(&a->memory);
    TRY(message_decode(payload, ROLE_VAULT, ROLE_AUDITOR, &a->memory, &m));
    if (m.verb == MESSAGE_WITNESS) return trail_take_witness(&a->trail, m.fields);
    ENSURE(m.verb == MESSAGE_LOG_KEY, MALFORMED);
    OWNED(secret) seed = {0};
    status signed_with = secret_copy(((const log_key_message *)m.fields)->seed, &seed);
    if (!FAILED(signed_with)) signed_with = ledger_sign_with(&a->trail.ledger, &seed);
    arena_wipe(&a->memory);
    if (FAILED(signed_with)) fail(a, "trail begun under another root key", signed_with);
    else channel_read_on_request(a->vault);
    return OK;
}

static void on_vault_frame(void *context, slice payload, int *fds, size_t fd_count) {
    auditor *a = context;
    status taken = refuse_descriptors(fds, fd_count);
    if (!FAILED(taken)) taken = take_vault(a, payload);
    if (FAILED(taken)) drop(&a->vault, "vault", taken);
}

static void on_vault_closed(void *context, enum channel_end why) {
    auditor *a = context;
    (void)why;
    drop(&a->vault, "vault", FAIL(CLOSED));
}

static status connect_core(auditor *a, int fd) {
    channel_free(a->core);
    a->core = NULL;
    trail_new_core(&a->trail);
    return channel_new(a->child.loop, fd, on_core_frame, on_core_closed, a, &a->core);
}

static status connect_vault(auditor *a, int fd) {
    channel_free(a->vault);
    a->vault = NULL;
    trail_new_vault(&a->trail);
    TRY(channel_new(a->child.loop, fd, on_vault_frame, on_vault_closed, a, &a->vault));
    channel_carries_secrets(a->vault);
    return OK;
}

static void on_connect(void *context, const connect_message *m, int fd) {
    auditor *a = context;
    status connected = FAIL(MALFORMED);
    if (m->peer == ROLE_CORE) connected = connect_core(a, fd);
    if (m->peer == ROLE_VAULT) connected = connect_vault(a, fd);
    if (!FAILED(connected)) return;
    files_close(fd);
    fail(a, "peer not connected", connected);
}

/* ---- the process */

static status confine(auditor *a) {
    char folder[4096];
    slice given = child_setting(&a->child, "folder");
    ENSURE(given.len > 0 && given.len < sizeof folder, INVALID_PARAMETER);
    memcpy(folder, given.at, given.len);
    folder[given.len] = 0;
    TRY(files_open_folder(FILES_HERE, folder, &a->folder_fd));
    int keep[2 + LOOP_DESCRIPTORS_MAX] = {CHILD_CONTROL_FD, a->folder_fd};
    size_t keep_count = 2 + loop_descriptors(a->child.loop, keep + 2);
    sandbox_folder folders[] = {{.dir_fd = a->folder_fd, .right = SANDBOX_READ_WRITE}};
    sandbox_plan plan = {
        .role = SANDBOX_AUDITOR, .folders = folders, .folder_count = 1, .keep = keep, .keep_count = keep_count};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

static status open_trail(auditor *a) {
    OWNED(buffer) why = {0};
    ledger_options options = {.log_name = child_setting(&a->child, "log_name")};
    if (slice_is_empty(options.log_name)) options.log_name = SLICE("local");
    options.journal.is_durable = !child_setting_is(&a->child, "is_durable", "no");
    status opened = ledger_open(a->folder_fd, &options, &why, &a->trail.ledger);
    if (FAILED(opened)) log_error("trail not opened", "%.*s", SLICE_ARGS(buffer_slice(&why)));
    else if (why.len) log_warning("trail", "%.*s", SLICE_ARGS(buffer_slice(&why)));
    return opened;
}

static void ready_task(void *context) { say_ready(context); }

static status auditor_start(auditor *a) {
    TRY(child_start(&a->child));
    TRY(confine(a));
    TRY(open_trail(a));
    uint64_t alarm_after_s;
    bool is_given = slice_to_u64(child_setting(&a->child, "alarm_after_s"), &alarm_after_s) && alarm_after_s < 3600;
    a->trail.alarm_after_s = is_given ? (int64_t)alarm_after_s : ALARM_AFTER_S;
    TRY(loop_at_turn_end(a->child.loop, on_turn_end, a));
    TRY(loop_after(a->child.loop, SETTLE_MS, on_tick, a, NULL));
    return loop_at_turn_end(a->child.loop, ready_task, a);
}

static void finish(auditor *a) {
    bool is_done = false;
    a->is_resting = false;
    on_turn_end(a);
    while (!is_done && !FAILED(ledger_publish(&a->trail.ledger, &is_done))) continue;
    if (a->core) status_ignore(channel_flush_waiting(a->core, PUBLISH_MS));
}

int main(void) {
    auditor *a = calloc(1, sizeof *a);
    if (!a) return EXIT_FAILURE;
    a->folder_fd = -1;
    a->memory.limit = MEMORY_LIMIT;
    a->child = (child){.role = ROLE_AUDITOR, .name = "auditor", .on_connect = on_connect, .context = a};
    status result = auditor_start(a);
    if (!FAILED(result)) result = child_run(&a->child);
    if (FAILED(result)) log_error("auditor ends", "%s", status_name(result));
    else finish(a);
    channel_free(a->core);
    channel_free(a->vault);
    trail_clear(&a->trail);
    child_clear(&a->child);
    buffer_clear(&a->frame);
    arena_clear(&a->memory);
    free(a);
    return FAILED(result) ? EXIT_FAILURE : EXIT_SUCCESS;
}
