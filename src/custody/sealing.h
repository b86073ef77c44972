/* Sealing and opening along the chain root key, account key, everything of the account. What is opened is believed only
 * when the headers agree along the chain. */
#ifndef CUSTODY_SEALING_H
#define CUSTODY_SEALING_H

#include "custody/cache.h"
#include "custody/root.h"

typedef struct sealing {
    root_keys root;
    cache cache;
    table rule_numbers; /* account id → int64_t: of the latest rule of approvals seen */
} sealing;

/* Takes what it needs from the root key, which stays the caller's. Failures as root_keys_derive. */
status sealing_begin(const secret *root_key, sealing *out);
void sealing_clear(sealing *s);

/* A new account key, sealed under the root key. The blob lives in the arena, the opened key in the cache (until
 * cache_trim). INVALID_PARAMETER unless the id has 12 to 16 digits. */
status sealing_new_account(sealing *s, const sealed_header *header, arena *memory, slice *blob, const opened **out);

/* The account's key; lives in the cache. CORRUPT when the blob is not that account's or was changed; CLOSED when a later rule of approvals
 * was seen with it: either the request was under way while the rule changed, or somebody brings an old one back. */
status sealing_open_account(sealing *s, slice blob, slice account_id, const opened **out);

/* The same account key under another header. The blob lives in the arena; the key opened from it is not yet known here. */
status sealing_reseal_account(const sealing *s, const opened *account, const sealed_header *header, arena *memory,
                              slice *blob);

/* What is to be sealed: the header's AccountId and WrappedBy are filled in from the account. */
typedef struct sealing_order {
    enum sealed_kind kind;
    sealed_header header;
    const secret *content;
} sealing_order;
/* Under the account key. The blob lives in the arena. */
status sealing_seal(const opened *account, const sealing_order *order, arena *memory, slice *blob);

/* One of the account's things; lives in the cache. CORRUPT when it is not that account's, not of that kind, or was
 * changed. */
status sealing_open(sealing *s, const opened *account, enum sealed_kind kind, slice blob, const opened **out);

/* Key material as its bytes, to be sealed anew: the header in *out (freed with opened_free), nothing made usable. */
status sealing_open_content(const opened *account, slice blob, opened **out, secret *content);

/* The same for what is used once: no cache, the caller frees it with opened_free. */
status sealing_open_once(const opened *account, enum sealed_kind kind, slice blob, opened **out);

#endif
