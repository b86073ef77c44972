/* Whether a signed request has the approvals its account's rule asks for: the rule from the account's sealed key, the request from the
 * signed text, the approvals from what the vault sealed when others signed them. */
#include "custody/approval.h"

#include "base/text.h"
#include "contract/canonical.h"
#include "contract/held.h"
#include "crypto/hash.h"
#include "custody/bound.h"
#include "custody/rule.h"
#include "custody/signed.h"
#include "custody/spent.h"

/* ---- what is held */

static bool gives_credentials(int act) {
    static const int ACTS[] = {VAULT_ACT_NEW_ACCESS_KEY, VAULT_ACT_ADOPT_ACCESS_KEY, VAULT_ACT_NEW_PASSWORD,
                               VAULT_ACT_BIND_SEED, VAULT_ACT_NEW_PASSKEY};
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        if (ACTS[i] == act) return true;
    return false;
}

/* Their own are theirs to change, once they have shown a second factor: an access key alone could be anybody's. */
static bool is_own(const act_scene *scene, const key_act *act) {
    const sealed_header *caller = &scene->caller->header;
    bool is_person = caller->role_name.len == 0 && caller->mfa_at.is_set;
    bool is_name = act->user_name.len == 0 || slice_equals(act->user_name, caller->user_name);
    return is_person && is_name && slice_equals(act->user_id, act_person(caller));
}

/* Nobody becomes an approver's double. What an approver is called is compared, too: which id a name stands for, core says. */
static bool makes_double(const approval_rule_record *rule, const act_scene *scene, const key_act *act) {
    if (!gives_credentials(act->act)) return false;
    bool is_of_approver = held_names_person(rule, act->user_id) || held_has_name(rule, act->user_name);
    return is_of_approver && !is_own(scene, act);
}

static bool has_acts(const use_message *use) {
    for (size_t i = 0; i < use->acts.count; i++)
        if (use->acts.at[i].act != VAULT_ACT_VERIFY) return true;
    return false;
}

static bool is_held(const approval_rule_record *rule, const use_message *use, const act_scene *scene) {
    if (held_by_rule(rule, scene->asked)) return true;
    for (size_t i = 0; i < use->acts.count; i++)
        if (makes_double(rule, scene, &use->acts.at[i])) return true;
    return false;
}

/* ---- who has approved */

typedef struct tally {
    const approval_rule_record *rule;
    slice hash, requester;
    slice_list people; /* who counts so far */
} tally;

static bool has_counted(const tally *t, slice user_id) {
    for (size_t i = 0; i < t->people.count; i++)
        if (slice_equals(t->people.at[i], user_id)) return true;
    return false;
}

static bool counts(const tally *t, const act_scene *scene, const sealed_header *h) {
    bool is_good = slice_equals(h->approves, t->hash) && h->mfa_at.is_set && h->role_name.len == 0;
    bool is_fresh = h->expires_at.is_set && scene->steady_s < h->expires_at.value;
    bool is_other = held_names_person(t->rule, h->user_id) && !slice_equals(h->user_id, t->requester);
    return is_good && is_fresh && is_other && !has_counted(t, h->user_id);
}

static status count_all(tally *t, const use_message *use, act_scene *scene) {
    const approval_shown *shown = use->approval;
    t->people.at = ARENA_ARRAY(scene->memory, slice, shown->given.count + 1);
    ENSURE(t->people.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown->given.count; i++) {
        const opened *o;
        slice blob = shown->given.at[i];
        TRY(sealing_open(scene->sealing, scene->home, SEALED_APPROVAL, blob, &o));
        if (!counts(t, scene, &o->header)) continue;
        if (has_acts(use)) TRY(spent_check(scene->spent, blob, use->proof->signature));
        TRY(arena_copy(scene->memory, o->header.user_id, &t->people.at[t->people.count]));
        t->people.count++;
    }
    /* zero or missing: nothing is ever enough */
    bool is_enough =
        t->rule->count.is_set && t->rule->count.value > 0 && (int64_t)t->people.count >= t->rule->count.value;
    ENSURE(is_enough, APPROVAL_REQUIRED);
    return OK;
}

/* ---- of what */

static status hash_of(const act_scene *scene, slice requester, pair_list parameters, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) hex = {0};
    uint8_t digest[HASH_SHA256_BYTES];
    canonical_request request = {scene->asked, scene->account_id, requester, parameters};
    TRY(canonical_write(&request, &text));
    TRY(hash_once(HASH_SHA256, buffer_slice(&text), digest));
    TRY(hex_encode(&hex, slice_of(digest, sizeof digest)));
    return arena_copy(scene->memory, buffer_slice(&hex), out);
}

static status is_what_was_approved(const asked *a, const pair_list *parameters, const use_message *use,
                                   act_scene *scene) {
    for (size_t i = 0; i < use->acts.count; i++) {
        status fits = bound_check_approved(a, parameters, scene, &use->acts.at[i]);
        if (FAILED_WITH(fits, NO_PERMISSION)) return FAIL(APPROVAL_REQUIRED);
        TRY(fits);
    }
    return OK;
}

status approvals_check(const asked *a, const use_message *use, act_scene *scene) {
    approval_rule_record rule;
    bool is_there;
    TRY(rule_read(scene->home, scene->memory, &rule, &is_there));
    if (!is_there || (!has_acts(use) && !use->approval)) return OK;
    ENSURE(scene->asked != NULL, APPROVAL_REQUIRED);
    if (!is_held(&rule, use, scene) || rule_is_recovered(scene, &rule)) return OK;
    ENSURE(use->approval != NULL, APPROVAL_REQUIRED);
    tally t = {.rule = &rule, .requester = act_person(&scene->caller->header)};
    pair_list parameters = use->approval->parameters;
    ENSURE(t.requester.len > 0, APPROVAL_REQUIRED);
    TRY(hash_of(scene, t.requester, parameters, &t.hash));
    TRY(count_all(&t, use, scene));
    TRY(spent_make_room(scene->spent, use->approval->given.count, scene->steady_s));
    TRY(is_what_was_approved(a, &parameters, use, scene));
    if (has_acts(use)) scene->used_up = use->approval;
    return OK;
}

status approvals_spend(const use_message *use, act_scene *scene) {
    for (size_t i = 0; scene->used_up && i < scene->used_up->given.count; i++) {
        const opened *o;
        slice blob = scene->used_up->given.at[i];
        TRY(sealing_open(scene->sealing, scene->home, SEALED_APPROVAL, blob, &o));
        TRY(spent_note(scene->spent, blob, use->proof->signature, o->header.expires_at.value));
    }
    return OK;
}

status approvals_check_owner(const act_scene *scene, const opened *owner) {
    approval_rule_record rule;
    bool is_there;
    TRY(rule_read(owner, scene->memory, &rule, &is_there));
    ENSURE(!is_there || (scene->asked != NULL && !held_by_rule(&rule, scene->asked)), APPROVAL_REQUIRED);
    return OK;
}
