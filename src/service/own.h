/* Keyhold's own acts: what it does without a caller, because a time has come or an owner has asked for something that takes
 * long. Each is a job like a request's: prepared from the records, the vault's part where a key is used (the vault has
 * its own rules for what may be asked without a signature), changes and event in one transaction, recorded. */
#ifndef SERVICE_OWN_H
#define SERVICE_OWN_H

#include "service/pipeline.h"

/* Whose and where, and what it is about; copied into the call. */
typedef struct own_place {
    slice account, region, subject;
} own_place;
status own_begin(serve *s, const own_act *act, const own_place *place);

/* Once a turn: begins what is due. */
void own_turn(serve *s);
/* One has ended: after a failure nothing further is begun for a while. */
void own_ended(serve *s, const job *j);

/* kms/rewrap.c: one object's data key, and the statement that nothing is left; secrets/rewrap.c: the values of one secret. */
extern const own_act own_rewrap_object, own_rewrap_secret, own_rewrap_finished;
/* kms/rewrap_turn.c: begins the next ones at their pace, and writes the heads of blobs after their records. */
void rewrap_turn(serve *s);
void rewrap_ended(serve *s, const job *j);
/* One change with what follows from it, in the open batch; derived_flush is the caller's. */
status serve_change(serve *s, const store_change *change, arena *memory);

/* kms/key_end.c, secrets/end.c */
extern const own_act own_destroy_key, own_expire_material, own_destroy_secret;

#endif
