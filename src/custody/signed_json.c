/* The members of one JSON object, as far as the vault has to know them. */
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

/* A value that is no text, as it stands: up to the comma or bracket that does not belong to it. */
static status take_other(json_reading *r, slice *out) {
    unsigned depth = 0;
    size_t i = 0;
    skip_blanks(r);
    while (i < r->rest.len) {
        uint8_t c = r->rest.at[i];
        if (depth == 0 && (c == ',' || c == '}')) break;
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

static bool is_there(const pair_list *list, slice key) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals(list->at[i].key, key)) return true;
    return false;
}

static status take_member(json_reading *r, pair_list *made) {
    pair member;
    TRY(take_text(r, &member.key));
    ENSURE(!is_there(made, member.key) && take(r, ':'), NO_PERMISSION);
    skip_blanks(r);
    bool is_text = r->rest.len && r->rest.at[0] == '"';
    TRY(is_text ? take_text(r, &member.value) : take_other(r, &member.value));
    if (is_text || !slice_equals_text(member.value, "null")) made->at[made->count++] = member;
    return OK;
}

/* As many as there are commas, and one more, is enough. */
static size_t members_most(slice text) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) count += text.at[i] == ',';
    return count < MEMBERS_MOST ? count : MEMBERS_MOST;
}

status signed_json(slice text, arena *memory, pair_list *out) {
    json_reading r = {text, memory};
    size_t most = members_most(text);
    pair_list made = {.at = ARENA_ARRAY(memory, pair, most)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    ENSURE(utf8_is_valid(text) && take(&r, '{'), NO_PERMISSION);
    if (!take(&r, '}')) {
        do {
            ENSURE(made.count < most, NO_PERMISSION);
            TRY(take_member(&r, &made));
        } while (take(&r, ','));
        ENSURE(take(&r, '}'), NO_PERMISSION);
    }
    skip_blanks(&r);
    ENSURE(r.rest.len == 0, NO_PERMISSION);
    *out = made;
    return OK;
}
