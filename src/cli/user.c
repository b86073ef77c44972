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
};

extern const noun user_noun;
const noun user_noun = {"user", "Users of the account.", rows, sizeof rows / sizeof *rows};
