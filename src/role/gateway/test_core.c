/* Supervisor, core and vault as the gateway's test has them. */
#include "role/gateway/test_core.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "contract/message.h"
#include "contract/operation.h"
#include "crypto/box.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "system/channel.h"
#include "system/files.h"
#include "system/listen.h"
#include "system/spawn.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        status must_ = (call);                                                                                         \
        if (FAILED(must_)) {                                                                                           \
            fprintf(stderr, "%s:%d %s: %s\n", __FILE__, __LINE__, #call, status_name(must_));                          \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { OBJECTS_MAX = 64, BODY_OFFSET = 100, POLL_MS = 2 };
enum wish { WISH_NONE, WISH_DROP, WISH_CONNECT, WISH_PAIR_KEY, WISH_STOP, WISH_END };

typedef struct object {
    char name[64];
    int fd;
    secret key;
    uint64_t size;
    int64_t pending_id; /* body not complete yet */
    char request_id[64];
} object;

struct test_core {
    pthread_t thread;
    pthread_mutex_t lock; /* for `seen` and `wish` */
    test_core_seen seen;
    enum wish wish;
    loop *loop;
    channel *control, *core;
    box *box;
    arena memory;
    object objects[OBJECTS_MAX];
    size_t object_count;
    spawn_child child;
    uint16_t port, tls_port;
};

static void remember_text(char *into, size_t room, slice text) {
    size_t length = text.len < room - 1 ? text.len : room - 1;
    if (length) memcpy(into, text.at, length);
    into[length] = 0;
}

static object *object_find(test_core *c, slice name) {
    for (size_t i = c->object_count; i-- > 0;)
        if (slice_equals_text(name, c->objects[i].name)) return &c->objects[i];
    return NULL;
}

static void send_control(test_core *c, enum message_verb verb, const void *fields, int fd) {
    OWNED(buffer) frame = {0};
    MUST(message_encode(verb, fields, &frame));
    if (fd >= 0) MUST(channel_send_with_descriptors(c->control, buffer_slice(&frame), &fd, 1));
    else MUST(channel_send(c->control, buffer_slice(&frame)));
}

/* -- replies */

static void send_reply(test_core *c, reply_message *r, const shape *s, const void *output, const int *fds,
                       size_t count) {
    OWNED(buffer) packed = {0};
    OWNED(buffer) frame = {0};
    if (output) MUST(shape_pack(s, output, &packed));
    if (output) r->output = buffer_slice(&packed);
    MUST(message_encode(MESSAGE_REPLY, r, &frame));
    if (count) MUST(channel_send_with_descriptors(c->core, buffer_slice(&frame), fds, count));
    else MUST(channel_send(c->core, buffer_slice(&frame)));
}

static void send_failure(test_core *c, int64_t id, int64_t failure) {
    reply_message r = {.id = SET_INT(id), .failure = SET_INT(failure)};
    send_reply(c, &r, NULL, NULL, NULL, 0);
}

static slice boxed_key(test_core *c, const request_message *q, const secret *key) {
    OWNED(buffer) boxed = {0};
    slice kept = {0};
    MUST(box_seal_secret(c->box, q->request_id, key, &boxed));
    MUST(arena_copy(&c->memory, buffer_slice(&boxed), &kept));
    return kept;
}

static int duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    assert(copy >= 0);
    return copy;
}

static object *object_new(test_core *c, const request_message *q, slice name) {
    assert(c->object_count < OBJECTS_MAX);
    object *o = &c->objects[c->object_count++];
    remember_text(o->name, sizeof o->name, name);
    remember_text(o->request_id, sizeof o->request_id, q->request_id);
    o->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert(o->fd >= 0);
    o->pending_id = q->id.value;
    MUST(random_secret(32, &o->key));
    return o;
}

static void store(test_core *c, const request_message *q, const put_object_in *in) {
    if (slice_equals_text(in->key, "denied")) {
        send_failure(c, q->id.value, FAILURE_NO_PERMISSION);
        return;
    }
    object *o = object_new(c, q, in->key);
    int fd = duplicate(o->fd);
    body_plan plan = {.act = BODY_ACT_STORE,
                      .data_key = boxed_key(c, q, &o->key),
                      .context = SLICE("place"),
                      .offset = SET_INT(BODY_OFFSET)};
    reply_message r = {.id = q->id, .body = &plan};
    send_reply(c, &r, NULL, NULL, &fd, 1);
}

static void fetch(test_core *c, const request_message *q, const get_object_in *in) {
    object *o = object_find(c, in->key);
    if (slice_equals_text(in->key, "hang")) return;
    if (o == NULL) {
        send_failure(c, q->id.value, FAILURE_OBJECT_NOT_FOUND);
        return;
    }
    int64_t last = o->size ? (int64_t)o->size - 1 : 0, first = 0;
    if (in->range_first.is_set) first = in->range_first.value;
    if (in->range_last.is_set && in->range_last.value < last) last = in->range_last.value;
    bool is_range = in->range_first.is_set || in->range_last.is_set;
    get_object_out out = {.size = SET_INT(o->size), .e_tag = SLICE("ABC"), .last_modified = SET_INT(1700000000)};
    if (is_range) out.first = SET_INT(first);
    if (is_range) out.last = SET_INT(last);
    body_plan plan = {.act = BODY_ACT_FETCH,
                      .data_key = boxed_key(c, q, &o->key),
                      .context = SLICE("place"),
                      .offset = SET_INT(BODY_OFFSET),
                      .plain_size = SET_INT(o->size),
                      .first = SET_INT(first),
                      .last = SET_INT(last)};
    reply_message r = {.id = q->id, .body = &plan};
    int fd = duplicate(o->fd);
    send_reply(c, &r, &get_object_out_shape, &out, &fd, 1);
}

static void copy(test_core *c, const request_message *q, const copy_object_in *in) {
    object *source = object_find(c, in->source_key);
    if (source == NULL) {
        send_failure(c, q->id.value, FAILURE_OBJECT_NOT_FOUND);
        return;
    }
    object *target = object_new(c, q, in->key);
    body_plan plan = {.act = BODY_ACT_COPY,
                      .data_key = boxed_key(c, q, &target->key),
                      .context = SLICE("place"),
                      .offset = SET_INT(BODY_OFFSET),
                      .source_key = boxed_key(c, q, &source->key),
                      .source_context = SLICE("place"),
                      .source_offset = SET_INT(BODY_OFFSET),
                      .plain_size = SET_INT(source->size)};
    reply_message r = {.id = q->id, .body = &plan};
    int fds[2] = {duplicate(source->fd), duplicate(target->fd)};
    send_reply(c, &r, NULL, NULL, fds, 2);
}

static void head(test_core *c, const request_message *q, const head_object_in *in) {
    const object *o = object_find(c, in->key);
    if (o == NULL) {
        send_failure(c, q->id.value, FAILURE_OBJECT_NOT_FOUND);
        return;
    }
    head_object_out out = {.size = SET_INT(o->size), .e_tag = SLICE("ABC"), .last_modified = SET_INT(1700000000)};
    reply_message r = {.id = q->id};
    send_reply(c, &r, &head_object_out_shape, &out, NULL, 0);
}

static void encrypt(test_core *c, const request_message *q, const encrypt_in *in) {
    slice plain = {0};
    encrypt_out out = {SLICE("key-1"), SLICE("version-1"), SLICE("ciphertext")};
    reply_message r = {.id = q->id};
    MUST(box_open_plain(c->box, q->request_id, in->plaintext, &c->memory, &plain));
    if (slice_equals_text(plain, "attack at dawn")) c->seen.plaintexts_seen++;
    send_reply(c, &r, &encrypt_out_shape, &out, NULL, 0);
}

static void decrypt(test_core *c, const request_message *q) {
    OWNED(secret) plain = {0};
    MUST(secret_copy(SLICE("attack at dawn"), &plain));
    decrypt_out out = {SLICE("key-1"), SLICE("version-1"), boxed_key(c, q, &plain)};
    reply_message r = {.id = q->id};
    send_reply(c, &r, &decrypt_out_shape, &out, NULL, 0);
}

static void list_buckets(test_core *c, const request_message *q) {
    list_buckets_out out = {.owner_id = SLICE("1234567890123456")};
    reply_message r = {.id = q->id};
    send_reply(c, &r, &list_buckets_out_shape, &out, NULL, 0);
}

static void remember_request(test_core *c, const request_message *q) {
    c->seen.requests++;
    c->seen.requests_without_proof += q->proof == NULL;
    remember_text(c->seen.last_request_id, sizeof c->seen.last_request_id, q->request_id);
    if (q->peer) remember_text(c->seen.last_source_ip, sizeof c->seen.last_source_ip, q->peer->source_ip);
    if (q->peer) c->seen.last_was_tls = q->peer->is_tls.value;
    if (!q->failure.is_set) return;
    c->seen.last_failure = (enum status_code)q->failure.value;
    remember_text(c->seen.last_detail, sizeof c->seen.last_detail, q->detail);
}

static void on_request(test_core *c, const request_message *q) {
    const operation *op = operation_get(q->operation.value);
    remember_request(c, q);
    if (q->failure.is_set || op == NULL) {
        send_failure(c, q->id.value, q->failure.is_set ? q->failure.value : FAILURE_UNKNOWN_OPERATION);
        return;
    }
    void *in = arena_take(&c->memory, op->in->struct_bytes);
    MUST(shape_unpack(op->in, q->input, &c->memory, in));
    switch (q->operation.value) {
    case OPERATION_PUT_OBJECT: store(c, q, in); break;
    case OPERATION_GET_OBJECT: fetch(c, q, in); break;
    case OPERATION_HEAD_OBJECT: head(c, q, in); break;
    case OPERATION_COPY_OBJECT: copy(c, q, in); break;
    case OPERATION_ENCRYPT: encrypt(c, q, in); break;
    case OPERATION_DECRYPT: decrypt(c, q); break;
    case OPERATION_LIST_BUCKETS: list_buckets(c, q); break;
    default: send_failure(c, q->id.value, FAILURE_UNSUPPORTED);
    }
}

static object *object_pending(test_core *c, int64_t id) {
    for (size_t i = 0; i < c->object_count; i++)
        if (c->objects[i].pending_id == id) return &c->objects[i];
    return NULL;
}

static void on_body(test_core *c, const body_message *b) {
    object *o = object_pending(c, b->id.value);
    if (b->failure.is_set) {
        c->seen.bodies_failed++;
        c->seen.last_body_failure = (enum status_code)b->failure.value;
        if (o) o->pending_id = 0;
        if (o) o->name[0] = 0;
        send_failure(c, b->id.value, b->failure.value);
        return;
    }
    c->seen.bodies_stored++;
    assert(o != NULL);
    o->pending_id = 0;
    o->size = c->seen.last_size = (uint64_t)b->size.value;
    c->seen.last_sealed_size = (uint64_t)b->sealed_size.value;
    memcpy(c->seen.last_md5, b->md5.at, sizeof c->seen.last_md5);
    remember_text(c->seen.last_crc64, sizeof c->seen.last_crc64, b->crc64);
    put_object_out out = {.e_tag = SLICE("ABC"), .crc64 = b->crc64};
    copy_object_out copied = {.e_tag = SLICE("ABC"), .last_modified = SET_INT(1700000000)};
    bool is_copy = strncmp(o->name, "copy", 4) == 0;
    reply_message r = {.id = b->id};
    send_reply(c, &r, is_copy ? &copy_object_out_shape : &put_object_out_shape, is_copy ? (void *)&copied : &out, NULL,
               0);
}

static void on_core_frame(void *context, slice payload, int *fds, size_t fd_count) {
    test_core *c = context;
    message m;
    (void)fds;
    assert(fd_count == 0);
    arena_reset(&c->memory);
    MUST(message_decode(payload, ROLE_GATEWAY, ROLE_CORE, &c->memory, &m));
    pthread_mutex_lock(&c->lock);
    if (m.verb == MESSAGE_REQUEST) on_request(c, m.fields);
    if (m.verb == MESSAGE_BODY) on_body(c, m.fields);
    if (m.verb == MESSAGE_ABANDON) c->seen.abandoned++;
    pthread_mutex_unlock(&c->lock);
}

static void on_control_frame(void *context, slice payload, int *fds, size_t fd_count) {
    test_core *c = context;
    message m;
    (void)fds;
    assert(fd_count == 0);
    arena_reset(&c->memory);
    MUST(message_decode(payload, ROLE_GATEWAY, ROLE_SUPERVISOR, &c->memory, &m));
    pthread_mutex_lock(&c->lock);
    if (m.verb == MESSAGE_READY) c->seen.ready_count++;
    pthread_mutex_unlock(&c->lock);
}

static void on_end(void *context, enum channel_end why) { (void)context, (void)why; }

/* -- wishes of the test's own thread */

static void pair_anew(test_core *c, connect_message *m) {
    static uint8_t bytes[32];
    OWNED(secret) key = {0};
    MUST(random_fill(bytes, sizeof bytes));
    MUST(secret_copy(slice_of(bytes, sizeof bytes), &key));
    box_free(c->box);
    MUST(box_new(&key, BOX_SIDE_B, &c->box));
    m->pair_key = slice_of(bytes, sizeof bytes);
}

static void connect_core(test_core *c) {
    int ends[2];
    connect_message m = {.peer = ROLE_CORE, .index = SET_INT(0)};
    connected_message all = {0};
    MUST(channel_pair(ends));
    channel_free(c->core);
    MUST(channel_new(c->loop, ends[0], on_core_frame, on_end, c, &c->core));
    if (c->box == NULL) pair_anew(c, &m);
    send_control(c, MESSAGE_CONNECT, &m, ends[1]);
    send_control(c, MESSAGE_CONNECTED, &all, -1);
}

static void wish_grant(test_core *c) {
    stop_message stop = {0};
    connect_message again = {.peer = ROLE_VAULT};
    switch (c->wish) {
    case WISH_DROP: channel_close(c->core); break;
    case WISH_CONNECT: connect_core(c); break;
    case WISH_PAIR_KEY:
        pair_anew(c, &again);
        send_control(c, MESSAGE_CONNECT, &again, -1);
        break;
    case WISH_STOP: send_control(c, MESSAGE_STOP, &stop, -1); break;
    case WISH_END: loop_stop(c->loop); break;
    case WISH_NONE: break;
    }
    c->wish = WISH_NONE;
}

static void on_poll(void *context) {
    test_core *c = context;
    pthread_mutex_lock(&c->lock);
    wish_grant(c);
    pthread_mutex_unlock(&c->lock);
    MUST(loop_after(c->loop, POLL_MS, on_poll, c, NULL));
}

static void *run(void *context) {
    test_core *c = context;
    MUST(loop_run(c->loop));
    return NULL;
}

static void make_wish(test_core *c, enum wish wish) {
    bool is_granted = false;
    pthread_mutex_lock(&c->lock);
    c->wish = wish;
    pthread_mutex_unlock(&c->lock);
    while (!is_granted) {
        usleep(2000);
        pthread_mutex_lock(&c->lock);
        is_granted = c->wish == WISH_NONE;
        pthread_mutex_unlock(&c->lock);
    }
}

void test_core_drop(test_core *c) { make_wish(c, WISH_DROP); }
void test_core_connect(test_core *c) { make_wish(c, WISH_CONNECT); }
void test_core_new_pair_key(test_core *c) { make_wish(c, WISH_PAIR_KEY); }
int test_core_pid(const test_core *c) { return c->child.pid; }
uint16_t test_core_port(const test_core *c) { return c->port; }
uint16_t test_core_tls_port(const test_core *c) { return c->tls_port; }

test_core_seen test_core_seen_now(test_core *c) {
    pthread_mutex_lock(&c->lock);
    test_core_seen seen = c->seen;
    pthread_mutex_unlock(&c->lock);
    return seen;
}

void test_core_corrupt(test_core *c, const char *key, uint64_t sealed_offset) {
    pthread_mutex_lock(&c->lock);
    const object *o = object_find(c, slice_of_text(key));
    uint8_t byte;
    assert(o && pread(o->fd, &byte, 1, (off_t)(BODY_OFFSET + sealed_offset)) == 1);
    byte ^= 0x40;
    assert(pwrite(o->fd, &byte, 1, (off_t)(BODY_OFFSET + sealed_offset)) == 1);
    pthread_mutex_unlock(&c->lock);
}

/* -- starting and stopping */

static int pem_make(void) {
    OWNED(buffer) ca_key = {0};
    OWNED(buffer) ca = {0};
    OWNED(buffer) key = {0};
    OWNED(buffer) pem = {0};
    int fd;
    MUST(certificate_make_authority(SLICE("Test CA"), &ca_key, &ca));
    certificate_authority authority = {buffer_slice(&ca_key), buffer_slice(&ca)};
    MUST(certificate_make_server(&authority, SLICE("localhost,127.0.0.1"), &key, &pem));
    MUST(buffer_append(&pem, buffer_slice(&key)));
    MUST(files_memory(buffer_slice(&pem), &fd));
    return fd;
}

static void spawn(test_core *c, const char *path, int control_end) {
    int descriptors[4] = {control_end, -1, -1, pem_make()};
    const char *const arguments[] = {"keyhold-gateway", NULL};
    /* A sanitizer's search for leaks starts a thread at exit, which the sandbox forbids. */
    const char *const environment[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    MUST(listen_tcp("127.0.0.1:0", &descriptors[1]));
    MUST(listen_tcp("127.0.0.1:0", &descriptors[2]));
    MUST(listen_port(descriptors[1], &c->port));
    MUST(listen_port(descriptors[2], &c->tls_port));
    spawn_plan plan = {path, arguments, environment, descriptors, 4};
    MUST(spawn_start(&plan, &c->child));
    for (int i = 0; i < 4; i++) files_close(descriptors[i]);
}

static void configure(test_core *c) {
    pair settings[] = {{SLICE("log_level"), SLICE("error")},
                       {SLICE("allow_http"), SLICE("yes")},
                       {SLICE("max_connections"), SLICE("128")},
                       {SLICE("idle_timeout_s"), SLICE("2")},
                       {SLICE("base_domains"), SLICE("oss.localhost")}};
    configure_message m = {{settings, sizeof settings / sizeof settings[0]}};
    send_control(c, MESSAGE_CONFIGURE, &m, -1);
}

test_core *test_core_start(const char *path) {
    test_core *c = calloc(1, sizeof *c);
    int ends[2];
    assert(c != NULL);
    c->memory.limit = 16 << 20;
    MUST(crypto_start());
    pthread_mutex_init(&c->lock, NULL);
    MUST(loop_new(&c->loop));
    MUST(channel_pair(ends));
    MUST(channel_new(c->loop, ends[0], on_control_frame, on_end, c, &c->control));
    spawn(c, path, ends[1]);
    configure(c);
    connect_core(c);
    on_poll(c);
    assert(pthread_create(&c->thread, NULL, run, c) == 0);
    for (int waited = 0; test_core_seen_now(c).ready_count == 0; waited++) {
        assert(waited < 2000);
        usleep(5000);
    }
    return c;
}

int test_core_stop(test_core *c) {
    spawn_end end;
    make_wish(c, WISH_STOP);
    MUST(spawn_wait(&c->child, 15000, &end));
    pthread_mutex_lock(&c->lock);
    c->wish = WISH_END;
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    channel_free(c->core);
    channel_free(c->control);
    loop_free(c->loop);
    box_free(c->box);
    arena_clear(&c->memory);
    for (size_t i = 0; i < c->object_count; i++) {
        files_close(c->objects[i].fd);
        secret_clear(&c->objects[i].key);
    }
    free(c);
    return end.signal ? 1000 + end.signal : end.exit_code;
}
