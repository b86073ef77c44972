/* Random bytes in blocks. */
#include "crypto/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include "crypto/compare.h"
#include "crypto/libcrypto.h"

enum { BLOCK_BYTES = 4096 };

/* The unused bytes are the last `left` ones. */
static _Thread_local struct {
    uint8_t bytes[BLOCK_BYTES];
    size_t left;
} block;

/* Otherwise parent and child would hand out the same bytes. */
static void block_forget(void) {
    bytes_wipe(block.bytes, sizeof block.bytes);
    block.left = 0;
}

status random_start(void) { return pthread_atfork(NULL, NULL, block_forget) == 0 ? OK : FAIL(INTERNAL); }

status random_fill(uint8_t *out, size_t len) {
    if (len > BLOCK_BYTES) {
        ENSURE(len <= INT32_MAX, TOO_LARGE);
        return libcrypto_result(RAND_bytes(out, (int)len));
    }
    if (block.left < len) {
        TRY(libcrypto_result(RAND_bytes(block.bytes, BLOCK_BYTES)));
        block.left = BLOCK_BYTES;
    }
    uint8_t *from = block.bytes + (BLOCK_BYTES - block.left);
    if (len) memcpy(out, from, len);
    bytes_wipe(from, len);
    block.left -= len;
    return OK;
}

status random_secret(size_t len, secret *out) {
    ENSURE(len <= INT32_MAX, TOO_LARGE);
    OWNED(secret) made = {0};
    TRY(secret_new(len, &made));
    TRY(libcrypto_result(RAND_priv_bytes(secret_fill(&made), (int)len)));
    *out = made;
    made = (secret){0};
    return OK;
}

status random_uuid(uint8_t out[16]) {
    uint8_t drawn[16];
    TRY(random_fill(drawn, sizeof drawn));
    drawn[6] = (uint8_t)((drawn[6] & 0x0f) | 0x40); /* version 4 */
    drawn[8] = (uint8_t)((drawn[8] & 0x3f) | 0x80); /* variant 10 */
    memcpy(out, drawn, sizeof drawn);
    return OK;
}
