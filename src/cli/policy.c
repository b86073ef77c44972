/* keyhold policy: who may do what. */
#include "cli/policy_lint.h"
#include "cli/policy_unused.h"
#include "cli/run.h"

#define SHORT "PolicyType=type PolicyDocument=document PolicyName=policy UserName=user VersionId=version"
#define CUSTOM "PolicyType=Custom"

/* A policy whose type was not given is a custom one, or else a system policy: their names do not overlap. */
status run_of_any_policy_type(invocation *inv) {
    status done = run_operation(inv);
    bool may_be_system = FAILED_WITH(done, POLICY_NOT_FOUND) || FAILED_WITH(done, POLICY_SYSTEM) ||
                         FAILED_WITH(done, POLICY_NOT_ATTACHED) || FAILED_WITH(done, GROUP_POLICY_NOT_ATTACHED) ||
                         FAILED_WITH(done, ROLE_POLICY_NOT_ATTACHED);
    for (size_t i = 0; may_be_system && i < inv->argument_count; i++) {
        argument *a = &inv->arguments[i];
        if (!a->is_assumed) continue;
        *a = (argument){a->of, SLICE("System"), false};
        inv->trouble = (trouble){0};
        return run_operation(inv);
    }
    return done;
}

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_POLICY,
     .positional = "PolicyName PolicyDocument",
     .short_names = SHORT,
     .name = "PolicyName"},
    {.verb = "list",
     .operation = OPERATION_LIST_POLICIES,
     .short_names = SHORT,
     .columns = "PolicyName PolicyType DefaultVersion AttachmentCount=ATTACHED Description",
     .name = "PolicyName"},
    {.verb = "show",
     .operation = OPERATION_GET_POLICY,
     .positional = "PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .name = "Policy.PolicyName",
     .run = run_of_any_policy_type},
    {.verb = "delete", .operation = OPERATION_DELETE_POLICY, .positional = "PolicyName", .danger = "Delete the policy"},
    {.verb = "attach",
     .operation = OPERATION_ATTACH_POLICY_TO_USER,
     .positional = "PolicyName UserName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "detach",
     .operation = OPERATION_DETACH_POLICY_FROM_USER,
     .positional = "PolicyName UserName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_of_any_policy_type},
    {.verb = "list-for-user",
     .operation = OPERATION_LIST_POLICIES_FOR_USER,
     .positional = "UserName",
     .columns = "PolicyName PolicyType DefaultVersion AttachDate",
     .name = "PolicyName"},
    {.verb = "entities",
     .operation = OPERATION_LIST_ENTITIES_FOR_POLICY,
     .positional = "PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .run = run_whole},
    {.verb = "describe",
     .operation = OPERATION_UPDATE_POLICY_DESCRIPTION,
     .positional = "PolicyName NewDescription",
     .name = "PolicyName"},
    {.verb = "versions",
     .operation = OPERATION_LIST_POLICY_VERSIONS,
     .positional = "PolicyName",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .columns = "VersionId IsDefaultVersion=DEFAULT CreateDate",
     .name = "VersionId",
     .run = run_of_any_policy_type},
    {.verb = "show-version",
     .operation = OPERATION_GET_POLICY_VERSION,
     .positional = "PolicyName VersionId",
     .assumed = CUSTOM,
     .short_names = SHORT,
     .name = "VersionId",
     .run = run_of_any_policy_type},
    {.verb = "create-version",
     .operation = OPERATION_CREATE_POLICY_VERSION,
     .positional = "PolicyName PolicyDocument",
     .short_names = SHORT,
     .name = "VersionId"},
    {.verb = "delete-version",
     .operation = OPERATION_DELETE_POLICY_VERSION,
     .positional = "PolicyName VersionId",
     .danger = "Delete a version of the policy"},
    {.verb = "simulate",
     .operation = OPERATION_SIMULATE_PRINCIPAL_POLICY,
     .positional = "PolicySourceArn",
     .short_names = "ActionNames=action ResourceArns=resource",
     .columns = "EvalActionName=ACTION EvalResourceName=RESOURCE EvalDecision=DECISION DecidedBy=BY",
     .name = "EvalDecision"},
    {.verb = "try",
     .operation = OPERATION_SIMULATE_CUSTOM_POLICY,
     .short_names = "PolicyInputList=document ActionNames=action ResourceArns=resource CallerArn=as",
     .columns = "EvalActionName=ACTION EvalResourceName=RESOURCE EvalDecision=DECISION DecidedBy=BY",
     .name = "EvalDecision"},
    {.verb = "lint",
     .operation = OPERATION_LINT_POLICY,
     .words = "FILE|NAME",
     .hidden = "PolicyDocument PolicyName",
     .short_names = "DocumentKind=kind PolicyType=type",
     .columns = "Path Code Message",
     .name = "Path",
     .run = policy_lint_run},
    {.verb = "keys",
     .operation = OPERATION_GET_CONTEXT_KEYS_FOR_PRINCIPAL_POLICY,
     .positional = "PolicySourceArn",
     .short_names = "PolicyInputList=document",
     .run = run_whole},
    {.verb = "allowed",
     .operation = OPERATION_LIST_ALLOWED_ACTIONS,
     .positional = "PolicySourceArn",
     .name = "Actions"},
    {.verb = "unused",
     .columns = "UserName GroupName RoleName Kind Name LastUsed",
     .name = "Name",
     .flags = policy_unused_flags,
     .help = "Lists what users, groups and roles may do and did not do, keys nobody signed with, passwords nobody "
             "logged in with.",
     .run = policy_unused_run},
    {.verb = "explain",
     .operation = OPERATION_DECODE_DIAGNOSTIC_MESSAGE,
     .positional = "EncodedDiagnosticMessage",
     .name = "DecodedDiagnosticMessage.NoPermissionPolicyType"},
    {.verb = "set-default", .operation = OPERATION_SET_DEFAULT_POLICY_VERSION, .positional = "PolicyName VersionId"},
};

extern const noun policy_noun;
const noun policy_noun = {"policy", "Policies: who may do what.", rows, sizeof rows / sizeof *rows};
