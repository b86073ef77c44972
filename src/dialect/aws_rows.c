/* The rows. */
#include "dialect/aws_rows.h"

static const aws_member members[] = {
    /* not on this wire */
    {&create_key_in_shape, "ProtectionLevel", NULL, 0, 0, 0},
    {&create_key_in_shape, "EnableAutomaticRotation", NULL, 0, 0, 0},
    {&create_key_in_shape, "RotationInterval", NULL, 0, 0, 0},
    {&create_key_in_shape, "DKMSInstanceId", NULL, 0, 0, 0},
    {&list_keys_in_shape, "Filters", NULL, 0, 0, 0},
    {NULL, "PageNumber", NULL, 0, 0, 0},
    {NULL, "PageSize", NULL, 0, 0, 0},
    {NULL, "TotalCount", NULL, 0, 0, 0},
    {&import_key_material_in_shape, "KeyMaterialExpireUnix", NULL, 0, 0, 0},
    {&key_tag_shape, "KeyId", NULL, 0, 0, 0},
    {&key_metadata_shape, "Creator", NULL, 0, 0, 0},
    {&key_metadata_shape, "ProtectionLevel", NULL, 0, 0, 0},
    {&key_metadata_shape, "PrimaryKeyVersion", "CurrentKeyMaterialId", AWS_MATERIAL_ID, 0, 0},
    {&key_metadata_shape, "AutomaticRotation", NULL, 0, 0, 0},
    {&key_metadata_shape, "DeleteDate", NULL, 0, 0, 0},
    {&key_metadata_shape, "MaterialExpireTime", NULL, 0, 0, 0},
    {&key_metadata_shape, "LastRotationDate", NULL, 0, 0, 0},
    {&key_metadata_shape, "DeletionProtection", NULL, 0, 0, 0},
    {&key_metadata_shape, "DeletionProtectionDescription", NULL, 0, 0, 0},
    {&key_metadata_shape, "Arn", "Arn", AWS_ARN, 0, 0},
    /* other names, other forms */
    {&create_alias_in_shape, "KeyId", "TargetKeyId", 0, 0, 0},
    {&update_alias_in_shape, "KeyId", "TargetKeyId", 0, 0, 0},
    {&alias_entry_shape, "KeyId", "TargetKeyId", 0, 0, 0},
    {&alias_entry_shape, "AliasArn", "AliasArn", AWS_ARN, 0, 0},
    {&key_entry_shape, "KeyId", "KeyId", 0, 0, 0},
    {&key_entry_shape, "KeyArn", "KeyArn", AWS_ARN, 0, 0},
    {&get_parameters_for_import_out_shape, "TokenExpireTime", "ParametersValidTo", 0, 0, 0},
    {&get_parameters_for_import_out_shape, "KeyId", "KeyId", AWS_KEY_ARN, 0, 0},
    {&encrypt_out_shape, "KeyId", "KeyId", AWS_KEY_ARN, 0, 0},
    {&encrypt_out_shape, "KeyVersionId", NULL, 0, 0, 0},
    {&decrypt_out_shape, "KeyId", "KeyId", AWS_KEY_ARN, 0, 0},
    {&decrypt_out_shape, "KeyVersionId", "KeyMaterialId", AWS_MATERIAL_ID, 0, 0},
    {&generate_data_key_out_shape, "KeyId", "KeyId", AWS_KEY_ARN, 0, 0},
    {&generate_data_key_out_shape, "KeyVersionId", "KeyMaterialId", AWS_MATERIAL_ID, 0, 0},
    {&generate_data_key_without_plaintext_out_shape, "KeyId", "KeyId", AWS_KEY_ARN, 0, 0},
    {&generate_data_key_without_plaintext_out_shape, "KeyVersionId", "KeyMaterialId", AWS_MATERIAL_ID, 0, 0},
    /* other limits */
    {&schedule_key_deletion_in_shape, "PendingWindowInDays", "PendingWindowInDays", 0, 7, 30},
    {&encrypt_in_shape, "Plaintext", "Plaintext", 0, 1, 4096},
    {&decrypt_in_shape, "CiphertextBlob", "CiphertextBlob", 0, 1, 6144},
    {&create_alias_in_shape, "AliasName", "AliasName", 0, 1, 256},
    {&update_alias_in_shape, "AliasName", "AliasName", 0, 1, 256},
    {&delete_alias_in_shape, "AliasName", "AliasName", 0, 1, 256},
};

const aws_member *aws_member_of(const shape *s, const field *f) {
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const aws_member *row = &members[i];
        if ((row->of == s || row->of == NULL) && strcmp(row->field, f->name) == 0) return row;
    }
    return NULL;
}

typedef struct spelling {
    const char *const *choices;
    const char *word, *aws;
} spelling;

static const spelling spellings[] = {
    {key_spec_choices, "Aliyun_AES_256", "SYMMETRIC_DEFAULT"},
    {key_usage_choices, "ENCRYPT/DECRYPT", "ENCRYPT_DECRYPT"},
    {key_origin_choices, "Aliyun_KMS", "AWS_KMS"},
};
enum { SPELLINGS = sizeof spellings / sizeof *spellings };

slice aws_spell(const char *const *choices, slice word) {
    for (size_t i = 0; i < SPELLINGS; i++)
        if (spellings[i].choices == choices && slice_equals_text(word, spellings[i].word))
            return slice_of_text(spellings[i].aws);
    return word;
}

slice aws_unspell(const char *const *choices, slice word) {
    for (size_t i = 0; i < SPELLINGS; i++) {
        if (spellings[i].choices != choices) continue;
        if (slice_equals_text(word, spellings[i].aws)) return slice_of_text(spellings[i].word);
        if (slice_equals_text(word, spellings[i].word)) return (slice){0}; /* that word is another wire's */
    }
    return word;
}

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
