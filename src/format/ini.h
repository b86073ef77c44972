/* INI text: sections, keys and values as a list. A line is "[section]", "key = value" or a comment ("#" or ";" at its
 * start, or " ;" after a value); blanks around everything are dropped. */
#ifndef FORMAT_INI_H
#define FORMAT_INI_H

#include "base/arena.h"

enum {
    INI_BYTES_MOST = 256 << 10, /* of text */
    INI_LINES_MOST = 4096,      /* keys with values in one text */
    INI_LINE_BYTES_MOST = 196,  /* of one line, without its end */
};

/* One "key = value". Keys before any section have an empty section. A key may come more than once: the caller judges. */
typedef struct ini_line {
    slice section, key, value; /* each followed by a NUL; in the arena */
    unsigned number;           /* of the line, from 1 */
} ini_line;

typedef struct ini_list {
    ini_line *at;
    size_t count;
} ini_list;

typedef struct ini_fault {
    unsigned number;    /* of the line, from 1; 0: the text as a whole */
    const char *reason; /* static text: "has neither a section nor a key and a value" */
} ini_fault;

/* Reads the whole text. MALFORMED (a line that is none of the three, a key without a name, control characters, text
 * that is not UTF-8), TOO_LARGE (the limits above), OUT_OF_MEMORY; *fault is written then. */
status ini_read(slice text, arena *memory, ini_list *out, ini_fault *fault);

#endif
