/* Boxing the secret fields of typed structs. */
#include "role/gateway/secrets.h"

/* What is done to one secret field. */
typedef status field_act(const secrets_way *way, const field *f, slice *at, slice *culprit);

static status act_on(const secrets_way *way, const shape *s, void *value, field_act *act, slice *culprit);

static status act_on_list(const secrets_way *way, const field *f, shape_list *list, field_act *act, slice *culprit) {
    for (size_t i = 0; i < list->count; i++)
        TRY(act_on(way, f->nested, (uint8_t *)list->at + i * f->nested->struct_bytes, act, culprit));
    return OK;
}

static status act_on(const secrets_way *way, const shape *s, void *value, field_act *act, slice *culprit) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (!field_is_set(f, value)) continue;
        void *at = field_at(f, value);
        if (f->kind == FIELD_SECRET) TRY(act(way, f, at, culprit));
        if (f->kind == FIELD_SHAPE) TRY(act_on(way, f->nested, *(void **)at, act, culprit));
        if (f->kind == FIELD_SHAPES) TRY(act_on_list(way, f, at, act, culprit));
    }
    return OK;
}

static status field_box(const secrets_way *way, const field *f, slice *at, slice *culprit) {
    bool fits = (int64_t)at->len >= f->min && (f->max == 0 || (int64_t)at->len <= f->max);
    if (!fits) *culprit = slice_of_text(f->name);
    ENSURE(fits, INVALID_PARAMETER);
    return box_seal_kept(way->box, way->request_id, *at, way->memory, at);
}

static status field_unbox(const secrets_way *way, const field *f, slice *at, slice *culprit) {
    (void)f;
    (void)culprit;
    status opened = box_open_plain(way->box, way->request_id, *at, way->memory, at);
    return FAILED_WITH(opened, VERIFICATION) ? FAIL(CLOSED) : opened; /* made before the vault was started anew */
}

status secrets_box(const secrets_way *way, const shape *s, void *value, slice *culprit) {
    return act_on(way, s, value, field_box, culprit);
}

status secrets_unbox(const secrets_way *way, const shape *s, void *value) {
    slice nobody;
    return act_on(way, s, value, field_unbox, &nobody);
}

bool shape_has_secrets(const shape *s) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (f->kind == FIELD_SECRET) return true;
        if (f->nested && f->nested != s && shape_has_secrets(f->nested)) return true;
    }
    return false;
}
