/* Attestation objects and COSE keys. */
#include "crypto/cose.h"

#include <cbor.h>

enum { MEMBERS_MOST = 16, NESTING_MOST = 4, ED25519_BYTES = 32, AAGUID_BYTES = 16, RSA_BYTES_MOST = 512 };

/* ---- items */

enum item_kind { ITEM_OTHER, ITEM_NUMBER, ITEM_BYTES, ITEM_TEXT, ITEM_ARRAY, ITEM_MAP, ITEM_SIMPLE };

typedef struct item {
    enum item_kind kind;
    int64_t number;
    slice bytes;
    size_t count;
} item;

static void set_number(item *to, uint64_t value, bool is_negative) {
    if (value > INT64_MAX) return; /* stays OTHER */
    to->kind = ITEM_NUMBER;
    to->number = is_negative ? -1 - (int64_t)value : (int64_t)value;
}
static void on_uint8(void *to, uint8_t v) { set_number(to, v, false); }
static void on_uint16(void *to, uint16_t v) { set_number(to, v, false); }
static void on_uint32(void *to, uint32_t v) { set_number(to, v, false); }
static void on_uint64(void *to, uint64_t v) { set_number(to, v, false); }
static void on_negint8(void *to, uint8_t v) { set_number(to, v, true); }
static void on_negint16(void *to, uint16_t v) { set_number(to, v, true); }
static void on_negint32(void *to, uint32_t v) { set_number(to, v, true); }
static void on_negint64(void *to, uint64_t v) { set_number(to, v, true); }
static void on_bytes(void *to, cbor_data at, size_t len) {
    *(item *)to = (item){.kind = ITEM_BYTES, .bytes = slice_of(at, len)};
}
static void on_text(void *to, cbor_data at, size_t len) {
    *(item *)to = (item){.kind = ITEM_TEXT, .bytes = slice_of(at, len)};
}
static void on_array(void *to, size_t count) { *(item *)to = (item){.kind = ITEM_ARRAY, .count = count}; }
static void on_map(void *to, size_t count) { *(item *)to = (item){.kind = ITEM_MAP, .count = count}; }
static void on_bool(void *to, bool v) {
    (void)v;
    ((item *)to)->kind = ITEM_SIMPLE;
}
static void on_null(void *to) { ((item *)to)->kind = ITEM_SIMPLE; }

/* The head of an item, and the content of what has no parts. Tags, floats and indefinite lengths are none that stand in what
 * authenticators make (CTAP2 canonical CBOR). */
static status take_item(slice *rest, item *out) {
    struct cbor_callbacks hear = cbor_empty_callbacks;
    hear.uint8 = on_uint8, hear.uint16 = on_uint16, hear.uint32 = on_uint32, hear.uint64 = on_uint64;
    hear.negint8 = on_negint8, hear.negint16 = on_negint16, hear.negint32 = on_negint32, hear.negint64 = on_negint64;
    hear.byte_string = on_bytes, hear.string = on_text;
    hear.array_start = on_array, hear.map_start = on_map;
    hear.boolean = on_bool, hear.null = on_null;
    item read = {0};
    ENSURE(rest->len > 0, MALFORMED);
    struct cbor_decoder_result done = cbor_stream_decode(rest->at, rest->len, &hear, &read);
    ENSURE(done.status == CBOR_DECODER_FINISHED && read.kind != ITEM_OTHER, MALFORMED);
    ENSURE(done.read > 0 && done.read <= rest->len, MALFORMED);
    *rest = slice_skip(*rest, done.read);
    *out = read;
    return OK;
}

static status take_of(slice *rest, enum item_kind kind, item *out) {
    TRY(take_item(rest, out));
    ENSURE(out->kind == kind, MALFORMED);
    return OK;
}

static status take_map(slice *rest, size_t *count) {
    item map;
    TRY(take_of(rest, ITEM_MAP, &map));
    ENSURE(map.count <= MEMBERS_MOST, MALFORMED);
    *count = map.count;
    return OK;
}

