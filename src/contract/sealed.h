/* The outside of what the vault seals: a clear, authenticated header and the sealed content. Core reads headers (to
 * know which key a ciphertext names); only the vault can open or make the content.
 *
 *   sealed       "KH" 0x01 kind:u8 header length:u16 header(packed SealedHeader) nonce[24] ciphertext tag[16]
 *   ciphertext   "KH" 0x01 'C'     key id[16] key version id[16]                 nonce[24] ciphertext tag[16]
 *   secret value "KH" 0x01 'V'     key id[16] key version id[16]                 nonce[24] ciphertext tag[16]
 *
 * The additional data of the AEAD (XAES-256-GCM) is everything before the nonce; for a ciphertext the canonical
 * encryption context follows it, for a secret's value what it is bound to (docs/formats/sealed.md). */
#ifndef CONTRACT_SEALED_H
#define CONTRACT_SEALED_H

#include "contract/contract_tables.h"

enum sealed_kind {
    SEALED_ACCOUNT_KEY = 'A',
    SEALED_ACCESS_KEY = 'S',
    SEALED_KEY_MATERIAL = 'M',
    SEALED_SESSION = 'T',
    SEALED_IMPORT = 'I',
    SEALED_PASSWORD = 'W',
    SEALED_SEED = 'O',
    SEALED_CIPHERTEXT = 'C',
    SEALED_SECRET = 'V',
    SEALED_PERMIT = 'P',
    SEALED_PROVIDER = 'F',
    SEALED_CERTIFICATE_KEY = 'X',
    SEALED_CHALLENGE = 'H',
    SEALED_PASSKEY = 'K',
    SEALED_SHARING = 'G',
    SEALED_RECOVERY = 'R',
    SEALED_APPROVAL = 'Q',
    SEALED_DECRYPTION_KEY = 'D',
};

enum { SEALED_NONCE_BYTES = 24, SEALED_TAG_BYTES = 16, CIPHERTEXT_HEADER_BYTES = 36, CONTEXT_MAX_BYTES = 64 * 1024 };
enum { SECRET_VALUE_MOST = 64 * 1024 }; /* bytes of a secret's value */
/* Roles that are break-glass grants: no other has such a name. */
#define BREAK_GLASS_PREFIX "break-glass-"
/* Managed data keys are kept as secrets are; no secret's name begins so. */
#define MANAGED_KEY_PREFIX "acs/managed-data-key/"
enum { MANAGED_KEY_BYTES_LEAST = 16, MANAGED_KEY_BYTES_MOST = 1024 };

typedef struct sealed {
    enum sealed_kind kind;
    sealed_header header; /* as written; to be believed only once the content has been opened */
    slice clear;          /* everything before the nonce: the AEAD's additional data */
    slice content;        /* nonce, ciphertext, tag */
} sealed;

/* Whether a permit to share, by its header, admits the account. */
bool sealed_admits(const sealed_header *permit, slice account);
/* Reads the outside. MALFORMED for anything else than the kind expected. Slices point into `blob`. */
status sealed_parse(slice blob, enum sealed_kind kind, arena *memory, sealed *out);
/* Appends the outside up to where the nonce goes. */
status sealed_begin(enum sealed_kind kind, const sealed_header *header, buffer *out);

typedef struct ciphertext {
    slice key_id;         /* 16 bytes */
    slice key_version_id; /* 16 bytes */
    slice clear;
    slice content;
} ciphertext;
/* CIPHERTEXT for anything that is not one. */
status ciphertext_parse(slice blob, ciphertext *out);
status ciphertext_begin(const uint8_t key_id[16], const uint8_t key_version_id[16], buffer *out);
/* The same for the value of a secret. CORRUPT for anything that is not one: it never came from outside. */
status secret_value_parse(slice blob, ciphertext *out);
status secret_value_begin(const uint8_t key_id[16], const uint8_t key_version_id[16], buffer *out);

/* Canonical encryption context: pairs sorted by the bytes of their keys, each u16 length and bytes of key, then of
 * value. The same map gives the same bytes through every client. An empty map gives no bytes. INVALID_PARAMETER for
 * a key that is empty or there twice, or text past 65535 bytes. */
status context_canonical(pair_list map, arena *memory, buffer *out);

#endif
