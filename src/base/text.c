/* Text forms of bytes. */
#include "base/text.h"

static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

status hex_encode(buffer *out, slice bytes) {
    TRY(buffer_reserve(out, bytes.len * 2));
    uint8_t *to = out->at + out->len;
    for (size_t i = 0; i < bytes.len; i++) {
        *to++ = (uint8_t)HEX_LOWER[bytes.at[i] >> 4];
        *to++ = (uint8_t)HEX_LOWER[bytes.at[i] & 15];
    }
    out->len += bytes.len * 2;
    return OK;
}

status hex_decode(slice text, arena *memory, slice *out) {
    ENSURE(text.len % 2 == 0, MALFORMED);
    uint8_t *bytes = arena_take(memory, text.len / 2);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.at[i]), low = hex_value(text.at[i + 1]);
        ENSURE(high >= 0 && low >= 0, MALFORMED);
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = slice_of(bytes, text.len / 2);
    return OK;
}

status base64_encode(buffer *out, slice bytes) {
    size_t encoded = (bytes.len + 2) / 3 * 4;
    TRY(buffer_reserve(out, encoded));
    uint8_t *to = out->at + out->len;
    size_t i = 0;
    for (; i + 3 <= bytes.len; i += 3) {
        uint32_t group = (uint32_t)bytes.at[i] << 16 | (uint32_t)bytes.at[i + 1] << 8 | bytes.at[i + 2];
        *to++ = (uint8_t)BASE64[group >> 18];
        *to++ = (uint8_t)BASE64[group >> 12 & 63];
        *to++ = (uint8_t)BASE64[group >> 6 & 63];
        *to++ = (uint8_t)BASE64[group & 63];
    }
    if (i < bytes.len) {
        bool has_two = bytes.len - i == 2;
        uint32_t group = (uint32_t)bytes.at[i] << 16 | (has_two ? (uint32_t)bytes.at[i + 1] << 8 : 0);
        *to++ = (uint8_t)BASE64[group >> 18];
        *to++ = (uint8_t)BASE64[group >> 12 & 63];
        *to++ = has_two ? (uint8_t)BASE64[group >> 6 & 63] : '=';
        *to++ = '=';
    }
    out->len += encoded;
    return OK;
}

static int base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/* The last group may end in one or two '='; the bits they leave over must be zero. */
static status base64_decode_tail(const uint8_t *group, uint8_t *to, size_t *written) {
    int a = base64_value(group[0]), b = base64_value(group[1]);
    ENSURE(a >= 0 && b >= 0, MALFORMED);
    to[0] = (uint8_t)(a << 2 | b >> 4);
    *written = 1;
    if (group[2] == '=') {
        ENSURE(group[3] == '=' && (b & 15) == 0, MALFORMED);
        return OK;
    }
    int c = base64_value(group[2]);
    ENSURE(c >= 0, MALFORMED);
    to[1] = (uint8_t)((b & 15) << 4 | c >> 2);
    *written = 2;
    if (group[3] == '=') {
        ENSURE((c & 3) == 0, MALFORMED);
        return OK;
    }
    int d = base64_value(group[3]);
    ENSURE(d >= 0, MALFORMED);
    to[2] = (uint8_t)((c & 3) << 6 | d);
    *written = 3;
    return OK;
}

status base64_decode(slice text, arena *memory, slice *out) {
    ENSURE(text.len % 4 == 0, MALFORMED);
    uint8_t *bytes = arena_take(memory, text.len / 4 * 3);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t written;
        TRY(base64_decode_tail(text.at + i, bytes + len, &written));
        ENSURE(written == 3 || i + 4 == text.len, MALFORMED);
        len += written;
    }
    *out = slice_of(bytes, len);
    return OK;
}

static bool is_unreserved(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

status percent_encode(buffer *out, slice bytes, const char *also_safe) {
    TRY(buffer_reserve(out, bytes.len * 3));
    uint8_t *to = out->at + out->len;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.at[i];
        if (is_unreserved(c) || (c && also_safe && strchr(also_safe, c))) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (uint8_t)HEX_UPPER[c >> 4];
        *to++ = (uint8_t)HEX_UPPER[c & 15];
    }
    out->len = (size_t)(to - out->at);
    return OK;
}

status percent_decode(slice text, bool is_form, arena *memory, slice *out) {
    uint8_t *bytes = arena_take(memory, text.len + 1);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '%') {
            ENSURE(text.len - i > 2, MALFORMED);
            int high = hex_value(text.at[i + 1]), low = hex_value(text.at[i + 2]);
            ENSURE(high >= 0 && low >= 0, MALFORMED);
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        bytes[len++] = c;
    }
    *out = slice_of(bytes, len);
    return OK;
}

static bool is_dash_position(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void uuid_format(const uint8_t bytes[16], char out[37]) {
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (is_dash_position(at)) out[at++] = '-';
        out[at++] = HEX_LOWER[bytes[i] >> 4];
        out[at++] = HEX_LOWER[bytes[i] & 15];
    }
    out[at] = 0;
}

status uuid_parse(slice text, uint8_t out[16]) {
    ENSURE(text.len == 36, MALFORMED);
    uint8_t bytes[16];
    size_t count = 0;
    for (size_t i = 0; i < 36; i++) {
        if (is_dash_position(i)) {
            ENSURE(text.at[i] == '-', MALFORMED);
            continue;
        }
        int high = hex_value(text.at[i]), low = hex_value(text.at[i + 1]);
        ENSURE(high >= 0 && low >= 0, MALFORMED);
        bytes[count++] = (uint8_t)(high << 4 | low);
        i++;
    }
    memcpy(out, bytes, 16);
    return OK;
}

/* Length of the sequence a first byte announces and the smallest code point it may carry; 0 when it may not start one. */
static size_t utf8_sequence(uint8_t first, uint32_t *smallest, uint32_t *bits) {
    if (first < 0x80) return *smallest = 0, *bits = first, 1;
    if ((first & 0xE0) == 0xC0) return *smallest = 0x80, *bits = first & 0x1Fu, 2;
    if ((first & 0xF0) == 0xE0) return *smallest = 0x800, *bits = first & 0x0Fu, 3;
    if ((first & 0xF8) == 0xF0) return *smallest = 0x10000, *bits = first & 0x07u, 4;
    return 0;
}

bool utf8_is_valid(slice text) {
    for (size_t i = 0; i < text.len;) {
        uint32_t smallest = 0, point = 0;
        size_t length = utf8_sequence(text.at[i], &smallest, &point);
        if (length == 0 || text.len - i < length) return false;
        for (size_t j = 1; j < length; j++) {
            if ((text.at[i + j] & 0xC0) != 0x80) return false;
            point = point << 6 | (text.at[i + j] & 0x3Fu);
        }
        if (point < smallest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        i += length;
    }
    return true;
}
