/* The rows. */
#include "dialect/aws_rows.h"

enum aws_extra aws_extra_of(enum operation_id id, slice member, const char **only) {
    static const struct {
        const char *member;
        enum aws_extra what;
        const char *only;
        enum operation_id of; /* OPERATION_NONE: any */
    } ROWS[] = {
        {"GrantTokens", AWS_EXTRA_READ, NULL, OPERATION_NONE}, /* a grant works at once here, without its token */
        {"MultiRegion", AWS_EXTRA_ONLY, NULL, OPERATION_CREATE_KEY},
        {"CustomerMasterKeySpec", AWS_EXTRA_READ, NULL, OPERATION_CREATE_KEY},
        {"ExpirationModel", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"ValidTo", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"ImportType", AWS_EXTRA_ONLY, "EXISTING_KEY_MATERIAL", OPERATION_IMPORT_KEY_MATERIAL},
        {"Limit", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"Marker", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"IncludeKeyMaterial", AWS_EXTRA_ONLY, "ROTATIONS_ONLY", OPERATION_LIST_KEY_ROTATIONS},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bool is_for_it = ROWS[i].of == OPERATION_NONE || ROWS[i].of == id;
        if (!is_for_it || !slice_equals_text(member, ROWS[i].member)) continue;
        *only = ROWS[i].only;
        return ROWS[i].what;
    }
    return AWS_EXTRA_REFUSED;
}

const char *aws_not_offered(slice action) {
    static const char STORES[] = "Custom key stores are not offered.";
    static const char REPLICAS[] = "A key lives in one region here: multi-Region keys are not offered.";
    static const struct {
        const char *action, *why;
    } ROWS[] = {
        {"CreateCustomKeyStore", STORES}, {"ConnectCustomKeyStore", STORES}, {"DisconnectCustomKeyStore", STORES},
        {"DeleteCustomKeyStore", STORES}, {"UpdateCustomKeyStore", STORES},  {"DescribeCustomKeyStores", STORES},
        {"ReplicateKey", REPLICAS},       {"UpdatePrimaryRegion", REPLICAS},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (slice_equals_text(action, ROWS[i].action)) return ROWS[i].why;
    return NULL;
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
