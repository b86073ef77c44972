"""Refusals of many operations, each decoded: who asked, for what, on what, and which kind of policy decided."""
import pytest
from conftest import ANY_PORTS, Server
from test_across_accounts import KEYHOLD, PLAIN, RAM, TRAIL, Account, document, statement

KMS = "2016-01-20"


@pytest.fixture(scope="module")
def owner():
    running = Server("--in-memory", *ANY_PORTS)
    account = Account(running, running.identity()[1]["AccountId"], (running.access_key_id, running.access_key_secret))
    account.shared_key = account.key()
    account.must("CreateSecret", SecretName="s", SecretData="x", VersionId="1")
    yield account
    running.stop()


ASKED = [("Encrypt", KMS, {"KeyId": "KEY", "Plaintext": PLAIN}, "kms:Encrypt", ":key/KEY"), ("DescribeKey", KMS, {"KeyId": "KEY"}, "kms:DescribeKey", ":key/KEY"),
         ("GenerateDataKey", KMS, {"KeyId": "KEY"}, "kms:GenerateDataKey", ":key/KEY"), ("CreateKey", KMS, {}, "kms:CreateKey", ":key"),
         ("ScheduleKeyDeletion", KMS, {"KeyId": "KEY", "PendingWindowInDays": "7"}, "kms:ScheduleKeyDeletion", ":key/KEY"),
         ("GetSecretValue", KMS, {"SecretName": "s"}, "kms:GetSecretValue", ":secret/s"), ("ListSecrets", KMS, {}, "kms:ListSecrets", ":secret"),
         ("CreateUser", RAM, {"UserName": "x"}, "ram:CreateUser", ":user/x"), ("GetUser", RAM, {"UserName": "x"}, "ram:GetUser", ":user/x"),
         ("CreateRole", RAM, {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}, "ram:CreateRole", ":role/x"),
         ("LookupEvents", TRAIL, {}, "actiontrail:LookupEvents", ":trail/default")]


def diagnosis(owner, user, asked):
    action, version, parameters = asked[:3]
    status, answer = user.ask(action, version, **{k: owner.shared_key["KeyId"] if v == "KEY" else v for k, v in parameters.items()})
    assert status == 403, answer
    sealed = answer["Message"].split("EncodedDiagnosticMessage: ")[1]
    told = owner.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=sealed)["DecodedDiagnosticMessage"]
    assert told["AuthAction"] == asked[3]
    assert told["AuthResource"].endswith(asked[4].replace("KEY", owner.shared_key["KeyId"])), told
    assert told["AuthPrincipal"]["AuthPrincipalDisplayName"] == user.name and told["AuthPrincipal"]["AuthPrincipalOwnerId"] == owner.account
    return told


@pytest.mark.parametrize("asked", ASKED, ids=[each[0] for each in ASKED])
def test_a_refusal_says_who_what_on_what_and_why(owner, asked):
    told = diagnosis(owner, owner.user(), asked)
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (False, "None") and not told.get("MatchedPolicies")
    told = diagnosis(owner, owner.user(statement("Allow", "*"), statement("Deny", asked[3])), asked)
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (True, "IdentityPolicy")
    assert sorted(each["Effect"] for each in told["MatchedPolicies"]) == ["Allow", "Deny"]
    owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", "*"), statement("Deny", asked[3])))
    told = diagnosis(owner, owner.user(statement("Allow", "*")) if asked[3] != "ram:CreateUser" else owner_user_before(owner), asked)
    owner.must("DeleteGuardRail", KEYHOLD)
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (True, "GuardRail")


def owner_user_before(owner):
    owner.must("DeleteGuardRail", KEYHOLD)
    user = owner.user(statement("Allow", "*"))
    owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", "*"), statement("Deny", "ram:CreateUser")))
    return user
