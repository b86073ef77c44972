/* Adding, committing and publishing events. */
#include "trail/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "system/files.h"
#include "trail/ledger_account.h"

status ledger_account_key(const ledger *l, slice account, note_key *out) {
    ENSURE(l->has_key, CLOSED);
    return note_key_extend(&l->key, account, out);
}

static status accounts_push(ledger *l, ledger_account *account) {
    if (l->account_count == l->account_room) {
        size_t room = l->account_room ? l->account_room * 2 : 16;
        ledger_account **grown = reallocarray(l->accounts, room, sizeof(ledger_account *));
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        l->accounts = grown;
        l->account_room = room;
    }
    TRY(table_put(&l->by_name, slice_of(account->name, account->name_len), account, NULL));
    l->accounts[l->account_count++] = account;
    return OK;
}

static void account_free(ledger_account *account) {
    tree_clear(&account->tree);
    usage_clear(&account->usage);
    free(account);
}

static status account_open(ledger *l, slice name, ledger_account *account) {
    note_key key;
    if (l->has_key) TRY(ledger_account_key(l, name, &key));
    TRY(tree_open(l->dir_fd, name, l->has_key ? &key : NULL, &account->tree));
    memcpy(account->name, name.at, name.len);
    account->name_len = name.len;
    return accounts_push(l, account);
}

status ledger_account_need(ledger *l, slice name, ledger_account **out) {
    ledger_account *account = table_get(&l->by_name, name);
    if (!account) {
        ENSURE(tree_account_is_valid(name), INVALID_PARAMETER);
        account = calloc(1, sizeof *account);
        ENSURE(account != NULL, OUT_OF_MEMORY);
        status opened = account_open(l, name, account);
        if (FAILED(opened)) {
            account_free(account);
            return opened;
        }
    }
    *out = account;
    return OK;
}

status ledger_account_apply(ledger_account *account, const journal_entry *entry) {
    uint64_t index;
    ENSURE(entry->index <= account->tree.edge.size, CORRUPT);
    if (entry->index < account->tree.edge.size) return OK; /* in the tiles already */
    TRY(tree_add(&account->tree, entry->payload, &index));
    if (account->first_unpublished == 0) account->first_unpublished = entry->sequence;
    return OK;
}

/* Tiles without a checkpoint, and no journal from the first entry on: the checkpoint was taken away. */
static bool lost_its_checkpoint(const ledger_account *account) {
    return account->tree.has_leftovers && account->tree.edge.size == 0;
}

static status append_event(ledger *l, const ledger_account *account, slice request_id, slice event) {
    journal_entry entry = {.kind = JOURNAL_EVENT,
                           .account = slice_of(account->name, account->name_len),
                           .index = account->tree.edge.size + account->uncommitted,
                           .request_id = request_id,
                           .payload = event};
    return journal_append(&l->journal, &entry);
}

status ledger_add(ledger *l, slice account_name, slice request_id, slice event) {
    ledger_account *account;
    uint64_t number;
    ENSURE(!l->is_broken, INTERNAL);
    ENSURE(event.len <= TILE_ENTRY_BYTES_MOST && request_id.len <= FRAME_TEXT_BYTES_MOST, TOO_LARGE);
    if (request_id.len && recent_find(&l->requests, request_id, &number)) return OK;
    TRY(ledger_account_need(l, account_name, &account));
    ENSURE(!lost_its_checkpoint(account), CORRUPT);
    ENSURE(account->tree.unwritten_bytes <= LEDGER_UNWRITTEN_BYTES_MOST, DISK_FULL);
    status appended = append_event(l, account, request_id, event);
    if (FAILED_WITH(appended, CONFLICT)) {
        TRY(ledger_commit(l));
        appended = append_event(l, account, request_id, event);
    }
    TRY(appended);
    account->uncommitted++;
    if (request_id.len) recent_add(&l->requests, request_id);
    return OK;
}

/* Everything the journal has made durable goes into its tree; full tiles go to disk (unsynced) as soon as they can. */
static status apply_committed(ledger *l) {
    slice rest = journal_committed(&l->journal);
    frame f;
    while (frame_take(&rest, &f)) {
        ledger_account *account = table_get(&l->by_name, f.account);
        ENSURE(account != NULL, INTERNAL);
        journal_entry entry = {f.sequence, f.kind, f.index, f.account, f.request_id, f.payload};
        TRY(ledger_account_apply(account, &entry));
        account->uncommitted--;
        if (account->tree.unwritten) status_ignore(tree_write(&account->tree)); /* else at the next flush */
    }
    return OK;
}

