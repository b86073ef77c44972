/* Shapes: the field tables behind every operation's input and output, every message and every stored record. The
 * structs and the tables are generated from the .def files (contract_tables.h); this is what they are made of. */
#ifndef CONTRACT_SHAPE_H
#define CONTRACT_SHAPE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

enum field_kind {
    FIELD_TEXT,   /* slice, UTF-8; limits in characters */
    FIELD_BYTES,  /* slice; limits in bytes */
    FIELD_SECRET, /* slice; plaintext in the gateway and the vault, a sealed box on the way between them */
    FIELD_JSON,   /* slice of ready JSON */
    FIELD_INT,    /* maybe_int */
    FIELD_TIME,   /* maybe_int, Unix seconds */
    FIELD_BOOL,   /* maybe_bool */
    FIELD_CHOICE, /* int: 0 absent, else 1 + index into choices */
    FIELD_MAP,    /* pair_list; limit: all characters together */
    FIELD_TEXTS,  /* slice_list */
    FIELD_JSONS,  /* slice_list of ready JSON */
    FIELD_BLOBS,  /* slice_list of bytes */
    FIELD_SHAPE,  /* pointer to the nested struct, NULL when absent */
    FIELD_SHAPES, /* shape_list of nested structs */
};

typedef struct maybe_int {
    int64_t value;
    bool is_set;
} maybe_int;
typedef struct maybe_bool {
    bool value;
    bool is_set;
} maybe_bool;
#define SET_INT(number) ((maybe_int){(int64_t)(number), true})
#define SET_BOOL(truth) ((maybe_bool){(truth), true})

typedef struct pair {
    slice key;
    slice value;
} pair;
typedef struct pair_list {
    pair *at;
    size_t count;
} pair_list;
typedef struct slice_list {
    slice *at;
    size_t count;
} slice_list;
/* The layout every generated list of shapes has. */
typedef struct shape_list {
    void *at;
    size_t count;
} shape_list;

/* Which part of a vault's act a parameter fixes: the vault compares it with what was signed (custody/bound.h). */
enum field_bind {
    BIND_NOTHING,
    BIND_KEY,        /* the key used: its id, or an ARN of it; what an alias means is core's to say */
    BIND_INPUT,      /* plaintext, ciphertext or wrapped material */
    BIND_TOKEN,      /* import token */
    BIND_CONTEXT,    /* encryption context */
    BIND_SIZE,       /* bytes to make: a number, or else the length of a data key's spec */
    BIND_EXPIRY,     /* Unix seconds; 0 is never */
    BIND_ALGORITHM,  /* how material is wrapped */
    BIND_USER,       /* whom an access key or password is for; otherwise the caller */
    BIND_VALUE,      /* signature or MAC to check, somebody's public key */
    BIND_ENCRYPTION, /* algorithms; absent they mean what the contract says */
    BIND_SIGNING,
    BIND_MESSAGE_TYPE,
    BIND_MAC,
    BIND_WRAPPING, /* the key that wraps */
    BIND_SPEC,     /* of a new key */
    BIND_USAGE,
    BIND_PAIR,        /* of a pair as a data key */
    BIND_INTERVAL,    /* how often the house may rotate the key; absent, or with the switch off: never */
    BIND_SHARING,     /* the id of every account to be admitted stands in it */
    BIND_SECRET,      /* the secret: its name, or an ARN of it */
    BIND_SECRETS,     /* one of the secrets in the list, or one that the filters let through as far as its name tells */
    BIND_VERSION,     /* the version of the secret; when none is named, core says which */
    BIND_SECRET_DATA, /* the value of a secret: text, or base64 where SecretDataType says so */
    BIND_RULE,        /* how a random value is made */
    BIND_PASSWORD,    /* what somebody is to know from now on */
    BIND_OLD_PASSWORD,
    BIND_CODE,       /* a one-time code */
    BIND_FIRST_CODE, /* the one before it */
    BIND_ROLE,       /* of a session: the role, by its ARN */
    BIND_SESSION,    /* its name */
    BIND_LIMIT,      /* its policy */
    BIND_SOURCE,     /* its source identity */
    BIND_IMPORT,     /* whether the material imported is new or was there before */
    BIND_REACH,      /* whether a new key may be in several regions */
    BIND_MATERIAL,   /* the version used, or imported as, where one is named */
    BIND_ASSERTION,  /* what an authenticator answered, and to which challenge */
    BIND_LIFETIME,   /* how long it lasts at most */
    BIND_PROVIDER, /* who vouches for identities, by name or ARN; with it everything below, which is absent where the operation has no such
                      * field */
    BIND_PROVIDER_ISSUER,
    BIND_PROVIDER_CLIENTS,
    BIND_PROVIDER_CLIENT_ADDED,
    BIND_PROVIDER_CLIENT_REMOVED,
    BIND_PROVIDER_KEYS,
    BIND_PROVIDER_LIMIT,
    BIND_CERTIFICATE, /* the certificate whose key is used: its id, or an ARN of it */
    BIND_SUBJECT,     /* of a new certificate */
    BIND_NAMES,
    BIND_MANAGED, /* the managed data key, by its name */
    BIND_PROVIDER_METADATA,
    BIND_PROVIDER_ENCODED_METADATA,
    BIND_APPROVAL_RULE, /* what takes approvals, of how many and whom; who is in a group is core's to say */
    BIND_REQUEST,       /* the hash of a request that is approved */
    BIND_PROVIDER_ENCRYPTION,
    BIND_PROVIDER_PRIVATE_KEY,
    BIND_PROVIDER_KEY_REMOVED,
    BIND_PROVIDER_SIGNER,
};

