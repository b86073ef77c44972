/* keyhold break-glass: letting somebody of the platform operator in, for a while. */
#include "cli/command.h"

#define SHORT "DurationSeconds=duration"

static const command rows[] = {
    {.verb = "grant",
     .operation = OPERATION_GRANT_BREAK_GLASS,
     .positional = "GrantName Grantee PolicyDocument",
     .short_names = SHORT,
     .name = "RoleArn"},
    {.verb = "list",
     .operation = OPERATION_LIST_BREAK_GLASS,
     .columns = "GrantName Grantee Status ExpireDate Issuer Reason",
     .name = "GrantName"},
    {.verb = "revoke", .operation = OPERATION_REVOKE_BREAK_GLASS, .positional = "GrantName", .name = "Status"},
};

extern const noun break_glass_noun;
const noun break_glass_noun = {"break-glass", "Letting somebody of the platform operator in, for a while.", rows,
                               sizeof rows / sizeof *rows};
