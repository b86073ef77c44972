/* Secrets: where they live is set once; freeing overwrites. */
#include "base/secret.h"

#include <stdlib.h>

static void *take_from_heap(size_t bytes) { return malloc(bytes); }

static void give_back_to_heap(void *at, size_t bytes) {
    explicit_bzero(at, bytes);
    free(at);
}

static secret_memory place = {take_from_heap, give_back_to_heap};

void secret_memory_use(secret_memory memory) { place = memory; }

status secret_new(size_t len, secret *out) {
    uint8_t *bytes = place.take(len ? len : 1);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    memset(bytes, 0, len);
    *out = (secret){bytes, len};
    return OK;
}

status secret_copy(slice bytes, secret *out) {
    TRY(secret_new(bytes.len, out));
    if (bytes.len) memcpy(out->hidden, bytes.at, bytes.len);
    return OK;
}

void secret_clear(secret *s) {
    if (s->hidden) place.give_back(s->hidden, s->len ? s->len : 1);
    *s = (secret){0};
}
