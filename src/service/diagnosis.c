/* A diagnosis is packed by its shape and sealed under a key of its own, bound to the account. */
#include "service/diagnosis.h"

#include "access/arn_twin.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "format/json.h"
#include "service/handlers.h"

enum { VALUES_SHOWN_MOST = 8, VALUE_BYTES_SHOWN = 128, CONDITIONS_SHOWN_MOST = 48, MATCHES_MOST = 32 };

status diagnosis_cipher(const secret *store_key, xaes **out) {
    OWNED(secret) root = {0};
    OWNED(secret) key = {0};
    TRY(hkdf_extract(HASH_SHA256, SLICE("keyhold diagnosis"), store_key, &root));
    TRY(hkdf_expand(HASH_SHA256, &root, SLICE("diagnosis v1"), XAES_KEY_BYTES, &key));
    return xaes_new(&key, out);
}

static status show_values(call *c, const condition_value *from, auth_condition *out) {
    size_t count = from->count < VALUES_SHOWN_MOST ? from->count : VALUES_SHOWN_MOST;
    out->condition_key = from->name;
    out->condition_values.at = ARENA_ARRAY(&c->memory, slice, count + 1);
    ENSURE(out->condition_values.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) out->condition_values.at[i] = slice_head(from->values[i], VALUE_BYTES_SHOWN);
    out->condition_values.count = count;
    return OK;
}

