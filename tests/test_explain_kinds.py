"""A refusal's explanation names the very statement that decided, whichever kind of policy it stands in, and says what each of the others
said. The owner finds the same message in the trail."""
import hashlib
import json

import pytest
from conftest import ANY_PORTS, Server
from people import Person as Being
from test_across_accounts import COUNT, KEYHOLD, PLAIN, RAM, STS, Account, Person, document, statement, tenant
from wire import Refused

KMS = "2016-01-20"
NO = {"Sid": "NoSigning"}


@pytest.fixture(scope="module")
def owner():
    running = Server("--in-memory", *ANY_PORTS)
    account = Account(running, running.identity()[1]["AccountId"], (running.access_key_id, running.access_key_secret))
    account.shared_key = account.key()
    yield account
    running.stop()


def refusal(answer, status=403):
    assert answer[0] == status, answer
    return answer[1]["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]


def explained(owner, answer):
    return owner.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=refusal(answer))["DecodedDiagnosticMessage"]


def deciding(told):
    """(kind, policy, statement, Sid, effect)"""
    d = told["DecidingStatement"]
    assert d["PolicyType"] == told["NoPermissionPolicyType"]
    return d["PolicyType"], d["PolicyIdentifier"], d["Statement"], d.get("StatementId"), d["Effect"]


def words(told):
    return [(o["PolicyType"], o["Decision"]) for o in told.get("PolicyOpinions", [])]


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_users_own_policy_and_where_it_comes_from(owner):
    user = owner.user(statement("Allow", "*"))
    text = document(statement("Allow", "kms:List*"), statement("Deny", "kms:Encrypt", **NO))
    owner.must("PutUserPolicy", KEYHOLD, UserName=user.name, PolicyName="own", PolicyDocument=text)
    told = explained(owner, user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN))
    assert deciding(told) == ("IdentityPolicy", "own", 1, "NoSigning", "Deny") and told["ExplicitDeny"] is True
    d = told["DecidingStatement"]
    assert (d["AttachedTo"], d["PolicyOrigin"]) == (f"user/{user.name}", "Inline")
    said = {(o["PolicyIdentifier"], o["Decision"], o["PolicyOrigin"]): o["Fingerprint"] for o in told["PolicyOpinions"]}
    assert said.pop(("own", "explicitDeny", "Inline")) == fingerprint(text)
    assert [key[1:] for key in said] == [("allowed", "Custom")]


def test_a_groups_policy(owner):
    user, group = owner.user(statement("Allow", "*")), f"g{next(COUNT)}"
    owner.must("CreateGroup", RAM, GroupName=group)
    owner.must("AddUserToGroup", RAM, GroupName=group, UserName=user.name)
    owner.must("CreatePolicy", RAM, PolicyName=f"{group}-not", PolicyDocument=document(statement("Deny", "kms:Encrypt")))
    owner.must("AttachPolicyToGroup", RAM, PolicyName=f"{group}-not", PolicyType="Custom", GroupName=group)
    told = explained(owner, user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN))
    assert deciding(told) == ("IdentityPolicy", f"{group}-not", 0, None, "Deny")
    assert (told["DecidingStatement"]["AttachedTo"], told["DecidingStatement"]["PolicyOrigin"]) == (f"group/{group}", "Custom")


@pytest.mark.parametrize("statements, expected", [
    ([statement("Allow", "*"), statement("Deny", "kms:Encrypt", **NO)], (True, ("GuardRail", 1, "NoSigning"), "explicitDeny")),
    ([statement("Allow", "kms:List*")], (False, None, "implicitDeny"))])
def test_the_guard_rail(owner, statements, expected):
    user = owner.user(statement("Allow", "*"))
    owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(*statements))
    answer = user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN)
    owner.must("DeleteGuardRail", KEYHOLD)
    told = explained(owner, answer)
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (expected[0], "GuardRail")
    if expected[1]:
        assert deciding(told)[:4] == (expected[1][0], owner.account, *expected[1][1:])
    else:
        assert "DecidingStatement" not in told
    assert words(told) == [("GuardRail", expected[2]), ("IdentityPolicy", "allowed")]
    assert told["PolicyOpinions"][0]["Fingerprint"] == fingerprint(document(*statements))


@pytest.mark.parametrize("statements, is_explicit", [([statement("Allow", "*"), statement("Deny", "kms:*", **NO)], True), ([statement("Allow", "oss:*")], False)])
def test_the_boundary(owner, statements, is_explicit):
    user = owner.user(statement("Allow", "*"))
    bound = f"bound{next(COUNT)}"
    owner.must("CreatePolicy", RAM, PolicyName=bound, PolicyDocument=document(*statements))
    owner.must("PutUserPermissionsBoundary", KEYHOLD, UserName=user.name, PermissionsBoundary=f"acs:ram::{owner.account}:policy/{bound}")
    told = explained(owner, user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN))
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (is_explicit, "PermissionBoundary")
    assert ("PermissionBoundary", bound) in {(o["PolicyType"], o["PolicyIdentifier"]) for o in told["PolicyOpinions"]}
    if is_explicit:
        assert deciding(told) == ("PermissionBoundary", bound, 1, "NoSigning", "Deny")


