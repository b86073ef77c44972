/* Fields of kind `secret` travel between gateway and vault in boxes: core, which passes them on, cannot read them. */
#ifndef ROLE_GATEWAY_SECRETS_H
#define ROLE_GATEWAY_SECRETS_H

#include "contract/shape.h"
#include "crypto/box.h"

/* Puts every secret field of the struct into a box that is bound to the request. The limits of the plaintext itself are
 * checked here, because a box may be longer: INVALID_PARAMETER names the field in *culprit. The boxes live in the arena. */
typedef struct secrets_way {
    box *box;
    slice request_id; /* additional data of every box */
    arena *memory;
} secrets_way;
status secrets_box(const secrets_way *way, const shape *s, void *value, slice *culprit);

/* The way back: boxes become plaintext, which lives in the arena (wipe it). CLOSED when one was not made under the present key. */
status secrets_unbox(const secrets_way *way, const shape *s, void *value);

/* Whether structs of this shape have a secret field anywhere. */
bool shape_has_secrets(const shape *s);

#endif
