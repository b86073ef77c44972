/* keyhold approval: what nobody does alone. */
#include "cli/command.h"

static const command rows[] = {
    {.verb = "request",
     .operation = OPERATION_REQUEST_APPROVAL,
     .positional = "Operation",
     .short_names = "Parameters=parameter",
     .name = "RequestHash"},
    {.verb = "list",
     .operation = OPERATION_LIST_APPROVALS,
     .columns = "RequestHash Operation Requester Status Count ExpireDate",
     .name = "RequestHash"},
    {.verb = "approve", .operation = OPERATION_APPROVE_REQUEST, .positional = "RequestHash", .name = "Status"},
    {.verb = "withdraw", .operation = OPERATION_WITHDRAW_APPROVAL, .positional = "RequestHash"},
    {.verb = "set-rule",
     .operation = OPERATION_SET_APPROVAL_RULE,
     .short_names = "Actions=action Approvers=approver ValiditySeconds=validity RecoverySeconds=recovery"},
    {.verb = "rule", .operation = OPERATION_GET_APPROVAL_RULE},
    {.verb = "remove-rule", .operation = OPERATION_DELETE_APPROVAL_RULE, .danger = "Remove the rule"},
    {.verb = "recover", .operation = OPERATION_BEGIN_APPROVAL_RECOVERY},
    {.verb = "object", .operation = OPERATION_OBJECT_TO_APPROVAL_RECOVERY},
};

extern const noun approval_noun;
const noun approval_noun = {"approval", "What takes the approval of others.", rows, sizeof rows / sizeof *rows};
