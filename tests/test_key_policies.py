"""Who may use a key: its policy and its grants, through boto3 and through Alibaba's wire, for users that are allowed and users that
are not. One key, one policy, whichever client looks at it."""
import base64
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import ANY_PORTS, Server

RAM = "2015-05-01"
COUNT = iter(range(1000))


def kms(server, who=None, region="cn-hangzhou"):
    access_key_id, secret = who or (server.access_key_id, server.access_key_secret)
    return boto3.client("kms", endpoint_url="http://" + server.http, region_name=region, aws_access_key_id=access_key_id,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}, read_timeout=30))


def refused(code, call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    assert caught.value.response["Error"]["Code"] == code, caught.value.response
    return caught.value.response["Error"]["Message"]


def ram(server, action, **parameters):
    status, answer = server.ask(action, version=RAM, **parameters)
    assert status == 200, answer
    return answer


class User:
    """A user with an access key and, perhaps, a policy of its own."""

    def __init__(self, server, *statements, version="2012-10-17"):
        self.server, self.name = server, f"u{next(COUNT)}"
        ram(server, "CreateUser", UserName=self.name)
        self.make_key()
        if statements:
            self.may(version, *statements)

    def make_key(self):
        key = ram(self.server, "CreateAccessKey", UserName=self.name)["AccessKey"]
        self.access_key = key["AccessKeyId"], key["AccessKeySecret"]
        self.kms = kms(self.server, self.access_key)

    def may(self, version, *statements):
        name = f"{self.name}-{next(COUNT)}"
        ram(self.server, "CreatePolicy", PolicyName=name, PolicyDocument=json.dumps({"Version": version, "Statement": list(statements)}))
        ram(self.server, "AttachPolicyToUser", PolicyName=name, PolicyType="Custom", UserName=self.name)

    @property
    def arn(self):
        return f"arn:aws:iam::{self.server.account}:user/{self.name}"


def says(effect, action="kms:*", resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def key_policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def to(principal, effect="Allow", action="kms:*", **more):
    return says(effect, action, Principal=principal, **more)


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    _, identity = running.identity()
    running.account = identity["AccountId"]
    yield running
    running.stop()


@pytest.fixture(scope="module")
def owner(server):
    return kms(server)


@pytest.fixture
def key(owner):
    return owner.create_key()["KeyMetadata"]["KeyId"]


def root(server):
    return {"AWS": f"arn:aws:iam::{server.account}:root"}


# ---- identity policies in the other cloud's grammar

def test_identity_policies_of_both_grammars_mean_the_same(server, owner, key):
    arn = owner.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    theirs = User(server, says("Allow", ["kms:Encrypt", "kms:DescribeKey"], arn))
    ours = User(server, says("Allow", ["kms:Encrypt", "kms:DescribeKey"], arn.replace("arn:aws", "acs")), version="1")
    for user in (theirs, ours):
        assert user.kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == arn
        refused("AccessDeniedException", user.kms.generate_data_key, KeyId=key, KeySpec="AES_256")
        status, answer = server.ask("Encrypt", access_key_id=user.access_key[0], secret=user.access_key[1], KeyId=key, Plaintext="eA==")
        assert status == 200, answer
        status, answer = server.ask("DisableKey", access_key_id=user.access_key[0], secret=user.access_key[1], KeyId=key)
        assert (status, answer["Code"]) == (403, "Forbidden.NoPermission")


def test_variables_and_conditions(server, owner, key):
    user = User(server, says("Allow", "kms:Encrypt", Condition={"StringEquals": {"kms:EncryptionContext:owner": "${aws:username}"}}))
    user.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"owner": user.name, "more": "1"})
    for context in ({}, {"owner": "x"}, {"Owner": user.name}):
        refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)
    strict = User(server, says("Allow", "kms:Encrypt", Condition={"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}}))
    strict.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})
    refused("AccessDeniedException", strict.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "c": "1"})


# ---- key policies