static status show_conditions(call *c, const policy_request *request, diagnostic_message *out) {
    size_t count = request->condition_count < CONDITIONS_SHOWN_MOST ? request->condition_count : CONDITIONS_SHOWN_MOST;
    out->auth_conditions.at = ARENA_ARRAY(&c->memory, auth_condition, count + 1);
    ENSURE(out->auth_conditions.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        TRY(show_values(c, &request->conditions[i], &out->auth_conditions.at[out->auth_conditions.count++]));
    return OK;
}

typedef struct source {
    enum deciding_policy kind;
    slice name;
    const policy *policy;
} source;

static void show_matches(const source *from, const policy_request *request, diagnostic_message *out) {
    policy_statement found[MATCHES_MOST];
    if (!from->policy) return;
    size_t count = policy_list_applying(from->policy, request, found, MATCHES_MOST);
    if (count > MATCHES_MOST) count = MATCHES_MOST;
    for (size_t i = 0; i < count && out->matched_policies.count < MATCHES_MOST; i++)
        out->matched_policies.at[out->matched_policies.count++] =
            (matched_policy){slice_of_text(deciding_policy_name(from->kind)), from->name, SET_INT(found[i].index),
                             found[i].is_deny ? SLICE("Deny") : SLICE("Allow")};
}

static status show_policies(call *c, const authorisation *a, diagnostic_message *out) {
    out->matched_policies.at = ARENA_ARRAY(&c->memory, matched_policy, MATCHES_MOST);
    ENSURE(out->matched_policies.at != NULL, OUT_OF_MEMORY);
    show_matches(&(source){DECIDED_BY_RESOURCE, a->request.resource, a->resource}, &a->request, out);
    show_matches(&(source){DECIDED_BY_BOUNDARY, SLICE("boundary"), a->boundary}, &a->request, out);
    for (size_t i = 0; i < a->session.count; i++)
        show_matches(&(source){DECIDED_BY_SESSION, SLICE("session"), a->session.at[i]}, &a->request, out);
    for (size_t i = 0; i < a->identity.count; i++) {
        slice name = c->who.policy_names ? c->who.policy_names[i] : (slice){0};
        show_matches(&(source){DECIDED_BY_IDENTITY, name, a->identity.at[i]}, &a->request, out);
    }
    return OK;
}

static slice principal_type(const principal *who) {
    if (who->is_root) return SLICE("Account");
    return slice_is_absent(who->role) ? SLICE("SubUser") : SLICE("AssumedRoleUser");
}

static status describe(call *c, const authorisation *a, diagnostic_message *out) {
    auth_principal *who = CALL_NEW(c, auth_principal);
    ENSURE(who != NULL, OUT_OF_MEMORY);
    *who = (auth_principal){c->who.user_name, c->who.account_id, principal_type(&c->who), c->who.arn};
    *out = (diagnostic_message){.auth_action = a->request.action, .auth_resource = a->request.resource};
    out->auth_principal = who;
    out->explicit_deny = SET_BOOL(c->decided.decision == DECISION_EXPLICIT_DENY);
    out->no_permission_policy_type = slice_of_text(deciding_policy_name(c->decided.by));
    out->request_id = c->request_id;
    out->time = SET_INT(c->now_s);
    TRY(show_conditions(c, &a->request, out));
    return show_policies(c, a, out);
}

status diagnosis_make(call *c, const authorisation *question) {
    diagnostic_message told;
    OWNED(buffer) packed = {0};
    OWNED(buffer) sealed = {0};
    OWNED(buffer) text = {0};
    if (!c->house->diagnosis) return OK;
    TRY(describe(c, question, &told));
    TRY(shape_pack(&diagnostic_message_shape, &told, &packed));
    TRY(xaes_seal(c->house->diagnosis, c->who.account_id, buffer_slice(&packed), &sealed));
    TRY(base64_encode(&text, buffer_slice(&sealed)));
    return arena_copy(&c->memory, buffer_slice(&text), &c->diagnosis);
}

/* Damage, another account's message and another house's look alike. */
static status open_message(call *c, slice encoded, diagnostic_message **out) {
    slice sealed;
    ENSURE(c->house->diagnosis != NULL, UNSUPPORTED);
    bool is_text = !FAILED(base64_decode(encoded, &c->memory, &sealed));
    ENSURE(is_text && sealed.len > XAES_OVERHEAD_BYTES, DIAGNOSTIC_MESSAGE);
    size_t len = sealed.len - XAES_OVERHEAD_BYTES;
    uint8_t *packed = arena_take(&c->memory, len);
    diagnostic_message *told = CALL_NEW(c, diagnostic_message);
    ENSURE(packed != NULL && told != NULL, OUT_OF_MEMORY);
    status opened = xaes_open_bytes(c->house->diagnosis, c->who.account_id, sealed, packed);
    ENSURE(!FAILED(opened), DIAGNOSTIC_MESSAGE);
    ENSURE(!FAILED(shape_unpack(&diagnostic_message_shape, slice_of(packed, len), &c->memory, told)), CORRUPT);
    *out = told;
    return OK;
}

status decode_diagnostic_message_prepare(call *c, const decode_diagnostic_message_in *in,
                                         decode_diagnostic_message_out *out) {
    return open_message(c, in->encoded_diagnostic_message, &out->decoded_diagnostic_message);
}

/* ---- the same as the JSON text that AWS's clients expect */

static slice as_aws(call *c, slice name) {
    slice told;
    return FAILED(arn_as_aws(name, &c->memory, &told)) ? name : told;
}

static void write_conditions(json_writer *w, const diagnostic_message *told) {
    json_put_key(w, SLICE("conditions"));
    json_begin_object(w);
    json_put_key(w, SLICE("items"));
    json_begin_array(w);
    for (size_t i = 0; i < told->auth_conditions.count; i++) {
        const auth_condition *each = &told->auth_conditions.at[i];
        json_begin_object(w);
        json_put_member_text(w, "key", each->condition_key);
        json_put_key(w, SLICE("values"));
        json_begin_object(w);
        json_put_key(w, SLICE("items"));
        json_begin_array(w);
        for (size_t k = 0; k < each->condition_values.count; k++) {
            json_begin_object(w);
            json_put_member_text(w, "value", each->condition_values.at[k]);
            json_end_object(w);
        }
        json_end_array(w);
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void write_matches(json_writer *w, const diagnostic_message *told) {
    json_put_key(w, SLICE("matchedStatements"));
    json_begin_object(w);
    json_put_key(w, SLICE("items"));
    json_begin_array(w);
    for (size_t i = 0; i < told->matched_policies.count; i++) {
        const matched_policy *each = &told->matched_policies.at[i];
        json_begin_object(w);
        json_put_member_text(w, "sourcePolicyType", each->policy_type);
        json_put_member_text(w, "sourcePolicyId", each->policy_identifier);
        json_put_key(w, SLICE("statement"));
        json_put_integer(w, each->statement.value);
        json_put_member_text(w, "effect", each->effect);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void write_context(call *c, json_writer *w, const diagnostic_message *told) {
    const auth_principal *who = told->auth_principal;
    json_put_key(w, SLICE("context"));
    json_begin_object(w);
    json_put_key(w, SLICE("principal"));
    json_begin_object(w);
    if (who) json_put_member_text(w, "name", who->auth_principal_display_name);
    if (who) json_put_member_text(w, "account", who->auth_principal_owner_id);
    if (who) json_put_member_text(w, "arn", as_aws(c, who->auth_principal_arn));
    json_end_object(w);
    json_put_member_text(w, "action", told->auth_action);
    json_put_member_text(w, "resource", as_aws(c, told->auth_resource));
    write_conditions(w, told);
    json_end_object(w);
}

status decode_authorization_message_prepare(call *c, const decode_authorization_message_in *in,
                                            decode_authorization_message_out *out) {
    diagnostic_message *told;
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    TRY(open_message(c, in->encoded_message, &told));
    json_begin_object(&w);
    json_put_key(&w, SLICE("allowed"));
    json_put_bool(&w, false);
    json_put_key(&w, SLICE("explicitDeny"));
    json_put_bool(&w, told->explicit_deny.value);
    json_put_member_text(&w, "decidedBy", told->no_permission_policy_type);
    write_matches(&w, told);
    write_context(c, &w, told);
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), &out->decoded_message);
}
