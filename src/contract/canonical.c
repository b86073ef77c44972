/* One text for one request. */
#include "contract/canonical.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

typedef struct collector {
    const operation *of;
    arena *memory;
    pair_list list;
} collector;

static status add(collector *to, slice name, slice value) {
    ENSURE(to->list.count < CANONICAL_PARAMETERS_MOST, TOO_LARGE);
    to->list.at[to->list.count++] = (pair){name, value};
    return OK;
}

static status begin(collector *to) {
    to->list.at = ARENA_ARRAY(to->memory, pair, CANONICAL_PARAMETERS_MOST);
    ENSURE(to->list.at != NULL, OUT_OF_MEMORY);
    return OK;
}

static status encode(arena *memory, slice bytes, slice *out) {
    OWNED(buffer) text = {0};
    TRY(base64_encode(&text, bytes));
    return arena_copy(memory, buffer_slice(&text), out);
}

/* A key is the same by its id and by its ARN of either form. */
static slice key_of(slice name) {
    static const slice MARK = {(const uint8_t *)":key/", 5};
    size_t at = slice_find(name, MARK);
    return at == SIZE_MAX ? name : slice_skip(name, at + MARK.len);
}

/* KeyId, EncryptionKeyId, DestinationKeyId … */
static bool names_key(const field *f) {
    static const slice KEY_ID = {(const uint8_t *)"KeyId", 5};
    return f->kind == FIELD_TEXT && slice_ends_with(slice_of_text(f->name), KEY_ID);
}

/* ---- from a struct */

static status scalar(const field *f, const void *at, arena *memory, slice *out) {
    const maybe_int *number = at;
    switch (f->kind) {
    case FIELD_INT:
    case FIELD_TIME: return arena_printf(memory, out, "%lld", (long long)number->value);
    case FIELD_BOOL: *out = ((const maybe_bool *)at)->value ? SLICE("true") : SLICE("false"); return OK;
    case FIELD_CHOICE: *out = slice_of_text(choice_text(f->choices, *(const int *)at)); return OK;
    case FIELD_BYTES: return encode(memory, *(const slice *)at, out);
    default: *out = names_key(f) ? key_of(*(const slice *)at) : *(const slice *)at; return OK;
    }
}

static status add_map(collector *to, slice name, const pair_list *map) {
    for (size_t i = 0; i < map->count; i++) {
        slice whole;
        TRY(ARENA_JOIN(to->memory, &whole, name, SLICE("."), map->at[i].key));
        TRY(add(to, whole, map->at[i].value));
    }
    return OK;
}

static status add_texts(collector *to, slice name, const field *f, const slice_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        slice whole, value = list->at[i];
        TRY(arena_printf(to->memory, &whole, "%.*s.%zu", SLICE_ARGS(name), i + 1));
        if (f->kind == FIELD_BLOBS) TRY(encode(to->memory, value, &value));
        TRY(add(to, whole, value));
    }
    return OK;
}

static status add_fields(collector *to, slice prefix, const shape *s, const void *value);

static status add_shapes(collector *to, slice name, const field *f, const shape_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        slice whole;
        TRY(arena_printf(to->memory, &whole, "%.*s.%zu.", SLICE_ARGS(name), i + 1));
        TRY(add_fields(to, whole, f->nested, (const uint8_t *)list->at + i * f->nested->struct_bytes));
    }
    return OK;
}

static status add_field(collector *to, slice name, const field *f, const void *at) {
    slice text;
    switch (f->kind) {
    case FIELD_SECRET: return OK;
    case FIELD_MAP: return add_map(to, name, at);
    case FIELD_TEXTS:
    case FIELD_JSONS:
    case FIELD_BLOBS: return add_texts(to, name, f, at);
    case FIELD_SHAPES: return add_shapes(to, name, f, at);
    case FIELD_SHAPE:
        TRY(ARENA_JOIN(to->memory, &text, name, SLICE(".")));
        return add_fields(to, text, f->nested, *(void *const *)at);
    default: TRY(scalar(f, at, to->memory, &text)); return add(to, name, text);
    }
}

static status add_fields(collector *to, slice prefix, const shape *s, const void *value) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        slice name;
        if (!field_is_set(f, value)) continue;
        TRY(ARENA_JOIN(to->memory, &name, prefix, slice_of_text(f->name)));
        TRY(add_field(to, name, f, field_at(f, value)));
    }
    return OK;
}

static int by_name(const void *a, const void *b) {
    return slice_compare(((const pair *)a)->key, ((const pair *)b)->key);
}

static void sort(pair_list list) {
    if (list.count) qsort(list.at, list.count, sizeof *list.at, by_name);
}

status canonical_parameters(const operation *of, const void *in, arena *memory, pair_list *out) {
    collector to = {.of = of, .memory = memory};
    TRY(begin(&to));
    TRY(add_fields(&to, SLICE(""), of->in, in));
    sort(to.list);
    *out = to.list;
    return OK;
}

