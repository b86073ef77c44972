/* Requests made ahead of time, so that signing them costs nothing while the server is measured. */
#include "base/clock.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "dialect/client.h"
#include "load.h"
#include "system/files.h"

#include <stdlib.h>

enum {
    SHORT_BODY_BYTES = 64 << 10,
    NONCE_BYTES = 16,
    STORE_MOST = 1 << 30,
    PLAIN_DIFFERENT = 1024,
    KEY_FILE_MOST = 16 << 20
};

typedef struct maker {
    const load_plan *plan;
    load_store *store;
    client_credentials *signers; /* take turns */
    size_t signer_count;
    client_credentials credentials; /* of the request in hand */
    slice key_1;                    /* what version 1 signs with: the first secret and '&' */
    arena lasting;                  /* what all requests share */
    arena memory;                   /* of the request in hand */
    pair parameters[LOAD_PARAMETERS_MOST];
    slice host;
    slice body;
} maker;

static void maker_clear(maker *m) {
    for (size_t i = 0; i < m->signer_count; i++) client_credentials_clear(&m->signers[i]);
    free(m->signers);
    arena_clear(&m->lasting);
    arena_clear(&m->memory);
}

static status credentials_read(maker *m) {
    OWNED(buffer) text = {0};
    slice rest, id, key;
    TRY(files_read(FILES_HERE, m->plan->key_file, KEY_FILE_MOST, &text));
    TRY(arena_copy(&m->lasting, buffer_slice(&text), &rest));
    m->signers = calloc(m->plan->count, sizeof *m->signers);
    ENSURE(m->signers != NULL, OUT_OF_MEMORY);
    while (m->signer_count < m->plan->count && slice_split(&rest, '\n', &id) && slice_split(&rest, '\n', &key)) {
        if (m->signer_count == 0) TRY(arena_printf(&m->lasting, &m->key_1, "%.*s&", SLICE_ARGS(slice_trim(key))));
        TRY(client_credentials_new(slice_trim(id), slice_trim(key), (slice){0}, &m->signers[m->signer_count]));
        m->signer_count++;
    }
    ENSURE(m->signer_count > 0, MALFORMED);
    return OK;
}

/* ---- values */

static status random_base64(uint64_t bytes, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    uint8_t *raw = arena_take(memory, bytes);
    ENSURE(raw != NULL, OUT_OF_MEMORY);
    TRY(random_fill(raw, bytes));
    TRY(base64_encode(&text, slice_of(raw, bytes)));
    return arena_copy(memory, buffer_slice(&text), out);
}

/* "@1024" stands for 1024 random bytes in base64. */
static status value_made(slice given, arena *memory, slice *out) {
    uint64_t bytes;
    if (slice_starts_with(given, SLICE("@")) && slice_to_u64(slice_skip(given, 1), &bytes))
        return random_base64(bytes, memory, out);
    *out = given;
    return OK;
}

static status target_made(maker *m, size_t number, slice *out) {
    slice given = m->plan->target;
    size_t at = slice_find_byte(given, '%');
    if (m->plan->names) number %= m->plan->names;
    if (at == SIZE_MAX) *out = given;
    else
        TRY(arena_printf(&m->memory, out, "%.*s%zu%.*s", SLICE_ARGS(slice_head(given, at)), number,
                         SLICE_ARGS(slice_skip(given, at + 1))));
    return OK;
}

static status nonce_made(arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    uint8_t raw[NONCE_BYTES];
    TRY(random_fill(raw, sizeof raw));
    TRY(hex_encode(&text, slice_of(raw, sizeof raw)));
    return arena_copy(memory, buffer_slice(&text), out);
}

/* ---- the text of a request */

static status append_head(maker *m, const client_request *r, size_t body_bytes) {
    buffer *out = &m->store->bytes;
    TRY(buffer_printf(out, "%.*s %.*s HTTP/1.1\r\n", SLICE_ARGS(r->method), SLICE_ARGS(r->target)));
    for (size_t i = 0; i < r->header_count; i++)
        TRY(buffer_printf(out, "%.*s: %.*s\r\n", SLICE_ARGS(r->headers[i].name), SLICE_ARGS(r->headers[i].value)));
    if (body_bytes || slice_equals_text(r->method, "PUT") || slice_equals_text(r->method, "POST"))
        TRY(buffer_printf(out, "Content-Length: %zu\r\n", body_bytes));
    return buffer_append_text(out, "\r\n");
}

static status append_request(maker *m, const client_request *r) {
    load_store *s = m->store;
    load_shot shot = {s->bytes.len, 0};
    slice body = slice_is_empty(m->body) ? r->body : m->body;
    TRY(append_head(m, r, body.len));
    if (body.len <= SHORT_BODY_BYTES) TRY(buffer_append(&s->bytes, body));
    else s->long_body = body;
    shot.len = s->bytes.len - shot.at;
    s->shots[s->count++] = shot;
    return OK;
}

/* ---- the kinds */

static status make_plain(maker *m, size_t number) {
    client_request r = {.method = m->plan->method_or_action};
    http_header host = {SLICE("Host"), m->host};
    if (number >= PLAIN_DIFFERENT) { /* nothing is signed: the same again */
        m->store->shots[m->store->count++] = m->store->shots[number % PLAIN_DIFFERENT];
        return OK;
    }
    r.headers = &host;
    r.header_count = 1;
    TRY(target_made(m, number, &r.target));
    return append_request(m, &r);
}

static status make_rpc(maker *m) {
    client_request r;
    client_rpc call = {m->host,
                       m->plan->method_or_action,
                       slice_of_text(m->plan->api_version),
                       {m->parameters, m->plan->parameter_count},
                       clock_now_s(),
                       {0}};
    TRY(nonce_made(&m->memory, &call.nonce));
    TRY(client_sign_rpc(&m->credentials, &call, &m->memory, &r));
    return append_request(m, &r);
}

