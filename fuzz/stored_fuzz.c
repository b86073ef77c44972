/* What comes back from disk or from a client's hand: heads of blobs, ciphertexts, values of secrets, outsides of sealed things, ids of
 * keys, encryption contexts, records. The first byte chooses: B, C, S, U, X, or a lower-case letter for a record. What is taken writes back the same. */
#include <stdlib.h>

#include "base/text.h"
#include "contract/key_id.h"
#include "contract/sealed.h"
#include "objects/bucket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MOST = 16 << 20, PAIRS_MOST = 64 };

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
    char text[KEY_ID_TEXT];
    uint8_t id[KEY_ID_BYTES];
    key_id_format(c.key_id.at, text);
    if (FAILED(key_id_parse(slice_of_text(text), id)) || memcmp(id, c.key_id.at, sizeof id) != 0) abort();
}

/* A value of a secret has the same outside under another letter: neither passes for the other. */
static void try_value(slice blob) {
    OWNED(buffer) again = {0};
    ciphertext c, other;
    if (FAILED(secret_value_parse(blob, &c))) return;
    if (!FAILED(ciphertext_parse(blob, &other))) abort();
    if (FAILED(secret_value_begin(c.key_id.at, c.key_version_id.at, &again))) abort();
    must_equal(&again, c.clear);
}

static void try_key_id(slice text) {
    uint8_t id[KEY_ID_BYTES];
    char again[KEY_ID_TEXT];
    if (FAILED(key_id_parse(text, id))) return;
    key_id_format(id, again);
    if (!slice_equals_ignoring_case(slice_of_text(again), text)) abort();
}

/* ID@REGION, and what is in a region under a bare id. */
static void try_region(slice text, arena *memory) {
    slice key_id, region, again;
    key_id_split(text, &key_id, &region);
    if (slice_is_absent(region) || !key_id_is_multi_region(key_id)) return;
    if (FAILED(key_id_in_region(key_id, region, memory, &again)) || !slice_equals(again, text)) abort();
}

static void try_sealed(slice blob, arena *memory) {
    static const enum sealed_kind kinds[] = {SEALED_ACCOUNT_KEY, SEALED_ACCESS_KEY,     SEALED_KEY_MATERIAL,
                                             SEALED_SESSION,     SEALED_IMPORT,         SEALED_PASSWORD,
                                             SEALED_SEED,        SEALED_SECRET,         SEALED_PERMIT,
                                             SEALED_PROVIDER,    SEALED_CERTIFICATE_KEY};
    const size_t count = sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < count; i++) {
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

static void try_uuid(slice text) {
    uint8_t id[16];
    char again[37];
    if (FAILED(uuid_parse(text, id))) return;
    uuid_format(id, again);
    if (!slice_equals_ignoring_case(slice_of_text(again), text)) abort();
}

/* The canonical form read back: keys come in order, each once, and are those of the map. */
static void check_canonical(slice rest, pair_list map) {
    slice last = {0}, key, value;
    uint16_t len;
    size_t count = 0, found = 0;
    for (; rest.len; count++) {
        if (!slice_take_u16(&rest, &len) || !slice_take(&rest, len, &key)) abort();
        if (!slice_take_u16(&rest, &len) || !slice_take(&rest, len, &value)) abort();
        if (key.len == 0 || (count > 0 && slice_compare(last, key) >= 0)) abort();
        last = key;
        for (size_t i = 0; i < map.count; i++)
            found += slice_equals(map.at[i].key, key) && slice_equals(map.at[i].value, value);
    }
    if (count != map.count || found != map.count) abort();
}

/* A map of the form key=value;key=value… and the same pairs in other orders. */
static void try_context(slice text, arena *memory) {
    OWNED(buffer) once = {0};
    pair pairs[PAIRS_MOST], turned[PAIRS_MOST];
    pair_list map = {.at = pairs};
    slice part;
    while (map.count < PAIRS_MOST && slice_split(&text, ';', &part)) {
        pairs[map.count] = (pair){.value = part};
        slice_split(&pairs[map.count].value, '=', &pairs[map.count].key);
        map.count++;
    }
    status first = context_canonical(map, memory, &once);
    if (!FAILED(first)) check_canonical(buffer_slice(&once), map);
    for (size_t by = 0; by < map.count; by++) {
        OWNED(buffer) again = {0};
        for (size_t i = 0; i < map.count; i++) turned[map.count - 1 - i] = pairs[(i + by) % map.count];
        status next = context_canonical((pair_list){turned, map.count}, memory, &again);
        if (next.code != first.code) abort();
        must_equal(&again, buffer_slice(&once));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const shape *const records[] = {
        &account_record_shape,  &user_record_shape,       &access_key_record_shape,     &policy_record_shape,
        &key_record_shape,      &alias_record_shape,      &bucket_record_shape,         &object_record_shape,
        &outbox_record_shape,   &attachment_record_shape, &policy_version_record_shape, &key_version_record_shape,
        &sealed_header_shape,   &blob_header_shape,       &dependents_record_shape,     &destroyed_key_record_shape,
        &grant_record_shape,    &key_policy_record_shape, &secret_record_shape,         &secret_value_record_shape,
        &rotation_record_shape, &role_record_shape};
    OWNED(arena) memory = {.limit = MEMORY_MOST};
    if (size < 1) return 0;
    slice rest = slice_of(data + 1, size - 1);
    size_t letter = (size_t)data[0] - 'a'; /* wraps for what is no letter */
    switch (data[0]) {
    case 'B': try_blob(rest, &memory); break;
    case 'C':
        try_ciphertext(rest);
        try_value(rest);
        break;
    case 'S': try_sealed(rest, &memory); break;
    case 'U':
        try_uuid(rest);
        try_key_id(rest);
        try_region(rest, &memory);
        break;
    case 'X': try_context(rest, &memory); break;
    default:
        if (letter < sizeof records / sizeof *records) try_record(records[letter], rest, &memory);
        break;
    }
    return 0;
}