def taken_on(owner, user, role, **more):
    answer = user.must("AssumeRole", STS, RoleArn=f"acs:ram::{owner.account}:role/{role}", RoleSessionName="session", **more)["Credentials"]
    return Person(owner.server, owner.account, (answer["AccessKeyId"], answer["AccessKeySecret"]), token=answer["SecurityToken"])


def new_role(owner, *trust):
    name = f"role{next(COUNT)}"
    said = [{k: v for k, v in each.items() if k != "Resource"} for each in trust]
    owner.must("CreateRole", RAM, RoleName=name, AssumeRolePolicyDocument=document(*said))
    owner.must("AttachPolicyToRole", RAM, RoleName=name, PolicyName="AdministratorAccess", PolicyType="System")
    return name


@pytest.mark.parametrize("statements, is_explicit", [([statement("Allow", "*"), statement("Deny", "kms:*", **NO)], True), ([statement("Allow", "oss:*")], False)])
def test_the_session_policy(owner, statements, is_explicit):
    user = owner.user(statement("Allow", "*"))
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [user.arn]}))
    session = taken_on(owner, user, role, Policy=document(*statements))
    told = explained(owner, session.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN))
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"]) == (is_explicit, "SessionPolicy")
    assert words(told) == [("SessionPolicy", "explicitDeny" if is_explicit else "implicitDeny"), ("IdentityPolicy", "allowed")]
    assert told["AuthPrincipal"]["AuthPrincipalRole"] == f"acs:ram::{owner.account}:role/{role}"
    if is_explicit:
        assert deciding(told)[1:] == ("session", 1, "NoSigning", "Deny")


def test_a_trust_policy_that_denies_and_one_that_does_not_name(owner):
    user, other = owner.user(statement("Allow", "*")), owner.user(statement("Allow", "*"))
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [f"acs:ram::{owner.account}:root"]}),
                    statement("Deny", "sts:AssumeRole", Principal={"RAM": [user.arn]}, **NO))
    arn = f"acs:ram::{owner.account}:role/{role}"
    told = explained(owner, user.ask("AssumeRole", STS, RoleArn=arn, RoleSessionName="session"))
    assert deciding(told) == ("TrustPolicy", arn, 1, "NoSigning", "Deny") and told["ExplicitDeny"] is True
    assert words(told) == [("TrustPolicy", "explicitDeny"), ("IdentityPolicy", "allowed")]
    alone = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [other.arn]}))
    told = explained(owner, user.ask("AssumeRole", STS, RoleArn=f"acs:ram::{owner.account}:role/{alone}", RoleSessionName="session"))
    assert (told["ExplicitDeny"], told["NoPermissionPolicyType"], told["AuthAction"]) == (False, "TrustPolicy", "sts:AssumeRole")
    assert "DecidingStatement" not in told and words(told)[0] == ("TrustPolicy", "implicitDeny")
    assert list(told["PolicyOpinions"][0]["NamesMean"]) == [other.arn]


def test_a_name_that_means_somebody_else_by_now(owner):
    user = owner.user(statement("Allow", "*"))
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [user.arn]}))
    owner.remove_user(user)
    later = owner.user(statement("Allow", "*"), name=user.name)
    told = explained(owner, later.ask("AssumeRole", STS, RoleArn=f"acs:ram::{owner.account}:role/{role}", RoleSessionName="session"))
    meant = told["PolicyOpinions"][0]["NamesMean"][user.arn]
    assert meant and meant != told["AuthPrincipal"]["AuthPrincipalId"]


