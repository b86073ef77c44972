"""A refusal says why, sealed: whoever may decode it in the same account reads who asked for what, and which statements matched."""
import json
import re

import pytest
from test_key_policies import User, key_policy, kms, ram, refused, root, says, server, to  # noqa: F401  (server is a fixture)

RAM = "2015-05-01"


def message_of(text):
    found = re.search(r"EncodedDiagnosticMessage: ([A-Za-z0-9+/=]+)", text)
    assert found, text
    return found[1]


def decoded(server, message):
    status, answer = server.ask("DecodeDiagnosticMessage", version=RAM, EncodedDiagnosticMessage=message)
    assert status == 200, answer
    return answer["DecodedDiagnosticMessage"]


@pytest.fixture(scope="module")
def owner(server):  # noqa: F811
    return kms(server)


def test_an_implicit_deny_names_what_was_asked(server, owner):  # noqa: F811
    key = owner.create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["KeyId"]
    user = User(server, says("Allow", "kms:Decrypt"))
    told = decoded(server, message_of(refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"secret", EncryptionContext={"app": "pay"})))
    assert told["AuthAction"] == "kms:Encrypt" and told["AuthResource"].endswith("key/" + key)
    assert told["ExplicitDeny"] is False and told["NoPermissionPolicyType"] == "None" and told.get("MatchedPolicies", []) == []
    assert told["AuthPrincipal"]["AuthPrincipalDisplayName"] == user.name and told["AuthPrincipal"]["AuthPrincipalType"] == "SubUser"
    conditions = {c["ConditionKey"]: c["ConditionValues"] for c in told["AuthConditions"]}
    assert conditions["kms:EncryptionContext:app"] == ["pay"] and conditions["acs:ResourceTag/team"] == ["red"]
    assert conditions["acs:SecureTransport"] == ["false"] and conditions["acs:UserName"] == [user.name]
    assert "secret" not in json.dumps(told)


