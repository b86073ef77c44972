/* keyhold key: customer master keys, and bringing one's own. */
#include "base/text.h"
#include "cli/run.h"
#include "cli/trail.h"
#include "cli/value.h"
#include "contract/key_spec.h"
#include "crypto/compare.h"
#include "crypto/random.h"
#include "crypto/wrap.h"

enum { PRIVATE_KEY_LEAST = 40, MATERIAL_MOST = 4096, OAEP_MOST = 190 };

/* ---- import: ask for a wrapping key, wrap the file's bytes for it, send them */

static const command_flag import_flags[] = {
    {"wrapping-algorithm", "NAME",
     "RSAES_OAEP_SHA_256, RSAES_OAEP_SHA_1, RSA_AES_KEY_WRAP_SHA_256 (for private keys) or RSA_AES_KEY_WRAP_SHA_1"},
    {"expires", "TIME", "when the material lapses: 2030-01-01, or +365d; without it never"},
    {NULL, NULL, NULL},
};

/* Whether it may be material of some key; the server knows of which. */
static bool is_plausible(size_t bytes) {
    static const uint8_t SIZES[] = {16, 24, 28, 32, 48, 64};
    for (size_t i = 0; i < sizeof SIZES; i++)
        if (bytes == SIZES[i]) return true;
    return bytes >= PRIVATE_KEY_LEAST && bytes <= MATERIAL_MOST;
}

static status read_material(invocation *inv, slice *out) {
    slice content;
    TRY(value_read_file(inv, inv->words[0], 1 << 16, &content));
    *out = content;
    if (is_plausible(content.len)) return OK;
    trouble_advise(&inv->trouble, "`head -c 32 /dev/urandom > FILE` makes material for Aliyun_AES_256");
    return trouble_note(
        &inv->trouble, FAIL(USAGE),
        "%.*s has %zu bytes; key material is 32 random bytes, as they are (other specs: as many as theirs "
        "has), or a private key in PKCS#8 DER.",
        SLICE_ARGS(inv->words[0]), content.len);
}

/* How the material travels. */
typedef struct wrapping {
    const char *name;
    enum asymmetric_sealing how;
    bool wraps_twice;
} wrapping;

static status read_algorithm(invocation *inv, size_t bytes, wrapping *out) {
    slice given = bytes > OAEP_MOST ? SLICE("RSA_AES_KEY_WRAP_SHA_256") : SLICE("RSAES_OAEP_SHA_256");
    (void)flag_find(inv, "wrapping-algorithm", &given);
    int choice = choice_find(wrapping_algorithm_choices, given);
    out->name = choice_text(wrapping_algorithm_choices, choice);
    bool is_good = wrapping_goes_together(WRAPPING_SPEC_RSA_2048, choice) &&
                   !FAILED(sealing_of_wrapping(choice, &out->how, &out->wraps_twice));
    if (is_good && (out->wraps_twice || bytes <= OAEP_MOST)) return OK;
    if (is_good) return trouble_note(&inv->trouble, FAIL(USAGE), "%zu bytes need RSA_AES_KEY_WRAP_SHA_256.", bytes);
    trouble_advise(
        &inv->trouble,
        "choose from: RSAES_OAEP_SHA_256, RSAES_OAEP_SHA_1, RSA_AES_KEY_WRAP_SHA_256, RSA_AES_KEY_WRAP_SHA_1");
    return trouble_note(&inv->trouble, FAIL(USAGE), "--wrapping-algorithm cannot be \"%.*s\".", SLICE_ARGS(given));
}

static status read_expiry(invocation *inv, slice *out) {
    slice given;
    int64_t time_s = 0;
    if (flag_find(inv, "expires", &given)) {
        slice text;
        static const field AS_TIME = {.name = "expires", .kind = FIELD_TIME};
        TRY(value_read(inv, &AS_TIME, "--expires", given, &text));
        (void)value_time(text, 0, &time_s);
    }
    return arena_printf(&inv->memory, out, "%lld", (long long)time_s);
}

