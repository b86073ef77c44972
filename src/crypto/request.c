/* Requests by libcrypto. */
#include "crypto/request.h"

#include <openssl/pem.h>

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"
#include "crypto/names.h"

static status subject_set(X509_REQ *request, const request_wish *wish) {
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    ENSURE(wish->part_count > 0 && wish->part_count <= REQUEST_PARTS_MOST, CERTIFICATE_SUBJECT);
    for (size_t i = wish->part_count; i-- > 0;) {
        const name_part *part = &wish->parts[i];
        ENSURE(part->value.len > 0 && part->value.len <= INT16_MAX, CERTIFICATE_SUBJECT);
        int added =
            X509_NAME_add_entry_by_txt(subject, part->type, MBSTRING_UTF8, part->value.at, (int)part->value.len, -1, 0);
        ENSURE(!FAILED(libcrypto_result(added)), CERTIFICATE_SUBJECT);
    }
    return OK;
}

static status names_list(const request_wish *wish, GENERAL_NAMES *list) {
    for (size_t i = 0; i < wish->name_count; i++) {
        FREED(GENERAL_NAME) made = NULL;
        status read = server_name_make(wish->names[i], &made);
        ENSURE(!FAILED_WITH(read, INVALID_PARAMETER), CERTIFICATE_NAMES);
        TRY(read);
        ENSURE(sk_GENERAL_NAME_push(list, made) > 0, OUT_OF_MEMORY);
        made = NULL;
    }
    return OK;
}

/* RFC 2985 §5.4.2: the extensions asked for. */
static status names_set(X509_REQ *request, const request_wish *wish) {
    ENSURE(wish->name_count <= REQUEST_NAMES_MOST, CERTIFICATE_NAMES);
    if (wish->name_count == 0) return OK;
    FREED(GENERAL_NAMES) list = GENERAL_NAMES_new();
    ENSURE(list != NULL, OUT_OF_MEMORY);
    TRY(names_list(wish, list));
    FREED(X509_EXTENSIONS) wanted = NULL;
    TRY(libcrypto_result(X509V3_add1_i2d(&wanted, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT)));
    return libcrypto_result(X509_REQ_add_extensions(request, wanted));
}

static status sign(X509_REQ *request, const asymmetric *key) {
    bool is_sm2 = key->kind == ASYMMETRIC_SM2;
    FREED(EVP_PKEY_CTX) inner = EVP_PKEY_CTX_new_from_pkey(NULL, key->key, NULL);
    FREED(EVP_MD_CTX) context = EVP_MD_CTX_new();
    ENSURE(inner != NULL && context != NULL, OUT_OF_MEMORY);
    EVP_MD_CTX_set_pkey_ctx(context, inner);
    if (is_sm2) TRY(libcrypto_result(EVP_PKEY_CTX_set1_id(inner, SM2_USER_ID, sizeof SM2_USER_ID - 1)));
    const EVP_MD *hash = algorithm_hash(is_sm2 ? HASH_SM3 : HASH_SHA256);
    TRY(libcrypto_result(EVP_DigestSignInit(context, NULL, hash, NULL, key->key)));
    return X509_REQ_sign_ctx(request, context) > 0 ? OK : libcrypto_failure();
}

static status pem_write(X509_REQ *request, buffer *pem) {
    FREED(BIO) text = BIO_new(BIO_s_mem());
    ENSURE(text != NULL, OUT_OF_MEMORY);
    TRY(libcrypto_result(PEM_write_bio_X509_REQ(text, request)));
    char *at = NULL;
    long size = BIO_get_mem_data(text, &at);
    ENSURE(size > 0, INTERNAL);
    return buffer_append(pem, slice_of(at, (size_t)size));
}

status request_make(const asymmetric *key, const request_wish *wish, buffer *pem) {
    ENSURE(key->kind != ASYMMETRIC_ED25519, UNSUPPORTED);
    FREED(X509_REQ) made = X509_REQ_new();
    ENSURE(made != NULL, OUT_OF_MEMORY);
    TRY(libcrypto_result(X509_REQ_set_version(made, X509_REQ_VERSION_1)));
    TRY(subject_set(made, wish));
    TRY(names_set(made, wish));
    TRY(libcrypto_result(X509_REQ_set_pubkey(made, key->key)));
    status is_signed = sign(made, key);
    stack_wipe();
    TRY(is_signed);
    return pem_write(made, pem);
}
