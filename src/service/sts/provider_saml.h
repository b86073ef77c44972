/* SAML identity providers as records have them. */
#ifndef SERVICE_SAML_H
#define SERVICE_SAML_H

#include "service/ram/ram.h"

/* The name behind what a request gives: the name itself, or an ARN of either cloud. */
slice saml_name_of(slice name_or_arn);
/* Of the caller's account. SAML_PROVIDER_NOT_FOUND. *revision may be NULL. */
status saml_load(call *c, slice name_or_arn, saml_provider_record *out, uint64_t *revision);

#endif
