/* Custody of all keys: what the vault does with a USE. The only way in is custody_use; it verifies the proof, checks
 * that the acts are what was signed, and only then uses a key. */
#ifndef CUSTODY_CUSTODY_H
#define CUSTODY_CUSTODY_H

#include "base/arena.h"
#include "base/secret.h"
#include "contract/contract_tables.h"
#include "custody/stock.h"

enum { CUSTODY_GATEWAYS_MOST = 64, CUSTODY_ACTS_MOST = 20 };

typedef struct custody custody;

/* The root key stays the caller's and is no longer needed afterwards. Failures as root_keys_derive. */
status custody_open(const secret *root_key, custody **out);
void custody_close(custody *c); /* overwrites everything; NULL is allowed */

/* The host name that passkeys are bound to; "localhost" until it is set. INVALID_PARAMETER for one that is longer than a name can be. */
status custody_set_login_domain(custody *c, slice name);

/* The first account is made without a signature, for there is nobody yet: once, and only after this. Whoever holds core could otherwise make
 * accounts of any name, and what was shared with the true bearer of the name would be theirs. */
void custody_allow_beginning(custody *c);

/* Boxes for a gateway are under this key from now on. INVALID_PARAMETER for a number past CUSTODY_GATEWAYS_MOST or a
 * key that has not 32 bytes. */
status custody_pair_gateway(custody *c, int64_t gateway, const secret *pair_key);
/* The same for the maker of RSA pairs. */
status custody_pair_keygen(custody *c, const secret *pair_key);

/* And for the one that does heavy private operations; while there is none they are done here. */
status custody_pair_labourer(custody *c, const secret *pair_key);
void custody_lose_labourer(custody *c);

/* Frames ready to send, appended; the caller overwrites them when sent. */
status custody_store_key_frame(const custody *c, buffer *frame); /* STORE_KEY */
status custody_log_key_frame(const custody *c, buffer *frame);   /* LOG_KEY */

/* RSA pairs: how many of a kind are missing while so many uses wait for one, and adding one (KEYGENNED). VERIFICATION when the private
 * half was not boxed by the paired maker for this public half. */
size_t custody_pairs_missing(const custody *c, enum asymmetric_kind kind, size_t waiting);
status custody_add_pair(custody *c, const keygenned_message *made, enum asymmetric_kind *kind);

/* A use that must be witnessed before the answer leaves. */
typedef struct key_use {
    int act;        /* enum vault_act */
    slice owner_id; /* whose key, when it is another account's; absent: the caller's own */
    char key_id[37], key_version_id[37];
} key_use;

typedef struct use_outcome {
    used_message used; /* the answer; slices live in the arena or in `shown` */
    bool wants_pair;   /* nothing was done: ask again when a pair of the kind wanted has been added */
    enum asymmetric_kind wanted;
    bool wants_labour; /* nothing was done: have `order` done under this number, and ask again with the result */
    int64_t labour;
    bool is_reading; /* `order` is a frame for the reader, not for the labourer */
    buffer order;
    key_use uses[CUSTODY_ACTS_MOST];
    size_t use_count;
    secret shown[CUSTODY_ACTS_MOST];
} use_outcome;
void use_outcome_clear(use_outcome *o);

/* The texts of a proof come boxed by the gateway that decoded the request; core cannot read them. Makes `out` a proof with the texts
 * opened (in `memory`, to be wiped with it). CLOSED when one does not open or that gateway is not paired: then nothing is known
 * about the signature. */
status custody_open_texts(const custody *c, const use_message *use, arena *memory, proof *out);

/* Answers a USE; always gives an answer, which may be a failure, and then nothing else but
 * which text verified, when one did. All acts succeed or none is
 * answered. The message and the arena must outlive the outcome, which must be cleared before the next USE. Failures:
 *   BAD_SIGNATURE, BAD_SECURITY_TOKEN, SECURITY_TOKEN_MISMATCH, SECURITY_TOKEN_EXPIRED   who asks
 *   NO_PERMISSION   the signed request does not ask for this act, or there is no proof
 *   CORRUPT         a sealed blob is not what it should be
 *   CLOSED          the gateway is not paired
 *   and those of the acts: CIPHERTEXT, KEY_PENDING_IMPORT, IMPORT_TOKEN, IMPORT_TOKEN_EXPIRED, KEY_MATERIAL,
 *   INVALID_PARAMETER, TOO_LARGE, VERIFICATION (a box that is not the gateway's for this request).
 * What NewSession gives as Output, and what comes back as Proof.SecurityToken, is the base64 of the sealed token; for a
 * session the outcome's `session` is its access key id.
 * A USE without a proof is answered as one own act that the key's owner allowed beforehand (Rotate; of RewrapSecret as many as a secret
 * has values), for the one act Login
 * (LOGIN_FAILED), or as bootstrap: NewAccount, then NewAccessKey, AdoptAccessKey or NewKey under
 * the account key just made, with access key secrets given back in clear. */
void custody_use(custody *c, const use_message *use, int64_t now_s, arena *memory, use_outcome *out);

/* The same with what the labourer gave for the order an earlier try left. */
typedef struct labour_answer {
    int64_t labour;
    status answer;
    slice result;
    const saml_facts *facts; /* the reader's; NULL: it has none */
} labour_answer;
void custody_use_again(custody *c, const use_message *use, int64_t now_s, arena *memory, const labour_answer *given,
                       use_outcome *out);

#endif
