/* Grants: the permission, for one key and one grantee, to do some things with it. They only ever allow. */
#ifndef ACCESS_GRANT_H
#define ACCESS_GRANT_H

#include "access/policy.h"
#include "contract/contract_tables.h"

enum {
    GRANT_ID_BYTES = 64,  /* hex; the first 16 stand for the grantee, so that its grants lie together */
    GRANT_PAIRS_MOST = 8, /* of the encryption context in a constraint */
    GRANT_PAIRS_CHARACTERS_MOST = 384,
    GRANTS_PER_KEY_MOST = 50000,
};

/* grant/<account>/<key id>/<grant id>; the prefixes of all of a key and of one grantee. */
status grant_path(const grant_record *g, arena *memory, slice *out);
status grant_prefix(slice account, slice key_id, arena *memory, slice *out);
status grant_prefix_of_grantee(slice account, slice key_id, slice grantee, arena *memory, slice *out);
/* The 16 hex digits that stand for a grantee. */
status grant_tag(slice grantee, arena *memory, slice *out);

/* Is it one of the operations a grant may name ("Decrypt")? */
bool grant_operation_is_known(slice name);
/* Its place among them, whatever the case of its letters; -1: none. */
int grant_operation_number(slice name);
/* Whether requests for it carry an encryption context, which a grant's constraint is about. */
bool grant_operation_has_context(int number);
/* And is it something that this key, by its spec and usage, is for? */
bool grant_operation_fits(slice name, const key_record *key);
/* 64 hexadecimal digits. */
bool grant_id_is_valid(slice id);

/* Who asks to use a key, for what, with which encryption context. */
typedef struct grant_question {
    const policy_caller *caller; /* with its id: a later one of the same name is somebody else */
    slice action;                /* "kms:Decrypt" */
    const pair_list *context;
} grant_question;
enum policy_reach grant_reach(const grant_record *g, const grant_question *question);

/* Does `inner` give nothing that `outer` does not? What somebody who may pass a grant on may pass on. */
bool grant_contains(const grant_record *outer, const grant_record *inner);
/* Equal in all a caller can choose. */
bool grant_same_wish(const grant_record *a, const grant_record *b);

#endif
