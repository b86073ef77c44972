/* From a response's bytes to what its one signed assertion says. */
#include "saml/assertion.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/xmlsec.h>

#include "base/clock.h"
#include "saml/signature.h"

enum { VALUES_MOST = 64, METADATA_MEMORY_MOST = 4 << 20 };

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

static status read_time(const xmlNode *node, const char *name, arena *memory, maybe_int *out) {
    slice text;
    int64_t time_s;
    TRY(node_attribute(node, name, memory, &text));
    *out = (maybe_int){0};
    if (slice_is_absent(text)) return OK;
    TRY(clock_parse_iso(text, &time_s));
    *out = SET_INT(time_s);
    return OK;
}

static status child_text(const xmlNode *parent, const char *name, arena *memory, slice *out) {
    xmlNode *child;
    *out = (slice){0};
    TRY(node_child(parent, SAML_NS, name, &child));
    return child ? node_text(child, memory, out) : OK;
}

/* saml-profiles-2.0-os §4.1.4.2: by bearer, one confirmation. */
static status read_confirmation(const xmlNode *subject, arena *memory, saml_facts *out) {
    xmlNode *confirmation, *data = NULL;
    slice method = {0};
    TRY(node_child(subject, SAML_NS, "SubjectConfirmation", &confirmation));
    if (confirmation) TRY(node_attribute(confirmation, "Method", memory, &method));
    ENSURE(slice_equals_text(method, "urn:oasis:names:tc:SAML:2.0:cm:bearer"), MALFORMED);
    TRY(node_child(confirmation, SAML_NS, "SubjectConfirmationData", &data));
    ENSURE(data != NULL, MALFORMED);
    TRY(node_attribute(data, "Recipient", memory, &out->recipient));
    TRY(read_time(data, "NotBefore", memory, &out->confirmed_from));
    return read_time(data, "NotOnOrAfter", memory, &out->confirmed_until);
}

static status read_subject(const xmlNode *assertion, arena *memory, saml_facts *out) {
    xmlNode *subject, *name = NULL;
    TRY(node_child(assertion, SAML_NS, "Subject", &subject));
    if (subject) TRY(node_child(subject, SAML_NS, "NameID", &name));
    ENSURE(name != NULL, MALFORMED);
    TRY(node_text(name, memory, &out->subject));
    TRY(node_attribute(name, "Format", memory, &out->subject_type));
    return read_confirmation(subject, memory, out);
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
    TRY(read_time(conditions, "NotBefore", memory, &out->valid_from));
    TRY(read_time(conditions, "NotOnOrAfter", memory, &out->valid_until));
    for (each = node_element(conditions->children); each; each = node_element(each->next)) {
        bool is_known = node_is(each, SAML_NS, "AudienceRestriction") || node_is(each, SAML_NS, "OneTimeUse");
        ENSURE(is_known, MALFORMED); /* a condition that is not understood is not met */
    }
    TRY(node_child(conditions, SAML_NS, "AudienceRestriction", &restriction));
    ENSURE(restriction != NULL, MALFORMED);
    return read_values(restriction, "Audience", memory, &out->audience);
}

/* ---- attributes: both clouds' names for three of them */

enum wanted { WANTED_ROLE, WANTED_SESSION_NAME, WANTED_DURATION, WANTED_COUNT };

static enum wanted attribute_of(slice name) {
    static const char *const NAMES[WANTED_COUNT] = {"Role", "RoleSessionName", "SessionDuration"};
    static const char *const BEGINNINGS[] = {"https://www.aliyun.com/SAML-Role/Attributes/",
                                             "https://aws.amazon.com/SAML/Attributes/"};
    for (size_t i = 0; i < 2; i++) {
        slice beginning = slice_of_text(BEGINNINGS[i]);
        if (!slice_starts_with(name, beginning)) continue;
        for (int which = 0; which < WANTED_COUNT; which++)
            if (slice_equals_text(slice_skip(name, beginning.len), NAMES[which])) return (enum wanted)which;
    }
    return WANTED_COUNT;
}

/* One that is there twice, in one cloud's words or in both, could be read in two ways; roles add up. */
static status take_attribute(const xmlNode *attribute, arena *memory, saml_facts *out) {
    slice name;
    slice_list values;
    int64_t number;
    TRY(node_attribute(attribute, "Name", memory, &name));
    enum wanted which = attribute_of(name);
    if (which == WANTED_COUNT) return OK;
    TRY(read_values(attribute, "AttributeValue", memory, &values));
    if (which == WANTED_ROLE) {
        ENSURE(out->roles.count + values.count <= VALUES_MOST, MALFORMED);
        for (size_t i = 0; i < values.count; i++) out->roles.at[out->roles.count++] = values.at[i];
        return OK;
    }
    ENSURE(values.count == 1, MALFORMED);
    if (which == WANTED_SESSION_NAME) {
        ENSURE(slice_is_absent(out->session_name), MALFORMED);
        out->session_name = values.at[0];
        return OK;
    }
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
    TRY(read_time(authentication, "SessionNotOnOrAfter", memory, &out->session_until));
    for (each = node_element(attributes->children); each; each = node_element(each->next))
        if (node_is(each, SAML_NS, "Attribute")) TRY(take_attribute(each, memory, out));
    return OK;
}

