/* Providers of OpenID Connect as records have them. */
#ifndef SERVICE_OIDC_H
#define SERVICE_OIDC_H

#include "service/ram/ram.h"

/* An issuer without its scheme: what a provider is called that was given no name. Absent when it has another scheme. */
slice oidc_issuer_name(slice issuer_url);

/* Of the caller's account. OIDC_PROVIDER_NOT_FOUND. *revision may be NULL. */
status oidc_load(call *c, slice name, oidc_provider_record *out, uint64_t *revision);
/* By the issuer's URL. OIDC_PROVIDER_NOT_FOUND. */
status oidc_load_by_issuer(call *c, slice issuer_url, oidc_provider_record *out);

/* Plans the change of the record, with its time. */
status oidc_save(call *c, oidc_provider_record *p, uint64_t revision);

#endif
