/* The JSON writer: compact text, commas by themselves, mistakes of the caller found at the end. */
#include "format/json.h"

#include <stdio.h>

#include "base/text.h"

enum { DEPTH_MOST = 63 };

static uint64_t bit_of(unsigned depth) { return UINT64_C(1) << depth; }

static bool is_inside_object(const json_writer *w) { return w->depth > 0 && (w->is_object & bit_of(w->depth)); }

static void note(json_writer *w, status result) {
    if (!FAILED(w->failure)) w->failure = result;
}

static void append(json_writer *w, slice text) {
    if (!FAILED(w->failure)) note(w, buffer_append(w->out, text));
}

static void comma(json_writer *w) {
    if (w->has_items & bit_of(w->depth)) append(w, SLICE(","));
    w->has_items |= bit_of(w->depth);
}

/* Every value starts here: one at the top, after a name in an object, after a comma in an array. */
static void value_begin(json_writer *w) {
    if (w->depth == 0) {
        if (w->has_root) note(w, FAIL(INTERNAL));
        w->has_root = true;
        return;
    }
    if (is_inside_object(w)) {
        if (!w->has_key) note(w, FAIL(INTERNAL));
        w->has_key = false;
        return;
    }
    comma(w);
}

static void list_begin(json_writer *w, slice bracket, bool is_object) {
    value_begin(w);
    if (w->depth == DEPTH_MOST) {
        note(w, FAIL(INTERNAL));
        return;
    }
    w->depth++;
    w->has_items &= ~bit_of(w->depth);
    w->is_object = is_object ? w->is_object | bit_of(w->depth) : w->is_object & ~bit_of(w->depth);
    append(w, bracket);
}

static void list_end(json_writer *w, slice bracket, bool is_object) {
    if (w->depth == 0 || is_inside_object(w) != is_object || w->has_key) {
        note(w, FAIL(INTERNAL));
        return;
    }
    append(w, bracket);
    w->depth--;
}

void json_begin_object(json_writer *w) { list_begin(w, SLICE("{"), true); }
void json_end_object(json_writer *w) { list_end(w, SLICE("}"), true); }
void json_begin_array(json_writer *w) { list_begin(w, SLICE("["), false); }
void json_end_array(json_writer *w) { list_end(w, SLICE("]"), false); }

/* RFC 8259 §7: the two-character escapes, \u00XX for the other control characters. */
static void append_escape(json_writer *w, uint8_t c) {
    static const char letters[] = "btn?fr"; /* U+0008 … U+000D; U+000B has none */
    char text[7];
    if (c == '"' || c == '\\') snprintf(text, sizeof text, "\\%c", c);
    else if (c >= 8 && c <= 13 && c != 11) snprintf(text, sizeof text, "\\%c", letters[c - 8]);
    else snprintf(text, sizeof text, "\\u%04x", c);
    append(w, slice_of_text(text));
}

/* Bytes of the UTF-8 sequence at the front, 0 when there is none. */
static size_t sequence_length(slice rest) {
    for (size_t length = 1; length <= 4 && length <= rest.len; length++)
        if (utf8_is_valid(slice_head(rest, length))) return length;
    return 0;
}

