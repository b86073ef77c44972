/* keyhold grant: one key, one grantee, some operations. */
#include "cli/command.h"

#define SHORT                                                                                                          \
    "GranteePrincipal=to RetiringPrincipal=retiring EncryptionContextSubset=context-holds "                            \
    "EncryptionContextEquals=context-is"
#define COLUMNS "GrantId Name GranteePrincipal=TO Operations RetiringPrincipal=RETIRING CreationDate"

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_GRANT,
     .positional = "KeyId GranteePrincipal",
     .hidden = "GrantTokens",
     .short_names = SHORT,
     .name = "GrantId"},
    {.verb = "list",
     .operation = OPERATION_LIST_GRANTS,
     .positional = "KeyId",
     .short_names = SHORT,
     .columns = COLUMNS,
     .name = "GrantId"},
    {.verb = "list-retirable",
     .operation = OPERATION_LIST_RETIRABLE_GRANTS,
     .positional = "RetiringPrincipal",
     .columns = "KeyId " COLUMNS,
     .name = "GrantId"},
    {.verb = "revoke",
     .operation = OPERATION_REVOKE_GRANT,
     .positional = "KeyId GrantId",
     .danger = "Revoke a grant of key"},
    {.verb = "retire", .operation = OPERATION_RETIRE_GRANT},
};

extern const noun grant_noun;
const noun grant_noun = {"grant", "Grants: one key, one grantee, some operations, until revoked.", rows,
                         sizeof rows / sizeof *rows};
