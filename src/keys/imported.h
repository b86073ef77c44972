/* Material that a key's owner brought along: which versions have theirs, until when, and which waits for its turn.
 *
 * Every version but a waiting one is needed by what was encrypted under it: while the material of one is not there, the
 * key waits for its import and is not used at all. */
#ifndef KEYS_IMPORTED_H
#define KEYS_IMPORTED_H

#include "keys/key.h"

/* Records written when a key had one version kept what is a version's in the key: after this it stands in the version.
 * Nothing happens to keys that were made here. */
void imported_normalise(key_record *key);

/* Whatever the clockwork does (due.h): a record whose material is past its expiry reads as what it has become. */
void imported_forget_expired(key_record *key, int64_t now_s);

/* After a change of the versions' material: what follows for the key's state and for when it has something to expire. */
void imported_settle(key_record *key);

/* Takes the material of one version away; a waiting version, which has encrypted nothing, goes whole. */
void imported_forget(key_record *key, key_version_record *version);

/* Whether the material of every version that has ever encrypted is there. */
bool imported_is_complete(const key_record *key);

/* The version that waits to be rotated to; NULL when there is none. */
key_version_record *imported_pending(const key_record *key);

/* The first of its material to expire, of the versions that have encrypted; absent: never. */
maybe_int imported_expiry(const key_record *key);

/* For the vault: the id and the fingerprint of every version that has had material, one behind the other. */
status imported_known(const key_record *key, arena *memory, slice *out);

#endif
