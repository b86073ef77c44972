/* One level of a JSON text (RFC 8259): the members of an object, the elements of an array. The vault has no JSON library; this knows no
 * more than it must. */
#ifndef CUSTODY_JSON_VALUES_H
#define CUSTODY_JSON_VALUES_H

#include "base/arena.h"

typedef struct json_value {
    slice name;  /* absent in arrays */
    slice value; /* of a text: decoded; of anything else as it stands */
    bool is_text;
} json_value;
typedef struct json_values {
    json_value *at;
    size_t count;
} json_values;

/* NO_PERMISSION for anything that is none, for a name that is there twice, and for nesting past 32. Members that are null are left out. */
status json_values_object(slice text, arena *memory, json_values *out);
status json_values_array(slice text, arena *memory, json_values *out);
/* NULL when it is not there. */
const json_value *json_values_find(const json_values *all, const char *name);

#endif
