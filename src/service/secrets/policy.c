/* KMS: the policies of secrets, in both clouds' calls. */
#include "service/secrets/manager.h"
#include "service/sharing.h"

#define POLICY_NAME "default"

status secret_check_policy(call *c, slice document) {
    return sharing_check_new(c, &(sharing_wish){document, POLICY_RESOURCE, {0}},
                             "SetSecretPolicy, once the secret is there");
}

static sharing_wish wish_of(const call *c, slice document) {
    return (sharing_wish){
        document, POLICY_RESOURCE, {.text = c->secret->secret_name, .secret_id = c->secret->secret_id}};
}

static status ask_policy(call *c, slice document) {
    sharing_wish wish = wish_of(c, document);
    TRY(secret_usable(c->secret));
    return sharing_ask(c, &wish);
}

static status set_policy(call *c, slice document) {
    c->secret->policy = document;
    TRY(sharing_bindings(c, document, POLICY_RESOURCE, &c->secret->bindings));
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- Alibaba */

static status check_name(call *c, slice name) {
    if (slice_is_absent(name) || slice_equals(name, SLICE(POLICY_NAME))) return OK;
    return call_refuse(c, FAIL(NOT_FOUND), "PolicyName: the only policy of a secret is " POLICY_NAME ".");
}

status set_secret_policy_prepare(call *c, const set_secret_policy_in *in, set_secret_policy_out *out) {
    (void)out;
    TRY(check_name(c, in->policy_name));
    return ask_policy(c, in->policy);
}

status set_secret_policy_finish(call *c, const set_secret_policy_in *in, set_secret_policy_out *out) {
    (void)out;
    return set_policy(c, in->policy);
}

/* A secret without a policy of its own does as if it had this one. */
status get_secret_policy_prepare(call *c, const get_secret_policy_in *in, get_secret_policy_out *out) {
    TRY(check_name(c, in->policy_name));
    out->policy = c->secret->policy;
    if (!slice_is_absent(out->policy)) return OK;
    return arena_printf(&c->memory, &out->policy,
                        "{\"Version\":\"1\",\"Statement\":[{\"Sid\":\"kms default secret policy\",\"Effect\":\"Allow\","
                        "\"Principal\":{\"RAM\":[\"acs:ram::%.*s:*\"]},\"Action\":[\"kms:*\"],\"Resource\":[\"*\"]}]}",
                        SLICE_ARGS(c->who.account_id));
}

/* ---- AWS */

/* Whether somebody of whom nothing is known may do anything with the secret. */
static bool lets_anybody(const policy *p, slice resource, int64_t now_s) {
    policy_caller nobody = {0};
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        enum policy_reach reach;
        if (op->resource != RESOURCE_SECRET) continue;
        policy_request request = {slice_of_text(op->action), resource, NULL, 0, now_s, &nobody};
        if (policy_consult(p, &request, &reach, NULL) == DECISION_ALLOW) return true;
    }
    return false;
}

static status refuse_public(call *c, slice document) {
    slice resource;
    policy *made = NULL;
    TRY(secret_arn(c, c->secret, &resource));
    TRY(document_compile(c, document, POLICY_RESOURCE, &made));
    bool is_public = lets_anybody(made, resource, c->now_s);
    policy_free(made);
    ENSURE(!is_public, PUBLIC_POLICY);
    return OK;
}

status manager_put_resource_policy_prepare(call *c, const manager_put_resource_policy_in *in,
                                           manager_put_resource_policy_out *out) {
    (void)out;
    if (in->block_public_policy.value) TRY(refuse_public(c, in->resource_policy));
    return ask_policy(c, in->resource_policy);
}

status manager_put_resource_policy_finish(call *c, const manager_put_resource_policy_in *in,
                                          manager_put_resource_policy_out *out) {
    TRY(manager_arn(c, c->secret, &out->arn));
    out->name = c->secret->secret_name;
    return set_policy(c, in->resource_policy);
}

status manager_get_resource_policy_prepare(call *c, const manager_get_resource_policy_in *in,
                                           manager_get_resource_policy_out *out) {
    (void)in;
    out->name = c->secret->secret_name;
    out->resource_policy = c->secret->policy;
    return manager_arn(c, c->secret, &out->arn);
}

status manager_delete_resource_policy_prepare(call *c, const manager_delete_resource_policy_in *in,
                                              manager_delete_resource_policy_out *out) {
    (void)in;
    TRY(secret_usable(c->secret));
    TRY(manager_arn(c, c->secret, &out->arn));
    out->name = c->secret->secret_name;
    c->secret->policy = (slice){0};
    c->secret->bindings = NULL;
    return secret_save(c, c->secret, c->secret_revision);
}

status manager_validate_resource_policy_prepare(call *c, const manager_validate_resource_policy_in *in,
                                                manager_validate_resource_policy_out *out) {
    status compiled = document_check(c, in->resource_policy, POLICY_RESOURCE);
    slice fault = c->detail;
    c->detail = (slice){0};
    out->policy_validation_passed = SET_BOOL(!FAILED(compiled));
    if (!FAILED_WITH(compiled, POLICY_MALFORMED)) return compiled;
    out->validation_errors.at = CALL_NEW(c, manager_validation_error);
    ENSURE(out->validation_errors.at != NULL, OUT_OF_MEMORY);
    out->validation_errors.at[0] = (manager_validation_error){SLICE("PolicySyntax"), fault};
    out->validation_errors.count = 1;
    return OK;
}
