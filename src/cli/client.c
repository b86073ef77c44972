/* libcurl, and what its failures mean. */
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cli/web_identity.h"
#include "dialect/head.h"

enum {
    HEADERS_ROOM = 96,
    BODY_BYTES_MOST = 16 << 20,
    CALL_TIMEOUT_S = 60,
    STALL_TIMEOUT_S = 60,
    CONNECT_TIMEOUT_S = 10,
    RETRY_PAUSE_MS = 250,
    PROBE_TIMEOUT_S = 5,
    PIECE_BYTES = 256 << 10
};

/* One transfer: what curl's callbacks need. */
typedef struct transfer {
    client *c;
    const client_stream *stream;
    status failure; /* of the stream or of memory */
    buffer body;
    answer answer;
    uint64_t up, down;
    char why[CURL_ERROR_SIZE];
} transfer;

static int http_status(transfer *t) {
    long http = 0;
    curl_easy_getinfo(t->c->curl, CURLINFO_RESPONSE_CODE, &http);
    return (int)http;
}

/* ---- callbacks */

static size_t on_header(char *at, size_t size, size_t count, void *context) {
    transfer *t = context;
    slice line = slice_trim(slice_of(at, size * count));
    size_t colon = slice_find_byte(line, ':');
    arena *memory = &t->c->inv->memory;
    if (slice_starts_with(line, SLICE("HTTP/"))) t->answer.headers.count = 0; /* after 100 Continue */
    if (colon == SIZE_MAX || t->answer.headers.count >= HEADERS_ROOM) return size * count;
    pair *to = &t->answer.headers.at[t->answer.headers.count];
    if (FAILED(text_lower(slice_head(line, colon), memory, &to->key))) return 0;
    if (FAILED(arena_copy(memory, slice_trim(slice_skip(line, colon + 1)), &to->value))) return 0;
    t->answer.headers.count++;
    return size * count;
}

static size_t on_body(char *at, size_t size, size_t count, void *context) {
    transfer *t = context;
    slice bytes = slice_of(at, size * count);
    int http = http_status(t);
    bool is_streamed = t->stream && t->stream->write && http / 100 == 2;
    t->failure = is_streamed ? t->stream->write(t->stream->context, bytes) : buffer_append(&t->body, bytes);
    t->down += bytes.len;
    return FAILED(t->failure) ? 0 : bytes.len;
}

static size_t on_read(char *into, size_t size, size_t count, void *context) {
    transfer *t = context;
    size_t got = 0;
    t->failure = t->stream->read(t->stream->context, (uint8_t *)into, size * count, &got);
    t->up += got;
    return FAILED(t->failure) ? CURL_READFUNC_ABORT : got;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    transfer *t = context;
    if (!t->stream || !t->stream->moved) return 0;
    if (t->stream->read) t->stream->moved(t->stream->context, (uint64_t)up, (uint64_t)up_total);
    else if (http_status(t) / 100 == 2) t->stream->moved(t->stream->context, (uint64_t)down, (uint64_t)down_total);
    return 0;
}

/* ---- setting up */

#define SET(option, value) (void)curl_easy_setopt(curl, option, value)

static void set_connection(CURL *curl, const profile *p) {
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_USERAGENT, "keyhold");
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    if (p->is_loopback) SET(CURLOPT_NOPROXY, "*");
    if (slice_is_absent(p->ca)) return;
    SET(CURLOPT_CAINFO, (const char *)p->ca.at); /* and nobody else: the system's authorities stay out */
    SET(CURLOPT_CAPATH, NULL);
}

static void set_transfer(CURL *curl, transfer *t, const client_request *r) {
    const client_stream *s = t->stream;
    bool is_upload = s && s->read, is_head = slice_equals_text(r->method, "HEAD");
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_ERRORBUFFER, t->why);
    SET(CURLOPT_BUFFERSIZE, (long)PIECE_BYTES);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)PIECE_BYTES);
    if (is_head) SET(CURLOPT_NOBODY, 1L);
    if (is_upload) {
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, t);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->upload_bytes);
        SET(CURLOPT_FRESH_CONNECT, 1L); /* a body from a pipe cannot be sent twice */
    } else if (r->body.len > 0 || slice_equals_text(r->method, "POST") || slice_equals_text(r->method, "PUT")) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        SET(CURLOPT_POSTFIELDS, r->body.len ? (const char *)r->body.at : "");
    }
}

