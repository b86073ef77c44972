"""The condition keys there are, each in every spelling, end to end: a statement under the condition allows a request that it fits, and does not
allow one that it does not fit; the same as a denial. The list is the one in the source and in the manual."""
import datetime
import json
import os
import re
import time

import pytest
from aws_form import ask_form, totp
from conftest import ROOT
from test_aws_iam import allow, clients, document, trust

COUNT = iter(range(10000))


class Asker:
    """Users and sessions to ask as, and things to ask about."""

    def __init__(self, server):
        self.server = server
        self.iam, self.sts = clients(server)
        self.account = self.sts.get_caller_identity()["Account"]
        for name in ("Bound", "Other", "Extra"):
            self.iam.create_policy(PolicyName=name, PolicyDocument=document(allow("*")), Tags=[{"Key": "team", "Value": "red" if name == "Bound" else "blue"}])
        for name, boundary in (("bounded", "Bound"), ("gone-bounded", "Bound"), ("gone-othered", "Other"), ("free", None)):
            self.iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "red" if name == "bounded" else "blue"}])
            self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{self.account}:root"))
            self.iam.put_user_policy(UserName=name, PolicyName="here", PolicyDocument=document(allow("kms:*")))
            if boundary:
                self.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=self.policy(boundary))
                self.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=self.policy(boundary))
        self.iam.create_group(GroupName="g")
        self.key = self.kms().create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["KeyId"]
        self.blue = self.kms().create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]

    def kms(self, who=None, region="us-east-1"):
        import boto3
        from botocore.config import Config
        key_id, secret, token = who or (self.server.access_key_id, self.server.access_key_secret, None)
        return boto3.client("kms", region_name=region, endpoint_url=f"http://{self.server.http}", aws_access_key_id=key_id, aws_secret_access_key=secret,
                            aws_session_token=token, config=Config(retries={"max_attempts": 0}))

    def policy(self, name):
        return f"arn:aws:iam::{self.account}:policy/{name}"

    def user(self, *statements, tags=None, version="2012-10-17"):
        name = f"asker-{next(COUNT)}"
        self.iam.create_user(UserName=name, Tags=[{"Key": k, "Value": v} for k, v in (tags or {}).items()])
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": version, "Statement": list(statements)}))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.name, self.id = name, self.iam.get_user(UserName=name)["User"]["UserId"]
        return key["AccessKeyId"], key["SecretAccessKey"], None

    def session(self, who, **more):
        made = clients(self.server, *who)[1].get_session_token(**more)["Credentials"]
        return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]

    def role(self, who, name, **more):
        made = clients(self.server, *who)[1].assume_role(RoleArn=f"arn:aws:iam::{self.account}:role/{name}", RoleSessionName="at-work", **more)["Credentials"]
        return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]

    def may(self, who, service, action, parameters, region="us-east-1"):
        """Whether policies allow it; what else becomes of it is no matter."""
        if service == "kms":
            from botocore.exceptions import ClientError
            try:
                getattr(self.kms(who, region), action)(**parameters)
                return True
            except ClientError as refused:
                assert refused.response["Error"]["Code"] == "AccessDeniedException", refused
                return False
        status, answer = ask_form(self.server, service, action, parameters, who=who[:2], token=who[2])
        if status != 403:
            assert status in (200, 404, 409), answer
            return True
        assert "<Code>AccessDenied</Code>" in answer and "no policy allows it" in answer or "a policy denies it" in answer, answer
        return False


@pytest.fixture(scope="module")
def asker(server):
    return Asker(server)


def new(prefix):
    return f"{prefix}-{next(COUNT)}"


def user_with(**more):
    return lambda a: {"UserName": new("made"), **{k: v(a) if callable(v) else v for k, v in more.items()}}


def of(name):
    return lambda a: a.policy(name)


def tagged(value):
    return {"UserName": "free", "Tags.member.1.Key": "team", "Tags.member.1.Value": value}


LIST, CREATE = ("iam", "ListUsers", {}), "CreateUser"
DAY = datetime.timedelta(days=1)