typedef struct field {
    const char *name;
    enum field_kind kind;
    bool is_required;
    int64_t min, max;           /* max 0: no limit but the frame's */
    size_t offset;              /* in the struct */
    const struct shape *nested; /* FIELD_SHAPE, FIELD_SHAPES */
    const char *const *choices; /* FIELD_CHOICE: NULL-terminated */
    enum field_bind binds;
    int binds_act; /* of which enum vault_act; 0: of every act of the request */
} field;

typedef struct shape {
    const char *name;
    size_t struct_bytes;
    size_t field_count;
    const field *fields;
} shape;

/* A boxed secret is this much longer than its plaintext (crypto/box.h: nonce and tag). */
enum { SECRET_BOX_BYTES = 28 };

/* Typed access to a field of `value`. */
static inline void *field_at(const field *f, const void *value) { return (uint8_t *)(uintptr_t)value + f->offset; }
static inline bool field_is_set(const field *f, const void *value);
/* NULL when the shape has no such field. */
const field *shape_find(const shape *s, slice name);
/* 1 + index of `text` among the choices, 0 when it is none of them. */
int choice_find(const char *const *choices, slice text);
/* The text of a choice, or "" when absent or out of range. */
const char *choice_text(const char *const *choices, int choice);

/* Packed form: for each field that is set, in order: u8 field number (from 1), u32 length, content. Deterministic.
 *   texts and bytes: themselves      int, time: i64      bool: u8      choice: u16
 *   lists: u32 count, then u32 length and content of each; a map's elements alternate key, value
 *   shapes: their own packed form
 * All integers big-endian. Fields are only ever added at the end, so old records stay readable. */
status shape_pack(const shape *s, const void *value, buffer *out);
/* Slices in the struct point into `packed`; lists and nested structs live in the arena. MALFORMED for anything that
 * shape_pack would not have written; nesting at most 8 deep. */
status shape_unpack(const shape *s, slice packed, arena *memory, void *out);

/* Required fields, lengths, ranges, choices, UTF-8. On failure (MISSING_PARAMETER, INVALID_PARAMETER) *culprit names
 * the field. A secret may be boxed or plain here: its upper limit allows for the box. */
status shape_check(const shape *s, const void *value, slice *culprit);

/* For the compiler to see through: packing asks it of every field. */
static inline bool field_is_set(const field *f, const void *value) {
    const void *at = field_at(f, value);
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SECRET:
    case FIELD_JSON: return !slice_is_absent(*(const slice *)at);
    case FIELD_INT:
    case FIELD_TIME: return ((const maybe_int *)at)->is_set;
    case FIELD_BOOL: return ((const maybe_bool *)at)->is_set;
    case FIELD_CHOICE: return *(const int *)at != 0;
    case FIELD_SHAPE: return *(void *const *)at != NULL;
    case FIELD_MAP:
    case FIELD_TEXTS:
    case FIELD_JSONS:
    case FIELD_BLOBS:
    case FIELD_SHAPES: return ((const shape_list *)at)->count != 0;
    }
    return false;
}

#endif
