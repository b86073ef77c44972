/* Certificates by libcrypto. */
#include "crypto/certificate.h"

#include <openssl/pem.h>
#include <time.h>

#include "crypto/compare.h"
#include "crypto/libcrypto.h"
#include "crypto/names.h"
#include "crypto/random.h"

enum { DAY_S = 24 * 60 * 60, AUTHORITY_DAYS = 3652, SERVER_DAYS = 825, CLOCK_SKEW_S = 60 * 60 };
enum { SERIAL_BYTES = 16, MAX_NAME_BYTES = 64, MAX_PEM_BYTES = 64 * 1024, KEY_PEM_ROOM = 1024 };

/* CA/Browser Forum's advice: at least 64 random bits, positive. */
static status serial_set(X509 *certificate) {
    uint8_t serial[SERIAL_BYTES];
    TRY(random_fill(serial, sizeof serial));
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    ASN1_INTEGER *number = X509_get_serialNumber(certificate);
    return libcrypto_result(ASN1_STRING_set(number, serial, sizeof serial));
}

static status validity_set(X509 *certificate, int days) {
    time_t now = time(NULL);
    if (ASN1_TIME_set(X509_getm_notBefore(certificate), now - CLOCK_SKEW_S) == NULL) return libcrypto_failure();
    if (ASN1_TIME_adj(X509_getm_notAfter(certificate), now, days, 0) == NULL) return libcrypto_failure();
    return OK;
}

static status name_add(X509_NAME *name, const char *field, slice value) {
    int done = X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, value.at, (int)value.len, -1, 0);
    return libcrypto_result(done);
}

static status subject_set(X509 *certificate, slice common_name) {
    ENSURE(common_name.len >= 1 && common_name.len <= MAX_NAME_BYTES, INVALID_PARAMETER);
    X509_NAME *subject = X509_get_subject_name(certificate);
    TRY(name_add(subject, "O", SLICE("Keyhold")));
    return name_add(subject, "CN", common_name);
}

/* An extension in libcrypto's notation; `value` is always text of ours. */
static status extension_add(X509 *certificate, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context = {0};
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    FREED(X509_EXTENSION) extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension == NULL) return libcrypto_failure();
    return libcrypto_result(X509_add_ext(certificate, extension, -1));
}

/* What every certificate has: version 3, serial, validity, key. */
static status certificate_begin(EVP_PKEY *key, int days, X509 **out) {
    FREED(X509) made = X509_new();
    ENSURE(made != NULL, OUT_OF_MEMORY);
    TRY(libcrypto_result(X509_set_version(made, X509_VERSION_3)));
    TRY(serial_set(made));
    TRY(validity_set(made, days));
    TRY(libcrypto_result(X509_set_pubkey(made, key)));
    *out = made;
    made = NULL;
    return OK;
}

static status certificate_sign(X509 *certificate, EVP_PKEY *key) {
    return X509_sign(certificate, key, algorithm_hash(HASH_SHA256)) > 0 ? OK : libcrypto_failure();
}

static status text_take(BIO *from, buffer *out) {
    char *text = NULL;
    long size = BIO_get_mem_data(from, &text);
    ENSURE(size > 0, INTERNAL);
    return buffer_append(out, slice_of(text, (size_t)size));
}

/* Writes both or, on failure, neither. */
static status pem_write(EVP_PKEY *key, X509 *certificate, buffer *key_pem, buffer *certificate_pem) {
    FREED(BIO) key_text = BIO_new(BIO_s_secmem());
    FREED(BIO) certificate_text = BIO_new(BIO_s_mem());
    ENSURE(key_text != NULL && certificate_text != NULL, OUT_OF_MEMORY);
    TRY(libcrypto_result(PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL)));
    TRY(libcrypto_result(PEM_write_bio_X509(certificate_text, certificate)));
    /* Room at once: growing later would leave a copy of the key in freed memory. */
    TRY(buffer_reserve(key_pem, KEY_PEM_ROOM));
    TRY(text_take(certificate_text, certificate_pem));
    return text_take(key_text, key_pem);
}

