"""Policy documents that are none: refused when they are written, with the place and the reason, in both wires; nothing is half applied, and
the worst of them cost bounded time. And what must look alike, whoever is or is not there."""
import json
import os
import time

import pytest
from aws_form import ask_form, totp
from test_aws_iam import allow, clients, document, new_user, refused
from test_aws_iam import account, iam  # noqa: F401  (fixtures)

RAM, STS, OWN = "2015-05-01", "2015-04-01", "2026-01-01"


def aws(statement, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": statement})


GOOD = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}


def but(**changes):
    made = {**GOOD, **changes}
    return {key: value for key, value in made.items() if value is not None}


BAD = [
    ("", "line 1"), ("[]", "object"), ("{}", "Version"), ('{"Version": "2012-10-17"}', "Statement"), ("{", "line 1"), ('{"Version": "2012-10-17", "Statement": [', "line 1"),
    (aws([]), "Statement"), (aws([GOOD], "2099-01-01"), "Version"), (json.dumps({"Version": 1, "Statement": [GOOD]}), "Version"),
    (aws([GOOD, 7]), "Statement[1]"), (aws([GOOD, but(Effect=None)]), "Statement[1]"), (aws([but(Effect="allow")]), "Statement[0].Effect"),
    (aws([but(Action=None)]), "Statement[0]"), (aws([but(Action=[])]), "Statement[0].Action"), (aws([but(Action="Encrypt")]), "Statement[0].Action"),
    (aws([but(Action=["kms:Encrypt", 5])]), "Statement[0].Action[1]"), (aws([but(NotAction="kms:Sign")]), "Statement[0]"),
    (aws([but(Resource=None)]), "Statement[0]"), (aws([but(Resource="bucket")]), "Statement[0].Resource"), (aws([but(Resource=["*", "arn:aws"])]), "Statement[0].Resource[1]"),
    (aws([but(Principal="*")]), "Statement[0]"), (aws([but(Condition=[])]), "Statement[0].Condition"), (aws([but(Condition={"StringIs": {"a:b": "c"}})]), "Statement[0].Condition.StringIs"),
    (aws([but(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}})]), "Statement[0].Condition.IpAddress.aws:SourceIp"),
    (aws([but(Condition={"DateLessThan": {"aws:CurrentTime": "tomorrow"}})]), "Statement[0].Condition.DateLessThan.aws:CurrentTime"),
    (aws([but(Condition={"Bool": {"aws:SecureTransport": "maybe"}})]), "Statement[0].Condition.Bool.aws:SecureTransport"),
    (aws([but(Condition={"StringEquals": {"nothing": "c"}})]), "Statement[0].Condition.StringEquals.nothing"),
    (aws([but(Sid=5)]), "Statement[0].Sid"), (aws([but(Else="x")]), "Statement[0].Else"), (aws([but(Action="kms:" + "x" * 200)]), "Statement[0].Action"),
    ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', "line 1"), ('{"Version": "2012-10-17", "Statement": [' + "[" * 40 + "]" * 40 + "]}", "line 1"),
    (aws([but(Resource="arn:aws:s3:::${aws:username")]), "Statement[0].Resource"), ('{"Version": "2012-10-17", "Statement": "\\ud800"}', "line 1"),
]


@pytest.mark.parametrize("text,place", BAD, ids=range(len(BAD)))
def test_what_is_no_policy_is_refused_with_its_place(server, text, place):
    status, answer = server.ask("CreatePolicy", version=RAM, PolicyName="bad", PolicyDocument=text.encode("utf-8", "replace").decode())
    if not text:
        assert status == 400, answer
        return
    assert (status, answer["Code"]) == (400, "MalformedPolicyDocument"), answer
    assert place in answer["Message"], answer["Message"]
    status, told = ask_form(server, "iam", "CreatePolicy", {"PolicyName": "bad", "PolicyDocument": text.encode("utf-8", "replace").decode()})
    assert status == 400 and "<Code>MalformedPolicyDocument</Code>" in told and place.replace('"', "&quot;") in told, told
    assert server.ask("GetPolicy", version=RAM, PolicyName="bad", PolicyType="Custom")[0] == 404


def test_nothing_is_half_applied(server, iam):  # noqa: F811
    bad, good = aws([but(Effect="Perhaps")]), aws([GOOD])
    arn = iam.create_policy(PolicyName="whole", PolicyDocument=good)["Policy"]["Arn"]
    for call, arguments in (("create_policy_version", {"PolicyArn": arn, "SetAsDefault": True}), ("put_user_policy", {"UserName": "whole", "PolicyName": "p"}),
                            ("put_group_policy", {"GroupName": "whole", "PolicyName": "p"}), ("put_role_policy", {"RoleName": "whole", "PolicyName": "p"})):
        for make in ("create_user", "create_group"):
            name = {"create_user": "UserName", "create_group": "GroupName"}[make]
            try:
                getattr(iam, make)(**{name: "whole"})
            except iam.exceptions.EntityAlreadyExistsException:
                pass
        try:
            iam.create_role(RoleName="whole", AssumeRolePolicyDocument=aws([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]))
        except iam.exceptions.EntityAlreadyExistsException:
            pass
        refused("MalformedPolicyDocument", 400, getattr(iam, call), PolicyDocument=bad, **arguments)
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    assert iam.list_user_policies(UserName="whole")["PolicyNames"] == iam.list_group_policies(GroupName="whole")["PolicyNames"] == []
    before = iam.get_role(RoleName="whole")["Role"]
    refused("MalformedPolicyDocument", 400, iam.update_assume_role_policy, RoleName="whole", PolicyDocument=good)
    status, answer = server.ask("UpdateRole", version=RAM, RoleName="whole", NewDescription="changed", NewAssumeRolePolicyDocument=good)
    assert (status, answer["Code"]) == (400, "MalformedPolicyDocument")
    after = iam.get_role(RoleName="whole")["Role"]
    assert after.get("Description") == before.get("Description") and after["AssumeRolePolicyDocument"] == before["AssumeRolePolicyDocument"]
    status, answer = server.ask("CreateUser", version=RAM, UserName="half", **{"Tag.1.Key": "a", "Tag.2.Key": "a"})
    assert status == 400 and server.ask("GetUser", version=RAM, UserName="half")[0] == 404


def cpu_s(server, role):
    ticks = 0
    for pid in server.pids(role):
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def test_the_worst_costs_bounded_time(server):
    """CPU of core and gateways, not the clock on the wall: ten of each."""
    stars = "kms:" + "*a" * 60
    documents = [
        aws([but(Action=[stars + str(n) for n in range(40)], Resource=["arn:aws:kms:*:*:" + "*a" * 30 + str(n) for n in range(20)])]),
        '{"Version": "2012-10-17", "Statement": ' + "[" * 3000 + "]" * 3000 + "}",
        json.dumps({"Version": "2012-10-17", "Statement": [but(Condition={"StringEquals": {f"aws:k{n:04}": "v" for n in range(200)}})]}),
        aws([{"Effect": "Allow", "Action": "a:b", "Resource": "*"}] * 100),
        aws([but(Condition={"StringLike": {"aws:username": ["*" + "a*" * 40] * 60}})]),
    ]
    begun = cpu_s(server, "core") + cpu_s(server, "gateway")
    for text in documents:
        for n in range(10):
            status, answer = server.ask("LintPolicy", version=OWN, PolicyDocument=text[:32000])
            assert status == 200, answer
    assert cpu_s(server, "core") + cpu_s(server, "gateway") - begun < 5


# ---- what must look alike

def test_codes_of_devices_that_are_not_there_look_like_wrong_ones(server, iam, account):  # noqa: F811
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="somebodys")["VirtualMFADevice"]
    iam.create_user(UserName="somebody")
    seed, now = made["Base32StringSeed"].decode(), int(time.time())
    iam.enable_mfa_device(UserName="somebody", SerialNumber=made["SerialNumber"], AuthenticationCode1=totp(seed, now - 30), AuthenticationCode2=totp(seed, now))
    _, other = new_user(server, iam, "other-person")
    serials = (made["SerialNumber"], f"arn:aws:iam::{account}:mfa/nobodys", "arn:aws:iam::999999999999:mfa/x", "nobodys")
    told = set()
    for serial in serials:
        answer = refused("AccessDenied", 403, other.get_session_token, SerialNumber=serial if len(serial) > 9 else serial + "-x", TokenCode="123456")
        told.add(answer["Error"]["Message"])
    assert len(told) == 1, told
    key = iam.create_access_key(UserName="other-person")["AccessKey"]
    answers = {json.dumps([status, answer["Code"], answer["Message"]]) for status, answer in (
        server.ask("GetSessionToken", version=STS, access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"], SerialNumber=serial, TokenCode="123456")
        for serial in serials)}
    assert len(answers) == 1, answers


def test_tokens_of_users_that_are_gone_look_like_forged_ones(server, iam):  # noqa: F811
    _, sts = new_user(server, iam, "goes-away")
    given = sts.get_session_token()["Credentials"]
    args = (server, given["AccessKeyId"], given["SecretAccessKey"])
    forged = refused("InvalidClientTokenId", 403, clients(*args, given["SessionToken"][:-8] + "AAAAAAA=")[1].get_caller_identity)
    for key in iam.list_access_keys(UserName="goes-away")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="goes-away", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="goes-away")
    gone = refused("InvalidClientTokenId", 403, clients(*args, given["SessionToken"])[1].get_caller_identity)
    assert gone["Error"]["Message"] == forged["Error"]["Message"]


def test_a_bad_signature_wins_whoever_is_named(server, iam):  # noqa: F811
    """Users, devices, keys and policies that are there and that are not: who cannot sign is told the same."""
    iam.create_user(UserName="there")
    iam.create_policy(PolicyName="there", PolicyDocument=document(allow("kms:*")))
    asks = [("ram", RAM, "GetUser", "UserName"), ("ram", RAM, "DeleteUser", "UserName"), ("ram", RAM, "GetLoginProfile", "UserName")]
    for _, version, action, field in asks:
        answers = {(status, answer["Code"]) for status, answer in (server.ask(action, version=version, secret="wrong", **{field: name}) for name in ("there", "not-there"))}
        assert answers == {(400, "SignatureDoesNotMatch")} or len(answers) == 1, answers
    wrong = (server.access_key_id, "wrong")
    for action, field in (("GetUser", "UserName"), ("ListMFADevices", "UserName"), ("GetUserPolicy", "UserName")):
        told = {text.split("<RequestId>")[0] for _, text in (ask_form(server, "iam", action, {field: name, "PolicyName": "x"}, who=wrong) for name in ("there", "not-there"))}
        assert len(told) == 1 and "SignatureDoesNotMatch" in told.pop()
