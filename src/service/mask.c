/* Masked JSON of any shape. */
#include "service/mask.h"

#include "base/clock.h"
#include "format/json.h"

static void write_shape(json_writer *w, const shape *s, const void *value);

static void write_time(json_writer *w, int64_t time_s) {
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(time_s, text);
    json_put_text(w, slice_of_text(text));
}

static void write_map(json_writer *w, const pair_list *map) {
    json_begin_object(w);
    for (size_t i = 0; i < map->count; i++) {
        json_put_key(w, map->at[i].key);
        json_put_text(w, map->at[i].value);
    }
    json_end_object(w);
}

static void write_texts(json_writer *w, const slice_list *texts) {
    json_begin_array(w);
    for (size_t i = 0; i < texts->count; i++) json_put_text(w, texts->at[i]);
    json_end_array(w);
}

static void write_shapes(json_writer *w, const shape *nested, const shape_list *list) {
    json_begin_array(w);
    for (size_t i = 0; i < list->count; i++)
        write_shape(w, nested, (const uint8_t *)list->at + i * nested->struct_bytes);
    json_end_array(w);
}

static void write_field(json_writer *w, const field *f, const void *at) {
    switch (f->kind) {
    case FIELD_TEXT: json_put_text(w, *(const slice *)at); break;
    case FIELD_BYTES:
    case FIELD_SECRET: json_put_text(w, SLICE("***")); break;
    case FIELD_JSON: json_put_raw(w, *(const slice *)at); break;
    case FIELD_INT: json_put_integer(w, ((const maybe_int *)at)->value); break;
    case FIELD_TIME: write_time(w, ((const maybe_int *)at)->value); break;
    case FIELD_BOOL: json_put_bool(w, ((const maybe_bool *)at)->value); break;
    case FIELD_CHOICE: json_put_text(w, slice_of_text(choice_text(f->choices, *(const int *)at))); break;
    case FIELD_MAP: write_map(w, at); break;
    case FIELD_TEXTS:
    case FIELD_JSONS: write_texts(w, at); break;
    case FIELD_BLOBS: json_put_text(w, SLICE("***")); break;
    case FIELD_SHAPE: write_shape(w, f->nested, *(void *const *)at); break;
    case FIELD_SHAPES: write_shapes(w, f->nested, at); break;
    }
}

static void write_shape(json_writer *w, const shape *s, const void *value) {
    json_begin_object(w);
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (!field_is_set(f, value)) continue;
        json_put_key(w, slice_of_text(f->name));
        write_field(w, f, field_at(f, value));
    }
    json_end_object(w);
}

status mask_write(const shape *s, const void *value, buffer *out) {
    json_writer w = {.out = out};
    write_shape(&w, s, value);
    return json_finish(&w);
}
