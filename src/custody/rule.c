/* The rule of approvals: set, lifted, recovered. It stands in the clear, authenticated header of the account's sealed key, with a number that
 * grows; the vault takes no older one than it has seen. */
#include "custody/rule.h"

#include "contract/held.h"
#include "custody/bound.h"
#include "custody/signed.h"

enum {
    PEOPLE_MOST = 256,
    COUNT_MOST = 10,
    RULE_BYTES_MOST = 24 << 10,
    HASH_DIGITS = 64,
};

status rule_read(const opened *account, arena *memory, approval_rule_record *out, bool *is_there) {
    slice packed = account->header.rule;
    *is_there = packed.len > 0;
    *out = (approval_rule_record){0};
    if (!*is_there) return OK;
    return FAILED(shape_unpack(&approval_rule_record_shape, packed, memory, out)) ? FAIL(CORRUPT) : OK;
}

/* ---- who */

/* In a session that began with a second factor; a role is nobody. */
static bool is_shown(const opened *caller) {
    return caller->kind == SEALED_SESSION && caller->header.mfa_at.is_set && caller->header.role_name.len == 0;
}

static bool is_root(const sealed_header *h) {
    return h->role_name.len == 0 && h->user_name.len == 0 && slice_equals(act_person(h), h->account_id);
}

static bool is_root_shown(const act_scene *scene) { return is_shown(scene->caller) && is_root(&scene->caller->header); }

bool rule_is_recovered(const act_scene *scene, const approval_rule_record *rule) {
    bool removes = scene->asked == operation_get(OPERATION_DELETE_APPROVAL_RULE);
    return removes && is_root_shown(scene) && held_recovery_is_ripe(rule, scene->now_s);
}

/* ---- changing it */

/* The account's key anew, with this rule; NULL: none. */
static status seal_with(act_scene *scene, const approval_rule_record *rule, act_outcome *out) {
    OWNED(buffer) packed = {0};
    sealed_header header = scene->home->header;
    if (rule) TRY(shape_pack(&approval_rule_record_shape, rule, &packed));
    ENSURE(packed.len <= RULE_BYTES_MOST, TOO_LARGE);
    header.rule = rule ? buffer_slice(&packed) : (slice){0};
    header.rule_number = SET_INT(header.rule_number.value + 1);
    return sealing_reseal_account(scene->sealing, scene->home, &header, scene->memory, &out->result.output);
}

static bool is_there_twice(const approval_rule_record *rule, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (slice_equals(rule->people.at[i].user_id, rule->people.at[at].user_id)) return true;
    return false;
}

static bool is_sound(const approval_rule_record *rule) {
    bool has_count = rule->count.is_set && rule->count.value > 0 && rule->count.value <= COUNT_MOST;
    bool has_times = rule->validity_s.is_set && rule->validity_s.value > 0 && rule->recovery_s.is_set &&
                     rule->recovery_s.value >= HELD_RECOVERY_LEAST_S;
    bool has_people = rule->people.count <= PEOPLE_MOST && (int64_t)rule->people.count >= rule->count.value;
    for (size_t i = 0; has_people && i < rule->people.count; i++)
        has_people = rule->people.at[i].user_id.len > 0 && !is_there_twice(rule, i);
    return has_count && has_times && has_people && rule->actions.count > 0;
}

status act_seal_rule(act_scene *scene, const key_act *act, act_outcome *out) {
    const approval_rule_record *wish = act->approval_rule;
    ENSURE(wish != NULL && is_sound(wish), INVALID_PARAMETER);
    approval_rule_record rule = {.actions = wish->actions, .count = wish->count, .people = wish->people};
    rule.validity_s = wish->validity_s;
    rule.recovery_s = wish->recovery_s;
    return seal_with(scene, &rule, out);
}

status act_lift_rule(act_scene *scene, const key_act *act, act_outcome *out) {
    (void)act;
    ENSURE(scene->home->header.rule.len > 0, APPROVAL_RULE_NOT_FOUND);
    return seal_with(scene, NULL, out);
}

static status rule_in_force(act_scene *scene, approval_rule_record *out) {
    bool is_there;
    TRY(rule_read(scene->home, scene->memory, out, &is_there));
    ENSURE(is_there, APPROVAL_RULE_NOT_FOUND);
    return OK;
}

/* ---- when approvers are lost */

status act_begin_recovery(act_scene *scene, const key_act *act, act_outcome *out) {
    approval_rule_record rule;
    (void)act;
    TRY(rule_in_force(scene, &rule));
    ENSURE(is_root_shown(scene), NO_PERMISSION);
    ENSURE(!held_recovery_is_under_way(&rule, scene->now_s), APPROVAL_EXISTS);
    rule.recover_at = SET_INT(scene->now_s + rule.recovery_s.value);
    out->result.time = rule.recover_at;
    return seal_with(scene, &rule, out);
}