def iso(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


NOW = datetime.datetime.now(datetime.timezone.utc)
BOUNDARY_ACTIONS = [("AttachUserPolicy", "UserName", {"PolicyArn": of("Extra")}), ("DetachUserPolicy", "UserName", {"PolicyArn": of("Extra")}),
                    ("PutUserPolicy", "UserName", {"PolicyName": "new", "PolicyDocument": document(allow("kms:List*"))}),
                    ("DeleteUserPolicy", "UserName", {"PolicyName": "gone"}), ("AttachRolePolicy", "RoleName", {"PolicyArn": of("Extra")}),
                    ("DetachRolePolicy", "RoleName", {"PolicyArn": of("Extra")}),
                    ("PutRolePolicy", "RoleName", {"PolicyName": "new", "PolicyDocument": document(allow("kms:List*"))}),
                    ("DeleteRolePolicy", "RoleName", {"PolicyName": "gone"})]

# (keys, operator, value, request that fits, request that does not); a request is (service, action, parameters); values and parameters may be
# functions of the asker. `who` of a row makes the two callers, where it is the caller that differs.
ROWS = [
    (["iam:PermissionsBoundary", "ram:PermissionsBoundary"], operator, of("Bound"), ("iam", CREATE, user_with(PermissionsBoundary=of("Bound"))),
     ("iam", CREATE, user_with(PermissionsBoundary=of("Other")))) for operator in ("StringEquals", "ArnEquals", "ArnLike", "StringLike")
] + [
    (["iam:PermissionsBoundary"], "StringEquals", of("Bound"), ("iam", CREATE, user_with(PermissionsBoundary=of("Bound"))), ("iam", CREATE, user_with())),
    (["iam:PermissionsBoundary"], "StringEquals", lambda a: f"acs:ram:*:{a.account}:policy/Bound", ("iam", CREATE, user_with(PermissionsBoundary=of("Bound"))),
     ("iam", CREATE, user_with(PermissionsBoundary=of("Other")))),
    (["iam:PermissionsBoundary"], "StringEquals", "arn:aws:iam::aws:policy/ReadOnlyAccess",
     ("iam", CREATE, user_with(PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")),
     ("iam", CREATE, user_with(PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"))),
    (["iam:PermissionsBoundary"], "StringEquals", of("Bound"),
     ("iam", "CreateRole", lambda a: {"RoleName": new("r"), "AssumeRolePolicyDocument": trust(a.account), "PermissionsBoundary": a.policy("Bound")}),
     ("iam", "CreateRole", lambda a: {"RoleName": new("r"), "AssumeRolePolicyDocument": trust(a.account)})),
    (["iam:PermissionsBoundary"], "StringEquals", of("Bound"), ("iam", "PutUserPermissionsBoundary", lambda a: {"UserName": "free2", "PermissionsBoundary": a.policy("Bound")}),
     ("iam", "PutUserPermissionsBoundary", lambda a: {"UserName": "free2", "PermissionsBoundary": a.policy("Other")})),
    (["iam:PermissionsBoundary"], "StringEquals", of("Bound"), ("iam", "PutRolePermissionsBoundary", lambda a: {"RoleName": "free2", "PermissionsBoundary": a.policy("Bound")}),
     ("iam", "PutRolePermissionsBoundary", lambda a: {"RoleName": "free2", "PermissionsBoundary": a.policy("Other")})),
    (["iam:PermissionsBoundary"], "StringNotEquals", of("Bound"), ("iam", "DeleteUserPermissionsBoundary", {"UserName": "gone-othered"}),
     ("iam", "DeleteUserPermissionsBoundary", {"UserName": "gone-bounded"})),
    (["iam:PermissionsBoundary"], "StringNotEquals", of("Bound"), ("iam", "DeleteRolePermissionsBoundary", {"RoleName": "gone-othered"}),
     ("iam", "DeleteRolePermissionsBoundary", {"RoleName": "gone-bounded"})),
    (["iam:PermissionsBoundary"], "Null", "true", ("iam", CREATE, user_with()), ("iam", CREATE, user_with(PermissionsBoundary=of("Bound")))),
] + [
    (["iam:PermissionsBoundary"], "ArnEquals", of("Bound"), ("iam", action, {member: "bounded", **more}), ("iam", action, {member: "free", **more}))
    for action, member, more in BOUNDARY_ACTIONS
] + [
    (["iam:PolicyARN", "ram:PolicyARN"], operator, of("Extra"), ("iam", action, {member: name, "PolicyArn": of("Extra")}),
     ("iam", action, {member: name, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}))
    for operator, action, member, name in (("ArnEquals", "AttachUserPolicy", "UserName", "free"), ("StringEquals", "AttachGroupPolicy", "GroupName", "g"),
                                           ("ArnLike", "AttachRolePolicy", "RoleName", "free"), ("ArnEquals", "DetachUserPolicy", "UserName", "free"),
                                           ("StringLike", "DetachGroupPolicy", "GroupName", "g"), ("ArnEquals", "DetachRolePolicy", "RoleName", "free"))
] + [
    (["acs:ResourceTag/team", "aws:ResourceTag/team", "iam:ResourceTag/team", "secretsmanager:ResourceTag/team"], "StringEquals", "red", ("iam", "GetUser", {"UserName": "bounded"}), ("iam", "GetUser", {"UserName": "free"})),
    (["aws:ResourceTag/team", "iam:ResourceTag/team"], "StringEquals", "red", ("iam", "GetPolicy", {"PolicyArn": of("Bound")}), ("iam", "GetPolicy", {"PolicyArn": of("Other")})),
    (["kms:tag/team", "aws:ResourceTag/team"], "StringEquals", "red", ("kms", "describe_key", lambda a: {"KeyId": a.key}), ("kms", "describe_key", lambda a: {"KeyId": a.blue})),
    (["acs:RequestTag/team", "aws:RequestTag/team"], "StringEquals", "red", ("iam", "TagUser", tagged("red")), ("iam", "TagUser", tagged("blue"))),
    (["acs:TagKeys", "aws:TagKeys"], "ForAllValues:StringEquals", ["team"], ("iam", "TagUser", tagged("x")),
     ("iam", "TagUser", {"UserName": "free", "Tags.member.1.Key": "else", "Tags.member.1.Value": "x"})),
    (["acs:TagKeys", "aws:TagKeys"], "ForAnyValue:StringEquals", ["team"], ("iam", "UntagUser", {"UserName": "free", "TagKeys.member.1": "team"}),
     ("iam", "UntagUser", {"UserName": "free", "TagKeys.member.1": "else"})),
    (["aws:RequestedRegion", "acs:RequestedRegion"], "StringEquals", "us-east-1", ("kms", "list_keys", {}), ("kms@eu-west-1", "list_keys", {})),
    (["aws:ResourceAccount", "acs:ResourceAccount"], "StringEquals", lambda a: a.account, LIST, None),
    (["aws:PrincipalAccount", "acs:PrincipalAccount"], "StringEquals", lambda a: a.account, LIST, None),
    (["kms:CallerAccount"], "StringEquals", lambda a: a.account, ("kms", "list_keys", {}), None),
    (["aws:SourceIp", "acs:SourceIp"], "IpAddress", "127.0.0.0/8", LIST, None),
    (["aws:SecureTransport", "acs:SecureTransport"], "Bool", "false", LIST, None),
    (["aws:CurrentTime", "acs:CurrentTime"], "DateLessThan", iso(NOW + DAY), LIST, None),
    (["aws:CurrentTime", "acs:CurrentTime"], "DateGreaterThan", iso(NOW - DAY), LIST, None),
    (["aws:EpochTime", "acs:EpochTime"], "NumericLessThan", str(int(time.time()) + 86400), LIST, None),
    (["aws:UserAgent", "acs:UserAgent"], "StringLike", "Python-urllib/*", LIST, None),
    (["acs:AccessId"], "StringLike", "LTAI*", LIST, None),
    (["aws:PrincipalType", "acs:PrincipalType"], "StringEquals", "User", LIST, None),
    (["aws:PrincipalTag/job", "acs:PrincipalTag/job"], "StringEquals", "maker", LIST, None),
    (["aws:PrincipalArn", "acs:PrincipalARN"], "ArnLike", lambda a: f"arn:aws:iam::{a.account}:user/asker-*", LIST, None),
    (["aws:PrincipalArn", "acs:PrincipalARN"], "StringLike", lambda a: f"acs:ram::{a.account}:user/asker-*", LIST, None),
    (["aws:username", "acs:UserName"], "StringLike", "asker-*", LIST, None),
    (["aws:userid", "acs:UserId"], "StringLike", "2???????????*", LIST, None),
]
# where the request cannot be made otherwise, the value is: the same row with one that does not fit
WRONG = {"StringEquals": "other", "IpAddress": "10.0.0.0/8", "Bool": "true", "NumericLessThan": "1000000000", "StringLike": "other-*",
         "ArnLike": "arn:aws:iam::*:user/somebody", "DateLessThan": iso(NOW - DAY), "DateGreaterThan": iso(NOW + DAY)}


def call(asker, who, request):
    service, action, parameters = request
    parameters = parameters(asker) if callable(parameters) else parameters
    parameters = {k: v(asker) if callable(v) else v for k, v in parameters.items()}
    service, _, region = service.partition("@")
    return asker.may(who, service, action, parameters, region or "us-east-1")


def action_of(request):
    word = "".join(part.capitalize() for part in request[1].split("_")) if request[0].startswith("kms") else request[1]
    return request[0].partition("@")[0] + ":" + word


@pytest.fixture(scope="module", autouse=True)
def more_people(asker):
    asker.iam.create_user(UserName="free2")
    asker.iam.create_role(RoleName="free2", AssumeRolePolicyDocument=trust(asker.account))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0][0]}-{row[1]}-{row[3][1]}")
def test_a_key_holds_and_does_not_hold(asker, row):
    keys, operator, value, fits, other = row
    value = value(asker) if callable(value) else value
    for key in keys:
        def say(effect, wanted, key=key):
            return {"Effect": effect, "Action": action_of(fits), "Resource": "*", "Condition": {operator: {key: wanted}}}
        who = asker.user(say("Allow", value), tags={"job": "maker"})
        denied = asker.user(allow("*"), say("Deny", value), tags={"job": "maker"})
        assert call(asker, denied, fits) is False, key
        if other is None:
            no = asker.user(say("Allow", WRONG[operator]), tags={"job": "maker"})
            not_denied = asker.user(allow("*"), say("Deny", WRONG[operator]), tags={"job": "maker"})
            assert call(asker, no, fits) is False and call(asker, not_denied, fits) is True, key
        else:
            assert call(asker, who, other) is False, key
            assert call(asker, denied, other) is True, key
        assert call(asker, who, fits) is True, key


def test_keys_of_sessions_and_roles(asker, server):
    """TokenIssueTime, MFA, the ids and types of sessions: absent from access keys that last."""
    asker.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(asker.account), Tags=[{"Key": "job", "Value": "maker"}])
    role_id = asker.iam.get_role(RoleName="worker")["Role"]["RoleId"]

    def with_policy(operator, key, value):
        asker.iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=document({**allow("iam:ListUsers"), "Condition": {operator: {key: value}}}))
        return asker.may(session, *LIST)
    who = asker.user(allow("sts:AssumeRole"), allow("sts:GetSessionToken"))
    session = asker.role(who, "worker", SourceIdentity="ann")
    assert asker.may(session, *LIST) is False
    for operator, key, fits, other in (("StringEquals", "aws:PrincipalType", "AssumedRole", "User"), ("StringEquals", "aws:userid", f"{role_id}:at-work", role_id),
                                       ("StringEquals", "acs:UserId", f"{role_id}:at-work", "x"), ("Null", "aws:username", "true", "false"),
                                       ("ArnLike", "aws:PrincipalArn", f"arn:aws:sts::{asker.account}:assumed-role/worker/*", f"arn:aws:sts::{asker.account}:assumed-role/other/*"),
                                       ("DateGreaterThan", "aws:TokenIssueTime", iso(NOW - DAY), iso(NOW + DAY)), ("DateLessThan", "acs:TokenIssueTime", iso(NOW + DAY), iso(NOW - DAY)),
                                       ("Bool", "aws:MultiFactorAuthPresent", "false", "true"), ("Null", "aws:MultiFactorAuthAge", "true", "false"),
                                       ("Bool", "acs:MFAPresent", "false", "true"), ("StringEquals", "aws:SourceIdentity", "ann", "bob"), ("StringEquals", "sts:SourceIdentity", "ann", "bob"), ("StringEquals", "acs:SourceIdentity", "ann", "bob"),
                                       ("StringEquals", "aws:PrincipalTag/job", "maker", "other")):
        assert with_policy(operator, key, fits) is True, key
        assert with_policy(operator, key, other) is False, key
    lasting = asker.user({**allow("iam:ListUsers"), "Condition": {"DateGreaterThan": {"aws:TokenIssueTime": iso(NOW - DAY)}}}, allow("sts:GetSessionToken"))
    assert asker.may(lasting, *LIST) is False
    assert asker.may(asker.session(lasting), *LIST) is True


def test_keys_of_second_factors(asker):
    serial = asker.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed, now = serial["Base32StringSeed"].decode(), int(time.time())
    who = asker.user(allow("sts:GetSessionToken"))
    asker.iam.enable_mfa_device(UserName=asker.name, SerialNumber=serial["SerialNumber"], AuthenticationCode1=totp(seed, now - 30), AuthenticationCode2=totp(seed, now))
    name, session = asker.name, asker.session(who, SerialNumber=serial["SerialNumber"], TokenCode=totp(seed, now + 30))
    for key in ("acs:MFAPresent", "aws:MultiFactorAuthPresent", "acs:MFAAge", "aws:MultiFactorAuthAge"):
        operator, fits, other = ("Bool", "true", "false") if "Present" in key else ("NumericLessThan", "3600", "0")
        for value, holds in ((fits, True), (other, False)):
            asker.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("sts:GetSessionToken"), {**allow("iam:ListUsers"), "Condition": {operator: {key: value}}}))
            assert asker.may(session, *LIST) is holds, key
            assert asker.may(who, *LIST) is False, key  # a key that lasts shows none


