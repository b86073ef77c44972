/* Text forms of bytes. */
#include "base/text.h"

static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Tables make these several times as fast as comparing, and every request passes through them. */
enum { IS_DIGIT = 64 }; /* set for what is a digit of its base, beside the digit's value */
#define DIGIT(value) (IS_DIGIT | (value))
static const uint8_t HEX_VALUE[256] = {
    ['0'] = DIGIT(0),  ['1'] = DIGIT(1),  ['2'] = DIGIT(2),  ['3'] = DIGIT(3),  ['4'] = DIGIT(4),  ['5'] = DIGIT(5),
    ['6'] = DIGIT(6),  ['7'] = DIGIT(7),  ['8'] = DIGIT(8),  ['9'] = DIGIT(9),  ['a'] = DIGIT(10), ['b'] = DIGIT(11),
    ['c'] = DIGIT(12), ['d'] = DIGIT(13), ['e'] = DIGIT(14), ['f'] = DIGIT(15), ['A'] = DIGIT(10), ['B'] = DIGIT(11),
    ['C'] = DIGIT(12), ['D'] = DIGIT(13), ['E'] = DIGIT(14), ['F'] = DIGIT(15)};
static const uint8_t BASE64_VALUE[256] = {
    ['A'] = DIGIT(0),  ['B'] = DIGIT(1),  ['C'] = DIGIT(2),  ['D'] = DIGIT(3),  ['E'] = DIGIT(4),  ['F'] = DIGIT(5),
    ['G'] = DIGIT(6),  ['H'] = DIGIT(7),  ['I'] = DIGIT(8),  ['J'] = DIGIT(9),  ['K'] = DIGIT(10), ['L'] = DIGIT(11),
    ['M'] = DIGIT(12), ['N'] = DIGIT(13), ['O'] = DIGIT(14), ['P'] = DIGIT(15), ['Q'] = DIGIT(16), ['R'] = DIGIT(17),
    ['S'] = DIGIT(18), ['T'] = DIGIT(19), ['U'] = DIGIT(20), ['V'] = DIGIT(21), ['W'] = DIGIT(22), ['X'] = DIGIT(23),
    ['Y'] = DIGIT(24), ['Z'] = DIGIT(25), ['a'] = DIGIT(26), ['b'] = DIGIT(27), ['c'] = DIGIT(28), ['d'] = DIGIT(29),
    ['e'] = DIGIT(30), ['f'] = DIGIT(31), ['g'] = DIGIT(32), ['h'] = DIGIT(33), ['i'] = DIGIT(34), ['j'] = DIGIT(35),
    ['k'] = DIGIT(36), ['l'] = DIGIT(37), ['m'] = DIGIT(38), ['n'] = DIGIT(39), ['o'] = DIGIT(40), ['p'] = DIGIT(41),
    ['q'] = DIGIT(42), ['r'] = DIGIT(43), ['s'] = DIGIT(44), ['t'] = DIGIT(45), ['u'] = DIGIT(46), ['v'] = DIGIT(47),
    ['w'] = DIGIT(48), ['x'] = DIGIT(49), ['y'] = DIGIT(50), ['z'] = DIGIT(51), ['0'] = DIGIT(52), ['1'] = DIGIT(53),
    ['2'] = DIGIT(54), ['3'] = DIGIT(55), ['4'] = DIGIT(56), ['5'] = DIGIT(57), ['6'] = DIGIT(58), ['7'] = DIGIT(59),
    ['8'] = DIGIT(60), ['9'] = DIGIT(61), ['+'] = DIGIT(62), ['/'] = DIGIT(63)};

/* The digit's value, or -1. */
static int hex_value(uint8_t c) { return HEX_VALUE[c] & IS_DIGIT ? HEX_VALUE[c] & (IS_DIGIT - 1) : -1; }
static int base64_value(uint8_t c) { return BASE64_VALUE[c] & IS_DIGIT ? BASE64_VALUE[c] & (IS_DIGIT - 1) : -1; }

