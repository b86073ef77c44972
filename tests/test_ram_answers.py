"""RAM's answers, operation by operation: each field that its SDKs have a place for is there, and of that kind; what answers nothing has an
id alone. A row is what the answer has, as NAME{…} for what stands in it, NAME[]{…} for each of several; what is not called a bool or an int
is a text, and a text whose name ends in Date is a date."""
import json
import re
import time

import pytest
from aws_form import totp
from conftest import ANY_PORTS, Server
from house import CONTRACT
from test_ram_rows import ISO, RAM, policy, trust

GROUP = "Comments CreateDate GroupId GroupName"
USER = "Comments CreateDate DisplayName Email MobilePhone UserId UserName"
ROLE = "Arn AssumeRolePolicyDocument CreateDate Description MaxSessionDuration:int RoleId RoleName"
LOGIN = "LoginProfile{CreateDate MFABindRequired:bool PasswordResetRequired:bool UserName}"
VERSION = "CreateDate IsDefaultVersion:bool PolicyDocument VersionId"
POLICY = "CreateDate DefaultVersion Description PolicyName PolicyType"
TAGS = "Tags{Tag[]{TagKey TagValue}}"
ATTACHED = "Policies{Policy[]{AttachDate DefaultVersion Description PolicyName PolicyType}}"
PASSWORDS = ("PasswordPolicy{HardExpiry:bool MaxLoginAttemps:int MaxPasswordAge:int MinimumPasswordLength:int PasswordReusePrevention:int RequireLowercaseCharacters:bool"
             " RequireNumbers:bool RequireSymbols:bool RequireUppercaseCharacters:bool}")
PREFERENCE = ("SecurityPreference{AccessKeyPreference{AllowUserToManageAccessKeys:bool} LoginProfilePreference{AllowUserToChangePassword:bool EnableSaveMFATicket:bool LoginNetworkMasks"
              " LoginSessionDuration:int} MFAPreference{AllowUserToManageMFADevices:bool} PublicKeyPreference{AllowUserToManagePublicKeys:bool}}")
# of a policy that decided, AttachedEntityType, AttachedScope and PolicyVersion are not told: AttachedTo says where it is attached, and its default version is meant
DECODED = ("DecodedDiagnosticMessage{AuthAction AuthConditions[]{ConditionKey ConditionValues[]} AuthPrincipal{AuthPrincipalDisplayName AuthPrincipalOwnerId AuthPrincipalType} AuthResource"
           " ExplicitDeny:bool MatchedPolicies[]{Effect PolicyIdentifier PolicyType AttachedTo} NoPermissionPolicyType}")
OF_POLICY = {"PolicyName": "p", "PolicyType": "Custom"}


def attaching(verb):
    return [(f"{verb}{kind}", {**OF_POLICY, f"{kind}Name": name}, "") for kind, name in (("User", "u"), ("Group", "g"), ("Role", "r"))]


