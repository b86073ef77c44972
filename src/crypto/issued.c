/* Reading certificates, and what they say of themselves. */
#include "crypto/issued.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "crypto/issued_private.h"

enum { SERIAL_MOST = 20, TEXT_MOST = 4096, ADDRESS_TEXT = 40 };

static const slice BEGIN = {(const uint8_t *)"-----BEGIN CERTIFICATE-----", 27};
static const slice END = {(const uint8_t *)"-----END CERTIFICATE-----", 25};

static status malformed(void) {
    status_ignore(libcrypto_failure());
    return FAIL(CERTIFICATE_MALFORMED);
}

/* ---- PEM */

static bool is_blank(uint8_t byte) { return byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t'; }

static status body_decode(slice body, arena *memory, slice *der) {
    uint8_t *text = arena_take_raw(memory, body.len + 1);
    size_t length = 0;
    ENSURE(text != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < body.len; i++)
        if (!is_blank(body.at[i])) text[length++] = body.at[i];
    status decoding = base64_decode(slice_of(text, length), memory, der);
    ENSURE(!FAILED_WITH(decoding, MALFORMED), CERTIFICATE_MALFORMED);
    TRY(decoding);
    ENSURE(der->len > 0 && der->len <= ISSUED_DER_MOST, CERTIFICATE_MALFORMED);
    return OK;
}

static status take_block(slice *rest, arena *memory, slice *der) {
    slice text = slice_trim(*rest);
    ENSURE(slice_starts_with(text, BEGIN), CERTIFICATE_MALFORMED);
    text = slice_skip(text, BEGIN.len);
    size_t end = slice_find(text, END);
    ENSURE(end != SIZE_MAX, CERTIFICATE_MALFORMED);
    TRY(body_decode(slice_head(text, end), memory, der));
    *rest = slice_skip(text, end + END.len);
    return OK;
}

/* SM2 signs under a user id; the other algorithms refuse one. */
static status set_user_id(X509 *certificate) {
    if (X509_get_signature_nid(certificate) != NID_SM2_with_SM3) return OK;
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    bool is_made = id && ASN1_OCTET_STRING_set(id, (const uint8_t *)SM2_USER_ID, sizeof SM2_USER_ID - 1) == 1;
    if (is_made) X509_set0_distinguishing_id(certificate, id);
    else ASN1_OCTET_STRING_free(id);
    return is_made ? OK : FAIL(OUT_OF_MEMORY);
}

status issued_take(slice *rest, arena *memory, X509 **out) {
    slice der;
    TRY(take_block(rest, memory, &der));
    const uint8_t *at = der.at;
    FREED(X509) made = d2i_X509(NULL, &at, (long)der.len);
    if (made == NULL || at != der.at + der.len || X509_get0_pubkey(made) == NULL) return malformed();
    TRY(set_user_id(made));
    *out = made;
    made = NULL;
    return OK;
}

/* ---- what it says */

static status text_of(BIO *from, arena *memory, slice *out) {
    char *at = NULL;
    long size = BIO_get_mem_data(from, &at);
    ENSURE(size >= 0 && size <= TEXT_MOST, CERTIFICATE_MALFORMED);
    slice text = size ? slice_of(at, (size_t)size) : SLICE("");
    ENSURE(utf8_is_valid(text) && !slice_contains_byte(text, 0), CERTIFICATE_MALFORMED);
    return arena_copy(memory, text, out);
}

static status name_text(const X509_NAME *name, arena *memory, slice *out) {
    FREED(BIO) text = BIO_new(BIO_s_mem());
    ENSURE(text != NULL, OUT_OF_MEMORY);
    unsigned long form = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    if (X509_NAME_print_ex(text, name, 0, form) < 0) return malformed();
    return text_of(text, memory, out);
}

static status hex_of(const ASN1_STRING *bytes, size_t most, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    int length = ASN1_STRING_length(bytes);
    ENSURE(length > 0 && (size_t)length <= most, CERTIFICATE_MALFORMED);
    TRY(hex_encode(&text, slice_of(ASN1_STRING_get0_data(bytes), (size_t)length)));
    return arena_copy(memory, buffer_slice(&text), out);
}

static status time_of(const ASN1_TIME *time, int64_t *out) {
    struct tm parts = {0};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return malformed();
    *out = timegm(&parts);
    return OK;
}

static bool is_plain(slice name) {
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] > '~') return false;
    return name.len > 0 && name.len <= 253;
}

static status address_text(slice bytes, arena *memory, slice *out) {
    char text[ADDRESS_TEXT];
    size_t used = 0;
    ENSURE(bytes.len == 4 || bytes.len == 16, CERTIFICATE_MALFORMED);
    if (bytes.len == 4)
        return arena_printf(memory, out, "%d.%d.%d.%d", bytes.at[0], bytes.at[1], bytes.at[2], bytes.at[3]);
    for (size_t i = 0; i < bytes.len; i += 2)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%x", i ? ":" : "",
                                 (unsigned)(bytes.at[i] << 8 | bytes.at[i + 1]));
    return arena_copy(memory, slice_of(text, used), out);
}

static status take_name(const GENERAL_NAME *name, arena *memory, issued *out) {
    int kind = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_DNS && kind != GEN_IPADD) return OK;
    slice bytes = slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    ENSURE(out->name_count < ISSUED_NAMES_MOST, CERTIFICATE_MALFORMED);
    slice *text = &out->names[out->name_count++];
    if (kind == GEN_IPADD) return address_text(bytes, memory, text);
    ENSURE(is_plain(bytes), CERTIFICATE_MALFORMED);
    return arena_copy(memory, bytes, text);
}

static status take_names(const X509 *certificate, arena *memory, issued *out) {
    int place = -1;
    FREED(GENERAL_NAMES) list = X509_get_ext_d2i(certificate, NID_subject_alt_name, &place, NULL);
    ENSURE(list != NULL || place == -1, CERTIFICATE_MALFORMED);
    if (list == NULL) return OK;
    out->names = ARENA_ARRAY(memory, slice, ISSUED_NAMES_MOST);
    ENSURE(out->names != NULL, OUT_OF_MEMORY);
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) TRY(take_name(sk_GENERAL_NAME_value(list, i), memory, out));
    return OK;
}

status issued_describe(X509 *certificate, arena *memory, issued *out) {
    issued said = {0};
    const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(certificate);
    const char *algorithm = OBJ_nid2ln(X509_get_signature_nid(certificate));
    TRY(name_text(X509_get_subject_name(certificate), memory, &said.subject));
    TRY(name_text(X509_get_issuer_name(certificate), memory, &said.issuer));
    TRY(hex_of(X509_get0_serialNumber(certificate), SERIAL_MOST, memory, &said.serial));
    TRY(time_of(X509_get0_notBefore(certificate), &said.not_before_s));
    TRY(time_of(X509_get0_notAfter(certificate), &said.not_after_s));
    if (key_id) TRY(hex_of(key_id, 64, memory, &said.key_id));
    TRY(arena_copy(memory, algorithm ? slice_of_text(algorithm) : SLICE("unknown"), &said.signature_algorithm));
    TRY(take_names(certificate, memory, &said));
    *out = said;
    return OK;
}

status issued_read(slice pem, arena *memory, issued *out) {
    FREED(X509) certificate = NULL;
    TRY(issued_take(&pem, memory, &certificate));
    ENSURE(slice_trim(pem).len == 0, CERTIFICATE_MALFORMED);
    status described = issued_describe(certificate, memory, out);
    status_ignore(libcrypto_failure()); /* whatever it noted on the way */
    return described;
}
