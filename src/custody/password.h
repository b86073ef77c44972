/* Random passwords: from a set of characters, each as likely as any other. */
#ifndef CUSTODY_PASSWORD_H
#define CUSTODY_PASSWORD_H

#include "base/secret.h"
#include "contract/contract_tables.h"

enum { PASSWORD_CHARACTERS_MOST = 4096, PASSWORD_CHARACTERS_STANDARD = 32 };

/* An absent length means the standard one. Unless RequireEachIncludedType says no, at least one character of every kind that is
 * not excluded is in it.
 * INVALID_PARAMETER when the rule leaves no character (or none of a kind it does not exclude, where one is to be in it), the length is out of
 * bounds or too short to hold one of each kind. */
status password_make(const password_rule *rule, secret *out);

#endif
