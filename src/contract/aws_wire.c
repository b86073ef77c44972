/* The rows. */
#include "contract/aws_wire.h"

#include "base/text.h"
#include "contract/key_spec.h"

static const aws_member members[] = {
    /* not on this wire */
    {.of = &create_key_in_shape, .field = "ProtectionLevel"},
    {.of = &create_key_in_shape, .field = "EnableAutomaticRotation"},
    {.of = &create_key_in_shape, .field = "RotationInterval"},
    {.of = &create_key_in_shape, .field = "DKMSInstanceId"},
    {.of = &list_keys_in_shape, .field = "Filters"},
    {.field = "PageNumber"},
    {.field = "Recipient"},
    {.field = "PageSize"},
    {.field = "TotalCount"},
    {.of = &import_key_material_in_shape, .field = "KeyMaterialExpireUnix"},
    {.of = &import_key_material_in_shape,
     .field = "KeyVersionId",
     .wire = "KeyMaterialId",
     .form = AWS_MATERIAL_ID,
     .min = 1,
     .max = AWS_MATERIAL_DIGITS},
    {.of = &delete_key_material_in_shape,
     .field = "KeyVersionId",
     .wire = "KeyMaterialId",
     .form = AWS_MATERIAL_ID,
     .min = 1,
     .max = AWS_MATERIAL_DIGITS},
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
    {.of = &multi_region_key_shape, .field = "Arn", .wire = "Arn", .form = AWS_ARN},
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
    {.of = &schedule_key_deletion_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &cancel_key_deletion_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &import_key_material_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &import_key_material_out_shape, .field = "KeyVersionId", .wire = "KeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &delete_key_material_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &delete_key_material_out_shape, .field = "KeyVersionId", .wire = "KeyMaterialId", .form = AWS_MATERIAL_ID},
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
    {.of = &key_metadata_shape, .field = "RotationInterval"},
    {.of = &key_metadata_shape, .field = "NextRotationDate"},
    {.of = &generate_data_key_pair_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &generate_data_key_pair_without_plaintext_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &asymmetric_sign_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &asymmetric_verify_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &get_public_key_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &generate_mac_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &verify_mac_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &derive_shared_secret_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &rotate_key_on_demand_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &generate_data_key_pair_out_shape,
     .field = "KeyVersionId",
     .wire = "KeyMaterialId",
     .form = AWS_MATERIAL_ID},
    {.of = &generate_data_key_pair_without_plaintext_out_shape,
     .field = "KeyVersionId",
     .wire = "KeyMaterialId",
     .form = AWS_MATERIAL_ID},
    {.of = &re_encrypt_in_shape, .field = "SourceKeyVersionId"},
    {.of = &re_encrypt_out_shape, .field = "KeyId", .wire = "SourceKeyId", .form = AWS_KEY_ARN},
    {.of = &re_encrypt_out_shape, .field = "DestinationKeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &re_encrypt_out_shape, .field = "KeyVersionId", .wire = "SourceKeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &re_encrypt_out_shape,
     .field = "DestinationKeyVersionId",
     .wire = "DestinationKeyMaterialId",
     .form = AWS_MATERIAL_ID},
    {.of = &asymmetric_sign_in_shape, .field = "KeyVersionId"},
    {.of = &asymmetric_sign_in_shape, .field = "Algorithm", .wire = "SigningAlgorithm"},
    {.of = &asymmetric_sign_in_shape, .field = "Digest", .wire = "Message"},
    {.of = &asymmetric_sign_in_shape, .field = "MessageType", .wire = "MessageType", .standard = "RAW"},
    {.of = &asymmetric_sign_out_shape, .field = "KeyVersionId"},
    {.of = &asymmetric_verify_in_shape, .field = "KeyVersionId"},
    {.of = &asymmetric_verify_in_shape, .field = "Algorithm", .wire = "SigningAlgorithm"},
    {.of = &asymmetric_verify_in_shape, .field = "Digest", .wire = "Message"},
    {.of = &asymmetric_verify_in_shape, .field = "MessageType", .wire = "MessageType", .standard = "RAW"},
    {.of = &asymmetric_verify_out_shape, .field = "KeyVersionId"},
    {.of = &asymmetric_sign_out_shape, .field = "Value", .wire = "Signature"},
    {.of = &asymmetric_verify_in_shape, .field = "Value", .wire = "Signature"},
    {.of = &asymmetric_verify_out_shape, .field = "Value", .wire = "SignatureValid"},
    {.of = &get_public_key_in_shape, .field = "KeyVersionId"},
    {.of = &get_public_key_out_shape, .field = "KeyVersionId"},
    {.of = &get_public_key_out_shape, .field = "PublicKey", .wire = "PublicKey", .form = AWS_PEM},
    {.of = &generate_mac_in_shape, .field = "Algorithm", .wire = "MacAlgorithm"},
    {.of = &generate_mac_out_shape, .field = "Algorithm", .wire = "MacAlgorithm"},
    {.of = &verify_mac_in_shape, .field = "Algorithm", .wire = "MacAlgorithm"},
    {.of = &verify_mac_out_shape, .field = "Algorithm", .wire = "MacAlgorithm"},
    {.of = &verify_mac_out_shape, .field = "Value", .wire = "MacValid"},
    {.of = &tag_resource_in_shape, .field = "SecretName"},
    {.of = &tag_resource_in_shape, .field = "CertificateId"},
    {.of = &untag_resource_in_shape, .field = "SecretName"},
    {.of = &untag_resource_in_shape, .field = "CertificateId"},
    {.of = &rotation_entry_shape, .field = "KeyVersionId", .wire = "KeyMaterialId", .form = AWS_MATERIAL_ID},
    {.of = &key_last_use_shape, .field = "Act"},
    {.of = &key_last_use_shape, .field = "KeyVersionId"},
    {.of = &key_last_use_shape, .field = "PrincipalType"},
    {.of = &key_last_use_shape, .field = "PrincipalId"},
    {.of = &key_last_use_shape, .field = "UserName"},
    {.of = &key_last_use_shape, .field = "Time", .wire = "Timestamp"},
    {.of = &key_last_use_shape, .field = "EventId", .wire = "CloudTrailEventId"},
    {.of = &key_last_use_shape, .field = "RequestId", .wire = "KmsRequestId"},
    {.of = &get_key_last_usage_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &get_key_last_usage_out_shape, .field = "TrackingStart", .wire = "TrackingStartDate"},
    {.of = &get_key_last_usage_out_shape, .field = "KeyCreation", .wire = "KeyCreationDate"},
    {.of = &get_key_rotation_status_out_shape, .field = "KeyId", .wire = "KeyId", .form = AWS_KEY_ARN},
    {.of = &lookup_events_in_shape, .field = "Direction"},
    {.of = &lookup_events_in_shape, .field = "LookupAttribute", .wire = "LookupAttributes"},
    {.of = &lookup_attribute_shape, .field = "Key", .wire = "AttributeKey"},
    {.of = &lookup_attribute_shape, .field = "Value", .wire = "AttributeValue"},
    {.of = &lookup_events_out_shape, .field = "StartTime"},
    {.of = &lookup_events_out_shape, .field = "EndTime"},
    {.field = "SecretString", .wire = "SecretString", .form = AWS_PLAIN},
    {.field = "RandomPassword", .wire = "RandomPassword", .form = AWS_PLAIN},
    /* identities from elsewhere */
    {.of = &create_oidc_provider_in_shape, .field = "OIDCProviderName"},
    {.of = &create_oidc_provider_in_shape, .field = "IssuerUrl", .wire = "Url"},
    {.of = &create_oidc_provider_in_shape, .field = "ClientIds", .wire = "ClientIDList", .form = AWS_JOINED},
    {.of = &create_oidc_provider_in_shape, .field = "Description"},
    {.of = &create_oidc_provider_in_shape, .field = "IssuanceLimitTime"},
    {.field = "OIDCProviderName", .wire = "OpenIDConnectProviderArn"},
    {.of = &add_client_id_to_oidc_provider_in_shape, .field = "ClientId", .wire = "ClientID"},
    {.of = &remove_client_id_from_oidc_provider_in_shape, .field = "ClientId", .wire = "ClientID"},
    {.field = "Fingerprints", .wire = "ThumbprintList", .form = AWS_JOINED},
    {.of = &assume_role_with_oidc_in_shape, .field = "OIDCProviderArn"},
    {.of = &assume_role_with_oidc_in_shape, .field = "Issuer"},
    {.of = &assume_role_with_oidc_in_shape, .field = "OIDCToken", .wire = "WebIdentityToken"},
    {.of = &create_saml_provider_in_shape, .field = "SAMLProviderName", .wire = "Name"},
    {.of = &create_saml_provider_in_shape, .field = "EncodedSAMLMetadataDocument"},
    {.of = &create_saml_provider_in_shape, .field = "Description"},
    {.of = &create_saml_provider_in_shape, .field = "MetadataSigner"},
    {.of = &update_saml_provider_in_shape, .field = "MetadataSigner"},
    {.of = &update_saml_provider_in_shape, .field = "NewEncodedSAMLMetadataDocument"},
    {.of = &update_saml_provider_in_shape, .field = "NewDescription"},
    {.field = "SAMLProviderName", .wire = "SAMLProviderArn"},
    {.of = &assume_role_with_saml_in_shape, .field = "SAMLProviderArn", .wire = "PrincipalArn"},
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
    {key_usage_choices, "ENCRYPT/DECRYPT", "ENCRYPT_DECRYPT"},
    {key_usage_choices, "SIGN/VERIFY", "SIGN_VERIFY"},
    {key_usage_choices, "GENERATE/VERIFY_MAC", "GENERATE_VERIFY_MAC"},
    {key_origin_choices, "Aliyun_KMS", "AWS_KMS"},
    {wrapping_spec_choices, "EC_SM2", "SM2"},
    {signing_algorithm_choices, "RSA_PSS_SHA_256", "RSASSA_PSS_SHA_256"},
    {signing_algorithm_choices, "RSA_PSS_SHA_384", "RSASSA_PSS_SHA_384"},
    {signing_algorithm_choices, "RSA_PSS_SHA_512", "RSASSA_PSS_SHA_512"},
    {signing_algorithm_choices, "RSA_PKCS1_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"},
    {signing_algorithm_choices, "RSA_PKCS1_SHA_384", "RSASSA_PKCS1_V1_5_SHA_384"},
    {signing_algorithm_choices, "RSA_PKCS1_SHA_512", "RSASSA_PKCS1_V1_5_SHA_512"},
};
enum { SPELLINGS = sizeof spellings / sizeof *spellings };

/* Specs of keys and of pairs stand in the table of specs. */
static const char *spec_word(const char *const *choices, slice word) {
    bool is_spec = choices == key_spec_choices || choices == data_key_pair_spec_choices;
    int spec = is_spec ? choice_find(key_spec_choices, word) : 0;
    const key_spec_row *row = spec ? key_spec_get(spec) : NULL;
    return row ? row->aws : NULL;
}

static const char *word_here(const char *const *choices, slice word) {
    for (size_t i = 0; i < SPELLINGS; i++)
        if (spellings[i].choices == choices && slice_equals_text(word, spellings[i].word)) return spellings[i].aws;
    return spec_word(choices, word);
}

slice aws_spell(const char *const *choices, slice word) {
    const char *here = word_here(choices, word);
    return here ? slice_of_text(here) : word;
}

/* A word that is spelled differently here is another wire's. */
slice aws_unspell(const char *const *choices, slice word) {
    for (size_t i = 0; choices[i]; i++) {
        slice known = slice_of_text(choices[i]);
        if (slice_equals(aws_spell(choices, known), word)) return known;
    }
    return (slice){0};
}

enum { ID_BYTES = 16 };

status aws_material_write(slice version_id, arena *memory, slice *out) {
    char digits[AWS_MATERIAL_DIGITS + 1];
    size_t count = 0;
    for (size_t i = 0; i < version_id.len && count < AWS_MATERIAL_DIGITS; i++)
        if (version_id.at[i] != '-') digits[count++] = (char)version_id.at[i];
    while (count < AWS_MATERIAL_DIGITS) digits[count++] = '0';
    return arena_copy(memory, slice_of(digits, AWS_MATERIAL_DIGITS), out);
}

status aws_material_read(slice material_id, arena *memory, slice *out) {
    slice rest = slice_skip(material_id, 2 * ID_BYTES), id;
    char text[37];
    *out = material_id;
    if (material_id.len != AWS_MATERIAL_DIGITS) return OK;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] != '0') return OK;
    status read = hex_decode(slice_head(material_id, 2 * ID_BYTES), memory, &id);
    if (FAILED(read)) return FAILED_WITH(read, OUT_OF_MEMORY) ? read : OK;
    uuid_format(id.at, text);
    return arena_copy(memory, slice_of_text(text), out);
}

