/* What the other handlers of keys have to know of multi-Region keys. */
#ifndef SERVICE_KMS_REPLICAS_H
#define SERVICE_KMS_REPLICAS_H

#include "service/call.h"

/* What is done to the material is done to the primary key. UNSUPPORTED, naming its region, for a replica. */
status kms_check_primary(call *c);

/* Its regions, in the metadata; nothing for a key of one region. */
status kms_show_regions(call *c, const key_record *key, key_metadata *out);

/* Begins the waiting period; that of a primary key begins when its last replica is gone. */
void kms_plan_end(key_record *key, int64_t days, int64_t now_s);
/* A replica is gone: its primary forgets it. Nothing for any other key. */
status kms_replica_ended(call *c, const key_record *replica);

#endif