def test_a_key_without_a_policy_shows_the_default_one(server, owner, key):
    assert owner.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    shown = json.loads(owner.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    assert shown["Statement"][0]["Principal"] == root(server) and shown["Version"] == "2012-10-17"
    status, answer = server.ask("GetKeyPolicy", KeyId=key, PolicyName="default")
    assert status == 200 and json.loads(answer["Policy"])["Statement"][0]["Principal"] == {"RAM": [f"acs:ram::{server.account}:*"]}
    refused("NotFoundException", owner.get_key_policy, KeyId=key, PolicyName="other")


def test_the_policy_of_a_key_comes_before_all_others(server, owner, key):
    admin, named, nobody = User(server, says("Allow")), User(server), User(server)
    for user in (named, nobody):
        refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")
    admin.kms.encrypt(KeyId=key, Plaintext=b"x")
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(to(root(server), action=["kms:*"]), to({"AWS": named.arn}, action="kms:Encrypt")))
    named.kms.encrypt(KeyId=key, Plaintext=b"x")  # needs no policy of its own
    refused("AccessDeniedException", named.kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    refused("AccessDeniedException", nobody.kms.encrypt, KeyId=key, Plaintext=b"x")
    admin.kms.encrypt(KeyId=key, Plaintext=b"x")
    # without the account in it, the account's own policies say nothing
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(to({"AWS": named.arn})), BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", admin.kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", owner.encrypt, KeyId=key, Plaintext=b"x")
    named.kms.encrypt(KeyId=key, Plaintext=b"x")
    # the other client sees the same
    status, answer = server.ask("Encrypt", KeyId=key, Plaintext="eA==")
    assert (status, answer["Code"]) == (403, "Forbidden.NoPermission")
    # a deny in it holds for everybody
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(to(root(server)), to("*", "Deny", "kms:Encrypt")))
    for user in (admin.kms, named.kms, owner):
        refused("AccessDeniedException", user.encrypt, KeyId=key, Plaintext=b"x")
    # and the owner always gets it back
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(to("*", "Deny"), to({"AWS": named.arn})))
    refused("AccessDeniedException", owner.describe_key, KeyId=key)
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(to(root(server))))
    owner.encrypt(KeyId=key, Plaintext=b"x")