# in this order: each finds what those before it left
ROWS = [
    ("CreateUser", {"UserName": "u", "Comments": "c", "DisplayName": "d", "Email": "e", "MobilePhone": "1"}, f"User{{{USER}}}"),
    ("UpdateUser", {"UserName": "u", "NewComments": "n"}, f"User{{{USER} UpdateDate}}"), ("GetUser", {"UserName": "u"}, f"User{{{USER} UpdateDate}}"),
    ("CreateUser", {"UserName": "w"}, "User{UserName}"), ("ListUsers", {"MaxItems": 1}, f"IsTruncated:bool Marker Users{{User[]{{{USER} UpdateDate}}}}"),
    ("CreateGroup", {"GroupName": "g", "Comments": "c"}, f"Group{{{GROUP}}}"), ("UpdateGroup", {"GroupName": "g", "NewComments": "n"}, f"Group{{{GROUP} UpdateDate}}"),
    ("GetGroup", {"GroupName": "g"}, f"Group{{{GROUP} UpdateDate}}"), ("CreateGroup", {"GroupName": "h"}, "Group{GroupName}"),
    ("ListGroups", {"MaxItems": 1}, f"Groups{{Group[]{{{GROUP} UpdateDate}}}} IsTruncated:bool Marker"),
    ("AddUserToGroup", {"UserName": "u", "GroupName": "g"}, ""), ("AddUserToGroup", {"UserName": "w", "GroupName": "g"}, ""),
    ("ListGroupsForUser", {"UserName": "u"}, "Groups{Group[]{Comments GroupId GroupName JoinDate}}"),
    ("ListUsersForGroup", {"GroupName": "g", "MaxItems": 1}, "IsTruncated:bool Marker Users{User[]{DisplayName JoinDate UserName}}"),
    ("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "TRUST", "Description": "d"}, f"Role{{{ROLE}}}"), ("UpdateRole", {"RoleName": "r", "NewDescription": "n"}, f"Role{{{ROLE} UpdateDate}}"),
    ("GetRole", {"RoleName": "r"}, f"Role{{{ROLE} UpdateDate}}"), ("CreateRole", {"RoleName": "s", "AssumeRolePolicyDocument": "TRUST"}, "Role{RoleName}"),
    ("CreatePolicy", {"PolicyName": "p", "PolicyDocument": "POLICY", "Description": "d"}, f"Policy{{{POLICY}}}"),
    ("UpdatePolicyDescription", {"PolicyName": "p", "NewDescription": "n"}, f"Policy{{{POLICY} UpdateDate}}"),
    ("CreatePolicyVersion", {"PolicyName": "p", "PolicyDocument": "POLICY"}, f"PolicyVersion{{{VERSION}}}"), ("SetDefaultPolicyVersion", {"PolicyName": "p", "VersionId": "v2"}, ""),
    ("GetPolicyVersion", {**OF_POLICY, "VersionId": "v1"}, f"PolicyVersion{{{VERSION}}}"), ("ListPolicyVersions", OF_POLICY, f"PolicyVersions{{PolicyVersion[]{{{VERSION}}}}}"),
    ("DeletePolicyVersion", {"PolicyName": "p", "VersionId": "v1"}, ""),
    ("GetPolicy", OF_POLICY, f"DefaultPolicyVersion{{{VERSION}}} Policy{{AttachmentCount:int {POLICY} PolicyDocument UpdateDate}}"),
    *[("TagResources", {"ResourceType": kind, "ResourceNames.1": name, "Tag.1.Key": "k", "Tag.1.Value": "v"}, "") for kind, name in (("user", "u"), ("role", "r"), ("policy", "p"))],
    ("ListTagResources", {"ResourceType": "role", "ResourceNames.1": "r"}, "TagResources[]{ResourceName ResourceType TagKey TagValue}"),
    ("ListRoles", {"MaxItems": 1}, f"IsTruncated:bool Marker Roles{{Role[]{{Arn CreateDate Description MaxSessionDuration:int RoleId RoleName {TAGS} UpdateDate}}}}"),
    ("ListPolicies", {"PolicyType": "Custom"}, f"IsTruncated:bool Policies{{Policy[]{{AttachmentCount:int {POLICY} {TAGS} UpdateDate}}}}"), ("ListPolicies", {"MaxItems": 1}, "IsTruncated:bool Marker"),
    ("UntagResources", {"ResourceType": "policy", "ResourceNames.1": "p", "TagKeys.1": "k"}, ""), *attaching("AttachPolicyTo"),
    ("ListPoliciesForUser", {"UserName": "u"}, ATTACHED), ("ListPoliciesForGroup", {"GroupName": "g"}, ATTACHED), ("ListPoliciesForRole", {"RoleName": "r"}, ATTACHED),
    ("ListEntitiesForPolicy", OF_POLICY, "Groups{Group[]{AttachDate Comments GroupName}} Roles{Role[]{Arn AttachDate Description RoleId RoleName}} Users{User[]{AttachDate DisplayName UserId UserName}}"),
    ("CreateLoginProfile", {"UserName": "u", "Password": "a-long-password-1"}, LOGIN), ("GetLoginProfile", {"UserName": "u"}, LOGIN),
    ("UpdateLoginProfile", {"UserName": "u", "PasswordResetRequired": "false"}, ""), ("CreateAccessKey", {"UserName": "u"}, "AccessKey{AccessKeyId AccessKeySecret CreateDate Status}"),
    ("ListAccessKeys", {"UserName": "u"}, "AccessKeys{AccessKey[]{AccessKeyId CreateDate Status}}"), ("ChangePassword as u", {"OldPassword": "a-long-password-1", "NewPassword": "a-long-password-2"}, ""),
    ("DecodeDiagnosticMessage", {"EncodedDiagnosticMessage": "REFUSAL"}, DECODED),
    ("GetAccessKeyLastUsed", {"UserName": "u", "UserAccessKeyId": "KEY"}, "AccessKeyLastUsed{LastUsedDate}"), ("UpdateAccessKey", {"UserName": "u", "UserAccessKeyId": "KEY", "Status": "Inactive"}, ""),
    ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "d"}, "VirtualMFADevice{Base32StringSeed QRCodePNG SerialNumber}"),
    ("BindMFADevice", {"UserName": "u", "SerialNumber": "SERIAL", "AuthenticationCode1": "CODE1", "AuthenticationCode2": "CODE2"}, ""), ("GetUserMFAInfo", {"UserName": "u"}, "MFADevice{SerialNumber Type}"),
    ("ListVirtualMFADevices", {}, "VirtualMFADevices{VirtualMFADevice[]{ActivateDate SerialNumber User{DisplayName UserId UserName}}}"), ("UnbindMFADevice", {"UserName": "u"}, "MFADevice{SerialNumber}"),
    ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "e"}, "VirtualMFADevice{SerialNumber}"), ("DeleteVirtualMFADevice", {"SerialNumber": "SERIAL"}, ""),
    ("SetAccountAlias", {"AccountAlias": "house"}, ""), ("GetAccountAlias", {}, "AccountAlias"), ("ClearAccountAlias", {}, ""),
    ("SetPasswordPolicy", {"MinimumPasswordLength": 9}, PASSWORDS), ("GetPasswordPolicy", {}, PASSWORDS), ("SetSecurityPreference", {"LoginSessionDuration": 5}, PREFERENCE), ("GetSecurityPreference", {}, PREFERENCE),
    *attaching("DetachPolicyFrom"), ("RemoveUserFromGroup", {"UserName": "u", "GroupName": "g"}, ""), ("RemoveUserFromGroup", {"UserName": "w", "GroupName": "g"}, ""), ("DeleteGroup", {"GroupName": "g"}, ""),
    ("DeleteAccessKey", {"UserName": "u", "UserAccessKeyId": "KEY"}, ""), ("DeleteLoginProfile", {"UserName": "u"}, ""), ("DeletePolicy", {"PolicyName": "p"}, ""), ("DeleteRole", {"RoleName": "r"}, ""),
    ("DeleteUser", {"UserName": "u"}, ""),
]
# of AWS's clients alone, on this wire as well
OTHERS = {"UpdateAssumeRolePolicy"}
KINDS = {"bool": bool, "int": int, "text": str}