status certificate_make_authority(slice common_name, buffer *key_pem, buffer *certificate_pem) {
    FREED(EVP_PKEY) key = EVP_EC_gen("P-256");
    if (key == NULL) return libcrypto_failure();
    FREED(X509) made = NULL;
    TRY(certificate_begin(key, AUTHORITY_DAYS, &made));
    TRY(subject_set(made, common_name));
    TRY(libcrypto_result(X509_set_issuer_name(made, X509_get_subject_name(made))));
    TRY(extension_add(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
    TRY(extension_add(made, made, NID_key_usage, "critical,keyCertSign,cRLSign"));
    TRY(extension_add(made, made, NID_subject_key_identifier, "hash"));
    TRY(extension_add(made, made, NID_authority_key_identifier, "keyid:always"));
    TRY(certificate_sign(made, key));
    return pem_write(key, made, key_pem, certificate_pem);
}

static status certificate_read(slice pem, X509 **out) {
    ENSURE(pem.len > 0 && pem.len <= MAX_PEM_BYTES, MALFORMED);
    FREED(BIO) text = BIO_new_mem_buf(pem.at, (int)pem.len);
    ENSURE(text != NULL, OUT_OF_MEMORY);
    *out = PEM_read_bio_X509(text, NULL, NULL, NULL);
    if (*out != NULL) return OK;
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

/* Without this libcrypto would ask on the terminal when the key is encrypted. */
static int no_passphrase(char *out, int size, int is_writing, void *unused) {
    (void)out, (void)size, (void)is_writing, (void)unused;
    return -1;
}

static status private_key_read(slice pem, EVP_PKEY **out) {
    ENSURE(pem.len > 0 && pem.len <= MAX_PEM_BYTES, MALFORMED);
    FREED(BIO) text = BIO_new_mem_buf(pem.at, (int)pem.len);
    ENSURE(text != NULL, OUT_OF_MEMORY);
    *out = PEM_read_bio_PrivateKey(text, NULL, no_passphrase, NULL);
    if (*out != NULL) return OK;
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

static status authority_read(const certificate_authority *authority, EVP_PKEY **key, X509 **certificate) {
    TRY(private_key_read(authority->key_pem, key));
    TRY(certificate_read(authority->certificate_pem, certificate));
    if (X509_check_private_key(*certificate, *key) == 1 && X509_check_ca(*certificate) == 1) return OK;
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

/* RFC 5280 §4.2.1.6. */
static status names_add(X509 *certificate, slice names) {
    FREED(GENERAL_NAMES) list = GENERAL_NAMES_new();
    ENSURE(list != NULL, OUT_OF_MEMORY);
    slice name;
    while (slice_split(&names, ',', &name)) {
        FREED(GENERAL_NAME) made = NULL;
        TRY(server_name_make(slice_trim(name), &made));
        ENSURE(sk_GENERAL_NAME_push(list, made) > 0, OUT_OF_MEMORY);
        made = NULL;
    }
    ENSURE(sk_GENERAL_NAME_num(list) > 0, INVALID_PARAMETER);
    return libcrypto_result(X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT));
}

static status server_describe(X509 *made, X509 *issuer, slice names) {
    slice rest = names, first = {0};
    ENSURE(slice_split(&rest, ',', &first), INVALID_PARAMETER);
    first = slice_trim(first);
    /* A name too long for the subject still stands in the list, where clients look. */
    TRY(subject_set(made, first.len > MAX_NAME_BYTES ? SLICE("server") : first));
    TRY(libcrypto_result(X509_set_issuer_name(made, X509_get_subject_name(issuer))));
    TRY(extension_add(made, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    TRY(extension_add(made, issuer, NID_key_usage, "critical,digitalSignature"));
    TRY(extension_add(made, issuer, NID_ext_key_usage, "serverAuth"));
    TRY(extension_add(made, issuer, NID_subject_key_identifier, "hash"));
    TRY(extension_add(made, issuer, NID_authority_key_identifier, "keyid:always"));
    return names_add(made, names);
}

status certificate_make_server(const certificate_authority *authority, slice names, buffer *key_pem,
                               buffer *certificate_pem) {
    FREED(EVP_PKEY) authority_key = NULL;
    FREED(X509) issuer = NULL;
    TRY(authority_read(authority, &authority_key, &issuer));
    FREED(EVP_PKEY) key = EVP_EC_gen("P-256");
    if (key == NULL) return libcrypto_failure();
    FREED(X509) made = NULL;
    TRY(certificate_begin(key, SERVER_DAYS, &made));
    TRY(server_describe(made, issuer, names));
    TRY(certificate_sign(made, authority_key));
    return pem_write(key, made, key_pem, certificate_pem);
}

status certificate_not_after(slice certificate_pem, int64_t *time_s) {
    FREED(X509) certificate = NULL;
    TRY(certificate_read(certificate_pem, &certificate));
    struct tm parts = {0};
    ENSURE(ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1, MALFORMED);
    *time_s = timegm(&parts);
    return OK;
}
