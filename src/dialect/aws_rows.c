/* The rows. */
#include "dialect/aws_rows.h"

enum aws_extra aws_extra_of(enum operation_id id, slice member, const char **only) {
    static const struct {
        const char *member;
        enum aws_extra what;
        const char *only;
        enum operation_id of; /* OPERATION_NONE: any */
    } ROWS[] = {
        {"CustomKeyStoreId", AWS_EXTRA_STORE, NULL, OPERATION_CREATE_KEY},
        {"CustomKeyStoreId", AWS_EXTRA_STORE, NULL, OPERATION_GENERATE_RANDOM},
        {"CustomerMasterKeySpec", AWS_EXTRA_READ, NULL, OPERATION_CREATE_KEY},
        {"ExpirationModel", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"ValidTo", AWS_EXTRA_READ, NULL, OPERATION_IMPORT_KEY_MATERIAL},
        {"Limit", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"Marker", AWS_EXTRA_READ, NULL, OPERATION_LIST_KEY_ROTATIONS},
        {"AddReplicaRegions", AWS_EXTRA_ONLY, NULL, OPERATION_MANAGER_CREATE_SECRET},
        {"ForceOverwriteReplicaSecret", AWS_EXTRA_ONLY, NULL, OPERATION_MANAGER_CREATE_SECRET},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bool is_for_it = ROWS[i].of == OPERATION_NONE || ROWS[i].of == id;
        if (!is_for_it || !slice_equals_text(member, ROWS[i].member)) continue;
        *only = ROWS[i].only;
        return ROWS[i].what;
    }
    return AWS_EXTRA_REFUSED;
}

status aws_not_offered(slice action, const char **why) {
    static const char STORES[] = "Custom key stores are not offered.", NONE[] = "CustomKeyStoreId";
    static const struct {
        const char *action, *why;
        enum status_code failure;
    } ROWS[] = {
        {"CreateCustomKeyStore", STORES, FAILURE_UNSUPPORTED},
        {"DescribeCustomKeyStores", STORES, FAILURE_UNSUPPORTED},
        {"ConnectCustomKeyStore", NONE, FAILURE_KEY_STORE_NOT_FOUND},
        {"DisconnectCustomKeyStore", NONE, FAILURE_KEY_STORE_NOT_FOUND},
        {"DeleteCustomKeyStore", NONE, FAILURE_KEY_STORE_NOT_FOUND},
        {"UpdateCustomKeyStore", NONE, FAILURE_KEY_STORE_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (!slice_equals_text(action, ROWS[i].action)) continue;
        *why = ROWS[i].why;
        return (status){ROWS[i].failure};
    }
    return OK;
}

bool aws_word_is_known(slice word) {
    static const char *const WORDS[] = {
        "AWS_CLOUDHSM",     "EXTERNAL_KEY_STORE", "ML_DSA_44",   "ML_DSA_65",        "ML_DSA_87",
        "ML_DSA_SHAKE_256", "ED25519_PH_SHA_512", "EXTERNAL_MU", "RSAES_PKCS1_V1_5",
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (slice_equals_text(word, WORDS[i])) return true;
    return false;
}

status aws_key_arn(const aws_place *place, slice key_id, arena *memory, slice *out) {
    if (slice_starts_with(key_id, SLICE("acs:"))) return aws_arn(key_id, memory, out); /* of another account */
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
