/* SAML identity providers as records have them. */
#ifndef SERVICE_SAML_H
#define SERVICE_SAML_H

#include "service/ram/ram.h"

/* Of the caller's account. SAML_PROVIDER_NOT_FOUND. *revision may be NULL. */
status saml_load(call *c, slice name, saml_provider_record *out, uint64_t *revision);

/* Plans the change of the record, with its time. */
status saml_save(call *c, saml_provider_record *p, uint64_t revision);

#endif
