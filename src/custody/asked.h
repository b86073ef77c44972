/* What a request asks for, read from nothing but the text its signature covers. A use of a key must be what was signed:
 * whoever holds core or a gateway cannot turn one signed request into the use of a key for something else. */
#ifndef CUSTODY_ASKED_H
#define CUSTODY_ASKED_H

#include "base/arena.h"
#include "contract/operation.h"

typedef struct asked {
    bool is_storage;             /* an OSS request */
    enum operation_id operation; /* by action and API version; OPERATION_NONE for OSS and for what is none of ours */
    slice verb;                  /* OSS: GET, PUT … */
    slice resource;              /* OSS: /bucket/key, decoded */
    slice query;                 /* OSS V4: as it was signed */
    bool has_bare_query;         /* OSS V1: sub-resources may follow the resource behind a '?' */
    bool names_object;           /* OSS: bucket and key, not a bucket alone */
    bool copies;                 /* OSS: names the object to copy from */
    slice copy_source;           /* OSS: as the header has it */
    bool sets_policy;            /* OSS: PUT /bucket/?policy */
    slice content_md5;           /* OSS: as the header has it; absent: nothing of the body is signed */
    slice body;                  /* OSS: what came along of the body, signed or not */
    bool is_aws;                 /* AwsV4: the operation, or another with the same action of AWS's */
    slice form;                  /* AwsV4, query protocol: all parameters, encoded; absent otherwise */
} asked;

/* `text` is the one of p's texts under its signature. NO_PERMISSION when it is not what the scheme signs, or names its action more
 * than once. */
status asked_read(const proof *p, slice text, arena *memory, asked *out);

/* A further parameter of a form, decoded; absent when it is not there. NO_PERMISSION when it is there twice. */
status asked_form_value(const asked *a, const char *name, arena *memory, slice *out);

/* The operation, of a storage request as far as the vault has acts for it; NULL: none of ours. */
const operation *asked_operation(const asked *a);

/* NO_PERMISSION unless such a request may ask for the act: its operation's row has it in `acts`. */
status asked_allows(const asked *a, const key_act *act);

#endif
