/* What is to be done at a time of its own: the end of a key's waiting period, the expiry of its material, the end of a secret's
 * recovery window. Rows that follow from their records (derived.h), in the order of time:
 *
 *   due/<Unix time, 16 digits>/<what>/<account>/<region>/<key id, or name of the secret>     nothing in it */
#ifndef KEYS_DUE_H
#define KEYS_DUE_H

#include "contract/contract_tables.h"
#include "store/store.h"

enum due_kind { DUE_NONE, DUE_DESTRUCTION, DUE_EXPIRY, DUE_SECRET_END, DUE_KINDS };

typedef struct due {
    enum due_kind kind;
    int64_t at_s;
    slice account, region;
    slice subject; /* the key's id, or the secret's name */
} due;

/* What a key record under that store key has due, at most DUE_KINDS things. CORRUPT when it is no key's. */
status due_of_key(slice path, const key_record *key, due out[DUE_KINDS], size_t *count);
/* The same of a secret. */
status due_of_secret(slice path, const secret_record *of, due out[DUE_KINDS], size_t *count);
status due_path(const due *d, arena *memory, slice *out);
/* CORRUPT when the row is none. */
status due_parse(slice row, due *out);
/* The first `limit` ones until now. */
status due_list(store *s, int64_t now_s, size_t limit, arena *memory, due **out, size_t *count);

#endif
