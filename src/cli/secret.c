/* keyhold secret: passwords, tokens and the like, their versions, and rotating them. */
#include "cli/secret.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/random.h"
#include "system/process.h"

/* ---- putting values in */

static status random_version(invocation *inv) {
    uint8_t id[16];
    char text[37];
    slice kept;
    if (!slice_is_absent(argument_find(inv, "VersionId"))) return OK;
    TRY(random_uuid(id));
    uuid_format(id, text);
    TRY(arena_copy(&inv->memory, slice_of_text(text), &kept));
    return argument_set(inv, "VersionId", kept);
}

/* A file comes as base64; what is text goes over the wire as it is. */
static status choose_form(invocation *inv) {
    slice bytes, encoded = argument_find(inv, "SecretData"), type = argument_find(inv, "SecretDataType");
    TRY(base64_decode(encoded, &inv->memory, &bytes));
    bool is_text = utf8_is_valid(bytes) && !slice_contains_byte(bytes, 0);
    if (slice_is_absent(type)) TRY(argument_set(inv, "SecretDataType", is_text ? SLICE("text") : SLICE("binary")));
    if (slice_equals_text(type, "binary") || (slice_is_absent(type) && !is_text)) return OK;
    if (!is_text)
        return trouble_note(&inv->trouble, FAIL(USAGE),
                            "The value is not text in UTF-8: leave --secret-data-type out.");
    return argument_replace(inv, "SecretData", bytes);
}

static status put_value(invocation *inv) {
    TRY(choose_form(inv));
    TRY(random_version(inv));
    return run_operation(inv);
}

static status rotate(invocation *inv) {
    TRY(random_version(inv));
    return run_operation(inv);
}

/* ---- reading values: the value alone, unless a form was asked for */

status secret_value_of(invocation *inv, const json *said, slice *out) {
    slice text, type = SLICE("");
    (void)json_get_text(json_member(said, SLICE("SecretDataType")), &type);
    bool is_there = json_get_text(json_member(said, SLICE("SecretData")), &text);
    if (is_there && !slice_equals_text(type, "binary")) return *out = text, OK;
    if (is_there && !FAILED(base64_decode(text, &inv->memory, out))) return OK;
    return trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer has no value.");
}

static status show_value(invocation *inv, slice value) {
    if (!slice_is_absent(inv->out_path)) return output_save(inv, inv->out_path, value);
    TRY(output_text(inv, value));
    bool needs_end = process_is_terminal(STDOUT_FILENO) && !slice_ends_with(value, SLICE("\n"));
    return needs_end ? output_text(inv, SLICE("\n")) : OK;
}

