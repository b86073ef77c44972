/* Signed notes and the checkpoints in them. */
#include "trail/checkpoint.h"

#include "base/text.h"
#include "crypto/hash.h"

enum { ED25519_TYPE = 1 }; /* signed-note: signature type identifier byte */

#define SIGNATURE_MARK "\xe2\x80\x94 " /* em dash and a space open a signature line */

/* White_Space of Unicode beyond ASCII, in UTF-8: may not stand in a key name. */
static const char *const unicode_spaces[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

static bool name_is_valid(slice name) {
    if (slice_is_empty(name) || !utf8_is_valid(name)) return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] == '+' || name.at[i] == 0x7f) return false;
    for (size_t i = 0; i < sizeof unicode_spaces / sizeof unicode_spaces[0]; i++)
        if (slice_find(name, slice_of_text(unicode_spaces[i])) != SIZE_MAX) return false;
    return true;
}

static status key_id(slice name, const uint8_t public_key[SIGN_PUBLIC_BYTES], uint8_t out[NOTE_ID_BYTES]) {
    OWNED(hash_stream) hashing = {0};
    uint8_t digest[HASH_SHA256_BYTES];
    const uint8_t type = ED25519_TYPE;
    TRY(hash_begin(&hashing, HASH_SHA256));
    TRY(hash_update(&hashing, name));
    TRY(hash_update(&hashing, SLICE("\n")));
    TRY(hash_update(&hashing, slice_of(&type, 1)));
    TRY(hash_update(&hashing, slice_of(public_key, SIGN_PUBLIC_BYTES)));
    TRY(hash_finish(&hashing, digest));
    memcpy(out, digest, NOTE_ID_BYTES);
    return OK;
}

status note_key_make(slice name, const uint8_t public_key[SIGN_PUBLIC_BYTES], note_key *out) {
    ENSURE(name.len <= NOTE_NAME_BYTES_MOST && name_is_valid(name), INVALID_PARAMETER);
    note_key key = {.name_len = name.len};
    memcpy(key.name, name.at, name.len);
    memcpy(key.public_key, public_key, SIGN_PUBLIC_BYTES);
    TRY(key_id(name, public_key, key.id));
    *out = key;
    return OK;
}

status note_key_extend(const note_key *base, slice suffix, note_key *out) {
    OWNED(buffer) name = {0};
    TRY(buffer_append(&name, note_key_name(base)));
    TRY(buffer_append_byte(&name, '/'));
    TRY(buffer_append(&name, suffix));
    return note_key_make(buffer_slice(&name), base->public_key, out);
}

/* The base64 part of a vkey: type byte and public key. */
static status vkey_decode(slice text, arena *memory, slice *public_key) {
    slice raw;
    TRY(base64_decode(text, memory, &raw));
    ENSURE(raw.len > 1, MALFORMED);
    ENSURE(raw.at[0] == ED25519_TYPE, UNSUPPORTED);
    ENSURE(raw.len == 1 + SIGN_PUBLIC_BYTES, MALFORMED);
    *public_key = slice_skip(raw, 1);
    return OK;
}

status note_key_parse(slice vkey, note_key *out) {
    OWNED(arena) memory = {0};
    if (slice_ends_with(vkey, SLICE("\n"))) vkey.len--;
    slice rest = vkey;
    slice name;
    slice id_text;
    ENSURE(slice_split(&rest, '+', &name) && slice_split(&rest, '+', &id_text), MALFORMED);
    ENSURE(!slice_is_absent(rest) && id_text.len == 2 * (size_t)NOTE_ID_BYTES,
           MALFORMED); /* base64 may hold further '+' */
    slice public_key;
    TRY(vkey_decode(rest, &memory, &public_key));
    note_key key;
    status made = note_key_make(name, public_key.at, &key);
    ENSURE(!FAILED_WITH(made, INVALID_PARAMETER), MALFORMED);
    TRY(made);
    OWNED(buffer) id_due = {0};
    TRY(hex_encode(&id_due, slice_of(key.id, NOTE_ID_BYTES)));
    ENSURE(slice_equals(buffer_slice(&id_due), id_text), MALFORMED);
    *out = key;
    return OK;
}

status note_key_format(const note_key *key, buffer *out) {
    uint8_t typed[1 + SIGN_PUBLIC_BYTES] = {ED25519_TYPE};
    memcpy(typed + 1, key->public_key, SIGN_PUBLIC_BYTES);
    TRY(buffer_append(out, note_key_name(key)));
    TRY(buffer_append_byte(out, '+'));
    TRY(hex_encode(out, slice_of(key->id, NOTE_ID_BYTES)));
    TRY(buffer_append_byte(out, '+'));
    return base64_encode(out, slice_of(typed, sizeof typed));
}

static bool is_note_text(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' && text.at[i] != '\n') return false;
    return utf8_is_valid(text);
}

status note_sign(slice text, const note_key *key, signer *with, buffer *out) {
    ENSURE(is_note_text(text) && slice_ends_with(text, SLICE("\n")), MALFORMED);
    uint8_t signature[NOTE_ID_BYTES + SIGN_SIGNATURE_BYTES];
    memcpy(signature, key->id, NOTE_ID_BYTES);
    TRY(signer_sign(with, text, signature + NOTE_ID_BYTES));
    TRY(buffer_append(out, text));
    TRY(buffer_append_text(out, "\n" SIGNATURE_MARK));
    TRY(buffer_append(out, note_key_name(key)));
    TRY(buffer_append_byte(out, ' '));
    TRY(base64_encode(out, slice_of(signature, sizeof signature)));
    return buffer_append_byte(out, '\n');
}