/* ---- from texts */

/* Where a name leads: a field, and for what lies within it whether the field is the whole name. NULL: nowhere. */
static const field *find_field(const shape *s, slice name) {
    slice first = slice_head(name, slice_find_byte(name, '.'));
    const field *f = shape_find(s, first);
    slice rest = slice_skip(name, first.len + 1), number;
    if (!f || first.len == name.len) return f;
    switch (f->kind) {
    case FIELD_MAP: return rest.len ? f : NULL;
    case FIELD_SHAPE: return find_field(f->nested, rest);
    case FIELD_TEXTS:
    case FIELD_JSONS:
    case FIELD_BLOBS:
    case FIELD_SHAPES: break;
    default: return NULL;
    }
    uint64_t place;
    if (!slice_split(&rest, '.', &number) || !slice_to_u64(number, &place) || place == 0 || number.at[0] == '0')
        return NULL;
    if (f->kind != FIELD_SHAPES) return slice_is_absent(rest) ? f : NULL;
    return slice_is_empty(rest) ? NULL : find_field(f->nested, rest);
}

static bool is_compound_whole(const field *f, slice name) {
    bool has_parts = f->kind == FIELD_MAP || f->kind == FIELD_TEXTS || f->kind == FIELD_JSONS || f->kind == FIELD_BLOBS;
    bool is_whole = slice_ends_with(name, slice_of_text(f->name)) && !slice_contains_byte(name, '.');
    return f->kind == FIELD_SHAPE || f->kind == FIELD_SHAPES || (has_parts && is_whole);
}

static status read_number(const field *f, slice text, arena *memory, slice *out) {
    int64_t number;
    bool is_one = slice_to_i64(text, &number);
    if (!is_one && f->kind == FIELD_TIME) is_one = !FAILED(clock_parse_iso(text, &number));
    ENSURE(is_one, INVALID_PARAMETER);
    return arena_printf(memory, out, "%lld", (long long)number);
}

static status read_value(const field *f, slice text, arena *memory, slice *out) {
    slice bytes;
    switch (f->kind) {
    case FIELD_SECRET: return FAIL(INVALID_PARAMETER);
    case FIELD_INT:
    case FIELD_TIME: return read_number(f, text, memory, out);
    case FIELD_BOOL:
        ENSURE(slice_equals_text(text, "true") || slice_equals_text(text, "false"), INVALID_PARAMETER);
        break;
    case FIELD_CHOICE: ENSURE(choice_find(f->choices, text) != 0, INVALID_PARAMETER); break;
    case FIELD_BYTES:
    case FIELD_BLOBS: ENSURE(!FAILED(base64_decode(text, memory, &bytes)), INVALID_PARAMETER); break;
    default: break;
    }
    *out = names_key(f) ? key_of(text) : text;
    ENSURE(!names_key(f) || slice_find(*out, SLICE("alias/")) == SIZE_MAX, INVALID_PARAMETER);
    return OK;
}

static status read_one(collector *to, const pair *given) {
    slice value;
    const field *f = find_field(to->of->in, given->key);
    ENSURE(f != NULL && !is_compound_whole(f, given->key), INVALID_PARAMETER);
    TRY(read_value(f, given->value, to->memory, &value));
    return add(to, given->key, value);
}

status canonical_read(const operation *of, pair_list given, arena *memory, pair_list *out, slice *culprit) {
    collector to = {.of = of, .memory = memory};
    TRY(begin(&to));
    for (size_t i = 0; i < given.count; i++) {
        status read = read_one(&to, &given.at[i]);
        if (FAILED_WITH(read, INVALID_PARAMETER)) *culprit = given.at[i].key;
        TRY(read);
    }
    sort(to.list);
    for (size_t i = 1; i < to.list.count; i++) {
        if (!slice_equals(to.list.at[i].key, to.list.at[i - 1].key)) continue;
        *culprit = to.list.at[i].key;
        return FAIL(INVALID_PARAMETER);
    }
    *out = to.list;
    return OK;
}

/* ---- the text */

static status write_pair(const pair *each, buffer *out) {
    TRY(percent_encode(out, each->key, NULL));
    TRY(buffer_append_byte(out, '='));
    TRY(percent_encode(out, each->value, NULL));
    return buffer_append_byte(out, '\n');
}

status canonical_write(const canonical_request *request, buffer *out) {
    const operation *op = request->operation;
    TRY(buffer_printf(out, "keyhold-approval-1\n%s\n%s\n%.*s\n%.*s\n", op->product->name, op->name,
                      SLICE_ARGS(request->account), SLICE_ARGS(request->requester)));
    for (size_t i = 0; i < request->parameters.count; i++) TRY(write_pair(&request->parameters.at[i], out));
    return OK;
}
