/* keyhold group: users who share permissions. */
#include "cli/run.h"

#define SHORT "PolicyType=type PolicyName=policy UserName=user GroupName=group"
#define CUSTOM "PolicyType=Custom"

static const command rows[] = {
    {.verb = "create", .operation = OPERATION_CREATE_GROUP, .positional = "GroupName", .name = "GroupName"},
    {.verb = "list",
     .operation = OPERATION_LIST_GROUPS,
     .columns = "GroupName GroupId Comments CreateDate",
     .name = "GroupName"},
    {.verb = "show", .operation = OPERATION_GET_GROUP, .positional = "GroupName", .name = "GroupName"},
    {.verb = "update", .operation = OPERATION_UPDATE_GROUP, .positional = "GroupName", .name = "GroupName"},
    {.verb = "delete", .operation = OPERATION_DELETE_GROUP, .positional = "GroupName", .danger = "Delete the group"},
    {.verb = "add-user", .operation = OPERATION_ADD_USER_TO_GROUP, .positional = "GroupName UserName"},
    {.verb = "remove-user", .operation = OPERATION_REMOVE_USER_FROM_GROUP, .positional = "GroupName UserName"},
    {.verb = "users",
     .operation = OPERATION_LIST_USERS_FOR_GROUP,
     .positional = "GroupName",
     .columns = "UserName DisplayName JoinDate",
     .name = "UserName"},
    {.verb = "of-user",
     .operation = OPERATION_LIST_GROUPS_FOR_USER,
     .positional = "UserName",
     .columns = "GroupName Comments JoinDate",
     .name = "GroupName"},
    {.verb = "attach",
     .operation = OPERATION_ATTACH_POLICY_TO_GROUP,
     .positional = "GroupName PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "detach",
     .operation = OPERATION_DETACH_POLICY_FROM_GROUP,
     .positional = "GroupName PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "policies",
     .operation = OPERATION_LIST_POLICIES_FOR_GROUP,
     .positional = "GroupName",
     .columns = "PolicyName PolicyType DefaultVersion AttachDate",
     .name = "PolicyName"},
};

extern const noun group_noun;
const noun group_noun = {"group", "Groups of users, who share what is granted to the group.", rows,
                         sizeof rows / sizeof *rows};