static void set_times(CURL *curl, const transfer *t) {
    int64_t most_s = t->c->inv->timeout_s;
    if (most_s) SET(CURLOPT_TIMEOUT, (long)most_s);
    else if (!t->stream) SET(CURLOPT_TIMEOUT, (long)CALL_TIMEOUT_S);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S);
}

static status add_header(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    ENSURE(longer != NULL, OUT_OF_MEMORY);
    *list = longer;
    return OK;
}

static bool has_header(const client_request *r, slice name) {
    for (size_t i = 0; i < r->header_count; i++)
        if (slice_equals_ignoring_case(r->headers[i].name, name)) return true;
    return false;
}

/* What curl would add by itself and was not signed stays out. */
static status set_headers(CURL *curl, invocation *inv, const client_request *r, struct curl_slist **list) {
    slice line;
    for (size_t i = 0; i < r->header_count; i++) {
        const http_header *h = &r->headers[i];
        if (slice_is_empty(h->value)) /* how curl wants a header without a value */
            TRY(arena_printf(&inv->memory, &line, "%.*s;", SLICE_ARGS(h->name)));
        else TRY(arena_printf(&inv->memory, &line, "%.*s: %.*s", SLICE_ARGS(h->name), SLICE_ARGS(h->value)));
        TRY(add_header(list, (const char *)line.at));
    }
    if (!has_header(r, SLICE("content-type"))) TRY(add_header(list, "Content-Type:"));
    SET(CURLOPT_HTTPHEADER, *list);
    return OK;
}

static status set_address(CURL *curl, const client *c, const client_request *r) {
    slice url, method;
    TRY(arena_printf(&c->inv->memory, &url, "%.*s%.*s", SLICE_ARGS(c->profile.endpoint), SLICE_ARGS(r->target)));
    TRY(arena_copy(&c->inv->memory, r->method, &method));
    SET(CURLOPT_URL, (const char *)url.at);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_CUSTOMREQUEST, (const char *)method.at);
    return OK;
}

/* ---- what went wrong */

static bool is_distrust(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

static status explain(transfer *t, CURLcode code) {
    trouble *to = &t->c->inv->trouble;
    const char *endpoint = (const char *)t->c->profile.endpoint.at;
    const char *why = t->why[0] ? t->why : curl_easy_strerror(code);
    if (FAILED(t->failure))
        return trouble_note(to, t->failure, "The data could not be moved any further (%s).", status_name(t->failure));
    if (code == CURLE_OPERATION_TIMEDOUT)
        return trouble_note(to, FAIL(TIMEOUT), "%s did not answer in time (%s).", endpoint, why);
    if (is_distrust(code)) {
        trouble_advise(to, "--ca FILE names the authority to trust: tls/ca.pem in the server's data folder");
        return trouble_note(to, FAIL(VERIFICATION), "The certificate of %s is not trusted (%s).", endpoint, why);
    }
    if (code == CURLE_PARTIAL_FILE)
        return trouble_note(to, FAIL(CLOSED), "The answer of %s broke off (%s).", endpoint, why);
    return trouble_note(to, FAIL(CLOSED), "%s cannot be reached (%s).", endpoint, why);
}

/* ---- sending */

static status perform(transfer *t, const client_request *r) {
    CURL *curl = t->c->curl;
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    curl_easy_reset(curl);
    set_connection(curl, &t->c->profile);
    set_transfer(curl, t, r);
    set_times(curl, t);
    status ready = set_address(curl, t->c, r);
    if (!FAILED(ready)) ready = set_headers(curl, t->c->inv, r, &headers);
    if (!FAILED(ready)) code = curl_easy_perform(curl);
    t->answer.http = http_status(t);
    curl_slist_free_all(headers);
    TRY(ready);
    bool was_refused = code == CURLE_SEND_ERROR && t->answer.http >= 400; /* the server did not want the whole body */
    return code == CURLE_OK || was_refused ? OK : explain(t, code);
}

static status finish(transfer *t, answer *out) {
    t->answer.body = (slice){0};
    if (t->body.len) TRY(arena_copy(&t->c->inv->memory, buffer_slice(&t->body), &t->answer.body));
    slice id = answer_header(&t->answer, "x-acs-request-id");
    t->answer.request_id = slice_is_absent(id) ? answer_header(&t->answer, "x-oss-request-id") : id;
    *out = t->answer;
    return OK;
}

static status try_once(transfer *t, const client_request *r, answer *out) {
    t->answer = (answer){.headers = {ARENA_ARRAY(&t->c->inv->memory, pair, HEADERS_ROOM), 0}};
    ENSURE(t->answer.headers.at != NULL, OUT_OF_MEMORY);
    t->body.limit = BODY_BYTES_MOST;
    buffer_wipe(&t->body);
    TRY(perform(t, r));
    return finish(t, out);
}

static bool may_try_again(const transfer *t, status sent, const answer *a, int64_t deadline_ms) {
    bool is_away = FAILED_WITH(sent, CLOSED) || (!FAILED(sent) && a->http == 503);
    bool has_moved = t->stream && (t->up > 0 || (t->down > 0 && !FAILED(sent) && a->http / 100 == 2));
    return is_away && !has_moved && clock_monotonic_ms() < deadline_ms;
}

static void pause_ms(long ms) {
    struct timespec rest = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&rest, NULL);
}

