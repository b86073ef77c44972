/* Orders: u8 kind, u8 operation, u8 scheme or sealing, u8 hash, u8 whether the message is a digest, u32 length and private half (PKCS#8), input.
 * To hash: 0, u8 operation, 0, 0, u8 number of passwords; in place of the private half memory KiB:u32 passes:u32 lanes:u32 salt[16]; as
 * input each password with its length:u16. */
#include "crypto/labour.h"

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"

enum { TO_SIGN = 1, TO_OPEN = 2, TO_HASH = 3, HEAD_BYTES = 5, INPUT_MOST = 8192, MEMORY_KIB_MOST = 1 << 20 };
enum { COST_BYTES = 3 * sizeof(uint32_t) + PASSWORD_SALT_BYTES };

typedef struct order_head {
    uint8_t kind, operation, way, hash, is_digest;
} order_head;

static bool is_heavy(uint8_t kind) { return kind == ASYMMETRIC_RSA_3072 || kind == ASYMMETRIC_RSA_4096; }

static status order_make(box *b, slice aad, const asymmetric *key, const order_head *head, slice input, buffer *order) {
    OWNED(secret) private_der = {0};
    OWNED(secret) whole = {0};
    ENSURE(asymmetric_is_heavy(key) && input.len <= INPUT_MOST, INVALID_PARAMETER);
    status told = asymmetric_private(key, &private_der);
    if (FAILED(told)) return FAILED_WITH(told, OUT_OF_MEMORY) ? told : FAIL(INVALID_PARAMETER);
    TRY(secret_new(HEAD_BYTES + sizeof(uint32_t) + private_der.len + input.len, &whole));
    uint8_t *at = secret_fill(&whole);
    const uint8_t begin[] = {head->kind, head->operation, head->way, head->hash, head->is_digest};
    const uint32_t len = (uint32_t)private_der.len;
    const uint8_t length[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    memcpy(at, begin, HEAD_BYTES), at += HEAD_BYTES;
    memcpy(at, length, sizeof length), at += sizeof length;
    memcpy(at, secret_expose(&private_der).at, private_der.len), at += private_der.len;
    if (input.len) memcpy(at, input.at, input.len);
    return box_seal_secret(b, aad, &whole, order);
}

status labour_order_sign(box *b, slice aad, const asymmetric *key, const signing *how, slice message, buffer *order) {
    order_head head = {(uint8_t)key->kind, TO_SIGN, (uint8_t)how->scheme, (uint8_t)how->hash, how->is_digest};
    return order_make(b, aad, key, &head, message, order);
}

status labour_order_open(box *b, slice aad, const asymmetric *key, enum asymmetric_sealing how, slice sealed,
                         buffer *order) {
    order_head head = {(uint8_t)key->kind, TO_OPEN, (uint8_t)how, 0, 0};
    return order_make(b, aad, key, &head, sealed, order);
}

/* ---- passwords */

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = (uint8_t)(value >> shift);
    return at;
}

static status hashing_check(const hashing *what) {
    ENSURE(what->count > 0 && what->count <= LABOUR_PASSWORDS_MOST, INVALID_PARAMETER);
    ENSURE(what->salt.len == PASSWORD_SALT_BYTES && what->cost.memory_kib <= MEMORY_KIB_MOST, INVALID_PARAMETER);
    for (size_t i = 0; i < what->count; i++)
        ENSURE(what->passwords[i]->len <= LABOUR_PASSWORD_BYTES_MOST, INVALID_PARAMETER);
    return OK;
}

status labour_order_hashes(box *b, slice aad, const hashing *what, buffer *order) {
    OWNED(secret) whole = {0};
    size_t bytes = HEAD_BYTES + sizeof(uint32_t) + COST_BYTES;
    TRY(hashing_check(what));
    for (size_t i = 0; i < what->count; i++) bytes += sizeof(uint16_t) + what->passwords[i]->len;
    TRY(secret_new(bytes, &whole));
    uint8_t *at = secret_fill(&whole);
    *at++ = 0, *at++ = TO_HASH, *at++ = 0, *at++ = 0, *at++ = (uint8_t)what->count;
    at = put_u32(at, COST_BYTES);
    at = put_u32(put_u32(put_u32(at, what->cost.memory_kib), what->cost.passes), what->cost.lanes);
    memcpy(at, what->salt.at, PASSWORD_SALT_BYTES), at += PASSWORD_SALT_BYTES;
    for (size_t i = 0; i < what->count; i++) {
        slice each = secret_expose(what->passwords[i]);
        *at++ = (uint8_t)(each.len >> 8), *at++ = (uint8_t)each.len;
        if (each.len) memcpy(at, each.at, each.len), at += each.len;
    }
    return box_seal_secret(b, aad, &whole, order);
}

