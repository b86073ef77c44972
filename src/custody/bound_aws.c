/* AWS's words into the contract's. */
#include "custody/bound_aws.h"

#include <stdlib.h>

#include "contract/aws_wire.h"
#include "custody/signed.h"

const operation *bound_aws_operation(const asked *a, int act) {
    const operation *first = operation_get(a->operation);
    for (int id = (int)a->operation; first && id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        bool may = act > 0 && act < 64 && (op->acts & ACT_BIT(act)) != 0;
        if (may && operation_is_same_aws(first, op)) return op;
    }
    return NULL;
}

/* Seconds since 1970, perhaps with a fraction, which is dropped. */
static status read_seconds(slice text, arena *memory, slice *out) {
    enum { LATEST_S = 253402300799 };
    char copy[32];
    ENSURE(text.len < sizeof copy, NO_PERMISSION);
    if (text.len) memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    char *end;
    double seconds = strtod(copy, &end);
    ENSURE(text.len > 0 && *end == 0 && seconds >= 0 && seconds <= (double)LATEST_S, NO_PERMISSION);
    return arena_printf(memory, out, "%lld", (long long)seconds);
}

/* Imported material: a time, unless it is never to expire. */
static status expiry_of(const pair_list *said, arena *memory, slice *out) {
    slice valid_to = signed_find(said, "ValidTo");
    bool is_kept = slice_equals_text(signed_find(said, "ExpirationModel"), "KEY_MATERIAL_DOES_NOT_EXPIRE");
    if (!is_kept) return read_seconds(valid_to, memory, out);
    *out = SLICE("0");
    return OK;
}

static status value_of(const shape *s, const field *f, const pair_list *said, arena *memory, slice *out) {
    if (f->binds == BIND_EXPIRY) return expiry_of(said, memory, out);
    const aws_member *row = aws_member_of(s, f);
    const char *wire = aws_wire_name(s, f);
    if (row && row->form == AWS_JOINED) {
        status joined = aws_join(said, wire, memory, out);
        return FAILED_WITH(joined, INVALID_PARAMETER) ? FAIL(NO_PERMISSION) : joined;
    }
    slice value = wire ? signed_find(said, wire) : (slice){0};
    if (f->binds == BIND_SPEC && slice_is_absent(value)) value = signed_find(said, "CustomerMasterKeySpec");
    if (row && row->form == AWS_MATERIAL_ID && !slice_is_absent(value)) TRY(aws_material_read(value, memory, &value));
    if (f->kind == FIELD_CHOICE && !slice_is_absent(value)) {
        value = aws_unspell(f->choices, value);
        ENSURE(!slice_is_absent(value), NO_PERMISSION);
    }
    if (slice_is_absent(value) && row && row->standard) value = slice_of_text(row->standard);
    *out = value;
    return OK;
}

status bound_aws_translate(const operation *op, const pair_list *said, arena *memory, pair_list *out) {
    pair_list made = {.at = ARENA_ARRAY(memory, pair, op->in->field_count + 1)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < op->in->field_count; i++) {
        const field *f = &op->in->fields[i];
        slice value;
        if (f->binds == BIND_NOTHING) continue;
        TRY(value_of(op->in, f, said, memory, &value));
        if (!slice_is_absent(value)) made.at[made.count++] = (pair){slice_of_text(f->name), value};
    }
    *out = made;
    return OK;
}
