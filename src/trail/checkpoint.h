/* Checkpoints: signed tree heads (c2sp.org/tlog-checkpoint) as notes (c2sp.org/signed-note) under Ed25519 keys. */
#ifndef TRAIL_CHECKPOINT_H
#define TRAIL_CHECKPOINT_H

#include "base/buffer.h"
#include "crypto/sign.h"
#include "trail/merkle.h"

enum {
    NOTE_NAME_BYTES_MOST = 255,
    NOTE_BYTES_MOST = 1 << 16,
    NOTE_SIGNATURES_MOST = 64,
    NOTE_ID_BYTES = 4,
};

/* A verifier's key: what a vkey text says. */
typedef struct note_key {
    uint8_t name[NOTE_NAME_BYTES_MOST];
    size_t name_len;
    uint8_t id[NOTE_ID_BYTES]; /* SHA-256(name || 0x0A || 0x01 || public key), first four bytes */
    uint8_t public_key[SIGN_PUBLIC_BYTES];
} note_key;

static inline slice note_key_name(const note_key *key) { return slice_of(key->name, key->name_len); }

/* INVALID_PARAMETER when the name is empty, too long, not UTF-8, or has a space, a '+' or a control character. */
status note_key_make(slice name, const uint8_t public_key[SIGN_PUBLIC_BYTES], note_key *out);
/* The same key under the name with "/suffix" added. INVALID_PARAMETER. */
status note_key_extend(const note_key *base, slice suffix, note_key *out);
/* <name>+<hex id>+<base64(0x01 || public key)>; one LF at the end is allowed. MALFORMED, also when the id is not the
 * one that follows from name and key; UNSUPPORTED for other signature types. */
status note_key_parse(slice vkey, note_key *out);
/* Appends the vkey text without a line end. */
status note_key_format(const note_key *key, buffer *out);

/* Appends the whole note: text, empty line, one signature. `text` ends in LF. MALFORMED when it may not stand in a
 * note. */
status note_sign(slice text, const note_key *key, signer *with, buffer *out);
/* The text (with its last LF, borrowed from `note`) once a signature by `key` holds. MALFORMED when the note breaks the
 * format; VERIFICATION when the key did not sign it, or one of its signatures is wrong; signatures by other keys are
 * passed over. */
status note_open(slice note, const note_key *key, slice *text);

typedef struct checkpoint {
    slice origin; /* borrowed */
    merkle_head head;
    slice extensions; /* borrowed: further lines, opaque; usually empty */
} checkpoint;

/* Appends a signed checkpoint whose origin is the key's name. */
status checkpoint_sign(const merkle_head *head, const note_key *key, signer *with, buffer *out);
/* Verifies the signature, then reads. MALFORMED; VERIFICATION, also when the origin is not the key's name. */
status checkpoint_open(slice note, const note_key *key, checkpoint *out);
/* Reads the text of a note (or a note that nobody has verified yet, up to its signatures): trust nothing of it.
 * MALFORMED. */
status checkpoint_parse_text(slice text, checkpoint *out);
status checkpoint_peek(slice note, checkpoint *out);

/* Decimal digits without a leading zero; false on anything else. */
bool decimal_parse(slice text, uint64_t *out);

#endif
