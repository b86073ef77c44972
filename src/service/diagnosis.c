/* A diagnosis is packed by its shape and sealed under a key of its own, bound to the account. */
#include "service/diagnosis.h"

#include "access/arn_twin.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "contract/failure.h"
#include "format/json.h"
#include "contract/held.h"
#include "service/explanation.h"
#include "service/handlers.h"

/* AWS's clients bring back no more than 10240 characters. What does not fit is halved until it does. */
enum { PACKED_BYTES_MOST = 7500 };
typedef struct room {
    size_t conditions, values, value_bytes, matches, opinions;
} room;
static const room ROOM = {128, 32, POLICY_TEXT_BYTES_MOST, EXPLAINED_MATCHES_MOST, EXPLAINED_POLICIES_MOST};

status diagnosis_cipher(const secret *store_key, xaes **out) {
    OWNED(secret) root = {0};
    OWNED(secret) key = {0};
    TRY(hkdf_extract(HASH_SHA256, SLICE("keyhold diagnosis"), store_key, &root));
    TRY(hkdf_expand(HASH_SHA256, &root, SLICE("diagnosis v1"), XAES_KEY_BYTES, &key));
    return xaes_new(&key, out);
}

static size_t lesser(size_t count, size_t most, diagnostic_message *out) {
    if (count > most) out->truncated = SET_BOOL(true);
    return count < most ? count : most;
}

