/* One event of the trail as ActionTrail event JSON (2020-07-06). Plaintext, secrets and tokens never come in: the
 * caller masks request parameters before. */
#ifndef TRAIL_EVENT_H
#define TRAIL_EVENT_H

#include "base/buffer.h"

enum {
    EVENT_BYTES_MOST = 60000, /* event_write keeps within; leaves room for the vault's witness in an entry of 65535 */
    EVENT_USES_MOST = 16,
    EVENT_USE_TEXT_BYTES_MOST = 64,
};

/* Absent texts are left out of the JSON. */
typedef struct event_identity {
    slice type; /* root-account, ram-user, assumed-role, system */
    slice principal_id;
    slice account_id;
    slice access_key_id;
    slice user_name; /* root for the account itself */
    bool has_session;
    bool is_mfa_session;
    int64_t session_created_s;
} event_identity;

typedef struct event_resource {
    slice type; /* ACS::KMS::Key */
    slice name;
} event_resource;

/* One use of key material, as the vault saw it. */
typedef struct event_use {
    slice key_id;
    slice key_version_id;
    slice operation;
} event_use;

typedef struct event {
    slice event_id;       /* UUID */
    slice event_name;     /* Decrypt */
    slice event_source;   /* kms.cn-hangzhou.aliyuncs.com, or the bucket's host */
    slice service_name;   /* Kms, Ram, Sts, Oss, Actiontrail */
    slice event_type;     /* absent: ApiCall */
    slice event_category; /* absent: Management */
    slice event_rw;       /* Read or Write */
    slice api_version;
    slice request_id;
    slice request_parameters; /* JSON text of one object, masked */
    slice response_elements;  /* JSON text of one object, masked */
    slice error_code;         /* absent: it succeeded */
    slice error_message;
    slice region;
    slice source_ip;
    slice user_agent;
    slice recipient_account_id;
    slice dialect;     /* additionalEventData.Dialect */
    slice scheme;      /* additionalEventData.Scheme: http or https */
    slice approval;    /* additionalEventData.Approval: the hash of the request that others approved */
    slice approved_by; /* additionalEventData.ApprovedBy */
    slice break_glass; /* additionalEventData.BreakGlass: the grant it was done under, or is about */
    slice diagnosis;   /* additionalEventData.EncodedDiagnosticMessage: why it was refused, sealed */
    uint64_t count;    /* additionalEventData.Count when above 1: like requests recorded as one */
    int64_t time_s;
    event_identity identity;
    const event_resource *resources;
    size_t resource_count;
    const event_use *uses; /* when they are known at once; else event_append_uses later */
    size_t use_count;
} event;

/* Appends the JSON, at most EVENT_BYTES_MOST bytes: when it would be longer, requestParameters become
 * {"truncated":true}, and if that is not enough every text is cut. Size is never a reason to fail. OUT_OF_MEMORY;
 * INVALID_PARAMETER as event_append_uses. */
status event_write(const event *e, buffer *out);

/* Appends `event_json` (an object as event_write made it) with "keyUse":[{"keyId":…,"keyVersionId":…,"operation":…}…]
 * as its last member; unchanged for no uses. INVALID_PARAMETER past EVENT_USES_MOST uses or EVENT_USE_TEXT_BYTES_MOST
 * bytes; MALFORMED when it is no object; TOO_LARGE when the result would not fit into an entry. */
status event_append_uses(slice event_json, const event_use *uses, size_t count, buffer *out);

#endif
