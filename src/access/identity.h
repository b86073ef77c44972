/* Who asks: access keys, users and their policies, read from the store; compiled policies are kept. */
#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include "access/authorisation.h"
#include "contract/contract_tables.h"
#include "store/store.h"

typedef struct identities identities;
status identities_new(store *s, identities **out);
void identities_free(identities *all);

enum { IDENTITY_POLICIES_MOST = 224 }; /* a user's and those of its groups */

/* Somebody as the records have it. It is a claim until the vault has verified the proof. */
typedef struct principal {
    slice account_id;
    slice access_key_id;
    slice user_name; /* absent: the account root, or a role taken on */
    slice user_id;   /* of the root: the account id */
    slice arn;       /* acs:ram::<account>:root, user/<name> or assumed-role/<role>/<session> */
    bool is_root;
    slice role_name; /* absent: no role */
    slice role_id;
    slice session_name;
    slice session_label; /* "role:session", and "role id:session" */
    slice session_principal;
    maybe_int session_began; /* of any session */
    slice session_policy;    /* a further limit; absent: none */
    slice source_identity;
    maybe_int mfa_at;     /* when a one-time code was checked for this session */
    bool is_session;      /* a security token came along */
    slice sealed_secret;  /* for the vault; absent for sessions, whose token holds it */
    slice sealed_account; /* likewise the account's key */
    bool is_operator;     /* of the platform's own account */
    bool is_frozen;       /* the account is */
    slice guard_rail;     /* document; absent: none. It changes only with the revision of the account's record */
    uint64_t account_revision;
    bool root_needs_mfa;                         /* of the account: its root does nothing without a second factor */
    const struct approval_rule_record *approval; /* what takes the approval of others; NULL: nothing */
    slice
        actor_id; /* the person behind it: the user's id, the account's for its root, of a role whoever took it on; absent: not known */
    slice service_key_id;        /* the account's own CMK for AES256 buckets */
    const policy **policies;     /* of the last decision; in the arena */
    policy_label *policy_labels; /* of the same policies */
    size_t policy_count, policy_room;
    slice federated; /* who vouches for the caller, acs:ram::A:oidc-provider/NAME; absent: nobody */
    slice subject;   /* …and whom for */
    const tag *tags; /* of the user or the role, with the policies */
    size_t tag_count;
    const struct break_glass_record *break_glass; /* of a session: the grant its role is; NULL: an ordinary role */
    slice role;                                   /* of a session: acs:ram::A:role/NAME; else absent */
    const policy *boundary;                       /* NULL: none */
    policy_label boundary_label;
    const policy **session_policies; /* each must allow */
    size_t session_policy_count;
    maybe_int login_epoch; /* of a session that began with a login */
} principal;

/* Finds the owner of an access key, or of a session's token. UNKNOWN_ACCESS_KEY, INACTIVE_ACCESS_KEY, ACCOUNT_FROZEN, BAD_SECURITY_TOKEN,
 * SECURITY_TOKEN_EXPIRED (also: revoked). Slices live in the arena. Policies are not loaded yet. With one of these failures *out holds what
 * the vault needs to check the proof all the same: nothing where there is no such access key or account. */
status identity_find(identities *all, const proof *claim, arena *memory, principal *out);

/* Its root, for what the house does of its own accord. CORRUPT when there is no such account. */
status identity_of_account(identities *all, slice account_id, arena *memory, principal *out);
/* The account's part of a principal, and its names, from account_id with user_name or role_name and session_name. NOT_FOUND. */
status identity_fill(identities *all, arena *memory, principal *who);
/* account_id by an account's id or alias. NOT_FOUND. */
status identity_find_account(identities *all, slice id_or_alias, arena *memory, slice *out);

/* Fills who->policies with the user's own policies and those of its groups, all or none: NO_PERMISSION when the user is not
 * there any more. Compiled policies live until identities_make_room, which is called before a decision. */
status identity_load_policies(identities *all, principal *who, arena *memory);
void identities_make_room(identities *all);

/* A document kept compiled under a name that changes with it ("<path>#<revision>"). CORRUPT when it does not compile. */
typedef struct kept_document {
    slice name;
    slice document;
    enum policy_kind kind;
    const policy_bindings *bindings; /* of its principals; NULL: names count */
} kept_document;
/* For the compiler: NULL means that names are not bound. */
policy_bindings_view policy_bindings_of(const policy_bindings *bindings);
/* NULL when it is not there yet. */
const policy *identity_kept_policy(identities *all, slice name);
status identity_keep_policy(identities *all, const kept_document *kept, arena *memory, const policy **out);

/* When an access key signed last, or a role's session (by the role's id). Kept in memory; true when it is time to keep it in the store as well. */
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
status renamed_path(slice account, slice user_id, arena *memory, slice *out); /* renamed/<account>/<user id> */
status access_key_path(slice id, arena *memory, slice *out);                  /* ak/<id> */
status policy_path(slice account, slice name, arena *memory, slice *out);     /* policy/<account>/<name> */
status policy_prefix(slice account, arena *memory, slice *out);
status group_path(slice account, slice name, arena *memory, slice *out); /* group/<account>/<name> */
status group_prefix(slice account, arena *memory, slice *out);
status role_path(slice account, slice name, arena *memory, slice *out); /* role/<account>/<name> */
status role_prefix(slice account, arena *memory, slice *out);
status access_key_use_path(slice id, arena *memory, slice *out);        /* ak-use/<id> */
status account_settings_path(slice account, arena *memory, slice *out); /* settings/<account> */
status mfa_path(slice account, slice name, arena *memory, slice *out);  /* mfa/<account>/<name> */
status mfa_prefix(slice account, arena *memory, slice *out);
status oidc_provider_path(slice account, slice name, arena *memory, slice *out); /* oidc-provider/<account>/<name> */
status oidc_provider_prefix(slice account, arena *memory, slice *out);
status saml_provider_path(slice account, slice name, arena *memory, slice *out); /* saml-provider/<account>/<name> */
status saml_provider_prefix(slice account, arena *memory, slice *out);
status oidc_issuer_path(slice account, slice issuer, arena *memory, slice *out); /* oidc-issuer/<account>/<issuer> */
status account_alias_path(slice alias, arena *memory, slice *out);               /* account-alias/<alias> */

#endif