status hex_encode(buffer *out, slice bytes) {
    if (bytes.len == 0) return OK; /* a fresh buffer has no memory to point into */
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
    uint8_t *bytes = arena_take_raw(memory, text.len / 2);
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
    if (bytes.len == 0) return OK;
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

/* Whole groups without '='. False when a character is none of the alphabet. */
static bool base64_decode_groups(const uint8_t *text, size_t groups, uint8_t *to) {
    unsigned all = IS_DIGIT;
    for (; groups; groups--, text += 4, to += 3) {
        uint8_t a = BASE64_VALUE[text[0]], b = BASE64_VALUE[text[1]], c = BASE64_VALUE[text[2]],
                d = BASE64_VALUE[text[3]];
        all &= a & b & c & d;
        to[0] = (uint8_t)(a << 2 | (b & 63) >> 4);
        to[1] = (uint8_t)(b << 4 | (c & 63) >> 2);
        to[2] = (uint8_t)(c << 6 | (d & 63));
    }
    return all & IS_DIGIT;
}

status base64_decode(slice text, arena *memory, slice *out) {
    ENSURE(text.len % 4 == 0, MALFORMED);
    size_t groups = text.len / 4, written = 0;
    uint8_t *bytes = arena_take_raw(memory, groups * 3);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    size_t before = groups ? (groups - 1) * 3 : 0; /* bytes of all groups but the last */
    ENSURE(base64_decode_groups(text.at, before / 3, bytes), MALFORMED);
    if (groups) TRY(base64_decode_tail(text.at + text.len - 4, bytes + before, &written));
    *out = slice_of(bytes, before + written);
    return OK;
}

status base64_decode_spaced(slice text, arena *memory, slice *out) {
    uint8_t *plain = arena_take_raw(memory, text.len + 1);
    size_t len = 0;
    ENSURE(plain != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') plain[len++] = c;
    }
    return base64_decode(slice_of(plain, len), memory, out);
}

/* "-----BEGIN LABEL-----", or with END. */
static bool eat_boundary(slice *rest, const char *which, const char *label) {
    const char *const parts[] = {"-----", which, " ", label, "-----"};
    slice ahead = *rest;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!slice_starts_with(ahead, slice_of_text(parts[i]))) return false;
        ahead = slice_skip(ahead, strlen(parts[i]));
    }
    *rest = ahead;
    return true;
}

status pem_decode(slice text, const char *label, arena *memory, slice *out) {
    slice rest = slice_trim(text), body, tail;
    ENSURE(eat_boundary(&rest, "BEGIN", label), MALFORMED);
    size_t end = slice_find_byte(rest, '-'); /* no letter of base64 */
    ENSURE(end != SIZE_MAX, MALFORMED);
    body = slice_head(rest, end), tail = slice_skip(rest, end);
    ENSURE(eat_boundary(&tail, "END", label) && tail.len == 0, MALFORMED);
    TRY(base64_decode_spaced(body, memory, out));
    ENSURE(out->len > 0, MALFORMED);
    return OK;
}

status base64url_decode(slice text, arena *memory, slice *out) {
    size_t padding = (4 - text.len % 4) % 4;
    ENSURE(padding != 3, MALFORMED);
    uint8_t *copy = arena_take_raw(memory, text.len + padding + 1);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        ENSURE(c != '+' && c != '/' && c != '=', MALFORMED);
        copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    memset(copy + text.len, '=', padding);
    return base64_decode(slice_of(copy, text.len + padding), memory, out);
}

static bool is_unreserved(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

status percent_encode(buffer *out, slice bytes, const char *also_safe) {
    if (bytes.len == 0) return OK;
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

/* Bytes before the next '%' (or '+', in a form), or all. */
static size_t plain_length(slice text, bool is_form) {
    size_t length = slice_find_byte(text, '%');
    slice plain = slice_head(text, length);
    size_t plus = is_form ? slice_find_byte(plain, '+') : SIZE_MAX;
    return plus < plain.len ? plus : plain.len;
}

status percent_decode(slice text, bool is_form, arena *memory, slice *out) {
    uint8_t *bytes = arena_take_raw(memory, text.len + 1);
    ENSURE(bytes != NULL, OUT_OF_MEMORY);
    uint8_t *to = bytes;
    while (text.len) {
        size_t plain = plain_length(text, is_form);
        to = mempcpy(to, text.at, plain);
        text = slice_skip(text, plain);
        if (text.len == 0) break;
        if (text.at[0] == '+') {
            *to++ = ' ';
            text = slice_skip(text, 1);
            continue;
        }
        ENSURE(text.len > 2, MALFORMED);
        int high = hex_value(text.at[1]), low = hex_value(text.at[2]);
        ENSURE(high >= 0 && low >= 0, MALFORMED);
        *to++ = (uint8_t)(high << 4 | low);
        text = slice_skip(text, 3);
    }
    *to = 0;
    *out = slice_of(bytes, (size_t)(to - bytes));
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

/* Eight ASCII bytes at i. */
static bool is_ascii_run(slice text, size_t i) {
    uint64_t run;
    if (text.len - i < sizeof run) return false;
    memcpy(&run, text.at + i, sizeof run);
    return (run & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_is_valid(slice text) {
    for (size_t i = 0; i < text.len;) {
        if (is_ascii_run(text, i)) {
            i += sizeof(uint64_t);
            continue;
        }
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

int64_t utf8_count(slice text) {
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += (text.at[i] & 0xC0) != 0x80;
    return count;
}
