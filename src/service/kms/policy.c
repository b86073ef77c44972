/* KMS: the policies of keys. */
#include "contract/key_id.h"
#include "service/sharing.h"

#define POLICY_NAME "default"

status key_policy_path(const key_shelf *shelf, slice key_id, arena *memory, slice *out) {
    slice name;
    TRY(key_id_in_region(key_id, shelf->region, memory, &name));
    return arena_printf(memory, out, "key-policy/%.*s/%.*s", SLICE_ARGS(shelf->account), SLICE_ARGS(name));
}

status key_policy_check(call *c, slice resource, const new_key_policy *wish) {
    policy *compiled = NULL;
    bool may_change_it = true;
    TRY(document_compile(c, wish->document, POLICY_RESOURCE, &compiled));
    status asked =
        wish->is_lockout_allowed ? OK : call_would_allow(c, "kms:SetKeyPolicy", resource, compiled, &may_change_it);
    policy_free(compiled);
    TRY(asked);
    if (!may_change_it)
        return call_refuse(c, FAIL(POLICY_MALFORMED),
                           "The new key policy will not allow you to update the key policy in the future.");
    return OK;
}

status key_policy_put(call *c, slice key_id, slice document) {
    slice path;
    key_policy_record record = {document, SET_INT(c->now_s), NULL};
    TRY(sharing_bindings(c, document, POLICY_RESOURCE, &record.bindings));
    key_shelf shelf = call_keys(c);
    TRY(key_policy_path(&shelf, key_id, &c->memory, &path));
    TRY(call_change(c, path, &key_policy_record_shape, &record, STORE_ANY));
    return slice_is_absent(record.bindings->sharing) ? OK : key_share(c, key_id);
}

status key_share(call *c, slice key_id) {
    slice path;
    shared_key_record record = {c->who.account_id};
    key_shelf shelf = call_keys(c);
    TRY(shared_key_path(&shelf, key_id, &c->memory, &path));
    return call_change(c, path, &shared_key_record_shape, &record, STORE_ANY);
}

static status check_name(call *c, slice name) {
    if (slice_is_absent(name) || slice_equals(name, SLICE(POLICY_NAME))) return OK;
    return call_refuse(c, FAIL(NOT_FOUND), "PolicyName: the only policy of a key is " POLICY_NAME ".");
}

status key_sharing_id(call *c, const key_record *key, key_act *about) {
    uint8_t *id = arena_take(&c->memory, 16);
    ENSURE(id != NULL, OUT_OF_MEMORY);
    ENSURE(!FAILED(key_id_parse(key->key_id, id)), CORRUPT);
    about->key_id = slice_of(id, 16);
    return OK;
}

status set_key_policy_prepare(call *c, const set_key_policy_in *in, set_key_policy_out *out) {
    (void)out;
    sharing_wish wish = {in->policy, POLICY_RESOURCE, {0}};
    TRY(check_name(c, in->policy_name));
    TRY(key_allows(c->key, KEY_ACT_READ));
    TRY(key_policy_check(c, c->resource, &(new_key_policy){in->policy, in->bypass_policy_lockout_safety_check.value}));
    TRY(key_sharing_id(c, c->key, &wish.about));
    return sharing_ask(c, &wish);
}

status set_key_policy_finish(call *c, const set_key_policy_in *in, set_key_policy_out *out) {
    (void)out;
    TRY(key_policy_put(c, c->key->key_id, in->policy));
    c->key->has_policy = SET_BOOL(true);
    return key_save(c, c->key, c->key_revision);
}

status key_policy_default(call *c, slice *out) {
    bool is_aws = c->peer && slice_starts_with(c->peer->dialect, SLICE("aws"));
    slice account = c->who.account_id;
    if (is_aws)
        return arena_printf(&c->memory, out,
                            "{\"Version\":\"2012-10-17\",\"Id\":\"key-default-1\",\"Statement\":[{\"Sid\":"
                            "\"Enable IAM User Permissions\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
                            "\"arn:aws:iam::%.*s:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}",
                            SLICE_ARGS(account));
    return arena_printf(&c->memory, out,
                        "{\"Version\":\"1\",\"Statement\":[{\"Sid\":\"kms default key policy\",\"Effect\":"
                        "\"Allow\",\"Principal\":{\"RAM\":[\"acs:ram::%.*s:*\"]},\"Action\":[\"kms:*\"],"
                        "\"Resource\":[\"*\"]}]}",
                        SLICE_ARGS(account));
}

status get_key_policy_prepare(call *c, const get_key_policy_in *in, get_key_policy_out *out) {
    slice path;
    key_policy_record record;
    TRY(check_name(c, in->policy_name));
    out->policy_name = SLICE(POLICY_NAME);
    if (!c->key->has_policy.value) return key_policy_default(c, &out->policy);
    key_shelf shelf = call_keys(c);
    TRY(key_policy_path(&shelf, c->key->key_id, &c->memory, &path));
    TRY(call_load(c, path, &key_policy_record_shape, &record, NULL));
    out->policy = record.document;
    return OK;
}

status list_key_policies_prepare(call *c, const list_key_policies_in *in, list_key_policies_out *out) {
    (void)in;
    out->policy_names.at = CALL_NEW(c, slice);
    ENSURE(out->policy_names.at != NULL, OUT_OF_MEMORY);
    out->policy_names.at[0] = SLICE(POLICY_NAME);
    out->policy_names.count = 1;
    out->truncated = SET_BOOL(false);
    return OK;
}
