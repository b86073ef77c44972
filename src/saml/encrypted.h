/* Encrypted assertions (saml-core-2.0-os §2.3.4, xmlenc-core1): AES-GCM under a key that is wrapped for the service provider by RSA-OAEP. The
 * private half is the vault's; what comes here is the unwrapped key of one assertion. */
#ifndef SAML_ENCRYPTED_H
#define SAML_ENCRYPTED_H

#include "contract/contract_tables.h"
#include "saml/document.h"

/* The wrapped key. MALFORMED for anything but one EncryptedData of an element under aes128-gcm or aes256-gcm and one EncryptedKey, inside or
 * beside it, under rsa-oaep-mgf1p with SHA-1, or rsa-oaep with SHA-1 or SHA-256 for hash and MGF alike; so for CBC, PKCS #1 version 1.5,
 * labels, references to elsewhere. */
status encrypted_wrapped_key(const xmlNode *encrypted, arena *memory, saml_wrapped_key *out);

/* The assertion as a document of its own: it has to declare the namespaces it uses. MALFORMED whatever is wrong. Freed with xmlFreeDoc. */
status encrypted_open(const xmlNode *encrypted, slice key, arena *memory, xmlDoc **out);

#endif
