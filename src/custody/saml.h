/* SAML assertions: another process reads and verifies them (role/reader.c), this judges what they say. */
#ifndef CUSTODY_SAML_H
#define CUSTODY_SAML_H

#include "custody/act.h"

enum { SAML_TEXT_MOST = 100000, SAML_SKEW_S = 60, SAML_LASTING_MOST_S = 24 * 60 * 60 };

/* Has the metadata looked at. SAML_METADATA; CLOSED while it is being done. */
status saml_metadata_check(act_scene *scene, slice metadata);
/* What an assertion in base64 says, verified by the metadata's keys. SAML_ASSERTION; CLOSED while it is being done. */
status saml_examine(act_scene *scene, slice metadata, slice encoded, const saml_facts **out);

/* Which role of the account, and by which provider of it. */
typedef struct saml_claim {
    slice account, role, provider;
} saml_claim;
/* Meant for here, now, for that role (NULL: any) and by that provider. SAML_ASSERTION; SAML_ASSERTION_EXPIRED only when that is all that is
 * wrong. */
status saml_judge(const saml_facts *facts, const saml_claim *claim, int64_t now_s);
/* From when on it is good for nothing. */
int64_t saml_lapses_at(const saml_facts *facts);

#endif
