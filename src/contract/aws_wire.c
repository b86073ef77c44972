/* The rows. */
#include "contract/aws_wire.h"

static const aws_member members[] = {
    /* not on this wire */
    {.of = &create_key_in_shape, .field = "ProtectionLevel"},
    {.of = &create_key_in_shape, .field = "EnableAutomaticRotation"},
    {.of = &create_key_in_shape, .field = "RotationInterval"},
    {.of = &create_key_in_shape, .field = "DKMSInstanceId"},
    {.of = &list_keys_in_shape, .field = "Filters"},
    {.field = "PageNumber"},
    {.field = "PageSize"},
    {.field = "TotalCount"},
    {.of = &import_key_material_in_shape, .field = "KeyMaterialExpireUnix"},
    {.of = &key_tag_shape, .field = "KeyId"},
    {.of = &key_metadata_shape, .field = "Creator"},
    {.of = &key_metadata_shape, .field = "ProtectionLevel"},
    {.of = &key_metadata_shape, .field = "PrimaryKeyVersion", .wire = "CurrentKeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &key_metadata_shape, .field = "AutomaticRotation"},
    {.of = &key_metadata_shape, .field = "DeleteDate"},
    {.of = &key_metadata_shape, .field = "MaterialExpireTime"},
    {.of = &key_metadata_shape, .field = "LastRotationDate"},
    {.of = &key_metadata_shape, .field = "DeletionProtection"},
    {.of = &key_metadata_shape, .field = "DeletionProtectionDescription"},
    {.of = &key_metadata_shape, .field = "Arn", .wire = "Arn", .form = AWS_ARN},
    /* other names, other forms */
    {.of = &create_alias_in_shape, .field = "KeyId", .wire = "TargetKeyId"},
    {.of = &update_alias_in_shape, .field = "KeyId", .wire = "TargetKeyId"},
    {.of = &alias_entry_shape, .field = "KeyId", .wire = "TargetKeyId"},
    {.of = &alias_entry_shape, .field = "AliasArn", .wire = "AliasArn", .form = AWS_ARN},
    {.of = &key_entry_shape, .field = "KeyId", .wire = "KeyId"},
    {.of = &key_entry_shape, .field = "KeyArn", .wire = "KeyArn", .form = AWS_ARN},
    {.of = &get_parameters_for_import_out_shape, .field = "TokenExpireTime", .wire = "ParametersValidTo"},
    {.of = &get_parameters_for_import_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &encrypt_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &encrypt_out_shape, .field = "KeyVersionId"},
    {.of = &decrypt_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &decrypt_out_shape, .field = "KeyVersionId", .wire = "KeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &generate_data_key_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &generate_data_key_out_shape, .field = "KeyVersionId", .wire = "KeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &generate_data_key_without_plaintext_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &generate_data_key_without_plaintext_out_shape,
     .field = "KeyVersionId",
     .wire = "KeyMaterialId",
     .form = AWS_MATERIAL_ID},
    /* other limits */
    {.of = &schedule_key_deletion_in_shape,
     .field = "PendingWindowInDays",
     .wire = "PendingWindowInDays",
     .min = 7,
     .max = 30,
     .standard = "30"},
    {.of = &encrypt_in_shape, .field = "Plaintext", .wire = "Plaintext", .min = 1, .max = 4096},
    {.of = &decrypt_in_shape, .field = "CiphertextBlob", .wire = "CiphertextBlob", .min = 1, .max = 6144},
    {.of = &create_alias_in_shape, .field = "AliasName", .wire = "AliasName", .min = 1, .max = 256},
    {.of = &update_alias_in_shape, .field = "AliasName", .wire = "AliasName", .min = 1, .max = 256},
    {.of = &delete_alias_in_shape, .field = "AliasName", .wire = "AliasName", .min = 1, .max = 256},
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

const char *aws_wire_name(const shape *s, const field *f) {
    const aws_member *row = aws_member_of(s, f);
    return row ? row->wire : f->name;
}
