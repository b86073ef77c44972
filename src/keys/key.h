/* Customer master keys as metadata: where their records lie, how they are named, and what their state allows. Never any
 * material. */
#ifndef KEYS_KEY_H
#define KEYS_KEY_H

#include "contract/contract_tables.h"
#include "store/store.h"

enum { KEY_CHUNK = 256 }; /* records read at a time when listing */

/* Where an account's keys of one region are looked for, and when. */
typedef struct key_shelf {
    store *store;
    slice account;
    slice region;
    int64_t now_s;
} key_shelf;

/* Store keys; the result lives in the arena. */
status key_path(const key_shelf *shelf, slice key_id, arena *memory, slice *out); /* key/<account>/<region>/<uuid> */
status key_prefix(const key_shelf *shelf, arena *memory, slice *out);
status alias_path(const key_shelf *shelf, slice alias, arena *memory,
                  slice *out); /* alias/<account>/<region>/alias/NAME */
status destroyed_key_path(const key_shelf *shelf, slice key_id, arena *memory,
                          slice *out); /* destroyed/<account>/<region>/<uuid> */
status shared_key_path(const key_shelf *shelf, slice key_id, arena *memory,
                       slice *out); /* shared-key/<region>/<key id> */
status alias_prefix(const key_shelf *shelf, arena *memory, slice *out);
/* KEY_NOT_FOUND. *revision may be NULL. A key whose waiting period is over is gone; material past its expiry is not there. */
status key_load(const key_shelf *shelf, slice key_id, arena *memory, key_record *out, uint64_t *revision);
/* ALIAS_NOT_FOUND. */
status alias_load(const key_shelf *shelf, slice alias, arena *memory, alias_record *out, uint64_t *revision);

/* A KeyId parameter is a key id, "alias/NAME", or the ARN (acs: or arn:aws:) of either in this account and region. */
typedef struct key_name {
    slice key_id; /* absent when an alias was given */
    slice alias;
} key_name;
/* KEY_NOT_FOUND for an ARN of another account or region, or of no such form. */
status key_name_parse(slice text, const key_shelf *shelf, key_name *out);
/* The id of the key meant, following an alias. */
status key_name_resolve(const key_shelf *shelf, const key_name *name, arena *memory, slice *key_id);

/* alias/NAME with NAME of A-Z a-z 0-9 _ / -; "alias/acs…" and "alias/aws/…" are reserved for services. */
bool alias_is_valid(slice alias);
bool alias_is_reserved(slice alias);

/* What may be done with a key in which state: the table of the facts, one row per kind of act. */
enum key_act_kind {
    KEY_ACT_USE,      /* encrypt, decrypt, generate */
    KEY_ACT_SWITCH,   /* enable, disable */
    KEY_ACT_SCHEDULE, /* plan its deletion */
    KEY_ACT_CANCEL,   /* call the deletion off */
    KEY_ACT_IMPORT,   /* import material */
    KEY_ACT_ALIAS,    /* a new alias for it */
    KEY_ACT_REALIAS,  /* an alias moved to it */
    KEY_ACT_DESCRIBE, /* change description and tags */
    KEY_ACT_READ,     /* look at it */
};
/* OK, or KEY_DISABLED, KEY_PENDING_DELETION, KEY_PENDING_IMPORT, KEY_STATE. */
status key_allows(const key_record *key, enum key_act_kind act);

/* The version that encrypts, and any by id. NULL when there is none. */
const key_version_record *key_primary(const key_record *key);
const key_version_record *key_version(const key_record *key, slice version_id);

#endif
