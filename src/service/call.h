/* A call: one request on its way through core. Handlers see this and nothing of queues, channels or processes. They are
 * linear code in up to three pure steps, which read the store's snapshot and change nothing:
 *
 *   prepare   what the request means now; what it wants of the vault (call_ask_vault); one-step operations also put
 *             their changes and their output here
 *   finish    after the vault's part: changes and output from c->results
 *   keep      after the body is on disk: the object's record
 *
 * When a change loses a race (another call committed first), the steps run again; what a step must choose only once
 * (ids, names of blobs) it keeps in c->memo. */
#ifndef SERVICE_CALL_H
#define SERVICE_CALL_H

#include "access/arn.h"
#include "access/authorisation.h"
#include "access/grant_shelf.h"
#include "access/identity.h"
#include "access/slowdown.h"
#include "blobs/blobs.h"
#include "contract/operation.h"
#include "keys/stored_certificate.h"
#include "keys/stored_secret.h"
#include "store/store.h"

enum { CALL_ACTS_MOST = 20 };

/* What all calls share; owned by the core process. */
typedef struct house {
    slowdown *by_person, *by_address; /* of logins */
    allowance hashes, hashes_known;   /* of passwords: tried from anywhere, and from where their owners usually are */
    store *store;
    blobs *blobs;
    identities *identities;
    grant_shelves grants;
    struct xaes *diagnosis; /* seals why a request was refused; NULL: refusals do not tell */
    slice region;           /* in ARNs and answers, where a request names none */
    slice regions;          /* those that requests may be signed for, divided by commas; empty: any */
    slice login_domain;     /* what passkeys are bound to */
    slice endpoint;         /* shown by services that name their host */
    int64_t rotation_least_s;
} house;

/* A body the gateway is to move: filled by finish. */
typedef struct call_body {
    body_plan plan;
    int storage;              /* descriptor handed to the gateway, -1 none */
    int source;               /* CopyObject only */
    uint8_t blob_id[16];      /* Store, Copy: the blob being written */
    bool is_open;             /* …and not yet kept or abandoned */
    bool is_whole;            /* renamed from a part to a blob */
    const body_message *done; /* in keep: what the gateway reports */
} call_body;

/* Another account, and what of it the call is about. */
typedef struct call_owner {
    principal account; /* as its root, which is never who asks */
    bool is_there;     /* false: there is no such account, or it is frozen, and nobody is let in */
    slice named;       /* the resource, as the caller named it */
    slice bucket;      /* absent: it is no bucket's */
    slice sharing;     /* once allowed: the owner's word for the vault */
} call_owner;
enum { CALL_OWNERS_MOST = 2 };

typedef struct call {
    arena memory;
    house *house;
    int64_t now_s;
    /* the request */
    slice request_id;
    slice region;               /* of an own act; absent: as the request says */
    const operation *operation; /* NULL when the gateway found none */
    void *in, *out;             /* the operation's generated structs */
    slice came;                 /* the input as it came, packed: `in` may have been read further since */
    const proof *proof;         /* NULL: none */
    const peer *peer;
    principal who; /* who.account_id is absent until identified */
    /* what handlers leave behind */
    key_act *acts;
    size_t act_count, act_room;
    struct {
        key_result *at;
        size_t count;
    } results;
    store_change *changes;
    size_t change_count, change_room;
    slice *doomed; /* ids of blobs to remove once the changes are durable */
    size_t doomed_count, doomed_room;
    call_body body;
    bool asks_auditor;     /* the answer comes from the trail */
    bool completes_answer; /* …and keep adds to it what core knows */
    void *memo;
    slice affected[CALL_OWNERS_MOST]; /* further accounts, whose trails are to tell of it too */
    size_t affected_count;
    call_owner *owner; /* whose the resource at hand is; NULL: the caller's account */
    call_owner *owners[CALL_OWNERS_MOST];
    size_t owner_count;
    slice resource; /* ARN the event names */
    slice subject;  /* the id of a key that need not be there any more; of Keyhold's own acts: what they are about */
    slice sought;   /* for the auditor: the request id of an event */
    pair_list
        *stated; /* dual control: the parameters as they came, before names in full were read; NULL: not taken down */
    approval_shown *shown;       /* for the vault: what was approved, and by whom; NULL: nothing had to be */
    slice approval, approved_by; /* dual control: the request's hash and who approved it; absent: nobody had to */
    slice break_glass;           /* the grant by which somebody of the operator comes; absent: none */
    slice told;                  /* JSON: what the event has as responseElements; absent: nothing */
    key_record *key;             /* of operations on a key: as it is now */
    uint64_t key_revision;
    secret_record *secret; /* of operations on a secret: as it is now */
    uint64_t secret_revision;
    certificate_record *certificate; /* of operations on a certificate: as it is now */
    uint64_t certificate_revision;
    const bucket_record *bucket; /* of operations on a bucket: the one at hand; NULL: there is none */
    uint64_t bucket_revision;
    const role_record *role; /* of another account, to be taken on */
    uint64_t role_revision;
    condition_value *conditions; /* for the policy decision, beside the standing ones */
    size_t condition_count, condition_room;
    verdict decided;                    /* of the last decision: what allowed or denied */
    slice diagnosis;                    /* of the last refusal (diagnosis.h); absent: none */
    const struct supposition *supposed; /* NULL: it is a request (suppose.h) */
    bool is_granted; /* what the account lets everybody do to themselves: no policy has to allow it */
    /* how it ends */
    status failure;
    slice detail;
} call;

