/* For this room only: AES-256-GCM by one of two engines, libcrypto or, on processors with VAES, libipsec-mb:
 * half the time for short messages and, with AVX-512, a quarter for long ones. All of aead, xaes, box and chunked
 * stands on it. */
#ifndef CRYPTO_GCM_H
#define CRYPTO_GCM_H

#include "base/buffer.h"
#include "base/secret.h"

enum { GCM_KEY_BYTES = 32, GCM_NONCE_BYTES = 12, GCM_TAG_BYTES = 16, GCM_MAX_BYTES = 1 << 30 };

typedef struct gcm_message {
    const uint8_t *nonce; /* 12 bytes */
    slice aad;
    slice text; /* plaintext, or ciphertext without its tag */
} gcm_message;

/* The functions of an engine. Lengths have been checked. */
typedef struct gcm_engine {
    const char *name;
    status (*state_new)(void **out);
    void (*state_free)(void *state); /* overwrites what depends on the key */
    status (*set_key)(void *state, const uint8_t key[GCM_KEY_BYTES]);
    void (*forget_key)(void *state);
    status (*seal)(void *state, const gcm_message *m, uint8_t *out, uint8_t tag[GCM_TAG_BYTES]);
    /* VERIFICATION when the tag is another; `out` may then hold anything. */
    status (*open)(void *state, const gcm_message *m, const uint8_t tag[GCM_TAG_BYTES], uint8_t *out);
} gcm_engine;

const gcm_engine *gcm_engine_libcrypto(void);
const gcm_engine *gcm_engine_ipsec_mb(void); /* NULL when the processor or the library's self-test says no */

/* Takes the fastest engine this processor has; crypto_start calls it. */
void gcm_engine_choose(void);
/* For tests: the engine of every gcm made from now on. */
void gcm_engine_use(const gcm_engine *engine);

/* AES-256-GCM under a key that may change from message to message. Start with {0}. */
typedef struct gcm {
    const gcm_engine *engine;
    void *state;
} gcm;

status gcm_begin(gcm *g); /* OUT_OF_MEMORY */
void gcm_clear(gcm *g);
status gcm_set_key(gcm *g, const uint8_t key[GCM_KEY_BYTES]);
void gcm_forget_key(gcm *g); /* overwrites the schedule; a new key must be set before the next message */

/* Writes text.len + 16 bytes. TOO_LARGE above GCM_MAX_BYTES. */
status gcm_seal(gcm *g, const gcm_message *m, uint8_t *out);
/* Here `text` ends in the tag. Writes text.len - 16 bytes; on failure those are zeros. */
status gcm_open(gcm *g, const gcm_message *m, uint8_t *out);

/* Makes room for `more` bytes at the end of *out; when *aad lies in *out, it follows should the buffer move. */
status sealed_reserve(buffer *out, size_t more, slice *aad);

#endif
