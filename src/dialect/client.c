/* Signing requests. */
#include "dialect/client.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/compare.h"
#include "crypto/mac.h"
#include "dialect/answer.h"
#include "dialect/head.h"

enum { RPC_HEADERS_MOST = 12, OSS_HEADERS_MORE = 8, DATE_BYTES = 8 };

void client_credentials_clear(client_credentials *c) {
    secret_clear(&c->key);
    secret_clear(&c->scoped_key);
    *c = (client_credentials){0};
}

status client_credentials_new(slice access_key_id, slice access_key_secret, slice security_token,
                              client_credentials *out) {
    OWNED(client_credentials) made = {.access_key_id = access_key_id, .security_token = security_token};
    OWNED(buffer) scoped = {0};
    TRY(secret_copy(access_key_secret, &made.key));
    TRY(buffer_reserve(&scoped, access_key_secret.len + 16));
    TRY(buffer_append_text(&scoped, "aliyun_v4"));
    TRY(buffer_append(&scoped, access_key_secret));
    status copied = secret_copy(buffer_slice(&scoped), &made.scoped_key);
    buffer_wipe(&scoped);
    TRY(copied);
    *out = made;
    made = (client_credentials){0};
    return OK;
}

/* ---- pieces */

/* "name=value&…"; a name without a value stands bare. */
static status append_pairs(pair_list pairs, buffer *out) {
    for (size_t i = 0; i < pairs.count; i++) {
        if (i > 0) TRY(buffer_append_byte(out, '&'));
        TRY(percent_encode(out, pairs.at[i].key, NULL));
        if (slice_is_empty(pairs.at[i].value)) continue;
        TRY(buffer_append_byte(out, '='));
        TRY(percent_encode(out, pairs.at[i].value, NULL));
    }
    return OK;
}

static void pairs_sort(pair_list *pairs) { /* a handful: insertion */
    for (size_t i = 1; i < pairs->count; i++) {
        pair moved = pairs->at[i];
        size_t to = i;
        for (; to > 0 && slice_compare(moved.key, pairs->at[to - 1].key) < 0; to--) pairs->at[to] = pairs->at[to - 1];
        pairs->at[to] = moved;
    }
}

static status pairs_sorted(pair_list pairs, arena *memory, pair_list *out) {
    pair_list copy = {ARENA_ARRAY(memory, pair, pairs.count), pairs.count};
    ENSURE(copy.at != NULL, OUT_OF_MEMORY);
    if (pairs.count) memcpy(copy.at, pairs.at, pairs.count * sizeof *pairs.at);
    pairs_sort(&copy);
    *out = copy;
    return OK;
}

static status hash_hex(slice bytes, arena *memory, slice *out) {
    uint8_t hash[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, bytes, hash));
    return text_hex(slice_of(hash, sizeof hash), memory, out);
}

static void add(client_request *r, const char *name, slice value) {
    r->headers[r->header_count++] = (http_header){slice_of_text(name), value};
}

/* "name:value\n" for each, and their names joined by ';'. The list is sorted and its names are in lower case. */
static status append_canonical(const header_list *list, buffer *lines, buffer *names) {
    for (size_t i = 0; i < list->count; i++) {
        TRY(buffer_append(lines, list->at[i].name));
        TRY(buffer_append_byte(lines, ':'));
        TRY(buffer_append(lines, slice_trim(list->at[i].value)));
        TRY(buffer_append_byte(lines, '\n'));
        if (i > 0) TRY(buffer_append_byte(names, ';'));
        TRY(buffer_append(names, list->at[i].name));
    }
    return OK;
}

/* ---- RPC, version 3 */

static status rpc_headers(const client_credentials *c, const client_rpc *call, arena *memory, client_request *r) {
    char time[CLOCK_ISO_BYTES];
    slice kept, hash;
    clock_format_iso(call->time_s, time);
    TRY(arena_copy(memory, slice_of_text(time), &kept));
    TRY(hash_hex(r->body, memory, &hash));
    add(r, "content-type", SLICE("application/x-www-form-urlencoded"));
    add(r, "host", call->host);
    add(r, "x-acs-action", call->action);
    add(r, "x-acs-content-sha256", hash);
    add(r, "x-acs-date", kept);
    if (!slice_is_empty(c->security_token)) add(r, "x-acs-security-token", c->security_token);
    add(r, "x-acs-signature-nonce", call->nonce);
    add(r, "x-acs-version", call->version);
    return OK;
}