static status ask_parameters(client *c, const char *algorithm, result *out) {
    pair parameters[] = {
        {SLICE("KeyId"), argument_find(c->inv, "KeyId")},
        {SLICE("WrappingAlgorithm"), slice_of_text(algorithm)},
        {SLICE("WrappingKeySpec"), SLICE("RSA_2048")},
    };
    return call_rpc(c, OPERATION_GET_PARAMETERS_FOR_IMPORT, (pair_list){parameters, 3}, out);
}

static status member_text(invocation *inv, const result *r, const char *name, slice *out) {
    if (json_get_text(json_member(r->value, slice_of_text(name)), out)) return OK;
    return trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer has no %s.", name);
}

/* An AES key of its own wraps the material, and is wrapped for the server. */
static status wrap_twice(slice spki, enum asymmetric_sealing how, slice material, buffer *out) {
    uint8_t middle[WRAP_KEY_BYTES];
    OWNED(secret) key = {0};
    OWNED(secret) content = {0};
    TRY(random_fill(middle, sizeof middle));
    status made = secret_copy(slice_of(middle, sizeof middle), &key);
    if (!FAILED(made)) made = secret_copy(material, &content);
    if (!FAILED(made))
        made = asymmetric_seal_once(ASYMMETRIC_RSA_2048, spki, how, slice_of(middle, sizeof middle), out);
    bytes_wipe(middle, sizeof middle);
    return FAILED(made) ? made : wrap_seal(&key, &content, out);
}

static status wrap(invocation *inv, const result *parameters, const wrapping *way, slice material, slice *out) {
    OWNED(buffer) wrapped = {0};
    OWNED(buffer) text = {0};
    slice encoded, spki;
    TRY(member_text(inv, parameters, "PublicKey", &encoded));
    TRY(base64_decode(encoded, &inv->memory, &spki));
    if (way->wraps_twice) TRY(wrap_twice(spki, way->how, material, &wrapped));
    else TRY(asymmetric_seal_once(ASYMMETRIC_RSA_2048, spki, way->how, material, &wrapped));
    TRY(base64_encode(&text, buffer_slice(&wrapped)));
    return arena_copy(&inv->memory, buffer_slice(&text), out);
}

static status send_material(client *c, slice wrapped, const result *parameters, slice expiry) {
    slice token;
    result r;
    TRY(member_text(c->inv, parameters, "ImportToken", &token));
    static const char *const given[] = {"ImportType", "KeyVersionId", "KeyMaterialDescription"};
    enum { FIXED = 4, GIVEN = sizeof given / sizeof *given };
    pair sent[FIXED + GIVEN] = {
        {SLICE("KeyId"), argument_find(c->inv, "KeyId")},
        {SLICE("EncryptedKeyMaterial"), wrapped},
        {SLICE("ImportToken"), token},
        {SLICE("KeyMaterialExpireUnix"), expiry},
    };
    size_t count = FIXED;
    for (size_t i = 0; i < GIVEN; i++) {
        slice value = argument_find(c->inv, given[i]);
        if (!slice_is_absent(value)) sent[count++] = (pair){slice_of_text(given[i]), value};
    }
    TRY(call_rpc(c, OPERATION_IMPORT_KEY_MATERIAL, (pair_list){sent, count}, &r));
    return run_show(c->inv, r.value);
}

