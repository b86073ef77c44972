/* What the ledger keeps of one account; for the ledger's own files only. */
#ifndef TRAIL_LEDGER_ACCOUNT_H
#define TRAIL_LEDGER_ACCOUNT_H

#include "trail/ledger.h"
#include "trail/usage.h"

typedef struct ledger_account {
    tree tree;
    uint8_t name[TREE_ACCOUNT_BYTES_MOST];
    size_t name_len;
    uint64_t uncommitted;       /* entries added and not committed yet */
    uint64_t first_unpublished; /* sequence of the first entry no checkpoint covers; 0: none */
    usage usage;                /* key uses its entries tell of */
} ledger_account;

/* The account, opened from its folder when it is not in memory. */
status ledger_account_need(ledger *l, slice name, ledger_account **out);
/* Adds a committed entry to its tree. CORRUPT when its place is beyond the tree's end. */
status ledger_account_apply(ledger_account *account, const journal_entry *entry);

#endif
