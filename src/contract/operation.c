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

const product *product_by_version(slice version) {
    for (size_t i = 0; i < product_count; i++)
        if (slice_equals_text(version, product_table[i].version)) return &product_table[i];
    return NULL;
}

bool act_is_witnessed(int act) {
    static const uint64_t WITNESSED = ACT_BIT(VAULT_ACT_NEW_KEY) | ACT_BIT(VAULT_ACT_ENCRYPT) |
                                      ACT_BIT(VAULT_ACT_DECRYPT) | ACT_BIT(VAULT_ACT_GENERATE) |
                                      ACT_BIT(VAULT_ACT_GENERATE_SEALED) | ACT_BIT(VAULT_ACT_IMPORT);
    return act > 0 && act < 64 && (WITNESSED & ACT_BIT(act)) != 0;
}
