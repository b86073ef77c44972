/* Bytes that must not leak: a type of their own that does not turn into a slice by accident. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/slice.h"
#include "base/status.h"

typedef struct secret {
    uint8_t *hidden; /* not to be touched but through secret_expose and secret_fill */
    size_t len;
} secret;

/* Where secrets live. Set once at start, before the first secret (the vault: pages no other process can read). */
typedef struct secret_memory {
    void *(*take)(size_t bytes);
    void (*give_back)(void *at, size_t bytes); /* must overwrite */
} secret_memory;
void secret_memory_use(secret_memory memory);

/* `len` zeroed bytes. OUT_OF_MEMORY. Freed by secret_clear, which overwrites first. */
status secret_new(size_t len, secret *out);
status secret_copy(slice bytes, secret *out);
void secret_clear(secret *s);

/* The one way in. Only crypto/ and custody/ may call these (tools/house_rules.py checks). */
static inline slice secret_expose(const secret *s) { return (slice){s->hidden, s->len}; }
static inline uint8_t *secret_fill(secret *s) { return s->hidden; }

#endif
