/* Which condition keys a compiled policy asks about. */
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
