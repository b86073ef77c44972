/* Look-ups in the generated tables. */
#include "contract/operation.h"

extern const operation operation_table[];
extern const product product_table[];
extern const size_t product_count;

const operation *operation_get(int64_t id) {
    return id > OPERATION_NONE && id < OPERATION_COUNT ? &operation_table[id] : NULL;
}

enum operation_id operation_find(const char *product_name, slice name) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = &operation_table[id];
        if (slice_equals_text(name, op->name) && strcmp(op->product->name, product_name) == 0)
            return (enum operation_id)id;
    }
    return OPERATION_NONE;
}

bool aws_target_split(slice target, slice *service, slice *action) {
    static const char *const ROWS[][2] = {
        {"TrentService.", "kms"},
        {"secretsmanager.", "secretsmanager"},
        {"CloudTrail_20131101.", "cloudtrail"},
        {"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.", "cloudtrail"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice prefix = slice_of_text(ROWS[i][0]);
        if (!slice_starts_with(target, prefix) || slice_contains_byte(slice_skip(target, prefix.len), '.')) continue;
        *service = slice_of_text(ROWS[i][1]);
        *action = slice_skip(target, prefix.len);
        return true;
    }
    return false;
}

static bool is_named(const operation *op, slice service, slice action) {
    if (!op->aws) return false;
    slice whole = slice_of_text(op->aws);
    return whole.len == service.len + 1 + action.len && slice_starts_with(whole, service) &&
           whole.at[service.len] == ':' && slice_ends_with(whole, action);
}

enum operation_id operation_find_aws(slice service, slice action) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++)
        if (is_named(&operation_table[id], service, action)) return (enum operation_id)id;
    return OPERATION_NONE;
}

bool operation_is_same_aws(const operation *a, const operation *b) {
    if (!a || !b) return false;
    return a == b || (a->aws && b->aws && strcmp(a->aws, b->aws) == 0);
}

const product *product_by_version(slice version) {
    for (size_t i = 0; i < product_count; i++)
        if (slice_equals_text(version, product_table[i].version)) return &product_table[i];
    return NULL;
}

bool act_is_witnessed(int act) {
    static const uint64_t WITNESSED =
        ACT_BIT(VAULT_ACT_NEW_KEY) | ACT_BIT(VAULT_ACT_ENCRYPT) | ACT_BIT(VAULT_ACT_DECRYPT) |
        ACT_BIT(VAULT_ACT_GENERATE) | ACT_BIT(VAULT_ACT_GENERATE_SEALED) | ACT_BIT(VAULT_ACT_IMPORT) |
        ACT_BIT(VAULT_ACT_PERMIT_REWRAP) | ACT_BIT(VAULT_ACT_REWRAP) | ACT_BIT(VAULT_ACT_SIGN) |
        ACT_BIT(VAULT_ACT_CHECK_SIGNATURE) | ACT_BIT(VAULT_ACT_GENERATE_MAC) | ACT_BIT(VAULT_ACT_CHECK_MAC) |
        ACT_BIT(VAULT_ACT_HOLD_DECRYPTED) | ACT_BIT(VAULT_ACT_HOLD_GENERATED) | ACT_BIT(VAULT_ACT_SEAL_HELD) |
        ACT_BIT(VAULT_ACT_GENERATE_PAIR) | ACT_BIT(VAULT_ACT_GENERATE_PAIR_SEALED) | ACT_BIT(VAULT_ACT_AGREE) |
        ACT_BIT(VAULT_ACT_NEW_VERSION) | ACT_BIT(VAULT_ACT_PERMIT_ROTATION) | ACT_BIT(VAULT_ACT_ROTATE) |
        ACT_BIT(VAULT_ACT_SEAL_SECRET) | ACT_BIT(VAULT_ACT_OPEN_SECRET) | ACT_BIT(VAULT_ACT_GENERATE_SECRET) |
        ACT_BIT(VAULT_ACT_FORBID_ROTATION) | ACT_BIT(VAULT_ACT_RENEW_SECRET) | ACT_BIT(VAULT_ACT_REWRAP_SECRET) |
        ACT_BIT(VAULT_ACT_NEW_CERTIFICATE) | ACT_BIT(VAULT_ACT_GENERATE_MANAGED);
    return act > 0 && act < 64 && (WITNESSED & ACT_BIT(act)) != 0;
}

bool operation_is_compared(const operation *op) {
    return op->level == LEVEL_WRITE || (op->level == LEVEL_USE && op->resource == RESOURCE_SECRET);
}
