/* A sum over the tags of all records. */
#include "store/root.h"

enum { WORDS = SEAL_TAG_BYTES / 8 };

static uint64_t word_of(const uint8_t tag[SEAL_TAG_BYTES], size_t index) {
    uint64_t word = 0;
    for (size_t i = 8; i-- > 0;) word = word << 8 | tag[index * 8 + i];
    return word;
}

void root_add(store_root *root, const uint8_t tag[SEAL_TAG_BYTES]) {
    uint64_t carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t with_carry, sum;
        bool over = __builtin_add_overflow(root->sum[i], carry, &with_carry);
        over |= __builtin_add_overflow(with_carry, word_of(tag, i), &sum);
        root->sum[i] = sum;
        carry = over;
    }
    root->count++;
}

void root_subtract(store_root *root, const uint8_t tag[SEAL_TAG_BYTES]) {
    uint64_t borrow = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t with_borrow, difference;
        bool under = __builtin_sub_overflow(root->sum[i], borrow, &with_borrow);
        under |= __builtin_sub_overflow(with_borrow, word_of(tag, i), &difference);
        root->sum[i] = difference;
        borrow = under;
    }
    root->count--;
}

bool root_equals(const store_root *a, const store_root *b) {
    uint64_t difference = a->count ^ b->count;
    for (size_t i = 0; i < WORDS; i++) difference |= a->sum[i] ^ b->sum[i];
    return difference == 0;
}

status root_encode(const store_root *root, buffer *out) {
    TRY(buffer_append_u32(out, STORE_FORMAT_VERSION));
    TRY(buffer_append_u64(out, root->count));
    for (size_t i = 0; i < WORDS; i++) TRY(buffer_append_u64(out, root->sum[i]));
    return OK;
}

status root_decode(slice text, store_root *out) {
    uint32_t version;
    store_root root;
    ENSURE(slice_take_u32(&text, &version), CORRUPT);
    ENSURE(version <= STORE_FORMAT_VERSION, UNSUPPORTED);
    ENSURE(version == STORE_FORMAT_VERSION && slice_take_u64(&text, &root.count), CORRUPT);
    for (size_t i = 0; i < WORDS; i++) ENSURE(slice_take_u64(&text, &root.sum[i]), CORRUPT);
    ENSURE(text.len == 0, CORRUPT);
    *out = root;
    return OK;
}
