/* Certificates as metadata: where their records lie, how they are named, and what their status allows. Never a private key in clear. */
#ifndef KEYS_STORED_CERTIFICATE_H
#define KEYS_STORED_CERTIFICATE_H

#include "keys/key.h"

enum { CERTIFICATE_TAGS_MOST = 20 };

/* Store keys; the result lives in the arena. */
status certificate_path(const key_shelf *shelf, slice id, arena *memory,
                        slice *out); /* certificate/<account>/<region>/<uuid> */
status certificate_prefix(const key_shelf *shelf, arena *memory, slice *out);

/* A CertificateId parameter is an id, or acs:kms:<region>:<account>:certificate/<id>. CERTIFICATE_NOT_FOUND for an ARN of another account
 * or region, and for what is no id. */
status certificate_name_parse(slice text, const key_shelf *shelf, slice *id);
/* CERTIFICATE_NOT_FOUND. */
status certificate_load(const key_shelf *shelf, slice id, arena *memory, certificate_record *out, uint64_t *revision);

enum certificate_use {
    CERTIFICATE_PROTECT, /* sign, encrypt: ACTIVE, and between its dates */
    CERTIFICATE_RECOVER, /* verify, decrypt what there is: ACTIVE or REVOKED, whatever the date */
};
/* CERTIFICATE_UNUSABLE. */
status certificate_allows(const certificate_record *of, enum certificate_use use, int64_t now_s);

/* CERTIFICATE_STATE unless it may get this status: ACTIVE and INACTIVE one from the other, REVOKED from both and for good. */
status certificate_may_become(const certificate_record *of, int status);

#endif
