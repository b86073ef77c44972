/* The rows. */
#include "dialect/aws_rows.h"

enum aws_extra aws_extra_of(slice member, const char **only) {
    static const struct {
        const char *member;
        enum aws_extra what;
        const char *only;
    } ROWS[] = {
        {"EncryptionAlgorithm", AWS_EXTRA_ONLY, "SYMMETRIC_DEFAULT"},
        {"GrantTokens", AWS_EXTRA_ONLY, NULL},
        {"MultiRegion", AWS_EXTRA_ONLY, NULL},
        {"CustomerMasterKeySpec", AWS_EXTRA_READ, NULL},
        {"ExpirationModel", AWS_EXTRA_READ, NULL},
        {"ValidTo", AWS_EXTRA_READ, NULL},
        {"Recipient", AWS_EXTRA_REFUSED, NULL},
        {"Policy", AWS_EXTRA_REFUSED, NULL},
        {"BypassPolicyLockoutSafetyCheck", AWS_EXTRA_ONLY, NULL},
        {"CustomKeyStoreId", AWS_EXTRA_REFUSED, NULL},
        {"XksKeyId", AWS_EXTRA_REFUSED, NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (!slice_equals_text(member, ROWS[i].member)) continue;
        *only = ROWS[i].only;
        return ROWS[i].what;
    }
    return AWS_EXTRA_UNKNOWN;
}

status aws_key_arn(const aws_place *place, slice key_id, arena *memory, slice *out) {
    return arena_printf(memory, out, "arn:aws:kms:%.*s:%.*s:key/%.*s", SLICE_ARGS(place->region),
                        SLICE_ARGS(place->account), SLICE_ARGS(key_id));
}

status aws_arn(slice name, arena *memory, slice *out) {
    if (!slice_starts_with(name, SLICE("acs:"))) {
        *out = name;
        return OK;
    }
    slice rest = slice_skip(name, 4);
    return arena_printf(memory, out, "arn:aws:%.*s", SLICE_ARGS(rest));
}