/* METHOD \n path \n query \n headers, each with its \n \n … */
status aws_attempt(slice canonical, arena *memory, slice *out) {
    static const slice ID = {(const uint8_t *)"amz-sdk-invocation-id:", 22},
                       NUMBER = {(const uint8_t *)"amz-sdk-request:", 16};
    slice line, id = {0}, number = {0};
    *out = (slice){0};
    for (int i = 0; i < 3; i++)
        if (!slice_split(&canonical, '\n', &line)) return OK;
    while (slice_split(&canonical, '\n', &line) && line.len > 0) {
        if (slice_starts_with(line, ID)) id = slice_head(slice_skip(line, ID.len), 256);
        if (slice_starts_with(line, NUMBER)) number = slice_head(slice_skip(line, NUMBER.len), 256);
    }
    if (id.len == 0 || number.len == 0) return OK;
    return arena_printf(memory, out, "%.*s %.*s", SLICE_ARGS(id), SLICE_ARGS(number));
}

static slice value_named(const pair_list *said, slice name) {
    for (size_t i = 0; i < said->count; i++)
        if (slice_equals(said->at[i].key, name)) return said->at[i].value;
    return (slice){0};
}

static size_t elements_named(const pair_list *said, const char *name) {
    size_t count = 0, len = strlen(name);
    for (size_t i = 0; i < said->count; i++) {
        slice key = said->at[i].key;
        count +=
            slice_starts_with(key, slice_of_text(name)) && slice_starts_with(slice_skip(key, len), SLICE(".member."));
    }
    return count;
}

