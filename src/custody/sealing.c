/* Sealing and opening. */
#include "custody/sealing.h"

#include <stdlib.h>

#include "contract/key_spec.h"
#include "crypto/compare.h"
#include "crypto/random.h"

enum { KEY_BYTES = 32, ACCOUNT_DIGITS_LEAST = 12, ACCOUNT_DIGITS_MOST = 16 };

static const slice ROOT_NAME = {(const uint8_t *)"root", 4};

status sealing_begin(const secret *root_key, sealing *out) {
    sealing made = {0};
    TRY(root_keys_derive(root_key, &made.root));
    cache_begin(&made.cache, CACHE_ENTRIES_MAX, CACHE_BYTES_MAX);
    *out = made;
    return OK;
}

void sealing_clear(sealing *s) {
    size_t cursor = 0;
    slice id;
    void *number;
    while (table_next(&s->rule_numbers, &cursor, &id, &number)) free(number);
    table_clear(&s->rule_numbers);
    cache_clear(&s->cache);
    root_keys_clear(&s->root);
}

/* Whatever is wrong with stored data, it is not to be believed. */
static status as_corrupt(status result) {
    bool is_ours = FAILED_WITH(result, OUT_OF_MEMORY) || FAILED_WITH(result, INTERNAL);
    return FAILED(result) && !is_ours ? FAIL(CORRUPT) : result;
}

static status content_open(xaes *under, const opened *o, secret *content) {
    OWNED(arena) none = {0};
    sealed outside;
    TRY(sealed_parse(slice_of(o->blob, o->blob_bytes), o->kind, &none, &outside));
    return xaes_open(under, outside.clear, outside.content, content);
}

/* The keys an account key stands for, and the mark of it. */
static status account_fill(opened *o, const secret *account_key) {
    ENSURE(account_key->len == KEY_BYTES, CORRUPT);
    OWNED(secret) wrapping = {0};
    OWNED(secret) mark = {0};
    TRY(key_derive(account_key, SLICE("account: wrap keys"), &wrapping));
    TRY(xaes_new(&wrapping, &o->cipher));
    TRY(key_derive(account_key, SLICE("account: fingerprints"), &o->value));
    TRY(key_derive(account_key, SLICE("account: mark"), &mark));
    memcpy(o->mark, secret_expose(&mark).at, MARK_BYTES);
    return OK;
}

static status account_open_new(const sealing *s, opened *o) {
    ENSURE(slice_equals(o->header.wrapped_by, ROOT_NAME), CORRUPT);
    OWNED(secret) key = {0};
    TRY(content_open(s->root.wrapping, o, &key));
    return account_fill(o, &key);
}

/* Only accounts that ever had a rule are remembered. */
static status check_rule_number(sealing *s, const sealed_header *h) {
    int64_t number = h->rule_number.is_set ? h->rule_number.value : 0;
    int64_t *seen = table_get(&s->rule_numbers, h->account_id);
    if (seen == NULL && number == 0) return OK;
    if (seen == NULL) {
        seen = calloc(1, sizeof *seen);
        ENSURE(seen != NULL, OUT_OF_MEMORY);
        status kept = table_put(&s->rule_numbers, h->account_id, seen, NULL);
        if (FAILED(kept)) free(seen);
        TRY(kept);
    }
    ENSURE(number >= *seen, CLOSED);
    *seen = number;
    return OK;
}

status sealing_open_account(sealing *s, slice blob, slice account_id, const opened **out) {
    opened *found = cache_find(&s->cache, blob);
    if (found == NULL || found->kind != SEALED_ACCOUNT_KEY) {
        TRY(as_corrupt(opened_new(SEALED_ACCOUNT_KEY, blob, &found)));
        status opening = as_corrupt(account_open_new(s, found));
        if (!FAILED(opening)) opening = cache_keep(&s->cache, found);
        if (FAILED(opening)) {
            opened_free(found);
            return opening;
        }
    }
    ENSURE(account_id.len > 0 && slice_equals(found->header.account_id, account_id), CORRUPT);
    TRY(check_rule_number(s, &found->header));
    *out = found;
    return OK;
}

static bool account_id_is_valid(slice id) {
    if (id.len < ACCOUNT_DIGITS_LEAST || id.len > ACCOUNT_DIGITS_MOST) return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] < '0' || id.at[i] > '9') return false;
    return true;
}

static status blob_seal(xaes *under, const sealing_order *order, arena *memory, slice *blob) {
    OWNED(buffer) made = {0};
    TRY(sealed_begin(order->kind, &order->header, &made));
    slice clear;
    TRY(arena_copy(memory, buffer_slice(&made), &clear)); /* the buffer may move */
    TRY(xaes_seal_secret(under, clear, order->content, &made));
    return arena_copy(memory, buffer_slice(&made), blob);
}

