/* One pass over JSON text, values passed over by their brackets and quotes. */
#include "format/json_walk.h"

#include <endian.h>

enum { DEPTH_MOST = 64 };

/* Of eight bytes, how many come before the first quote or backslash. A byte minus one borrows from its high bit where it is 0; only
 * above the first such byte can it borrow where it is not. */
static size_t plain_of_eight(const uint8_t *at) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    uint64_t run;
    memcpy(&run, at, sizeof run);
    run = le64toh(run);
    uint64_t quote = run ^ (ones * '"'), backslash = run ^ (ones * '\\');
    uint64_t marks = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
    return marks ? (size_t)__builtin_ctzll(marks) / 8 : sizeof run;
}

/* Behind the closing quote of the text that begins here, or SIZE_MAX. */
static size_t text_length(slice at) {
    for (size_t i = 1; i < at.len; i++) {
        size_t plain = sizeof(uint64_t);
        while (at.len - i > sizeof(uint64_t) && plain == sizeof(uint64_t)) i += plain = plain_of_eight(at.at + i);
        if (at.at[i] == '\\') i++;
        else if (at.at[i] == '"') return i + 1;
    }
    return SIZE_MAX;
}

static bool is_scalar_byte(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

static size_t scalar_length(slice at) {
    size_t len = 0;
    while (len < at.len && is_scalar_byte(at.at[len])) len++;
    return len ? len : SIZE_MAX;
}

/* Of an object or array: to where as many brackets closed as opened. */
static size_t nested_length(slice at) {
    uint8_t due[DEPTH_MOST];
    unsigned depth = 0;
    for (size_t i = 0; i < at.len; i++) {
        uint8_t c = at.at[i];
        if (c == '"') {
            size_t text = text_length(slice_skip(at, i));
            if (text == SIZE_MAX) return SIZE_MAX;
            i += text - 1;
        } else if (c == '{' || c == '[') {
            if (depth == DEPTH_MOST) return SIZE_MAX;
            due[depth++] = c == '{' ? '}' : ']';
        } else if (c == '}' || c == ']') {
            if (due[--depth] != c) return SIZE_MAX;
            if (depth == 0) return i + 1;
        }
    }
    return SIZE_MAX;
}

static bool take_value(slice *rest, slice *out) {
    if (rest->len == 0) return false;
    uint8_t first = rest->at[0];
    size_t len = first == '"'                   ? text_length(*rest)
                 : first == '{' || first == '[' ? nested_length(*rest)
                                                : scalar_length(*rest);
    return len != SIZE_MAX && slice_take(rest, len, out);
}

static bool take_byte(slice *rest, uint8_t byte) {
    if (rest->len == 0 || rest->at[0] != byte) return false;
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool begin(slice text, const char brackets[2], json_walk *out) {
    json_walk w = {.rest = text, .closing = (uint8_t)brackets[1]};
    if (!take_byte(&w.rest, (uint8_t)brackets[0])) return false;
    *out = w;
    return true;
}

bool json_walk_object(slice text, json_walk *out) { return begin(text, "{}", out); }
bool json_walk_array(slice text, json_walk *out) { return begin(text, "[]", out); }

/* Whether there is another item, with *rest where it begins. */
static bool next_item(json_walk *w) {
    if (w->is_ended) return false;
    if (take_byte(&w->rest, w->closing)) {
        w->is_ended = w->rest.len == 0;
        w->rest = (slice){0};
        return false;
    }
    if (w->is_begun && !take_byte(&w->rest, ',')) return false;
    w->is_begun = true;
    return true;
}

bool json_walk_element(json_walk *w, slice *value) { return next_item(w) && take_value(&w->rest, value); }

bool json_walk_member(json_walk *w, slice *name, slice *value) {
    slice quoted;
    if (!next_item(w) || !take_value(&w->rest, &quoted) || !json_walk_text(quoted, name)) return false;
    return take_byte(&w->rest, ':') && take_value(&w->rest, value);
}

bool json_walk_text(slice value, slice *out) {
    if (value.len < 2 || value.at[0] != '"') return false;
    *out = slice_of(value.at + 1, value.len - 2);
    return true;
}
