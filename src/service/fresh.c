/* A request's time, its region and its nonce. */
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

static uint64_t hash_of(const proof *p) { return nonce_hash(p->access_key_id, p->nonce); }

static status check_nonce(serve *s, const call *c) {
    if (!fresh_is_once(c)) return OK;
    ENSURE(!slice_is_empty(c->proof->nonce), INCOMPLETE_SIGNATURE);
    ENSURE(!nonces_seen(s->nonces, hash_of(c->proof), c->proof->request_time.value), NONCE_USED);
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
    return nonces_remember(s->nonces, hash_of(c->proof), c->proof->request_time.value, c->now_s);
}
