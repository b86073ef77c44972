/* Walking compact JSON text of which only a few members are wanted: no tree, no memory, one pass over the bytes. For text
 * that json_writer made (no blanks between the parts); of other text it says nothing, or that it is broken. */
#ifndef FORMAT_JSON_WALK_H
#define FORMAT_JSON_WALK_H

#include "base/slice.h"

typedef struct json_walk {
    slice rest;
    uint8_t closing; /* '}' or ']' */
    bool is_begun;
    bool is_ended; /* the closing bracket was met, and nothing came after it */
} json_walk;

/* False unless the text begins an object (an array). */
bool json_walk_object(slice text, json_walk *out);
bool json_walk_array(slice text, json_walk *out);
/* The next member or element: the name as it stands between its quotes, the value's whole text. False at the end, where
 * is_ended is set, and where the text is broken, where it is not. */
bool json_walk_member(json_walk *w, slice *name, slice *value);
bool json_walk_element(json_walk *w, slice *value);
/* What stands between the quotes of a text, escapes and all. False for any other value. */
bool json_walk_text(slice value, slice *out);

#endif