def test_policies_of_keys_secrets_and_buckets(owner):
    user = owner.user(statement("Allow", "*"))
    root = statement("Allow", "*", Principal={"RAM": [f"acs:ram::{owner.account}:root"]})
    key = owner.key()
    owner.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(root, statement("Deny", "kms:Encrypt", Principal={"RAM": [user.arn]}, **NO)))
    told = explained(owner, user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN))
    assert deciding(told) == ("ResourcePolicy", key["Arn"], 1, "NoSigning", "Deny")
    name = f"secret{next(COUNT)}"
    owner.must("CreateSecret", SecretName=name, SecretData="x", VersionId="1")
    owner.must("SetSecretPolicy", SecretName=name, Policy=document(root, statement("Deny", "kms:GetSecretValue", Principal={"RAM": [user.arn]}, **NO)))
    told = explained(owner, user.ask("GetSecretValue", SecretName=name))
    assert deciding(told)[0] == "ResourcePolicy" and deciding(told)[1].endswith(f":secret/{name}") and deciding(told)[3] == "NoSigning"
    bucket = f"bucket-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, query="policy", body=document(statement("Deny", "oss:GetObject", f"acs:oss:*:*:{bucket}/*", Principal=[owner.must("GetUser", RAM, UserName=user.name)["User"]["UserId"]], **NO)).encode())
    with pytest.raises(Refused) as caught:
        user.oss.oss("GET", bucket, "a")
    message = str(caught.value).split("EncodedDiagnosticMessage: ")[1].split("<")[0]
    told = owner.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=message)["DecodedDiagnosticMessage"]
    assert deciding(told)[0] == "ResourcePolicy" and deciding(told)[1].endswith(f":{bucket}") and deciding(told)[3] == "NoSigning"


def test_what_no_policy_decides_says_so_in_words(owner):
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [f"acs:ram::{owner.account}:root"]}))
    told = explained(owner, owner.ask("AssumeRole", STS, RoleArn=f"acs:ram::{owner.account}:role/{role}", RoleSessionName="session"))
    assert (told["NoPermissionPolicyType"], told["ExplicitDeny"], told["Reason"]) == ("Rule", False, "The account root takes no role on.")
    stranger = tenant(owner.server, f"stranger{next(COUNT)}")
    told = stranger.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=refusal(stranger.ask("ListAccounts", KEYHOLD)))["DecodedDiagnosticMessage"]
    assert (told["NoPermissionPolicyType"], told["AuthAction"]) == ("Rule", "keyhold:ListAccounts") and told["Reason"]


def test_an_approval_that_is_missing(owner):
    account = tenant(owner.server, f"held{next(COUNT)}")
    server = owner.server
    people = [Approver(server, account, f"approver{i}") for i in range(2)]
    account.must("SetApprovalRule", KEYHOLD, Count=1, **{"Actions.1": "oss:DeleteBucket", "Actions.2": "kms:Disable*"},
                 **{f"Approvers.{i + 1}": p.arn for i, p in enumerate(people)})
    key = account.key()
    answer = account.ask("DisableKey", KeyId=key["KeyId"])
    assert answer[1]["Code"].endswith("ApprovalRequired"), answer
    told = account.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=refusal(answer, answer[0]))["DecodedDiagnosticMessage"]
    assert deciding(told) == ("ApprovalRule", account.account, 1, None, "Hold") and told["ExplicitDeny"] is False
    assert "0 of 1 approvals" in told["Reason"] and told["AuthAction"] == "kms:DisableKey"


class Approver(Being):
    """Of another account than the server's first."""

    def __init__(self, server, account, name):
        class Of:
            http, ready = server.http, {"accountId": account.account}
            ask = staticmethod(account.ask)
        super().__init__(Of, name, "AdministratorAccess")
        self.bind_device()


def test_the_trail_has_the_message_sealed(owner):
    user = owner.user()
    answer = user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN)
    event = owner.events("Encrypt")[0]
    assert event["requestId"] == answer[1]["RequestId"] and event["additionalEventData"]["EncodedDiagnosticMessage"] == refusal(answer)
    # with a signature that is not right nobody learns anything, and the trail says only that
    wrong = owner.server.ask("Encrypt", KMS, "wrong", user.access_key[0], KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN)
    assert "Diagnostic" not in json.dumps(wrong[1])
    event = owner.events("Encrypt")[0]
    assert event["requestId"] == wrong[1]["RequestId"] and "Diagnostic" not in json.dumps(event)


def test_many_conditions_and_policies_still_make_a_message_that_can_be_decoded(owner):
    user = owner.user()
    for i in range(10):
        owner.must("CreatePolicy", RAM, PolicyName=f"{user.name}-p{i}", PolicyDocument=document(*[statement("Allow", "kms:Enc*", f"acs:oss:*:*:{i}")] * 20))
        owner.must("AttachPolicyToUser", RAM, PolicyName=f"{user.name}-p{i}", PolicyType="Custom", UserName=user.name)
    context = json.dumps({f"name-{i}": "v" * 900 for i in range(8)})
    answer = user.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN, EncryptionContext=context)
    assert len(refusal(answer)) <= 10240
    told = explained(owner, answer)
    assert told["Truncated"] is True and told["AuthAction"] == "kms:Encrypt"
    assert all(set(c["ConditionValues"][0]) == {"v"} for c in told["AuthConditions"] if c["ConditionKey"].startswith("kms:EncryptionContext:"))
