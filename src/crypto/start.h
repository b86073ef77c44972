/* Starting libcrypto: where its memory comes from, and all algorithms fetched once. */
#ifndef CRYPTO_START_H
#define CRYPTO_START_H

#include "base/status.h"

/* Routes every allocation of libcrypto (contexts, key schedules, big numbers) through the caller's three functions,
 * which behave like malloc, realloc and free; `give_back` overwrites what it frees, and so does `resize` where it
 * moves.
 * Comes before crypto_start and before anything else of libcrypto. The three must work until the process ends:
 * libcrypto frees its own tables at exit. INTERNAL when libcrypto has allocated already. */
status crypto_use_memory(void *(*take)(size_t bytes), void *(*resize)(void *at, size_t bytes),
                         void (*give_back)(void *at));

/* Fetches the algorithms, seeds the random generators, chooses the AES-GCM engine. Every process calls it once, before
 * its sandbox closes and before any other function of this room; a second call does nothing. Reads no configuration
 * file and no environment. INTERNAL when an algorithm is missing or the generator cannot be seeded.
 * Objects and streams of this room belong to one thread at a time; random_* and hash_once may be called from any. */
status crypto_start(void);

#endif
