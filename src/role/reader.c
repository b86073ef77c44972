/* keyhold-reader: reads and verifies SAML assertions for the vault, so that no XML ever gets near keys. As confined as the vault itself, and
 * it holds no secret. Descriptor 3 is the supervisor. */
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "contract/message.h"
#include "saml/assertion.h"
#include "system/channel.h"
#include "system/files.h"
#include "system/process.h"
#include "system/sandbox.h"

enum { CONTROL_FD = 3, MEMORY_LIMIT = 8 << 20 };

typedef struct reader {
    loop *loop;
    channel *control, *vault;
    arena memory;
    bool is_ready, has_failed;
} reader;

static status confine(void) {
    const int keep[] = {CONTROL_FD};
    sandbox_plan plan = {.role = SANDBOX_VAULT, .keep = keep, .keep_count = 1};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

/* What fails is answered, too. Without an assertion the metadata alone is looked at. */
static status examine(reader *r, const examine_message *order) {
    OWNED(buffer) frame = {0};
    saml_facts facts = {0};
    bool is_whole = order->assertion.len > 0;
    const saml_measure by = {order->metadata, order->content_key, order->is_encrypted.value};
    status read = is_whole ? saml_read(&by, order->assertion, &r->memory, &facts)
                           : saml_check_metadata(order->metadata, order->signer, &r->memory, &facts);
    examined_message m = {.number = order->number, .failure = SET_INT(read.code)};
    if (!FAILED(read)) m.facts = &facts;
    TRY(message_encode(MESSAGE_EXAMINED, &m, &frame));
    return channel_send(r->vault, buffer_slice(&frame));
}

static status take_order(reader *r, slice frame) {
    message m;
    TRY(message_decode(frame, ROLE_VAULT, ROLE_READER, &r->memory, &m));
    ENSURE(m.verb == MESSAGE_EXAMINE, MALFORMED);
    return examine(r, m.fields);
}

static void drop_vault(reader *r) {
    channel_free(r->vault);
    r->vault = NULL;
}

static void on_vault_frame(void *context, slice frame, int *fds, size_t fd_count) {
    reader *r = context;
    for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
    status taken = fd_count == 0 ? take_order(r, frame) : FAIL(MALFORMED);
    arena_reset(&r->memory);
    if (!FAILED(taken)) return;
    log_error("nothing examined", "%s", status_name(taken));
    drop_vault(r);
}

static void on_vault_closed(void *context, enum channel_end why) {
    (void)why;
    drop_vault(context);
}

static status connect_vault(reader *r, const connect_message *m, int fd) {
    ENSURE(m->peer == ROLE_VAULT && fd >= 0, MALFORMED);
    drop_vault(r);
    return channel_new(r->loop, fd, on_vault_frame, on_vault_closed, r, &r->vault);
}

static status say_ready(reader *r) {
    if (r->is_ready) return OK;
    OWNED(buffer) frame = {0};
    ready_message m = {0};
    TRY(message_encode(MESSAGE_READY, &m, &frame));
    r->is_ready = true;
    return channel_send(r->control, buffer_slice(&frame));
}

static status take_control(reader *r, slice frame, int *fd) {
    message m;
    TRY(message_decode(frame, ROLE_SUPERVISOR, ROLE_READER, &r->memory, &m));
    switch (m.verb) {
    case MESSAGE_CONFIGURE: return OK;
    case MESSAGE_CONNECT:
        TRY(connect_vault(r, m.fields, *fd));
        *fd = -1;
        return OK;
    case MESSAGE_CONNECTED: return say_ready(r);
    case MESSAGE_STOP: loop_stop(r->loop); return OK;
    default: return FAIL(MALFORMED);
    }
}

static void on_control_frame(void *context, slice frame, int *fds, size_t fd_count) {
    reader *r = context;
    int fd = fd_count == 1 ? fds[0] : -1;
    status taken = fd_count <= 1 ? take_control(r, frame, &fd) : FAIL(MALFORMED);
    arena_reset(&r->memory);
    files_close(fd);
    for (size_t i = 0; fd_count > 1 && i < fd_count; i++) files_close(fds[i]);
    if (!FAILED(taken)) return;
    log_error("supervisor misunderstood", "%s", status_name(taken));
    r->has_failed = true;
    loop_stop(r->loop);
}

static void on_control_closed(void *context, enum channel_end why) {
    reader *r = context;
    r->has_failed = why != CHANNEL_END_PEER;
    loop_stop(r->loop);
}

/* The supervisor says when to stop. */
static void on_signal(void *context, int signal) { (void)context, (void)signal; }

static status reader_start(reader *r) {
    process_ignore_broken_pipes();
    r->memory.limit = MEMORY_LIMIT;
    TRY(saml_start());
    TRY(confine());
    TRY(loop_new(&r->loop));
    TRY(loop_on_signal(r->loop, SIGTERM, on_signal, r));
    TRY(loop_on_signal(r->loop, SIGINT, on_signal, r));
    return channel_new(r->loop, CONTROL_FD, on_control_frame, on_control_closed, r, &r->control);
}

static void reader_clear(reader *r) {
    drop_vault(r);
    channel_free(r->control);
    loop_free(r->loop);
    arena_clear(&r->memory);
}

int main(void) {
    log_begin("reader", LOG_INFO_LINE);
    reader r = {0};
    status result = reader_start(&r);
    if (!FAILED(result)) result = loop_run(r.loop);
    if (FAILED(result)) log_error("reader failed", "%s", status_name(result));
    reader_clear(&r);
    return FAILED(result) || r.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
