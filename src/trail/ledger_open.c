/* Starting the ledger: folders, the log's key, and the journal's tail into the trees. */
#include "system/files.h"
#include "trail/ledger_account.h"

#define VKEY_NAME "vkey"

static status set_name(ledger *l, slice log_name) {
    OWNED(buffer) name = {0};
    note_key ignored;
    const uint8_t no_key[SIGN_PUBLIC_BYTES] = {0};
    ENSURE(log_name.len <= LEDGER_NAME_BYTES_MOST, INVALID_PARAMETER);
    TRY(buffer_append_text(&name, "keyhold/"));
    TRY(buffer_append(&name, log_name));
    ENSURE(log_name.len > 0, INVALID_PARAMETER);
    TRY(note_key_make(buffer_slice(&name), no_key, &ignored)); /* refuses names a note cannot carry */
    memcpy(l->base_name, name.at, name.len);
    l->base_name_len = name.len;
    return OK;
}

/* A trail that exists knows its key before the signer comes. */
static status read_key(ledger *l, buffer *why) {
    OWNED(buffer) text = {0};
    status read = files_read(l->dir_fd, VKEY_NAME, NOTE_BYTES_MOST, &text);
    if (FAILED_WITH(read, NOT_FOUND)) return OK;
    TRY(read);
    status parsed = note_key_parse(buffer_slice(&text), &l->key);
    if (FAILED(parsed) || !slice_equals(note_key_name(&l->key), slice_of(l->base_name, l->base_name_len))) {
        TRY(buffer_printf(why, "%s is not the key of log %.*s", VKEY_NAME, (int)l->base_name_len,
                          (const char *)l->base_name));
        return FAIL(CORRUPT);
    }
    l->has_key = true;
    return OK;
}

status ledger_sign_with(ledger *l, const secret *seed) {
    OWNED(buffer) text = {0};
    signer *with;
    note_key key;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    TRY(signer_from_seed(seed, &with));
    signer_public(with, public_key);
    status made = note_key_make(slice_of(l->base_name, l->base_name_len), public_key, &key);
    bool is_same =
        slice_equals(slice_of(key.public_key, SIGN_PUBLIC_BYTES), slice_of(l->key.public_key, SIGN_PUBLIC_BYTES));
    if (!FAILED(made) && l->has_key && !is_same) made = FAIL(VERIFICATION);
    if (!FAILED(made) && !l->has_key) {
        made = note_key_format(&key, &text);
        if (!FAILED(made)) made = buffer_append_byte(&text, '\n');
        if (!FAILED(made)) made = files_write_atomic(l->dir_fd, VKEY_NAME, buffer_slice(&text));
    }
    if (FAILED(made)) {
        signer_free(with);
        return made;
    }
    signer_free(l->with);
    l->with = with;
    l->key = key;
    l->has_key = true;
    return OK;
}

static status replay_entry(ledger *l, const journal_entry *entry, buffer *why) {
    ledger_account *account;
    uint64_t number;
    ENSURE(entry->kind == JOURNAL_EVENT, CORRUPT);
    status applied = ledger_account_need(l, entry->account, &account);
    if (FAILED(applied)) {
        TRY(buffer_printf(why, "the tree of account %.*s cannot be restored from its checkpoint and tiles",
                          SLICE_ARGS(entry->account)));
        return applied;
    }
    applied = ledger_account_apply(account, entry);
    if (FAILED_WITH(applied, CORRUPT)) {
        TRY(buffer_printf(why, "account %.*s: the tree ends at entry %llu, but the journal goes on with entry %llu",
                          SLICE_ARGS(entry->account), (unsigned long long)account->tree.edge.size,
                          (unsigned long long)entry->index));
    }
    TRY(applied);
    if (account->tree.unwritten) status_ignore(tree_write(&account->tree)); /* else at the first flush */
    if (entry->request_id.len && !recent_find(&l->requests, entry->request_id, &number))
        recent_add(&l->requests, entry->request_id);
    return OK;
}

static status explain_damage(const journal_place *place, buffer *why) {
    return buffer_printf(why, "journal segment %llu is damaged at offset %llu, before records that were acknowledged",
                         (unsigned long long)place->segment, (unsigned long long)place->offset);
}

static status replay(ledger *l, buffer *why) {
    journal_entry entry;
    bool is_end = false;
    for (;;) {
        status read = journal_read(&l->journal, &entry, &is_end);
        if (FAILED(read) && l->journal.corrupt.bytes) TRY(explain_damage(&l->journal.corrupt, why));
        TRY(read);
        if (is_end) break;
        TRY(replay_entry(l, &entry, why));
    }
    l->durable_requests = l->requests.added;
    const journal_place *torn = &l->journal.torn;
    if (torn->bytes == 0) return OK;
    return buffer_printf(why, "journal segment %llu: an unfinished commit of %llu bytes at offset %llu was cut off",
                         (unsigned long long)torn->segment, (unsigned long long)torn->bytes,
                         (unsigned long long)torn->offset);
}

static status open_all(ledger *l, const ledger_options *options, buffer *why) {
    TRY(set_name(l, options->log_name));
    status locked = files_lock(l->dir_fd, &l->lock_fd);
    if (FAILED_WITH(locked, CONFLICT)) TRY(buffer_append_text(why, "the trail is open in another process"));
    TRY(locked);
    TRY(read_key(l, why));
    bool is_there;
    TRY(files_exists(l->dir_fd, "journal", &is_there));
    TRY(files_need_folder(l->dir_fd, "journal", &l->journal_fd));
    if (!is_there) TRY(files_sync(l->dir_fd)); /* a start has better things to wait for than the disk */
    status opened = journal_open(l->journal_fd, &options->journal, &l->journal);
    if (FAILED_WITH(opened, CORRUPT)) TRY(buffer_append_text(why, "a journal segment is missing"));
    TRY(opened);
    TRY(recent_new(&l->requests));
    return replay(l, why);
}

status ledger_open(int dir_fd, const ledger_options *options, buffer *why, ledger *out) {
    ledger l = {.dir_fd = dir_fd};
    status opened = open_all(&l, options, why);
    if (FAILED(opened)) {
        if (why->len == 0) status_ignore(buffer_printf(why, "the trail cannot be opened: %s", status_name(opened)));
        ledger_clear(&l);
        return opened;
    }
    *out = l;
    return OK;
}
