/* JSON (RFC 8259): a bounded parser into a read-only tree, and a writer of compact text. */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/arena.h"
#include "base/buffer.h"

enum {
    JSON_BYTES_MOST = 1 << 20,  /* of text; a caller with a smaller limit compares text.len first */
    JSON_DEPTH_MOST = 32,       /* arrays and objects inside one another */
    JSON_VALUES_MOST = 1 << 16, /* in one text */
};

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* One value. Everything it points to lives in the arena given to json_parse. */
typedef struct json {
    enum json_kind kind;
    bool is_true;    /* JSON_BOOL */
    bool is_integer; /* JSON_NUMBER written without fraction and exponent */
    int64_t integer; /* JSON_NUMBER with is_integer */
    slice text;      /* JSON_TEXT: UTF-8 without escapes and without NUL. JSON_NUMBER: the shortest text of its value */
    slice name;      /* in an object: the member's name; otherwise absent */
    const struct json *next;  /* the next element or member, in the order of the text */
    const struct json *first; /* of an array or object */
    size_t count;             /* elements or members */
} json;

/* Where and why a text was refused; line and column count from 1, position in bytes from 0. */
typedef struct json_fault {
    size_t line;
    size_t column;
    size_t position;
    char reason[96]; /* plain ASCII without any bytes of the text */
} json_fault;

/* Parses the whole text; nothing but blanks may follow the value. Refused as MALFORMED: what RFC 8259 refuses, text
 * that is not UTF-8, a name twice in one object, NUL in a text (raw or escaped), nesting beyond JSON_DEPTH_MOST,
 * integers beyond 64 bits. TOO_LARGE past JSON_BYTES_MOST or JSON_VALUES_MOST; OUT_OF_MEMORY when the arena's limit is
 * reached. Any kind of value may stand at the top. *fault is written on failure and may be NULL. No call to the kernel
 * but for memory; freed copies are overwritten. The process should have called table_seed before. */
status json_parse(slice text, arena *memory, const json **out, json_fault *fault);

/* All of these take NULL for "no such value", so that look-ups can be nested. */
const json *json_member(const json *object, slice name); /* NULL when absent or not an object */
const json *json_element(const json *array, size_t index);
/* for (const json *each = json_first(list); each; each = each->next) */
const json *json_first(const json *list);
bool json_is_text(const json *value);
bool json_is_array(const json *value);
bool json_is_object(const json *value);
/* False, and nothing written, when the value is absent or of another kind. */
bool json_get_text(const json *value, slice *out);
bool json_get_integer(const json *value, int64_t *out);
bool json_get_bool(const json *value, bool *out);

/* Writer: json_writer w = {.out = &buffer}; then the calls below, then json_finish. The first failure sticks and later
 * calls do nothing, so only json_finish needs checking. */
typedef struct json_writer {
    buffer *out;
    uint64_t is_object; /* bit n: the list at depth n is an object */
    uint64_t has_items; /* bit n: a comma comes before the next item at depth n */
    unsigned depth;     /* at most 63 */
    bool has_key;       /* a name was written, its value is due */
    bool has_root;      /* the one value at the top was begun */
    status failure;
} json_writer;

void json_begin_object(json_writer *w);
void json_end_object(json_writer *w);
void json_begin_array(json_writer *w);
void json_end_array(json_writer *w);
void json_put_key(json_writer *w, slice name);
/* Escaped as RFC 8259 §7 asks, also U+007F and "<" stay as they are. Bytes that are not UTF-8, and NUL, become U+FFFD, so
 * that json_parse takes whatever is written. An absent slice is written as "". */
void json_put_text(json_writer *w, slice text);
void json_put_integer(json_writer *w, int64_t value);
void json_put_bool(json_writer *w, bool value);
void json_put_null(json_writer *w);
/* JSON text made elsewhere, not looked at: one whole value. */
void json_put_raw(json_writer *w, slice value);
/* A parsed value with all it holds. */
void json_put_value(json_writer *w, const json *value);

/* Name and value in one call; `name` is plain text. */
void json_put_member_text(json_writer *w, const char *name, slice text);
void json_put_member_integer(json_writer *w, const char *name, int64_t value);
void json_put_member_bool(json_writer *w, const char *name, bool value);

/* OK when exactly one whole value was written; otherwise the first failure: TOO_LARGE or OUT_OF_MEMORY of the buffer,
 * INTERNAL when the calls did not make JSON (an end without begin, a member without a name, nesting beyond 63). */
status json_finish(json_writer *w);

#endif
