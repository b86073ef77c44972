/* keyhold-keygen: makes RSA key pairs for the vault, or, as the second of its kind (argument 1), does private operations with large RSA keys
 * and hashes passwords for it, so that the vault never stands still for any of them. As confined as the vault itself, and like it keeps private
 * keys and passwords in memory no other process can read; they leave it only boxed. Descriptor 3 is the supervisor. */
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "contract/message.h"
#include "crypto/box.h"
#include "crypto/asymmetric.h"
#include "crypto/labour.h"
#include "crypto/start.h"
#include "system/channel.h"
#include "system/files.h"
#include "system/process.h"
#include "system/sandbox.h"
#include "system/secret_pool.h"

enum { CONTROL_FD = 3, POOL_BYTES = 2 << 20 };

typedef struct keygen {
    loop *loop;
    channel *control, *vault;
    box *box;
    arena memory;
    bool is_labourer, is_ready, has_failed;
} keygen;

static status confine(void) {
    const int keep[] = {CONTROL_FD};
    sandbox_plan plan = {.role = SANDBOX_VAULT, .keep = keep, .keep_count = 1};
    sandbox_report report;
    return sandbox_enter(&plan, &report);
}

static status pair_make(keygen *k, enum asymmetric_kind kind) {
    OWNED(secret) private_der = {0};
    OWNED(buffer) public_der = {0};
    OWNED(buffer) boxed = {0};
    OWNED(buffer) frame = {0};
    ENSURE(k->box != NULL, CLOSED);
    TRY(asymmetric_generate(kind, &private_der));
    TRY(asymmetric_public_of(kind, &private_der, &public_der));
    TRY(box_seal_secret(k->box, buffer_slice(&public_der), &private_der, &boxed));
    keygenned_message m = {.private = buffer_slice(&boxed), .public = buffer_slice(&public_der)};
    TRY(message_encode(MESSAGE_KEYGENNED, &m, &frame));
    return channel_send(k->vault, buffer_slice(&frame));
}

/* What fails is answered, too. */
static status labour_do(keygen *k, const labour_message *order) {
    OWNED(buffer) result = {0};
    OWNED(buffer) frame = {0};
    int64_t number = order->number.value;
    ENSURE(k->box != NULL, CLOSED);
    status done = labour_run(k->box, slice_of(&number, sizeof number), order->order, &result);
    laboured_message m = {.number = order->number, .failure = SET_INT(done.code), .result = buffer_slice(&result)};
    TRY(message_encode(MESSAGE_LABOURED, &m, &frame));
    return channel_send(k->vault, buffer_slice(&frame));
}

static status take_order(keygen *k, slice frame) {
    message m;
    TRY(message_decode(frame, ROLE_VAULT, ROLE_KEYGEN, &k->memory, &m));
    if (m.verb == MESSAGE_LABOUR) return labour_do(k, m.fields);
    ENSURE(m.verb == MESSAGE_KEYGEN, MALFORMED);
    const keygen_message *order = m.fields;
    switch (order->bits.value) {
    case 2048: return pair_make(k, ASYMMETRIC_RSA_2048);
    case 3072: return pair_make(k, ASYMMETRIC_RSA_3072);
    case 4096: return pair_make(k, ASYMMETRIC_RSA_4096);
    default: return FAIL(MALFORMED);
    }
}

static void drop_vault(keygen *k) {
    channel_free(k->vault);
    k->vault = NULL;
    box_free(k->box);
    k->box = NULL;
}

static void on_vault_frame(void *context, slice frame, int *fds, size_t fd_count) {
    keygen *k = context;
    for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
    status taken = fd_count == 0 ? take_order(k, frame) : FAIL(MALFORMED);
    arena_reset(&k->memory);
    if (!FAILED(taken)) return;
    log_error("no key pair made", "%s", status_name(taken));
    drop_vault(k);
}

