/* Whom the vault talks to: core asks, the auditor is told, keygen delivers. None of them is trusted to send well-formed
 * frames: what is not closes that channel and nothing else. */
#include "base/log.h"
#include "role/vault/vault.h"
#include "system/files.h"

enum { LEDGER_RESUME = 1024 };

static void close_all(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) files_close(fds[i]);
}

static void drop(channel **at, const char *name, status why) {
    /* A peer that ended is the supervisor's news; one that broke the rules is ours. */
    log_line(FAILED_WITH(why, CLOSED) ? LOG_DEBUG_LINE : LOG_WARNING_LINE, "channel closed", "%s: %s", name,
             status_name(why));
    channel_free(*at);
    *at = NULL;
}

/* Takes a frame apart; descriptors never belong to one. */
static status read_frame(vault *v, enum role from, slice frame, size_t fd_count, message *out) {
    ENSURE(fd_count == 0, MALFORMED);
    return message_decode(frame, from, ROLE_VAULT, &v->memory, out);
}

static void on_core_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    message m;
    close_all(fds, fd_count);
    status read = read_frame(v, ROLE_CORE, frame, fd_count, &m);
    if (!FAILED(read) && m.verb != MESSAGE_USE) read = FAIL(MALFORMED);
    if (!FAILED(read)) vault_use(v, frame, m.fields);
    arena_wipe(&v->memory);
    if (!FAILED(read)) return vault_want_pairs(v);
    drop(&v->core, "core", read);
    vault_forget_core(v);
}

static void on_auditor_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    message m;
    close_all(fds, fd_count);
    status read = read_frame(v, ROLE_AUDITOR, frame, fd_count, &m);
    if (!FAILED(read) && m.verb != MESSAGE_WITNESSED) read = FAIL(MALFORMED);
    if (!FAILED(read)) read = ledger_acknowledge(&v->ledger, ((const witnessed_message *)m.fields)->number.value);
    arena_wipe(&v->memory);
    if (FAILED(read)) return drop(&v->auditor, "auditor", read);
    if (v->core && ledger_room(&v->ledger) >= LEDGER_RESUME) channel_resume(v->core);
}

/* What it had in hand is done here. */
static void lose_labourer(vault *v, status why) {
    drop(&v->labourer, "labourer", why);
    custody_lose_labourer(v->custody);
    vault_use_laboured(v, NULL);
}

static void on_keygen_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    message m;
    close_all(fds, fd_count);
    status read = read_frame(v, ROLE_KEYGEN, frame, fd_count, &m);
    enum asymmetric_kind kind = ASYMMETRIC_RSA_2048;
    if (!FAILED(read) && m.verb != MESSAGE_KEYGENNED) read = FAIL(MALFORMED);
    if (!FAILED(read)) read = custody_add_pair(v->custody, m.fields, &kind);
    if (!FAILED(read) && v->pairs_asked[kind] == 0) read = FAIL(MALFORMED);
    arena_wipe(&v->memory);
    if (FAILED(read)) return drop(&v->keygen, "keygen", read);
    v->pairs_asked[kind]--;
    vault_use_parked(v);
    vault_want_pairs(v);
}

/* The frame of a helper that may say one thing only. */
static status read_answer(enum role from, enum message_verb verb, slice frame, size_t fd_count, arena *memory,
                          message *out) {
    ENSURE(fd_count == 0, MALFORMED);
    TRY(message_decode(frame, from, ROLE_VAULT, memory, out));
    ENSURE(out->verb == verb, MALFORMED);
    return OK;
}

static void on_labourer_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    message m;
    OWNED(arena) memory = {0};
    close_all(fds, fd_count);
    status read = read_answer(ROLE_KEYGEN, MESSAGE_LABOURED, frame, fd_count, &memory, &m);
    if (FAILED(read)) return lose_labourer(v, read);
    const laboured_message *done = m.fields;
    labour_answer given = {done->number.value, {(enum status_code)done->failure.value}, done->result};
    vault_use_laboured(v, &given);
}

static void lose_reader(vault *v, status why) {
    drop(&v->reader, "reader", why);
    vault_lose_reading(v);
}

static void on_reader_frame(void *context, slice frame, int *fds, size_t fd_count) {
    vault *v = context;
    message m;
    OWNED(arena) memory = {0};
    close_all(fds, fd_count);
    status read = read_answer(ROLE_READER, MESSAGE_EXAMINED, frame, fd_count, &memory, &m);
    if (FAILED(read)) return lose_reader(v, read);
    const examined_message *done = m.fields;
    labour_answer given = {.labour = done->number.value, .answer = {(enum status_code)done->failure.value}};
    given.facts = done->facts;
    vault_use_laboured(v, &given);
}

static void on_reader_closed(void *context, enum channel_end why) {
    (void)why;
    lose_reader(context, FAIL(CLOSED));
}

static void on_labourer_closed(void *context, enum channel_end why) {
    (void)why;
    lose_labourer(context, FAIL(CLOSED));
}

