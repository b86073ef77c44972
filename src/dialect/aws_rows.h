/* What is particular to AWS's JSON wires beside names and spellings (contract/aws_wire.h). */
#ifndef DIALECT_AWS_ROWS_H
#define DIALECT_AWS_ROWS_H

#include "contract/aws_wire.h"
#include "contract/failure.h"
#include "dialect/dialect.h"

/* Members of requests that no field stands for. */
enum aws_extra {
    AWS_EXTRA_REFUSED, /* no row: unknown here, or not offered */
    AWS_EXTRA_ONLY,    /* may have one value: the text, or false, or an empty list */
    AWS_EXTRA_READ,    /* read by code (aws_input.c) */
    AWS_EXTRA_STORE,   /* names a custom key store, of which there are none */
};
enum aws_extra aws_extra_of(enum operation_id id, slice member, const char **only);

/* Why an action that AWS's clients know is not offered here, and what it fails with; OK for every other. */
status aws_not_offered(slice action, const char **why);

/* Whether a word of a choice is one that AWS's clients know and this house does not offer. */
bool aws_word_is_known(slice word);

/* The account's and region's ARN of a key: arn:aws:kms:… */
typedef struct aws_place {
    slice region;
    slice account;
} aws_place;
status aws_key_arn(const aws_place *place, slice key_id, arena *memory, slice *out);
/* "acs:…" → "arn:aws:…"; anything else as it is. */
status aws_arn(slice name, arena *memory, slice *out);

#endif
