/* Look-up in the generated table of failures. */
#include "contract/failure.h"

extern const failure_row failure_table[];
extern const size_t failure_count;

const failure_row *failure_get(enum status_code code) {
    bool is_known = code != STATUS_OK && (size_t)code < failure_count;
    return &failure_table[is_known ? code : FAILURE_INTERNAL];
}