def test_keys_of_trust(asker):
    """sts:ExternalId and sts:RoleSessionName, in a role's trust policy."""
    who = asker.user(allow("sts:AssumeRole"))
    for n, (key, fits, other) in enumerate((("sts:ExternalId", {"ExternalId": "abc"}, {"ExternalId": "abd"}), ("sts:RoleSessionName", {"RoleSessionName": "at-work"}, {"RoleSessionName": "away"}),
                                            ("aws:username", None, None))):
        value = next(iter(fits.values())) if fits else asker.name
        says = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": asker.account}, "Condition": {"StringEquals": {key: value}}}
        asker.iam.create_role(RoleName=f"trusting-{n}", AssumeRolePolicyDocument=document(says))
        base = {"RoleArn": f"arn:aws:iam::{asker.account}:role/trusting-{n}", "RoleSessionName": "at-work"}
        assert ask_form(asker.server, "sts", "AssumeRole", {**base, **(fits or {})}, who=who[:2])[0] == 200, key
        stranger = who if other else asker.user(allow("sts:AssumeRole"))
        assert ask_form(asker.server, "sts", "AssumeRole", {**base, **(other or {})}, who=stranger[:2])[0] == 403, key


# never in a request: nothing here calls another service for somebody, passes roles, has networks or organizations
ABSENT = ["iam:PassedToService", "iam:AssociatedResourceArn", "iam:AWSServiceName", "aws:CalledVia", "aws:CalledViaFirst", "aws:PrincipalOrgID", "aws:SourceVpc", "acs:SourceVpc", "aws:SourceVpce",
          "aws:SourceArn", "aws:Referer"]


