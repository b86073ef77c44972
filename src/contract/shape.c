/* Generic work on shapes: find, check. */
#include "contract/shape.h"

#include "base/text.h"

const field *shape_find(const shape *s, slice name) {
    for (size_t i = 0; i < s->field_count; i++)
        if (slice_equals_text(name, s->fields[i].name)) return &s->fields[i];
    return NULL;
}

int choice_find(const char *const *choices, slice text) {
    for (int i = 0; choices[i]; i++)
        if (slice_equals_text(text, choices[i])) return i + 1;
    return 0;
}

const char *choice_text(const char *const *choices, int choice) {
    for (int i = 0; choices[i]; i++)
        if (i + 1 == choice) return choices[i];
    return "";
}

static bool is_within(const field *f, int64_t amount) { return amount >= f->min && (f->max == 0 || amount <= f->max); }

static bool map_is_within(const field *f, const pair_list *map) {
    int64_t total = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (!utf8_is_valid(map->at[i].key) || !utf8_is_valid(map->at[i].value)) return false;
        total += utf8_count(map->at[i].key) + utf8_count(map->at[i].value);
    }
    return is_within(f, total);
}

static bool texts_are_within(const field *f, const slice_list *texts) {
    for (size_t i = 0; i < texts->count; i++)
        if (!utf8_is_valid(texts->at[i])) return false;
    return is_within(f, (int64_t)texts->count);
}

static bool scalar_is_valid(const field *f, const void *at) {
    const slice *text = at;
    switch (f->kind) {
    case FIELD_TEXT: return utf8_is_valid(*text) && is_within(f, utf8_count(*text));
    case FIELD_BYTES: return is_within(f, (int64_t)text->len);
    case FIELD_SECRET:
        return (int64_t)text->len >= f->min && (f->max == 0 || (int64_t)text->len <= f->max + SECRET_BOX_BYTES);
    case FIELD_INT: {
        int64_t number = ((const maybe_int *)at)->value;
        return f->min == f->max || (number >= f->min && number <= f->max);
    }
    case FIELD_MAP: return map_is_within(f, at);
    case FIELD_TEXTS: return texts_are_within(f, at);
    case FIELD_BLOBS: return is_within(f, (int64_t)((const slice_list *)at)->count);
    default: return true;
    }
}

static status nested_check(const field *f, const void *at, slice *culprit) {
    if (f->kind == FIELD_SHAPE) return shape_check(f->nested, *(void *const *)at, culprit);
    const shape_list *list = at;
    *culprit = slice_of_text(f->name);
    ENSURE(is_within(f, (int64_t)list->count), INVALID_PARAMETER);
    for (size_t i = 0; i < list->count; i++)
        TRY(shape_check(f->nested, (const uint8_t *)list->at + i * f->nested->struct_bytes, culprit));
    return OK;
}

status shape_check(const shape *s, const void *value, slice *culprit) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        *culprit = slice_of_text(f->name);
        if (!field_is_set(f, value)) {
            ENSURE(!f->is_required, MISSING_PARAMETER);
            continue;
        }
        if (f->nested) TRY(nested_check(f, field_at(f, value), culprit));
        else ENSURE(scalar_is_valid(f, field_at(f, value)), INVALID_PARAMETER);
    }
    *culprit = (slice){0};
    return OK;
}