static status rpc_authorization(const client_credentials *c, const client_request *r, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) names = {0};
    uint8_t signature[HASH_SHA256_BYTES];
    slice hash, to_sign, hex;
    TRY(buffer_append_text(&text, "POST\n/\n\n"));
    TRY(append_canonical(&(header_list){r->headers, r->header_count}, &text, &names));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, buffer_slice(&names)));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(hash_hex(r->body, memory, &hash));
    TRY(buffer_append(&text, hash));
    TRY(hash_hex(buffer_slice(&text), memory, &hash));
    TRY(arena_printf(memory, &to_sign, "ACS3-HMAC-SHA256\n%.*s", SLICE_ARGS(hash)));
    TRY(hmac_once(HASH_SHA256, &c->key, to_sign, signature));
    TRY(text_hex(slice_of(signature, sizeof signature), memory, &hex));
    return arena_printf(memory, out, "ACS3-HMAC-SHA256 Credential=%.*s,SignedHeaders=%.*s,Signature=%.*s",
                        SLICE_ARGS(c->access_key_id), SLICE_ARGS(buffer_slice(&names)), SLICE_ARGS(hex));
}

static status form_body(pair_list parameters, arena *memory, slice *out) {
    OWNED(buffer) body = {0};
    TRY(append_pairs(parameters, &body));
    status kept = text_keep(&body, memory, out);
    buffer_wipe(&body); /* plaintext may be among the parameters */
    return kept;
}

status client_sign_rpc(const client_credentials *c, const client_rpc *call, arena *memory, client_request *out) {
    client_request r = {.method = SLICE("POST"), .target = SLICE("/")};
    slice authorization;
    r.headers = ARENA_ARRAY(memory, http_header, RPC_HEADERS_MOST);
    ENSURE(r.headers != NULL, OUT_OF_MEMORY);
    TRY(form_body(call->parameters, memory, &r.body));
    TRY(rpc_headers(c, call, memory, &r));
    TRY(rpc_authorization(c, &r, memory, &authorization));
    add(&r, "accept", SLICE("application/json"));
    add(&r, "authorization", authorization);
    *out = r;
    return OK;
}

status client_plain_rpc(const client_rpc *call, arena *memory, client_request *out) {
    client_request r = {.method = SLICE("POST"), .target = SLICE("/")};
    const pair named[] = {
        {SLICE("Action"), call->action}, {SLICE("Version"), call->version}, {SLICE("Format"), SLICE("JSON")}};
    enum { NAMED = sizeof named / sizeof *named };
    pair_list all = {ARENA_ARRAY(memory, pair, call->parameters.count + NAMED), call->parameters.count + NAMED};
    r.headers = ARENA_ARRAY(memory, http_header, RPC_HEADERS_MOST);
    ENSURE(r.headers != NULL && all.at != NULL, OUT_OF_MEMORY);
    memcpy(all.at, named, sizeof named);
    if (call->parameters.count) memcpy(all.at + NAMED, call->parameters.at, call->parameters.count * sizeof(pair));
    TRY(form_body(all, memory, &r.body));
    add(&r, "content-type", SLICE("application/x-www-form-urlencoded"));
    add(&r, "host", call->host);
    add(&r, "accept", SLICE("application/json"));
    *out = r;
    return OK;
}

/* ---- OSS, version 4 */

static status append_path(const client_oss *call, buffer *out) {
    TRY(buffer_append_byte(out, '/'));
    if (slice_is_absent(call->bucket)) return OK;
    TRY(percent_encode(out, call->bucket, NULL));
    TRY(buffer_append_byte(out, '/'));
    return percent_encode(out, call->key, "/");
}

static status oss_target(const client_oss *call, arena *memory, client_request *r) {
    OWNED(buffer) target = {0};
    pair_list sorted;
    TRY(pairs_sorted(call->query, memory, &sorted));
    TRY(append_path(call, &target));
    if (sorted.count) TRY(buffer_append_byte(&target, '?'));
    TRY(append_pairs(sorted, &target));
    return text_keep(&target, memory, &r->target);
}

static bool is_signed_header(slice name) {
    return slice_starts_with(name, SLICE("x-oss-")) || slice_equals_text(name, "content-type") ||
           slice_equals_text(name, "content-md5") || slice_equals_text(name, "host");
}

