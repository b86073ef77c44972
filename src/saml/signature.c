/* xmlsec does canonicalisation, digests and signatures; what it is let to do is fixed here first, by the shape of the signature, and a
 * second time by what its context allows. */
#include "saml/signature.h"

#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

#include "base/text.h"

#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED DSIG_NS "enveloped-signature"
enum { RSA_BITS_LEAST = 2048, CURVE_BITS_LEAST = 256, ID_BYTES_MOST = 256 };

static bool is_one_of(slice text, const char *const *list) {
    for (size_t i = 0; list[i]; i++)
        if (slice_equals_text(text, list[i])) return true;
    return false;
}

/* ---- the shape */

static status algorithm_of(const xmlNode *parent, const char *name, arena *memory, slice *out) {
    xmlNode *method;
    TRY(node_child(parent, DSIG_NS, name, &method));
    ENSURE(method != NULL, VERIFICATION);
    return node_attribute(method, "Algorithm", memory, out);
}

/* Enveloped signature, then exclusive c14n; nothing more, nothing else. */
static status check_transforms(const xmlNode *reference, arena *memory) {
    static const char *const WANTED[] = {ENVELOPED, EXCLUSIVE};
    xmlNode *transforms, *each;
    size_t count = 0;
    slice algorithm;
    TRY(node_child(reference, DSIG_NS, "Transforms", &transforms));
    ENSURE(transforms != NULL, VERIFICATION);
    for (each = node_element(transforms->children); each; each = node_element(each->next)) {
        ENSURE(count < 2 && node_is(each, DSIG_NS, "Transform"), VERIFICATION);
        TRY(node_attribute(each, "Algorithm", memory, &algorithm));
        ENSURE(slice_equals_text(algorithm, WANTED[count++]), VERIFICATION);
    }
    ENSURE(count == 2, VERIFICATION);
    return OK;
}

static status check_reference(const xmlNode *info, slice id, arena *memory) {
    static const char *const DIGESTS[] = {"http://www.w3.org/2001/04/xmlenc#sha256",
                                          "http://www.w3.org/2001/04/xmldsig-more#sha384",
                                          "http://www.w3.org/2001/04/xmlenc#sha512", NULL};
    xmlNode *reference;
    slice uri, digest;
    TRY(node_child(info, DSIG_NS, "Reference", &reference));
    ENSURE(reference != NULL, VERIFICATION);
    TRY(node_attribute(reference, "URI", memory, &uri));
    ENSURE(uri.len == id.len + 1 && uri.at[0] == '#' && slice_equals(slice_skip(uri, 1), id), VERIFICATION);
    TRY(algorithm_of(reference, "DigestMethod", memory, &digest));
    ENSURE(is_one_of(digest, DIGESTS), VERIFICATION);
    return check_transforms(reference, memory);
}

static status check_shape(const xmlNode *signature, slice id, arena *memory) {
    static const char *const METHODS[] = {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",   "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",   "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", NULL};
    xmlNode *info;
    slice form, method;
    ENSURE(node_count(signature, "Object") == 0 && node_count(signature, "SignedInfo") == 1, VERIFICATION);
    ENSURE(node_count(signature, "Reference") == 1, VERIFICATION);
    TRY(node_child(signature, DSIG_NS, "SignedInfo", &info));
    ENSURE(info != NULL, VERIFICATION);
    TRY(algorithm_of(info, "CanonicalizationMethod", memory, &form));
    TRY(algorithm_of(info, "SignatureMethod", memory, &method));
    ENSURE(slice_equals_text(form, EXCLUSIVE) && is_one_of(method, METHODS), VERIFICATION);
    return check_reference(info, id, memory);
}

/* ---- the ID */

/* How many elements have that value in an attribute that means an ID to somebody. */
static size_t count_id(const xmlNode *node, slice id) {
    size_t count = 0;
    for (const xmlAttr *each = node->properties; each; each = each->next) {
        bool is_id = xmlStrcasecmp(each->name, (const xmlChar *)"id") == 0 ||
                     xmlStrcasecmp(each->name, (const xmlChar *)"AssertionID") == 0;
        const xmlNode *value = each->children;
        count += is_id && value && value->content && slice_equals_text(id, (const char *)value->content);
    }
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE) count += count_id(child, id);
    return count;
}

/* The reference leads to this element and to no other. */
static status register_id(xmlDoc *document, xmlNode *assertion, arena *memory, slice *id) {
    xmlAttr *attribute = xmlHasNsProp(assertion, (const xmlChar *)"ID", NULL);
    TRY(node_attribute(assertion, "ID", memory, id));
    ENSURE(attribute != NULL && id->len > 0 && id->len <= ID_BYTES_MOST, VERIFICATION);
    ENSURE(count_id(xmlDocGetRootElement(document), *id) == 1, VERIFICATION);
    ENSURE(xmlAddID(NULL, document, attribute->children->content, attribute) != NULL, VERIFICATION);
    return OK;
}

/* ---- the cryptography */

