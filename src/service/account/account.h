/* Making an account: the same for the first one, at the beginning, and for every other, on the operator's request. */
#ifndef SERVICE_ACCOUNT_H
#define SERVICE_ACCOUNT_H

#include "service/call.h"

typedef struct new_account {
    slice account_id, access_key_id, name;
    slice given_secret; /* of the root access key; absent: the vault makes one */
    bool is_operator;
    uint8_t key_id[16], version_id[16]; /* of the service key, which buckets use that name none */
} new_account;

/* Chooses what is absent: account id, access key id; and the service key's ids. INVALID_PARAMETER unless the id has 12 to 16 digits. */
status account_choose(call *c, new_account *a);
/* Asks the vault for the account's key, its root access key and its service key, in this order. */
status account_ask_vault(call *c, const new_account *a);
/* Plans the records from the vault's three results. */
status account_keep(call *c, const new_account *a);

#endif
