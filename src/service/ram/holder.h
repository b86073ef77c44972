/* Users, groups and roles as holders of policies: attachments stand in the holder's record. */
#ifndef SERVICE_RAM_HOLDER_H
#define SERVICE_RAM_HOLDER_H

#include "service/ram/ram.h"

enum holder_kind { HOLDER_USER, HOLDER_GROUP, HOLDER_ROLE };

typedef struct holder {
    enum holder_kind kind;
    union {
        user_record user;
        group_record group;
        role_record role;
    };
    uint64_t revision;
} holder;

/* USER_NOT_FOUND, GROUP_NOT_FOUND, ROLE_NOT_FOUND. */
status holder_load(call *c, enum holder_kind kind, slice name, holder *out);
status holder_save(call *c, const holder *h);

/* The records of all kinds have the list in the same form. */
typedef struct attachments {
    attachment_record *at;
    size_t count;
} attachments;
attachments attachments_of(const holder *h);
void attachments_set(holder *h, attachments list);

/* Likewise those of its own, in the order of their names. */
typedef struct inline_policies {
    inline_policy_record *at;
    size_t count;
} inline_policies;
inline_policies inline_of(const holder *h);
void inline_set(holder *h, inline_policies list);

/* A policy by its name. */
typedef struct policy_name {
    slice name;
    int type; /* enum policy_type */
} policy_name;
/* SIZE_MAX when it is not there. */
size_t attachment_find(attachments list, const policy_name *p);
/* Takes one away, in the list alone. */
void attachment_remove(holder *h, size_t at);

/* The policy that bounds it; NULL: none does. */
const attachment_record *boundary_of(const holder *h);
/* The policy that `text` names: by its name, as acs:ram:…:policy/NAME, or as arn:aws:iam::…:policy/NAME. A name alone is a custom policy,
 * or else a shipped one. POLICY_NOT_FOUND, INVALID_PARAMETER. */
status boundary_read(call *c, slice text, policy_name *out);
bool boundary_is(const attachment_record *present, const policy_name *p);

/* Goes over all holders of a policy in the account, those it is attached to and those it bounds; `at` is the attachment's place, SIZE_MAX
 * where it bounds only. A failure of `visit` ends the walk. */
typedef status holder_visitor(call *c, holder *h, size_t at, void *context);
status holders_walk(call *c, const policy_name *p, holder_visitor *visit, void *context);

#endif
