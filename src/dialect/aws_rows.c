/* The rows. */
#include "dialect/aws_rows.h"

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
