/* libcurl, for documents of others. */
#include "cli/fetch.h"

#include <curl/curl.h>

#include "base/text.h"
#include "crypto/hash.h"

enum { FETCH_TIMEOUT_S = 20 };

static void CURL_free(CURL **at) { curl_easy_cleanup(*at); }
static void slist_free(struct curl_slist **at) { curl_slist_free_all(*at); }
#define FREED(type, how) __attribute__((cleanup(how))) type *

static size_t on_body(char *at, size_t size, size_t count, void *context) {
    buffer *body = context;
    if (body->len + size * count > FETCH_BYTES_MOST) return 0;
    return FAILED(buffer_append(body, slice_of(at, size * count))) ? 0 : size * count;
}

#define SET(option, value) (void)curl_easy_setopt(curl, option, value)

static void set_up(CURL *curl, const fetch_way *way, buffer *body, char *why) {
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_USERAGENT, "keyhold");
    SET(CURLOPT_TIMEOUT, (long)FETCH_TIMEOUT_S);
    SET(CURLOPT_CERTINFO, 1L);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, body);
    SET(CURLOPT_ERRORBUFFER, why);
    if (slice_is_absent(way->ca)) return;
    SET(CURLOPT_CAINFO, (const char *)way->ca.at); /* and nobody else */
    SET(CURLOPT_CAPATH, NULL);
}

/* "HOST:PORT" as curl wants it: whatever the URL says, connect there. */
static status set_connect(CURL *curl, invocation *inv, const fetch_way *way, struct curl_slist **list) {
    slice line;
    if (slice_is_absent(way->connect)) return OK;
    TRY(arena_printf(&inv->memory, &line, "::%.*s", SLICE_ARGS(way->connect)));
    *list = curl_slist_append(NULL, (const char *)line.at);
    ENSURE(*list != NULL, OUT_OF_MEMORY);
    SET(CURLOPT_CONNECT_TO, *list);
    return OK;
}

/* ---- fingerprints */

static status fingerprint_of(slice pem, arena *memory, slice *out) {
    OWNED(buffer) content = {0};
    OWNED(buffer) hex = {0};
    uint8_t hash[HASH_SHA1_BYTES];
    slice line, der;
    while (slice_split(&pem, '\n', &line))
        if (!slice_starts_with(line, SLICE("-----"))) TRY(buffer_append(&content, slice_trim(line)));
    TRY(base64_decode(buffer_slice(&content), memory, &der));
    TRY(hash_once(HASH_SHA1, der, hash));
    TRY(hex_encode(&hex, slice_of(hash, sizeof hash)));
    return arena_copy(memory, buffer_slice(&hex), out);
}

static bool is_listed(slice list, slice fingerprint) {
    slice each;
    while (slice_split(&list, ',', &each))
        if (slice_equals_ignoring_case(slice_trim(each), fingerprint)) return true;
    return false;
}

static status check_chain(CURL *curl, invocation *inv, const fetch_way *way) {
    struct curl_certinfo *chain = NULL;
    if (slice_is_empty(way->fingerprints)) return OK;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL) return FAIL(VERIFICATION);
    for (int i = 0; i < chain->num_of_certs; i++) {
        for (const struct curl_slist *each = chain->certinfo[i]; each; each = each->next) {
            slice text = slice_of_text(each->data), found;
            if (!slice_starts_with(text, SLICE("Cert:"))) continue;
            TRY(fingerprint_of(slice_skip(text, 5), &inv->memory, &found));
            if (is_listed(way->fingerprints, found)) return OK;
        }
    }
    return trouble_note(&inv->trouble, FAIL(VERIFICATION),
                        "No certificate of the server has one of the provider's fingerprints.");
}

/* ---- the request */

static status tell(invocation *inv, slice url, CURLcode code, const char *why) {
    status failure = FAIL(CLOSED);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) failure = FAIL(VERIFICATION);
    if (code == CURLE_OPERATION_TIMEDOUT) failure = FAIL(TIMEOUT);
    if (code == CURLE_WRITE_ERROR) failure = FAIL(TOO_LARGE);
    return trouble_note(&inv->trouble, failure, "%.*s: %s.", SLICE_ARGS(url), *why ? why : curl_easy_strerror(code));
}

static status perform(CURL *curl, invocation *inv, slice url, const char *why) {
    long http = 0;
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) return tell(inv, url, code, why);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    if (http == 200) return OK;
    return trouble_note(&inv->trouble, FAIL(NOT_FOUND), "%.*s: the answer is %ld.", SLICE_ARGS(url), http);
}

status fetch(invocation *inv, slice url, const fetch_way *way, slice *out) {
    OWNED(buffer) body = {0};
    char why[CURL_ERROR_SIZE] = "";
    slice kept;
    if (!slice_starts_with(url, SLICE("https://")))
        return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%.*s: only https will do.", SLICE_ARGS(url));
    FREED(CURL, CURL_free) curl = curl_easy_init();
    FREED(struct curl_slist, slist_free) connect = NULL;
    ENSURE(curl != NULL, OUT_OF_MEMORY);
    TRY(arena_copy(&inv->memory, url, &kept));
    set_up(curl, way, &body, why);
    SET(CURLOPT_URL, (const char *)kept.at);
    TRY(set_connect(curl, inv, way, &connect));
    TRY(perform(curl, inv, url, why));
    TRY(check_chain(curl, inv, way));
    return arena_copy(&inv->memory, buffer_slice(&body), out);
}
