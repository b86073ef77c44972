/* What an operation acts on: the ARNs its caller must be allowed for, by the resource kind of its contract row. */
#ifndef SERVICE_RESOURCE_H
#define SERVICE_RESOURCE_H

#include "service/call.h"

/* Resolves the resource (following aliases, loading the key into c->key) and decides whether the caller may do the operation
 * on it, and whether others had to approve it. KEY_NOT_FOUND and the like; NO_PERMISSION, APPROVAL_REQUIRED. */
status resource_authorise(call *c);

/* Its parts beside the policies: a root that has to show a second factor (NO_PERMISSION); what the account lets its users do to themselves,
 * under the name of one (c->is_granted). */
status resource_check_root(call *c);
status resource_grant_own(call *c, slice name);

/* For handlers that find a further key: loads it by any name a KeyId parameter may have, authorises `action`, checks that its state
 * allows use. */
status resource_use_key(call *c, slice name, const char *action, key_record *out);

/* The same for a secret, by its name or ARN: it becomes c->secret, whether or not it is usable. SECRET_NOT_FOUND. */
status resource_use_secret(call *c, slice given, const char *action);
/* … that is to have or to lose tags: `action` is KMS's for it. */
status resource_tag_secret(call *c, slice given, const char *action);
/* A further key of a request, the caller's or another account's, to which the call turns: likewise loaded by its name, authorised and
 * looked at. */
status resource_other_key(call *c, slice name, const char *action, key_record *out);

/* … for a certificate. CERTIFICATE_NOT_FOUND. */
status resource_use_certificate(call *c, slice given, const char *action);
/* … for a key, by its id, in whatever state it is. */
status resource_use_tagged_key(call *c, slice id, const char *action);

#endif
