/* From a response's bytes to what its one signed assertion says. */
#include "saml/assertion.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/xmlsec.h>

#include "saml/encrypted.h"
#include "saml/metadata.h"

enum { VALUES_MOST = 64 };

/* ---- the libraries */

static void say_nothing(void *context, const char *message, ...) { (void)context, (void)message; }

status saml_start(void) {
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader);
    xmlSecErrorsDefaultCallbackEnableOutput(0);
    ENSURE(xmlSecInit() >= 0 && xmlSecCheckVersion() == 1, INTERNAL);
    ENSURE(xmlSecCryptoAppInit(NULL) >= 0 && xmlSecCryptoInit() >= 0, INTERNAL);
    return OK;
}

void saml_end(void) {
    xmlSecCryptoShutdown();
    xmlSecCryptoAppShutdown();
    xmlSecShutdown();
    xmlCleanupParser();
}

/* ---- what it says */

static status child_text(const xmlNode *parent, const char *name, arena *memory, slice *out) {
    xmlNode *child;
    *out = (slice){0};
    TRY(node_child(parent, SAML_NS, name, &child));
    return child ? node_text(child, memory, out) : OK;
}

/* saml-profiles-2.0-os §4.1.4.2: by bearer, one confirmation. */
static status read_confirmation(const xmlNode *subject, arena *memory, saml_facts *out, slice *answers) {
    xmlNode *confirmation, *data = NULL;
    slice method = {0};
    TRY(node_child(subject, SAML_NS, "SubjectConfirmation", &confirmation));
    if (confirmation) TRY(node_attribute(confirmation, "Method", memory, &method));
    ENSURE(slice_equals_text(method, "urn:oasis:names:tc:SAML:2.0:cm:bearer"), MALFORMED);
    TRY(node_child(confirmation, SAML_NS, "SubjectConfirmationData", &data));
    ENSURE(data != NULL, MALFORMED);
    TRY(node_attribute(data, "Recipient", memory, &out->recipient));
    TRY(node_attribute(data, "InResponseTo", memory, answers));
    TRY(node_time(data, "NotBefore", memory, &out->confirmed_from));
    return node_time(data, "NotOnOrAfter", memory, &out->confirmed_until);
}

static status read_subject(const xmlNode *assertion, arena *memory, saml_facts *out, slice *answers) {
    xmlNode *subject, *name = NULL;
    TRY(node_child(assertion, SAML_NS, "Subject", &subject));
    if (subject) TRY(node_child(subject, SAML_NS, "NameID", &name));
    ENSURE(name != NULL, MALFORMED);
    TRY(node_text(name, memory, &out->subject));
    TRY(node_attribute(name, "Format", memory, &out->subject_type));
    return read_confirmation(subject, memory, out, answers);
}

/* All values of one name among the children. */
static status read_values(const xmlNode *parent, const char *name, arena *memory, slice_list *out) {
    xmlNode *each;
    out->at = ARENA_ARRAY(memory, slice, VALUES_MOST);
    out->count = 0;
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    for (each = node_element(parent->children); each; each = node_element(each->next)) {
        if (!node_is(each, SAML_NS, name)) continue;
        ENSURE(out->count < VALUES_MOST, MALFORMED);
        TRY(node_text(each, memory, &out->at[out->count++]));
    }
    return OK;
}

/* Several restrictions would have to hold together (saml-core §2.5.1.4): only one is understood. */
static status read_conditions(const xmlNode *assertion, arena *memory, saml_facts *out) {
    xmlNode *conditions, *restriction = NULL, *each;
    TRY(node_child(assertion, SAML_NS, "Conditions", &conditions));
    ENSURE(conditions != NULL, MALFORMED);
    TRY(node_time(conditions, "NotBefore", memory, &out->valid_from));
    TRY(node_time(conditions, "NotOnOrAfter", memory, &out->valid_until));
    for (each = node_element(conditions->children); each; each = node_element(each->next)) {
        bool is_known = node_is(each, SAML_NS, "AudienceRestriction") || node_is(each, SAML_NS, "OneTimeUse");
        ENSURE(is_known, MALFORMED); /* a condition that is not understood is not met */
    }
    TRY(node_child(conditions, SAML_NS, "AudienceRestriction", &restriction));
    ENSURE(restriction != NULL, MALFORMED);
    return read_values(restriction, "Audience", memory, &out->audience);
}

