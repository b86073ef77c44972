/* Secrets as metadata: where their records lie, how they are named, which version a label means. Never a value in clear: those
 * are sealed in the vault.
 *
 * Labels (stages) stand in the spelling of one dialect, whatever the client's: ACSCurrent, ACSPrevious, ACSPending. A label is on
 * one version at a time. A version without a label is deprecated, and is dropped when there are too many. */
#ifndef KEYS_STORED_SECRET_H
#define KEYS_STORED_SECRET_H

#include "keys/key.h"

enum {
    SECRET_NAME_MOST = 512,
    SECRET_ID_CHARACTERS = 26,
    SECRET_SUFFIX_CHARACTERS = 6, /* of the id: what ARNs in the form of Secrets Manager end with */
    SECRET_VERSIONS_MOST = 10,
    SECRET_STAGES_MOST = 20, /* of one version */
    SECRET_TAGS_MOST = 50,
    SECRET_INTERVAL_LEAST_S = 6 * 3600,
    SECRET_INTERVAL_MOST_S = 8760 * 3600,
};

#define STAGE_CURRENT SLICE("ACSCurrent")
#define STAGE_PREVIOUS SLICE("ACSPrevious")
#define STAGE_PENDING SLICE("ACSPending")

/* Where an account's secrets are looked for, and when. Each region has its own. */
typedef struct secret_shelf {
    store *store;
    slice account, region;
    int64_t now_s;
} secret_shelf;

/* Store keys; the result lives in the arena. */
status secret_path(const secret_shelf *shelf, slice name, arena *memory,
                   slice *out); /* secret/<account>/<region>/NAME */
status secret_prefix(const secret_shelf *shelf, arena *memory, slice *out);
/* secret-value/<account>/<id of the secret>/<number of the version> */
status secret_value_path(slice account, const secret_record *of, int64_t number, arena *memory, slice *out);

/* A SecretName parameter is a name, acs:kms:<region>:<account>:secret/NAME, or
 * arn:aws:secretsmanager:<region>:<account>:secret:NAME-SUFFIX. SECRET_NOT_FOUND for an ARN of another account or region. */
typedef struct secret_name {
    slice name;
    slice suffix; /* absent: none was given */
} secret_name;
status secret_name_parse(slice text, const secret_shelf *shelf, secret_name *out);
/* 1-512 of A-Z a-z 0-9 _ / + = . @ - !, not beginning "acs/". */
bool secret_name_is_valid(slice name);

/* SECRET_NOT_FOUND. A secret whose recovery window is over is gone. *revision may be NULL. */
status secret_load(const secret_shelf *shelf, const secret_name *name, arena *memory, secret_record *out,
                   uint64_t *revision);
/* What lies under the name whether or not its recovery window is over. NOT_FOUND. */
status secret_load_remains(const secret_shelf *shelf, slice name, arena *memory, secret_record *out,
                           uint64_t *revision);

/* By id; by label. NULL when there is none. */
secret_version_record *secret_version(const secret_record *of, slice version_id);
secret_version_record *secret_version_with(const secret_record *of, slice stage);
/* The one a rotation made that was not confirmed yet, or NULL. */
secret_version_record *secret_version_waiting(const secret_record *of);
bool secret_version_has(const secret_version_record *version, slice stage);

/* Puts the label on that version and takes it from the one that has it; with ACSCurrent, that one gets ACSPrevious.
 * SECRET_LIMIT past SECRET_STAGES_MOST. The new lists live in the arena. */
status secret_stage_move(secret_record *of, secret_version_record *to, slice stage, arena *memory);
void secret_stage_remove(secret_version_record *from, slice stage);

/* The version to be dropped so that there is room for one more, or NULL when there is room. SECRET_LIMIT when all have
 * labels. */
status secret_version_to_drop(const secret_record *of, secret_version_record **out);
/* Takes it from the list. */
void secret_version_drop(secret_record *of, const secret_version_record *version);
/* Adds at the end, without labels. *out stays valid until the list changes again. */
status secret_version_add(secret_record *of, const secret_version_record *version, arena *memory,
                          secret_version_record **out);

/* "7d", "12h", "90m", "604800s" as seconds, at least `least_s` and within the limit above. INVALID_PARAMETER. */
status secret_interval_parse(slice text, int64_t least_s, int64_t *out_s);

/* When it is to rotate next; absent when it does not by itself. */
maybe_int secret_next_rotation(const secret_record *of);

/* The index of what is due: secret-rotation/<when, 16 digits>/<store key of the secret>. */
#define SECRET_ROTATION_PREFIX SLICE("secret-rotation/")
status secret_rotation_path(int64_t due_s, slice path, arena *memory, slice *out);
/* When the entry of this store key is due. CORRUPT. */
status secret_rotation_path_read(slice path, int64_t *due_s);

#endif
