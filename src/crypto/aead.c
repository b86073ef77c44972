/* AES-256-GCM under one key. */
#include "crypto/aead.h"

#include <stdlib.h>

#include "crypto/gcm.h"

struct aead {
    gcm cipher;
};

status aead_new(const secret *key, aead **out) {
    ENSURE(key->len == AEAD_KEY_BYTES, INVALID_PARAMETER);
    OWNED(gcm) cipher = {0};
    TRY(gcm_begin(&cipher));
    TRY(gcm_set_key(&cipher, secret_expose(key).at));
    aead *made = malloc(sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->cipher = cipher;
    cipher = (gcm){0};
    *out = made;
    return OK;
}

void aead_free(aead *a) {
    if (a == NULL) return;
    gcm_clear(&a->cipher);
    free(a);
}

status aead_seal(aead *a, const uint8_t nonce[AEAD_NONCE_BYTES], slice aad, slice plaintext, uint8_t *out) {
    return gcm_seal(&a->cipher, &(gcm_message){nonce, aad, plaintext}, out);
}

status aead_open(aead *a, const uint8_t nonce[AEAD_NONCE_BYTES], slice aad, slice sealed, uint8_t *out) {
    return gcm_open(&a->cipher, &(gcm_message){nonce, aad, sealed}, out);
}
