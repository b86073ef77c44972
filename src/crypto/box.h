/* Boxes: secrets on their way between two processes that share a key, passed on by a third that must not read them.
 *
 *   sealed = side (1, 'A' or 'B') || zero (3) || counter (8, big-endian) || ciphertext || tag (16)
 *
 * AES-256-GCM; the first twelve bytes are the nonce. Each side counts for itself, so no nonce comes twice under one
 * key, and a box sent back to its maker is refused. The aad says what the box is for (request id and field). A box may
 * be opened more than once: what must not be replayed is bound by the aad. */
#ifndef CRYPTO_BOX_H
#define CRYPTO_BOX_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/secret.h"

enum box_side { BOX_SIDE_A, BOX_SIDE_B };
enum { BOX_KEY_BYTES = 32, BOX_OVERHEAD_BYTES = 12 + 16 };

typedef struct box box;

/* One per key and side in all processes together, ever: two makers on the same side would repeat nonces.
 * INVALID_PARAMETER unless the key has 32 bytes; OUT_OF_MEMORY, INTERNAL. */
status box_new(const secret *key, enum box_side side, box **out);
void box_free(box *b); /* NULL is allowed */

/* Appends plaintext.len + 28 bytes. On failure *out is as before. plaintext must not lie in *out; aad may
 * (a header that was appended before). TOO_LARGE. */
status box_seal(box *b, slice aad, slice plaintext, buffer *out);
status box_seal_secret(box *b, slice aad, const secret *plaintext, buffer *out);

/* The same into memory of the arena. */
status box_seal_kept(box *b, slice aad, slice plaintext, arena *memory, slice *out);

/* The plaintext. VERIFICATION when the other side did not seal this under this key and aad, or it is too short. */
status box_open(box *b, slice aad, slice sealed, secret *out);
/* The same for a process whose task is to hand the plaintext to its owner: bytes in an arena, which it wipes afterwards
 * (arena_wipe). OUT_OF_MEMORY. */
status box_open_plain(box *b, slice aad, slice sealed, arena *memory, slice *out);

#endif
