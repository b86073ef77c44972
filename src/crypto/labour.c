/* Orders: u8 kind, u8 operation, u8 scheme or sealing, u8 hash, u8 whether the message is a digest, u32 length and private half (PKCS#8), input. */
#include "crypto/labour.h"

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"

enum { TO_SIGN = 1, TO_OPEN = 2, HEAD_BYTES = 5, INPUT_MOST = 8192 };

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
    ENSURE(is_whole && whole.len <= INPUT_MOST && is_heavy(head->kind), MALFORMED);
    *input = whole;
    return OK;
}

static status run(slice whole, secret *out) {
    order_head head;
    slice der, input;
    OWNED(secret) private_der = {0};
    asymmetric *key = NULL;
    TRY(order_read(whole, &head, &der, &input));
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
