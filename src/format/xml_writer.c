/* The XML writer: elements with text or elements, escaped. */
#include "format/xml.h"

#include <stdio.h>

#include "base/text.h"

static void note(xml_writer *w, status result) {
    if (!FAILED(w->failure)) w->failure = result;
}

static void append(xml_writer *w, slice text) {
    if (!FAILED(w->failure)) note(w, buffer_append(w->out, text));
}

static bool is_control(uint8_t c) { return c < 0x20 && c != '\t' && c != '\n' && c != '\r'; }

/* U+FFFE and U+FFFF are EF BF BE and EF BF BF. */
static bool is_noncharacter(slice rest) {
    return rest.len >= 3 && rest.at[0] == 0xEF && rest.at[1] == 0xBF && rest.at[2] >= 0xBE;
}

bool xml_can_carry(slice text) {
    if (!utf8_is_valid(text)) return false;
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.at[i]) || is_noncharacter(slice_skip(text, i))) return false;
    return true;
}

static slice escape_of(uint8_t c) {
    switch (c) {
    case '&': return SLICE("&amp;");
    case '<': return SLICE("&lt;");
    case '>': return SLICE("&gt;");
    case '"': return SLICE("&quot;");
    case '\'': return SLICE("&apos;");
    case '\r': return SLICE("&#13;");
    default: return (slice){0};
    }
}

static void append_escaped(xml_writer *w, slice text) {
    if (!xml_can_carry(text)) note(w, FAIL(MALFORMED));
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        slice escape = escape_of(text.at[i]);
        if (slice_is_absent(escape)) continue;
        append(w, slice_of(text.at + start, i - start));
        append(w, escape);
        start = i + 1;
    }
    append(w, slice_skip(text, start));
}

static bool is_letter(uint8_t c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

static bool is_name(slice name) {
    if (name.len == 0 || !is_letter(name.at[0])) return false;
    for (size_t i = 1; i < name.len; i++) {
        uint8_t c = name.at[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
    }
    return true;
}

void xml_begin(xml_writer *w) {
    if (w->has_root) note(w, FAIL(INTERNAL));
    append(w, SLICE("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
}

static void tag_begin(xml_writer *w, slice name) {
    if (!is_name(name) || (w->depth == 0 && w->has_root)) note(w, FAIL(INTERNAL));
    w->has_root = true;
    append(w, SLICE("<"));
    append(w, name);
}

static void push(xml_writer *w, slice name) {
    if (w->depth == XML_DEPTH_MOST) {
        note(w, FAIL(INTERNAL));
        return;
    }
    append(w, SLICE(">"));
    w->open[w->depth++] = name;
}

void xml_open(xml_writer *w, slice name) {
    tag_begin(w, name);
    push(w, name);
}

void xml_open_in(xml_writer *w, slice name, slice space) {
    tag_begin(w, name);
    append(w, SLICE(" xmlns=\""));
    append_escaped(w, space);
    append(w, SLICE("\""));
    push(w, name);
}

static void tag_end(xml_writer *w, slice name) {
    append(w, SLICE("</"));
    append(w, name);
    append(w, SLICE(">"));
}

void xml_close(xml_writer *w) {
    if (w->depth == 0) {
        note(w, FAIL(INTERNAL));
        return;
    }
    tag_end(w, w->open[--w->depth]);
}

void xml_put_text(xml_writer *w, slice name, slice text) {
    tag_begin(w, name);
    append(w, SLICE(">"));
    append_escaped(w, text);
    tag_end(w, name);
}

void xml_put_integer(xml_writer *w, slice name, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    xml_put_text(w, name, slice_of_text(text));
}

void xml_put_bool(xml_writer *w, slice name, bool value) {
    xml_put_text(w, name, value ? SLICE("true") : SLICE("false"));
}

status xml_finish(xml_writer *w) {
    if (w->depth != 0 || !w->has_root) note(w, FAIL(INTERNAL));
    return w->failure;
}
