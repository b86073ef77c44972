/* Enveloped signatures, of assertions and of metadata: whether one is of the one shape that is taken, and by one of the keys that are. */
#ifndef SAML_SIGNATURE_H
#define SAML_SIGNATURE_H

#include "saml/document.h"

enum { SIGNATURE_KEYS_MOST = 8 };

/* The DER certificates by which somebody may sign. */
typedef struct signing_keys {
    slice der[SIGNATURE_KEYS_MOST];
    size_t count;
    slice entity; /* whose they are */
} signing_keys;

/* VERIFICATION unless the element is signed, in the one shape that is taken, by one of the keys. */
status signature_verify(xmlDoc *document, xmlNode *element, const signing_keys *keys);

/* Whether it is a certificate of a key that signatures are taken by. */
bool signing_key_is_strong(slice der);

#endif