static void on_core_closed(void *context, enum channel_end why) {
    vault *v = context;
    (void)why;
    drop(&v->core, "core", FAIL(CLOSED));
    vault_forget_core(v);
}

static void on_auditor_closed(void *context, enum channel_end why) {
    vault *v = context;
    (void)why;
    drop(&v->auditor, "auditor", FAIL(CLOSED));
}

static void on_keygen_closed(void *context, enum channel_end why) {
    vault *v = context;
    (void)why;
    drop(&v->keygen, "keygen", FAIL(CLOSED));
}

static size_t waiting_for(const vault *v, enum asymmetric_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < v->parked_count; i++) count += v->parked[i].labour == 0 && v->parked[i].wanted == kind;
    return count;
}

static void want_pairs_of(vault *v, enum asymmetric_kind kind) {
    static const int BITS[STOCK_KINDS] = {2048, 3072, 4096};
    while (v->keygen && v->pairs_asked[kind] < custody_pairs_missing(v->custody, kind, waiting_for(v, kind))) {
        keygen_message m = {.bits = SET_INT(BITS[kind])};
        status sent = message_encode(MESSAGE_KEYGEN, &m, &v->frame);
        if (!FAILED(sent)) sent = vault_send_frame(v, v->keygen);
        if (FAILED(sent)) return;
        v->pairs_asked[kind]++;
    }
}

void vault_want_pairs(vault *v) {
    for (size_t kind = 0; kind < STOCK_KINDS; kind++) want_pairs_of(v, (enum asymmetric_kind)kind);
}

static status connect_core(vault *v, int fd) {
    channel_free(v->core);
    v->core = NULL;
    vault_forget_core(v);
    TRY(channel_new(v->loop, fd, on_core_frame, on_core_closed, v, &v->core));
    channel_carries_secrets(v->core);
    TRY(custody_store_key_frame(v->custody, &v->frame));
    return vault_send_frame(v, v->core);
}

static status connect_auditor(vault *v, int fd) {
    channel_free(v->auditor);
    v->auditor = NULL;
    TRY(channel_new(v->loop, fd, on_auditor_frame, on_auditor_closed, v, &v->auditor));
    channel_carries_secrets(v->auditor);
    TRY(custody_log_key_frame(v->custody, &v->frame));
    TRY(vault_send_frame(v, v->auditor));
    ledger_send_again(&v->ledger);
    return ledger_send(&v->ledger, v->auditor);
}

static status take_pair_key(vault *v, const connect_message *m) {
    OWNED(secret) key = {0};
    TRY(secret_copy(m->pair_key, &key));
    return m->peer == ROLE_GATEWAY ? custody_pair_gateway(v->custody, m->index.value, &key)
                                   : custody_pair_keygen(v->custody, &key);
}

static status connect_keygen(vault *v, const connect_message *m, int fd) {
    channel_free(v->keygen);
    v->keygen = NULL;
    memset(v->pairs_asked, 0, sizeof v->pairs_asked);
    TRY(take_pair_key(v, m));
    TRY(channel_new(v->loop, fd, on_keygen_frame, on_keygen_closed, v, &v->keygen));
    vault_want_pairs(v);
    return OK;
}

/* The second of them does heavy private operations. */
static status connect_labourer(vault *v, const connect_message *m, int fd) {
    OWNED(secret) key = {0};
    if (v->labourer) lose_labourer(v, FAIL(CLOSED));
    TRY(secret_copy(m->pair_key, &key));
    TRY(channel_new(v->loop, fd, on_labourer_frame, on_labourer_closed, v, &v->labourer));
    return custody_pair_labourer(v->custody, &key);
}

static status connect_reader(vault *v, int fd) {
    if (v->reader) lose_reader(v, FAIL(CLOSED));
    return channel_new(v->loop, fd, on_reader_frame, on_reader_closed, v, &v->reader);
}

void vault_connect(vault *v, const connect_message *m, int fd) {
    status connected = FAIL(MALFORMED);
    if (m->peer == ROLE_GATEWAY) {
        connected = take_pair_key(v, m);
        files_close(fd); /* there is no channel to a gateway */
        fd = -1;
    } else if (fd >= 0) {
        if (m->peer == ROLE_CORE) connected = connect_core(v, fd);
        if (m->peer == ROLE_AUDITOR) connected = connect_auditor(v, fd);
        if (m->peer == ROLE_READER) connected = connect_reader(v, fd);
        if (m->peer == ROLE_KEYGEN && m->index.value == 0) connected = connect_keygen(v, m, fd);
        if (m->peer == ROLE_KEYGEN && m->index.value == 1) connected = connect_labourer(v, m, fd);
    }
    if (!FAILED(connected)) return;
    log_error("peer not connected", "%d: %s", m->peer, status_name(connected));
    bool was_taken = (v->core && channel_fd(v->core) == fd) || (v->auditor && channel_fd(v->auditor) == fd) ||
                     (v->keygen && channel_fd(v->keygen) == fd) || (v->labourer && channel_fd(v->labourer) == fd) ||
                     (v->reader && channel_fd(v->reader) == fd);
    if (!was_taken) files_close(fd);
}
