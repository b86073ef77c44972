/* keyhold user: who may sign requests beside the account itself. */
#include "cli/command.h"

static const command rows[] = {
    {.verb = "create", .operation = OPERATION_CREATE_USER, .positional = "UserName", .name = "UserName"},
    {.verb = "list",
     .operation = OPERATION_LIST_USERS,
     .columns = "UserName UserId DisplayName CreateDate",
     .name = "UserName"},
    {.verb = "show", .operation = OPERATION_GET_USER, .positional = "UserName", .name = "UserName"},
    {.verb = "update", .operation = OPERATION_UPDATE_USER, .positional = "UserName", .name = "UserName"},
    {.verb = "delete", .operation = OPERATION_DELETE_USER, .positional = "UserName", .danger = "Delete the user"},
    {.verb = "revoke-sessions",
     .operation = OPERATION_REVOKE_USER_SESSIONS,
     .positional = "UserName",
     .danger = "End the sessions of the user"},
    {.verb = "put-policy",
     .operation = OPERATION_PUT_USER_POLICY,
     .positional = "UserName PolicyName PolicyDocument",
     .short_names = "PolicyDocument=document"},
    {.verb = "own-policies",
     .operation = OPERATION_LIST_USER_POLICIES,
     .positional = "UserName",
     .name = "PolicyNames"},
    {.verb = "show-policy",
     .operation = OPERATION_GET_USER_POLICY,
     .positional = "UserName PolicyName",
     .name = "PolicyDocument"},
    {.verb = "delete-policy",
     .operation = OPERATION_DELETE_USER_POLICY,
     .positional = "UserName PolicyName",
     .danger = "Delete a policy of the user's own"},
    {.verb = "bound",
     .operation = OPERATION_PUT_USER_PERMISSIONS_BOUNDARY,
     .positional = "UserName PermissionsBoundary"},
    {.verb = "unbound",
     .operation = OPERATION_DELETE_USER_PERMISSIONS_BOUNDARY,
     .positional = "UserName",
     .danger = "Take away what bounds the user"},
};

extern const noun user_noun;
const noun user_noun = {"user", "Users of the account.", rows, sizeof rows / sizeof *rows};
