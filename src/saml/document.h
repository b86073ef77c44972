/* XML documents from outside as trees, and walking them. */
#ifndef SAML_DOCUMENT_H
#define SAML_DOCUMENT_H

#include <libxml/tree.h>

#include "base/arena.h"
#include "contract/shape.h"

#define SAML_NS "urn:oasis:names:tc:SAML:2.0:assertion"
#define SAMLP_NS "urn:oasis:names:tc:SAML:2.0:protocol"
#define METADATA_NS "urn:oasis:names:tc:SAML:2.0:metadata"
#define DSIG_NS "http://www.w3.org/2000/09/xmldsig#"
#define XENC_NS "http://www.w3.org/2001/04/xmlenc#"
#define XENC11_NS "http://www.w3.org/2009/xmlenc11#"

/* MALFORMED: not UTF-8; NUL; any "<!" (DTD, comment, CDATA); "<?" other than a declaration at the start; not well-formed; deeper than 64. Freed with
 * xmlFreeDoc. */
status document_parse(slice text, xmlDoc **out);

bool node_is(const xmlNode *node, const char *space, const char *name);
/* The only child element of that name. MALFORMED when there are several; *out NULL when there is none. */
status node_child(const xmlNode *parent, const char *space, const char *name, xmlNode **out);
/* The next element among siblings, from `node` on; NULL at the end. */
xmlNode *node_element(xmlNode *node);
/* How many elements of that local name there are, in whatever namespace, at and below the node. */
size_t node_count(const xmlNode *node, const char *name);

/* The text of an element that holds nothing but text, trimmed, in the arena. MALFORMED. */
status node_text(const xmlNode *node, arena *memory, slice *out);
/* An attribute without namespace; absent when it is not there. */
status node_attribute(const xmlNode *node, const char *name, arena *memory, slice *out);
/* An attribute that is a time (xs:dateTime with its zone); not set when it is not there. */
status node_time(const xmlNode *node, const char *name, arena *memory, maybe_int *out);
/* The text of an element as the bytes it is base64 of, with blanks wherever. */
status node_bytes(const xmlNode *node, arena *memory, slice *out);
/* Algorithm of the only child element of that name; absent when there is none. */
status node_algorithm(const xmlNode *parent, const char *space, const char *name, arena *memory, slice *out);

#endif