/* A whole item whatever it is; NESTING_MOST bounds how deep it goes. */
static status skip_item(slice *rest, int depth) {
    item one;
    TRY(take_item(rest, &one));
    if (one.kind != ITEM_ARRAY && one.kind != ITEM_MAP) return OK;
    ENSURE(depth < NESTING_MOST && one.count <= MEMBERS_MOST, MALFORMED);
    size_t parts = one.kind == ITEM_MAP ? 2 * one.count : one.count;
    for (size_t i = 0; i < parts; i++) TRY(skip_item(rest, depth + 1));
    return OK;
}

/* ---- public halves as SubjectPublicKeyInfo */

static status der_head(buffer *out, uint8_t tag, size_t len) {
    TRY(buffer_append_byte(out, tag));
    if (len >= 256) TRY(buffer_append_byte(out, 0x82));
    else if (len >= 128) TRY(buffer_append_byte(out, 0x81));
    if (len >= 256) TRY(buffer_append_byte(out, (uint8_t)(len >> 8)));
    return buffer_append_byte(out, (uint8_t)len);
}

/* X.690 §8.3: not negative, not longer than it has to be. */
static status der_unsigned(buffer *out, slice number) {
    while (number.len > 1 && number.at[0] == 0) number = slice_skip(number, 1);
    bool is_padded = number.at[0] >= 0x80;
    TRY(der_head(out, 0x02, number.len + is_padded));
    if (is_padded) TRY(buffer_append_byte(out, 0));
    return buffer_append(out, number);
}

static status der_wrap(uint8_t tag, slice before, const buffer *content, buffer *out) {
    TRY(der_head(out, tag, before.len + content->len));
    TRY(buffer_append(out, before));
    return buffer_append(out, buffer_slice(content));
}

/* RFC 8017 appendix A.1.1 within RFC 5280 §4.1.2.7. */
static status rsa_spki(slice modulus, slice exponent, buffer *out) {
    static const uint8_t ALGORITHM[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    OWNED(buffer) numbers = {0};
    OWNED(buffer) key = {0};
    OWNED(buffer) bits = {0};
    ENSURE(modulus.len > 0 && modulus.len <= RSA_BYTES_MOST && exponent.len > 0 && exponent.len <= 8, UNSUPPORTED);
    TRY(der_unsigned(&numbers, modulus));
    TRY(der_unsigned(&numbers, exponent));
    TRY(der_wrap(0x30, SLICE(""), &numbers, &key));
    TRY(der_wrap(0x03, SLICE("\0"), &key, &bits));
    return der_wrap(0x30, slice_of(ALGORITHM, sizeof ALGORITHM), &bits, out);
}

/* RFC 5480 §2, RFC 9053 §2.1: what stands before the point's coordinates, and how long each of them is. */
static const struct curve_row {
    enum cose_algorithm algorithm;
    int64_t curve;
    enum asymmetric_kind kind;
    enum hash_kind hash;
    size_t coordinate_bytes, head_bytes;
    uint8_t head[28];
} curves[] = {
    {COSE_ES256, 1, ASYMMETRIC_P256, HASH_SHA256, 32, 27, {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04}},
    {COSE_ES384, 2, ASYMMETRIC_P384, HASH_SHA384, 48, 24, {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                                           0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                                           0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04}},
    {COSE_ES512, 3, ASYMMETRIC_P521, HASH_SHA512, 66, 26, {0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                                           0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
                                                           0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00, 0x04}},
};

static const struct curve_row *curve_of(int64_t algorithm) {
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (curves[i].algorithm == algorithm) return &curves[i];
    return NULL;
}

static status curve_spki(const struct curve_row *row, slice x, slice y, buffer *out) {
    ENSURE(x.len == row->coordinate_bytes && y.len == row->coordinate_bytes, MALFORMED);
    TRY(buffer_append(out, slice_of(row->head, row->head_bytes)));
    TRY(buffer_append(out, x));
    return buffer_append(out, y);
}

/* RFC 8410 §4. */
static status ed25519_spki(slice x, buffer *out) {
    static const uint8_t HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    ENSURE(x.len == ED25519_BYTES, MALFORMED);
    TRY(buffer_append(out, slice_of(HEAD, sizeof HEAD)));
    return buffer_append(out, x);
}

/* ---- COSE keys (RFC 9052 §7) */

enum { LABEL_KTY = 1, LABEL_ALG = 3, LABEL_CRV = -1, LABEL_N = -1, LABEL_X = -2, LABEL_E = -2, LABEL_Y = -3 };
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3, CRV_ED25519 = 6 };

