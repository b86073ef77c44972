/* Parameters of the Alibaba RPC wire into typed inputs. A list or map comes flattened (Tag.1.Key=k, Context.name=v) or
 * as JSON text (Tag=[{"Key":"k"}]), never both. */
#include "wire/rpc_input.h"

#include "base/clock.h"
#include "base/text.h"
#include "wire/typed_json.h"

/* Where to read from, and where the name of what is wrong goes. */
typedef struct reading {
    const form *parameters;
    arena *memory;
    slice culprit;
} reading;

static status read_shape(reading *r, const shape *s, slice prefix, void *out);

/* ---- one value */

static status read_bool(slice text, maybe_bool *out) {
    bool is_true = slice_equals_ignoring_case(text, SLICE("true"));
    ENSURE(is_true || slice_equals_ignoring_case(text, SLICE("false")), INVALID_PARAMETER);
    *out = SET_BOOL(is_true);
    return OK;
}

static status read_scalar(const field *f, slice text, arena *memory, void *at) {
    int64_t number;
    const json *ignored;
    switch (f->kind) {
    case FIELD_TEXT: *(slice *)at = text; return OK;
    case FIELD_SECRET: ENSURE(!FAILED(base64_decode(text, memory, at)), INVALID_PARAMETER); return OK;
    case FIELD_BYTES: ENSURE(!FAILED(base64_decode(text, memory, at)), INVALID_PARAMETER); return OK;
    case FIELD_JSON:
        ENSURE(!FAILED(json_parse(text, memory, &ignored, NULL)), INVALID_PARAMETER);
        *(slice *)at = text;
        return OK;
    case FIELD_INT:
        ENSURE(slice_to_i64(text, &number), INVALID_PARAMETER);
        *(maybe_int *)at = SET_INT(number);
        return OK;
    case FIELD_TIME:
        ENSURE(!FAILED(clock_parse_iso(text, &number)), INVALID_PARAMETER);
        *(maybe_int *)at = SET_INT(number);
        return OK;
    case FIELD_BOOL: return read_bool(text, at);
    case FIELD_CHOICE:
        *(int *)at = choice_find(f->choices, text);
        ENSURE(*(int *)at != 0, INVALID_PARAMETER);
        return OK;
    default: return FAIL(INVALID_PARAMETER);
    }
}

/* Old clients send "Name=" for what was not given. */
static bool counts_as_absent(const field *f, slice text) {
    return slice_is_absent(text) || (text.len == 0 && (!f->is_required || f->min > 0 || f->kind != FIELD_TEXT));
}

/* ---- values as JSON */

static const char *json_name(const shape *s, const field *f) {
    (void)s;
    return f->name;
}

static status read_json_scalar(typed_json *t, const field *f, const json *from, void *at) {
    slice text;
    if (json_get_text(from, &text)) return counts_as_absent(f, text) ? OK : read_scalar(f, text, t->memory, at);
    int64_t number;
    if (f->kind == FIELD_INT && json_get_integer(from, &number)) {
        *(maybe_int *)at = SET_INT(number);
        return OK;
    }
    bool truth;
    ENSURE(f->kind == FIELD_BOOL && json_get_bool(from, &truth), INVALID_PARAMETER);
    *(maybe_bool *)at = SET_BOOL(truth);
    return OK;
}

static status read_json(reading *r, const field *f, const json *from, void *at) {
    static const typed_rules RULES = {
        .name = json_name, .read_scalar = read_json_scalar, .kind = FAILURE_INVALID_PARAMETER};
    typed_json t = {.rules = &RULES, .memory = r->memory};
    return typed_read_field(&t, f, from, at);
}

/* ---- values flattened into several parameters */

static size_t count_below(const reading *r, slice prefix) {
    size_t count = 0;
    for (size_t i = 0; i < r->parameters->count; i++) count += slice_starts_with(r->parameters->pairs[i].name, prefix);
    return count;
}

static slice value_of(const reading *r, slice name) {
    const form_pair *found = form_find(r->parameters, name);
    if (!found) return (slice){0};
    return slice_is_absent(found->value) ? SLICE("") : found->value;
}

static status read_flat_map(reading *r, slice prefix, pair_list *out) {
    pair_list map = {.at = ARENA_ARRAY(r->memory, pair, count_below(r, prefix))};
    ENSURE(map.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < r->parameters->count; i++) {
        const form_pair *from = &r->parameters->pairs[i];
        if (!slice_starts_with(from->name, prefix)) continue;
        slice key = slice_skip(from->name, prefix.len);
        ENSURE(key.len > 0, INVALID_PARAMETER);
        map.at[map.count++] = (pair){key, slice_is_absent(from->value) ? SLICE("") : from->value};
    }
    *out = map;
    return OK;
}

typedef struct elements {
    size_t count;
    size_t consumed;
} elements;

/* Elements count from 1 without a gap; *consumed is how many parameters they take. More than the field may have are not
 * even counted: this runs before the signature is checked. */
static status count_elements(reading *r, const field *f, slice prefix, elements *out) {
    for (*out = (elements){0};;) {
        slice name, below;
        ENSURE(f->max == 0 || (int64_t)out->count <= f->max, INVALID_PARAMETER);
        TRY(arena_printf(r->memory, &name, "%.*s%zu", SLICE_ARGS(prefix), out->count + 1));
        TRY(arena_printf(r->memory, &below, "%.*s.", SLICE_ARGS(name)));
        size_t found = count_below(r, below) + (form_find(r->parameters, name) != NULL);
        if (found == 0) return OK;
        out->count++;
        out->consumed += found;
    }
}