/* Sets the words appended to the failure's message and gives the failure back: `return call_refuse(c, FAIL(X), …)`. */
status call_refuse(call *c, status failure, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Before the steps run anew. */
void call_forget_steps(call *c);

/* Asks the vault for one act more; results come in the same order. The act's slices must live as long as the call. */
status call_ask_vault(call *c, const key_act *act);

/* Loads and unpacks a record. NOT_FOUND. *revision (may be NULL) is for call_change. */
status call_load(call *c, slice key, const shape *record, void *out, uint64_t *revision);
/* Plans a change: packs the record (NULL: delete). */
status call_change(call *c, slice key, const shape *record, const void *value, uint64_t expected);

/* Plans a change made elsewhere. */
status call_change_raw(call *c, const store_change *change);

/* May the caller do `action` on `resource`? NO_PERMISSION. For what an operation needs beyond its own row. All kinds of policies
 * are asked, of a key also its policy and its grants; c->decided says which decided. */
status call_authorise(call *c, const char *action, slice resource);
/* The same question under another policy of the key, which is not its policy yet. Refuses nothing. */
status call_would_allow(call *c, const char *action, slice resource, const policy *key_policy, bool *out);

/* Does the trust policy of a role let the caller take it on? NO_PERMISSION. */
status call_authorise_trust(call *c, const role_record *role, slice role_arn);
/* Sets c->diagnosis to what a role's trust policy says of the caller. */
status call_explain_trust(call *c, const policy *trust, const char *action, slice role_arn);

/* Who asks, as policies with a Principal and grants know them. */
policy_caller call_caller(const call *c);
/* What a policy with a Principal, attached to the resource, says of the caller doing `action` on it; and how it reaches them. */
enum decision call_consult(call *c, const policy *p, const char *action, slice resource, enum policy_reach *reach);

/* A text field of the input by its name; absent when the operation has none or it is not set. */
slice call_input_text(const call *c, const char *name);

/* Adds a condition for the policy decision. */
status call_condition(call *c, slice name, slice value);
status call_condition_list(call *c, slice name, const slice *values, size_t count);

/* Plans the removal of a blob that no record will name any more once the changes are durable. */
status call_doom(call *c, slice blob_id);

/* Where the call acts: the region it was signed for where a signature names one, which the vault verifies with it; the configured one
 * otherwise. */
slice call_region(const call *c);
/* Whether it is one that requests may be signed for. */
bool call_offers_region(const call *c, slice region);
/* Whether the caller is a client of AWS's, which means some operations a little differently. */
bool call_speaks_aws(const call *c);
/* The account that owns what the call is about: the caller's, unless it has turned to another. */
slice call_account(const call *c);
const principal *call_account_record(const call *c);
/* Turns to what another account owns, named so; the caller's own account: back home. */
status call_turn_to(call *c, slice account, slice named);
void call_turn_home(call *c);
/* Has the resource's owner admitted the caller's account (the record's Sharing)? */
bool call_is_admitted(call *c, slice sharing);
/* This account's trail is to tell of the call as well. */
void call_affects(call *c, slice account);
/* What ARNs are made with: that region and that account. */
arn_home call_home(const call *c);
/* That account's keys in that region as they are now. */
key_shelf call_keys(const call *c);
secret_shelf call_secrets(const call *c);

#define CALL_NEW(c, type) ARENA_NEW(&(c)->memory, type)

#endif