/* ---- attributes: both clouds' names for those that say something here */

enum wanted { WANTED_ROLE, WANTED_SESSION_NAME, WANTED_DURATION, WANTED_SOURCE_IDENTITY, WANTED_TAGS, WANTED_COUNT };

static enum wanted attribute_of(slice name) {
    static const char *const NAMES[WANTED_COUNT] = {"Role", "RoleSessionName", "SessionDuration", "SourceIdentity",
                                                    "TransitiveTagKeys"};
    static const char *const BEGINNINGS[] = {"https://www.aliyun.com/SAML-Role/Attributes/",
                                             "https://aws.amazon.com/SAML/Attributes/"};
    for (size_t i = 0; i < 2; i++) {
        slice beginning = slice_of_text(BEGINNINGS[i]);
        if (!slice_starts_with(name, beginning)) continue;
        slice rest = slice_skip(name, beginning.len);
        for (int which = 0; which < WANTED_COUNT; which++)
            if (slice_equals_text(rest, NAMES[which])) return (enum wanted)which;
        if (slice_starts_with(rest, SLICE("PrincipalTag:"))) return WANTED_TAGS;
    }
    return WANTED_COUNT;
}

static status take_text(slice *to, slice value) {
    ENSURE(slice_is_absent(*to) && value.len > 0, MALFORMED);
    *to = value;
    return OK;
}

/* One that is there twice, in one cloud's words or in both, could be read in two ways; roles add up. */
static status take_attribute(const xmlNode *attribute, arena *memory, saml_facts *out) {
    slice name;
    slice_list values;
    int64_t number;
    TRY(node_attribute(attribute, "Name", memory, &name));
    enum wanted which = attribute_of(name);
    if (which == WANTED_TAGS) out->has_tags = SET_BOOL(true);
    if (which == WANTED_COUNT || which == WANTED_TAGS) return OK;
    TRY(read_values(attribute, "AttributeValue", memory, &values));
    if (which == WANTED_ROLE) {
        ENSURE(out->roles.count + values.count <= VALUES_MOST, MALFORMED);
        for (size_t i = 0; i < values.count; i++) out->roles.at[out->roles.count++] = values.at[i];
        return OK;
    }
    ENSURE(values.count == 1, MALFORMED);
    if (which == WANTED_SESSION_NAME) return take_text(&out->session_name, values.at[0]);
    if (which == WANTED_SOURCE_IDENTITY) return take_text(&out->source_identity, values.at[0]);
    ENSURE(!out->session_duration.is_set && slice_to_i64(values.at[0], &number), MALFORMED);
    out->session_duration = SET_INT(number);
    return OK;
}

static status read_statements(const xmlNode *assertion, arena *memory, saml_facts *out) {
    xmlNode *authentication, *attributes, *each;
    out->roles.at = ARENA_ARRAY(memory, slice, VALUES_MOST);
    ENSURE(out->roles.at != NULL, OUT_OF_MEMORY);
    TRY(node_child(assertion, SAML_NS, "AuthnStatement", &authentication));
    TRY(node_child(assertion, SAML_NS, "AttributeStatement", &attributes));
    ENSURE(authentication != NULL && attributes != NULL, MALFORMED);
    TRY(node_time(authentication, "SessionNotOnOrAfter", memory, &out->session_until));
    for (each = node_element(attributes->children); each; each = node_element(each->next))
        if (node_is(each, SAML_NS, "Attribute")) TRY(take_attribute(each, memory, out));
    return OK;
}

