/* INI through libinih, which calls back for each pair; what it would pass over silently (long lines, continuation
 * lines, control characters) is refused or taken away before it sees it. */
#include "format/ini.h"

#include <ini.h>

#include "base/text.h"

enum { SECTION_BYTES_MOST = 48 }; /* libinih cuts longer ones off */

typedef struct reading {
    slice rest;
    unsigned number; /* of the line handed out last */
    arena *memory;
    ini_list list;
    size_t capacity;
    status failure;
    ini_fault fault;
} reading;

static void refuse(reading *r, status why, const char *reason) {
    if (FAILED(r->failure)) return;
    r->failure = why;
    r->fault = (ini_fault){r->number, reason};
}

static bool is_plain(slice line) {
    for (size_t i = 0; i < line.len; i++)
        if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f) return false;
    return true;
}

static void check_line(reading *r, slice line, size_t room) {
    bool is_section = line.len > 0 && line.at[0] == '[';
    if (!is_plain(line)) refuse(r, FAIL(MALFORMED), "has a control character");
    if (line.len > INI_LINE_BYTES_MOST || line.len >= room) refuse(r, FAIL(TOO_LARGE), "is longer than 196 bytes");
    if (is_section && slice_find_byte(line, ']') > SECTION_BYTES_MOST + 1)
        refuse(r, FAIL(MALFORMED), "has no section name that ends with ']' within 48 bytes");
}

/* Hands out the next line without the blanks at its start: an indented line is a line like any other. */
static char *next_line(char *into, int room, void *context) {
    reading *r = context;
    slice line;
    if (FAILED(r->failure) || room <= 0 || !slice_split(&r->rest, '\n', &line)) return NULL;
    r->number++;
    line = slice_trim(line);
    check_line(r, line, (size_t)room);
    if (FAILED(r->failure)) return NULL;
    memcpy(into, line.at, line.len);
    into[line.len] = 0;
    return into;
}

static status reserve(reading *r) {
    if (r->list.count < r->capacity) return OK;
    ENSURE(r->list.count < INI_LINES_MOST, TOO_LARGE);
    size_t larger = r->capacity ? r->capacity * 2 : 32;
    ini_line *grown = ARENA_ARRAY(r->memory, ini_line, larger);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (r->list.count) memcpy(grown, r->list.at, r->list.count * sizeof *grown);
    r->list.at = grown;
    r->capacity = larger;
    return OK;
}

static status add(reading *r, const char *section, const char *key, const char *value) {
    TRY(reserve(r));
    ini_line line = {.number = r->number};
    TRY(arena_copy(r->memory, slice_of_text(section), &line.section));
    TRY(arena_copy(r->memory, slice_of_text(key), &line.key));
    TRY(arena_copy(r->memory, slice_of_text(value), &line.value));
    r->list.at[r->list.count++] = line;
    return OK;
}

static int on_pair(void *context, const char *section, const char *key, const char *value) {
    reading *r = context;
    if (FAILED(r->failure)) return 0;
    if (!key || !value || !*key) {
        refuse(r, FAIL(MALFORMED), "has a value without a key");
        return 0;
    }
    status added = add(r, section, key, value);
    if (FAILED(added)) refuse(r, added, "is one more than can be read");
    return !FAILED(added);
}

status ini_read(slice text, arena *memory, ini_list *out, ini_fault *fault) {
    static const slice MARK = {(const uint8_t *)"\xef\xbb\xbf", 3}; /* inih passes one over, unseen by our checks */
    reading r = {.rest = slice_starts_with(text, MARK) ? slice_skip(text, MARK.len) : text, .memory = memory};
    if (slice_starts_with(r.rest, MARK)) refuse(&r, FAIL(MALFORMED), "begins with two byte order marks");
    if (text.len > INI_BYTES_MOST) refuse(&r, FAIL(TOO_LARGE), "the text is larger than 256 KiB");
    else if (!utf8_is_valid(text)) refuse(&r, FAIL(MALFORMED), "the text is not UTF-8");
    int first_bad = FAILED(r.failure) ? 0 : ini_parse_stream(next_line, &r, on_pair, &r);
    if (first_bad > 0 && !FAILED(r.failure)) {
        r.number = (unsigned)first_bad;
        refuse(&r, FAIL(MALFORMED), "is neither a section in brackets nor a key and a value");
    }
    if (first_bad < 0) refuse(&r, FAIL(OUT_OF_MEMORY), "the text could not be read");
    if (FAILED(r.failure)) {
        *fault = r.fault;
        return r.failure;
    }
    *out = r.list;
    return OK;
}
