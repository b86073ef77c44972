/* The shape first, as with signatures; then xmlsec decrypts, with one key and one kind of cipher. */
#include "saml/encrypted.h"

#include <xmlsec/crypto.h>
#include <xmlsec/keys.h>
#include <xmlsec/xmlenc.h>

#define ELEMENT XENC_NS "Element"
enum { WRAPPED_BYTES_MOST = 512 };

static bool is_gcm(slice method, size_t *key_bytes) {
    bool is_128 = slice_equals_text(method, XENC11_NS "aes128-gcm");
    *key_bytes = is_128 ? 16 : 32;
    return is_128 || slice_equals_text(method, XENC11_NS "aes256-gcm");
}

/* ---- the shape */

/* The one EncryptedData, and how its cipher is called. */
static status data_of(const xmlNode *encrypted, arena *memory, xmlNode **out, size_t *key_bytes) {
    slice type, method;
    bool is_one = node_count(encrypted, "EncryptedData") == 1 && node_count(encrypted, "EncryptedKey") == 1;
    ENSURE(is_one && node_count(encrypted, "CipherReference") == 0, MALFORMED);
    TRY(node_child(encrypted, XENC_NS, "EncryptedData", out));
    ENSURE(*out != NULL, MALFORMED);
    TRY(node_attribute(*out, "Type", memory, &type));
    TRY(node_algorithm(*out, XENC_NS, "EncryptionMethod", memory, &method));
    ENSURE(slice_is_absent(type) || slice_equals_text(type, ELEMENT), MALFORMED);
    ENSURE(is_gcm(method, key_bytes), MALFORMED);
    return OK;
}

static status key_of(const xmlNode *encrypted, const xmlNode *data, xmlNode **out) {
    xmlNode *info;
    TRY(node_child(encrypted, XENC_NS, "EncryptedKey", out));
    TRY(node_child(data, DSIG_NS, "KeyInfo", &info));
    if (*out == NULL && info != NULL) TRY(node_child(info, XENC_NS, "EncryptedKey", out));
    ENSURE(*out != NULL, MALFORMED);
    return OK;
}

/* OAEP is SHA-1 where nothing else is said (xmlenc-core1 §5.5.2); hash and MGF have to be of one kind. */
static status read_wrapping(const xmlNode *key, arena *memory, bool *is_sha256) {
    xmlNode *method, *label;
    slice name, digest, mask;
    TRY(node_child(key, XENC_NS, "EncryptionMethod", &method));
    ENSURE(method != NULL, MALFORMED);
    TRY(node_attribute(method, "Algorithm", memory, &name));
    TRY(node_algorithm(method, DSIG_NS, "DigestMethod", memory, &digest));
    TRY(node_algorithm(method, XENC11_NS, "MGF", memory, &mask));
    TRY(node_child(method, XENC_NS, "OAEPparams", &label));
    bool is_old = slice_equals_text(name, XENC_NS "rsa-oaep-mgf1p"),
         is_new = slice_equals_text(name, XENC11_NS "rsa-oaep");
    bool hashes_sha1 = slice_is_absent(digest) || slice_equals_text(digest, DSIG_NS "sha1");
    bool masks_sha1 = slice_is_absent(mask) || (is_new && slice_equals_text(mask, XENC11_NS "mgf1sha1"));
    bool both_sha256 =
        is_new && slice_equals_text(digest, XENC_NS "sha256") && slice_equals_text(mask, XENC11_NS "mgf1sha256");
    ENSURE((is_old || is_new) && label == NULL, MALFORMED);
    ENSURE((hashes_sha1 && masks_sha1) || both_sha256, MALFORMED);
    *is_sha256 = both_sha256;
    return OK;
}

static status cipher_value(const xmlNode *of, arena *memory, slice *out) {
    xmlNode *data, *value = NULL;
    TRY(node_child(of, XENC_NS, "CipherData", &data));
    if (data) TRY(node_child(data, XENC_NS, "CipherValue", &value));
    ENSURE(value != NULL, MALFORMED);
    return node_bytes(value, memory, out);
}

status encrypted_wrapped_key(const xmlNode *encrypted, arena *memory, saml_wrapped_key *out) {
    xmlNode *data, *key;
    size_t key_bytes;
    bool is_sha256;
    saml_wrapped_key made = {0};
    TRY(data_of(encrypted, memory, &data, &key_bytes));
    TRY(key_of(encrypted, data, &key));
    TRY(read_wrapping(key, memory, &is_sha256));
    TRY(cipher_value(key, memory, &made.wrapped));
    ENSURE(made.wrapped.len > 0 && made.wrapped.len <= WRAPPED_BYTES_MOST, MALFORMED);
    made.is_sha256 = SET_BOOL(is_sha256);
    made.key_bytes = SET_INT((int64_t)key_bytes);
    *out = made;
    return OK;
}

/* ---- the cipher */

static bool allow_only_gcm(xmlSecEncCtx *context) {
    const xmlSecTransformId allowed[] = {xmlSecTransformAes128GcmId, xmlSecTransformAes256GcmId};
    bool is_set = true;
    context->transformCtx.enabledUris = xmlSecTransformUriTypeEmpty;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        is_set &= xmlSecPtrListAdd(&context->transformCtx.enabledTransforms, (xmlSecPtr)allowed[i]) >= 0;
    return is_set;
}

static status decrypt(xmlNode *data, slice key, arena *memory, slice *out) {
    xmlSecEncCtx *context = xmlSecEncCtxCreate(NULL);
    ENSURE(context != NULL, OUT_OF_MEMORY);
    context->encKey = xmlSecKeyReadMemory(xmlSecKeyDataAesId, key.at, (xmlSecSize)key.len);
    bool is_ready = context->encKey && allow_only_gcm(context);
    const xmlSecBuffer *plain = is_ready ? xmlSecEncCtxDecryptToBuffer(context, data) : NULL;
    status copied = FAIL(MALFORMED);
    if (plain)
        copied = arena_copy(memory,
                            slice_of(xmlSecBufferGetData((xmlSecBuffer *)(uintptr_t)plain),
                                     xmlSecBufferGetSize((xmlSecBuffer *)(uintptr_t)plain)),
                            out);
    xmlSecEncCtxDestroy(context);
    return copied;
}

status encrypted_open(const xmlNode *encrypted, slice key, arena *memory, xmlDoc **out) {
    xmlNode *data;
    size_t key_bytes;
    slice text;
    TRY(data_of(encrypted, memory, &data, &key_bytes));
    ENSURE(key.len == key_bytes, MALFORMED);
    TRY(decrypt(data, key, memory, &text));
    return document_parse(text, out);
}