static status import(invocation *inv) {
    OWNED(client) c = {0};
    slice material, expiry, wrapped;
    wrapping way;
    result parameters;
    TRY(read_expiry(inv, &expiry));
    TRY(read_material(inv, &material));
    TRY(read_algorithm(inv, material.len, &way));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(ask_parameters(&c, way.name, &parameters));
    TRY(wrap(inv, &parameters, &way, material, &wrapped));
    return send_material(&c, wrapped, &parameters, expiry);
}

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_KEY,
     .hidden = "DKMSInstanceId KeyStorageMechanism",
     .short_names = "Tags=tag",
     .name = "KeyId"},
    {.verb = "list", .operation = OPERATION_LIST_KEYS, .columns = "KeyId KeyArn", .name = "KeyId"},
    {.verb = "show", .operation = OPERATION_DESCRIBE_KEY, .positional = "KeyId", .name = "KeyId"},
    {.verb = "enable", .operation = OPERATION_ENABLE_KEY, .positional = "KeyId"},
    {.verb = "disable", .operation = OPERATION_DISABLE_KEY, .positional = "KeyId"},
    {.verb = "describe", .operation = OPERATION_UPDATE_KEY_DESCRIPTION, .positional = "KeyId Description"},
    {.verb = "schedule-deletion",
     .operation = OPERATION_SCHEDULE_KEY_DELETION,
     .positional = "KeyId",
     .short_names = "PendingWindowInDays=days",
     .danger = "Plan the deletion of key"},
    {.verb = "cancel-deletion", .operation = OPERATION_CANCEL_KEY_DELETION, .positional = "KeyId"},
    {.verb = "protect",
     .operation = OPERATION_SET_DELETION_PROTECTION,
     .positional = "KeyId!",
     .fixed = "EnableDeletionProtection=true",
     .hidden = "ProtectedResourceArn KmsInstanceId",
     .short_names = "DeletionProtectionDescription=reason",
     .help = "Forbids a key's deletion."},
    {.verb = "unprotect",
     .operation = OPERATION_SET_DELETION_PROTECTION,
     .positional = "KeyId!",
     .fixed = "EnableDeletionProtection=false",
     .hidden = "ProtectedResourceArn DeletionProtectionDescription KmsInstanceId",
     .help = "Allows a key's deletion again."},
    {.verb = "import",
     .operation = OPERATION_IMPORT_KEY_MATERIAL,
     .positional = "KeyId",
     .words = "FILE",
     .hidden = "EncryptedKeyMaterial ImportToken KeyMaterialExpireUnix",
     .flags = import_flags,
     .run = import,
     .help = "Imports your own key, the bytes or the private key (PKCS#8 DER) in FILE, into a key of Origin EXTERNAL; "
             "it is "
             "wrapped before it leaves this machine."},
    {.verb = "import-parameters",
     .operation = OPERATION_GET_PARAMETERS_FOR_IMPORT,
     .positional = "KeyId",
     .assumed = "WrappingAlgorithm=RSAES_OAEP_SHA_256 WrappingKeySpec=RSA_2048",
     .saved = "PublicKey"},
    {.verb = "import-wrapped",
     .operation = OPERATION_IMPORT_KEY_MATERIAL,
     .positional = "KeyId",
     .assumed = "KeyMaterialExpireUnix=0",
     .help = "Imports key material that was wrapped elsewhere."},
    {.verb = "delete-material",
     .operation = OPERATION_DELETE_KEY_MATERIAL,
     .positional = "KeyId",
     .danger = "Delete the imported material of key"},
    {.verb = "replicate", .operation = OPERATION_REPLICATE_KEY, .positional = "KeyId ReplicaRegion"},
    {.verb = "move-primary",
     .operation = OPERATION_UPDATE_PRIMARY_REGION,
     .positional = "KeyId PrimaryRegion",
     .danger = "Make another region's key the primary of key"},
    {.verb = "encrypt",
     .operation = OPERATION_ENCRYPT,
     .positional = "KeyId Plaintext",
     .short_names = "EncryptionContext=context",
     .name = "CiphertextBlob",
     .saved = "CiphertextBlob"},
    {.verb = "decrypt",
     .operation = OPERATION_DECRYPT,
     .positional = "CiphertextBlob",
     .hidden = "Recipient",
     .short_names = "EncryptionContext=context",
     .name = "Plaintext",
     .saved = "Plaintext"},
    {.verb = "generate-data-key",
     .operation = OPERATION_GENERATE_DATA_KEY,
     .positional = "KeyId",
     .hidden = "Recipient",
     .short_names = "EncryptionContext=context",
     .name = "CiphertextBlob",
     .saved = "Plaintext"},
    {.verb = "generate-data-key-without-plaintext",
     .operation = OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT,
     .positional = "KeyId",
     .short_names = "EncryptionContext=context",
     .name = "CiphertextBlob",
     .saved = "CiphertextBlob"},
    {.verb = "re-encrypt",
     .operation = OPERATION_RE_ENCRYPT,
     .positional = "CiphertextBlob DestinationKeyId",
     .short_names = "SourceEncryptionContext=from-context DestinationEncryptionContext=to-context",
     .name = "CiphertextBlob",
     .saved = "CiphertextBlob"},
    {.verb = "export-data-key",
     .operation = OPERATION_EXPORT_DATA_KEY,
     .positional = "CiphertextBlob PublicKeyBlob",
     .assumed = "WrappingAlgorithm=RSAES_OAEP_SHA_256 WrappingKeySpec=RSA_2048",
     .short_names = "EncryptionContext=context",
     .name = "ExportedDataKey",
     .saved = "ExportedDataKey"},
    {.verb = "generate-and-export-data-key",
     .operation = OPERATION_GENERATE_AND_EXPORT_DATA_KEY,
     .positional = "KeyId PublicKeyBlob",
     .assumed = "WrappingAlgorithm=RSAES_OAEP_SHA_256 WrappingKeySpec=RSA_2048",
     .short_names = "EncryptionContext=context",
     .name = "CiphertextBlob",
     .saved = "ExportedDataKey"},
    {.verb = "generate-data-key-pair",
     .operation = OPERATION_GENERATE_DATA_KEY_PAIR,
     .positional = "KeyId KeyPairSpec",
     .hidden = "Recipient",
     .short_names = "EncryptionContext=context",
     .name = "PrivateKeyCiphertextBlob",
     .saved = "PrivateKeyPlaintext"},
    {.verb = "generate-data-key-pair-without-plaintext",
     .operation = OPERATION_GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT,
     .positional = "KeyId KeyPairSpec",
     .short_names = "EncryptionContext=context",
     .name = "PrivateKeyCiphertextBlob",
     .saved = "PrivateKeyCiphertextBlob"},
    {.verb = "managed-create",
     .operation = OPERATION_CREATE_MANAGED_DATA_KEY,
     .positional = "DataKeyName KeyId",
     .short_names = "NumberOfBytes=bytes",
     .name = "DataKeyVersionId"},
    {.verb = "managed-renew",
     .operation = OPERATION_CREATE_MANAGED_DATA_KEY_VERSION,
     .positional = "DataKeyName",
     .short_names = "NumberOfBytes=bytes",
     .name = "DataKeyVersionId"},
    {.verb = "managed-get",
     .operation = OPERATION_GET_MANAGED_DATA_KEY,
     .positional = "DataKeyName",
     .hidden = "UseLatest",
     .short_names = "DataKeyVersionId=version",
     .name = "Plaintext",
     .saved = "Plaintext"},
    {.verb = "managed-versions",
     .operation = OPERATION_LIST_MANAGED_DATA_KEY_VERSIONS,
     .positional = "DataKeyName",
     .columns = "DataKeyVersionId DataKeyVersionName=NAME CreationDate",
     .name = "DataKeyVersionId"},
    {.verb = "managed-list",
     .operation = OPERATION_LIST_MANAGED_DATA_KEYS,
     .columns = "DataKeyName KeyId DataKeyVersionId PlannedDeleteTime=DELETED",
     .name = "DataKeyName"},
    {.verb = "managed-delete",
     .operation = OPERATION_DELETE_MANAGED_DATA_KEY,
     .positional = "DataKeyName",
     .short_names = "RecoveryWindowInDays=days",
     .danger = "Plan the deletion of managed data key"},
    {.verb = "managed-restore", .operation = OPERATION_RESTORE_MANAGED_DATA_KEY, .positional = "DataKeyName"},
    {.verb = "random",
     .operation = OPERATION_GENERATE_RANDOM,
     .positional = "NumberOfBytes",
     .hidden = "Recipient",
     .name = "Plaintext",
     .saved = "Plaintext"},
    {.verb = "encrypt-asymmetric",
     .operation = OPERATION_ASYMMETRIC_ENCRYPT,
     .positional = "KeyId Plaintext",
     .assumed = "Algorithm=RSAES_OAEP_SHA_256",
     .name = "CiphertextBlob",
     .saved = "CiphertextBlob"},
    {.verb = "decrypt-asymmetric",
     .operation = OPERATION_ASYMMETRIC_DECRYPT,
     .positional = "KeyId CiphertextBlob",
     .assumed = "Algorithm=RSAES_OAEP_SHA_256",
     .name = "Plaintext",
     .saved = "Plaintext"},
    {.verb = "sign",
     .operation = OPERATION_ASYMMETRIC_SIGN,
     .positional = "KeyId Algorithm Digest",
     .name = "Value",
     .saved = "Value"},
    {.verb = "verify",
     .operation = OPERATION_ASYMMETRIC_VERIFY,
     .positional = "KeyId Algorithm Digest Value",
     .name = "Value"},
    {.verb = "public-key", .operation = OPERATION_GET_PUBLIC_KEY, .positional = "KeyId", .name = "PublicKey"},
    {.verb = "mac",
     .operation = OPERATION_GENERATE_MAC,
     .positional = "KeyId Algorithm Message",
     .name = "Mac",
     .saved = "Mac"},
    {.verb = "verify-mac",
     .operation = OPERATION_VERIFY_MAC,
     .positional = "KeyId Algorithm Message Mac",
     .name = "Value"},
    {.verb = "derive-secret",
     .operation = OPERATION_DERIVE_SHARED_SECRET,
     .positional = "KeyId PublicKey",
     .assumed = "KeyAgreementAlgorithm=ECDH",
     .hidden = "Recipient",
     .name = "SharedSecret",
     .saved = "SharedSecret"},
    {.verb = "new-version", .operation = OPERATION_CREATE_KEY_VERSION, .positional = "KeyId", .name = "KeyVersionId"},
    {.verb = "version",
     .operation = OPERATION_DESCRIBE_KEY_VERSION,
     .positional = "KeyId KeyVersionId",
     .name = "KeyVersionId"},
    {.verb = "versions",
     .operation = OPERATION_LIST_KEY_VERSIONS,
     .positional = "KeyId",
     .columns = "KeyVersionId CreationDate",
     .name = "KeyVersionId"},
    {.verb = "rotate", .operation = OPERATION_ROTATE_KEY_ON_DEMAND, .positional = "KeyId", .name = "KeyId"},
    {.verb = "rotate-automatically",
     .operation = OPERATION_UPDATE_ROTATION_POLICY,
     .positional = "KeyId RotationInterval!",
     .fixed = "EnableAutomaticRotation=true",
     .help = "Lets a key rotate by itself at an interval, such as 90d."},
    {.verb = "rotate-never",
     .operation = OPERATION_UPDATE_ROTATION_POLICY,
     .positional = "KeyId",
     .fixed = "EnableAutomaticRotation=false",
     .hidden = "RotationInterval",
     .help = "Ends a key's automatic rotation."},
    {.verb = "rotation-on",
     .operation = OPERATION_ENABLE_KEY_ROTATION,
     .positional = "KeyId",
     .short_names = "RotationPeriodInDays=days"},
    {.verb = "rotation-off", .operation = OPERATION_DISABLE_KEY_ROTATION, .positional = "KeyId"},
    {.verb = "rotation-status", .operation = OPERATION_GET_KEY_ROTATION_STATUS, .positional = "KeyId"},
    {.verb = "rotations",
     .operation = OPERATION_LIST_KEY_ROTATIONS,
     .positional = "KeyId",
     .columns = "KeyVersionId RotationDate RotationType",
     .name = "KeyVersionId"},
    {.verb = "aliases",
     .operation = OPERATION_LIST_ALIASES_BY_KEY_ID,
     .positional = "KeyId",
     .columns = "AliasName AliasArn",
     .name = "AliasName"},
    {.verb = "tags",
     .operation = OPERATION_LIST_RESOURCE_TAGS,
     .positional = "KeyId",
     .columns = "TagKey TagValue",
     .name = "TagKey"},
    {.verb = "dependents",
     .operation = OPERATION_LIST_KEY_DEPENDENTS,
     .positional = "KeyId",
     .columns = "Kind Name KeyVersionId=VERSION",
     .name = "Name"},
    {.verb = "guard",
     .operation = OPERATION_SET_KEY_DELETION_GUARD,
     .fixed = "RefuseWhileDependents=true",
     .help = "Refuses from now on to schedule the deletion of any key on which something depends."},
    {.verb = "unguard",
     .operation = OPERATION_SET_KEY_DELETION_GUARD,
     .fixed = "RefuseWhileDependents=false",
     .help = "Allows that again."},
    {.verb = "show-guard", .operation = OPERATION_GET_KEY_DELETION_GUARD},
    {.verb = "destruction-certificate",
     .operation = OPERATION_GET_KEY_DESTRUCTION_CERTIFICATE,
     .positional = "KeyId",
     .saved = "Proof",
     .run = trail_proof,
     .help =
         "Proves that a key was destroyed; --out FILE keeps the proof with the event in it, for `trail check-proof`."},
    {.verb = "census",
     .operation = OPERATION_GET_KEY_CENSUS,
     .positional = "KeyId",
     .columns = "KeyVersionId=VERSION IsPrimary=PRIMARY Objects Secrets Wraps LastUsed=LAST",
     .name = "KeyVersionId"},
    {.verb = "rewrap",
     .operation = OPERATION_REWRAP_KEY,
     .positional = "KeyId",
     .short_names = "RatePerSecond=rate",
     .name = "KeyId"},
    {.verb = "usage",
     .operation = OPERATION_GET_KEY_USAGE,
     .positional = "KeyId",
     .short_names = "StartTime=from EndTime=to",
     .columns = "Hour UserName=USER Operation Act KeyVersionId=VERSION Count LastUsed=LAST",
     .name = "Operation",
     .help = "Counts a key's uses by hour, caller, operation and version, as the trail tells of them; --period All: "
             "over all time."},
    {.verb = "last-usage",
     .operation = OPERATION_GET_KEY_LAST_USAGE,
     .positional = "KeyId",
     .name = "KeyLastUsage.Time"},
    {.verb = "tag",
     .operation = OPERATION_TAG_RESOURCE,
     .positional = "KeyId!",
     .hidden = "SecretName CertificateId",
     .short_names = "Tags=tag"},
    {.verb = "untag",
     .operation = OPERATION_UNTAG_RESOURCE,
     .positional = "KeyId!",
     .hidden = "SecretName CertificateId",
     .short_names = "TagKeys=tag"},
    {.verb = "tag-all",
     .operation = OPERATION_KMS_TAG_RESOURCES,
     .assumed = "ResourceType=key RegionId=local",
     .short_names = "ResourceId=key Tag=tag"},
    {.verb = "untag-all",
     .operation = OPERATION_KMS_UNTAG_RESOURCES,
     .assumed = "ResourceType=key RegionId=local",
     .short_names = "ResourceId=key TagKey=tag"},
    {.verb = "tagged",
     .operation = OPERATION_KMS_LIST_TAG_RESOURCES,
     .assumed = "ResourceType=key RegionId=local",
     .short_names = "ResourceId=key Tag=tag",
     .columns = "ResourceId TagKey TagValue",
     .name = "ResourceId"},
    {.verb = "specs", .operation = OPERATION_DESCRIBE_SERVICE, .columns = "Name Usages", .name = "Name"},
    {.verb = "account-status", .operation = OPERATION_DESCRIBE_ACCOUNT_KMS_STATUS, .name = "AccountStatus"},
    {.verb = "open-service", .operation = OPERATION_OPEN_KMS_SERVICE},
    {.verb = "policy",
     .operation = OPERATION_GET_KEY_POLICY,
     .positional = "KeyId",
     .hidden = "PolicyName",
     .name = "Policy"},
    {.verb = "set-policy",
     .operation = OPERATION_SET_KEY_POLICY,
     .positional = "KeyId Policy",
     .hidden = "PolicyName",
     .short_names = "BypassPolicyLockoutSafetyCheck=lock-me-out"},
    {.verb = "policies",
     .operation = OPERATION_LIST_KEY_POLICIES,
     .positional = "KeyId",
     .hidden = "Limit Marker",
     .columns = "PolicyNames=NAME",
     .name = "PolicyNames"},
    {.verb = "regions", .operation = OPERATION_DESCRIBE_REGIONS, .columns = "RegionId", .name = "RegionId"},
};

extern const noun key_noun;
const noun key_noun = {"key", "Customer master keys: make, bring, use, disable, delete.", rows,
                       sizeof rows / sizeof *rows};