static status show_values(call *c, const condition_value *from, const room *most, diagnostic_message *out) {
    auth_condition *told = &out->auth_conditions.at[out->auth_conditions.count++];
    size_t count = lesser(from->count, most->values, out);
    told->condition_key = from->name;
    told->condition_values.at = ARENA_ARRAY(&c->memory, slice, count + 1);
    ENSURE(told->condition_values.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        told->condition_values.at[i] = slice_head(from->values[i], lesser(from->values[i].len, most->value_bytes, out));
    told->condition_values.count = count;
    return OK;
}

static status show_conditions(call *c, const policy_request *request, const room *most, diagnostic_message *out) {
    size_t count = lesser(request->condition_count, most->conditions, out);
    out->auth_conditions.count = 0;
    out->auth_conditions.at = ARENA_ARRAY(&c->memory, auth_condition, count + 1);
    ENSURE(out->auth_conditions.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) TRY(show_values(c, &request->conditions[i], most, out));
    return OK;
}

static slice principal_type(const principal *who) {
    if (who->is_root) return SLICE("Account");
    return slice_is_absent(who->role) ? SLICE("SubUser") : SLICE("AssumedRoleUser");
}

static status describe_caller(call *c, diagnostic_message *out) {
    auth_principal *who = CALL_NEW(c, auth_principal);
    ENSURE(who != NULL, OUT_OF_MEMORY);
    *who =
        (auth_principal){.auth_principal_display_name = c->who.user_name, .auth_principal_owner_id = c->who.account_id};
    who->auth_principal_type = principal_type(&c->who);
    who->auth_principal_arn = c->who.arn;
    who->auth_principal_id = slice_is_absent(c->who.role) ? c->who.user_id : c->who.role_id;
    who->auth_principal_role = c->who.role;
    out->auth_principal = who;
    out->request_id = c->request_id;
    out->time = SET_INT(c->now_s);
    return OK;
}

static status show_within(call *c, const policy_request *request, const explanation *why, const room *most,
                          diagnostic_message *out) {
    out->truncated = (maybe_bool){0};
    if (why->is_cut) out->truncated = SET_BOOL(true);
    out->matched_policies.at = why->matches;
    out->matched_policies.count = lesser(why->match_count, most->matches, out);
    out->policy_opinions.at = why->opinions;
    out->policy_opinions.count = lesser(why->opinion_count, most->opinions, out);
    return show_conditions(c, request, most, out);
}

static status seal(call *c, slice packed) {
    OWNED(buffer) sealed = {0};
    OWNED(buffer) text = {0};
    TRY(xaes_seal(c->house->diagnosis, c->who.account_id, packed, &sealed));
    TRY(base64_encode(&text, buffer_slice(&sealed)));
    return arena_copy(&c->memory, buffer_slice(&text), &c->diagnosis);
}

static status seal_fitting(call *c, const policy_request *request, const explanation *why, diagnostic_message *told) {
    OWNED(buffer) packed = {0};
    for (room most = ROOM; most.value_bytes > 0;
         most =
             (room){most.conditions / 2, most.values / 2, most.value_bytes / 2, most.matches / 2, most.opinions / 2}) {
        buffer_reset(&packed);
        TRY(show_within(c, request, why, &most, told));
        TRY(shape_pack(&diagnostic_message_shape, told, &packed));
        if (packed.len <= PACKED_BYTES_MOST) return seal(c, buffer_slice(&packed));
    }
    return OK; /* names alone were too long: the refusal goes without */
}

status diagnosis_make(call *c, const authorisation *question) {
    explanation why;
    diagnostic_message told = {.auth_action = question->request.action, .auth_resource = question->request.resource};
    if (!c->house->diagnosis) return OK;
    TRY(describe_caller(c, &told));
    TRY(explain(c, question, &c->decided, &why));
    bool is_explicit = c->decided.decision == DECISION_EXPLICIT_DENY;
    told.explicit_deny = SET_BOOL(is_explicit);
    told.no_permission_policy_type = slice_of_text(deciding_policy_name(c->decided.by));
    told.deciding_statement = why.deciding;
    told.resource_owner = slice_is_absent(question->owner) ? c->who.account_id : question->owner;
    if (c->decided.by == DECIDED_BY_RULE) told.reason = c->detail;
    if (is_explicit && !why.deciding)
        told.reason = SLICE("The request or a policy goes beyond what a decision may take.");
    return seal_fitting(c, &question->request, &why, &told);
}

/* ---- where no policy decided */

/* Which action of the rule holds the operation; NULL: what the rule holds besides. */
static status name_rule(call *c, matched_policy **out) {
    const approval_rule_record *rule = c->who.approval;
    *out = NULL;
    for (size_t i = 0; rule && i < rule->actions.count; i++) {
        if (!held_by_pattern(rule->actions.at[i], c->operation)) continue;
        *out = CALL_NEW(c, matched_policy);
        ENSURE(*out != NULL, OUT_OF_MEMORY);
        **out = (matched_policy){.policy_identifier = c->who.account_id, .statement = SET_INT((int64_t)i)};
        (*out)->policy_type = slice_of_text(deciding_policy_name(DECIDED_BY_APPROVAL));
        (*out)->effect = SLICE("Hold");
        return OK;
    }
    return OK;
}

status diagnosis_make_of_rule(call *c) {
    bool wants_approval = FAILED_WITH(c->failure, APPROVAL_REQUIRED);
    policy_request request = {.resource = c->resource};
    diagnostic_message told = {.auth_resource = c->resource, .explicit_deny = SET_BOOL(false), .reason = c->detail};
    if (!c->house->diagnosis || !slice_is_absent(c->diagnosis) || !c->operation) return OK;
    told.auth_action = slice_of_text(c->operation->action);
    TRY(describe_caller(c, &told));
    told.no_permission_policy_type =
        slice_of_text(deciding_policy_name(wants_approval ? DECIDED_BY_APPROVAL : DECIDED_BY_RULE));
    told.resource_owner = call_account(c);
    if (wants_approval) TRY(name_rule(c, &told.deciding_statement));
    if (slice_is_absent(told.reason)) told.reason = slice_of_text(failure_get(c->failure.code)->message);
    return seal_fitting(c, &request, &(explanation){0}, &told);
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

static void put_if_there(json_writer *w, const char *name, slice text) {
    if (!slice_is_absent(text)) json_put_member_text(w, name, text);
}

static void write_statement(json_writer *w, const matched_policy *each) {
    json_begin_object(w);
    json_put_member_text(w, "sourcePolicyType", each->policy_type);
    json_put_member_text(w, "sourcePolicyId", each->policy_identifier);
    put_if_there(w, "attachedTo", each->attached_to);
    json_put_key(w, SLICE("statement"));
    json_put_integer(w, each->statement.value);
    put_if_there(w, "statementId", each->statement_id);
    json_put_member_text(w, "effect", each->effect);
    json_end_object(w);
}

static void write_matches(json_writer *w, const diagnostic_message *told) {
    if (told->deciding_statement) {
        json_put_key(w, SLICE("decidingStatement"));
        write_statement(w, told->deciding_statement);
    }
    put_if_there(w, "reason", told->reason);
    json_put_key(w, SLICE("matchedStatements"));
    json_begin_object(w);
    json_put_key(w, SLICE("items"));
    json_begin_array(w);
    for (size_t i = 0; i < told->matched_policies.count; i++) write_statement(w, &told->matched_policies.at[i]);
    json_end_array(w);
    json_end_object(w);
}

static void write_opinions(json_writer *w, const diagnostic_message *told) {
    json_put_key(w, SLICE("policies"));
    json_begin_object(w);
    json_put_key(w, SLICE("items"));
    json_begin_array(w);
    for (size_t i = 0; i < told->policy_opinions.count; i++) {
        const policy_opinion *each = &told->policy_opinions.at[i];
        json_begin_object(w);
        json_put_member_text(w, "policyType", each->policy_type);
        json_put_member_text(w, "policyId", each->policy_identifier);
        put_if_there(w, "attachedTo", each->attached_to);
        json_put_member_text(w, "decision", each->decision);
        put_if_there(w, "sha256", each->fingerprint);
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
    write_opinions(&w, told);
    write_context(c, &w, told);
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), &out->decoded_message);
}