def test_an_explicit_deny_names_the_statement(server, owner):  # noqa: F811
    key = owner.create_key()["KeyMetadata"]["KeyId"]
    user = User(server, says("Allow"), says("Deny", "kms:ListKeys"), says("Deny", "kms:Enc*"))
    told = decoded(server, message_of(refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x")))
    assert told["ExplicitDeny"] is True and told["NoPermissionPolicyType"] == "IdentityPolicy"
    matched = {(m["Statement"], m["Effect"]) for m in told["MatchedPolicies"]}
    assert matched == {(0, "Allow"), (2, "Deny")} and all(m["PolicyIdentifier"].startswith(user.name) for m in told["MatchedPolicies"])


def test_the_policy_of_the_key_is_named(server, owner):  # noqa: F811
    key = owner.create_key(Policy=key_policy(to(root(server)), to("*", "Deny", "kms:Encrypt")))["KeyMetadata"]["KeyId"]
    told = decoded(server, message_of(refused("AccessDeniedException", owner.encrypt, KeyId=key, Plaintext=b"x")))
    assert told["ExplicitDeny"] is True and told["NoPermissionPolicyType"] == "ResourcePolicy"
    assert ("ResourcePolicy", 1, "Deny") in {(m["PolicyType"], m["Statement"], m["Effect"]) for m in told["MatchedPolicies"]}
    assert told["AuthPrincipal"]["AuthPrincipalType"] == "Account"


def test_only_who_may_reads_it(server, owner):  # noqa: F811
    key = owner.create_key()["KeyMetadata"]["KeyId"]
    user, auditor = User(server), User(server, says("Allow", "sts:DecodeAuthorizationMessage"))
    message = message_of(refused("AccessDeniedException", user.kms.encrypt, KeyId=key, Plaintext=b"x"))
    ask = {"version": RAM, "EncodedDiagnosticMessage": message}
    status, answer = server.ask("DecodeDiagnosticMessage", access_key_id=user.access_key[0], secret=user.access_key[1], **ask)
    assert (status, answer["Code"]) == (403, "NoPermission")
    status, answer = server.ask("DecodeDiagnosticMessage", access_key_id=auditor.access_key[0], secret=auditor.access_key[1], **ask)
    assert status == 200, answer
    # who has not signed is told nothing of it
    status, answer = server.ask("Encrypt", access_key_id=user.access_key[0], secret="wrong", KeyId=key, Plaintext="eA==")
    assert answer["Code"] == "SignatureDoesNotMatch" and "Diagnostic" not in answer["Message"]


def test_other_messages_are_refused_alike(server, owner):  # noqa: F811
    key = owner.create_key()["KeyMetadata"]["KeyId"]
    message = message_of(refused("AccessDeniedException", User(server).kms.encrypt, KeyId=key, Plaintext=b"x"))
    changed = ("B" if message[20] == "A" else "A")
    for wrong in ("AAAA", "not base64", message[:-8], message[:20] + changed + message[21:], "A" * 200):
        status, answer = server.ask("DecodeDiagnosticMessage", version=RAM, EncodedDiagnosticMessage=wrong)
        assert (status, answer["Code"]) == (400, "InvalidParameter.EncodedDiagnosticMessage"), wrong
    assert ram(server, "DecodeDiagnosticMessage", EncodedDiagnosticMessage=message)


# ---- simulations

def simulate(server, action, **parameters):
    status, answer = server.ask(action, version="2026-01-01", **parameters)
    assert status == 200, answer
    return [(r["EvalActionName"], r["EvalDecision"], r["DecidedBy"]) for r in answer["EvaluationResults"]]


def listed(name, *values):
    return {f"{name}.{i + 1}": value for i, value in enumerate(values)}


def test_policies_are_tried_before_anybody_has_them(server):  # noqa: F811
    arn = "arn:aws:s3:::b/k"
    document = json.dumps({"Version": "2012-10-17", "Statement": [says("Allow", "s3:*", "arn:aws:s3:::b/*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                                                                  says("Deny", "s3:DeleteObject")]})
    ask = {**listed("PolicyInputList", document), **listed("ActionNames", "oss:GetObject", "s3:DeleteObject"), **listed("ResourceArns", arn)}
    # the caller is who asks, here the root, unless CallerArn names somebody
    assert simulate(server, "SimulateCustomPolicy", **ask) == [("oss:GetObject", "allowed", "Owner"), ("s3:DeleteObject", "explicitDeny", "IdentityPolicy")]
    user = f"arn:aws:iam::{server.account}:user/somebody"
    known = {"ContextEntries.1.ContextKeyName": "aws:SourceIp", "ContextEntries.1.ContextKeyValues.1": "10.1.2.3"}
    assert simulate(server, "SimulateCustomPolicy", CallerArn=user, **ask)[0] == ("oss:GetObject", "implicitDeny", "None")
    assert simulate(server, "SimulateCustomPolicy", CallerArn=user, **ask, **known) == [
        ("oss:GetObject", "allowed", "IdentityPolicy"), ("s3:DeleteObject", "explicitDeny", "IdentityPolicy")]
    status, answer = server.ask("SimulateCustomPolicy", version="2026-01-01", **{**ask, "PolicyInputList.1": "{}"})
    assert (status, answer["Code"]) == (400, "MalformedPolicyDocument") and "Version" in answer["Message"]


def test_what_a_user_may_is_told_without_trying(server, owner):  # noqa: F811
    arn = owner.describe_key(KeyId=owner.create_key()["KeyMetadata"]["KeyId"])["KeyMetadata"]["Arn"]
    user = User(server, says("Allow", "kms:Encrypt", arn), says("Deny", "kms:Decrypt"))
    ask = {**listed("ActionNames", "kms:Encrypt", "kms:Decrypt", "kms:Sign"), **listed("ResourceArns", arn)}
    expected = [("kms:Encrypt", "allowed", "IdentityPolicy"), ("kms:Decrypt", "explicitDeny", "IdentityPolicy"), ("kms:Sign", "implicitDeny", "None")]
    assert simulate(server, "SimulatePrincipalPolicy", PolicySourceArn=user.arn, **ask) == expected
    # a policy of the key that does not name the account takes the identity policies their word
    other = key_policy(to({"AWS": f"arn:aws:iam::{server.account}:user/other"}))
    assert simulate(server, "SimulatePrincipalPolicy", PolicySourceArn=user.arn, ResourcePolicy=other, **ask)[0] == ("kms:Encrypt", "implicitDeny", "ResourcePolicy")
    status, answer = server.ask("SimulatePrincipalPolicy", version="2026-01-01", access_key_id=user.access_key[0], secret=user.access_key[1],
                                PolicySourceArn=user.arn, **ask)
    assert (status, answer["Code"]) == (403, "NoPermission")
    status, answer = server.ask("SimulatePrincipalPolicy", version="2026-01-01", PolicySourceArn=user.arn + "x", **ask)
    assert status == 404, answer