status ledger_commit(ledger *l) {
    ENSURE(!l->is_broken, INTERNAL);
    if (l->journal.pending.len == 0) return OK;
    TRY(journal_commit(&l->journal));
    l->durable_requests = l->requests.added;
    status applied = apply_committed(l);
    l->is_broken = FAILED(applied);
    return applied;
}

void ledger_abandon(ledger *l) {
    journal_abandon(&l->journal);
    recent_take_back(&l->requests, l->durable_requests);
    for (size_t i = 0; i < l->account_count; i++) l->accounts[i]->uncommitted = 0;
}

bool ledger_knows(const ledger *l, slice request_id) {
    uint64_t number;
    return request_id.len > 0 && recent_find(&l->requests, request_id, &number) && number < l->durable_requests;
}

/* -- publishing */

/* A reader that has only the account's folder finds the key to ask its owner about. */
static status write_account_vkey(const ledger *l, const ledger_account *account, const note_key *key) {
    OWNED(buffer) text = {0};
    char name[TREE_ACCOUNT_BYTES_MOST + 8];
    int folder = 0;
    snprintf(name, sizeof name, "%.*s", (int)account->name_len, (const char *)account->name);
    TRY(files_need_folder(l->dir_fd, name, &folder));
    files_close(folder);
    TRY(files_sync(l->dir_fd));
    snprintf(name, sizeof name, "%.*s/vkey", (int)account->name_len, (const char *)account->name);
    TRY(note_key_format(key, &text));
    TRY(buffer_append_byte(&text, '\n'));
    return files_write_atomic(l->dir_fd, name, buffer_slice(&text));
}

static status publish_account(ledger *l, ledger_account *account, bool *is_done) {
    tree_signing signing = {.with = l->with};
    TRY(ledger_account_key(l, slice_of(account->name, account->name_len), &signing.key));
    if (!account->tree.has_checkpoint) TRY(write_account_vkey(l, account, &signing.key));
    TRY(tree_flush(&account->tree, &signing, is_done));
    if (*is_done) account->first_unpublished = 0;
    return OK;
}

static status publish_in_part(ledger *l, ledger_account *account, bool *goes_on) {
    bool is_done;
    if (account->first_unpublished == 0) return OK;
    TRY(publish_account(l, account, &is_done));
    *goes_on = !is_done;
    return OK;
}

/* Up to which sequence everything is in published trees. */
static uint64_t published_through(const ledger *l, bool *is_done) {
    uint64_t through = l->journal.batch - 1;
    *is_done = true;
    for (size_t i = 0; i < l->account_count; i++) {
        uint64_t first = l->accounts[i]->first_unpublished;
        if (first == 0) continue;
        *is_done = false;
        if (first - 1 < through) through = first - 1;
    }
    return through;
}

status ledger_publish(ledger *l, bool *is_done) {
    ENSURE(l->with != NULL, CLOSED);
    ENSURE(!l->is_broken, INTERNAL);
    status result = OK;
    int64_t until_ms = clock_monotonic_ms() + LEDGER_PUBLISH_MS;
    for (size_t seen = 0; seen < l->account_count && clock_monotonic_ms() < until_ms;) {
        ledger_account *account = l->accounts[l->publish_next % l->account_count];
        bool goes_on = false;
        status published = publish_in_part(l, account, &goes_on);
        if (!FAILED(result)) result = published;
        if (goes_on) continue;
        l->publish_next++;
        seen++;
    }
    uint64_t through = published_through(l, is_done);
    status released = journal_release(&l->journal, through);
    return FAILED(result) ? result : released;
}

status ledger_tree(ledger *l, slice account_name, const tree **out) {
    ledger_account *account;
    status needed = ledger_account_need(l, account_name, &account);
    ENSURE(!FAILED_WITH(needed, INVALID_PARAMETER), NOT_FOUND);
    TRY(needed);
    ENSURE(!lost_its_checkpoint(account), CORRUPT);
    ENSURE(account->tree.edge.size > 0, NOT_FOUND);
    *out = &account->tree;
    return OK;
}

void ledger_clear(ledger *l) {
    for (size_t i = 0; i < l->account_count; i++) account_free(l->accounts[i]);
    free(l->accounts);
    table_clear(&l->by_name);
    recent_clear(&l->requests);
    journal_clear(&l->journal);
    signer_free(l->with);
    if (l->journal_fd > 0) files_close(l->journal_fd);
    if (l->lock_fd > 0) files_close(l->lock_fd);
    *l = (ledger){0};
}
