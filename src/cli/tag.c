/* keyhold tag, keyhold account-alias: tags of identities, and the name people remember the account by. */
#include "cli/command.h"

#define SHORT "ResourceNames=name TagKeys=key"

static const command tag_rows[] = {
    {.verb = "add", .operation = OPERATION_TAG_RESOURCES, .positional = "ResourceType", .short_names = SHORT},
    {.verb = "remove", .operation = OPERATION_UNTAG_RESOURCES, .positional = "ResourceType", .short_names = SHORT},
    {.verb = "list",
     .operation = OPERATION_LIST_TAG_RESOURCES,
     .positional = "ResourceType",
     .short_names = SHORT,
     .columns = "ResourceType ResourceName TagKey TagValue",
     .name = "ResourceName"},
};

extern const noun tag_noun;
const noun tag_noun = {"tag", "Tags of users, roles and policies.", tag_rows, sizeof tag_rows / sizeof *tag_rows};

static const command alias_rows[] = {
    {.verb = "set", .operation = OPERATION_SET_ACCOUNT_ALIAS, .positional = "AccountAlias"},
    {.verb = "show", .operation = OPERATION_GET_ACCOUNT_ALIAS, .name = "AccountAlias"},
    {.verb = "clear", .operation = OPERATION_CLEAR_ACCOUNT_ALIAS},
};

extern const noun account_alias_noun;
const noun account_alias_noun = {"account-alias", "The name people remember the account by.", alias_rows,
                                 sizeof alias_rows / sizeof *alias_rows};