static status get(invocation *inv) {
    OWNED(client) c = {0};
    result r;
    slice value;
    if (inv->is_dry_run || (inv->form != OUTPUT_BY_PLACE && slice_is_absent(inv->out_path))) return run_operation(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    TRY(secret_value_of(inv, r.value, &value));
    return show_value(inv, value);
}

/* Those that cannot be had are shown beside the others, and make it a failure. */
static status get_all(invocation *inv) {
    OWNED(client) c = {0};
    result r;
    for (size_t i = 0; i < inv->word_count; i++) {
        if (slice_contains_byte(inv->words[i], '='))
            return trouble_note(&inv->trouble, FAIL(USAGE), "\"%.*s\" has a '=': get it by itself.",
                                SLICE_ARGS(inv->words[i]));
        TRY(argument_set(inv, "SecretsList", inv->words[i]));
    }
    if (inv->is_dry_run) return run_operation(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    TRY(run_show(inv, r.value));
    if (!json_element(json_member(r.value, SLICE("Errors")), 0)) return OK;
    return trouble_note(&inv->trouble, FAIL(NOT_FOUND), "Not all could be had: see Errors.");
}

static status random_password(invocation *inv) {
    OWNED(client) c = {0};
    result r;
    slice value;
    if (inv->is_dry_run || (inv->form != OUTPUT_BY_PLACE && slice_is_absent(inv->out_path))) return run_operation(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    if (!json_get_text(json_member(r.value, SLICE("RandomPassword")), &value))
        return trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer has no password.");
    return show_value(inv, value);
}

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_SECRET,
     .positional = "SecretName SecretData!",
     .hidden = "DKMSInstanceId ExtendedConfig EnableAutomaticRotation RotationInterval SecretType",
     .short_names = "EncryptionKeyId=key Tags=tag VersionId=version",
     .name = "SecretName",
     .run = put_value},
    {.verb = "put",
     .operation = OPERATION_PUT_SECRET_VALUE,
     .positional = "SecretName SecretData",
     .short_names = "VersionId=version VersionStages=label",
     .name = "VersionId",
     .run = put_value},
    {.verb = "get",
     .operation = OPERATION_GET_SECRET_VALUE,
     .positional = "SecretName",
     .hidden = "FetchExtendedConfig",
     .short_names = "VersionId=version VersionStage=label",
     .name = "SecretData",
     .saved = "SecretData",
     .run = get,
     .help = "Writes a secret's value to standard output, or with --out to a file that only you can read."},
    {.verb = "get-all",
     .operation = OPERATION_BATCH_GET_SECRET_VALUE,
     .words = "NAME...",
     .hidden = "SecretsList",
     .run = get_all,
     .help = "Shows the current values of up to 20 secrets, and why one could not be had."},
    {.verb = "show",
     .operation = OPERATION_DESCRIBE_SECRET,
     .positional = "SecretName",
     .assumed = "FetchTags=true",
     .name = "SecretName",
     .run = run_whole},
    {.verb = "list",
     .operation = OPERATION_LIST_SECRETS,
     .columns = "SecretName UpdateTime PendingVersionId=PENDING PlannedDeleteTime=DELETED",
     .name = "SecretName"},
    {.verb = "versions",
     .operation = OPERATION_LIST_SECRET_VERSION_IDS,
     .positional = "SecretName",
     .short_names = "IncludeDeprecated=all",
     .columns = "VersionId CreateTime VersionStages.VersionStage=LABELS",
     .name = "VersionId"},
    {.verb = "describe",
     .operation = OPERATION_UPDATE_SECRET,
     .positional = "SecretName Description!",
     .hidden = "ExtendedConfig.CustomData",
     .help = "Changes a secret's description."},
    {.verb = "label",
     .operation = OPERATION_UPDATE_SECRET_VERSION_STAGE,
     .positional = "SecretName VersionStage",
     .short_names = "MoveToVersion=to RemoveFromVersion=from"},
    {.verb = "confirm",
     .operation = OPERATION_UPDATE_SECRET_VERSION_STAGE,
     .positional = "SecretName MoveToVersion!",
     .fixed = "VersionStage=ACSCurrent",
     .hidden = "RemoveFromVersion",
     .help = "Makes a version the current one: after a rotation, once the new value is in use."},
    {.verb = "rotate",
     .operation = OPERATION_ROTATE_SECRET,
     .positional = "SecretName",
     .short_names = "VersionId=version",
     .name = "VersionId",
     .run = rotate},
    {.verb = "rotation",
     .operation = OPERATION_UPDATE_SECRET_ROTATION_POLICY,
     .positional = "SecretName",
     .assumed = "EnableAutomaticRotation=false",
     .short_names = "EnableAutomaticRotation=automatic RotationInterval=every PasswordLength=length"},
    {.verb = "follow",
     .operation = OPERATION_LIST_SECRETS,
     .hidden = "Filters FetchTags PageNumber PageSize",
     .flags = secret_follow_flags,
     .run = secret_follow,
     .help =
         "Watches for rotations that wait for their confirmation; with --exec gives each new value to a command and, "
         "when that succeeds, confirms."},
    {.verb = "set-policy",
     .operation = OPERATION_SET_SECRET_POLICY,
     .positional = "SecretName Policy",
     .hidden = "PolicyName"},
    {.verb = "policy", .operation = OPERATION_GET_SECRET_POLICY, .positional = "SecretName", .hidden = "PolicyName"},
    {.verb = "tag",
     .operation = OPERATION_TAG_RESOURCE,
     .positional = "SecretName!",
     .hidden = "KeyId CertificateId",
     .short_names = "Tags=tag",
     .help = "Sets tags of a secret, KEY=VALUE."},
    {.verb = "untag",
     .operation = OPERATION_UNTAG_RESOURCE,
     .positional = "SecretName!",
     .hidden = "KeyId CertificateId",
     .short_names = "TagKeys=tag",
     .help = "Takes tags off a secret."},
    {.verb = "tag-all",
     .operation = OPERATION_KMS_TAG_RESOURCES,
     .assumed = "ResourceType=secret RegionId=local",
     .short_names = "ResourceId=secret Tag=tag",
     .help = "Sets tags of several secrets at once."},
    {.verb = "untag-all",
     .operation = OPERATION_KMS_UNTAG_RESOURCES,
     .assumed = "ResourceType=secret RegionId=local",
     .short_names = "ResourceId=secret TagKey=tag",
     .help = "Takes tags off several secrets at once."},
    {.verb = "tagged",
     .operation = OPERATION_KMS_LIST_TAG_RESOURCES,
     .assumed = "ResourceType=secret RegionId=local",
     .short_names = "ResourceId=secret Tag=tag",
     .columns = "ResourceId TagKey TagValue",
     .name = "ResourceId",
     .help = "Lists secrets with their tags, all or those with certain tags."},
    {.verb = "delete",
     .operation = OPERATION_DELETE_SECRET,
     .positional = "SecretName",
     .short_names = "RecoveryWindowInDays=days ForceDeleteWithoutRecovery=now",
     .danger = "Delete the secret"},
    {.verb = "restore", .operation = OPERATION_RESTORE_SECRET, .positional = "SecretName"},
    {.verb = "random",
     .operation = OPERATION_GET_RANDOM_PASSWORD,
     .short_names = "PasswordLength=length",
     .saved = "RandomPassword",
     .name = "RandomPassword",
     .run = random_password},
};

extern const noun secret_noun;
const noun secret_noun = {"secret", "Secrets: store, read, rotate, delete passwords and the like.", rows,
                          sizeof rows / sizeof *rows};
