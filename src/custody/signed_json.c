/* JSON as far as the vault has to know it. */
#include "custody/json_values.h"

#include "base/text.h"
#include "custody/signed.h"

enum { MEMBERS_MOST = 4096, NESTING_MOST = 32 };

typedef struct json_reading {
    slice rest;
    arena *memory;
} json_reading;

static void skip_blanks(json_reading *r) {
    while (r->rest.len && (r->rest.at[0] == ' ' || (r->rest.at[0] >= '\t' && r->rest.at[0] <= '\r')))
        r->rest = slice_skip(r->rest, 1);
}

static bool take(json_reading *r, uint8_t wanted) {
    skip_blanks(r);
    if (r->rest.len == 0 || r->rest.at[0] != wanted) return false;
    r->rest = slice_skip(r->rest, 1);
    return true;
}

static bool take_hex4(slice *rest, uint32_t *out) {
    slice digits;
    uint32_t value = 0;
    if (!slice_take(rest, 4, &digits)) return false;
    for (size_t i = 0; i < 4; i++) {
        uint8_t c = digits.at[i], lower = (uint8_t)(c | 0x20);
        bool is_digit = c >= '0' && c <= '9', is_letter = lower >= 'a' && lower <= 'f';
        if (!is_digit && !is_letter) return false;
        value = value << 4 | (uint32_t)(is_digit ? c - '0' : lower - 'a' + 10);
    }
    *out = value;
    return true;
}

/* What follows \u: one unit, or two that make one code point. */
static status take_code_point(slice *rest, uint32_t *out) {
    uint32_t high, low;
    slice mark;
    ENSURE(take_hex4(rest, &high) && high != 0, NO_PERMISSION);
    *out = high;
    if (high < 0xD800 || high > 0xDFFF) return OK;
    ENSURE(high <= 0xDBFF && slice_take(rest, 2, &mark) && slice_equals_text(mark, "\\u"), NO_PERMISSION);
    ENSURE(take_hex4(rest, &low) && low >= 0xDC00 && low <= 0xDFFF, NO_PERMISSION);
    *out = 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
    return OK;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t point) {
    if (point < 0x80) return *to++ = (uint8_t)point, to;
    unsigned further = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    *to++ = (uint8_t)((0xFF00u >> (further + 1) & 0xFFu) | point >> 6 * further);
    while (further--) *to++ = (uint8_t)(0x80 | (point >> 6 * further & 0x3F));
    return to;
}

static status take_escape(slice *rest, uint8_t **to) {
    static const char NAMES[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
    slice letter;
    uint32_t point;
    ENSURE(slice_take(rest, 1, &letter), NO_PERMISSION);
    if (letter.at[0] == 'u') {
        TRY(take_code_point(rest, &point));
        *to = put_utf8(*to, point);
        return OK;
    }
    size_t which = slice_find_byte(slice_of_text(NAMES), letter.at[0]);
    ENSURE(which != SIZE_MAX, NO_PERMISSION);
    *(*to)++ = (uint8_t)MEANT[which];
    return OK;
}

/* An escape never takes fewer bytes than what it stands for. */
static status take_text(json_reading *r, slice *out) {
    ENSURE(take(r, '"'), NO_PERMISSION);
    uint8_t *at = arena_take_raw(r->memory, r->rest.len + 1), *to = at;
    ENSURE(at != NULL, OUT_OF_MEMORY);
    for (;;) {
        slice one;
        ENSURE(slice_take(&r->rest, 1, &one) && one.at[0] >= 0x20, NO_PERMISSION);
        if (one.at[0] == '"') break;
        if (one.at[0] == '\\') TRY(take_escape(&r->rest, &to));
        else *to++ = one.at[0];
    }
    *out = slice_of(at, (size_t)(to - at));
    return OK;
}

/* To the end of a text that begins at i, as an index behind its last quote; SIZE_MAX when it has none. */
static size_t text_end(slice text, size_t i) {
    for (i++; i < text.len; i++) {
        if (text.at[i] == '"') return i + 1;
        if (text.at[i] == '\\') i++;
    }
    return SIZE_MAX;
}

/* A value that is no text, as it stands: up to the comma or the closing bracket that does not belong to it. */
static status take_other(json_reading *r, uint8_t closing, slice *out) {
    unsigned depth = 0;
    size_t i = 0;
    skip_blanks(r);
    while (i < r->rest.len) {
        uint8_t c = r->rest.at[i];
        if (depth == 0 && (c == ',' || c == closing)) break;
        if (c == '{' || c == '[') ENSURE(++depth <= NESTING_MOST, NO_PERMISSION);
        if (c == '}' || c == ']') ENSURE(depth-- > 0, NO_PERMISSION);
        i = c == '"' ? text_end(r->rest, i) : i + 1;
        ENSURE(i != SIZE_MAX, NO_PERMISSION);
    }
    *out = slice_trim(slice_head(r->rest, i));
    r->rest = slice_skip(r->rest, i);
    ENSURE(depth == 0 && out->len > 0, NO_PERMISSION);
    return OK;
}

static bool is_there(const json_values *list, slice name) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals(list->at[i].name, name)) return true;
    return false;
}

