/* What comes back from disk or from a client's hand: heads of blobs, ciphertexts, outsides of sealed things, records. The first byte
 * chooses. What is taken writes back the same. */
#include <stdlib.h>

#include "base/text.h"
#include "contract/sealed.h"
#include "objects/bucket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MOST = 16 << 20, KINDS = 5 };

static void must_equal(const buffer *made, slice expected) {
    if (!slice_equals(buffer_slice(made), expected)) abort();
}

static void try_blob(slice start, arena *memory) {
    OWNED(buffer) again = {0};
    blob_header header;
    size_t head_bytes;
    if (FAILED(blob_head_parse(start, memory, &header, &head_bytes))) return;
    if (head_bytes > start.len || FAILED(blob_head(&header, &again))) abort();
    must_equal(&again, slice_head(start, head_bytes));
}

static void try_ciphertext(slice blob) {
    OWNED(buffer) again = {0};
    ciphertext c;
    if (FAILED(ciphertext_parse(blob, &c))) return;
    if (FAILED(ciphertext_begin(c.key_id.at, c.key_version_id.at, &again))) abort();
    must_equal(&again, c.clear);
    if (c.clear.len + c.content.len != blob.len) abort();
}

static void try_sealed(slice blob, arena *memory) {
    static const enum sealed_kind kinds[KINDS] = {SEALED_ACCOUNT_KEY, SEALED_ACCESS_KEY, SEALED_KEY_MATERIAL, SEALED_SESSION,
                                                  SEALED_IMPORT};
    for (size_t i = 0; i < KINDS; i++) {
        OWNED(buffer) again = {0};
        sealed s;
        if (FAILED(sealed_parse(blob, kinds[i], memory, &s))) continue;
        if (s.kind != kinds[i] || FAILED(sealed_begin(s.kind, &s.header, &again))) abort();
        must_equal(&again, s.clear);
    }
}

static void try_record(const shape *s, slice packed, arena *memory) {
    OWNED(buffer) again = {0};
    void *record = arena_take(memory, s->struct_bytes);
    if (!record || FAILED(shape_unpack(s, packed, memory, record))) return;
    if (FAILED(shape_pack(s, record, &again))) abort();
    must_equal(&again, packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const shape *const records[] = {&account_record_shape, &user_record_shape,   &access_key_record_shape,
                                           &policy_record_shape,  &key_record_shape,    &alias_record_shape,
                                           &bucket_record_shape,  &object_record_shape, &outbox_record_shape};
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    if (size < 1) return 0;
    slice rest = slice_of(data + 1, size - 1);
    uint8_t text[16];
    switch (data[0]) {
    case 'B': try_blob(rest, &memory); break;
    case 'C': try_ciphertext(rest); break;
    case 'S': try_sealed(rest, &memory); break;
    case 'U': status_ignore(uuid_parse(rest, text)); break;
    default: try_record(records[data[0] % (sizeof records / sizeof *records)], rest, &memory); break;
    }
    return 0;
}
