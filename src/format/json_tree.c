/* Looking into a parsed JSON value. */
#include "format/json.h"

const json *json_member(const json *object, slice name) {
    if (!json_is_object(object)) return NULL;
    for (const json *each = object->first; each; each = each->next)
        if (slice_equals(each->name, name)) return each;
    return NULL;
}

/* The elements of one array stand side by side. */
const json *json_element(const json *array, size_t index) {
    if (!json_is_array(array) || index >= array->count) return NULL;
    return array->first + index;
}

const json *json_first(const json *list) { return list ? list->first : NULL; }

bool json_is_text(const json *value) { return value && value->kind == JSON_TEXT; }
bool json_is_array(const json *value) { return value && value->kind == JSON_ARRAY; }
bool json_is_object(const json *value) { return value && value->kind == JSON_OBJECT; }

bool json_get_text(const json *value, slice *out) {
    if (!json_is_text(value)) return false;
    *out = value->text;
    return true;
}

bool json_get_integer(const json *value, int64_t *out) {
    if (!value || value->kind != JSON_NUMBER || !value->is_integer) return false;
    *out = value->integer;
    return true;
}

bool json_get_bool(const json *value, bool *out) {
    if (!value || value->kind != JSON_BOOL) return false;
    *out = value->is_true;
    return true;
}