status labour_hashes(const hashing *what, secret *out) {
    OWNED(secret) made = {0};
    TRY(hashing_check(what));
    TRY(secret_new(PASSWORD_SALT_BYTES + what->count * PASSWORD_HASH_BYTES, &made));
    uint8_t *at = secret_fill(&made);
    memcpy(at, what->salt.at, PASSWORD_SALT_BYTES), at += PASSWORD_SALT_BYTES;
    for (size_t i = 0; i < what->count; i++, at += PASSWORD_HASH_BYTES) {
        OWNED(secret) hash = {0};
        TRY(password_hash(&what->cost, what->salt, what->passwords[i], &hash));
        memcpy(at, secret_expose(&hash).at, PASSWORD_HASH_BYTES);
    }
    *out = made;
    made = (secret){0};
    return OK;
}

static status run_hashes(size_t count, slice how, slice input, secret *out) {
    secret passwords[LABOUR_PASSWORDS_MOST] = {0};
    hashing what = {.count = count};
    bool is_whole = count <= LABOUR_PASSWORDS_MOST && slice_take_u32(&how, &what.cost.memory_kib) &&
                    slice_take_u32(&how, &what.cost.passes) && slice_take_u32(&how, &what.cost.lanes);
    status done = is_whole ? OK : FAIL(MALFORMED);
    what.salt = how;
    for (size_t i = 0; i < count && !FAILED(done); i++) {
        uint16_t length;
        slice each;
        is_whole = slice_take_u16(&input, &length) && slice_take(&input, length, &each);
        done = is_whole ? secret_copy(each, &passwords[i]) : FAIL(MALFORMED);
        what.passwords[i] = &passwords[i];
    }
    if (!FAILED(done)) done = slice_is_empty(input) ? labour_hashes(&what, out) : FAIL(MALFORMED);
    for (size_t i = 0; i < LABOUR_PASSWORDS_MOST; i++) secret_clear(&passwords[i]);
    return done;
}

/* ---- the other side */

static status run_with(const asymmetric *key, const order_head *head, slice input, secret *out) {
    OWNED(buffer) made = {0};
    const signing how = {(enum signing_scheme)head->way, (enum hash_kind)head->hash, head->is_digest != 0};
    if (head->operation == TO_OPEN) return asymmetric_open(key, (enum asymmetric_sealing)head->way, input, out);
    ENSURE(head->operation == TO_SIGN, MALFORMED);
    TRY(asymmetric_sign(key, &how, input, &made));
    return secret_copy(buffer_slice(&made), out);
}

static status order_read(slice whole, order_head *head, slice *private_der, slice *input) {
    uint32_t length;
    bool is_whole = slice_take_u8(&whole, &head->kind) && slice_take_u8(&whole, &head->operation) &&
                    slice_take_u8(&whole, &head->way) && slice_take_u8(&whole, &head->hash) &&
                    slice_take_u8(&whole, &head->is_digest) && slice_take_u32(&whole, &length) &&
                    slice_take(&whole, length, private_der);
    ENSURE(is_whole && whole.len <= INPUT_MOST, MALFORMED);
    ENSURE(head->operation == TO_HASH || is_heavy(head->kind), MALFORMED);
    *input = whole;
    return OK;
}

static status run(slice whole, secret *out) {
    order_head head;
    slice der, input;
    OWNED(secret) private_der = {0};
    asymmetric *key = NULL;
    TRY(order_read(whole, &head, &der, &input));
    if (head.operation == TO_HASH) return run_hashes(head.is_digest, der, input, out);
    TRY(secret_copy(der, &private_der));
    TRY(asymmetric_from_private((enum asymmetric_kind)head.kind, &private_der, &key));
    status done = run_with(key, &head, input, out);
    asymmetric_free(key);
    return done;
}

status labour_run(box *b, slice aad, slice order, buffer *result) {
    OWNED(secret) whole = {0};
    OWNED(secret) made = {0};
    TRY(box_open(b, aad, order, &whole));
    status done = run(secret_expose(&whole), &made);
    stack_wipe();
    TRY(done);
    return box_seal_secret(b, aad, &made, result);
}

status labour_result(box *b, slice aad, slice result, secret *out) { return box_open(b, aad, result, out); }