typedef struct parameters {
    int64_t labels[MEMBERS_MOST];
    item values[MEMBERS_MOST];
    size_t count;
} parameters;

static const item *find(const parameters *p, int64_t label, enum item_kind kind) {
    for (size_t i = 0; i < p->count; i++)
        if (p->labels[i] == label && p->values[i].kind == kind) return &p->values[i];
    return NULL;
}

static bool is_there(const parameters *p, int64_t label) {
    for (size_t i = 0; i < p->count; i++)
        if (p->labels[i] == label) return true;
    return false;
}

static int64_t number_of(const parameters *p, int64_t label) {
    const item *found = find(p, label, ITEM_NUMBER);
    return found ? found->number : 0; /* none of the values looked for is 0 */
}

static slice bytes_of(const parameters *p, int64_t label) {
    const item *found = find(p, label, ITEM_BYTES);
    return found ? found->bytes : (slice){0};
}

static status read_parameters(slice *rest, parameters *p) {
    size_t count;
    TRY(take_map(rest, &count));
    for (size_t i = 0; i < count; i++) {
        item label, value;
        TRY(take_of(rest, ITEM_NUMBER, &label));
        ENSURE(!is_there(p, label.number), MALFORMED);
        TRY(take_item(rest, &value));
        ENSURE(value.kind == ITEM_NUMBER || value.kind == ITEM_BYTES, MALFORMED);
        p->labels[p->count] = label.number;
        p->values[p->count++] = value;
    }
    return OK;
}

static status spki_of(const parameters *p, cose_key *made) {
    int64_t kty = number_of(p, LABEL_KTY), alg = number_of(p, LABEL_ALG);
    const struct curve_row *row = curve_of(alg);
    if (kty == KTY_EC2 && row && number_of(p, LABEL_CRV) == row->curve) {
        made->algorithm = row->algorithm;
        return curve_spki(row, bytes_of(p, LABEL_X), bytes_of(p, LABEL_Y), &made->spki_der);
    }
    if (kty == KTY_OKP && alg == COSE_EDDSA && number_of(p, LABEL_CRV) == CRV_ED25519) {
        made->algorithm = COSE_EDDSA;
        return ed25519_spki(bytes_of(p, LABEL_X), &made->spki_der);
    }
    ENSURE(kty == KTY_RSA && alg == COSE_RS256, UNSUPPORTED);
    made->algorithm = COSE_RS256;
    return rsa_spki(bytes_of(p, LABEL_N), bytes_of(p, LABEL_E), &made->spki_der);
}

/* The key, whole and on its curve; the caller frees it. */
static status open_key(enum cose_algorithm algorithm, slice spki_der, asymmetric **out) {
    const struct curve_row *row = curve_of(algorithm);
    if (algorithm == COSE_RS256) return asymmetric_from_public_rsa(spki_der, out);
    return asymmetric_from_public(row ? row->kind : ASYMMETRIC_ED25519, spki_der, out);
}

void cose_key_clear(cose_key *k) { buffer_clear(&k->spki_der); }

status cose_key_read(slice *rest, cose_key *out) {
    parameters p = {0};
    OWNED(cose_key) made = {0};
    asymmetric *key = NULL;
    slice after = *rest;
    TRY(read_parameters(&after, &p));
    TRY(spki_of(&p, &made));
    TRY(open_key(made.algorithm, buffer_slice(&made.spki_der), &key));
    asymmetric_free(key);
    *rest = after;
    *out = made;
    made = (cose_key){0};
    return OK;
}

status cose_verify(enum cose_algorithm algorithm, slice spki_der, slice message, slice signature) {
    asymmetric *key = NULL;
    const struct curve_row *row = curve_of(algorithm);
    signing how = {SIGNING_ECDSA, row ? row->hash : HASH_SHA256, false};
    if (algorithm == COSE_EDDSA) how.scheme = SIGNING_ED25519;
    if (algorithm == COSE_RS256) how.scheme = SIGNING_PKCS1;
    TRY(open_key(algorithm, spki_der, &key));
    status verified = asymmetric_verify(key, &how, message, signature);
    asymmetric_free(key);
    return verified;
}

/* ---- authenticator data */

void authenticator_data_clear(authenticator_data *d) { cose_key_clear(&d->key); }

