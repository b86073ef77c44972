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
