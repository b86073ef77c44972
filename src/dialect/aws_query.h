/* The parts of the AWS query dialect among themselves: STS 2011-06-15 and IAM 2010-05-08. */
#ifndef DIALECT_AWS_QUERY_H
#define DIALECT_AWS_QUERY_H

#include "contract/failure.h"
#include "dialect/dialect.h"
#include "format/form.h"

enum { AWS_QUERY_BODY_MOST = 512 << 10 };

/* Whether an unsigned form is this wire's: its version says so. */
bool aws_query_is_meant(const http_head *head, const form *said);

/* Why an action that AWS has is not offered here; absent: it is unknown. */
slice aws_query_refusal(slice action);

/* How a member goes out. */
enum query_form {
    QUERY_AS_IS,
    QUERY_HIDDEN,
    QUERY_DOCUMENT, /* percent-encoded, as IAM gives policies back */
    QUERY_ARN,      /* acs:ram:… → arn:aws:iam:… or arn:aws:sts:… */
    QUERY_BLOB,     /* in base64, where the contract has text */
    QUERY_ATTACHED, /* a list of policies by name and ARN alone */
    QUERY_ARNS,     /* a list of which only the ARNs are told */
    QUERY_INLINE,   /* a shape whose members stand in the place of it */
    QUERY_SPLIT,    /* a text divided by commas: a list */
    QUERY_HOST,     /* a URL without its scheme */
};
typedef struct query_member {
    const shape *of;   /* NULL: of every shape */
    const char *field; /* as the contract has it */
    const char *wire;
    enum query_form form;
} query_member;
/* NULL: under its own name, as it is. */
const query_member *aws_query_member(const shape *s, const char *field_name);

/* acs:ram::A:user/NAME → arn:aws:iam::A:user/NAME; sessions of roles belong to sts. */
status aws_query_arn(slice name, arena *memory, slice *out);

status aws_query_encode(const decoded *d, const reply *r, arena *memory, http_answer *out);
status aws_query_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out);

#endif
