"""Administrators of some: the manual's policy that lets somebody make users and roles within a boundary only; and each known way to more
permissions, governed by its own action on the one resource it names."""
import json
import os
import re

import pytest
from aws_form import ask_form
from conftest import ROOT
from test_aws_iam import allow, clients, document, trust

EVERYTHING = document(allow("*"))


@pytest.fixture(scope="module")
def iam(server):
    return clients(server)[0]


@pytest.fixture(scope="module")
def account(server):
    return clients(server)[1].get_caller_identity()["Account"]


def key_of(iam, name):
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def of_the_manual(account):
    with open(os.path.join(ROOT, "docs/POLICIES.md"), encoding="utf-8") as f:
        text = f.read().split("## Administrators of some")[1].split("```")[1]
    return text.replace("ACCOUNT", account)


@pytest.fixture(scope="module")
def admin(server, iam, account):
    """Somebody with the manual's policy, and keys for those they make."""
    iam.create_policy(PolicyName="Bound", PolicyDocument=document(allow(["kms:ListKeys", "iam:*"])))
    iam.create_policy(PolicyName="Loose", PolicyDocument=EVERYTHING)
    for name, boundary in (("chief", None), ("loosely", "Loose"), ("held", "Bound")):
        iam.create_user(UserName=name, **({"PermissionsBoundary": f"arn:aws:iam::{account}:policy/{boundary}"} if boundary else {}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(account), **({"PermissionsBoundary": f"arn:aws:iam::{account}:policy/{boundary}"} if boundary else {}))
    iam.put_user_policy(UserName="chief", PolicyName="all", PolicyDocument=EVERYTHING)
    iam.create_user(UserName="delegate")
    iam.create_policy(PolicyName="delegate", PolicyDocument=of_the_manual(account))  # too long for one of its own
    iam.attach_user_policy(UserName="delegate", PolicyArn=f"arn:aws:iam::{account}:policy/delegate")
    return key_of(iam, "delegate")


BOUND = "arn:aws:iam::{account}:policy/Bound"
ALL = "arn:aws:iam::aws:policy/AdministratorAccess"
# what the delegate tries, and whether it may; negatives first
TRIES = [
    (False, "CreateUser", {"UserName": "n1"}), (False, "CreateUser", {"UserName": "n1", "PermissionsBoundary": ALL}),
    (False, "CreateUser", {"UserName": "n1", "PermissionsBoundary": "arn:aws:iam::{account}:policy/Loose"}),
    (False, "CreateUser", {"UserName": "n1", "PermissionsBoundary": "arn:aws:iam::{account}:policy/Bound2"}),
    (False, "CreateRole", {"RoleName": "n1", "AssumeRolePolicyDocument": trust("*")}),
    (False, "CreateRole", {"RoleName": "n1", "AssumeRolePolicyDocument": trust("*"), "PermissionsBoundary": ALL}),
    (False, "PutUserPermissionsBoundary", {"UserName": "held", "PermissionsBoundary": ALL}), (False, "PutRolePermissionsBoundary", {"RoleName": "held", "PermissionsBoundary": ALL}),
    (False, "DeleteUserPermissionsBoundary", {"UserName": "held"}), (False, "DeleteRolePermissionsBoundary", {"RoleName": "held"}),
    (False, "DeleteUserPermissionsBoundary", {"UserName": "loosely"}),
] + [
    (False, action, {member: who, **more}) for who in ("chief", "loosely") for member, action, more in (
        ("UserName", "AttachUserPolicy", {"PolicyArn": ALL}), ("UserName", "PutUserPolicy", {"PolicyName": "x", "PolicyDocument": EVERYTHING}),
        ("UserName", "DeleteUserPolicy", {"PolicyName": "all"}), ("UserName", "DetachUserPolicy", {"PolicyArn": ALL}), ("RoleName", "AttachRolePolicy", {"PolicyArn": ALL}),
        ("RoleName", "PutRolePolicy", {"PolicyName": "x", "PolicyDocument": EVERYTHING}), ("RoleName", "DetachRolePolicy", {"PolicyArn": ALL}))
] + [
    (False, "AttachUserPolicy", {"UserName": "delegate", "PolicyArn": ALL}), (False, "PutUserPolicy", {"UserName": "delegate", "PolicyName": "x", "PolicyDocument": EVERYTHING}),
    (False, "CreatePolicyVersion", {"PolicyArn": BOUND, "PolicyDocument": EVERYTHING, "SetAsDefault": "true"}), (False, "SetDefaultPolicyVersion", {"PolicyArn": BOUND, "VersionId": "v1"}),
    (False, "DeletePolicy", {"PolicyArn": BOUND}), (False, "CreateAccessKey", {"UserName": "chief"}), (False, "CreateLoginProfile", {"UserName": "chief", "Password": "long-enough-1"}),
    (False, "UpdateAssumeRolePolicy", {"RoleName": "held", "PolicyDocument": trust("*")}), (False, "CreateGroup", {"GroupName": "x"}),
    (True, "CreateUser", {"UserName": "n1", "PermissionsBoundary": BOUND}), (True, "CreateRole", {"RoleName": "n1", "AssumeRolePolicyDocument": trust("{account}"), "PermissionsBoundary": BOUND}),
    (True, "AttachUserPolicy", {"UserName": "n1", "PolicyArn": ALL}), (True, "PutUserPolicy", {"UserName": "n1", "PolicyName": "x", "PolicyDocument": EVERYTHING}),
    (True, "AttachRolePolicy", {"RoleName": "n1", "PolicyArn": ALL}), (True, "PutRolePolicy", {"RoleName": "n1", "PolicyName": "x", "PolicyDocument": EVERYTHING}),
    (True, "DetachRolePolicy", {"RoleName": "n1", "PolicyArn": ALL}), (True, "DeleteRolePolicy", {"RoleName": "n1", "PolicyName": "x"}),
    (True, "PutUserPermissionsBoundary", {"UserName": "held", "PermissionsBoundary": BOUND}), (True, "PutRolePermissionsBoundary", {"RoleName": "held", "PermissionsBoundary": BOUND}),
]


def test_the_manual_s_policy_holds(server, iam, account, admin):
    assert json.loads(of_the_manual(account))["Version"] == "2012-10-17"
    for may, action, parameters in TRIES:
        status, answer = ask_form(server, "iam", action, {k: v.replace("{account}", account) for k, v in parameters.items()}, who=admin)
        assert status == (200 if may else 403), (action, parameters, answer)
    # what they made has everything from its policies, and no more than the boundary
    who = key_of(iam, "n1")
    mine, _ = clients(server, *who)
    assert mine.list_users()["Users"]
    import boto3
    kms = boto3.client("kms", region_name="us-east-1", endpoint_url=f"http://{server.http}", aws_access_key_id=who[0], aws_secret_access_key=who[1])
    assert kms.list_keys()["Keys"] == []
    with pytest.raises(Exception, match="AccessDenied"):
        kms.create_key()


def test_on_alibaba_s_wire_as_well(server, account, admin):
    """The same administrator, the same policy, RAM's names."""
    def ask(action, **parameters):
        return server.ask(action, "2015-05-01", admin[1], admin[0], **parameters)
    assert ask("CreateUser", UserName="a1")[0] == 403
    assert ask("AttachPolicyToUser", UserName="chief", PolicyName="AdministratorAccess", PolicyType="System")[0] == 403
    assert ask("CreateUser", UserName="a1", PermissionsBoundary="Loose")[0] == 403
    for name in ("Bound", f"acs:ram:*:{account}:policy/Bound", f"acs:ram::{account}:policy/Bound"):
        user = "a-" + str(len(name))
        assert ask("CreateUser", UserName=user, PermissionsBoundary=name)[0] == 200
        assert ask("AttachPolicyToUser", UserName=user, PolicyName="AdministratorAccess", PolicyType="System")[0] == 200


# ---- the ways to more permissions: action, its parameters and what it is decided on, for what is called T


def named(kind):
    return [f"{kind}/T"]


PASSWORD = {"Password": "long-enough-1"}
CODES = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000001"}
ROUTES = {
    "CreatePolicyVersion": ({"PolicyArn": "policy/T", "PolicyDocument": EVERYTHING, "SetAsDefault": "true"}, named("policy")),
    "SetDefaultPolicyVersion": ({"PolicyArn": "policy/T", "VersionId": "v1"}, named("policy")),
    "AttachUserPolicy": ({"UserName": "T", "PolicyArn": "policy/T"}, ["user/T", "policy/T"]),
    "AttachGroupPolicy": ({"GroupName": "T", "PolicyArn": "policy/T"}, ["group/T", "policy/T"]),
    "AttachRolePolicy": ({"RoleName": "T", "PolicyArn": "policy/T"}, ["role/T", "policy/T"]),
    "PutUserPolicy": ({"UserName": "T", "PolicyName": "x", "PolicyDocument": EVERYTHING}, named("user")),
    "PutGroupPolicy": ({"GroupName": "T", "PolicyName": "x", "PolicyDocument": EVERYTHING}, named("group")),
    "PutRolePolicy": ({"RoleName": "T", "PolicyName": "x", "PolicyDocument": EVERYTHING}, named("role")),
    "AddUserToGroup": ({"UserName": "T", "GroupName": "T"}, ["user/T", "group/T"]),
    "UpdateAssumeRolePolicy": ({"RoleName": "T", "PolicyDocument": trust("{account}")}, named("role")),
    "CreateAccessKey": ({"UserName": "T"}, named("user")),
    "UpdateAccessKey": ({"UserName": "T", "AccessKeyId": "{key}", "Status": "Active"}, named("user")),
    "CreateLoginProfile": ({"UserName": "T", **PASSWORD}, named("user")),
    "UpdateLoginProfile": ({"UserName": "T", "Password": "long-enough-2"}, named("user")),
    "PutUserPermissionsBoundary": ({"UserName": "T", "PermissionsBoundary": "policy/T"}, named("user")),
    "PutRolePermissionsBoundary": ({"RoleName": "T", "PermissionsBoundary": "policy/T"}, named("role")),
    "DeleteUserPermissionsBoundary": ({"UserName": "T"}, named("user")),
    "DeleteRolePermissionsBoundary": ({"RoleName": "T"}, named("role")),
    "EnableMFADevice": ({"UserName": "T", "SerialNumber": "mfa/T", **CODES}, ["user/T", "mfa/T"]),
    "DeactivateMFADevice": ({"UserName": "T", "SerialNumber": "mfa/T"}, ["user/T", "mfa/T"]),
    "UpdateUser": ({"UserName": "T", "NewUserName": "T"}, named("user")),
    "TagUser": ({"UserName": "T", "Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}, named("user")),
    "TagRole": ({"RoleName": "T", "Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}, named("role")),
    "UpdateRole": ({"RoleName": "T", "Description": "x"}, named("role")),
    "UpdateRoleDescription": ({"RoleName": "T", "Description": "x"}, named("role")),
    "UpdateAccountPasswordPolicy": ({"MinimumPasswordLength": "8"}, ["*"]), "DeleteAccountPasswordPolicy": ({}, ["*"]),
}


@pytest.fixture(scope="module")
def targets(iam, account):
    for name in ("one", "two"):
        iam.create_user(UserName=name)
        iam.create_group(GroupName=name)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(account))
        iam.create_policy(PolicyName=name, PolicyDocument=document(allow("kms:ListKeys")))
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
    return iam


def parameters_for(route, name, account):
    def put(value):
        value = value.replace("{account}", account).replace("{key}", "LTAIxxxxxxxxxxxxxxxxxxxx")
        return re.sub(r"^(policy|mfa)/T$", rf"arn:aws:iam::{account}:\1/{name}", value) if value != "T" else name
    return {k: put(v) for k, v in ROUTES[route][0].items()}


@pytest.mark.parametrize("route", ROUTES)
def test_each_way_is_its_own_action_on_its_own_resource(server, targets, account, route):
    iam, name = targets, f"only-{route}"
    iam.create_user(UserName=name)
    resources = [f"arn:aws:iam::{account}:{each.replace('/T', '/one')}" for each in ROUTES[route][1]]
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow(f"iam:{route}", resources)))
    who = key_of(iam, name)
    for other in ROUTES:
        if other != route:
            status, answer = ask_form(server, "iam", other, parameters_for(other, "one", account), who=who)
            assert status == 403 and "<Code>AccessDenied</Code>" in answer, (other, answer)
    whole = ROUTES[route][1] == ["*"]
    own = "MFA" in route  # what an account lets everybody do to themselves
    for target in () if whole else ("two",) if own else ("two", name):  # neither to another nor to oneself
        status, answer = ask_form(server, "iam", route, parameters_for(route, target, account), who=who)
        assert status == 403 and "<Code>AccessDenied</Code>" in answer, (target, answer)
    if len(ROUTES[route][1]) == 2:  # with one of the two it takes it does nothing
        for half in resources:
            iam.create_user(UserName=f"{name}-{resources.index(half)}")
            iam.put_user_policy(UserName=f"{name}-{resources.index(half)}", PolicyName="p", PolicyDocument=document(allow(f"iam:{route}", half)))
            assert ask_form(server, "iam", route, parameters_for(route, "one", account), who=key_of(iam, f"{name}-{resources.index(half)}"))[0] == 403
    status, answer = ask_form(server, "iam", route, parameters_for(route, "one", account), who=who)
    assert status in (200, 404, 409) or "<Code>InvalidAuthenticationCode</Code>" in answer, answer
    assert ask_form(server, "iam", "ListUsers", {}, who=who)[0] == 403
    # what was changed is put back for the others
    if route == "PutUserPermissionsBoundary":
        iam.delete_user_permissions_boundary(UserName="one")
    if route == "PutRolePermissionsBoundary":
        iam.delete_role_permissions_boundary(RoleName="one")


def test_one_operation_that_does_what_several_do(server, targets, account):
    """RAM's UpdateRole also changes whom a role trusts, KMS's UpdateRotationPolicy switches rotation on and off: each under its own action, for
    what is allowed and for what is denied."""
    iam = targets

    def person(name, *statements):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key_id, secret = key_of(iam, name)
        return lambda action, version, **parameters: server.ask(action, version, secret, key_id, **parameters)[0]
    changes = {"RoleName": "one", "NewDescription": "x"}
    trusts = {"RoleName": "one", "NewAssumeRolePolicyDocument": trust(account)}
    for n, (statements, expected) in enumerate((((allow("iam:UpdateRole"),), (200, 403)), ((allow("iam:UpdateRoleDescription"),), (403, 403)), ((allow("ram:UpdateRole"),), (200, 200)),
                                                ((allow("iam:UpdateAssumeRolePolicy"),), (403, 403)), ((allow(["iam:UpdateRole", "iam:UpdateAssumeRolePolicy"]),), (200, 200)),
                                                ((allow("ram:*"), {**allow("iam:UpdateAssumeRolePolicy"), "Effect": "Deny"}), (200, 403)),
                                                ((allow("ram:*"), {**allow("ram:UpdateRole"), "Effect": "Deny"}), (403, 403)))):
        ask = person(f"role-changer-{n}", *statements)
        assert (ask("UpdateRole", "2015-05-01", **changes), ask("UpdateRole", "2015-05-01", **trusts)) == expected, statements
    key = server.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    on, off = {"KeyId": key, "EnableAutomaticRotation": "true", "RotationInterval": "365d"}, {"KeyId": key, "EnableAutomaticRotation": "false"}
    for n, (statements, expected) in enumerate((((allow("kms:DisableKeyRotation"),), (403, 200)), ((allow("kms:EnableKeyRotation"),), (200, 403)), ((allow("kms:UpdateRotationPolicy"),), (200, 200)),
                                                ((allow("kms:*"), {**allow("kms:DisableKeyRotation"), "Effect": "Deny"}), (200, 403)))):
        ask = person(f"rotation-changer-{n}", *statements)
        assert (ask("UpdateRotationPolicy", "2016-01-20", **on), ask("UpdateRotationPolicy", "2016-01-20", **off)) == expected, statements


def test_nothing_is_gained_by_being_oneself(server, targets, account):
    """Without policies: what the account lets everybody do to themselves (a device of one's own, one's password) and nothing else."""
    targets.create_user(UserName="nobody")
    who = key_of(targets, "nobody")
    for route in ROUTES:
        if route in ("EnableMFADevice", "DeactivateMFADevice"):
            continue
        status, answer = ask_form(server, "iam", route, parameters_for(route, "nobody", account), who=who)
        assert status == 403, (route, answer)
    for action, parameters in (("EnableMFADevice", {"UserName": "one", "SerialNumber": f"arn:aws:iam::{account}:mfa/one", **CODES}), ("CreateAccessKey", {}),
                               ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "one-more"}), ("DeactivateMFADevice", {"UserName": "one", "SerialNumber": "one"})):
        assert ask_form(server, "iam", action, parameters, who=who)[0] == 403, action


