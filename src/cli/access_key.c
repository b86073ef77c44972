/* keyhold access-key: what requests are signed with. */
#include "cli/access_key.h"

#include <stdio.h>

const command_flag access_key_flags[] = {
    {"save", "PROFILE", "keep the new key in a profile of its own instead of showing its secret"},
    {NULL, NULL, NULL},
};

static status save_key(client *c, const json *made, slice name) {
    profile p = c->profile;
    p.security_token = (slice){0};
    bool is_whole = json_get_text(json_member(made, SLICE("AccessKeyId")), &p.access_key_id) &&
                    json_get_text(json_member(made, SLICE("AccessKeySecret")), &p.access_key_secret);
    if (!is_whole) return trouble_note(&c->inv->trouble, FAIL(MALFORMED), "The answer has no access key.");
    (void)json_get_text(json_member(made, SLICE("SecurityToken")), &p.security_token);
    TRY(profile_save(c->inv, name, &p));
    if (!c->inv->is_quiet)
        fprintf(stderr, "keyhold: saved as profile %.*s: use it with --profile %.*s\n", SLICE_ARGS(name),
                SLICE_ARGS(name));
    return OK;
}

status access_key_create(invocation *inv) {
    OWNED(client) c = {0};
    slice name;
    result r;
    const json *key;
    if (!flag_find(inv, "save", &name)) return run_operation(inv);
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    TRY(run_entity(inv, r.value, &key));
    return save_key(&c, key, name);
}

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_ACCESS_KEY,
     .positional = "UserName",
     .name = "AccessKeyId",
     .flags = access_key_flags,
     .run = access_key_create},
    {.verb = "list",
     .operation = OPERATION_LIST_ACCESS_KEYS,
     .positional = "UserName",
     .columns = "AccessKeyId Status CreateDate",
     .name = "AccessKeyId"},
    {.verb = "update",
     .operation = OPERATION_UPDATE_ACCESS_KEY,
     .positional = "UserAccessKeyId Status",
     .short_names = "UserName=user"},
    {.verb = "last-used",
     .operation = OPERATION_GET_ACCESS_KEY_LAST_USED,
     .positional = "UserAccessKeyId",
     .short_names = "UserName=user",
     .name = "LastUsedDate"},
    {.verb = "whose",
     .operation = OPERATION_FIND_ACCESS_KEY_LAST_USED,
     .positional = "UserAccessKeyId",
     .name = "UserName"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_ACCESS_KEY,
     .positional = "UserAccessKeyId",
     .short_names = "UserName=user",
     .danger = "Delete the access key"},
};

extern const noun access_key_noun;
const noun access_key_noun = {"access-key", "Access keys: what requests are signed with.", rows,
                              sizeof rows / sizeof *rows};
