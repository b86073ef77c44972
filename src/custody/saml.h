/* SAML assertions: another process reads and verifies them (role/reader.c), this judges what they say. */
#ifndef CUSTODY_SAML_H
#define CUSTODY_SAML_H

#include "custody/act.h"

enum { SAML_TEXT_MOST = 100000, SAML_SKEW_S = 60, SAML_LASTING_MOST_S = 24 * 60 * 60 };

/* Has the metadata looked at, and whether the signer (DER; absent: nobody has to) signed it. SAML_METADATA, also when it has lapsed; CLOSED
 * while it is being done. */
status saml_metadata_check(act_scene *scene, const provider_content *p, const saml_facts **out);
/* What an assertion in base64 says, verified by the keys of the provider's metadata, and decrypted with its private keys where it is
 * encrypted. SAML_ASSERTION; CLOSED while it is being done. */
status saml_examine(act_scene *scene, const provider_content *p, slice encoded, const saml_facts **out);

/* A provider of SAML, new or changed: metadata, signer, private keys. SAML_METADATA, SAML_SIGNER, SAML_PRIVATE_KEY, SAML_KEY_LIMIT,
 * SAML_KEY_NEEDED. *until is when its metadata lapses; unset where the metadata stays. */
status saml_provider_change(act_scene *scene, const key_act *act, provider_content *p, maybe_int *until);
enum { SAML_PRIVATE_KEYS_MOST = 2 };

/* Which role of the account, and by which provider of it. */
typedef struct saml_claim {
    slice account, role, provider;
} saml_claim;
/* Meant for here, now, for that role (NULL: any) and by that provider. SAML_ASSERTION; SAML_ASSERTION_EXPIRED and SESSION_TAGS only when that
 * is all that is wrong. */
status saml_judge(const saml_facts *facts, const saml_claim *claim, int64_t now_s);
/* From when on it is good for nothing. */
int64_t saml_lapses_at(const saml_facts *facts);

#endif
