/* The signature of an assertion: whether it is of the one shape that is taken, and by one of the keys that are. */
#ifndef SAML_SIGNATURE_H
#define SAML_SIGNATURE_H

#include "saml/document.h"

enum { SIGNATURE_KEYS_MOST = 8 };

/* The DER certificates by which an identity provider may sign, out of its metadata. MALFORMED. */
typedef struct signing_keys {
    slice der[SIGNATURE_KEYS_MOST];
    size_t count;
    slice entity; /* whose they are */
} signing_keys;
status signing_keys_read(const xmlDoc *metadata, arena *memory, signing_keys *out);

/* VERIFICATION unless the assertion is signed, in the one shape that is taken, by one of the keys. */
status signature_verify(xmlDoc *document, xmlNode *assertion, const signing_keys *keys);

#endif
