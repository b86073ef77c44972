/* Look-up in the generated table of failures. */
#include "contract/failure.h"

extern const failure_row failure_table[];
extern const size_t failure_count;

const failure_row *failure_get(enum status_code code) {
    bool is_known = code != STATUS_OK && (size_t)code < failure_count;
    return &failure_table[is_known ? code : FAILURE_INTERNAL];
}

failure_code failure_shown(const failure_row *row) {
    for (int wire = 0; wire < WIRE_COUNT; wire++)
        if (row->in[wire].code) return row->in[wire];
    return failure_table[FAILURE_INTERNAL].in[WIRE_ALIBABA_RPC];
}
