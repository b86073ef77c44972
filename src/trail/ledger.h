/* The trail as the auditor uses it: one journal before the trees of all accounts.
 *
 * An event is added (memory), committed (journal, durable: now it may be acknowledged), and published (tiles, then a
 * signed checkpoint). Each journal entry carries its place in its account's tree, so reading the journal back at start
 * neither loses nor doubles one: places below the tree's size are there already, the next one is added, a gap is
 * CORRUPT.
 *
 * Beneath the trail's folder: journal/, vkey (key of the log), <account>/{checkpoint,vkey,tile/…}. */
#ifndef TRAIL_LEDGER_H
#define TRAIL_LEDGER_H

#include "base/table.h"
#include "trail/journal.h"
#include "trail/recent.h"
#include "trail/tree.h"

enum {
    LEDGER_NAME_BYTES_MOST = 200,
    LEDGER_UNWRITTEN_BYTES_MOST = 32 << 20, /* of one account's tree, when its tiles cannot be written */
    LEDGER_COUNT_MS = 2,
    LEDGER_PUBLISH_MS = 4, /* after which ledger_publish begins nothing further in one call */
};

struct ledger_account;

typedef struct ledger_options {
    slice log_name; /* 1 to 200 bytes fit for a note's key name; origins are "keyhold/<log name>/<account>" */
    journal_options journal;
} ledger_options;

typedef struct ledger {
    int dir_fd;     /* the caller's */
    int journal_fd; /* 0: none */
    int lock_fd;
    journal journal;
    table by_name;
    struct ledger_account **accounts;
    size_t account_count;
    size_t account_room;
    size_t publish_next; /* index of the account whose turn it is */
    size_t count_next;   /* likewise, to count its key uses */
    recent requests;
    uint64_t durable_requests; /* of requests.added */
    uint8_t base_name[NOTE_NAME_BYTES_MOST];
    size_t base_name_len;
    note_key key; /* of the log: its name is "keyhold/<log name>" */
    bool has_key; /* known from the vkey file or the seed */
    signer *with;
    bool is_broken; /* a committed entry could not be applied: only a restart helps */
} ledger;

/* Opens or makes the trail in a folder and reads the journal's tail into the trees. CONFLICT: another process has it
 * open. CORRUPT, INVALID_PARAMETER, …; `why` gets a sentence on failure, and on success one when a torn tail was cut
 * off (empty otherwise). */
status ledger_open(int dir_fd, const ledger_options *options, buffer *why, ledger *out);
void ledger_clear(ledger *l); /* publishes nothing */

/* The key that signs checkpoints. VERIFICATION when the trail was begun under another one. */
status ledger_sign_with(ledger *l, const secret *seed);

/* Adds one event to the next commit. One that has been added before (same request id, not empty) is passed over with
 * OK. INVALID_PARAMETER: account. TOO_LARGE: event over 65535 bytes or request id over 255. DISK_FULL: tiles could not
 * be written for long. Commits by itself when the batch is full, with its failures. */
status ledger_add(ledger *l, slice account, slice request_id, slice event);
/* Makes all that was added durable. After a failure (DISK_FULL, …) nothing of it is acknowledged; it stays, and the
 * next call tries again. */
status ledger_commit(ledger *l);
/* Forgets what was added since the last commit that worked. */
void ledger_abandon(ledger *l);
/* Whether an event of this request is durable (as far back as the newest 65536 ids, or the journal's tail after a
 * start). */
bool ledger_knows(const ledger *l, slice request_id);

/* Publishes checkpoints of accounts that have new entries, in turn and for about LEDGER_PUBLISH_MS per call (*is_done:
 * none is left; otherwise call again, after other work), then lets go of journal segments. CLOSED before
 * ledger_sign_with. On failure (the first one) the other accounts were served. */
status ledger_publish(ledger *l, bool *is_done);

/* The account's tree, for proofs and look-ups; valid until ledger_clear, changing with every commit. NOT_FOUND when the
 * account has no entries; CORRUPT. */
status ledger_tree(ledger *l, slice account, const tree **out);
/* Counts key uses of accounts that have new entries, in turn and for about LEDGER_COUNT_MS per call (*is_done: nothing is
 * left to count). What fails was derived from the trail, and is tried again. */
status ledger_count(ledger *l, bool *is_done);
/* What was counted of a key. NOT_FOUND when the account has no entries; CONFLICT: call ledger_count_account until *is_done,
 * and then again. */
struct usage_query;
struct usage_answer;
status ledger_usage(ledger *l, slice account, const struct usage_query *query, arena *memory, struct usage_answer *out);
status ledger_count_account(ledger *l, slice account, bool *is_done);
/* The account's verifier key. CLOSED while the key is not known. */
status ledger_account_key(const ledger *l, slice account, note_key *out);

#endif
