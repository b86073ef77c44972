/* Building answers. */
#include "dialect/answer.h"

#include "base/text.h"
#include "dialect/head.h"
#include "format/xml.h"

void answer_begin(answer_builder *b, size_t room, arena *memory) {
    *b = (answer_builder){.headers = ARENA_ARRAY(memory, http_header, room), .room = room, .memory = memory};
    if (!b->headers) b->failure = FAIL(OUT_OF_MEMORY);
}

void answer_add_named(answer_builder *b, slice name, slice value) {
    if (FAILED(b->failure) || slice_is_absent(value)) return;
    if (b->count == b->room) {
        b->failure = FAIL(INTERNAL);
        return;
    }
    b->headers[b->count++] = (http_header){name, value};
}

void answer_add(answer_builder *b, const char *name, slice value) { answer_add_named(b, slice_of_text(name), value); }

void answer_add_integer(answer_builder *b, const char *name, int64_t value) {
    slice text = {0};
    if (!FAILED(b->failure)) b->failure = arena_printf(b->memory, &text, "%lld", (long long)value);
    answer_add(b, name, text);
}

status answer_finish_empty(answer_builder *b, int http_status, http_answer *out) {
    TRY(b->failure);
    *out = (http_answer){.status = http_status, .headers = b->headers, .count = b->count};
    return OK;
}

status answer_finish_body(answer_builder *b, int http_status, const char *type, const buffer *body, http_answer *out) {
    slice kept;
    answer_add(b, "Content-Type", slice_of_text(type));
    TRY(text_keep(body, b->memory, &kept));
    TRY(answer_finish_empty(b, http_status, out));
    out->body = kept;
    out->content_length = (int64_t)kept.len;
    return OK;
}

status failure_text(const failure_row *row, slice detail, arena *memory, slice *out) {
    slice message = slice_of_text(row->message);
    if (slice_is_empty(detail)) {
        *out = message;
        return OK;
    }
    bool is_sentence = slice_ends_with(message, SLICE("."));
    slice head = slice_head(message, message.len - (is_sentence ? 1 : 0));
    OWNED(buffer) text = {0};
    TRY(buffer_append(&text, head));
    TRY(buffer_append_text(&text, is_sentence ? ": " : " "));
    TRY(buffer_append(&text, detail));
    return text_keep(&text, memory, out);
}

/* Bytes of the UTF-8 sequence at the front, or 0 when it is none that XML carries. */
static size_t carryable_bytes(slice rest) {
    size_t length = rest.at[0] < 0x80 ? 1 : rest.at[0] < 0xE0 ? 2 : rest.at[0] < 0xF0 ? 3 : 4;
    return length <= rest.len && xml_can_carry(slice_head(rest, length)) ? length : 0;
}

status text_for_xml(slice text, arena *memory, slice *out) {
    if (xml_can_carry(text)) {
        *out = text;
        return OK;
    }
    OWNED(buffer) carried = {0};
    while (text.len) {
        size_t length = carryable_bytes(text);
        TRY(buffer_append(&carried, length ? slice_head(text, length) : SLICE("\xEF\xBF\xBD")));
        text = slice_skip(text, length ? length : 1);
    }
    return text_keep(&carried, memory, out);
}

status text_base64(slice bytes, arena *memory, slice *out) {
    buffer text;
    TRY(arena_buffer(memory, bytes.len / 3 * 4 + 4, &text));
    TRY(base64_encode(&text, bytes));
    *out = buffer_slice(&text);
    return OK;
}

status text_hex(slice bytes, arena *memory, slice *out) {
    buffer text;
    TRY(arena_buffer(memory, bytes.len * 2 + 1, &text));
    TRY(hex_encode(&text, bytes));
    *out = buffer_slice(&text);
    return OK;
}
