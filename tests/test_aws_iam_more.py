"""The rest of IAM and STS through boto3: tags, devices, the account, the password policy, who is told what, and what is not offered."""
import json
import re
import time

import pytest
from aws_form import ask_form, totp
from test_aws_iam import account, allow, clients, document, iam, new_user, refused, trust  # noqa: F401  (fixtures)

botocore_session = pytest.importorskip("botocore.session")
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize("kind", ("user", "role", "policy"))
def test_tags(server, iam, account, kind):  # noqa: F811
    if kind == "policy":
        name = {"PolicyArn": iam.create_policy(PolicyName="tagged", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]}
    else:
        name = {f"{kind.capitalize()}Name": "tagged"}
        getattr(iam, f"create_{kind}")(**name, **({"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{account}:root")} if kind == "role" else {}))
    tag, untag, listed = getattr(iam, f"tag_{kind}"), getattr(iam, f"untag_{kind}"), getattr(iam, f"list_{kind}_tags")
    assert listed(**name)["Tags"] == []
    tag(**name, Tags=[{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": ""}])
    tag(**name, Tags=[{"Key": "team", "Value": "blue"}])
    assert listed(**name)["Tags"] == [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}]
    first = listed(**name, MaxItems=1)
    assert first["IsTruncated"] and len(first["Tags"]) == 1
    assert listed(**name, Marker=first["Marker"])["Tags"] == [{"Key": "stage", "Value": ""}]
    refused("ValidationError", 400, listed, **name, Marker="later")
    untag(**name, TagKeys=["team", "nothing"])
    assert [t["Key"] for t in listed(**name)["Tags"]] == ["stage"]
    refused("LimitExceeded", 409, tag, **name, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(20)])
    missing = {key: value + "-not" for key, value in name.items()}
    for call in (listed, lambda **n: tag(**n, Tags=[{"Key": "a", "Value": "b"}]), lambda **n: untag(**n, TagKeys=["a"])):
        refused("NoSuchEntity", 404, call, **missing)
    # what AWS calls TagUser, TagRole or TagPolicy is allowed by those names, of that kind alone, and by RAM's one name for all
    other, _ = new_user(server, iam, f"tagger-of-{kind}", allow(f"iam:Tag{kind.capitalize()}"))
    ram_other, _ = new_user(server, iam, f"ram-tagger-of-{kind}", allow("ram:TagResources"))
    for who in (other, ram_other):
        getattr(who, f"tag_{kind}")(**name, Tags=[{"Key": "who", "Value": "else"}])
    refused("AccessDenied", 403, getattr(other, f"untag_{kind}"), **name, TagKeys=["who"])
    key = iam.create_access_key(UserName=f"tagger-of-{kind}")["AccessKey"]
    for each in ("user", "role", "policy"):
        status, answer = server.ask("TagResources", version="2015-05-01", access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"], ResourceType=each,
                                    **{"ResourceNames.1": "tagged", "Tag.1.Key": "a", "Tag.1.Value": "b"})
        assert (status == 403) == (each != kind) or status == 404, answer


def test_devices(server, iam, account):  # noqa: F811
    iam.create_user(UserName="holder")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()
    assert serial == f"arn:aws:iam::{account}:mfa/phone" and re.fullmatch("[A-Z2-7]{32}", seed)
    assert made["QRCodePNG"].startswith(b"\x89PNG\r\n")
    refused("EntityAlreadyExists", 409, iam.create_virtual_mfa_device, VirtualMFADeviceName="phone")
    assert [d["SerialNumber"] for d in iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]] == [serial]
    assert iam.list_mfa_devices(UserName="holder")["MFADevices"] == []
    wrong = {"UserName": "holder", "SerialNumber": serial, "AuthenticationCode1": "000000", "AuthenticationCode2": "000001"}
    refused("InvalidAuthenticationCode", 403, iam.enable_mfa_device, **wrong)
    now = int(time.time())
    codes = {"AuthenticationCode1": totp(seed, now - 30), "AuthenticationCode2": totp(seed, now)}
    iam.enable_mfa_device(UserName="holder", SerialNumber=serial, **codes)
    held = iam.list_mfa_devices(UserName="holder")["MFADevices"]
    assert [(d["UserName"], d["SerialNumber"]) for d in held] == [("holder", serial)] and held[0]["EnableDate"]
    shown = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"][0]
    assert shown["User"]["Arn"] == f"arn:aws:iam::{account}:user/holder" and shown["User"]["UserId"] == iam.get_user(UserName="holder")["User"]["UserId"]
    status, text = ask_form(server, "iam", "GetMFADevice", {"SerialNumber": serial})  # not in every SDK
    assert status == 200 and "<UserName>holder</UserName>" in text, text
    refused("DeleteConflict", 409, iam.delete_virtual_mfa_device, SerialNumber=serial)
    # a device five minutes behind: its codes are refused until it is set right, and none that was taken is taken again
    behind = {"AuthenticationCode1": totp(seed, now + 300), "AuthenticationCode2": totp(seed, now + 330)}
    refused("InvalidAuthenticationCode", 403, iam.resync_mfa_device, UserName="holder", SerialNumber=serial, **codes)
    far = {"AuthenticationCode1": totp(seed, now + 3000), "AuthenticationCode2": totp(seed, now + 3030)}
    refused("InvalidAuthenticationCode", 403, iam.resync_mfa_device, UserName="holder", SerialNumber=serial, **far)
    key = iam.create_access_key(UserName="holder")["AccessKey"]
    _, sts = clients(server, key["AccessKeyId"], key["SecretAccessKey"])
    refused("AccessDenied", 403, sts.get_session_token, SerialNumber=serial, TokenCode=totp(seed, now + 360))
    iam.resync_mfa_device(UserName="holder", SerialNumber=serial, **behind)
    refused("AccessDenied", 403, sts.get_session_token, SerialNumber=serial, TokenCode=totp(seed, now))
    given = sts.get_session_token(SerialNumber=serial, TokenCode=totp(seed, now + 360))["Credentials"]
    iam.put_user_policy(UserName="holder", PolicyName="with-code", PolicyDocument=document(
        {**allow("iam:ListUsers"), "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}))
    assert clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])[0].list_users()["Users"]
    refused("AccessDenied", 403, clients(server, key["AccessKeyId"], key["SecretAccessKey"])[0].list_users)
    # taken away and kept: for the same user again, not for another
    refused("NoSuchEntity", 404, iam.deactivate_mfa_device, UserName="holder", SerialNumber=serial + "x")
    iam.deactivate_mfa_device(UserName="holder", SerialNumber=serial)
    refused("NoSuchEntity", 404, iam.deactivate_mfa_device, UserName="holder", SerialNumber=serial)
    iam.create_user(UserName="heir")
    later = {"AuthenticationCode1": totp(seed, now + 390), "AuthenticationCode2": totp(seed, now + 420)}
    refused("EntityAlreadyExists", 409, iam.enable_mfa_device, UserName="heir", SerialNumber=serial, **later)
    iam.enable_mfa_device(UserName="holder", SerialNumber=serial, **later)
    iam.deactivate_mfa_device(UserName="holder", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    refused("NoSuchEntity", 404, iam.delete_virtual_mfa_device, SerialNumber=serial)


def test_the_account(iam):  # noqa: F811
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="house-of-keys")
    iam.create_account_alias(AccountAlias="house-of-locks")
    assert iam.list_account_aliases()["AccountAliases"] == ["house-of-locks"]
    refused("NoSuchEntity", 404, iam.delete_account_alias, AccountAlias="house-of-keys")
    iam.delete_account_alias(AccountAlias="house-of-locks")
    assert iam.list_account_aliases()["AccountAliases"] == []
    refused("NoSuchEntity", 404, iam.get_account_password_policy)
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True, MaxPasswordAge=90, PasswordReusePrevention=3)
    rules = iam.get_account_password_policy()["PasswordPolicy"]
    assert rules == {"MinimumPasswordLength": 12, "RequireNumbers": True, "RequireSymbols": False, "RequireUppercaseCharacters": False,
                     "RequireLowercaseCharacters": False, "AllowUsersToChangePassword": False, "ExpirePasswords": True, "MaxPasswordAge": 90,
                     "PasswordReusePrevention": 3, "HardExpiry": False}
    iam.create_user(UserName="comes-in")
    refused("PasswordPolicyViolation", 400, iam.create_login_profile, UserName="comes-in", Password="too-short-1")
    profile = iam.create_login_profile(UserName="comes-in", Password="long-enough-1", PasswordResetRequired=True)["LoginProfile"]
    assert profile["UserName"] == "comes-in" and profile["PasswordResetRequired"]
    refused("EntityAlreadyExists", 409, iam.create_login_profile, UserName="comes-in", Password="long-enough-2")
    refused("PasswordPolicyViolation", 400, iam.update_login_profile, UserName="comes-in", Password="long-enough-1")
    iam.update_login_profile(UserName="comes-in", PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName="comes-in")["LoginProfile"]["PasswordResetRequired"]
    iam.delete_login_profile(UserName="comes-in")
    refused("NoSuchEntity", 404, iam.get_login_profile, UserName="comes-in")
    iam.delete_account_password_policy()
    refused("NoSuchEntity", 404, iam.delete_account_password_policy)
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_group(GroupName="counted")
    after = iam.get_account_summary()["SummaryMap"]
    assert after["Groups"] == before["Groups"] + 1 and after["AccountMFAEnabled"] == 0 and after["AccountAccessKeysPresent"] == 1
    assert after["Users"] == len(iam.list_users(MaxItems=1000)["Users"]) and after["VersionsPerPolicyQuota"] == 5