status aws_join(const pair_list *said, const char *name, arena *memory, slice *out) {
    size_t count = elements_named(said, name);
    slice joined = {0}, key;
    for (size_t i = 1; i <= count; i++) {
        TRY(arena_printf(memory, &key, "%s.member.%zu", name, i));
        slice one = value_named(said, key);
        ENSURE(one.len > 0 && !slice_contains_byte(one, ','), INVALID_PARAMETER);
        if (i == 1) joined = one;
        else TRY(ARENA_JOIN(memory, &joined, joined, SLICE(","), one));
    }
    *out = joined;
    return OK;
}

const char *aws_wire_name(const shape *s, const field *f) {
    const aws_member *row = aws_member_of(s, f);
    return row ? row->wire : f->name;
}

/* ---- failures */

/* Secrets Manager's words. What is wrong with the key that seals shows as what could not be done with it. */
static const struct manager_word {
    enum status_code failure;
    const char *code; /* NULL: the key's fault */
} MANAGER_WORDS[] = {
    {FAILURE_INVALID_PARAMETER, "InvalidParameterException"},
    {FAILURE_MISSING_PARAMETER, "InvalidParameterException"},
    {FAILURE_TOO_LARGE, "InvalidParameterException"},
    {FAILURE_TAG, "InvalidParameterException"},
    {FAILURE_UNSUPPORTED, "InvalidRequestException"},
    {FAILURE_CONFLICT, "InvalidRequestException"},
    {FAILURE_KEY_NOT_FOUND, NULL},
    {FAILURE_KEY_VERSION_NOT_FOUND, NULL},
    {FAILURE_ALIAS_NOT_FOUND, NULL},
    {FAILURE_KEY_DISABLED, NULL},
    {FAILURE_KEY_PENDING_DELETION, NULL},
    {FAILURE_KEY_PENDING_IMPORT, NULL},
    {FAILURE_KEY_USAGE, NULL},
};

static failure_code manager_failure(const operation *op, status failure, failure_code standard) {
    const char *of_key = op->level == LEVEL_USE ? "DecryptionFailure" : "EncryptionFailure";
    for (size_t i = 0; i < sizeof MANAGER_WORDS / sizeof *MANAGER_WORDS; i++) {
        if (MANAGER_WORDS[i].failure != failure.code) continue;
        return (failure_code){400, MANAGER_WORDS[i].code ? MANAGER_WORDS[i].code : of_key};
    }
    if (standard.http == 500) standard.code = "InternalServiceError";
    return standard;
}

failure_code aws_failure_of(const operation *op, status failure) {
    const failure_row *row = failure_get(failure.code);
    if (!row->in[WIRE_AWS_JSON].code) row = failure_get(FAILURE_INTERNAL);
    failure_code standard = row->in[WIRE_AWS_JSON];
    bool is_manager = op && strcmp(op->product->name, "secretsmanager") == 0;
    return is_manager ? manager_failure(op, failure, standard) : standard;
}