/* `asked` is what the response says it answers, which is not signed; the assertion may be silent about it, or say the same. */
static status read_facts(const xmlNode *assertion, slice asked, arena *memory, saml_facts *out) {
    slice version, answers = {0};
    saml_facts made = {0};
    TRY(node_attribute(assertion, "Version", memory, &version));
    ENSURE(slice_equals_text(version, "2.0"), MALFORMED);
    TRY(node_attribute(assertion, "ID", memory, &made.id));
    TRY(node_time(assertion, "IssueInstant", memory, &made.issued_at));
    TRY(child_text(assertion, "Issuer", memory, &made.issuer));
    TRY(read_subject(assertion, memory, &made, &answers));
    ENSURE(slice_is_absent(asked) || slice_is_absent(answers) || slice_equals(asked, answers), MALFORMED);
    TRY(read_conditions(assertion, memory, &made));
    TRY(read_statements(assertion, memory, &made));
    *out = made;
    return OK;
}

/* ---- the document */

static status check_success(const xmlNode *response, arena *memory) {
    xmlNode *state, *code = NULL;
    slice value = {0};
    TRY(node_child(response, SAMLP_NS, "Status", &state));
    if (state) TRY(node_child(state, SAMLP_NS, "StatusCode", &code));
    if (code) TRY(node_attribute(code, "Value", memory, &value));
    ENSURE(slice_equals_text(value, "urn:oasis:names:tc:SAML:2.0:status:Success"), MALFORMED);
    return OK;
}

/* One assertion right below the response, in clear or encrypted; signatures only where they belong. */
static status find_assertion(const xmlNode *root, xmlNode **out) {
    xmlNode *plain, *encrypted, *outer, *inner = NULL;
    ENSURE(node_is(root, SAMLP_NS, "Response") && node_count(root, "Response") == 1, MALFORMED);
    TRY(node_child(root, SAML_NS, "Assertion", &plain));
    TRY(node_child(root, SAML_NS, "EncryptedAssertion", &encrypted));
    ENSURE(node_count(root, "Assertion") == (plain != NULL), MALFORMED);
    ENSURE(node_count(root, "EncryptedAssertion") == (encrypted != NULL), MALFORMED);
    ENSURE((plain != NULL) != (encrypted != NULL), MALFORMED);
    TRY(node_child(root, DSIG_NS, "Signature", &outer));
    if (plain) TRY(node_child(plain, DSIG_NS, "Signature", &inner));
    ENSURE(plain == NULL || inner != NULL, MALFORMED);
    ENSURE(node_count(root, "Signature") == (size_t)(outer != NULL) + (inner != NULL), MALFORMED);
    *out = plain ? plain : encrypted;
    return OK;
}

/* What came out of an EncryptedAssertion: an assertion, and nothing around it. */
static status check_alone(const xmlNode *assertion) {
    xmlNode *signature;
    ENSURE(node_is(assertion, SAML_NS, "Assertion") && node_count(assertion, "Assertion") == 1, MALFORMED);
    ENSURE(node_count(assertion, "EncryptedAssertion") == 0 && node_count(assertion, "Response") == 0, MALFORMED);
    TRY(node_child(assertion, DSIG_NS, "Signature", &signature));
    ENSURE(signature != NULL && node_count(assertion, "Signature") == 1, MALFORMED);
    return OK;
}

/* What reading a response goes by. */
typedef struct reading {
    const saml_measure *by;
    signing_keys keys;
    maybe_int until;
    slice asked; /* InResponseTo of the response */
    arena *memory;
} reading;

static status read_assertion(const reading *r, xmlDoc *document, xmlNode *assertion, saml_facts *out) {
    saml_facts made;
    TRY(signature_verify(document, assertion, &r->keys));
    TRY(read_facts(assertion, r->asked, r->memory, &made));
    ENSURE(slice_equals(made.issuer, r->keys.entity), VERIFICATION);
    made.metadata_until = r->until;
    *out = made;
    return OK;
}