@pytest.mark.parametrize("key", ABSENT)
def test_a_key_that_no_request_has(asker, key):
    def condition(operator, value):
        return {**allow("iam:ListUsers"), "Condition": {operator: {key: value}}}
    assert asker.may(asker.user(condition("StringLike", "*")), *LIST) is False
    assert asker.may(asker.user(condition("Null", "true")), *LIST) is True
    assert asker.may(asker.user(condition("Null", "false")), *LIST) is False
    assert asker.may(asker.user(condition("StringLikeIfExists", "x")), *LIST) is True
    # in version 1 a key that nobody knows is refused when the policy is written
    with pytest.raises(asker.iam.exceptions.MalformedPolicyDocumentException):
        asker.iam.put_user_policy(UserName="free", PolicyName="no", PolicyDocument=json.dumps({"Version": "1", "Statement": [condition("StringLike", "*")]}))


# tested with what they belong to
ELSEWHERE = {"oidc:": "test_federation.py", "saml:": "saml.test.js", "kms:": "test_conditions.py, test_key_policies.py", "oss:": "oss.test.js", "s3:": "oss.test.js",
             "secretsmanager:": "test_boto3_secrets.py"}


def names_in_source():
    with open(os.path.join(ROOT, "src/access/condition_key.h"), encoding="utf-8") as f:
        defined = dict(re.findall(r'#define (CONDITION_\w+)\s+(?:\\\s+)?"([^"]+)"', f.read()))
    with open(os.path.join(ROOT, "src/access/condition_key.c"), encoding="utf-8") as f:
        table = f.read().split("} ROWS[] = {")[1].split("\n};")[0]
    for name, also in re.findall(r"\{(CONDITION_\w+), \{([^}]*)\}", table):
        yield defined[name]
        for each in re.findall(r'"([^"]+)"', also.replace('BOTH("SourceIdentity")', '"acs:SourceIdentity", "aws:SourceIdentity"')):
            yield each


def test_every_key_is_tested_and_in_the_manual():
    with open(__file__, encoding="utf-8") as f:
        tested = f.read()
    with open(os.path.join(ROOT, "docs/POLICIES.md"), encoding="utf-8") as f:
        manual = f.read().split("## What a request says of itself")[1].split("\n## ")[0]
    names = list(names_in_source())
    assert len(names) > 60
    for name in names:
        if name == "oidc:of:":  # the house's own word for ISSUER:aud and the like
            continue
        if not name.startswith(tuple(ELSEWHERE)):
            assert f'"{name}' in tested, name
        assert name.rstrip("/:") in manual, name
    for name in ABSENT:
        assert name in manual, name
