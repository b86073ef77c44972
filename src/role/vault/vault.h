/* For the vault's files only: its state, and what they call of each other. */
#ifndef ROLE_VAULT_H
#define ROLE_VAULT_H

#include "base/arena.h"
#include "custody/custody.h"
#include "role/vault/ledger.h"

enum { PARKED_MOST = 64, PARKED_FOR_MS = 60 * 1000 };

/* A USE that waits for an RSA pair. */
typedef struct parked {
    buffer frame;
    int64_t id;
    int64_t until_ms;
    enum asymmetric_kind wanted;
    int64_t labour;  /* number of the order it waits for; 0: it waits for a pair */
    bool is_reading; /* … of the reader */
} parked;

typedef struct vault {
    loop *loop;
    custody *custody;
    channel *control, *core, *auditor, *keygen, *labourer, *reader; /* NULL: not there */
    arena memory;                                                   /* of the request at hand; overwritten after it */
    buffer frame;                                                   /* being encoded; overwritten once sent */
    buffer answers; /* not sent yet: u32 length and frame, one after the other */
    ledger ledger;
    parked parked[PARKED_MOST]; /* oldest first */
    size_t parked_count;
    size_t pairs_asked[STOCK_KINDS]; /* of keygen, not here yet */
    bool release_planned;
    bool is_ready;
    bool is_stopping;
    bool has_failed;
} vault;

/* use.c */
/* Answers a USE, or parks it; the answer waits until its witnesses are on their way. */
void vault_use(vault *v, slice frame, const use_message *use);
/* Tries parked ones again: a pair has come. */
void vault_use_parked(vault *v);
/* The one that waits for this order goes on with its result; NULL: there is no labourer any more, and all that wait for one are done here. */
void vault_use_laboured(vault *v, const labour_answer *given);
/* There is no reader any more: what waits for it fails. */
void vault_lose_reading(vault *v);
/* At the end of a turn: witnesses first, then the answers. */
void vault_release(vault *v);
/* Core is gone: what it asked for is forgotten. */
void vault_forget_core(vault *v);
/* Sends v->frame and overwrites it. */
status vault_send_frame(vault *v, channel *to);

/* peers.c: taking peers and their frames. */
void vault_connect(vault *v, const connect_message *m, int fd);
/* Asks keygen for the pairs that are missing. */
void vault_want_pairs(vault *v);

#endif
