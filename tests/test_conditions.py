"""What a request says of itself, as condition keys, in both clouds' words: each allows when it holds and not otherwise."""
import json

import pytest
from conftest import ANY_PORTS, Server
from test_across_accounts import PLAIN, RAM, Account, statement


@pytest.fixture(scope="module")
def owner():
    running = Server("--in-memory", *ANY_PORTS)
    account = Account(running, running.identity()[1]["AccountId"], (running.access_key_id, running.access_key_secret))
    yield account
    running.stop()


def tags(**named):
    return json.dumps([{"TagKey": name, "TagValue": value} for name, value in named.items()])


CASES = [
    ("kms:CreateKey", "StringEquals", ["aws:RequestTag/team", "acs:RequestTag/team"], "red", {"Tags": tags(team="red")}, {"Tags": tags(team="blue")}),
    ("kms:CreateKey", "ForAllValues:StringEquals", ["aws:TagKeys", "acs:TagKeys"], ["team"], {"Tags": tags(team="x")}, {"Tags": tags(other="x")}),
    ("kms:CreateKey", "StringEquals", ["kms:KeySpec"], "Aliyun_AES_256", {}, {"KeySpec": "EC_P256", "KeyUsage": "SIGN/VERIFY"}),
    ("kms:CreateKey", "StringEquals", ["kms:KeySpec"], "SYMMETRIC_DEFAULT", {}, {"KeySpec": "RSA_2048"}),
    ("kms:CreateKey", "StringEquals", ["kms:KeyUsage"], "ENCRYPT_DECRYPT", {}, {"KeySpec": "EC_P256", "KeyUsage": "SIGN/VERIFY"}),
    ("kms:CreateKey", "StringNotEquals", ["kms:KeyUsage"], "SIGN/VERIFY", {}, {"KeySpec": "EC_P256", "KeyUsage": "SIGN/VERIFY"}),
    ("kms:CreateKey", "Bool", ["acs:SecureTransport", "aws:SecureTransport"], "false", {}, None),
    ("kms:CreateKey", "IpAddress", ["acs:SourceIp", "aws:SourceIp"], "127.0.0.0/8", {}, None),
    ("kms:CreateKey", "StringLike", ["acs:UserAgent", "aws:UserAgent"], "Python-urllib/*", {}, None),
    ("kms:CreateKey", "DateGreaterThan", ["acs:CurrentTime", "aws:CurrentTime"], "2024-01-01T00:00:00Z", {}, None),
    ("kms:CreateKey", "NumericGreaterThan", ["aws:EpochTime"], "1700000000", {}, None),
    ("kms:CreateKey", "StringEquals", ["acs:PrincipalTag/role", "aws:PrincipalTag/role"], "maker", {}, None),
    ("kms:CreateKey", "Null", ["acs:MFAAge", "aws:MultiFactorAuthAge"], "true", {}, None),
]


@pytest.mark.parametrize("action,operator,keys,wanted,holds,fails", CASES)
def test_a_condition_of_a_request(owner, action, operator, keys, wanted, holds, fails):
    for key in keys:
        for version in ("1", "2012-10-17"):
            user = owner.user()
            owner.must("TagResources", RAM, ResourceType="user", **{"ResourceNames.1": user.name, "Tag.1.Key": "role", "Tag.1.Value": "maker"})
            document = json.dumps({"Version": version, "Statement": [statement("Allow", action, Condition={operator: {key: wanted}})]})
            name = f"c-{user.name}"
            owner.must("CreatePolicy", RAM, PolicyName=name, PolicyDocument=document)
            owner.must("AttachPolicyToUser", RAM, PolicyName=name, PolicyType="Custom", UserName=user.name)
            assert user.ask("CreateKey", **holds)[0] == 200, (key, version)
            if fails is not None:
                assert user.ask("CreateKey", **fails)[0] == 403, (key, version)


def test_tags_of_who_is_asked_about_and_what_a_grant_gives(owner):
    tagged, plain, key = owner.user(), owner.user(), owner.key()
    owner.must("TagResources", RAM, ResourceType="user", **{"ResourceNames.1": tagged.name, "Tag.1.Key": "team", "Tag.1.Value": "red"})
    helper = owner.user(statement("Allow", "ram:GetUser", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}}),
                        statement("Allow", "kms:CreateGrant", Condition={"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]},
                                                                         "ArnEquals": {"kms:GranteePrincipal": tagged.arn}}))
    assert helper.ask("GetUser", RAM, UserName=tagged.name)[0] == 200
    assert helper.ask("GetUser", RAM, UserName=plain.name)[0] == 403
    kms = helper.aws("kms")
    arn = tagged.arn.replace("acs:ram", "arn:aws:iam")
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=arn, Operations=["Encrypt"])
    for grantee, operations in ((arn, ["Encrypt", "Decrypt"]), (plain.arn.replace("acs:ram", "arn:aws:iam"), ["Encrypt"])):
        with pytest.raises(Exception, match="AccessDenied"):
            kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=grantee, Operations=operations)
    assert tagged.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200