/* The text is set apart by the last empty line of the note. */
static bool note_divide(slice note, slice *text, slice *signatures) {
    for (size_t end = note.len; end >= 2; end--) {
        if (note.at[end - 1] != '\n' || note.at[end - 2] != '\n') continue;
        *text = slice_head(note, end - 1);
        *signatures = slice_skip(note, end);
        return true;
    }
    return false;
}

/* One line without its LF. *is_known: it is by this key, and it holds. */
static status signature_check(slice line, const note_key *key, slice text, bool *is_known) {
    OWNED(arena) memory = {0};
    slice mark;
    slice name;
    slice raw;
    ENSURE(slice_take(&line, sizeof SIGNATURE_MARK - 1, &mark) && slice_equals_text(mark, SIGNATURE_MARK), MALFORMED);
    ENSURE(slice_split(&line, ' ', &name) && !slice_is_absent(line) && name_is_valid(name), MALFORMED);
    TRY(base64_decode(line, &memory, &raw));
    ENSURE(raw.len > NOTE_ID_BYTES, MALFORMED);
    bool is_ours = slice_equals(name, note_key_name(key)) &&
                   slice_equals(slice_head(raw, NOTE_ID_BYTES), slice_of(key->id, NOTE_ID_BYTES));
    if (is_ours) {
        ENSURE(raw.len == NOTE_ID_BYTES + SIGN_SIGNATURE_BYTES, VERIFICATION);
        TRY(signature_verify(key->public_key, text, raw.at + NOTE_ID_BYTES));
    }
    *is_known = is_ours;
    return OK;
}

status note_open(slice note, const note_key *key, slice *text) {
    ENSURE(note.len <= NOTE_BYTES_MOST, TOO_LARGE);
    ENSURE(is_note_text(note) && slice_ends_with(note, SLICE("\n")), MALFORMED);
    slice body;
    slice rest;
    ENSURE(note_divide(note, &body, &rest) && rest.len > 0, MALFORMED);
    rest.len--; /* the last LF: every line is then followed by one, or by the end */
    size_t held = 0;
    size_t lines = 0;
    for (slice line; slice_split(&rest, '\n', &line); lines++) {
        bool is_known = false;
        ENSURE(lines < NOTE_SIGNATURES_MOST, TOO_LARGE);
        TRY(signature_check(line, key, body, &is_known));
        held += is_known;
    }
    ENSURE(held > 0, VERIFICATION);
    *text = body;
    return OK;
}

status checkpoint_sign(const merkle_head *head, const note_key *key, signer *with, buffer *out) {
    OWNED(buffer) text = {0};
    TRY(buffer_append(&text, note_key_name(key)));
    TRY(buffer_printf(&text, "\n%llu\n", (unsigned long long)head->size));
    TRY(base64_encode(&text, slice_of(head->root.at, MERKLE_HASH_BYTES)));
    TRY(buffer_append_byte(&text, '\n'));
    return note_sign(buffer_slice(&text), key, with, out);
}

bool decimal_parse(slice text, uint64_t *out) {
    if (text.len > 1 && text.at[0] == '0') return false;
    return slice_to_u64(text, out);
}

static bool lines_are_filled(slice text) {
    if (text.len == 0) return true;
    if (text.at[0] == '\n' || text.at[text.len - 1] != '\n') return false;
    return slice_find(text, SLICE("\n\n")) == SIZE_MAX;
}

status checkpoint_parse_text(slice text, checkpoint *out) {
    OWNED(arena) memory = {0};
    ENSURE(text.len > 0 && is_note_text(text) && lines_are_filled(text), MALFORMED);
    checkpoint read = {0};
    slice rest = text;
    slice size;
    slice root_text;
    slice root;
    ENSURE(slice_split(&rest, '\n', &read.origin) && slice_split(&rest, '\n', &size), MALFORMED);
    ENSURE(slice_split(&rest, '\n', &root_text) && !slice_is_absent(rest), MALFORMED);
    ENSURE(decimal_parse(size, &read.head.size), MALFORMED);
    TRY(base64_decode(root_text, &memory, &root));
    ENSURE(root.len == MERKLE_HASH_BYTES, MALFORMED);
    memcpy(read.head.root.at, root.at, MERKLE_HASH_BYTES);
    read.extensions = rest;
    *out = read;
    return OK;
}

status checkpoint_open(slice note, const note_key *key, checkpoint *out) {
    slice text;
    checkpoint read;
    TRY(note_open(note, key, &text));
    TRY(checkpoint_parse_text(text, &read));
    ENSURE(slice_equals(read.origin, note_key_name(key)), VERIFICATION);
    *out = read;
    return OK;
}

status checkpoint_peek(slice note, checkpoint *out) {
    slice text;
    slice signatures;
    ENSURE(note.len <= NOTE_BYTES_MOST, TOO_LARGE);
    ENSURE(note_divide(note, &text, &signatures), MALFORMED);
    return checkpoint_parse_text(text, out);
}
