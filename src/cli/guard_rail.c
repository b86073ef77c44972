/* keyhold guard-rail: what the account's owner forbids everybody in it. */
#include "cli/command.h"

static const command rows[] = {
    {.verb = "set", .operation = OPERATION_SET_GUARD_RAIL, .positional = "PolicyDocument"},
    {.verb = "show", .operation = OPERATION_GET_GUARD_RAIL},
    {.verb = "remove", .operation = OPERATION_DELETE_GUARD_RAIL, .danger = "Remove the guard rail"},
};

extern const noun guard_rail_noun;
const noun guard_rail_noun = {"guard-rail", "The limit of what anybody in the account may do.", rows,
                              sizeof rows / sizeof *rows};
