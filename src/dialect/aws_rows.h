/* What is particular about names and spellings in AWS's JSON wires, as rows. */
#ifndef DIALECT_AWS_ROWS_H
#define DIALECT_AWS_ROWS_H

#include "dialect/dialect.h"

/* How a value goes out where not as it is. */
enum aws_form {
    AWS_AS_IS,
    AWS_KEY_ARN,     /* a key's id → arn:aws:kms:REGION:ACCOUNT:key/ID */
    AWS_ARN,         /* acs:kms:… → arn:aws:kms:… */
    AWS_MATERIAL_ID, /* a key version's id → 64 hex digits */
};

typedef struct aws_member {
    const shape *of;   /* NULL: of every shape */
    const char *field; /* as the contract has it */
    const char *wire;  /* NULL: not on this wire */
    enum aws_form form;
    int64_t min, max; /* when max is not 0: the limits here, where they are others */
} aws_member;

/* NULL when nothing is particular about the field. */
const aws_member *aws_member_of(const shape *s, const field *f);

/* Choices that are spelled differently: the contract's word → AWS's, and back; the word itself when there is no row. */
slice aws_spell(const char *const *choices, slice word);
slice aws_unspell(const char *const *choices, slice word);

/* Members of requests that no field stands for. */
enum aws_extra {
    AWS_EXTRA_UNKNOWN, /* no row: refused */
    AWS_EXTRA_REFUSED, /* known, and not offered */
    AWS_EXTRA_ONLY,    /* may have one value: the text, or false, or an empty list */
    AWS_EXTRA_READ,    /* read by code (aws_input.c) */
};
enum aws_extra aws_extra_of(slice member, const char **only);

/* The account's and region's ARN of a key: arn:aws:kms:… */
typedef struct aws_place {
    slice region;
    slice account;
} aws_place;
status aws_key_arn(const aws_place *place, slice key_id, arena *memory, slice *out);
/* "acs:…" → "arn:aws:…"; anything else as it is. */
status aws_arn(slice name, arena *memory, slice *out);

#endif