status client_send(client *c, const client_request *request, const client_stream *stream, answer *out) {
    transfer t = {.c = c, .stream = stream};
    int64_t deadline_ms = clock_monotonic_ms() + c->inv->wait_s * 1000;
    status sent = try_once(&t, request, out);
    while (may_try_again(&t, sent, out, deadline_ms)) {
        c->inv->trouble = (trouble){0};
        pause_ms(RETRY_PAUSE_MS);
        sent = try_once(&t, request, out);
    }
    buffer_wipe(&t.body);
    buffer_clear(&t.body);
    return sent;
}

slice answer_header(const answer *a, const char *name) {
    for (size_t i = 0; i < a->headers.count; i++)
        if (slice_equals_text(a->headers.at[i].key, name)) return a->headers.at[i].value;
    return (slice){0};
}

/* ---- opening */

/* Without an access key a token in the environment stands for one: a session for this run. */
static status enter(client *c) {
    web_identity w;
    const json *made;
    TRY(web_identity_from_environment(c->inv, &w));
    TRY(web_identity_take(c, &w, &c->profile, &made));
    c->profile.told_by = "the token in the environment";
    return OK;
}

static status find_key(client *c) {
    const operation *op = operation_get(c->inv->command->operation);
    const profile *p = &c->profile;
    TRY(profile_load(c->inv, &c->profile));
    if (op && op->is_unsigned) return OK;
    if (slice_is_absent(p->access_key_id) && web_identity_in_environment()) TRY(enter(c));
    else TRY(profile_load_with_key(c->inv, &c->profile));
    return client_credentials_new(p->access_key_id, p->access_key_secret, p->security_token, &c->credentials);
}

status client_open(invocation *inv, client *out) {
    OWNED(client) c = {.inv = inv};
    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, INTERNAL);
    c.curl = curl_easy_init();
    ENSURE(c.curl != NULL, OUT_OF_MEMORY);
    TRY(find_key(&c));
    *out = c;
    c = (client){0};
    return OK;
}

void client_clear(client *c) {
    if (c->curl) curl_easy_cleanup(c->curl);
    client_credentials_clear(&c->credentials);
    *c = (client){0};
}

static size_t drop(char *at, size_t size, size_t count, void *context) {
    (void)at, (void)context;
    return size * count;
}

bool client_probe(const profile *p, char *why, size_t room) {
    CURL *curl = curl_easy_init();
    char said[CURL_ERROR_SIZE] = "";
    if (!curl) return false;
    set_connection(curl, p);
    SET(CURLOPT_URL, (const char *)p->endpoint.at);
    SET(CURLOPT_WRITEFUNCTION, drop);
    SET(CURLOPT_TIMEOUT, (long)PROBE_TIMEOUT_S);
    SET(CURLOPT_ERRORBUFFER, said);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    snprintf(why, room, "%s", said[0] ? said : curl_easy_strerror(code));
    text_make_printable(why);
    return code == CURLE_OK;
}