def test_not_principal_and_conditions_in_a_key_policy(server, owner, key):
    chosen, other = User(server, says("Allow")), User(server, says("Allow"))
    policy = key_policy(to(root(server)), {"Effect": "Deny", "NotPrincipal": {"AWS": [chosen.arn, f"arn:aws:iam::{server.account}:root"]},
                                           "Action": "kms:Decrypt", "Resource": "*"})
    owner.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    blob = other.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("AccessDeniedException", other.kms.decrypt, CiphertextBlob=blob)
    assert chosen.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert owner.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_malformed_policies_are_refused_with_the_place(owner, key):
    for document, place in [("{", "line 1"), ("[]", "must be an object"), (key_policy(says("Allow")), "Statement[0]: must have either Principal"),
                            (key_policy(to({"AWS": "nobody"})), "Statement[0].Principal.AWS"),
                            (key_policy(to("*", action="kms")), "Statement[0].Action"),
                            (key_policy(to("*"), to("*", Condition={"StringIs": {}})), "Statement[1].Condition.StringIs")]:
        assert place in refused("MalformedPolicyDocumentException", owner.put_key_policy, KeyId=key, PolicyName="default", Policy=document)
        assert place in refused("MalformedPolicyDocumentException", owner.create_key, Policy=document)
    assert json.loads(owner.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Id"] == "key-default-1"  # nothing was kept


def test_who_sets_a_policy_must_be_able_to_set_the_next(server, owner, key):
    admin = User(server, says("Allow"))
    locking = key_policy(to(root(server), action="kms:Encrypt"))
    assert "in the future" in refused("MalformedPolicyDocumentException", admin.kms.put_key_policy, KeyId=key, PolicyName="default", Policy=locking)
    admin.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=locking, BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", admin.kms.put_key_policy, KeyId=key, PolicyName="default", Policy=key_policy(to(root(server))))
    refused("AccessDeniedException", admin.kms.get_key_policy, KeyId=key, PolicyName="default")
    made = admin.kms.create_key(Policy=key_policy(to(root(server)), to({"AWS": admin.arn})))["KeyMetadata"]["KeyId"]
    assert len(json.loads(owner.get_key_policy(KeyId=made, PolicyName="default")["Policy"])["Statement"]) == 2
    refused("MalformedPolicyDocumentException", admin.kms.create_key, Policy=locking)


def test_key_policies_in_alibabas_grammar(server, owner, key):
    user = User(server)
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": {"RAM": [f"acs:ram::{server.account}:*"]}, "Action": ["kms:*"], "Resource": ["*"]},
                                              {"Effect": "Allow", "Principal": {"RAM": [f"acs:ram::{server.account}:user/{user.name}"]},
                                               "Action": ["kms:Encrypt"], "Resource": ["*"]}]}
    status, answer = server.ask("SetKeyPolicy", KeyId=key, PolicyName="default", Policy=json.dumps(document))
    assert status == 200, answer
    user.kms.encrypt(KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", user.kms.describe_key, KeyId=key)
    assert json.loads(owner.get_key_policy(KeyId=key, PolicyName="default")["Policy"]) == document
    status, answer = server.ask("CreateKey", Policy=json.dumps(document))
    assert status == 200, answer
    assert user.kms.encrypt(KeyId=answer["KeyMetadata"]["KeyId"], Plaintext=b"x")


# ---- grants

def test_grants_give_and_end(server, owner, key):
    user = User(server)
    given = owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt", "Decrypt"])
    assert len(given["GrantId"]) == 64
    blob = user.kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[given["GrantToken"]])["CiphertextBlob"]
    assert user.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused("AccessDeniedException", user.kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    refused("AccessDeniedException", User(server).kms.encrypt, KeyId=key, Plaintext=b"x")
    listed = owner.list_grants(KeyId=key)["Grants"]
    assert [(g["GrantId"], g["GranteePrincipal"], sorted(g["Operations"])) for g in listed] == [(given["GrantId"], user.arn, ["Decrypt", "Encrypt"])]
    assert listed[0]["KeyId"].startswith("arn:aws:kms:") and listed[0]["IssuingAccount"] == server.account
    refused("AccessDeniedException", user.kms.revoke_grant, KeyId=key, GrantId=given["GrantId"])
    # this boto3 has no DryRun yet
    status, answer = server.ask("RevokeGrant", KeyId=key, GrantId=given["GrantId"], DryRun="true")
    assert (status, answer["Code"]) == (400, "DryRunOperationError")
    owner.revoke_grant(KeyId=key, GrantId=given["GrantId"])
    refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("NotFoundException", owner.revoke_grant, KeyId=key, GrantId=given["GrantId"])
    assert owner.list_grants(KeyId=key)["Grants"] == []


def test_grants_hold_the_encryption_context_to_it(server, owner, key):
    exact, subset = User(server), User(server)
    owner.create_grant(KeyId=key, GranteePrincipal=exact.arn, Operations=["Encrypt"], Constraints={"EncryptionContextEquals": {"a": "1", "b": "2"}})
    owner.create_grant(KeyId=key, GranteePrincipal=subset.arn, Operations=["Encrypt"], Constraints={"EncryptionContextSubset": {"a": "1"}})
    exact.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"b": "2", "a": "1"})
    for context in ({"a": "1"}, {"a": "1", "b": "2", "c": "3"}, {}):
        refused("AccessDeniedException", exact.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)
    subset.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"z": "0", "a": "1"})
    refused("AccessDeniedException", subset.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "2"})
    assert {tuple(g["Constraints"]) for g in owner.list_grants(KeyId=key)["Grants"]} == {("EncryptionContextEquals",), ("EncryptionContextSubset",)}


def test_the_same_named_grant_is_made_once(server, owner, key):
    user = User(server)
    wish = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Encrypt", "Decrypt"], "Name": "for-the-job"}
    first = owner.create_grant(**wish)
    assert owner.create_grant(**wish)["GrantId"] == first["GrantId"]
    assert owner.create_grant(**{**wish, "Operations": ["Encrypt"]})["GrantId"] != first["GrantId"]
    assert owner.create_grant(**{**wish, "Name": "another"})["GrantId"] != first["GrantId"]
    assert len(owner.list_grants(KeyId=key)["Grants"]) == 3


