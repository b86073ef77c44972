/* What a compiled policy speaks of, apart from any request: condition keys, actions. */
#include "access/policy_form.h"

static bool has(const slice *list, size_t count, slice key) {
    for (size_t i = 0; i < count; i++)
        if (slice_equals(list[i], key)) return true;
    return false;
}

size_t policy_list_keys(const policy *p, slice *out, size_t room) {
    size_t count = 0, statements = p->denials.count + p->allowances.count;
    for (size_t i = 0; i < statements; i++) {
        const struct span *conditions = &p->statements[i].conditions;
        for (size_t k = 0; k < conditions->count && count < room; k++) {
            const struct condition *each = &p->conditions[conditions->first + k];
            slice key = pattern_text(p, &each->key);
            if (each->source == KEY_GIVEN && !has(out, count, key)) out[count++] = key;
        }
    }
    return count;
}

/* ---- which it is */

void policy_mark(policy *p, const uint8_t digest[POLICY_DIGEST_BYTES]) { memcpy(p->digest, digest, sizeof p->digest); }

slice policy_digest(const policy *p) { return slice_of(p->digest, sizeof p->digest); }

slice policy_statement_id(const policy *p, size_t statement) {
    for (uint32_t i = 0; i < p->denials.count + p->allowances.count; i++) {
        const struct statement *s = &p->statements[i];
        if (s->index == statement && s->sid.len) return pattern_text(p, &s->sid);
    }
    return (slice){0};
}

/* ---- actions */

static bool has_action(const struct policy *p, const struct statement *s, struct evaluation *e) {
    for (uint32_t i = 0; i < s->action_patterns.count; i++)
        for (size_t n = 0; n < e->names.count; n++) {
            const struct action_pattern *a = &p->actions[s->action_patterns.first + i];
            slice whole = e->names.whole[n];
            size_t colon = slice_find_byte(whole, ':');
            if (pattern_matches(p, &a->service, slice_head(whole, colon), e) &&
                pattern_matches(p, &a->name, slice_skip(whole, colon + 1), e))
                return true;
        }
    return false;
}

static bool is_about_everything(const struct policy *p, const struct statement *s) {
    if (s->not_resource || s->conditions.count > 0) return false;
    for (uint32_t i = 0; i < s->resource_patterns.count; i++) {
        const struct resource_pattern *r = &p->resources[s->resource_patterns.first + i];
        bool is_any = r->service.kind == GLOB_ANY && r->region.kind == GLOB_ANY && r->account.kind == GLOB_ANY;
        if (is_any && r->relative.kind == GLOB_ANY) return true;
    }
    return false;
}

policy_word policy_word_on(const policy *p, slice action) {
    policy_word word = {0};
    struct evaluation e = {.steps_left = POLICY_STEPS_MOST};
    if (!action_names_find(action, &e.names)) return word;
    for (size_t i = 0; i < p->denials.count + p->allowances.count; i++) {
        const struct statement *s = &p->statements[i];
        if (has_action(p, s, &e) == s->not_action) continue;
        if (!s->is_deny) word.allows_some = true;
        else word.denies_all |= is_about_everything(p, s);
    }
    return word;
}
