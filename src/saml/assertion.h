/* SAML 2.0 assertions (saml-core-2.0-os, saml-bindings-2.0-os §3.5), read and verified with libxml2 and xmlsec. What comes from outside is
 * hostile XML: everything that could make one text mean two things is refused before it is parsed, and of what is signed only one shape is
 * taken. Linked into keyhold-reader alone. */
#ifndef SAML_ASSERTION_H
#define SAML_ASSERTION_H

#include "base/arena.h"
#include "contract/contract_tables.h"

enum { SAML_RESPONSE_MOST = 75000, SAML_METADATA_MOST = 100 * 1024 };

/* Starts the libraries: before the process is confined. INTERNAL. */
status saml_start(void);
void saml_end(void);

/* What a response is measured against. */
typedef struct saml_measure {
    slice metadata;        /* saml/metadata.h */
    slice content_key;     /* of an encrypted assertion; absent: not known yet */
    bool needs_encryption; /* an assertion in clear is not taken */
} saml_measure;

/* What the one signed assertion of a response says, when its signature is by a key of the metadata and its issuer is that entity. Of an
 * encrypted one without its key, the wrapped key alone. SAML_ASSERTION for everything else, whatever the cause. Times and audiences are
 * told, not judged.
 *
 * Taken is a samlp:Response with exactly one saml:Assertion or saml:EncryptedAssertion (saml/encrypted.h) as its child. The assertion is
 * signed, as an enveloped signature: one Reference to the assertion's own ID; transforms enveloped-signature and exclusive c14n, nothing
 * else; RSA of 2048 bits or more or ECDSA, SHA-256 or longer. Refused: DTDs, comments, CDATA and processing instructions anywhere;
 * encodings other than UTF-8; a further element called Assertion or EncryptedAssertion anywhere; signatures elsewhere than right below
 * assertion or response; an ID that is there twice; an InResponseTo of the response that the assertion contradicts; keys that the
 * signature brings along are not looked at. */
status saml_read(const saml_measure *by, slice response, arena *memory, saml_facts *out);

/* Whether metadata is such: its entity and at least one key that signatures are taken by can be read; signed by the signer (a certificate
 * as DER) where there is one. Told are issuer and metadata_until. SAML_METADATA. */
status saml_check_metadata(slice metadata, slice signer, arena *memory, saml_facts *out);

#endif