status act_end_recovery(act_scene *scene, const key_act *act, act_outcome *out) {
    approval_rule_record rule;
    (void)act;
    TRY(rule_in_force(scene, &rule));
    const sealed_header *caller = &scene->caller->header;
    bool may = is_shown(scene->caller) && (is_root(caller) || held_names_person(&rule, act_person(caller)));
    ENSURE(may, NO_PERMISSION);
    ENSURE(rule.recover_at.is_set, APPROVAL_RECOVERY_NONE);
    rule.recover_at = (maybe_int){0};
    return seal_with(scene, &rule, out);
}

/* ---- approving */

static bool is_hash(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (!((text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f'))) return false;
    return text.len == HASH_DIGITS;
}

/* No longer than the request itself, which core says, nor than the rule does. */
static int64_t end_of(const act_scene *scene, const key_act *act, const approval_rule_record *rule) {
    int64_t most_s = scene->now_s + rule->validity_s.value;
    return act->expires_at.is_set && act->expires_at.value < most_s ? act->expires_at.value : most_s;
}

status act_approve(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) nothing = {0};
    approval_rule_record rule;
    const sealed_header *caller = &scene->caller->header;
    TRY(rule_in_force(scene, &rule));
    ENSURE(is_shown(scene->caller) && held_names_person(&rule, act_person(caller)), NO_PERMISSION);
    ENSURE(is_hash(act->text), INVALID_PARAMETER);
    sealing_order order = {.kind = SEALED_APPROVAL, .content = &nothing};
    TRY(secret_copy(SLICE("\1"), &nothing));
    order.header.approves = act->text;
    order.header.user_id = act_person(caller);
    order.header.user_name = caller->user_name;
    order.header.mfa_at = caller->mfa_at;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = SET_INT(end_of(scene, act, &rule));
    return sealing_seal(scene->home, &order, scene->memory, &out->result.output);
}

/* ---- what was signed for */

status bind_request(const binding *b, const field *f) {
    ENSURE(slice_equals(signed_find(b->said, f->name), b->act->text), NO_PERMISSION);
    return OK;
}

static status same_number(slice text, maybe_int given) {
    int64_t wanted;
    if (slice_is_absent(text)) return OK; /* what is taken then, core says, within bounds */
    ENSURE(slice_to_i64(text, &wanted) && given.is_set && given.value == wanted, NO_PERMISSION);
    return OK;
}

/* acs:ram::A:user/NAME, arn:aws:iam::A:user/NAME: what follows the last ':'. */
static slice relative_of(slice principal) {
    slice rest = principal, last = principal, part;
    while (slice_split(&rest, ':', &part)) last = part;
    return last;
}

static bool is_person_of(slice principal, const approver_person *person, slice account) {
    slice relative = relative_of(principal);
    if (slice_equals_text(relative, "root"))
        return person->user_name.len == 0 && slice_equals(person->user_id, account);
    if (!slice_starts_with(relative, SLICE("user/")) || person->user_name.len == 0) return false;
    slice rest = relative, name = {0}, part;
    while (slice_split(&rest, '/', &part)) name = part;
    return slice_equals(name, person->user_name);
}

static bool is_group(slice principal) { return slice_starts_with(relative_of(principal), SLICE("group/")); }

/* Everybody who is named has to be there, and nobody else, unless a group is named, too. */
static status same_people(const binding *b, const slice_list *named) {
    const approval_rule_record *rule = b->act->approval_rule;
    slice account = b->scene->home->header.account_id;
    bool has_group = false;
    for (size_t i = 0; i < named->count; i++) {
        bool is_met = is_group(named->at[i]);
        has_group |= is_met;
        for (size_t k = 0; !is_met && k < rule->people.count; k++)
            is_met = is_person_of(named->at[i], &rule->people.at[k], account);
        ENSURE(is_met, NO_PERMISSION);
    }
    for (size_t k = 0; !has_group && k < rule->people.count; k++) {
        bool is_named = false;
        for (size_t i = 0; !is_named && i < named->count; i++)
            is_named = is_person_of(named->at[i], &rule->people.at[k], account);
        ENSURE(is_named, NO_PERMISSION);
    }
    return OK;
}

static status same_actions(const approval_rule_record *rule, const slice_list *wanted) {
    ENSURE(wanted->count == rule->actions.count, NO_PERMISSION);
    for (size_t i = 0; i < wanted->count; i++) ENSURE(slice_equals(wanted->at[i], rule->actions.at[i]), NO_PERMISSION);
    return OK;
}

status bind_approval_rule(const binding *b, const field *f) {
    slice_list list;
    const approval_rule_record *rule = b->act->approval_rule;
    ENSURE(rule != NULL, NO_PERMISSION);
    if (strcmp(f->name, "Count") == 0) {
        ENSURE(!slice_is_absent(signed_find(b->said, f->name)), NO_PERMISSION);
        return same_number(signed_find(b->said, f->name), rule->count);
    }
    if (strcmp(f->name, "ValiditySeconds") == 0) return same_number(signed_find(b->said, f->name), rule->validity_s);
    if (strcmp(f->name, "RecoverySeconds") == 0) return same_number(signed_find(b->said, f->name), rule->recovery_s);
    TRY(signed_texts(b->said, f->name, b->scene->memory, &list));
    return strcmp(f->name, "Actions") == 0 ? same_actions(rule, &list) : same_people(b, &list);
}
