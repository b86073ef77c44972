/* Reading values. */
#include "cli/value.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "contract/nearest.h"
#include "dialect/alibaba_rows.h"
#include "system/files.h"

enum { LONG_TEXT = 1024, VALUE_BYTES_MOST = 1 << 20 };

/* ---- files and stdin */

static status read_stdin(size_t most, buffer *out) {
    uint8_t chunk[4096];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        ENSURE(out->len + got <= most, TOO_LARGE);
        TRY(buffer_append(out, slice_of(chunk, got)));
    }
    explicit_bzero(chunk, sizeof chunk);
    ENSURE(!ferror(stdin), IO);
    return OK;
}

static status read_named(invocation *inv, slice path, size_t most, buffer *out) {
    slice name;
    if (slice_equals_text(path, "-")) return read_stdin(most, out);
    TRY(arena_copy(&inv->memory, path, &name));
    return files_read(FILES_HERE, (const char *)name.at, most, out);
}

static const char *reading_went(status failure) {
    if (FAILED_WITH(failure, NOT_FOUND)) return "there is no such file";
    if (FAILED_WITH(failure, TOO_LARGE)) return "it is too large";
    return "it cannot be read";
}

status value_read_file(invocation *inv, slice path, size_t most, slice *out) {
    OWNED(buffer) content = {0};
    status done = read_named(inv, path, most, &content);
    if (!FAILED(done)) done = arena_copy(&inv->memory, buffer_slice(&content), out);
    buffer_wipe(&content);
    if (!FAILED(done)) return OK;
    return trouble_note(&inv->trouble, done, "%.*s: %s.", SLICE_ARGS(path), reading_went(done));
}

/* Of lists the limits say how many there may be: those of policies hold documents. */
static bool is_long(const field *f) {
    if (f->kind == FIELD_TEXTS) return slice_find(slice_of_text(f->name), SLICE("PolicyInput")) != SIZE_MAX;
    bool is_text = f->kind == FIELD_TEXT || f->kind == FIELD_JSON;
    return f->kind == FIELD_BYTES || f->kind == FIELD_SECRET || (is_text && (f->max == 0 || f->max >= LONG_TEXT));
}

/* *comes_from_file tells whether it did. */
static status resolve(invocation *inv, const field *f, slice typed, slice *out, bool *comes_from_file) {
    *comes_from_file = false;
    *out = typed;
    if (!is_long(f) || slice_starts_with(typed, SLICE("@@"))) {
        if (is_long(f)) *out = slice_skip(typed, 1);
        return OK;
    }
    bool is_stdin = slice_equals_text(typed, "-");
    if (!is_stdin && !slice_starts_with(typed, SLICE("@"))) return OK;
    *comes_from_file = true;
    return value_read_file(inv, is_stdin ? typed : slice_skip(typed, 1), VALUE_BYTES_MOST, out);
}

/* ---- kinds */

static status encode(invocation *inv, slice bytes, slice *out) {
    OWNED(buffer) text = {0};
    status done = base64_encode(&text, bytes);
    if (!FAILED(done)) done = arena_copy(&inv->memory, buffer_slice(&text), out);
    buffer_wipe(&text);
    return done;
}

static status read_bytes(invocation *inv, const char *shown_as, slice given, bool comes_from_file, slice *out) {
    slice opened_text, text = slice_trim(given);
    if (text.len > 0 && !FAILED(base64_decode(text, &inv->memory, &opened_text))) {
        *out = text;
        return OK;
    }
    if (comes_from_file) return encode(inv, given, out);
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be base64, or @FILE, or - for stdin.", shown_as);
}

static status read_secret(invocation *inv, const char *shown_as, slice given, bool comes_from_file, slice *out) {
    if (comes_from_file) return encode(inv, given, out);
    trouble_advise(&inv->trouble, "put it into a file and give @FILE, or give - and pipe it in");
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s is never typed in place: other users could read it there.",
                        shown_as);
}

static status read_integer(invocation *inv, const field *f, const char *shown_as, slice given, slice *out) {
    int64_t number;
    bool is_number = slice_to_i64(given, &number);
    *out = given;
    if (is_number && (f->max == 0 || (number >= f->min && number <= f->max))) return OK;
    if (f->max == 0)
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be a number, not \"%.*s\".", shown_as,
                            SLICE_ARGS(given));
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be a number from %lld to %lld, not \"%.*s\".", shown_as,
                        (long long)f->min, (long long)f->max, SLICE_ARGS(given));
}

static status read_bool(invocation *inv, const char *shown_as, slice given, slice *out) {
    static const char *const YES[] = {"true", "yes", "on", "1"}, *const NO[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof YES / sizeof *YES; i++) {
        bool is_yes = slice_equals_ignoring_case(given, slice_of_text(YES[i]));
        if (!is_yes && !slice_equals_ignoring_case(given, slice_of_text(NO[i]))) continue;
        *out = is_yes ? SLICE("true") : SLICE("false");
        return OK;
    }
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be true or false, not \"%.*s\".", shown_as,
                        SLICE_ARGS(given));
}