def parse(text):
    """NAME{…} NAME[]{…} NAME[] NAME:KIND NAME: {name: (is it several, what stands in it or its kind)}."""
    words, stack = re.findall(r"[{}]|[A-Za-z0-9]+(?:\[\])?(?::\w+)?", text), [{}]
    for word, after in zip(words, [*words[1:], ""]):
        if word == "}":
            stack.pop()
        elif word != "{":
            name, _, kind = word.partition(":")
            stack[-1][name.removesuffix("[]")] = (name.endswith("[]"), inner := {} if after == "{" else KINDS[kind or "text"])
            if after == "{":
                stack.append(inner)
    return stack[0]


def differences(wanted, told, where):
    for name, (is_list, inner) in wanted.items():
        at = f"{where}.{name}"
        if name not in told:
            yield f"{at} is missing"
            continue
        each_of = told[name] if is_list else [told[name]]
        if not isinstance(each_of, list) or not each_of:
            yield f"{at} has nothing"
        elif isinstance(inner, dict):
            # one of several has it all: what nobody said of another is not told
            yield from min((list(differences(inner, each, at)) for each in each_of), key=len)
        elif not all(type(each) is inner for each in each_of) or name.endswith("Date") and not re.fullmatch(ISO, told[name]):
            yield f"{at} is {told[name]!r}"


def test_every_answer_has_what_the_sdks_look_for():
    server, wrong, known = Server("--in-memory", *ANY_PORTS), [], {}
    try:
        account = server.identity()[1]["AccountId"]
        known |= {"TRUST": trust(account), "POLICY": policy()}
        for action, parameters, text in ROWS:
            action, _, who = action.partition(" as ")
            signer = (known["SECRET"], known["KEY"]) if who else (None, None)
            status, answer = server.ask(action, RAM, *signer, **{name: known.get(value, value) for name, value in parameters.items()})
            assert status == 200, (action, answer)
            answer.pop("RequestId")
            wrong += [*differences(parse(text), answer, action)] if text else [f"{action} answers {answer}"] if answer else []
            learn(server, known, answer)
    finally:
        server.stop()
    assert not wrong, "\n" + "\n".join(wrong)


def learn(server, known, answer):
    """What later rows speak of."""
    if "AccessKey" in answer:
        known["KEY"], known["SECRET"] = answer["AccessKey"]["AccessKeyId"], answer["AccessKey"]["AccessKeySecret"]
        server.ask("PutUserPolicy", CONTRACT_VERSIONS["keyhold"], UserName="u", PolicyName="own", PolicyDocument=DENIED)
        refusal = server.ask("ListUsers", RAM, known["SECRET"], known["KEY"])[1]["Message"]
        known["REFUSAL"] = refusal.split("EncodedDiagnosticMessage: ")[1].split()[0]
        server.ask("DeleteUserPolicy", CONTRACT_VERSIONS["keyhold"], UserName="u", PolicyName="own")
    if "VirtualMFADevice" in answer:
        device = answer["VirtualMFADevice"]
        now = time.time()
        known["SERIAL"], known["CODE1"], known["CODE2"] = device["SerialNumber"], totp(device["Base32StringSeed"], now - 30), totp(device["Base32StringSeed"], now)


CONTRACT_VERSIONS = {name: version for name, version, _ in CONTRACT.products}
DENIED = json.dumps({"Version": "1", "Statement": [{"Effect": "Deny", "Action": "ram:ListUsers", "Resource": "*"}]})


def test_no_operation_is_left_out():
    rows = {action.partition(" as ")[0] for action, _, _ in ROWS}
    assert rows | OTHERS == {op["name"] for op in CONTRACT.operations if op["product"] == "ram"}


@pytest.mark.parametrize("told,fault", [({}, "A.B is missing"), ({"B": {"C": 1}}, "A.B.C is 1"), ({"B": {"C": "x"}}, None), ({"B": {}}, "A.B.C is missing")])
def test_a_difference_is_found(told, fault):
    assert next(differences(parse("B{C}"), told, "A"), None) == fault
