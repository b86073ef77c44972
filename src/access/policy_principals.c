/* What a compiled policy's principals are: for binding names to ids, and for knowing whom a resource is open to. */
#include "access/arn.h"
#include "access/policy_form.h"

static status add_once(slice *list, size_t *count, slice text, arena *memory) {
    for (size_t i = 0; i < *count; i++)
        if (slice_equals(list[i], text)) return OK;
    return arena_copy(memory, text, &list[(*count)++]);
}

/* acs:ram::A:assumed-role/ROLE/SESSION is somebody only as long as acs:ram::A:role/ROLE is. */
status principal_bearer(slice name, arena *memory, slice *out) {
    arn parts;
    slice role;
    TRY(arn_parse(name, &parts));
    slice kind = SLICE("assumed-role/");
    *out = name;
    if (!slice_starts_with(parts.relative, kind)) return OK;
    slice rest = slice_skip(parts.relative, kind.len);
    ENSURE(slice_split(&rest, '/', &role), MALFORMED);
    return arn_principal_role(parts.account, role, memory, out);
}

static status add_pattern(const policy *p, const struct statement *s, const struct principal_pattern *each,
                          arena *memory, policy_principals *out) {
    slice text = pattern_text(p, &each->text), bearer;
    arn parts = {.account = text};
    if (each->kind == PRINCIPAL_ANYBODY) {
        out->is_public |= !s->is_deny && s->conditions.count == 0;
        return OK;
    }
    out->names_provider |= each->kind == PRINCIPAL_FEDERATED && !s->is_deny;
    if (each->kind != PRINCIPAL_ACCOUNT && each->kind != PRINCIPAL_NAME) return OK;
    if (each->kind == PRINCIPAL_NAME) {
        TRY(arn_parse(text, &parts));
        TRY(principal_bearer(text, memory, &bearer));
        TRY(add_once(out->names, &out->name_count, bearer, memory));
    }
    return s->is_deny ? OK : add_once(out->accounts, &out->account_count, parts.account, memory);
}

size_t policy_list_bound(const policy *p, policy_bound_name *out, size_t room) {
    size_t count = 0, statements = p->denials.count + p->allowances.count;
    for (size_t i = 0; i < statements; i++) {
        const struct span *named = &p->statements[i].principal_patterns;
        for (uint32_t k = 0; k < named->count; k++) {
            const struct principal_pattern *each = &p->principals[named->first + k];
            if (each->kind != PRINCIPAL_NAME || !each->is_bound) continue;
            if (count < room)
                out[count] = (policy_bound_name){pattern_text(p, &each->text), pattern_text(p, &each->id)};
            count++;
        }
    }
    return count;
}

status policy_list_principals(const policy *p, arena *memory, policy_principals *out) {
    policy_principals found = {0};
    size_t most = 0;
    for (uint32_t i = 0; i < p->denials.count + p->allowances.count; i++)
        most += p->statements[i].principal_patterns.count;
    found.names = ARENA_ARRAY(memory, slice, most + 1);
    found.accounts = ARENA_ARRAY(memory, slice, most + 1);
    ENSURE(found.names != NULL && found.accounts != NULL, OUT_OF_MEMORY);
    for (uint32_t i = 0; i < p->denials.count + p->allowances.count; i++) {
        const struct statement *s = &p->statements[i];
        for (uint32_t k = 0; k < s->principal_patterns.count; k++)
            TRY(add_pattern(p, s, &p->principals[s->principal_patterns.first + k], memory, &found));
    }
    *out = found;
    return OK;
}
