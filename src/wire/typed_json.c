/* Typed values and JSON. */
#include "wire/typed_json.h"

/* ---- reading */

static status wrong_kind(const typed_json *t) { return (status){t->rules->kind}; }

static status read_map(typed_json *t, const json *from, pair_list *out) {
    if (!json_is_object(from)) return wrong_kind(t);
    pair_list map = {ARENA_ARRAY(t->memory, pair, from->count), from->count};
    ENSURE(map.at != NULL, OUT_OF_MEMORY);
    pair *to = map.at;
    for (const json *each = json_first(from); each; each = each->next, to++) {
        to->key = each->name;
        if (to->key.len == 0 || !json_get_text(each, &to->value)) return wrong_kind(t);
    }
    *out = map;
    return OK;
}

static status read_texts(typed_json *t, const json *from, slice_list *out) {
    if (!json_is_array(from)) return wrong_kind(t);
    slice_list texts = {ARENA_ARRAY(t->memory, slice, from->count), from->count};
    ENSURE(texts.at != NULL, OUT_OF_MEMORY);
    slice *to = texts.at;
    for (const json *each = json_first(from); each; each = each->next)
        if (!json_get_text(each, to++)) return wrong_kind(t);
    *out = texts;
    return OK;
}

static status read_shapes(typed_json *t, const shape *s, const json *from, shape_list *out) {
    if (!json_is_array(from)) return wrong_kind(t);
    shape_list list = {arena_take_array(t->memory, from->count, s->struct_bytes), from->count};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    uint8_t *to = list.at;
    for (const json *each = json_first(from); each; each = each->next, to += s->struct_bytes)
        TRY(typed_read(t, s, each, to));
    *out = list;
    return OK;
}

static status read_nested(typed_json *t, const shape *s, const json *from, void **out) {
    void *nested = arena_take(t->memory, s->struct_bytes);
    ENSURE(nested != NULL, OUT_OF_MEMORY);
    TRY(typed_read(t, s, from, nested));
    *out = nested;
    return OK;
}

status typed_read_field(typed_json *t, const field *f, const json *from, void *at) {
    switch (f->kind) {
    case FIELD_MAP: return read_map(t, from, at);
    case FIELD_TEXTS: return read_texts(t, from, at);
    case FIELD_SHAPES: return read_shapes(t, f->nested, from, at);
    case FIELD_SHAPE: return read_nested(t, f->nested, from, at);
    default: return t->rules->read_scalar(t, f, from, at);
    }
}

status typed_read(typed_json *t, const shape *s, const json *from, void *out) {
    if (!json_is_object(from)) return wrong_kind(t);
    for (size_t i = 0; i < s->field_count; i++) {
        const char *name = t->rules->name(s, &s->fields[i]);
        const json *member = name ? json_member(from, slice_of_text(name)) : NULL;
        if (!member || member->kind == JSON_NULL) continue;
        t->culprit = slice_of_text(name);
        t->of = s;
        TRY(typed_read_field(t, &s->fields[i], member, field_at(&s->fields[i], out)));
    }
    return OK;
}

/* ---- writing */

static bool is_list(const field *f) {
    return f->kind == FIELD_TEXTS || f->kind == FIELD_JSONS || f->kind == FIELD_SHAPES;
}

static status write_object(typed_json *t, const shape *s, const void *value) {
    json_begin_object(t->writer);
    TRY(typed_write(t, s, value));
    json_end_object(t->writer);
    return OK;
}

static status write_element(typed_json *t, const field *f, const shape_list *list, size_t index) {
    const slice *texts = list->at;
    if (f->kind == FIELD_SHAPES)
        return write_object(t, f->nested, (const uint8_t *)list->at + index * f->nested->struct_bytes);
    if (f->kind == FIELD_TEXTS) json_put_text(t->writer, texts[index]);
    else json_put_raw(t->writer, texts[index]);
    return OK;
}

static status write_list(typed_json *t, const field *f, const shape_list *list) {
    const char *wrapper = t->rules->wrapper(f);
    if (wrapper) {
        json_begin_object(t->writer);
        json_put_key(t->writer, slice_of_text(wrapper));
    }
    json_begin_array(t->writer);
    for (size_t i = 0; i < list->count; i++) TRY(write_element(t, f, list, i));
    json_end_array(t->writer);
    if (wrapper) json_end_object(t->writer);
    return OK;
}

static void write_map(json_writer *w, const pair_list *map) {
    json_begin_object(w);
    for (size_t i = 0; i < map->count; i++) {
        json_put_key(w, map->at[i].key);
        json_put_text(w, map->at[i].value);
    }
    json_end_object(w);
}

static status write_field(typed_json *t, const field *f, const void *at) {
    if (is_list(f)) return write_list(t, f, at);
    switch (f->kind) {
    case FIELD_MAP: write_map(t->writer, at); return OK;
    case FIELD_SHAPE: return write_object(t, f->nested, *(void *const *)at);
    default: return t->rules->write_scalar(t, f, at);
    }
}

status typed_write(typed_json *t, const shape *s, const void *value) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (!field_is_set(f, value) && !(is_list(f) && t->rules->has_empty_lists)) continue;
        const char *name = t->rules->name(s, f);
        if (!name) continue;
        json_put_key(t->writer, slice_of_text(name));
        t->of = s;
        TRY(write_field(t, f, field_at(f, value)));
    }
    return t->rules->write_more ? t->rules->write_more(t, s, value) : OK;
}