static status oss_signed_headers(const client_request *r, arena *memory, header_list *out) {
    header_list list = {.at = ARENA_ARRAY(memory, http_header, r->header_count)};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < r->header_count; i++) {
        slice name;
        TRY(text_lower(r->headers[i].name, memory, &name));
        if (is_signed_header(name)) list.at[list.count++] = (http_header){name, r->headers[i].value};
    }
    header_list_sort(&list);
    *out = list;
    return OK;
}

static status oss_canonical_hash(const client_request *r, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) names = {0};
    header_list headers;
    size_t question = slice_find_byte(r->target, '?');
    TRY(oss_signed_headers(r, memory, &headers));
    TRY(buffer_append(&text, r->method));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, slice_head(r->target, question)));
    TRY(buffer_append_byte(&text, '\n'));
    if (question != SIZE_MAX) TRY(buffer_append(&text, slice_skip(r->target, question + 1)));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(append_canonical(&headers, &text, &names));
    TRY(buffer_append_text(&text, "\nhost\nUNSIGNED-PAYLOAD"));
    return hash_hex(buffer_slice(&text), memory, out);
}

/* The key of one day, region and service. */
static status oss_sign(const client_credentials *c, slice scope[2], slice text, uint8_t out[HASH_SHA256_BYTES]) {
    uint8_t key[2][HASH_SHA256_BYTES];
    const slice steps[] = {scope[1], SLICE("oss"), SLICE("aliyun_v4_request"), text};
    size_t now = 0;
    status signed_so_far = hmac_once(HASH_SHA256, &c->scoped_key, scope[0], key[now]);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !FAILED(signed_so_far); i++, now ^= 1)
        signed_so_far = hmac_bytes(HASH_SHA256, slice_of(key[now], HASH_SHA256_BYTES), steps[i], key[now ^ 1]);
    if (!FAILED(signed_so_far)) memcpy(out, key[now], HASH_SHA256_BYTES);
    bytes_wipe(key, sizeof key);
    return signed_so_far;
}

typedef struct oss_signing {
    const client_credentials *c;
    const client_oss *call;
    const client_request *request;
} oss_signing;

static status oss_authorization(const oss_signing *s, arena *memory, slice *out) {
    char time[CLOCK_BASIC_BYTES];
    uint8_t signature[HASH_SHA256_BYTES];
    slice hash, to_sign, hex, region = s->call->region, scope[2] = {slice_of(time, DATE_BYTES), region};
    clock_format_basic(s->call->time_s, time);
    TRY(oss_canonical_hash(s->request, memory, &hash));
    TRY(arena_printf(memory, &to_sign, "OSS4-HMAC-SHA256\n%s\n%.8s/%.*s/oss/aliyun_v4_request\n%.*s", time, time,
                     SLICE_ARGS(region), SLICE_ARGS(hash)));
    TRY(oss_sign(s->c, scope, to_sign, signature));
    TRY(text_hex(slice_of(signature, sizeof signature), memory, &hex));
    return arena_printf(
        memory, out,
        "OSS4-HMAC-SHA256 Credential=%.*s/%.8s/%.*s/oss/aliyun_v4_request,AdditionalHeaders=host,Signature=%.*s",
        SLICE_ARGS(s->c->access_key_id), time, SLICE_ARGS(region), SLICE_ARGS(hex));
}

status client_sign_oss(const client_credentials *c, const client_oss *call, arena *memory, client_request *out) {
    client_request r = {.method = call->method};
    char time[CLOCK_BASIC_BYTES];
    slice kept, authorization;
    r.headers = ARENA_ARRAY(memory, http_header, call->header_count + OSS_HEADERS_MORE);
    ENSURE(r.headers != NULL, OUT_OF_MEMORY);
    clock_format_basic(call->time_s, time);
    TRY(arena_copy(memory, slice_of_text(time), &kept));
    TRY(oss_target(call, memory, &r));
    add(&r, "Host", call->host);
    add(&r, "x-oss-date", kept);
    add(&r, "x-oss-content-sha256", SLICE("UNSIGNED-PAYLOAD"));
    if (!slice_is_empty(c->security_token)) add(&r, "x-oss-security-token", c->security_token);
    for (size_t i = 0; i < call->header_count; i++) r.headers[r.header_count++] = call->headers[i];
    TRY(oss_authorization(&(oss_signing){c, call, &r}, memory, &authorization));
    add(&r, "Authorization", authorization);
    *out = r;
    return OK;
}
