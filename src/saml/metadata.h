/* What an identity provider publishes of itself (saml-metadata-2.0-os): who it is, the keys it signs with, and until when that holds. */
#ifndef SAML_METADATA_H
#define SAML_METADATA_H

#include "contract/contract_tables.h"
#include "saml/signature.h"

/* The one IDPSSODescriptor there is, in an EntityDescriptor, alone or among others in EntitiesDescriptors; of its KeyDescriptors those to
 * sign with. MALFORMED. *until is the earliest validUntil around it. */
status metadata_read(const xmlDoc *document, arena *memory, signing_keys *out, maybe_int *until);

#endif
