/* The JSON parser: bounds are checked first, jansson parses, its values are copied into the arena. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

/* Our kinds and two of our functions have names jansson takes as well; here jansson's become JANSSON_…. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_INTEGER JANSSON_INTEGER
#define JSON_REAL JANSSON_REAL
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_INTEGER
#undef JSON_REAL
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL
#undef json_is_object
#undef json_is_array

#include "base/table.h"
#include "base/text.h"
#include "format/json.h"
#include "format/wiping.h"

/* Finds line and column of a byte position. */
static void fault_place(slice text, size_t position, json_fault *fault) {
    fault->position = position < text.len ? position : text.len;
    fault->line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < fault->position; i++) {
        if (text.at[i] != '\n') continue;
        fault->line++;
        line_start = i + 1;
    }
    fault->column = fault->position - line_start + 1;
}

static void fault_say(slice text, size_t position, const char *reason, json_fault *fault) {
    if (!fault) return;
    fault_place(text, position, fault);
    snprintf(fault->reason, sizeof fault->reason, "%s", reason);
}

/* What the pre-check counts while it runs over the text. */
typedef struct bounds {
    size_t depth;
    size_t values;
    bool is_in_text;
} bounds;

/* A rough look that ignores grammar: texts are skipped, brackets and commas counted. Whatever it lets pass jansson
 * still judges; it only keeps nesting and memory bounded. */
static const char *bounds_step(bounds *b, uint8_t c, bool *skips_next) {
    if (b->is_in_text) {
        *skips_next = c == '\\';
        if (c == '"') b->is_in_text = false;
        return NULL;
    }
    if (c == '"') b->is_in_text = true;
    if (c == '[' || c == '{') b->depth++;
    if ((c == ']' || c == '}') && b->depth) b->depth--;
    if (c == '[' || c == '{' || c == ',') b->values++;
    if (b->depth > JSON_DEPTH_MOST) return "nested too deeply";
    return NULL;
}

static status bounds_check(slice text, json_fault *fault) {
    if (text.len > JSON_BYTES_MOST) {
        fault_say(text, JSON_BYTES_MOST, "the text is too long", fault);
        return FAIL(TOO_LARGE);
    }
    size_t nul = slice_find_byte(text, 0); /* jansson would take some of them for the end */
    if (nul != SIZE_MAX) {
        fault_say(text, nul, "the text holds NUL", fault);
        return FAIL(MALFORMED);
    }
    bounds b = {.values = 1};
    for (size_t i = 0; i < text.len; i++) {
        bool skips_next = false;
        const char *reason = bounds_step(&b, text.at[i], &skips_next);
        if (reason) {
            fault_say(text, i, reason, fault);
            return FAIL(MALFORMED);
        }
        if (b.values > JSON_VALUES_MOST) {
            fault_say(text, i, "too many values", fault);
            return FAIL(TOO_LARGE);
        }
        i += skips_next;
    }
    return OK;
}

/* jansson's own words may quote the text, which must not reach logs; its codes tell enough. */
static const char *reason_of(const json_error_t *error) {
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input: return "the text ends too early";
    case json_error_end_of_input_expected: return "something follows the value";
    case json_error_duplicate_key: return "a name comes twice in one object";
    case json_error_numeric_overflow: return "a number is out of range";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a text holds NUL";
    case json_error_invalid_utf8: return "not UTF-8";
    case json_error_stack_overflow: return "nested too deeply";
    case json_error_out_of_memory: return "out of memory";
    default: return "not JSON here";
    }
}

/* For integers the digits; for others the shortest text that reads back as the same double. */
static status number_copy(json_t *from, arena *memory, json *to) {
    to->kind = JSON_NUMBER;
    if (json_typeof(from) == JANSSON_INTEGER) {
        to->is_integer = true;
        to->integer = json_integer_value(from);
        return arena_printf(memory, &to->text, "%lld", (long long)to->integer);
    }
    char text[40];
    for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, json_real_value(from));
        if (strtod(text, NULL) == json_real_value(from)) break;
    }
    return arena_copy(memory, slice_of_text(text), &to->text);
}

static status value_copy(json_t *from, arena *memory, json *to);

static status object_copy(json_t *from, arena *memory, json *to) {
    to->kind = JSON_OBJECT;
    to->count = json_object_size(from);
    json *nodes = ARENA_ARRAY(memory, json, to->count);
    ENSURE(nodes != NULL, OUT_OF_MEMORY);
    size_t i = 0;
    for (void *each = json_object_iter(from); each; each = json_object_iter_next(from, each), i++) {
        TRY(value_copy(json_object_iter_value(each), memory, &nodes[i]));
        TRY(arena_copy(memory, slice_of_text(json_object_iter_key(each)), &nodes[i].name));
        nodes[i].next = i + 1 < to->count ? &nodes[i + 1] : NULL;
    }
    to->first = to->count ? nodes : NULL;
    return OK;
}

static status array_copy(json_t *from, arena *memory, json *to) {
    to->kind = JSON_ARRAY;
    to->count = json_array_size(from);
    json *nodes = ARENA_ARRAY(memory, json, to->count);
    ENSURE(nodes != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < to->count; i++) {
        TRY(value_copy(json_array_get(from, i), memory, &nodes[i]));
        nodes[i].next = i + 1 < to->count ? &nodes[i + 1] : NULL;
    }
    to->first = to->count ? nodes : NULL;
    return OK;
}

/* Recursion is bounded by JSON_DEPTH_MOST. */
static status value_copy(json_t *from, arena *memory, json *to) {
    switch (json_typeof(from)) {
    case JANSSON_OBJECT: return object_copy(from, memory, to);
    case JANSSON_ARRAY: return array_copy(from, memory, to);
    case JANSSON_STRING:
        to->kind = JSON_TEXT;
        return arena_copy(memory, slice_of(json_string_value(from), json_string_length(from)), &to->text);
    case JANSSON_INTEGER:
    case JANSSON_REAL: return number_copy(from, memory, to);
    case JANSSON_TRUE:
    case JANSSON_FALSE:
        to->kind = JSON_BOOL;
        to->is_true = json_typeof(from) == JANSSON_TRUE;
        return OK;
    case JANSSON_NULL: to->kind = JSON_NULL; return OK;
    }
    return FAIL(INTERNAL);
}

/* jansson keys its hash tables from a file unless it gets a seed first; here the process' own keyed hash gives one. */
static void jansson_prepare(void) {
    json_set_alloc_funcs(wiping_take, wiping_give_back);
    json_object_seed((size_t)table_hash(SLICE("names of JSON members")) | 1);
}

status json_parse(slice text, arena *memory, const json **out, json_fault *fault) {
    TRY(bounds_check(text, fault));
    if (!utf8_is_valid(text)) {
        fault_say(text, 0, "not UTF-8", fault);
        return FAIL(MALFORMED);
    }
    jansson_prepare();
    json_error_t error = {0};
    json_t *parsed =
        json_loadb(text.at ? (const char *)text.at : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!parsed) {
        fault_say(text, (size_t)(error.position > 0 ? error.position : 0), reason_of(&error), fault);
        return json_error_code(&error) == json_error_out_of_memory ? FAIL(OUT_OF_MEMORY) : FAIL(MALFORMED);
    }
    json *root = ARENA_NEW(memory, json);
    status copied = root ? value_copy(parsed, memory, root) : FAIL(OUT_OF_MEMORY);
    json_decref(parsed);
    if (FAILED(copied)) {
        fault_say(text, 0, "the values need more memory than they may use", fault);
        return copied;
    }
    *out = root;
    return OK;
}
