/* Names and spellings in AWS's wires where they are not the contract's own: rows, for the dialects that read and write them and for
 * the vault, which compares what was signed with what it is asked to do. */
#ifndef CONTRACT_AWS_WIRE_H
#define CONTRACT_AWS_WIRE_H

#include "contract/failure.h"
#include "contract/operation.h"

/* How a value goes out where not as it is. */
enum aws_form {
    AWS_AS_IS,
    AWS_KEY_ARN,     /* a key's id → arn:aws:kms:REGION:ACCOUNT:key/ID */
    AWS_ARN,         /* acs:kms:… → arn:aws:kms:… */
    AWS_PLAIN,       /* a secret that is text: not in base64 */
    AWS_MATERIAL_ID, /* a key version's id → 64 hex digits */
    AWS_PEM,         /* PEM → the base64 within */
    AWS_JOINED,      /* NAME.member.1, NAME.member.2 …: one text here, divided by commas */
};

typedef struct aws_member {
    const shape *of;   /* NULL: of every shape */
    const char *field; /* as the contract has it */
    const char *wire;  /* NULL: not on this wire */
    enum aws_form form;
    int64_t min, max;     /* when max is not 0: the limits here, where they are others */
    const char *standard; /* the word taken when the member is not given; NULL: the contract's own default */
} aws_member;

/* NULL when nothing is particular about the field. */
const aws_member *aws_member_of(const shape *s, const field *f);

/* Choices that are spelled differently: the contract's word → AWS's, and back; the word itself when there is no row,
 * absent when AWS has no such word. */
slice aws_spell(const char *const *choices, slice word);
slice aws_unspell(const char *const *choices, slice word);

/* The id of a key's version in the form of AWS's ids of key material, 64 hexadecimal digits: its own 32 and zeros; and back.
 * What is no such id is read as itself, which is no version's. */
enum { AWS_MATERIAL_DIGITS = 64 };
status aws_material_write(slice version_id, arena *memory, slice *out);
status aws_material_read(slice material_id, arena *memory, slice *out);

/* What tells one attempt of a client from the next, out of the canonical request it signed: the id of the call and the number of the
 * attempt, where both are signed. Absent otherwise: such a signature may come again, because a retry within the second is the same to
 * the byte. */
status aws_attempt(slice canonical, arena *memory, slice *out);

/* The elements NAME.member.1 … of a form's list as one text; absent when there are none. INVALID_PARAMETER for one that is empty or
 * holds a comma, and when elements are missing in between. */
status aws_join(const pair_list *said, const char *name, arena *memory, slice *out);

/* The member's name on the wire; NULL: not there. */
const char *aws_wire_name(const shape *s, const field *f);

/* How a failure is called by the service that was asked: what errors.def says, unless that service has a word of its own. */
failure_code aws_failure_of(const operation *op, status failure);

#endif
