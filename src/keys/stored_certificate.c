/* Certificate records, names and states. */
#include "keys/stored_certificate.h"

#include "base/text.h"

status certificate_path(const key_shelf *shelf, slice id, arena *memory, slice *out) {
    ENSURE(shelf->region.len > 0 && !slice_contains_byte(shelf->region, '/'), CERTIFICATE_NOT_FOUND);
    return ARENA_JOIN(memory, out, SLICE("certificate/"), shelf->account, SLICE("/"), shelf->region, SLICE("/"), id);
}

status certificate_prefix(const key_shelf *shelf, arena *memory, slice *out) {
    return certificate_path(shelf, SLICE(""), memory, out);
}

status certificate_name_parse(slice text, const key_shelf *shelf, slice *id) {
    uint8_t bytes[16];
    slice rest = text, part;
    const slice wanted[] = {SLICE("acs"), SLICE("kms"), shelf->region, shelf->account};
    if (slice_starts_with(text, SLICE("acs:"))) {
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            ENSURE(slice_split(&rest, ':', &part) && slice_equals(part, wanted[i]), CERTIFICATE_NOT_FOUND);
        ENSURE(slice_starts_with(rest, SLICE("certificate/")), CERTIFICATE_NOT_FOUND);
        rest = slice_skip(rest, 12);
    }
    ENSURE(!FAILED(uuid_parse(rest, bytes)), CERTIFICATE_NOT_FOUND);
    *id = rest;
    return OK;
}

status certificate_load(const key_shelf *shelf, slice id, arena *memory, certificate_record *out, uint64_t *revision) {
    slice path, packed;
    uint64_t found;
    TRY(certificate_path(shelf, id, memory, &path));
    status loaded = store_get(shelf->store, path, memory, &packed, &found);
    ENSURE(!FAILED_WITH(loaded, NOT_FOUND), CERTIFICATE_NOT_FOUND);
    TRY(loaded);
    ENSURE(!FAILED(shape_unpack(&certificate_record_shape, packed, memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

status certificate_allows(const certificate_record *of, enum certificate_use use, int64_t now_s) {
    if (use == CERTIFICATE_RECOVER && of->status == CERTIFICATE_STATUS_REVOKED) return OK;
    ENSURE(of->status == CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_UNUSABLE);
    if (use == CERTIFICATE_RECOVER) return OK;
    ENSURE(of->not_before.value <= now_s && now_s <= of->not_after.value, CERTIFICATE_UNUSABLE);
    return OK;
}

status certificate_may_become(const certificate_record *of, int wanted) {
    bool is_in_use = of->status == CERTIFICATE_STATUS_ACTIVE || of->status == CERTIFICATE_STATUS_INACTIVE;
    ENSURE(wanted == of->status || (is_in_use && wanted != CERTIFICATE_STATUS_PENDING), CERTIFICATE_STATE);
    return OK;
}