def test_a_grantee_passes_on_no_more_than_it_has(server, owner, key):
    middle, end = User(server), User(server)
    owner.create_grant(KeyId=key, GranteePrincipal=middle.arn, Operations=["Encrypt", "CreateGrant"], Constraints={"EncryptionContextSubset": {"a": "1"}})
    give = middle.kms.create_grant
    refused("AccessDeniedException", give, KeyId=key, GranteePrincipal=end.arn, Operations=["Encrypt"])
    refused("AccessDeniedException", give, KeyId=key, GranteePrincipal=end.arn, Operations=["Decrypt"], Constraints={"EncryptionContextSubset": {"a": "1"}})
    give(KeyId=key, GranteePrincipal=end.arn, Operations=["Encrypt"], Constraints={"EncryptionContextSubset": {"a": "1", "b": "2"}})
    end.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})
    refused("AccessDeniedException", end.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})
    refused("AccessDeniedException", end.kms.create_grant, KeyId=key, GranteePrincipal=end.arn, Operations=["Encrypt"])


def test_grants_are_retired_by_whom_they_name(server, owner, key):
    user, retiring, other = User(server), User(server), User(server)
    wish = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Encrypt"]}
    first = owner.create_grant(**wish, RetiringPrincipal=retiring.arn)
    refused("AccessDeniedException", other.kms.retire_grant, GrantToken=first["GrantToken"])
    refused("AccessDeniedException", user.kms.retire_grant, KeyId=key, GrantId=first["GrantId"])
    listed = owner.list_retirable_grants(RetiringPrincipal=retiring.arn)["Grants"]
    assert [g["GrantId"] for g in listed] == [first["GrantId"]]
    retiring.kms.retire_grant(GrantToken=first["GrantToken"])
    refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")
    second = owner.create_grant(**{**wish, "Operations": ["Encrypt", "RetireGrant"]})
    arn = owner.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    user.kms.retire_grant(KeyId=arn, GrantId=second["GrantId"])
    refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("InvalidGrantTokenException", owner.retire_grant, GrantToken="no token")


def test_a_deny_beats_a_grant_and_a_new_user_is_not_the_old_one(server, owner, key):
    user = User(server)
    owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])
    user.kms.encrypt(KeyId=key, Plaintext=b"x")
    ram(server, "DeleteAccessKey", UserName=user.name, UserAccessKeyId=user.access_key[0])
    ram(server, "DeleteUser", UserName=user.name)
    ram(server, "CreateUser", UserName=user.name)
    user.make_key()
    refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")
    owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])
    user.kms.encrypt(KeyId=key, Plaintext=b"x")
    user.may("2012-10-17", says("Deny", "kms:Encrypt"))
    refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")


def test_what_a_grant_may_not_be(server, owner, key):
    user = User(server)
    wish = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Encrypt"]}
    for code, change in [("InvalidArnException", {"GranteePrincipal": "nobody"}), ("InvalidArnException", {"GranteePrincipal": user.arn + "-not-there"}),
                         ("InvalidArnException", {"GranteePrincipal": "arn:aws:iam::1:user/*"}), ("ValidationException", {"Operations": ["ScheduleKeyDeletion"]}),
                         ("ValidationException", {"Operations": []}), ("ValidationException", {"Name": "a b"}),
                         ("ValidationException", {"Constraints": {"EncryptionContextSubset": {str(i): "" for i in range(9)}}}),
                         ("ValidationException", {"Constraints": {"EncryptionContextSubset": {"a": ""}, "EncryptionContextEquals": {"a": ""}}}),
                         ("NotFoundException", {"KeyId": "00000000-0000-4000-8000-000000000000"})]:
        refused(code, owner.create_grant, **{**wish, **change})
    owner.disable_key(KeyId=key)
    refused("DisabledException", owner.create_grant, **wish)
    assert owner.list_grants(KeyId=key)["Grants"] == []


def test_grants_are_listed_in_pages(server, owner, key):
    users = [User(server) for _ in range(3)]
    made = {owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])["GrantId"] for user in users}
    pages = list(owner.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 2}))
    assert [len(page["Grants"]) for page in pages] == [2, 1]
    assert {g["GrantId"] for page in pages for g in page["Grants"]} == made
    chosen = owner.list_grants(KeyId=key, GranteePrincipal=users[1].arn)["Grants"]
    assert len(chosen) == 1 and chosen[0]["GranteePrincipal"] == users[1].arn
    refused("InvalidMarkerException", owner.list_grants, KeyId=key, Marker="AAAA")