static status read_encrypted(const reading *r, const xmlNode *encrypted, saml_facts *out) {
    xmlDoc *inner = NULL;
    saml_facts made = {.wrapped_key = ARENA_NEW(r->memory, saml_wrapped_key)};
    ENSURE(made.wrapped_key != NULL, OUT_OF_MEMORY);
    TRY(encrypted_wrapped_key(encrypted, r->memory, made.wrapped_key));
    if (r->by->content_key.len == 0) return *out = made, OK;
    TRY(encrypted_open(encrypted, r->by->content_key, r->memory, &inner));
    xmlNode *assertion = xmlDocGetRootElement(inner);
    status read = check_alone(assertion);
    if (!FAILED(read)) read = read_assertion(r, inner, assertion, out);
    xmlFreeDoc(inner);
    return read;
}

static status read_response(reading *r, xmlDoc *document, saml_facts *out) {
    xmlNode *root = xmlDocGetRootElement(document), *found;
    TRY(find_assertion(root, &found));
    TRY(check_success(root, r->memory));
    TRY(node_attribute(root, "InResponseTo", r->memory, &r->asked));
    if (node_is(found, SAML_NS, "EncryptedAssertion")) return read_encrypted(r, found, out);
    ENSURE(!r->by->needs_encryption && r->by->content_key.len == 0, MALFORMED);
    return read_assertion(r, document, found, out);
}

static status read_with(reading *r, const xmlDoc *metadata, slice response, saml_facts *out) {
    xmlDoc *document = NULL;
    TRY(metadata_read(metadata, r->memory, &r->keys, &r->until));
    TRY(document_parse(response, &document));
    status read = read_response(r, document, out);
    xmlFreeDoc(document);
    return read;
}

status saml_read(const saml_measure *by, slice response, arena *memory, saml_facts *out) {
    xmlDoc *parsed = NULL;
    reading r = {.by = by, .memory = memory};
    ENSURE(by->metadata.len <= SAML_METADATA_MOST && response.len <= SAML_RESPONSE_MOST, SAML_ASSERTION);
    status read = document_parse(by->metadata, &parsed);
    if (!FAILED(read)) read = read_with(&r, parsed, response, out);
    if (parsed) xmlFreeDoc(parsed);
    return FAILED(read) && !FAILED_WITH(read, OUT_OF_MEMORY) ? FAIL(SAML_ASSERTION) : read;
}

/* ---- metadata */

static bool has_strong_key(const signing_keys *keys) {
    for (size_t i = 0; i < keys->count; i++)
        if (signing_key_is_strong(keys->der[i])) return true;
    return false;
}

static status check_metadata(xmlDoc *document, slice signer, arena *memory, saml_facts *out) {
    signing_keys keys;
    saml_facts made = {0};
    signing_keys signers = {.der = {signer}, .count = 1};
    if (signer.len > 0) TRY(signature_verify(document, xmlDocGetRootElement(document), &signers));
    TRY(metadata_read(document, memory, &keys, &made.metadata_until));
    ENSURE(has_strong_key(&keys), MALFORMED);
    made.issuer = keys.entity;
    *out = made;
    return OK;
}

status saml_check_metadata(slice metadata, slice signer, arena *memory, saml_facts *out) {
    xmlDoc *parsed = NULL;
    ENSURE(metadata.len <= SAML_METADATA_MOST, SAML_METADATA);
    status read = document_parse(metadata, &parsed);
    if (!FAILED(read)) read = check_metadata(parsed, signer, memory, out);
    if (parsed) xmlFreeDoc(parsed);
    return FAILED(read) && !FAILED_WITH(read, OUT_OF_MEMORY) ? FAIL(SAML_METADATA) : read;
}
