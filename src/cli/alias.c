/* keyhold alias: second names of keys. */
#include "cli/command.h"

static const command rows[] = {
    {.verb = "create", .operation = OPERATION_CREATE_ALIAS, .positional = "AliasName KeyId"},
    {.verb = "update", .operation = OPERATION_UPDATE_ALIAS, .positional = "AliasName KeyId"},
    {.verb = "delete", .operation = OPERATION_DELETE_ALIAS, .positional = "AliasName", .danger = "Delete"},
    {.verb = "list", .operation = OPERATION_LIST_ALIASES, .columns = "AliasName KeyId AliasArn", .name = "AliasName"},
};

extern const noun alias_noun;
const noun alias_noun = {"alias", "Second names of keys: alias/NAME.", rows, sizeof rows / sizeof *rows};
