/* Finding the one provider in a document about one or many. */
#include "saml/metadata.h"

/* What was found on the way. */
typedef struct search {
    const xmlNode *entity, *provider;
    maybe_int until;
    size_t providers;
} search;

static void bring_forward(maybe_int *until, maybe_int other) {
    if (other.is_set && (!until->is_set || other.value < until->value)) *until = other;
}

static status look_at(const xmlNode *entity, maybe_int until, arena *memory, search *out) {
    xmlNode *provider;
    maybe_int own;
    TRY(node_child(entity, METADATA_NS, "IDPSSODescriptor", &provider));
    if (provider == NULL) return OK;
    TRY(node_time(provider, "validUntil", memory, &own));
    bring_forward(&until, own);
    *out = (search){entity, provider, until, out->providers + 1};
    return OK;
}

/* The depth is bounded by the document's (document.h). */
static status seek(const xmlNode *node, maybe_int until, arena *memory, search *out) {
    maybe_int own;
    TRY(node_time(node, "validUntil", memory, &own));
    bring_forward(&until, own);
    if (node_is(node, METADATA_NS, "EntityDescriptor")) return look_at(node, until, memory, out);
    ENSURE(node_is(node, METADATA_NS, "EntitiesDescriptor"), MALFORMED);
    for (const xmlNode *each = node_element(node->children); each; each = node_element(each->next)) {
        bool is_group = node_is(each, METADATA_NS, "EntitiesDescriptor");
        if (is_group || node_is(each, METADATA_NS, "EntityDescriptor")) TRY(seek(each, until, memory, out));
    }
    return OK;
}

/* ---- keys (saml-metadata-2.0-os §2.4.1.1) */

static status take_certificate(const xmlNode *node, arena *memory, signing_keys *out) {
    ENSURE(out->count < SIGNATURE_KEYS_MOST, MALFORMED);
    TRY(node_bytes(node, memory, &out->der[out->count]));
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

status metadata_read(const xmlDoc *document, arena *memory, signing_keys *out, maybe_int *until) {
    search found = {0};
    signing_keys made = {0};
    TRY(seek(xmlDocGetRootElement(document), (maybe_int){0}, memory, &found));
    ENSURE(found.providers == 1, MALFORMED);
    TRY(node_attribute(found.entity, "entityID", memory, &made.entity));
    ENSURE(made.entity.len > 0 && made.entity.len <= 1024, MALFORMED);
    for (xmlNode *each = node_element(found.provider->children); each; each = node_element(each->next))
        if (node_is(each, METADATA_NS, "KeyDescriptor")) TRY(take_descriptor(each, memory, &made));
    ENSURE(made.count > 0, MALFORMED);
    *out = made;
    *until = found.until;
    return OK;
}
