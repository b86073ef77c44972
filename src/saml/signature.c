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
enum { RSA_BITS_LEAST = 2048, CURVE_BYTES_LEAST = 32, CURVE_BYTES_MOST = 66, ID_BYTES_MOST = 256 };

static bool is_one_of(slice text, const char *const *list) {
    for (size_t i = 0; list[i]; i++)
        if (slice_equals_text(text, list[i])) return true;
    return false;
}

/* ---- the shape */

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
    TRY(node_algorithm(reference, DSIG_NS, "DigestMethod", memory, &digest));
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
    TRY(node_algorithm(info, DSIG_NS, "CanonicalizationMethod", memory, &form));
    TRY(node_algorithm(info, DSIG_NS, "SignatureMethod", memory, &method));
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
static status register_id(xmlDoc *document, xmlNode *element, arena *memory, slice *id) {
    xmlAttr *attribute = xmlHasNsProp(element, (const xmlChar *)"ID", NULL);
    TRY(node_attribute(element, "ID", memory, id));
    ENSURE(attribute != NULL && id->len > 0 && id->len <= ID_BYTES_MOST, VERIFICATION);
    ENSURE(count_id(xmlDocGetRootElement(document), *id) == 1, VERIFICATION);
    ENSURE(xmlAddID(NULL, document, attribute->children->content, attribute) != NULL, VERIFICATION);
    return OK;
}

/* ---- the cryptography */

static bool key_is_strong(xmlSecKey *key) {
    xmlSecKeyData *value = xmlSecKeyGetValue(key);
    int size = value ? (int)xmlSecKeyDataGetSize(value) : 0; /* of RSA in bits, of a curve's order in bytes */
    bool is_rsa = value && xmlSecKeyDataCheckId(value, xmlSecKeyDataRsaId);
    bool is_curve = value && xmlSecKeyDataCheckId(value, xmlSecKeyDataEcdsaId);
    return (is_rsa && size >= RSA_BITS_LEAST) || (is_curve && size >= CURVE_BYTES_LEAST && size <= CURVE_BYTES_MOST);
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

status signature_verify(xmlDoc *document, xmlNode *element, const signing_keys *keys) {
    OWNED(arena) memory = {0};
    xmlNode *signature;
    slice id;
    TRY(node_child(element, DSIG_NS, "Signature", &signature));
    ENSURE(signature != NULL, VERIFICATION);
    TRY(register_id(document, element, &memory, &id));
    TRY(check_shape(signature, id, &memory));
    for (size_t i = 0; i < keys->count; i++)
        if (verifies(signature, keys->der[i])) return OK;
    return FAIL(VERIFICATION);
}

bool signing_key_is_strong(slice der) {
    xmlSecKey *key =
        xmlSecCryptoAppKeyLoadMemory(der.at, (xmlSecSize)der.len, xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    bool is_strong = key && key_is_strong(key);
    if (key) xmlSecKeyDestroy(key);
    return is_strong;
}