static bool is_plain(uint8_t c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

/* The same of eight bytes at once. In each of the three, a byte's high bit says that one of the eight is below 0x20, '"' or
 * '\\': x - 1 borrows from the high bit only where x is 0. */
static bool are_plain(const uint8_t *at) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    uint64_t run;
    memcpy(&run, at, sizeof run);
    uint64_t control = (run - ones * 0x20) & ~run;
    uint64_t quote = run ^ (ones * '"'), backslash = run ^ (ones * '\\');
    return ((run | control | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs) == 0;
}

static size_t plain_length(slice text) {
    size_t plain = 0;
    while (text.len - plain >= sizeof(uint64_t) && are_plain(text.at + plain)) plain += sizeof(uint64_t);
    while (plain < text.len && is_plain(text.at[plain])) plain++;
    return plain;
}

/* Where so many bytes go next; NULL after a failure. */
static uint8_t *room_for(json_writer *w, size_t bytes) {
    if (FAILED(w->failure)) return NULL;
    uint8_t *room = buffer_room(w->out, bytes);
    if (room) return room;
    note(w, buffer_reserve(w->out, bytes));
    return FAILED(w->failure) ? NULL : w->out->at + w->out->len;
}

static uint8_t *quoted_copy(uint8_t *to, slice text) {
    *to++ = '"';
    if (text.len) memcpy(to, text.at, text.len);
    to += text.len;
    *to++ = '"';
    return to;
}

/* Most texts need no escapes. */
static void append_quoted_plain(json_writer *w, slice text) {
    uint8_t *to = room_for(w, text.len + 2);
    if (!to) return;
    (void)quoted_copy(to, text);
    w->out->len += text.len + 2;
}

static void append_quoted(json_writer *w, slice text) {
    if (plain_length(text) == text.len) {
        append_quoted_plain(w, text);
        return;
    }
    append(w, SLICE("\""));
    while (text.len && !FAILED(w->failure)) {
        size_t plain = plain_length(text);
        append(w, slice_head(text, plain));
        text = slice_skip(text, plain);
        if (text.len == 0) break;
        size_t length = sequence_length(text);
        if (length == 0 || text.at[0] == 0) append(w, SLICE("\xEF\xBF\xBD"));
        else if (length == 1) append_escape(w, text.at[0]);
        else append(w, slice_head(text, length));
        text = slice_skip(text, length ? length : 1);
    }
    append(w, SLICE("\""));
}

/* Comma, name and colon at once. */
static void append_plain_key(json_writer *w, slice name) {
    bool has_comma = w->has_items & bit_of(w->depth);
    size_t bytes = has_comma + name.len + 3;
    uint8_t *to = room_for(w, bytes);
    w->has_items |= bit_of(w->depth);
    if (!to) return;
    if (has_comma) *to++ = ',';
    *quoted_copy(to, name) = ':';
    w->out->len += bytes;
}

void json_put_key(json_writer *w, slice name) {
    if (!is_inside_object(w) || w->has_key) note(w, FAIL(INTERNAL));
    w->has_key = true;
    if (plain_length(name) == name.len) {
        append_plain_key(w, name);
        return;
    }
    comma(w);
    append_quoted(w, name);
    append(w, SLICE(":"));
}

void json_put_text(json_writer *w, slice text) {
    value_begin(w);
    append_quoted(w, text);
}

void json_put_integer(json_writer *w, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    json_put_raw(w, slice_of_text(text));
}

void json_put_bool(json_writer *w, bool value) { json_put_raw(w, value ? SLICE("true") : SLICE("false")); }
void json_put_null(json_writer *w) { json_put_raw(w, SLICE("null")); }

void json_put_raw(json_writer *w, slice value) {
    value_begin(w);
    append(w, value);
}

static void put_list(json_writer *w, const json *list) {
    for (const json *each = list->first; each; each = each->next) {
        if (list->kind == JSON_OBJECT) json_put_key(w, each->name);
        json_put_value(w, each);
    }
}

/* Recursion is bounded by JSON_DEPTH_MOST of the parser. */
void json_put_value(json_writer *w, const json *value) {
    switch (value->kind) {
    case JSON_NULL: json_put_null(w); return;
    case JSON_BOOL: json_put_bool(w, value->is_true); return;
    case JSON_NUMBER: json_put_raw(w, value->text); return;
    case JSON_TEXT: json_put_text(w, value->text); return;
    case JSON_ARRAY:
        json_begin_array(w);
        put_list(w, value);
        json_end_array(w);
        return;
    case JSON_OBJECT:
        json_begin_object(w);
        put_list(w, value);
        json_end_object(w);
        return;
    }
}

void json_put_member_text(json_writer *w, const char *name, slice text) {
    json_put_key(w, slice_of_text(name));
    json_put_text(w, text);
}

void json_put_member_integer(json_writer *w, const char *name, int64_t value) {
    json_put_key(w, slice_of_text(name));
    json_put_integer(w, value);
}

void json_put_member_bool(json_writer *w, const char *name, bool value) {
    json_put_key(w, slice_of_text(name));
    json_put_bool(w, value);
}

status json_finish(json_writer *w) {
    if (w->depth != 0 || !w->has_root) note(w, FAIL(INTERNAL));
    return w->failure;
}
