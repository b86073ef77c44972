/* The packed form of shapes: encoder and decoder side by side. */
#include <endian.h>

#include "contract/shape.h"

enum { DEEPEST = 8, SMALLEST_ELEMENT = 4 };

static void put_u32(buffer *out, size_t at, size_t value) {
    uint32_t wire = htobe32((uint32_t)value);
    memcpy(out->at + at, &wire, sizeof wire);
}

static status pack_element(slice element, buffer *out) {
    TRY(buffer_append_u32(out, (uint32_t)element.len));
    return buffer_append(out, element);
}

static status pack_slices(const slice *at, size_t count, buffer *out) {
    TRY(buffer_append_u32(out, (uint32_t)count));
    for (size_t i = 0; i < count; i++) TRY(pack_element(at[i], out));
    return OK;
}

static status pack_shapes(const shape *nested, const shape_list *list, buffer *out) {
    TRY(buffer_append_u32(out, (uint32_t)list->count));
    for (size_t i = 0; i < list->count; i++) {
        size_t length_at = out->len;
        TRY(buffer_append_u32(out, 0));
        TRY(shape_pack(nested, (const uint8_t *)list->at + i * nested->struct_bytes, out));
        put_u32(out, length_at, out->len - length_at - 4);
    }
    return OK;
}

static status pack_field(const field *f, const void *at, buffer *out) {
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SECRET:
    case FIELD_JSON: return buffer_append(out, *(const slice *)at);
    case FIELD_INT:
    case FIELD_TIME: return buffer_append_u64(out, (uint64_t)((const maybe_int *)at)->value);
    case FIELD_BOOL: return buffer_append_byte(out, ((const maybe_bool *)at)->value);
    case FIELD_CHOICE: return buffer_append_u16(out, (uint16_t) * (const int *)at);
    case FIELD_MAP: {
        const pair_list *map = at; /* a pair is two slices in a row */
        return pack_slices((const slice *)map->at, map->count * 2, out);
    }
    case FIELD_TEXTS:
    case FIELD_JSONS:
    case FIELD_BLOBS: return pack_slices(((const slice_list *)at)->at, ((const slice_list *)at)->count, out);
    case FIELD_SHAPE: return shape_pack(f->nested, *(void *const *)at, out);
    case FIELD_SHAPES: return pack_shapes(f->nested, at, out);
    }
    return FAIL(INTERNAL);
}

status shape_pack(const shape *s, const void *value, buffer *out) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        if (!field_is_set(f, value)) continue;
        TRY(buffer_append_byte(out, (uint8_t)(i + 1)));
        size_t length_at = out->len;
        TRY(buffer_append_u32(out, 0));
        TRY(pack_field(f, field_at(f, value), out));
        put_u32(out, length_at, out->len - length_at - 4);
    }
    return OK;
}

static bool take_element(slice *rest, slice *element) {
    uint32_t length;
    return slice_take_u32(rest, &length) && slice_take(rest, length, element);
}

/* An announced count must fit into the bytes that are there: no allocation larger than the input justifies. */
static status take_count(slice *rest, uint32_t *count) {
    ENSURE(slice_take_u32(rest, count), MALFORMED);
    ENSURE(*count > 0 && *count <= rest->len / SMALLEST_ELEMENT, MALFORMED);
    return OK;
}

static status unpack_slices(slice content, arena *memory, slice_list *out) {
    uint32_t count;
    TRY(take_count(&content, &count));
    slice *at = ARENA_ARRAY(memory, slice, count);
    ENSURE(at != NULL, OUT_OF_MEMORY);
    for (uint32_t i = 0; i < count; i++) ENSURE(take_element(&content, &at[i]), MALFORMED);
    ENSURE(content.len == 0, MALFORMED);
    *out = (slice_list){at, count};
    return OK;
}

static status unpack_map(slice content, arena *memory, pair_list *out) {
    slice_list flat;
    TRY(unpack_slices(content, memory, &flat));
    ENSURE(flat.count % 2 == 0, MALFORMED);
    *out = (pair_list){(pair *)flat.at, flat.count / 2};
    return OK;
}

static status unpack_at_depth(const shape *s, slice packed, arena *memory, void *out, int depth);

static status unpack_shapes(const field *f, slice content, arena *memory, shape_list *out, int depth) {
    uint32_t count;
    TRY(take_count(&content, &count));
    uint8_t *at = arena_take_array(memory, count, f->nested->struct_bytes);
    ENSURE(at != NULL, OUT_OF_MEMORY);
    for (uint32_t i = 0; i < count; i++) {
        slice element;
        ENSURE(take_element(&content, &element), MALFORMED);
        TRY(unpack_at_depth(f->nested, element, memory, at + i * f->nested->struct_bytes, depth));
    }
    ENSURE(content.len == 0, MALFORMED);
    *out = (shape_list){at, count};
    return OK;
}

static status unpack_nested(const field *f, slice content, arena *memory, void **out, int depth) {
    void *nested = arena_take(memory, f->nested->struct_bytes);
    ENSURE(nested != NULL, OUT_OF_MEMORY);
    TRY(unpack_at_depth(f->nested, content, memory, nested, depth));
    *out = nested;
    return OK;
}

static status unpack_number(const field *f, slice content, void *at) {
    if (f->kind == FIELD_BOOL) {
        ENSURE(content.len == 1 && content.at[0] <= 1, MALFORMED);
        *(maybe_bool *)at = SET_BOOL(content.at[0] == 1);
        return OK;
    }
    if (f->kind == FIELD_CHOICE) {
        uint16_t choice;
        ENSURE(content.len == 2 && slice_take_u16(&content, &choice), MALFORMED);
        ENSURE(choice_text(f->choices, choice)[0] != 0, MALFORMED);
        *(int *)at = choice;
        return OK;
    }
    uint64_t number;
    ENSURE(content.len == 8 && slice_take_u64(&content, &number), MALFORMED);
    *(maybe_int *)at = SET_INT(number);
    return OK;
}

static status unpack_field(const field *f, slice content, arena *memory, void *at, int depth) {
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SECRET:
    case FIELD_JSON: *(slice *)at = content; return OK;
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_BOOL:
    case FIELD_CHOICE: return unpack_number(f, content, at);
    case FIELD_MAP: return unpack_map(content, memory, at);
    case FIELD_TEXTS:
    case FIELD_JSONS:
    case FIELD_BLOBS: return unpack_slices(content, memory, at);
    case FIELD_SHAPE: return unpack_nested(f, content, memory, at, depth + 1);
    case FIELD_SHAPES: return unpack_shapes(f, content, memory, at, depth + 1);
    }
    return FAIL(MALFORMED);
}

static status unpack_at_depth(const shape *s, slice packed, arena *memory, void *out, int depth) {
    ENSURE(depth <= DEEPEST, MALFORMED);
    uint8_t number = 0, previous = 0;
    while (packed.len) {
        uint32_t length;
        slice content;
        ENSURE(slice_take_u8(&packed, &number) && number > previous && number <= s->field_count, MALFORMED);
        ENSURE(slice_take_u32(&packed, &length) && slice_take(&packed, length, &content), MALFORMED);
        const field *f = &s->fields[number - 1];
        TRY(unpack_field(f, content, memory, field_at(f, out), depth));
        previous = number;
    }
    return OK;
}

status shape_unpack(const shape *s, slice packed, arena *memory, void *out) {
    memset(out, 0, s->struct_bytes);
    return unpack_at_depth(s, packed, memory, out, 0);
}
