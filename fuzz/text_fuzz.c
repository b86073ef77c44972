/* Text forms of bytes, times and numbers: whatever is written is read back the same, and of what is read only one text means it
 * where the standard allows but one. The same input serves as bytes and as text. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(status result) {
    if (FAILED(result)) abort();
}

static void must_equal(slice a, slice b) {
    if (!slice_equals(a, b)) abort();
}

static void check_bytes(slice bytes, arena *memory) {
    OWNED(buffer) text = {0};
    slice back;
    must(hex_encode(&text, bytes));
    must(hex_decode(buffer_slice(&text), memory, &back));
    must_equal(back, bytes);
    buffer_reset(&text);
    must(base64_encode(&text, bytes));
    must(base64_decode(buffer_slice(&text), memory, &back));
    must_equal(back, bytes);
    buffer_reset(&text);
    must(percent_encode(&text, bytes, "/"));
    must(percent_decode(buffer_slice(&text), true, memory, &back));
    must_equal(back, bytes);
    if (bytes.len < 16) return;
    char uuid[37];
    uint8_t id[16];
    uuid_format(bytes.at, uuid);
    must(uuid_parse(slice_of_text(uuid), id));
    must_equal(slice_of(id, 16), slice_head(bytes, 16));
}

static void check_text(slice text, arena *memory) {
    OWNED(buffer) again = {0};
    slice bytes, same;
    if (!FAILED(hex_decode(text, memory, &bytes))) {
        must(hex_encode(&again, bytes));
        if (!slice_equals_ignoring_case(buffer_slice(&again), text)) abort();
    }
    buffer_reset(&again);
    if (!FAILED(base64_decode(text, memory, &bytes))) {
        must(base64_encode(&again, bytes));
        must_equal(buffer_slice(&again), text);
    }
    buffer_reset(&again);
    if (!FAILED(percent_decode(text, true, memory, &bytes))) {
        must(percent_encode(&again, bytes, NULL));
        must(percent_decode(buffer_slice(&again), false, memory, &same));
        must_equal(same, bytes);
    }
    uint8_t id[16];
    char uuid[37];
    if (FAILED(uuid_parse(text, id))) return;
    uuid_format(id, uuid);
    if (!slice_equals_ignoring_case(slice_of_text(uuid), text)) abort();
}

/* What is read is the content, whatever stands around it; and written as one block it is read again. */
static void check_pem(slice text, arena *memory) {
    OWNED(buffer) again = {0};
    slice content, back;
    if (FAILED(pem_decode(text, "X", memory, &content))) return;
    if (content.len == 0) abort();
    must(buffer_append_text(&again, "-----BEGIN X-----\n"));
    must(base64_encode(&again, content));
    must(buffer_append_text(&again, "\n-----END X-----\n"));
    must(pem_decode(buffer_slice(&again), "X", memory, &back));
    must_equal(back, content);
}

static void check_moment(int64_t time_s) {
    char iso[CLOCK_ISO_BYTES], basic[CLOCK_BASIC_BYTES], rfc1123[CLOCK_RFC1123_BYTES];
    int64_t back[3];
    clock_format_iso(time_s, iso);
    clock_format_basic(time_s, basic);
    clock_format_rfc1123(time_s, rfc1123);
    if (strlen(iso) != CLOCK_ISO_BYTES - 1 || strlen(basic) != CLOCK_BASIC_BYTES - 1) abort();
    if (strlen(rfc1123) != CLOCK_RFC1123_BYTES - 1) abort();
    if (time_s < 0 || time_s > INT64_C(253402300799)) return;
    must(clock_parse_iso(slice_of_text(iso), &back[0]));
    must(clock_parse_basic(slice_of_text(basic), &back[1]));
    must(clock_parse_rfc1123(slice_of_text(rfc1123), &back[2]));
    if (back[0] != time_s || back[1] != time_s || back[2] != time_s) abort();
}

static void check_time(slice text) {
    char same[CLOCK_RFC1123_BYTES];
    int64_t time_s;
    if (!FAILED(clock_parse_iso(text, &time_s))) check_moment(time_s);
    if (!FAILED(clock_parse_basic(text, &time_s))) {
        clock_format_basic(time_s, same);
        must_equal(slice_of_text(same), text);
    }
    if (!FAILED(clock_parse_rfc1123(text, &time_s))) {
        clock_format_rfc1123(time_s, same);
        must_equal(slice_of_text(same), text);
    }
    if (text.len < sizeof time_s) return;
    memcpy(&time_s, text.at, sizeof time_s);
    check_moment(time_s);
    check_moment(time_s & 0x3fffffffff); /* more often a year of four digits */
}

static void check_number(slice text) {
    OWNED(buffer) again = {0};
    uint64_t positive;
    int64_t number;
    if (slice_to_u64(text, &positive)) {
        while (text.len > 1 && text.at[0] == '0') text = slice_skip(text, 1);
        must(buffer_printf(&again, "%" PRIu64, positive));
        must_equal(buffer_slice(&again), text);
    }
    if (!slice_to_i64(text, &number)) return;
    int64_t same;
    buffer_reset(&again);
    must(buffer_printf(&again, "%" PRId64, number));
    if (!slice_to_i64(buffer_slice(&again), &same) || same != number) abort();
}

/* The grammar of RFC 3629 §4, one row after the other: bytes of the character at the front, 0 when there is none. */
static size_t character(slice s) {
    static const struct {
        uint8_t from, to, second_from, second_to, bytes;
    } rows[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s.at[0] < rows[i].from || s.at[0] > rows[i].to) continue;
        if (s.len < rows[i].bytes) return 0;
        if (rows[i].bytes > 1 && (s.at[1] < rows[i].second_from || s.at[1] > rows[i].second_to)) return 0;
        for (size_t k = 2; k < rows[i].bytes; k++)
            if (s.at[k] < 0x80 || s.at[k] > 0xBF) return 0;
        return rows[i].bytes;
    }
    return 0;
}

static void check_utf8(slice text) {
    slice rest = text;
    for (size_t bytes; rest.len && (bytes = character(rest)) > 0;) rest = slice_skip(rest, bytes);
    if (utf8_is_valid(text) != (rest.len == 0)) abort();
}

/* Fields and separators put together again are the text. */
static void check_split(slice text) {
    OWNED(buffer) again = {0};
    slice rest = text, field;
    for (bool is_first = true; slice_split(&rest, ',', &field); is_first = false) {
        if (!is_first) must(buffer_append_byte(&again, ','));
        must(buffer_append(&again, field));
    }
    must_equal(buffer_slice(&again), text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {.limit = 64 << 20};
    slice input = slice_of(data, size);
    check_bytes(input, &memory);
    check_text(input, &memory);
    check_pem(input, &memory);
    check_time(input);
    check_number(input);
    check_utf8(input);
    check_split(input);
    return 0;
}
