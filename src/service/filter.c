/* Filters of listings. */
#include "service/filter.h"

#include "format/json.h"

static bool is_known(slice key, const char *const *known) {
    for (size_t i = 0; known[i]; i++)
        if (slice_equals_text(key, known[i])) return true;
    return false;
}

static status refuse(call *c) { return call_refuse(c, FAIL(INVALID_PARAMETER), "Filters"); }

status filters_read(call *c, slice text, const char *const *known, filter_list *out) {
    filter_list made = {0};
    const json *list = NULL;
    bool is_list = slice_is_empty(text) || (!FAILED(json_parse(text, &c->memory, &list, NULL)) && json_is_array(list));
    if (!is_list || (list && list->count > FILTERS_MOST)) return refuse(c);
    for (const json *each = json_first(list); each; each = each->next) {
        filter f = {.values = json_member(each, SLICE("Values"))};
        bool is_whole = json_get_text(json_member(each, SLICE("Key")), &f.key) && json_is_array(f.values);
        if (!is_whole || !is_known(f.key, known)) return refuse(c);
        made.at[made.count++] = f;
    }
    *out = made;
    return OK;
}

bool filter_equals(const filter *f, slice text) {
    for (const json *value = json_first(f->values); value; value = value->next) {
        slice wanted;
        if (json_get_text(value, &wanted) && slice_equals(wanted, text)) return true;
    }
    return false;
}

bool filter_begins(const filter *f, slice text) {
    for (const json *value = json_first(f->values); value; value = value->next) {
        slice wanted;
        if (json_get_text(value, &wanted) && slice_starts_with(text, wanted)) return true;
    }
    return false;
}
