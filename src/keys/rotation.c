/* When keys are rotated. */
#include "keys/rotation.h"

#include "contract/key_spec.h"

enum { DUE_DIGITS = 16 };

bool rotation_is_possible(const key_record *key) {
    const key_spec_row *row = key_spec_get(key->spec);
    return row != NULL && row->family == KEY_FAMILY_SYMMETRIC && key->origin != KEY_ORIGIN_EXTERNAL;
}

int rotation_status(const key_record *key) {
    if (!key->rotation_interval_s.is_set) return ROTATION_STATUS_DISABLED;
    return key->state == KEY_STATE_ENABLED ? ROTATION_STATUS_ENABLED : ROTATION_STATUS_SUSPENDED;
}

maybe_int rotation_next(const key_record *key) {
    if (!key->rotation_interval_s.is_set) return (maybe_int){0};
    const key_version_record *primary = key_primary(key);
    maybe_int last = primary ? primary->created_at : key->created_at;
    return SET_INT(last.value + key->rotation_interval_s.value);
}

status rotation_path(int64_t due_s, slice key_path, arena *memory, slice *out) {
    ENSURE(due_s >= 0, INVALID_PARAMETER);
    return arena_printf(memory, out, "rotation/%0*lld/%.*s", DUE_DIGITS, (long long)due_s, SLICE_ARGS(key_path));
}

status rotation_path_read(slice path, int64_t *due_s) {
    slice digits = slice_head(slice_skip(path, ROTATION_PREFIX.len), DUE_DIGITS);
    ENSURE(slice_starts_with(path, ROTATION_PREFIX) && digits.len == DUE_DIGITS, CORRUPT);
    ENSURE(slice_to_i64(digits, due_s), CORRUPT);
    return OK;
}