static void advise_choices(invocation *inv, const field *f, slice given) {
    const char *best = NULL;
    size_t least = SIZE_MAX;
    char all[240] = "";
    for (size_t i = 0; f->choices[i]; i++) {
        size_t len = strlen(all), distance = nearest_distance(given, slice_of_text(f->choices[i]));
        snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", f->choices[i]);
        if (distance >= least || !nearest_is_likely(given, slice_of_text(f->choices[i]), distance)) continue;
        least = distance;
        best = f->choices[i];
    }
    if (best) trouble_advise(&inv->trouble, "did you mean %s?", best);
    else trouble_advise(&inv->trouble, "choose from: %s", all);
}

static status read_choice(invocation *inv, const field *f, const char *shown_as, slice given, slice *out) {
    for (size_t i = 0; f->choices[i]; i++) {
        if (!slice_equals_ignoring_case(given, slice_of_text(f->choices[i]))) continue;
        *out = slice_of_text(f->choices[i]);
        return OK;
    }
    advise_choices(inv, f, given);
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s cannot be \"%.*s\".", shown_as, SLICE_ARGS(given));
}

static status read_time(invocation *inv, const char *shown_as, slice given, slice *out) {
    int64_t time_s;
    char text[CLOCK_ISO_BYTES];
    if (!value_time(given, clock_now_s(), &time_s))
        return trouble_note(&inv->trouble, FAIL(USAGE),
                            "%s must be a time such as 2024-05-20T06:34:21Z or -2h, not \"%.*s\".", shown_as,
                            SLICE_ARGS(given));
    clock_format_iso(time_s, text);
    return arena_copy(&inv->memory, slice_of_text(text), out);
}

static status read_pair(invocation *inv, const char *shown_as, slice given, slice *out) {
    size_t equals = slice_find_byte(given, '=');
    *out = given;
    if (equals != SIZE_MAX && equals > 0 && utf8_is_valid(given)) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be NAME=VALUE, not \"%.*s\".", shown_as,
                        SLICE_ARGS(given));
}

static status read_text(invocation *inv, const char *shown_as, slice given, bool comes_from_file, slice *out) {
    bool ends_line = comes_from_file && given.len > 0 && given.at[given.len - 1] == '\n';
    *out = ends_line ? slice_head(given, given.len - 1) : given;
    if (utf8_is_valid(*out) && !slice_contains_byte(*out, 0)) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE), "%s must be text in UTF-8.", shown_as);
}

/* Passwords and codes travel as the text they are. */
static status read_plain_secret(invocation *inv, const char *shown_as, slice given, bool comes_from_file, slice *out) {
    slice as_bytes;
    TRY(read_secret(inv, shown_as, given, comes_from_file, &as_bytes)); /* the same places are refused */
    return read_text(inv, shown_as, given, comes_from_file, out);
}

static bool is_plain_secret(const field *f) {
    const rpc_plain *row = rpc_plain_of(f->name);
    return row && !row->decider;
}

status value_read(invocation *inv, const field *f, const char *shown_as, slice typed, slice *out) {
    slice given;
    bool comes_from_file;
    TRY(resolve(inv, f, typed, &given, &comes_from_file));
    switch (f->kind) {
    case FIELD_BYTES: return read_bytes(inv, shown_as, given, comes_from_file, out);
    case FIELD_SECRET:
        if (is_plain_secret(f)) return read_plain_secret(inv, shown_as, given, comes_from_file, out);
        return read_secret(inv, shown_as, given, comes_from_file, out);
    case FIELD_INT: return read_integer(inv, f, shown_as, given, out);
    case FIELD_BOOL: return read_bool(inv, shown_as, given, out);
    case FIELD_CHOICE: return read_choice(inv, f, shown_as, given, out);
    case FIELD_TIME: return read_time(inv, shown_as, given, out);
    case FIELD_MAP:
    case FIELD_SHAPES: return read_pair(inv, shown_as, given, out);
    default: return read_text(inv, shown_as, given, comes_from_file, out);
    }
}

/* ---- times */

static bool unit_seconds(uint8_t unit, int64_t *out) {
    switch (unit) {
    case 's': *out = 1; return true;
    case 'm': *out = 60; return true;
    case 'h': *out = 3600; return true;
    case 'd': *out = 86400; return true;
    default: return false;
    }
}

static bool relative_time(slice typed, int64_t now_s, int64_t *out) {
    enum { UNITS_MOST = 1000000 };
    uint64_t count;
    int64_t unit;
    if (typed.len < 3 || (typed.at[0] != '-' && typed.at[0] != '+')) return false;
    if (!unit_seconds(typed.at[typed.len - 1], &unit)) return false;
    if (!slice_to_u64(slice_of(typed.at + 1, typed.len - 2), &count) || count > UNITS_MOST) return false;
    int64_t distance = (int64_t)count * unit;
    *out = typed.at[0] == '-' ? now_s - distance : now_s + distance;
    return true;
}

bool value_time(slice typed, int64_t now_s, int64_t *out) {
    enum { DATE_LENGTH = 10 };
    char whole[CLOCK_ISO_BYTES];
    uint64_t seconds;
    if (relative_time(typed, now_s, out)) return true;
    if (typed.len == DATE_LENGTH && slice_contains_byte(typed, '-')) {
        snprintf(whole, sizeof whole, "%.*sT00:00:00Z", SLICE_ARGS(typed));
        return !FAILED(clock_parse_iso(slice_of_text(whole), out));
    }
    if (slice_to_u64(typed, &seconds) && seconds <= INT64_MAX) {
        *out = (int64_t)seconds;
        return true;
    }
    return !FAILED(clock_parse_iso(typed, out));
}
