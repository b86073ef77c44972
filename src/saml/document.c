/* Parsing: the dangerous parts of XML are refused by their bytes, before a parser sees them. */
#include "saml/document.h"

#include <libxml/parser.h>

#include "base/clock.h"
#include "base/text.h"

enum { DEPTH_MOST = 64 };

/* In UTF-8 these bytes cannot be part of anything else; in other encodings, which are refused, they could hide. */
static bool is_plain(slice text) {
    slice rest = text;
    bool is_sound = utf8_is_valid(text) && !slice_contains_byte(text, 0) && slice_find(text, SLICE("<!")) == SIZE_MAX;
    if (slice_starts_with(rest, SLICE("<?xml "))) rest = slice_skip(rest, 6);
    return is_sound && slice_find(rest, SLICE("<?")) == SIZE_MAX;
}

static bool is_shallow(const xmlNode *node, unsigned depth) {
    if (depth > DEPTH_MOST) return false;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE && !is_shallow(child, depth + 1)) return false;
    return true;
}

status document_parse(slice text, xmlDoc **out) {
    enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA };
    ENSURE(is_plain(text) && text.len <= INT32_MAX, MALFORMED);
    xmlDoc *made = xmlReadMemory((const char *)text.at, (int)text.len, NULL, "UTF-8", OPTIONS);
    const xmlNode *root = made ? xmlDocGetRootElement(made) : NULL;
    bool is_good = root && made->intSubset == NULL && made->extSubset == NULL && is_shallow(root, 1);
    if (!is_good && made) xmlFreeDoc(made);
    ENSURE(is_good, MALFORMED);
    *out = made;
    return OK;
}

bool node_is(const xmlNode *node, const char *space, const char *name) {
    bool has_name = node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
    return has_name && node->ns && node->ns->href && strcmp((const char *)node->ns->href, space) == 0;
}

status node_child(const xmlNode *parent, const char *space, const char *name, xmlNode **out) {
    xmlNode *found = NULL;
    for (xmlNode *child = parent->children; child; child = child->next) {
        if (!node_is(child, space, name)) continue;
        ENSURE(found == NULL, MALFORMED);
        found = child;
    }
    *out = found;
    return OK;
}

xmlNode *node_element(xmlNode *node) {
    while (node && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

size_t node_count(const xmlNode *node, const char *name) {
    size_t count = node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE) count += node_count(child, name);
    return count;
}

status node_text(const xmlNode *node, arena *memory, slice *out) {
    slice whole = SLICE("");
    for (const xmlNode *child = node->children; child; child = child->next) {
        ENSURE(child->type == XML_TEXT_NODE, MALFORMED);
        TRY(ARENA_JOIN(memory, &whole, whole, slice_of_text((const char *)child->content)));
    }
    *out = slice_trim(whole);
    return OK;
}

status node_attribute(const xmlNode *node, const char *name, arena *memory, slice *out) {
    const xmlAttr *found = xmlHasNsProp((xmlNode *)(uintptr_t)node, (const xmlChar *)name, NULL);
    *out = (slice){0};
    if (found == NULL) return OK;
    slice whole = SLICE("");
    for (const xmlNode *child = found->children; child; child = child->next) {
        ENSURE(child->type == XML_TEXT_NODE, MALFORMED);
        TRY(ARENA_JOIN(memory, &whole, whole, slice_of_text((const char *)child->content)));
    }
    *out = whole;
    return OK;
}

status node_time(const xmlNode *node, const char *name, arena *memory, maybe_int *out) {
    slice text;
    int64_t time_s;
    TRY(node_attribute(node, name, memory, &text));
    *out = (maybe_int){0};
    if (slice_is_absent(text)) return OK;
    TRY(clock_parse_iso(text, &time_s));
    *out = SET_INT(time_s);
    return OK;
}

status node_bytes(const xmlNode *node, arena *memory, slice *out) {
    slice text;
    TRY(node_text(node, memory, &text));
    return base64_decode_spaced(text, memory, out);
}

status node_algorithm(const xmlNode *parent, const char *space, const char *name, arena *memory, slice *out) {
    xmlNode *method;
    *out = (slice){0};
    TRY(node_child(parent, space, name, &method));
    return method ? node_attribute(method, "Algorithm", memory, out) : OK;
}