static bool key_is_strong(xmlSecKey *key) {
    xmlSecKeyData *value = xmlSecKeyGetValue(key);
    int bits = value ? (int)xmlSecKeyDataGetSize(value) : 0;
    bool is_rsa = value && xmlSecKeyDataCheckId(value, xmlSecKeyDataRsaId);
    bool is_curve = value && xmlSecKeyDataCheckId(value, xmlSecKeyDataEcdsaId);
    return (is_rsa && bits >= RSA_BITS_LEAST) || (is_curve && bits >= CURVE_BITS_LEAST);
}

static bool allow_only(xmlSecDSigCtx *context) {
    const xmlSecTransformId allowed[] = {xmlSecTransformEnvelopedId, xmlSecTransformExclC14NId, xmlSecTransformSha256Id,
                                         xmlSecTransformSha384Id, xmlSecTransformSha512Id};
    const xmlSecTransformId methods[] = {xmlSecTransformRsaSha256Id,   xmlSecTransformRsaSha384Id,
                                         xmlSecTransformRsaSha512Id,   xmlSecTransformEcdsaSha256Id,
                                         xmlSecTransformEcdsaSha384Id, xmlSecTransformExclC14NId};
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    bool is_set = true;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        is_set &= xmlSecDSigCtxEnableReferenceTransform(context, allowed[i]) >= 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        is_set &= xmlSecDSigCtxEnableSignatureTransform(context, methods[i]) >= 0;
    return is_set;
}

static bool verifies(xmlNode *signature, slice der) {
    xmlSecDSigCtx *context = xmlSecDSigCtxCreate(NULL);
    if (!context) return false;
    context->signKey =
        xmlSecCryptoAppKeyLoadMemory(der.at, (xmlSecSize)der.len, xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    bool is_ready = context->signKey && key_is_strong(context->signKey) && allow_only(context);
    bool is_good = is_ready && xmlSecDSigCtxVerify(context, signature) >= 0 &&
                   context->status == xmlSecDSigStatusSucceeded &&
                   xmlSecPtrListGetSize(&context->signedInfoReferences) == 1;
    xmlSecDSigCtxDestroy(context);
    return is_good;
}

status signature_verify(xmlDoc *document, xmlNode *assertion, const signing_keys *keys) {
    OWNED(arena) memory = {0};
    xmlNode *signature;
    slice id;
    TRY(node_child(assertion, DSIG_NS, "Signature", &signature));
    ENSURE(signature != NULL, VERIFICATION);
    TRY(register_id(document, assertion, &memory, &id));
    TRY(check_shape(signature, id, &memory));
    for (size_t i = 0; i < keys->count; i++)
        if (verifies(signature, keys->der[i])) return OK;
    return FAIL(VERIFICATION);
}

/* ---- keys of metadata (saml-metadata-2.0-os §2.4.1.1) */

static status without_blanks(slice text, arena *memory, slice *out) {
    uint8_t *copy = arena_take_raw(memory, text.len + 1);
    size_t len = 0;
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] > ' ') copy[len++] = text.at[i];
    *out = slice_of(copy, len);
    return OK;
}

static status take_certificate(const xmlNode *node, arena *memory, signing_keys *out) {
    slice text, plain;
    ENSURE(out->count < SIGNATURE_KEYS_MOST, MALFORMED);
    TRY(node_text(node, memory, &text));
    TRY(without_blanks(text, memory, &plain));
    TRY(base64_decode(plain, memory, &out->der[out->count]));
    out->count++;
    return OK;
}

static status take_descriptor(const xmlNode *descriptor, arena *memory, signing_keys *out) {
    xmlNode *info, *data, *each;
    slice use;
    TRY(node_attribute(descriptor, "use", memory, &use));
    if (!slice_is_absent(use) && !slice_equals_text(use, "signing")) return OK;
    TRY(node_child(descriptor, DSIG_NS, "KeyInfo", &info));
    if (info) TRY(node_child(info, DSIG_NS, "X509Data", &data));
    ENSURE(info != NULL && data != NULL, MALFORMED);
    for (each = node_element(data->children); each; each = node_element(each->next))
        if (node_is(each, DSIG_NS, "X509Certificate")) TRY(take_certificate(each, memory, out));
    return OK;
}

status signing_keys_read(const xmlDoc *metadata, arena *memory, signing_keys *out) {
    const xmlNode *root = xmlDocGetRootElement(metadata);
    xmlNode *provider, *each;
    signing_keys made = {0};
    ENSURE(node_is(root, METADATA_NS, "EntityDescriptor"), MALFORMED);
    TRY(node_attribute(root, "entityID", memory, &made.entity));
    TRY(node_child(root, METADATA_NS, "IDPSSODescriptor", &provider));
    ENSURE(provider != NULL && made.entity.len > 0 && made.entity.len <= 1024, MALFORMED);
    for (each = node_element(provider->children); each; each = node_element(each->next))
        if (node_is(each, METADATA_NS, "KeyDescriptor")) TRY(take_descriptor(each, memory, &made));
    ENSURE(made.count > 0, MALFORMED);
    *out = made;
    return OK;
}
