/* A multi-Region key: one primary key and its replicas in other regions, of one id and one material. Each has a record of its own, with
 * its own state, description, tags, aliases, policy and grants; the versions are the primary's alone, so that a rotation is every
 * region's at once and no copy of the material is left behind. */
#ifndef KEYS_REPLICA_H
#define KEYS_REPLICA_H

#include "keys/key.h"

bool replica_is_one(const key_record *key);
/* A replica's record as read gets what is the primary's: versions, rotation, the other regions. CORRUPT when there is no primary. */
status replica_borrow(const key_shelf *shelf, arena *memory, key_record *key);
/* The same from a record at hand. */
void replica_share(key_record *to, const key_record *from);
/* And before it is written gives it back. */
void replica_give_back(key_record *key);

/* Makes `heir`, a replica in `region`, the primary in place of `former`: each keeps what is its own. */
status replica_promote(key_record *former, key_record *heir, slice region, arena *memory);

/* A list without one of its texts, or with one more at its end. */
status regions_without(const slice_list *list, slice region, arena *memory, slice_list *out);
status regions_with(const slice_list *list, slice region, arena *memory, slice_list *out);

#endif
