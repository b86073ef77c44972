/* keyhold bucket: where objects lie, and under which key they are encrypted. */
#include "cli/run.h"

/* ---- create, and in the same breath choose the key */

static const command_flag create_flags[] = {
    {"key", "KEY", "encrypt its objects under this key; without it under the account's own service key"},
    {NULL, NULL, NULL},
};

static status choose_key(client *c, slice key_id, result *out) {
    static const command ENCRYPT = {.operation = OPERATION_PUT_BUCKET_ENCRYPTION};
    invocation *inv = c->inv;
    const command *typed = inv->command;
    inv->command = &ENCRYPT;
    status chosen = argument_set(inv, "KMSMasterKeyID", key_id);
    if (!FAILED(chosen)) chosen = call_operation(c, out);
    inv->command = typed;
    if (FAILED(chosen))
        trouble_advise(
            &inv->trouble,
            "the bucket is there, under the account's service key: `keyhold bucket encrypt` chooses another");
    return chosen;
}

static status show_made(invocation *inv, const result *r, slice key_id) {
    OWNED(buffer) text = {0};
    const json *value;
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_member_text(&w, "Bucket", argument_find(inv, "Bucket"));
    if (!slice_is_absent(key_id)) json_put_member_text(&w, "KMSMasterKeyID", key_id);
    json_put_member_text(&w, "RequestId", r->answer.request_id);
    json_end_object(&w);
    TRY(json_finish(&w));
    TRY(json_from_buffer(&text, &inv->memory, &value));
    return run_show(inv, value);
}

static status create(invocation *inv) {
    OWNED(client) c = {0};
    slice key_id = {0};
    result r;
    bool has_key = flag_find(inv, "key", &key_id);
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    if (has_key) TRY(choose_key(&c, key_id, &r));
    return show_made(inv, &r, key_id);
}

static status encrypt(invocation *inv) {
    bool has_key = !slice_is_absent(argument_find(inv, "KMSMasterKeyID"));
    if (!has_key && slice_is_absent(argument_find(inv, "SSEAlgorithm")))
        TRY(argument_set(inv, "SSEAlgorithm", SLICE("AES256")));
    return run_operation(inv);
}

#define PLAIN "Acl StorageClass"

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_PUT_BUCKET,
     .positional = "Bucket",
     .hidden = PLAIN,
     .name = "Bucket",
     .flags = create_flags,
     .run = create},
    {.verb = "list", .operation = OPERATION_LIST_BUCKETS, .columns = "Name CreationDate Region", .name = "Name"},
    {.verb = "show", .operation = OPERATION_GET_BUCKET_INFO, .positional = "Bucket", .name = "Bucket.Name"},
    {.verb = "delete", .operation = OPERATION_DELETE_BUCKET, .positional = "Bucket", .danger = "Delete the bucket"},
    {.verb = "encrypt",
     .operation = OPERATION_PUT_BUCKET_ENCRYPTION,
     .positional = "Bucket",
     .hidden = "Rule",
     .short_names = "KMSMasterKeyID=key SSEAlgorithm=algorithm",
     .run = encrypt},
    {.verb = "encryption", .operation = OPERATION_GET_BUCKET_ENCRYPTION, .positional = "Bucket"},
    {.verb = "reset-encryption", .operation = OPERATION_DELETE_BUCKET_ENCRYPTION, .positional = "Bucket"},
    {.verb = "set-policy",
     .operation = OPERATION_PUT_BUCKET_POLICY,
     .positional = "Bucket Policy",
     .hidden = "ContentMd5"},
    {.verb = "policy", .operation = OPERATION_GET_BUCKET_POLICY, .positional = "Bucket", .name = "Policy"},
    {.verb = "remove-policy",
     .operation = OPERATION_DELETE_BUCKET_POLICY,
     .positional = "Bucket",
     .danger = "Remove the policy of the bucket"},
    {.verb = "location", .operation = OPERATION_GET_BUCKET_LOCATION, .positional = "Bucket", .name = "Location"},
    {.verb = "acl", .operation = OPERATION_GET_BUCKET_ACL, .positional = "Bucket"},
};

extern const noun bucket_noun;
const noun bucket_noun = {"bucket", "Buckets, and the key their objects are encrypted under.", rows,
                          sizeof rows / sizeof *rows};
