/* Who asks: access keys, users and their policies, read from the store; compiled policies are kept. */
#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include "access/policy.h"
#include "contract/contract_tables.h"
#include "store/store.h"

typedef struct identities identities;
status identities_new(store *s, identities **out);
void identities_free(identities *all);

enum { IDENTITY_POLICIES_MOST = 192 }; /* a user's own and those of its groups */

/* Somebody as the records have it. It is a claim until the vault has verified the proof. */
typedef struct principal {
    slice account_id;
    slice access_key_id;
    slice user_name; /* absent: the account root */
    slice user_id;   /* of the root: the account id */
    slice arn;       /* acs:ram::<account>:root or user/<name> */
    bool is_root;
    bool is_session;         /* a security token came along */
    slice sealed_secret;     /* for the vault; absent for sessions, whose token holds it */
    slice sealed_account;    /* likewise the account's key */
    bool is_operator;        /* of the platform's own account */
    bool is_frozen;          /* the account is */
    slice service_key_id;    /* the account's own CMK for AES256 buckets */
    const policy **policies; /* of the last decision; in the arena */
    size_t policy_count;
} principal;

/* Finds the owner of an access key, or of a session's token. UNKNOWN_ACCESS_KEY, INACTIVE_ACCESS_KEY, ACCOUNT_FROZEN, BAD_SECURITY_TOKEN. Slices live in the
 * arena. Policies are not loaded yet. On INACTIVE_ACCESS_KEY and ACCOUNT_FROZEN *out is filled all the same. */
status identity_find(identities *all, const proof *claim, arena *memory, principal *out);

/* Its root, for what the house does of its own accord. CORRUPT when there is no such account. */
status identity_of_account(identities *all, slice account_id, arena *memory, principal *out);

typedef struct identity_question {
    const char *action;
    slice resource;
    const condition_value *conditions;
    size_t condition_count;
    int64_t now_s;
} identity_question;
/* The account root may do everything in its own account; a user what its policies and those of its groups say. NO_PERMISSION; *is_explicit tells a Deny
 * that matched from no Allow that did. */
status identity_decide(identities *all, principal *who, const identity_question *question, arena *memory,
                       bool *is_explicit);

/* When an access key signed last. Kept in memory; true when it is time to keep it in the store as well. */
enum { IDENTITY_USE_NOTED_S = 15 * 60 };
bool identity_note_use(identities *all, slice access_key_id, const access_key_use_record *use);
/* NOT_FOUND when it has not since this process started. Slices are the process's. */
status identity_last_use(const identities *all, slice access_key_id, access_key_use_record *out);

/* Where records lie. */
status account_path(slice account, arena *memory, slice *out); /* account/<id> */
status account_prefix(arena *memory, slice *out);
status user_path(slice account, slice name, arena *memory,
                 slice *out); /* user/<account>/<name>; name absent: root/<account> */
status user_prefix(slice account, arena *memory, slice *out);
status access_key_path(slice id, arena *memory, slice *out);              /* ak/<id> */
status policy_path(slice account, slice name, arena *memory, slice *out); /* policy/<account>/<name> */
status policy_prefix(slice account, arena *memory, slice *out);
status group_path(slice account, slice name, arena *memory, slice *out); /* group/<account>/<name> */
status group_prefix(slice account, arena *memory, slice *out);
status role_path(slice account, slice name, arena *memory, slice *out); /* role/<account>/<name> */
status role_prefix(slice account, arena *memory, slice *out);
status access_key_use_path(slice id, arena *memory, slice *out);        /* ak-use/<id> */
status account_settings_path(slice account, arena *memory, slice *out); /* settings/<account> */
status account_alias_path(slice alias, arena *memory, slice *out);      /* account-alias/<alias> */

#endif
