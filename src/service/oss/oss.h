/* What the OSS handlers share. */
#ifndef SERVICE_OSS_H
#define SERVICE_OSS_H

#include "service/call.h"

/* The caller's own bucket, or another account's that let the caller in, to which the call then turns. BUCKET_NOT_FOUND; NO_PERMISSION
 * for any other. */
status oss_bucket(call *c, slice name, bucket_record *out, uint64_t *revision);
/* Plans the bucket's record, and its place in the account's list. */
status oss_save_bucket(call *c, const bucket_record *bucket, uint64_t revision);
/* "oss-<region>" */
status oss_location(call *c, slice *out);

/* What a writing call has chosen: the key, the new blob, the context that binds them. Kept in c->memo. */
typedef struct body_choice {
    uint8_t blob_id[16];
    key_record key;
    int sse; /* enum encryption, as it will be echoed */
    slice context;
} body_choice;

typedef struct body_wish {
    slice bucket, key;
    int sse; /* what the request asks for, 0: the bucket's rule */
    slice kms_key_id;
} body_wish;
/* Decides which key the body is encrypted under, checks that the caller may use it, and asks the vault for a data key. */
status oss_choose_key(call *c, const bucket_record *bucket, const body_wish *wish, body_choice **out);
/* After the vault's part: makes the storage with its head, and the plan for the gateway. `result` is the data key's. */
status oss_begin_body(call *c, const body_choice *choice, const key_result *result, enum body_act act);
/* The object's record once the body is on disk; plans its change and the removal of what it replaces. */
status oss_keep_body(call *c, const body_choice *choice, slice bucket, slice key, object_record *record);

/* Preconditions (RFC 9110 §13.2.2): PRECONDITION or NOT_MODIFIED. */
typedef struct conditions {
    slice if_match, if_none_match;
    maybe_int if_modified_since, if_unmodified_since;
} conditions;
status oss_check_conditions(const conditions *asked, const object_record *object);

#endif
