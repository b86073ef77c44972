/* keyhold account: the tenants of this Keyhold; for the platform's operator. */
#include "cli/run.h"

static const command rows[] = {
    {.verb = "create", .operation = OPERATION_CREATE_ACCOUNT, .positional = "AccountName", .name = "AccountId"},
    {.verb = "list",
     .operation = OPERATION_LIST_ACCOUNTS,
     .columns = "AccountId AccountName Status IsOperator CreateDate FreezeReason",
     .name = "AccountId"},
    {.verb = "show", .operation = OPERATION_GET_ACCOUNT, .positional = "AccountId", .name = "AccountId"},
    {.verb = "freeze",
     .operation = OPERATION_FREEZE_ACCOUNT,
     .positional = "AccountId",
     .name = "AccountId",
     .danger = "Refuse everything the account asks for"},
    {.verb = "unfreeze", .operation = OPERATION_UNFREEZE_ACCOUNT, .positional = "AccountId", .name = "AccountId"},
    {.verb = "details", .operation = OPERATION_GET_ACCOUNT_AUTHORIZATION_DETAILS, .run = run_whole},
    {.verb = "summary", .operation = OPERATION_GET_ACCOUNT_SUMMARY, .run = run_whole},
};

extern const noun account_noun;
const noun account_noun = {"account", "Accounts of this Keyhold, for its operator.", rows, sizeof rows / sizeof *rows};