MADE = {"CreateUser": ("user", "UserName", {}), "CreateGroup": ("group", "GroupName", {}), "CreatePolicy": ("policy", "PolicyName", {"PolicyDocument": EVERYTHING}),
        "CreateRole": ("role", "RoleName", {"AssumeRolePolicyDocument": None})}


@pytest.mark.parametrize("action", MADE)
def test_who_may_make_some_names_may_make_no_others(server, iam, account, action):
    """What is made is asked for by its own name: patterns of names hold, also before there is anything of the name."""
    kind, field, more = MADE[action]
    maker = f"maker-of-{kind}"
    more = {name: trust(account) if name == "AssumeRolePolicyDocument" else value for name, value in more.items()}
    iam.create_user(UserName=maker)
    iam.put_user_policy(UserName=maker, PolicyName="some", PolicyDocument=document(
        allow(f"iam:{action}", f"arn:aws:iam::{account}:{kind}/dev-*"), {**allow(f"iam:{action}", f"arn:aws:iam::{account}:{kind}/dev-secret-*"), "Effect": "Deny"}))
    key = key_of(iam, maker)
    for name, status in (("prod-1", 403), ("dev-secret-1", 403), ("xdev-1", 403), ("dev-1", 200)):
        answer = ask_form(server, "iam", action, {field: name, **more}, who=key)
        assert answer[0] == status, (name, answer)
