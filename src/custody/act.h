/* For this room only: one act of a USE, and what it may lean on. By now the proof has been verified, and the act is one
 * that the signed request may ask for. */
#ifndef CUSTODY_ACT_H
#define CUSTODY_ACT_H

#include "contract/operation.h"
#include "crypto/box.h"
#include "crypto/labour.h"
#include "custody/sealing.h"
#include "custody/stock.h"

enum { ID_BYTES = 16 };

/* Operations that would hold up everybody else are done by another process (crypto/labour.h). An act that needs one leaves an order and fails;
 * the whole USE is run again when the result is there. */
typedef struct act_labour {
    box *worker; /* NULL: there is none, and everything is done here */
    slice aad;
    int64_t number;
    bool has_answer;
    status answer; /* of the worker */
    slice result;
    const saml_facts *facts; /* … of the reader, for whom an order is a whole frame */
    bool is_reading;
    buffer order; /* empty: nothing is wanted */
} act_labour;

struct replays;

typedef struct act_scene {
    sealing *sealing;
    stock *stock;
    box *box;               /* to the gateway of the request; NULL when there is none */
    slice request_id;       /* what every box is bound to */
    slice account_id;       /* as core names it */
    const opened *account;  /* NULL only before NewAccount at bootstrap */
    const opened *home;     /* the account of who signed, also while an act is about another's */
    const opened *caller;   /* access key or session that signed; NULL at bootstrap and for own acts */
    const operation *asked; /* what the caller signed for; NULL where nobody signed */
    bool is_storage;        /* an OSS request: what it works on is a bucket's */
    int64_t now_s;
    int64_t steady_s; /* the same, but it goes on where the clock was set back: for what must end in time */
    arena *memory;
    act_labour *labour;
    struct spent_list *spent;      /* approvals that were used already */
    const approval_shown *used_up; /* those that this request needs; NULL: none */
    struct replays *replays;       /* assertions that were taken already */
    secret *held;                  /* what a Hold act left for a later act of the same USE; it never leaves */
    struct challenges *challenges; /* given to authenticators; NULL: none are */
    slice login_domain;            /* what passkeys are bound to */
} act_scene;

/* What an act leaves behind. */
typedef struct act_outcome {
    key_result result;            /* slices in the arena, or in `shown` */
    slice key_id, key_version_id; /* of the customer master key used, made or imported; absent when there was none */
    secret shown;                 /* at bootstrap: an access key secret given back in clear */
} act_outcome;

typedef status act_run(act_scene *scene, const key_act *act, act_outcome *out);

/* Encryption, under keys of every kind (material.c): Encrypt, Decrypt, Generate, GenerateSealed, and what stays inside: HoldDecrypted,
 * HoldGenerated, SealHeld, WrapHeld. */
act_run act_encrypt, act_decrypt, act_generate, act_generate_sealed;
act_run act_hold_decrypted, act_hold_generated, act_seal_held, act_wrap_held;
/* Signatures, MACs, agreement, random bytes (material_sign.c). */
act_run act_sign, act_check_signature, act_generate_mac, act_check_mac, act_agree, act_random;
/* Making keys, their versions, and pairs as data keys (material_make.c). */
act_run act_new_key, act_new_version, act_permit_rotation, act_forbid_rotation, act_rotate, act_generate_pair,
    act_generate_pair_sealed;
/* A certificate's key pair, and the request signed with it (certificate.c). */
act_run act_new_certificate;
/* Drops opened key material from memory: without a signature too, for it comes back with the next use (material.c). */
act_run act_forget;
/* Moving data keys to a newer version (material_rewrap.c), and values of secrets (secret_value.c). */
act_run act_rewrap, act_permit_rewrap, act_rewrap_secret;
/* From one version of a key to a later one of the same, which its owner has allowed: NO_PERMISSION, CORRUPT, INVALID_PARAMETER. */
status rewrap_check(const opened *former, const opened *next);
/* Bringing one's own (import.c). ImportParameters fails with NOT_FOUND when no key pair is in stock. */
act_run act_import_parameters, act_import;
/* Whether what is imported becomes a version that has never had material: act->context tells of those that have. */
bool import_is_new(const key_act *act);
/* Accounts and who may ask (credential.c). */
act_run act_new_account, act_new_access_key, act_adopt_access_key;
/* Credentials that lapse by themselves (session.c). */
act_run act_new_session;
/* Between accounts (sharing.c): the owner's word that other accounts may use what is theirs. */
act_run act_permit_sharing;
/* Dual control (rule.c): the account's rule, sealed with its key, and approvals of requests. */
act_run act_seal_rule, act_lift_rule, act_begin_recovery, act_end_recovery, act_approve;
/* Goes over to the account that the act's resource belongs to, for this act. NO_PERMISSION unless its owner has admitted the caller's
 * account; nothing to do when it is the caller's own. */
status sharing_enter(act_scene *scene, const key_act *act);
/* What a permit for the act is about: key/ID, secret/NAME/ID, bucket/NAME, role/NAME/ID. INVALID_PARAMETER. */
status sharing_subject(const act_scene *scene, const key_act *act, slice *out);
/* The value of a name in a canonical context; absent when it is not there. */
slice context_value(slice context, const char *name);

