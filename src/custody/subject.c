/* Reading distinguished names. */
#include "custody/subject.h"

#include "base/text.h"

enum { SUBJECT_BYTES_MOST = 4096 };

static const char *type_find(slice name) {
    static const char *const ROWS[][2] = {
        {"CN", "CN"},
        {"OU", "OU"},
        {"O", "O"},
        {"L", "L"},
        {"ST", "ST"},
        {"C", "C"},
        {"STREET", "street"},
        {"DC", "DC"},
        {"UID", "UID"},
        {"E", "emailAddress"},
        {"EMAILADDRESS", "emailAddress"},
        {"SERIALNUMBER", "serialNumber"},
        {"POSTALCODE", "postalCode"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (slice_equals_ignoring_case(name, slice_of_text(ROWS[i][0]))) return ROWS[i][1];
    return NULL;
}

static bool is_among(uint8_t byte, const char *set) { return byte != 0 && strchr(set, byte) != NULL; }

/* What a backslash stands before. */
static status take_escaped(slice *rest, arena *memory, uint8_t *out) {
    slice pair, byte;
    ENSURE(rest->len > 0, CERTIFICATE_SUBJECT);
    if (is_among(rest->at[0], ",+\"\\<>;#= ")) {
        *out = rest->at[0];
        *rest = slice_skip(*rest, 1);
        return OK;
    }
    ENSURE(slice_take(rest, 2, &pair) && !FAILED(hex_decode(pair, memory, &byte)), CERTIFICATE_SUBJECT);
    *out = byte.at[0];
    return OK;
}

/* Up to a comma, or the end; *more says which. Spaces around the value are no part of it unless a backslash stands before them. */
static status take_value(slice *rest, arena *memory, slice *out, bool *more) {
    uint8_t *text = arena_take_raw(memory, rest->len + 1);
    size_t length = 0, kept = 0;
    ENSURE(text != NULL, OUT_OF_MEMORY);
    while (rest->len > 0 && rest->at[0] == ' ') *rest = slice_skip(*rest, 1);
    ENSURE(rest->len > 0 && rest->at[0] != '#', CERTIFICATE_SUBJECT);
    for (*more = false; rest->len > 0 && !*more;) {
        uint8_t byte = rest->at[0];
        *rest = slice_skip(*rest, 1);
        *more = byte == ',';
        if (*more) break;
        bool is_escape = byte == '\\';
        ENSURE(!is_among(byte, "+\"<>;"), CERTIFICATE_SUBJECT);
        if (is_escape) TRY(take_escaped(rest, memory, &byte));
        ENSURE(byte >= ' ' && byte != 0x7f, CERTIFICATE_SUBJECT);
        text[length++] = byte;
        if (is_escape || byte != ' ') kept = length;
    }
    *out = slice_of(text, kept);
    ENSURE(kept > 0 && utf8_is_valid(*out), CERTIFICATE_SUBJECT);
    return OK;
}

status subject_read(slice text, arena *memory, name_part parts[REQUEST_PARTS_MOST], size_t *count) {
    bool more = true, has_name = false;
    size_t found = 0;
    ENSURE(text.len > 0 && text.len <= SUBJECT_BYTES_MOST, CERTIFICATE_SUBJECT);
    for (slice rest = text; more; found++) {
        size_t end = slice_find_byte(rest, '=');
        ENSURE(found < REQUEST_PARTS_MOST && end != SIZE_MAX, CERTIFICATE_SUBJECT);
        parts[found].type = type_find(slice_trim(slice_head(rest, end)));
        ENSURE(parts[found].type != NULL, CERTIFICATE_SUBJECT);
        has_name = has_name || strcmp(parts[found].type, "CN") == 0;
        rest = slice_skip(rest, end + 1);
        TRY(take_value(&rest, memory, &parts[found].value, &more));
    }
    ENSURE(has_name, CERTIFICATE_SUBJECT);
    *count = found;
    return OK;
}