static status read_facts(const xmlNode *assertion, arena *memory, saml_facts *out) {
    slice version;
    saml_facts made = {0};
    TRY(node_attribute(assertion, "Version", memory, &version));
    ENSURE(slice_equals_text(version, "2.0"), MALFORMED);
    TRY(node_attribute(assertion, "ID", memory, &made.id));
    TRY(read_time(assertion, "IssueInstant", memory, &made.issued_at));
    TRY(child_text(assertion, "Issuer", memory, &made.issuer));
    TRY(read_subject(assertion, memory, &made));
    TRY(read_conditions(assertion, memory, &made));
    TRY(read_statements(assertion, memory, &made));
    *out = made;
    return OK;
}

/* ---- the document */

/* One assertion right below the response; signatures only where they belong. */
static status find_assertion(const xmlDoc *document, xmlNode **out) {
    const xmlNode *root = xmlDocGetRootElement(document);
    xmlNode *assertion = NULL, *outer, *inner, *state, *code = NULL;
    OWNED(arena) memory = {0};
    slice value = {0};
    ENSURE(node_is(root, SAMLP_NS, "Response"), MALFORMED);
    TRY(node_child(root, SAML_NS, "Assertion", &assertion));
    ENSURE(assertion != NULL && node_count(root, "Assertion") == 1, MALFORMED);
    ENSURE(node_count(root, "EncryptedAssertion") == 0 && node_count(root, "Response") == 1, MALFORMED);
    TRY(node_child(root, DSIG_NS, "Signature", &outer));
    TRY(node_child(assertion, DSIG_NS, "Signature", &inner));
    ENSURE(inner != NULL && node_count(root, "Signature") == 1 + (outer != NULL), MALFORMED);
    TRY(node_child(root, SAMLP_NS, "Status", &state));
    if (state) TRY(node_child(state, SAMLP_NS, "StatusCode", &code));
    if (code) TRY(node_attribute(code, "Value", &memory, &value));
    ENSURE(slice_equals_text(value, "urn:oasis:names:tc:SAML:2.0:status:Success"), MALFORMED);
    *out = assertion;
    return OK;
}

static status read_response(const signing_keys *keys, xmlDoc *document, arena *memory, saml_facts *out) {
    xmlNode *assertion;
    saml_facts made;
    TRY(find_assertion(document, &assertion));
    TRY(signature_verify(document, assertion, keys));
    TRY(read_facts(assertion, memory, &made));
    ENSURE(slice_equals(made.issuer, keys->entity), VERIFICATION);
    *out = made;
    return OK;
}

static status read_with(const xmlDoc *metadata, slice response, arena *memory, saml_facts *out) {
    signing_keys keys;
    xmlDoc *document = NULL;
    TRY(signing_keys_read(metadata, memory, &keys));
    TRY(document_parse(response, &document));
    status read = read_response(&keys, document, memory, out);
    xmlFreeDoc(document);
    return read;
}

status saml_read(slice metadata, slice response, arena *memory, saml_facts *out) {
    xmlDoc *parsed = NULL;
    ENSURE(metadata.len <= SAML_METADATA_MOST && response.len <= SAML_RESPONSE_MOST, SAML_ASSERTION);
    status read = document_parse(metadata, &parsed);
    if (!FAILED(read)) read = read_with(parsed, response, memory, out);
    if (parsed) xmlFreeDoc(parsed);
    return FAILED(read) && !FAILED_WITH(read, OUT_OF_MEMORY) ? FAIL(SAML_ASSERTION) : read;
}

status saml_check_metadata(slice metadata) {
    OWNED(arena) memory = {.limit = METADATA_MEMORY_MOST};
    signing_keys keys;
    xmlDoc *parsed = NULL;
    ENSURE(metadata.len <= SAML_METADATA_MOST, SAML_METADATA);
    status read = document_parse(metadata, &parsed);
    if (!FAILED(read)) read = signing_keys_read(parsed, &memory, &keys);
    if (parsed) xmlFreeDoc(parsed);
    return FAILED(read) && !FAILED_WITH(read, OUT_OF_MEMORY) ? FAIL(SAML_METADATA) : read;
}