/* People (login.c): passwords, seeds of one-time codes, and a session for whoever knows both. Login is the one act that
 * comes without a signature: what the person knows stands for it. */
act_run act_new_password, act_new_seed, act_bind_seed, act_login;
/* Passkeys (passkey.c). NewChallenge comes without a signature, too. */
act_run act_new_challenge, act_new_passkey;

/* Who vouches for identities (provider.c), and sessions for those they vouch for (federated.c), which nobody signs for either. */
act_run act_seal_provider, act_assume_federated;

/* The RSA pair an act needs from the stock: false when it needs none. */
bool act_needs_pair(const key_act *act, enum asymmetric_kind *kind);
/* A pair, from the stock or made here: NOT_FOUND when it has to be stocked and is not. */
status act_pair(const act_scene *scene, enum asymmetric_kind kind, key_pair *out);
/* Secrets (secret_value.c): SealSecret, OpenSecret, GenerateSecret, RandomPassword; and rotated by the house itself:
 * PermitSecretRotation, RenewSecret. */
act_run act_permit_secret_rotation, act_renew_secret;
act_run act_seal_secret, act_open_secret, act_generate_secret, act_generate_managed, act_random_password;

/* A plaintext for the gateway, boxed; CLOSED when that gateway is not paired. */
status act_box(const act_scene *scene, const secret *plaintext, slice *boxed);
/* The way back: something the request brought along. CLOSED, TOO_LARGE, INVALID_PARAMETER when it is empty, VERIFICATION. */
status act_unbox(const act_scene *scene, slice boxed, secret *out);

/* Uses of a private half, here or by the other process (labour.c). */
status act_key_sign(act_scene *scene, const asymmetric *key, const signing *how, slice message, buffer *out);
status act_key_open(act_scene *scene, const asymmetric *key, enum asymmetric_sealing how, slice from, secret *out);
/* The salt and the hashes of passwords, one behind the other. Once in an act, for the other process gives one answer; the salt is that of the order,
 * for a new one is drawn whenever the act is run again. */
status act_hash_passwords(act_scene *scene, const hashing *what, secret *out);

/* The key's material, still valid, and the one core says it is; noted in *out as what was used. */
status act_key(act_scene *scene, const key_act *act, act_outcome *out, const opened **key);
/* The person who signed; of a role taken on whoever took it on first. The root has its account's id. */
slice act_person(const sealed_header *caller);

/* What the key is there for. A certificate's key is for whatever keys of its spec can do. */
int act_key_usage(const opened *key, int wanted);
/* Encrypts under a symmetric key; the blob goes into the result. */
status act_seal_symmetric(act_scene *scene, const key_act *act, const secret *plaintext, act_outcome *out, slice *blob);
/* Decrypts act->input under a symmetric key. */
status act_open_symmetric(act_scene *scene, const key_act *act, act_outcome *out, secret *plaintext);
/* The bare cipher of a symmetric key, whatever its spec: `bound` is the additional data, the sealed content is appended. KEY_USAGE for keys
 * of another kind, VERIFICATION. */
status symmetric_seal(const opened *key, slice bound, const secret *plaintext, buffer *blob);
status symmetric_open(const opened *key, slice bound, slice from, secret *out);
/* Takes over what is to be held; VERIFICATION-free: the former is wiped. */
void act_hold(act_scene *scene, secret *plaintext);

/* A boxed text of the request; VERIFICATION when it is not that gateway's for this request, CLOSED without a gateway. */
status act_unbox(const act_scene *scene, slice boxed, secret *out);

/* A new secret to sign with. */
status act_secret(secret *out);

#define SESSION_ID_PREFIX "STS."

/* Makes a session: the header says whose it is, the act its id, when it lapses and what it is to be beside that.
 * INVALID_PARAMETER when it would last longer than `most_s`, or has no session's id. */
status session_make(act_scene *scene, const key_act *act, const sealed_header *owner, int64_t most_s, act_outcome *out);
/* NO_PERMISSION for what a session of a break-glass grant must not have done: all that would be there when the grant has ended. */
status session_check_outlasting(const act_scene *scene, const key_act *act);
enum { SESSION_MOST_S = 36 * 60 * 60, ROLE_SESSION_MOST_S = 12 * 60 * 60, CHAINED_SESSION_MOST_S = 60 * 60 };

/* The code now, one step earlier or later, after the step `last`; MFA_CODE. The seed must be bound to that user. */
typedef struct code_check {
    slice sealed_seed, boxed_code;
    slice user_id;
    maybe_int last;
} code_check;
status code_verify(act_scene *scene, const code_check *check, int64_t *step);
/* Codes on paper (recovery.c): sealed_seed are the sealed ones, `last` a bit for each that was taken; *which is told otherwise. MFA_CODE. */
act_run act_new_recovery_codes;
status recovery_verify(act_scene *scene, const code_check *check, int64_t *which);
/* RFC 4648 §6 of what leaves no padding. */
status base32_write(const secret *bytes, secret *out);

#endif