static void on_vault_closed(void *context, enum channel_end why) {
    (void)why;
    drop_vault(context);
}

/* Every connection comes with a key of its own, so a box begins its count anew only under a new key. */
static status connect_vault(keygen *k, const connect_message *m, int fd) {
    ENSURE(m->peer == ROLE_VAULT && fd >= 0, MALFORMED);
    OWNED(secret) key = {0};
    drop_vault(k);
    TRY(secret_copy(m->pair_key, &key));
    TRY(box_new(&key, BOX_SIDE_A, &k->box));
    return channel_new(k->loop, fd, on_vault_frame, on_vault_closed, k, &k->vault);
}

static status say_ready(keygen *k) {
    if (k->is_ready) return OK;
    OWNED(buffer) frame = {0};
    ready_message m = {0};
    TRY(message_encode(MESSAGE_READY, &m, &frame));
    k->is_ready = true;
    return channel_send(k->control, buffer_slice(&frame));
}

static status take_control(keygen *k, slice frame, int *fd) {
    message m;
    TRY(message_decode(frame, ROLE_SUPERVISOR, ROLE_KEYGEN, &k->memory, &m));
    switch (m.verb) {
    case MESSAGE_CONFIGURE: return OK;
    case MESSAGE_CONNECT:
        TRY(connect_vault(k, m.fields, *fd));
        *fd = -1;
        return OK;
    case MESSAGE_CONNECTED: return say_ready(k);
    case MESSAGE_STOP: loop_stop(k->loop); return OK;
    default: return FAIL(MALFORMED);
    }
}

static void on_control_frame(void *context, slice frame, int *fds, size_t fd_count) {
    keygen *k = context;
    int fd = fd_count == 1 ? fds[0] : -1;
    status taken = fd_count <= 1 ? take_control(k, frame, &fd) : FAIL(MALFORMED);
    arena_wipe(&k->memory);
    files_close(fd);
    for (size_t i = 0; fd_count > 1 && i < fd_count; i++) files_close(fds[i]);
    if (!FAILED(taken)) return;
    log_error("supervisor misunderstood", "%s", status_name(taken));
    k->has_failed = true;
    loop_stop(k->loop);
}

static void on_control_closed(void *context, enum channel_end why) {
    keygen *k = context;
    k->has_failed = why != CHANNEL_END_PEER;
    loop_stop(k->loop);
}

/* The supervisor says when to stop. */
static void on_signal(void *context, int signal) { (void)context, (void)signal; }

static status keygen_start(keygen *k) {
    process_ignore_broken_pipes();
    if (!k->is_labourer) process_step_back(); /* whoever waits for a pair waits long anyway; requests do not */
    TRY(secret_pool_open(POOL_BYTES));
    TRY(crypto_use_memory(secret_pool_take, secret_pool_resize, secret_pool_give_back));
    secret_memory_use((secret_memory){secret_pool_take, secret_pool_give_back_sized});
    TRY(crypto_start());
    TRY(confine());
    TRY(loop_new(&k->loop));
    TRY(loop_on_signal(k->loop, SIGTERM, on_signal, k));
    TRY(loop_on_signal(k->loop, SIGINT, on_signal, k));
    TRY(channel_new(k->loop, CONTROL_FD, on_control_frame, on_control_closed, k, &k->control));
    channel_carries_secrets(k->control);
    return OK;
}

static void keygen_clear(keygen *k) {
    drop_vault(k);
    channel_free(k->control);
    loop_free(k->loop);
    arena_clear(&k->memory);
}

int main(int count, char **arguments) {
    log_begin("keygen", LOG_INFO_LINE);
    keygen k = {.is_labourer = count > 1 && strcmp(arguments[1], "1") == 0};
    status result = keygen_start(&k);
    if (!FAILED(result)) result = loop_run(k.loop);
    if (FAILED(result)) log_error("keygen failed", "%s", status_name(result));
    keygen_clear(&k);
    return FAILED(result) || k.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
