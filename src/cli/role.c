/* keyhold role: permissions to be taken on for a while. */
#include "cli/run.h"

#define SHORT                                                                                                          \
    "PolicyType=type PolicyName=policy RoleName=role AssumeRolePolicyDocument=trust "                                  \
    "NewAssumeRolePolicyDocument=trust"
#define CUSTOM "PolicyType=Custom"

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_ROLE,
     .positional = "RoleName AssumeRolePolicyDocument",
     .short_names = SHORT,
     .name = "RoleName"},
    {.verb = "list",
     .operation = OPERATION_LIST_ROLES,
     .short_names = SHORT,
     .columns = "RoleName RoleId MaxSessionDuration Description CreateDate",
     .name = "RoleName"},
    {.verb = "show", .operation = OPERATION_GET_ROLE, .positional = "RoleName", .name = "RoleName"},
    {.verb = "update",
     .operation = OPERATION_UPDATE_ROLE,
     .positional = "RoleName",
     .short_names = SHORT,
     .name = "RoleName"},
    {.verb = "delete", .operation = OPERATION_DELETE_ROLE, .positional = "RoleName", .danger = "Delete the role"},
    {.verb = "assume",
     .operation = OPERATION_ASSUME_ROLE,
     .positional = "RoleArn RoleSessionName",
     .short_names = "DurationSeconds=duration",
     .name = "Credentials.AccessKeyId",
     .run = run_whole},
    {.verb = "revoke-sessions",
     .operation = OPERATION_REVOKE_ROLE_SESSIONS,
     .positional = "RoleName",
     .danger = "End the sessions of the role"},
    {.verb = "attach",
     .operation = OPERATION_ATTACH_POLICY_TO_ROLE,
     .positional = "RoleName PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "detach",
     .operation = OPERATION_DETACH_POLICY_FROM_ROLE,
     .positional = "RoleName PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "policies",
     .operation = OPERATION_LIST_POLICIES_FOR_ROLE,
     .positional = "RoleName",
     .columns = "PolicyName PolicyType DefaultVersion AttachDate",
     .name = "PolicyName"},
};

extern const noun role_noun;
const noun role_noun = {"role", "Roles: permissions that somebody else takes on for a while.", rows,
                        sizeof rows / sizeof *rows};