static status take_value(json_reading *r, uint8_t closing, json_value *out) {
    skip_blanks(r);
    out->is_text = r->rest.len && r->rest.at[0] == '"';
    return out->is_text ? take_text(r, &out->value) : take_other(r, closing, &out->value);
}

static bool is_null(const json_value *v) { return !v->is_text && slice_equals_text(v->value, "null"); }

static status take_member(json_reading *r, json_values *made) {
    json_value member;
    TRY(take_text(r, &member.name));
    ENSURE(!is_there(made, member.name) && take(r, ':'), NO_PERMISSION);
    TRY(take_value(r, '}', &member));
    if (!is_null(&member)) made->at[made->count++] = member;
    return OK;
}

static status take_element(json_reading *r, json_values *made) {
    json_value element = {0};
    TRY(take_value(r, ']', &element));
    made->at[made->count++] = element;
    return OK;
}

/* As many as there are commas, and one more, is enough. */
static size_t values_most(slice text) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) count += text.at[i] == ',';
    return count < MEMBERS_MOST ? count : MEMBERS_MOST;
}

/* What one kind of brackets holds. */
typedef struct brackets {
    uint8_t opening, closing;
    status (*take_one)(json_reading *r, json_values *made);
} brackets;

static status read_values(const brackets *b, slice text, arena *memory, json_values *out) {
    json_reading r = {text, memory};
    size_t most = values_most(text);
    json_values made = {.at = ARENA_ARRAY(memory, json_value, most)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    ENSURE(utf8_is_valid(text) && take(&r, b->opening), NO_PERMISSION);
    if (!take(&r, b->closing)) {
        do {
            ENSURE(made.count < most, NO_PERMISSION);
            TRY(b->take_one(&r, &made));
        } while (take(&r, ','));
        ENSURE(take(&r, b->closing), NO_PERMISSION);
    }
    skip_blanks(&r);
    ENSURE(r.rest.len == 0, NO_PERMISSION);
    *out = made;
    return OK;
}

status json_values_object(slice text, arena *memory, json_values *out) {
    return read_values(&(brackets){'{', '}', take_member}, text, memory, out);
}

status json_values_array(slice text, arena *memory, json_values *out) {
    return read_values(&(brackets){'[', ']', take_element}, text, memory, out);
}

const json_value *json_values_find(const json_values *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (slice_equals_text(all->at[i].name, name)) return &all->at[i];
    return NULL;
}

status signed_json(slice text, arena *memory, pair_list *out) {
    json_values members;
    TRY(json_values_object(text, memory, &members));
    pair_list made = {.at = ARENA_ARRAY(memory, pair, members.count + 1)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < members.count; i++) made.at[made.count++] = (pair){members.at[i].name, members.at[i].value};
    *out = made;
    return OK;
}

status signed_json_texts(slice text, arena *memory, slice_list *out) {
    json_values elements;
    TRY(json_values_array(text, memory, &elements));
    slice_list made = {.at = ARENA_ARRAY(memory, slice, elements.count + 1)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < elements.count; i++) {
        ENSURE(elements.at[i].is_text, NO_PERMISSION);
        made.at[made.count++] = elements.at[i].value;
    }
    *out = made;
    return OK;
}
