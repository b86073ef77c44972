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
/* How a name that is not free is refused: what has it is there, or waits for its end. */
typedef struct secret_name_taken {
    status is_there, is_leaving;
} secret_name_taken;
/* Makes a name free for something new: what a deleted one has left goes with the making. revision: of its record, STORE_ABSENT without. */
status secret_make_way(call *c, slice name, const secret_name_taken *taken, uint64_t *revision);
status secret_arn(call *c, const secret_record *of, slice *out);

/* The id of a secret to be made; it stays the same when the steps run again. */
status secret_new_id(call *c, slice *out);
/* The id for a new version: the client's, or a random one that stays the same when the steps run again. */
status secret_version_id(call *c, slice given, slice *out);

/* An act for a version of the secret, with the key that seals new values; the caller must be allowed kms:GenerateDataKey on it. */
status secret_begin_sealing(call *c, const secret_record *of, slice version_id, key_act *out);
/* The version the vault's answer stands for, its value planned to be stored; not in the record yet. */
status secret_take_sealed(call *c, secret_record *of, slice version_id, secret_version_record *out);

/* How a random value is made, from the input of whatever asks for one. */
#define PASSWORD_RULE_OF(in)                                                                                           \
    ((password_rule){.password_length = (in)->password_length,                                                         \
                     .exclude_characters = (in)->exclude_characters,                                                   \
                     .exclude_lowercase = (in)->exclude_lowercase,                                                     \
                     .exclude_uppercase = (in)->exclude_uppercase,                                                     \
                     .exclude_numbers = (in)->exclude_numbers,                                                         \
                     .exclude_punctuation = (in)->exclude_punctuation,                                                 \
                     .require_each_included_type = (in)->require_each_included_type})
/* Asks the vault for such a value. */
status secret_ask_random(call *c, const password_rule *rule);

/* A secret to be made, whatever the client's words for it. */
typedef struct secret_draft {
    slice name, description, key, config, policy;
    slice version_id, data; /* data: boxed; absent: without a first version */
    int data_type;
    const tag *tags;
    size_t tag_count;
    bool may_repeat; /* asking again for the same first version, with the same value, is no failure */
} secret_draft;
/* SECRET_EXISTS, SECRET_PENDING_DELETION, and those of the key. */
status secret_create_ask(call *c, const secret_draft *draft);
status secret_create_keep(call *c, const secret_draft *draft, secret_record *made, slice *version_id);

/* A value to be put into c->secret. */
typedef struct secret_put {
    slice version_id, data;
    int data_type;
    slice_list stages;
} secret_put;
status secret_put_ask(call *c, const secret_put *put);
/* The same value for the same version once more changes nothing; another one is SECRET_VERSION_EXISTS. */
status secret_put_keep(call *c, const secret_put *put, const secret_version_record **out);

/* The version meant by id, label or both; without either the current one. SECRET_VERSION_NOT_FOUND. */
status secret_select(const secret_record *of, slice version_id, slice stage, const secret_version_record **out);
/* The sealed value of a version. CORRUPT when it is not there. */
status secret_load_value(call *c, const secret_version_record *version, slice *out);
/* Asks for its value; the caller must be allowed kms:Decrypt on the key. */
status secret_open_ask(call *c, const secret_version_record *version);

/* Several values at once: each secret is found, authorised and asked for on its own, and what is wrong with one says nothing of the
 * others. The values come in the order of the acts. */
enum { SECRET_BATCH_MOST = 20 };
typedef struct secret_item {
    slice asked;             /* as the caller names it */
    slice version_id, stage; /* absent: the current one */
    status failure;          /* this and what follows: set by secret_batch_try */
    slice detail;
    const secret_record *secret;
    const secret_version_record *version;
    size_t place; /* among the vault's results */
} secret_item;
typedef struct secret_batch {
    secret_item at[SECRET_BATCH_MOST];
    size_t count, value_bytes;
} secret_batch;
/* *fits is false when the answer would become too large with it: nothing has been asked then. The failures of single secrets are kept
 * with them. */
status secret_batch_try(call *c, secret_batch *b, const secret_item *wish, bool *fits);
/* Which values were opened and which were not, for the trail. */
status secret_batch_tell(call *c, const secret_batch *b);
status secret_item_message(call *c, const secret_item *item, slice *out);

/* Checks a key that is named for later; *key_id is its id. */
status secret_check_key(call *c, slice name, slice *key_id);

/* RotateSecret; the result is the version's id. */
status secret_rotate_ask(call *c, slice version_id);
status secret_rotate_keep(call *c, slice version_id, slice *out);
/* What the vault made becomes the pending or the current version. */
status secret_rotate_take(call *c, slice version_id);

/* Puts a version into the record, with room made for it, and these labels (none: ACSCurrent). */
status secret_admit(call *c, secret_record *of, const secret_version_record *version, slice_list stages);

/* Moves the label, or takes it from the version when `to` is absent; ends a rotation that waited for it. Plans the change. */
status secret_change_stage(call *c, slice stage, slice to, slice from);

/* Whether it can be a secret's policy: POLICY_MALFORMED, saying where and why. */
status secret_check_policy(call *c, slice document);

/* SECRET_LIMIT past SECRET_TAGS_MOST. */
status secret_set_tags(call *c, secret_record *of, const tag *tags, size_t count);
void secret_drop_tags(secret_record *of, const slice *names, size_t count);

slice interval_text(call *c, const secret_record *of);
int secret_rotates(const secret_record *of); /* enum on_off */

#endif
