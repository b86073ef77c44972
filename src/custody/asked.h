/* What a request asks for, read from nothing but the text its signature covers. A use of a key must be what was signed:
 * whoever holds core or a gateway cannot turn one signed request into the use of a key for something else. */
#ifndef CUSTODY_ASKED_H
#define CUSTODY_ASKED_H

#include "base/arena.h"
#include "contract/operation.h"

typedef struct asked {
    bool is_storage;             /* an OSS request */
    enum operation_id operation; /* by action and API version; OPERATION_NONE for OSS and for what is none of ours */
    slice user_name;             /* the UserName parameter, decoded; absent when there is none */
    bool has_signed_body;        /* ACS3: further parameters may stand in a body known only by its hash */
    slice verb;                  /* OSS: GET, PUT … */
    bool names_object;           /* OSS: bucket and key, not a bucket alone */
    bool copies;                 /* OSS: names the object to copy from */
    bool is_aws;                 /* AwsV4: the operation, or another with the same action of AWS's */
    slice form;                  /* AwsV4, query protocol: all parameters, encoded; absent otherwise */
} asked;

/* `text` is the one of p's texts under its signature. NO_PERMISSION when it is not what the scheme signs, or names its action more
 * than once. */
status asked_read(const proof *p, slice text, arena *memory, asked *out);

/* A further parameter of a form, decoded; absent when it is not there. NO_PERMISSION when it is there twice. */
status asked_form_value(const asked *a, const char *name, arena *memory, slice *out);

/* NO_PERMISSION unless such a request may ask for the act: its operation's row has it in `acts`. `caller` is the authenticated header of the access key (or
 * session) that signed. */
status asked_allows(const asked *a, const key_act *act, const sealed_header *caller);

#endif
