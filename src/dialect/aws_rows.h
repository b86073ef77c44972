/* What is particular to AWS's JSON wires beside names and spellings (contract/aws_wire.h). */
#ifndef DIALECT_AWS_ROWS_H
#define DIALECT_AWS_ROWS_H

#include "contract/aws_wire.h"
#include "contract/failure.h"
#include "dialect/dialect.h"

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