static int pair_order(const void *a, const void *b) {
    return slice_compare(((const pair *)a)->key, ((const pair *)b)->key);
}

static status sign_1(const maker *m, slice query, buffer *out) {
    OWNED(buffer) text = {0};
    uint8_t signature[HASH_SHA1_BYTES];
    OWNED(buffer) base64 = {0};
    TRY(buffer_append_text(&text, "POST&%2F&"));
    TRY(percent_encode(&text, query, NULL));
    TRY(hmac_bytes(HASH_SHA1, m->key_1, buffer_slice(&text), signature));
    TRY(base64_encode(&base64, slice_of(signature, sizeof signature)));
    return percent_encode(out, buffer_slice(&base64), NULL);
}

static status query_1(maker *m, buffer *out) {
    char time[CLOCK_ISO_BYTES];
    pair all[LOAD_PARAMETERS_MOST + 8];
    size_t count = 0;
    slice nonce;
    TRY(nonce_made(&m->memory, &nonce));
    clock_format_iso(clock_now_s(), time);
    all[count++] = (pair){SLICE("AccessKeyId"), m->credentials.access_key_id};
    all[count++] = (pair){SLICE("Action"), m->plan->method_or_action};
    all[count++] = (pair){SLICE("Format"), SLICE("json")};
    all[count++] = (pair){SLICE("SignatureMethod"), SLICE("HMAC-SHA1")};
    all[count++] = (pair){SLICE("SignatureNonce"), nonce};
    all[count++] = (pair){SLICE("SignatureVersion"), SLICE("1.0")};
    all[count++] = (pair){SLICE("Timestamp"), slice_of_text(time)};
    all[count++] = (pair){SLICE("Version"), slice_of_text(m->plan->api_version)};
    for (size_t i = 0; i < m->plan->parameter_count; i++) all[count++] = m->parameters[i];
    qsort(all, count, sizeof *all, pair_order);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) TRY(buffer_append_byte(out, '&'));
        TRY(percent_encode(out, all[i].key, NULL));
        TRY(buffer_append_byte(out, '='));
        TRY(percent_encode(out, all[i].value, NULL));
    }
    return OK;
}

static status make_rpc_1(maker *m) {
    OWNED(buffer) query = {0};
    OWNED(buffer) target = {0};
    http_header host = {SLICE("Host"), m->host};
    client_request r = {.method = SLICE("POST"), .headers = &host, .header_count = 1};
    TRY(query_1(m, &query));
    TRY(buffer_append_text(&target, "/?"));
    TRY(buffer_append(&target, buffer_slice(&query)));
    TRY(buffer_append_text(&target, "&Signature="));
    TRY(sign_1(m, buffer_slice(&query), &target));
    r.target = buffer_slice(&target);
    return append_request(m, &r);
}

static status make_oss(maker *m, size_t number) {
    client_request r;
    slice target, bucket, key;
    TRY(target_made(m, number, &target));
    key = target;
    ENSURE(slice_split(&key, '/', &bucket), MALFORMED);
    http_header type = {SLICE("Content-Type"), SLICE("application/octet-stream")};
    client_oss call = {.method = m->plan->method_or_action,
                       .host = m->host,
                       .region = slice_of_text(m->plan->region),
                       .bucket = bucket,
                       .key = key,
                       .headers = &type,
                       .header_count = m->body.len ? 1 : 0,
                       .time_s = clock_now_s()};
    TRY(client_sign_oss(&m->credentials, &call, &m->memory, &r));
    return append_request(m, &r);
}

static status make_one(maker *m, size_t number) {
    if (m->signer_count) m->credentials = m->signers[number % m->signer_count];
    switch (m->plan->kind) {
    case LOAD_PLAIN: return make_plain(m, number);
    case LOAD_RPC: return make_rpc(m);
    case LOAD_RPC_1: return make_rpc_1(m);
    case LOAD_OSS: return make_oss(m, number);
    }
    return FAIL(INTERNAL);
}

static status body_made(maker *m) {
    size_t bytes = m->plan->body_bytes;
    if (!bytes) return OK;
    uint8_t *at = malloc(bytes); /* lives as long as the program */
    ENSURE(at != NULL, OUT_OF_MEMORY);
    TRY(random_fill(at, bytes));
    m->body = slice_of(at, bytes);
    return OK;
}

static status maker_begin(const load_plan *plan, load_store *store, maker *m) {
    m->lasting.limit = 64 << 20;
    TRY(body_made(m));
    if (plan->kind != LOAD_PLAIN) TRY(credentials_read(m));
    TRY(arena_printf(&m->lasting, &m->host, "%s:%u", plan->host, (unsigned)plan->port));
    for (size_t i = 0; i < plan->parameter_count; i++) {
        m->parameters[i].key = plan->parameters[i].key;
        TRY(value_made(plan->parameters[i].value, &m->lasting, &m->parameters[i].value));
    }
    store->bytes.limit = STORE_MOST;
    store->shots = calloc(plan->count, sizeof *store->shots);
    ENSURE(store->shots != NULL, OUT_OF_MEMORY);
    return OK;
}

status load_store_fill(const load_plan *plan, load_store *out) {
    OWNED(maker) m = {.plan = plan, .store = out};
    TRY(maker_begin(plan, out, &m));
    for (size_t i = 0; i < plan->count; i++) {
        TRY(make_one(&m, i));
        arena_reset(&m.memory);
    }
    return OK;
}

void load_store_clear(load_store *s) {
    buffer_clear(&s->bytes);
    free(s->shots);
    *s = (load_store){0};
}
