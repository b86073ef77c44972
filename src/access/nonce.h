/* Replay memory: which nonces were used lately. One entry of 8 bytes for each request, kept by the minute of the request's own
 * time, forgotten minute by minute once that time is too old to be accepted anyway. */
#ifndef ACCESS_NONCE_H
#define ACCESS_NONCE_H

#include "base/slice.h"
#include "base/status.h"

enum { NONCE_WINDOW_S = 15 * 60 }; /* a request's time may differ from now by this much, either way */

typedef struct nonces nonces;

/* Remembers at most max_entries at once; tables are at most 3/4 full, so memory is at most 8 * 8/3 * max_entries bytes (and
 * while one minute's table grows, half of that again). NULL when memory is short. */
nonces *nonces_new(size_t max_entries);
void nonces_free(nonces *n); /* NULL is fine */

/* What stands for a nonce here: a keyed hash of both (base/table.h), so a collision cannot be made on purpose. The key is drawn by
 * nonces_new, unless it is to be one that was used before. */
enum { NONCE_KEY_BYTES = 16 };
void nonces_use_key(nonces *n, const uint8_t key[NONCE_KEY_BYTES]);
uint64_t nonces_hash(const nonces *n, slice access_key_id, slice nonce);

/* Was it remembered for this time of the request? */
bool nonces_seen(const nonces *n, uint64_t hash, int64_t request_time_s);

/* Remembers it. NONCE_USED when it is there already, REQUEST_EXPIRED when the request's time is outside the window around now_s,
 * THROTTLED when max_entries are held, OUT_OF_MEMORY. The same nonce with another time of the request is found only if both fall in
 * the same minute: both times are signed, so a replay carries the same one. */
status nonces_remember(nonces *n, uint64_t hash, int64_t request_time_s, int64_t now_s);

size_t nonces_count(const nonces *n);

#endif
