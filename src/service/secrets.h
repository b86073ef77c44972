/* What the handlers of secrets share. */
#ifndef SERVICE_SECRETS_H
#define SERVICE_SECRETS_H

#include "service/handlers.h"

/* SECRET_PENDING_DELETION while the secret waits for its deletion. */
status secret_usable(const secret_record *of);
/* Plans the change of the record. */
status secret_save(call *c, secret_record *of, uint64_t revision);
/* Plans the removal of a version's value; of the secret with all its values. */
status secret_forget_value(call *c, const secret_record *of, int64_t number);
status secret_forget(call *c, const secret_record *of, uint64_t revision);
status secret_arn(call *c, const secret_record *of, slice *out);

/* The id for a new version: the client's, or a random one that stays the same when the steps run again. */
status secret_version_id(call *c, slice given, slice *out);

/* An act for a version of the secret, with the key that seals new values; the caller must be allowed kms:GenerateDataKey on it. */
status secret_begin_sealing(call *c, const secret_record *of, slice version_id, key_act *out);
/* The version the vault's answer stands for, its value planned to be stored; not in the record yet. */
status secret_take_sealed(call *c, secret_record *of, slice version_id, secret_version_record *out);

/* Puts a version into the record, with room made for it, and these labels (none: ACSCurrent). */
status secret_admit(call *c, secret_record *of, const secret_version_record *version, slice_list stages);

slice interval_text(call *c, const secret_record *of);
int secret_rotates(const secret_record *of); /* enum on_off */

#endif