static status read_element(reading *r, const field *f, slice name, void *at) {
    if (f->kind == FIELD_TEXTS) {
        *(slice *)at = value_of(r, name);
        ENSURE(!slice_is_absent(*(slice *)at), INVALID_PARAMETER);
        return OK;
    }
    ENSURE(slice_is_absent(value_of(r, name)), INVALID_PARAMETER);
    slice below;
    TRY(arena_printf(r->memory, &below, "%.*s.", SLICE_ARGS(name)));
    return read_shape(r, f->nested, below, at);
}

static status read_flat_list(reading *r, const field *f, slice prefix, shape_list *out) {
    size_t size = f->kind == FIELD_TEXTS ? sizeof(slice) : f->nested->struct_bytes;
    elements found;
    TRY(count_elements(r, f, prefix, &found));
    ENSURE(found.consumed == count_below(r, prefix), INVALID_PARAMETER);
    shape_list list = {arena_take_array(r->memory, found.count, size), found.count};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found.count; i++) {
        slice name;
        TRY(arena_printf(r->memory, &name, "%.*s%zu", SLICE_ARGS(prefix), i + 1));
        TRY(read_element(r, f, name, (uint8_t *)list.at + i * size));
    }
    *out = list;
    return OK;
}

static status read_flat(reading *r, const field *f, slice prefix, void *at) {
    if (f->kind == FIELD_MAP) return read_flat_map(r, prefix, at);
    if (f->kind == FIELD_TEXTS || f->kind == FIELD_SHAPES) return read_flat_list(r, f, prefix, at);
    void *nested = arena_take(r->memory, f->nested->struct_bytes);
    ENSURE(nested != NULL, OUT_OF_MEMORY);
    TRY(read_shape(r, f->nested, prefix, nested));
    *(void **)at = nested;
    return OK;
}

static status read_compound(reading *r, const field *f, slice name, void *at) {
    slice whole = value_of(r, name), below;
    TRY(ARENA_JOIN(r->memory, &below, name, SLICE(".")));
    bool is_flat = count_below(r, below) > 0;
    ENSURE(slice_is_empty(whole) || !is_flat, INVALID_PARAMETER);
    if (is_flat) return read_flat(r, f, below, at);
    if (slice_is_empty(whole)) return OK;
    const json *parsed;
    status read = json_parse(whole, r->memory, &parsed, NULL);
    ENSURE(!FAILED_WITH(read, OUT_OF_MEMORY), OUT_OF_MEMORY);
    ENSURE(!FAILED(read), INVALID_PARAMETER);
    return read_json(r, f, parsed, at);
}

static bool is_compound(const field *f) {
    return f->kind == FIELD_MAP || f->kind == FIELD_TEXTS || f->kind == FIELD_SHAPES || f->kind == FIELD_SHAPE;
}

const rpc_plain *rpc_plain_of(const char *field_name) {
    static const rpc_plain ROWS[] = {
        {"AccessKeySecret", NULL, NULL},
        {"RandomPassword", NULL, NULL},
        {"Password", NULL, NULL},
        {"OldPassword", NULL, NULL},
        {"NewPassword", NULL, NULL},
        {"AuthenticationCode1", NULL, NULL},
        {"AuthenticationCode2", NULL, NULL},
        {"Code", NULL, NULL},
        {"TokenCode", NULL, NULL},
        {"OIDCToken", NULL, NULL},
        {"SAMLAssertion", NULL, NULL},
        {"AddPrivateKey", NULL, NULL},
        {"Base32StringSeed", NULL, NULL},
        {"RecoveryCode", NULL, NULL},
        {"RecoveryCodes", NULL, NULL},
        {"SecretData", "SecretDataType", "binary"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (strcmp(ROWS[i].field, field_name) == 0) return &ROWS[i];
    return NULL;
}

/* A secret that is text comes as it is; NUL could not be given back in every form of answer. */
static status read_plain(slice text, void *at) {
    ENSURE(utf8_is_valid(text) && !slice_contains_byte(text, 0), INVALID_PARAMETER);
    *(slice *)at = text;
    return OK;
}

static status is_plain(const reading *r, const field *f, slice prefix, bool *out) {
    const rpc_plain *row = f->kind == FIELD_SECRET ? rpc_plain_of(f->name) : NULL;
    slice decider;
    *out = row != NULL;
    if (!row || !row->decider) return OK;
    TRY(arena_printf(r->memory, &decider, "%.*s%s", SLICE_ARGS(prefix), row->decider));
    *out = !slice_equals_text(value_of(r, decider), row->bytes_when);
    return OK;
}

static status read_shape(reading *r, const shape *s, slice prefix, void *out) {
    for (size_t i = 0; i < s->field_count; i++) {
        const field *f = &s->fields[i];
        slice name = slice_of_text(f->name);
        if (prefix.len) TRY(ARENA_JOIN(r->memory, &name, prefix, name));
        r->culprit = name;
        if (is_compound(f)) {
            TRY(read_compound(r, f, name, field_at(f, out)));
            continue;
        }
        slice text = value_of(r, name);
        bool plain;
        if (counts_as_absent(f, text)) continue;
        TRY(is_plain(r, f, prefix, &plain));
        if (plain) TRY(read_plain(text, field_at(f, out)));
        else TRY(read_scalar(f, text, r->memory, field_at(f, out)));
    }
    return OK;
}

status rpc_input(const form *parameters, const shape *in, arena *memory, void *out, slice *detail) {
    reading now = {.parameters = parameters, .memory = memory};
    status read = read_shape(&now, in, SLICE(""), out);
    if (FAILED(read)) *detail = now.culprit;
    return read;
}
