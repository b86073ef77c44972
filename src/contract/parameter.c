/* Finding what a parameter means. */
#include "contract/parameter.h"

extern const parameter_rows parameter_table[]; /* generated */
extern const size_t parameter_table_count;

const char *parameter_meaning(const field *f) {
    for (size_t i = 0; i < parameter_table_count; i++) {
        const shape *s = parameter_table[i].of;
        for (size_t n = 0; n < s->field_count; n++)
            if (&s->fields[n] == f) return parameter_table[i].meanings[n];
    }
    return NULL;
}
