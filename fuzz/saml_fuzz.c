/* Any bytes as a response, with the metadata of a provider that has not signed them, and as metadata. */
#include <stdlib.h>

#include "saml/assertion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a key that nobody has any more. */
#define METADATA                                                                                                       \
    "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"x\"><md:IDPSSODescriptor>"      \
    "<md:KeyDescriptor><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>"                      \
    "<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"                      \
    "</md:IDPSSODescriptor></md:EntityDescriptor>"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool is_started;
    OWNED(arena) memory = {.limit = 8 << 20};
    saml_facts facts;
    slice text = slice_of(data, size);
    if (!is_started && FAILED(saml_start())) abort();
    is_started = true;
    saml_measure by = {.metadata = SLICE(METADATA)}, itself = {.metadata = text};
    if (!FAILED(saml_read(&by, text, &memory, &facts)) && !facts.wrapped_key)
        abort(); /* what is encrypted tells its key alone */
    by.content_key = SLICE("0123456789abcdef0123456789abcdef");
    if (!FAILED(saml_read(&by, text, &memory, &facts))) abort();
    status_ignore(saml_read(&itself, text, &memory, &facts));
    status_ignore(saml_check_metadata(text, (slice){0}, &memory, &facts));
    if (!FAILED(saml_check_metadata(text, SLICE("0\3\2\1\0"), &memory, &facts))) abort();
    return 0;
}