def test_who_has_a_policy(iam, account):  # noqa: F811
    arn = iam.create_policy(PolicyName="held", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    for name in ("h1", "h2"):
        iam.create_user(UserName=name)
    iam.create_group(GroupName="h3")
    iam.create_role(RoleName="h4", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"), PermissionsBoundary=arn)
    iam.attach_user_policy(UserName="h1", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="h2", PermissionsBoundary=arn)
    iam.attach_group_policy(GroupName="h3", PolicyArn=arn)

    def found(**filters):
        told = iam.list_entities_for_policy(PolicyArn=arn, **filters)
        assert told["IsTruncated"] is False
        return [x["UserName"] for x in told["PolicyUsers"]], [x["GroupName"] for x in told["PolicyGroups"]], [x["RoleName"] for x in told["PolicyRoles"]]
    assert found() == (["h1", "h2"], ["h3"], ["h4"])
    assert found(PolicyUsageFilter="PermissionsPolicy") == (["h1"], ["h3"], [])
    assert found(PolicyUsageFilter="PermissionsBoundary") == (["h2"], [], ["h4"])
    assert found(EntityFilter="Role") == ([], [], ["h4"])
    refused("NoSuchEntity", 404, iam.list_entities_for_policy, PolicyArn=arn + "x")


def test_short_pages(iam):  # noqa: F811
    iam.create_user(UserName="paged")
    for name in ("ReadOnlyAccess", "AliyunKMSFullAccess", "AliyunRAMFullAccess"):
        iam.attach_user_policy(UserName="paged", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    pages = iam.get_paginator("list_attached_user_policies").paginate(UserName="paged", PaginationConfig={"PageSize": 2})
    assert [len(page["AttachedPolicies"]) for page in pages] == [2, 1]
    ids = {iam.create_access_key(UserName="paged")["AccessKey"]["AccessKeyId"] for _ in range(2)}
    pages = iam.get_paginator("list_access_keys").paginate(UserName="paged", PaginationConfig={"PageSize": 1})
    assert {key["AccessKeyId"] for page in pages for key in page["AccessKeyMetadata"]} == ids


def test_whose_key_is_it(server, iam, account):  # noqa: F811
    other, other_sts = new_user(server, iam, "whose")
    key = iam.list_access_keys(UserName="whose")["AccessKeyMetadata"][0]["AccessKeyId"]
    told = iam.get_access_key_last_used(AccessKeyId=key)
    assert told["UserName"] == "whose" and told["AccessKeyLastUsed"]["ServiceName"] == "N/A" and "LastUsedDate" not in told["AccessKeyLastUsed"]
    other_sts.get_caller_identity()
    told = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert told["ServiceName"] == "sts" and abs(told["LastUsedDate"].timestamp() - time.time()) < 60
    refused("NoSuchEntity", 404, iam.get_access_key_last_used, AccessKeyId="LTAI0000000000000000")
    # who may not ask is told the same of a key that is there and of one that is not
    there = refused("AccessDenied", 403, other.get_access_key_last_used, AccessKeyId=server.access_key_id)
    not_there = refused("AccessDenied", 403, other.get_access_key_last_used, AccessKeyId="LTAI0000000000000000")
    assert there["Error"]["Code"] == not_there["Error"]["Code"]
    sts = clients(server)[1]
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == account
    refused("NoSuchEntity", 404, sts.get_access_key_info, AccessKeyId="LTAI0000000000000000")
    refused("AccessDenied", 403, other_sts.get_access_key_info, AccessKeyId=key)


def test_a_refusal_is_decoded(server, iam, account):  # noqa: F811
    other, other_sts = new_user(server, iam, "decoded", {"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"})
    message = refused("AccessDenied", 403, other.list_users)["Error"]["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]
    told = json.loads(clients(server)[1].decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    assert told["allowed"] is False and told["explicitDeny"] is True
    assert told["context"]["principal"]["arn"] == f"arn:aws:iam::{account}:user/decoded" and told["context"]["resource"] == f"arn:aws:iam::{account}:user/*"
    assert [(m["statement"], m["effect"]) for m in told["matchedStatements"]["items"]] == [(0, "Deny")]
    refused("AccessDenied", 403, other_sts.decode_authorization_message, EncodedMessage=message)
    refused("InvalidAuthorizationMessageException", 400, clients(server)[1].decode_authorization_message, EncodedMessage="AAAA" + message[4:])


@pytest.mark.parametrize("service", ("iam", "sts"))
def test_every_action_is_there_or_says_why_not(server, service):
    """Each action of the SDK's model with nothing but its name: one that is offered misses its parameters or answers, the others say why."""
    generic, told = [], []
    for name in botocore_session.get_session().get_service_model(service).operation_names:
        status, text = ask_form(server, service, name)
        if "<Code>InvalidAction</Code>" not in text:
            continue
        (told if "This is not supported: " in text else generic).append(name)
    assert not generic
    assert len(told) == len(set(told))
    assert "GetFederationToken" in told if service == "sts" else "CreateInstanceProfile" in told
