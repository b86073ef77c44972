/* keyhold mfa, keyhold login-profile, keyhold passkey: how people come in. */
#include "cli/command.h"

#define SHORT "UserName=user"

static const command mfa_rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_VIRTUAL_MFA_DEVICE,
     .positional = "VirtualMFADeviceName",
     .name = "SerialNumber",
     .saved = "QRCodePNG"},
    {.verb = "list",
     .operation = OPERATION_LIST_VIRTUAL_MFA_DEVICES,
     .columns = "SerialNumber User.UserName=USER ActivateDate",
     .name = "SerialNumber"},
    {.verb = "bind", .operation = OPERATION_BIND_MFA_DEVICE, .positional = "SerialNumber", .short_names = SHORT},
    {.verb = "show", .operation = OPERATION_GET_USER_MFA_INFO, .short_names = SHORT, .name = "SerialNumber"},
    {.verb = "unbind",
     .operation = OPERATION_UNBIND_MFA_DEVICE,
     .short_names = SHORT,
     .danger = "Take the device away"},
    {.verb = "deactivate",
     .operation = OPERATION_DEACTIVATE_MFA_DEVICE,
     .positional = "SerialNumber",
     .short_names = SHORT,
     .danger = "Take the device away"},
    {.verb = "resync", .operation = OPERATION_RESYNC_MFA_DEVICE, .positional = "SerialNumber", .short_names = SHORT},
    {.verb = "recovery-codes", .operation = OPERATION_CREATE_RECOVERY_CODES, .name = "RecoveryCodes"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_VIRTUAL_MFA_DEVICE,
     .positional = "SerialNumber",
     .danger = "Delete the device"},
};

extern const noun mfa_noun;
const noun mfa_noun = {"mfa", "Devices for one-time codes.", mfa_rows, sizeof mfa_rows / sizeof *mfa_rows};

static const command profile_rows[] = {
    {.verb = "create", .operation = OPERATION_CREATE_LOGIN_PROFILE, .short_names = SHORT, .name = "UserName"},
    {.verb = "show", .operation = OPERATION_GET_LOGIN_PROFILE, .short_names = SHORT, .name = "UserName"},
    {.verb = "update", .operation = OPERATION_UPDATE_LOGIN_PROFILE, .short_names = SHORT},
    {.verb = "delete",
     .operation = OPERATION_DELETE_LOGIN_PROFILE,
     .short_names = SHORT,
     .danger = "Take the password away"},
    {.verb = "change-password", .operation = OPERATION_CHANGE_PASSWORD},
    {.verb = "rules", .operation = OPERATION_GET_PASSWORD_POLICY, .name = "MinimumPasswordLength"},
    {.verb = "set-rules", .operation = OPERATION_SET_PASSWORD_POLICY, .name = "MinimumPasswordLength"},
    {.verb = "root-access", .operation = OPERATION_GET_ROOT_ACCESS},
    {.verb = "set-root-access", .operation = OPERATION_SET_ROOT_ACCESS, .positional = "MFARequired"},
    {.verb = "preferences", .operation = OPERATION_GET_SECURITY_PREFERENCE},
    {.verb = "set-preferences", .operation = OPERATION_SET_SECURITY_PREFERENCE},
};

extern const noun login_profile_noun;
const noun login_profile_noun = {"login-profile", "Passwords of people.", profile_rows,
                                 sizeof profile_rows / sizeof *profile_rows};

static const command passkey_rows[] = {
    {.verb = "begin", .operation = OPERATION_BEGIN_PASSKEY_REGISTRATION, .name = "Challenge"},
    {.verb = "finish",
     .operation = OPERATION_FINISH_PASSKEY_REGISTRATION,
     .positional = "PasskeyName",
     .name = "PasskeyName"},
    {.verb = "list",
     .operation = OPERATION_LIST_PASSKEYS,
     .short_names = SHORT,
     .columns = "PasskeyName Algorithm IsVerifying CreateDate LastUsedDate",
     .name = "PasskeyName"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_PASSKEY,
     .positional = "PasskeyName",
     .short_names = SHORT,
     .danger = "Take the passkey away"},
};

extern const noun passkey_noun;
const noun passkey_noun = {"passkey", "Passkeys of people.", passkey_rows, sizeof passkey_rows / sizeof *passkey_rows};