def test_tokens_are_those_of_grants(server, owner, key):
    """A grant works without its token here; what is given as one has to be one."""
    user, other = User(server), owner.create_key()["KeyMetadata"]["KeyId"]
    given = owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt", "Decrypt", "DescribeKey"])
    beside = owner.create_grant(KeyId=other, GranteePrincipal=user.arn, Operations=["Encrypt"])
    there = kms(server, region="eu-west-3")
    foreign = there.create_grant(KeyId=there.create_key()["KeyMetadata"]["KeyId"], GranteePrincipal=user.arn, Operations=["Encrypt"])
    token = given["GrantToken"]
    assert user.kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[])["KeyId"]
    blob = user.kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token, beside["GrantToken"]])["CiphertextBlob"]
    within = base64.b64decode(token)
    spoilt = base64.b64encode(within[:-1] + (b"1" if within.endswith(b"0") else b"0")).decode()
    for wrong in ("x", "AAAA", token[:-4], spoilt, foreign["GrantToken"]):
        refused("InvalidGrantTokenException", user.kms.encrypt, KeyId=key, Plaintext=b"x", GrantTokens=[token, wrong])
        refused("InvalidGrantTokenException", user.kms.decrypt, CiphertextBlob=blob, GrantTokens=[wrong])
        refused("InvalidGrantTokenException", user.kms.describe_key, KeyId=key, GrantTokens=[wrong])
        refused("InvalidGrantTokenException", owner.retire_grant, GrantToken=wrong)
    refused("ValidationException", user.kms.encrypt, KeyId=key, Plaintext=b"x", GrantTokens=[token] * 11)
    owner.retire_grant(GrantToken=token)
    refused("AccessDeniedException", user.kms.decrypt, CiphertextBlob=blob, GrantTokens=[token])
    refused("InvalidGrantTokenException", owner.decrypt, CiphertextBlob=blob, GrantTokens=[token])
    assert [g["GrantId"] for g in there.list_retirable_grants(RetiringPrincipal=user.arn)["Grants"]] == []


def test_grants_to_retire_are_those_of_the_region(server, owner, key):
    user, there = User(server), kms(server, region="eu-west-3")
    wish = {"GranteePrincipal": user.arn, "RetiringPrincipal": user.arn, "Operations": ["Encrypt"]}
    here_id = owner.create_grant(KeyId=key, **wish)["GrantId"]
    there_id = there.create_grant(KeyId=there.create_key()["KeyMetadata"]["KeyId"], **wish)["GrantId"]
    for client, expected in ((owner, here_id), (there, there_id)):
        assert [g["GrantId"] for g in client.list_retirable_grants(RetiringPrincipal=user.arn)["Grants"]] == [expected]


@pytest.mark.parametrize("more, fits, does_not", [
    ({}, "Encrypt GenerateDataKeyPair ReEncryptTo", "Sign GenerateMac GetPublicKey DeriveSharedSecret"),
    ({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}, "Sign Verify GetPublicKey", "Encrypt GenerateDataKey VerifyMac"),
    ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, "GenerateMac VerifyMac DescribeKey", "Sign Decrypt GetPublicKey"),
])
def test_grants_give_what_the_key_is_for(server, owner, more, fits, does_not):
    user, key_id = User(server), owner.create_key(**more)["KeyMetadata"]["KeyId"]
    for name in does_not.split():
        refused("ValidationException", owner.create_grant, KeyId=key_id, GranteePrincipal=user.arn, Operations=["DescribeKey", name])
    owner.create_grant(KeyId=key_id, GranteePrincipal=user.arn, Operations=fits.split())
    if more:
        refused("ValidationException", owner.create_grant, KeyId=key_id, GranteePrincipal=user.arn, Operations=fits.split(),
                Constraints={"EncryptionContextSubset": {"a": "b"}})


def test_ids_of_grants(owner, key):
    for wrong in ("x", "A" * 64, "0" * 63):
        refused("InvalidGrantIdException", owner.revoke_grant, KeyId=key, GrantId=wrong)
        refused("InvalidGrantIdException", owner.retire_grant, KeyId=key, GrantId=wrong)
    refused("NotFoundException", owner.revoke_grant, KeyId=key, GrantId="0" * 64)
