/* Acts bound to what was signed: the operation's fields that say `binds=` in the contract fix which key is used, with
 * what, for what. Whoever holds core or a gateway cannot have another key used, or other bytes put in. */
#ifndef CUSTODY_BOUND_H
#define CUSTODY_BOUND_H

#include "custody/act.h"
#include "custody/asked.h"

/* What is compared with what: for this room's binders. */
typedef struct binding {
    const operation *operation;
    const pair_list *said;
    act_scene *scene;
    const key_act *act;
} binding;

/* NO_PERMISSION unless the act's part is what the field of the signed request says. */
typedef status binder(const binding *b, const field *f);

/* Whether a name of the signed request is of the account whose the act's thing is: one in full says so, any other is the caller's own. */
bool bound_is_of_owner(const binding *b, slice name);

/* sharing.c. NO_PERMISSION unless every account of the act stands in the signed text, which is also the act's value where it has one. */
binder bind_sharing;
status sharing_is_signed(slice text, const key_act *act);
/* bound_choice.c: algorithms, specs, usages, intervals, what is imported. */
binder bind_encryption, bind_signing, bind_message_type, bind_mac, bind_wrapping, bind_spec, bind_usage, bind_pair,
    bind_interval, bind_import, bind_reach, bind_material;
/* bound_provider.c */
binder bind_provider, bind_provider_part;

/* rule.c */
binder bind_approval_rule, bind_request;

/* bound_secret.c: which secret, which of its versions, one of several. */
binder bind_secret, bind_secrets, bind_version, bind_managed;

/* What the signed parameters say; empty when no field of the operation binds. Failures as signed_read. */
status bound_read(const asked *a, const proof *p, slice text, arena *memory, pair_list *out);

/* NO_PERMISSION unless the act is what was signed, as far as its operation's fields bind it; for the body of an object,
 * unless the data key is one for the object that was signed. An alias is not bound: which key it means, core says. */
status bound_check(const asked *a, const pair_list *said, act_scene *scene, const key_act *act);

/* The same against the parameters that others approved (contract/canonical.h), in which a key goes by its id and there are no secrets. */
status bound_check_approved(const asked *a, const pair_list *approved, act_scene *scene, const key_act *act);

#endif
