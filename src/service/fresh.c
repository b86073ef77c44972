/* A request's time, its region and its nonce. */
#include "base/clock.h"
#include "service/pipeline.h"

enum { FRESHNESS_S = NONCE_WINDOW_S };

static status check_time(const call *c) {
    const proof *p = c->proof;
    if (p->expires_at.is_set) {
        ENSURE(c->now_s <= p->expires_at.value, URL_EXPIRED);
        ENSURE(!p->request_time.is_set || p->request_time.value - c->now_s <= FRESHNESS_S, REQUEST_EXPIRED);
        return OK;
    }
    ENSURE(p->request_time.is_set, BAD_TIMESTAMP);
    int64_t off_s = p->request_time.value - c->now_s;
    ENSURE(off_s >= -FRESHNESS_S && off_s <= FRESHNESS_S, REQUEST_EXPIRED);
    return OK;
}

/* AWS's signatures have none, and a client's retry within the second repeats its signature: refusing that would refuse what it has
 * a right to. Clients that sign the number of each attempt tell a retry from a replay (dialect/aws_sign.c); for these a repeated
 * change or use is refused, and a repeated read is harmless. */
bool fresh_is_once(const call *c) {
    const proof *p = c->proof;
    if (!p) return false;
    if (p->scheme == SCHEME_ALIBABA_V1 || p->scheme == SCHEME_ALIBABA_V3) return true;
    bool is_read = !c->operation || c->operation->level == LEVEL_READ || c->operation->level == LEVEL_LIST;
    return p->scheme == SCHEME_AWS_V4 && !slice_is_empty(p->nonce) && !is_read;
}

static uint64_t hash_of(const serve *s, const proof *p) { return nonces_hash(s->nonces, p->access_key_id, p->nonce); }

static status check_nonce(serve *s, const call *c) {
    if (!fresh_is_once(c)) return OK;
    ENSURE(!slice_is_empty(c->proof->nonce), INCOMPLETE_SIGNATURE);
    ENSURE(!nonces_seen(s->nonces, hash_of(s, c->proof), c->proof->request_time.value), NONCE_USED);
    /* It may have been answered before the machine went down, and what was remembered of that is lost. */
    ENSURE(c->proof->request_time.value >= s->nonces_since_s, CLOSED);
    return OK;
}

/* Resources are divided by the region a client signs for; which regions there are is for the configuration to say, or for nobody. */
static status check_region(const call *c) {
    ENSURE(call_offers_region(c, call_region(c)), REGION_NOT_OFFERED);
    return OK;
}

status fresh_check(serve *s, const call *c) {
    TRY(check_time(c));
    TRY(check_region(c));
    return check_nonce(s, c);
}

status fresh_remember(serve *s, const call *c) {
    if (!fresh_is_once(c)) return OK;
    uint64_t hash = hash_of(s, c->proof);
    TRY(nonces_remember(s->nonces, hash, c->proof->request_time.value, c->now_s));
    if (s->nonce_log) nonce_log_add(s->nonce_log, hash, c->proof->request_time.value);
    return OK;
}

status serve_remember_nonces(serve *s, slice folder, slice boot) {
    OWNED(arena) memory = {.limit = 1 << 20};
    nonce_place place = {.folder = folder, .boot = boot, .now_s = clock_now_s()};
    slice prefix;
    store_row *rows;
    size_t accounts;
    TRY(account_prefix(&memory, &prefix));
    TRY(store_list(s->house->store, prefix, (slice){0}, 1, &memory, &rows, &accounts));
    place.is_new = accounts == 0;
    TRY(nonce_log_open(&place, s->nonces, &s->nonce_log));
    s->nonces_since_s = nonce_log_since_s(s->nonce_log);
    return OK;
}

void fresh_keep(serve *s) {
    if (s->nonce_log) status_ignore(nonce_log_flush(s->nonce_log, clock_now_s()));
}