static status read_credential(slice *rest, authenticator_data *made) {
    slice aaguid;
    uint16_t length;
    ENSURE(slice_take(rest, AAGUID_BYTES, &aaguid) && slice_take_u16(rest, &length), MALFORMED);
    ENSURE(length > 0 && length <= CREDENTIAL_ID_MOST, MALFORMED);
    ENSURE(slice_take(rest, length, &made->credential_id), MALFORMED);
    return cose_key_read(rest, &made->key);
}

status authenticator_data_read(slice bytes, authenticator_data *out) {
    OWNED(authenticator_data) made = {0};
    slice rest = bytes;
    ENSURE(slice_take(&rest, HASH_SHA256_BYTES, &made.rp_id_hash), MALFORMED);
    ENSURE(slice_take_u8(&rest, &made.flags) && slice_take_u32(&rest, &made.sign_count), MALFORMED);
    bool is_backed_up = (made.flags & AUTHENTICATOR_BACKED_UP) != 0;
    ENSURE(!is_backed_up || (made.flags & AUTHENTICATOR_BACKUP_ELIGIBLE), MALFORMED);
    if (made.flags & AUTHENTICATOR_ATTESTED) TRY(read_credential(&rest, &made));
    if (made.flags & AUTHENTICATOR_EXTENDED) TRY(skip_item(&rest, 0));
    ENSURE(slice_is_empty(rest), MALFORMED);
    *out = made;
    made = (authenticator_data){0};
    return OK;
}

/* ---- attestation objects */

static bool takes(slice *seen, slice value) {
    if (!slice_is_absent(*seen)) return false;
    *seen = value;
    return true;
}

static status read_statement(slice *rest, attestation *made, size_t *members) {
    TRY(take_map(rest, members));
    for (size_t i = 0; i < *members; i++) {
        item name, value;
        TRY(take_of(rest, ITEM_TEXT, &name));
        ENSURE(!slice_equals_text(name.bytes, "x5c"), UNSUPPORTED);
        TRY(take_item(rest, &value));
        bool is_signature = slice_equals_text(name.bytes, "sig") && value.kind == ITEM_BYTES;
        bool is_algorithm = slice_equals_text(name.bytes, "alg") && value.kind == ITEM_NUMBER;
        ENSURE(is_signature || (is_algorithm && made->signature_algorithm == 0), MALFORMED);
        if (is_signature) ENSURE(takes(&made->signature, value.bytes), MALFORMED);
        else made->signature_algorithm = value.number;
    }
    return OK;
}

/* Members in any order, each once. */
static status read_members(slice *rest, attestation *made, slice *format, size_t *statement_members) {
    size_t count;
    bool has_statement = false;
    TRY(take_map(rest, &count));
    ENSURE(count == 3, MALFORMED);
    for (size_t i = 0; i < count; i++) {
        item name, value;
        TRY(take_of(rest, ITEM_TEXT, &name));
        if (slice_equals_text(name.bytes, "attStmt")) {
            ENSURE(!has_statement, MALFORMED);
            has_statement = true;
            TRY(read_statement(rest, made, statement_members));
            continue;
        }
        bool is_format = slice_equals_text(name.bytes, "fmt");
        ENSURE(is_format || slice_equals_text(name.bytes, "authData"), MALFORMED);
        TRY(take_of(rest, is_format ? ITEM_TEXT : ITEM_BYTES, &value));
        ENSURE(takes(is_format ? format : &made->data, value.bytes), MALFORMED);
    }
    return OK;
}

status attestation_read(slice object, attestation *out) {
    attestation made = {0};
    slice rest = object, format = {0};
    size_t members = 0;
    ENSURE(object.len <= ATTESTATION_MOST, MALFORMED);
    TRY(read_members(&rest, &made, &format, &members));
    ENSURE(slice_is_empty(rest), MALFORMED);
    bool is_none = slice_equals_text(format, "none"), is_packed = slice_equals_text(format, "packed");
    ENSURE(is_none || is_packed, UNSUPPORTED);
    if (is_none) ENSURE(members == 0, MALFORMED);
    if (is_packed) ENSURE(!slice_is_absent(made.signature) && made.signature_algorithm != 0, MALFORMED);
    *out = made;
    return OK;
}