status sealing_new_account(sealing *s, const sealed_header *header, arena *memory, slice *blob, const opened **out) {
    ENSURE(account_id_is_valid(header->account_id), INVALID_PARAMETER);
    OWNED(secret) key = {0};
    TRY(random_secret(KEY_BYTES, &key));
    sealing_order order = {SEALED_ACCOUNT_KEY, *header, &key};
    order.header.wrapped_by = ROOT_NAME;
    slice made;
    TRY(blob_seal(s->root.wrapping, &order, memory, &made));
    TRY(sealing_open_account(s, made, header->account_id, out));
    *blob = made;
    return OK;
}

status sealing_reseal_account(const sealing *s, const opened *account, const sealed_header *header, arena *memory,
                              slice *blob) {
    OWNED(secret) key = {0};
    TRY(as_corrupt(content_open(s->root.wrapping, account, &key)));
    sealing_order order = {SEALED_ACCOUNT_KEY, *header, &key};
    return blob_seal(s->root.wrapping, &order, memory, blob);
}

status sealing_seal(const opened *account, const sealing_order *order, arena *memory, slice *blob) {
    sealing_order whole = *order;
    whole.header.account_id = account->header.account_id;
    whole.header.wrapped_by = account->header.account_id;
    return blob_seal(account->cipher, &whole, memory, blob);
}

static bool belongs_to(const opened *o, const opened *account) {
    slice id = account->header.account_id;
    return slice_equals(o->header.account_id, id) && slice_equals(o->header.wrapped_by, id);
}

/* What the key is used as. */
static status material_fill(opened *o, secret *content) {
    const key_spec_row *row = key_spec_get(o->header.spec);
    ENSURE(row != NULL, CORRUPT);
    if (row->family == KEY_FAMILY_ASYMMETRIC) return asymmetric_from_private(row->pair, content, &o->pair);
    ENSURE(content->len == row->key_bytes, CORRUPT);
    if (row->family == KEY_FAMILY_SYMMETRIC && row->key_bytes == XAES_KEY_BYTES) return xaes_new(content, &o->cipher);
    o->value = *content;
    *content = (secret){0};
    return OK;
}

static status fill(opened *o, const opened *account) {
    ENSURE(belongs_to(o, account), CORRUPT);
    OWNED(secret) content = {0};
    TRY(content_open(account->cipher, o, &content));
    memcpy(o->mark, account->mark, MARK_BYTES);
    bool is_key =
        o->kind == SEALED_KEY_MATERIAL || o->kind == SEALED_CERTIFICATE_KEY || o->kind == SEALED_DECRYPTION_KEY;
    if (is_key) return material_fill(o, &content);
    o->value = content;
    content = (secret){0};
    return OK;
}

status sealing_open_once(const opened *account, enum sealed_kind kind, slice blob, opened **out) {
    opened *made = NULL;
    TRY(as_corrupt(opened_new(kind, blob, &made)));
    status opening = as_corrupt(fill(made, account));
    if (FAILED(opening)) {
        opened_free(made);
        return opening;
    }
    *out = made;
    return OK;
}

status sealing_open_content(const opened *account, slice blob, opened **out, secret *content) {
    opened *made = NULL;
    TRY(as_corrupt(opened_new(SEALED_KEY_MATERIAL, blob, &made)));
    status opening =
        belongs_to(made, account) ? as_corrupt(content_open(account->cipher, made, content)) : FAIL(CORRUPT);
    if (FAILED(opening)) {
        opened_free(made);
        return opening;
    }
    *out = made;
    return OK;
}

/* An entry counts only for the very account key it was opened under: anyone who can start the house can make a second
 * account key for an account id. */
static bool is_usable(const opened *found, const opened *account, enum sealed_kind kind) {
    return found->kind == kind &&
           bytes_equal_secret(slice_of(found->mark, MARK_BYTES), slice_of(account->mark, MARK_BYTES));
}

status sealing_open(sealing *s, const opened *account, enum sealed_kind kind, slice blob, const opened **out) {
    opened *found = cache_find(&s->cache, blob);
    if (found == NULL || !is_usable(found, account, kind)) {
        TRY(sealing_open_once(account, kind, blob, &found));
        status keeping = cache_keep(&s->cache, found);
        if (FAILED(keeping)) {
            opened_free(found);
            return keeping;
        }
    }
    *out = found;
    return OK;
}
