"""`policy simulate` gives the answer that the request itself would get, over every kind of policy; of another account it tells nothing."""
import json
import random

import pytest
from conftest import ANY_PORTS, Server
from test_across_accounts import COUNT, KEYHOLD, PLAIN, RAM, REGION, STS, Account, document, statement, tenant
from test_explain_kinds import Approver, new_role, taken_on

KMS = "2016-01-20"


@pytest.fixture(scope="module")
def owner():
    running = Server("--in-memory", *ANY_PORTS)
    account = Account(running, running.identity()[1]["AccountId"], (running.access_key_id, running.access_key_secret))
    account.shared_key = account.key()
    yield account
    running.stop()


@pytest.fixture(scope="module")
def other(owner):
    return tenant(owner.server, "other")


def listed(name, values):
    return {f"{name}.{i}": value for i, value in enumerate(values, 1)}


def given(conditions):
    out = {}
    for i, (name, values) in enumerate(conditions.items(), 1):
        out[f"ContextEntries.{i}.ContextKeyName"] = name
        out.update(listed(f"ContextEntries.{i}.ContextKeyValues", values))
    return out


def simulate(asker, source, action, resource, conditions=None, **more):
    told = asker.must("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=source, **listed("ActionNames", [action]), **listed("ResourceArns", [resource]),
                      **given(conditions or {}), **more)["EvaluationResults"]
    assert len(told) == 1
    return told[0]


def agree(owner, who, answer, source, action=None, resource=None, **more):
    """The real answer and the simulated one: the same decision, by the same kind, by the same statement. Gives the decision back."""
    status, told = answer
    if status == 403 and "EncodedDiagnosticMessage: " in told["Message"]:
        message = told["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]
        why = owner.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=message)["DecodedDiagnosticMessage"]
        conditions = {c["ConditionKey"]: c["ConditionValues"] for c in why["AuthConditions"]}
        simulated = simulate(owner, source, why["AuthAction"], why["AuthResource"], conditions, **more)
        decision = "explicitDeny" if why["ExplicitDeny"] else "implicitDeny"
        assert (simulated["EvalDecision"], simulated["DecidedBy"]) == (decision, why["NoPermissionPolicyType"]), (why, simulated)
        assert simulated.get("DecidingStatement") == why.get("DecidingStatement")
        if not more:
            assert simulated["PolicyOpinions"] == why["PolicyOpinions"]
        return decision
    assert status == 200, told
    simulated = simulate(owner, source, action, resource, **more)
    assert simulated["EvalDecision"] == "allowed", simulated
    return "allowed"


# ---- every kind

def test_groups_boundaries_and_rails(owner):
    key, user = owner.shared_key, owner.user(statement("Allow", "kms:*"))

    def both():
        return agree(owner, user, user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN), user.arn, "kms:Encrypt", key["Arn"])
    assert both() == "allowed"
    group = f"g{next(COUNT)}"
    owner.must("CreateGroup", RAM, GroupName=group)
    owner.must("AddUserToGroup", RAM, GroupName=group, UserName=user.name)
    owner.must("PutGroupPolicy", KEYHOLD, GroupName=group, PolicyName="not", PolicyDocument=document(statement("Deny", "kms:Encrypt", Sid="group")))
    assert both() == "explicitDeny"
    owner.must("DeleteGroupPolicy", KEYHOLD, GroupName=group, PolicyName="not")
    assert both() == "allowed"
    owner.must("PutUserPermissionsBoundary", KEYHOLD, UserName=user.name, PermissionsBoundary="acs:ram::system:policy/AliyunOSSReadOnlyAccess")
    assert both() == "implicitDeny"
    owner.must("DeleteUserPermissionsBoundary", KEYHOLD, UserName=user.name)
    for statements, expected in (([statement("Allow", "*"), statement("Deny", "kms:Encrypt")], "explicitDeny"), ([statement("Allow", "oss:*")], "implicitDeny")):
        # the rail binds the root as well
        rail = document(*statements)
        owner.must("SetGuardRail", KEYHOLD, PolicyDocument=rail)
        try:
            answers = [(each, each.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)) for each in (user, owner)]
            told = [each[1]["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0] for _, each in answers]
        finally:
            owner.must("DeleteGuardRail", KEYHOLD)
        for (who, _), message in zip(answers, told):
            why = owner.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=message)["DecodedDiagnosticMessage"]
            auditor = owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(*statements, statement("Allow", ["keyhold:*", "ram:*"])))
            simulated = simulate(owner, who.arn, "kms:Encrypt", key["Arn"])
            owner.must("DeleteGuardRail", KEYHOLD)
            assert auditor and (simulated["EvalDecision"], simulated["DecidedBy"]) == (expected, "GuardRail") and why["NoPermissionPolicyType"] == "GuardRail"
            assert simulated["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_policies_of_keys_secrets_and_buckets_are_looked_up(owner):
    user = owner.user(statement("Allow", "*"))
    root = statement("Allow", "*", Principal={"RAM": [f"acs:ram::{owner.account}:root"]})
    deny = statement("Deny", "*", Principal={"RAM": [user.arn]}, Sid="him")
    key = owner.key()
    for statements, expected in (([root], "allowed"), ([root, deny], "explicitDeny"),
                                 ([statement("Allow", "kms:*", Principal={"RAM": [f"acs:ram::{owner.account}:user/{owner.user().name}"]})], "implicitDeny")):
        owner.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(*statements), BypassPolicyLockoutSafetyCheck="true")
        assert agree(owner, user, user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN), user.arn, "kms:Encrypt", key["Arn"]) == expected
    name = f"secret{next(COUNT)}"
    owner.must("CreateSecret", SecretName=name, SecretData="x", VersionId="1", Tags=json.dumps([{"TagKey": "team", "TagValue": "red"}]))
    arn = f"acs:kms:{REGION}:{owner.account}:secret/{name}"
    bare = owner.user(statement("Allow", "kms:GetSecretValue", Condition={"StringEquals": {"kms:tag/team": "red"}}))
    assert agree(owner, bare, bare.ask("GetSecretValue", SecretName=name), bare.arn, "secretsmanager:GetSecretValue", arn) == "allowed"
    owner.must("SetSecretPolicy", SecretName=name, Policy=document(root, statement("Deny", "kms:GetSecretValue", Principal={"RAM": [bare.arn]})))
    assert agree(owner, bare, bare.ask("GetSecretValue", SecretName=name), bare.arn) == "explicitDeny"
    bucket = f"bucket-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", b"body")
    reader = owner.user()
    someone = owner.must("GetUser", RAM, UserName=reader.name)["User"]["UserId"]
    said = f"acs:oss:*:{owner.account}:{bucket}/a"
    assert simulate(owner, reader.arn, "oss:GetObject", said)["EvalDecision"] == "implicitDeny"
    owner.oss.oss("PUT", bucket, query="policy", body=document(statement("Allow", "oss:GetObject", f"acs:oss:*:*:{bucket}/*", Principal=[someone])).encode())
    reader.oss.oss("GET", bucket, "a")
    for resource in (said, f"arn:aws:s3:::{bucket}/a"):
        simulated = simulate(owner, reader.arn, "s3:GetObject", resource)
        assert (simulated["EvalDecision"], simulated["DecidedBy"]) == ("allowed", "ResourcePolicy")
        assert simulated["DecidingStatement"]["PolicyIdentifier"].endswith(":" + bucket)


def test_a_role_its_trust_policy_and_its_sessions(owner):
    user, stranger = owner.user(statement("Allow", "*")), owner.user(statement("Allow", "*"))
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [user.arn]}, Condition={"StringEquals": {"sts:ExternalId": "42"}}))
    arn = f"acs:ram::{owner.account}:role/{role}"
    ask = {"RoleArn": arn, "RoleSessionName": "session"}
    assert agree(owner, stranger, stranger.ask("AssumeRole", STS, ExternalId="42", **ask), stranger.arn) == "implicitDeny"
    assert agree(owner, user, user.ask("AssumeRole", STS, ExternalId="43", **ask), user.arn) == "implicitDeny"
    assert user.ask("AssumeRole", STS, ExternalId="42", **ask)[0] == 200
    assert simulate(owner, user.arn, "sts:AssumeRole", arn, {"sts:ExternalId": ["42"]})["EvalDecision"] == "allowed"
    plain = simulate(owner, user.arn, "sts:AssumeRole", arn)
    assert (plain["EvalDecision"], plain["DecidedBy"], plain["MissingContextValues"]) == ("implicitDeny", "TrustPolicy", ["sts:ExternalId"])
    limit = document(statement("Allow", "*"), statement("Deny", "kms:Encrypt", Sid="limit"))
    session = taken_on(owner, user, role, ExternalId="42", Policy=limit)
    answer = session.ask("Encrypt", KeyId=owner.shared_key["KeyId"], Plaintext=PLAIN)
    simulated = simulate(owner, f"acs:ram::{owner.account}:assumed-role/{role}/session", "kms:Encrypt", owner.shared_key["Arn"], SessionPolicy=limit)
    assert answer[0] == 403 and (simulated["EvalDecision"], simulated["DecidedBy"], simulated["DecidingStatement"]["StatementId"]) == ("explicitDeny", "SessionPolicy", "limit")
    assert simulate(owner, arn, "kms:Encrypt", owner.shared_key["Arn"])["EvalDecision"] == "allowed"


def test_grants_count_with_their_constraints(owner):
    key, user = owner.key(), owner.user()
    aws = owner.aws("kms")
    aws.create_grant(KeyId=key["KeyId"], GranteePrincipal=user.arn.replace("acs:ram:", "arn:aws:iam:"), Operations=["Encrypt"],
                     Constraints={"EncryptionContextEquals": {"app": "pay"}})
    assert agree(owner, user, user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN), user.arn) == "implicitDeny"
    assert user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN, EncryptionContext=json.dumps({"app": "pay"}))[0] == 200
    simulated = simulate(owner, user.arn, "kms:Encrypt", key["Arn"], {"kms:EncryptionContext:app": ["pay"]})
    assert (simulated["EvalDecision"], simulated["DecidedBy"]) == ("allowed", "Grant")


def test_what_needs_no_policy_and_what_none_can_give(owner, other):
    user = owner.user()
    assert user.ask("CreateVirtualMFADevice", RAM, VirtualMFADeviceName=user.name)[0] == 200
    assert simulate(owner, user.arn, "ram:CreateVirtualMFADevice", f"acs:ram::{owner.account}:mfa/{user.name}")["EvalDecision"] == "allowed"
    assert simulate(owner, user.arn, "ram:CreateVirtualMFADevice", f"acs:ram::{owner.account}:mfa/somebody")["EvalDecision"] == "implicitDeny"
    simulated = simulate(other, f"acs:ram::{other.account}:root", "keyhold:ListAccounts", "*")
    assert (simulated["EvalDecision"], simulated["DecidedBy"]) == ("implicitDeny", "Rule") and "operator" in simulated["Reason"]
    simulated = simulate(owner, f"acs:ram::{owner.account}:root", "sts:AssumeRole", f"acs:ram::{owner.account}:role/any")
    assert (simulated["EvalDecision"], simulated["DecidedBy"]) == ("implicitDeny", "Rule")


def test_approvals_hold(owner):
    account = tenant(owner.server, f"held{next(COUNT)}")
    people = [Approver(owner.server, account, f"approver{i}") for i in range(2)]
    key = account.key()
    root = f"acs:ram::{account.account}:root"
    assert simulate(account, root, "kms:DisableKey", key["Arn"])["EvalDecision"] == "allowed"
    account.must("SetApprovalRule", KEYHOLD, Count=1, **{"Actions.1": "kms:Disable*"}, **{f"Approvers.{i + 1}": p.arn for i, p in enumerate(people)})
    simulated = simulate(account, root, "kms:DisableKey", key["Arn"])
    assert (simulated["EvalDecision"], simulated["DecidedBy"], simulated["Reason"]) == ("implicitDeny", "ApprovalRule", "It takes 1 approvals.")
    assert simulate(account, root, "kms:EnableKey", key["Arn"])["EvalDecision"] == "allowed"
    assert simulate(account, root, "keyhold:SetApprovalRule", "*")["DecidedBy"] == "ApprovalRule"


def test_whoever_comes_under_a_break_glass_grant(owner, other):
    helper = owner.user(statement("Allow", "*"))
    name = f"break-glass-{next(COUNT)}"
    other.must("GrantBreakGlass", KEYHOLD, GrantName=name, Grantee=helper.arn, PolicyDocument=document(statement("Allow", "*")), DurationSeconds=900, Reason="test")
    role = f"acs:ram::{other.account}:role/{name}"
    assert simulate(other, role, "kms:DescribeKey", other.key()["Arn"])["EvalDecision"] == "allowed"
    simulated = simulate(other, role, "ram:CreateUser", f"acs:ram::{other.account}:user/*")
    assert (simulated["EvalDecision"], simulated["DecidedBy"]) == ("implicitDeny", "Rule") and "outlast" in simulated["Reason"]


def test_an_action_that_is_a_part_of_another_is_asked_for_itself(owner):
    user, role = owner.user(statement("Allow", "iam:TagUser")), f"acs:ram:*:{owner.account}:role/x"
    assert simulate(owner, user.arn, "iam:TagUser", f"acs:ram:*:{owner.account}:user/x")["EvalDecision"] == "allowed"
    assert simulate(owner, user.arn, "iam:TagRole", role)["EvalDecision"] == "implicitDeny"
    user = owner.user(statement("Allow", "iam:UpdateRoleDescription"))
    assert simulate(owner, user.arn, "iam:UpdateRoleDescription", role)["EvalDecision"] == "allowed"
    for action in ("ram:UpdateRole", "ram:UpdateAssumeRolePolicy"):
        assert simulate(owner, user.arn, action, role)["EvalDecision"] == "implicitDeny", action
    user = owner.user(statement("Allow", "oss:GetObject"))
    assert simulate(owner, user.arn, "S3:getobject", f"acs:oss:*:{owner.account}:b/k")["EvalDecision"] == "allowed"


def test_policies_come_before_what_nobody_may(owner, other):
    root = f"acs:ram::{owner.account}:root"
    assert simulate(owner, root, "sts:AssumeRole", f"acs:ram::{owner.account}:role/x")["DecidedBy"] == "Rule"
    assert simulate(owner, root, "sts:AssumeRole", f"acs:ram::{other.account}:role/x")["DecidedBy"] == "ResourcePolicy"


# ---- other accounts

def answers(asker, source, action, resources, **more):
    """What is told of each, without the names that were asked with."""
    out = []
    for resource in resources:
        told = simulate(asker, source, action, resource, **more)
        out.append(json.dumps({k: v for k, v in told.items() if k != "EvalResourceName"}, sort_keys=True))
    return out


def test_what_another_account_says_does_not_leak(owner, other):
    mine = other.user(statement("Allow", "*"))
    account = statement("Allow", "*", Principal={"RAM": [f"acs:ram::{owner.account}:root"]})
    closed, opened, denying = owner.key(), owner.key(), owner.key()
    owner.must("SetKeyPolicy", KeyId=opened["KeyId"], Policy=document(account, statement("Allow", "kms:*", Principal={"RAM": [mine.arn]})))
    owner.must("SetKeyPolicy", KeyId=denying["KeyId"], Policy=document(account, statement("Deny", "kms:*", Principal={"RAM": [mine.arn]})))
    absent = opened["Arn"].rsplit("/", 1)[0] + "/11111111-2222-3333-4444-555555555555"
    told = answers(other, mine.arn, "kms:Encrypt", [closed["Arn"], opened["Arn"], denying["Arn"], absent])
    assert len(set(told)) == 1
    first = json.loads(told[0])
    assert (first["EvalDecision"], first["DecidedBy"], first["UnseenAccounts"]) == ("implicitDeny", "ResourcePolicy", [owner.account])
    # it can really be used: the simulation says no, and that it has not looked
    assert mine.ask("Encrypt", KeyId=opened["Arn"], Plaintext=PLAIN)[0] == 200
    assert mine.ask("Encrypt", KeyId=closed["Arn"], Plaintext=PLAIN)[0] == 403
    # nor do roles, with whatever external id, or secrets
    role = new_role(owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [mine.arn]}, Condition={"StringEquals": {"sts:ExternalId": "42"}}))
    arns = [f"acs:ram::{owner.account}:role/{role}", f"acs:ram::{owner.account}:role/nobody"]
    ids = [json.loads(simulate_text) for value in ("41", "42") for simulate_text in answers(other, mine.arn, "sts:AssumeRole", arns, conditions={"sts:ExternalId": [value]})]
    assert all(each == ids[0] for each in ids) and ids[0]["EvalDecision"] == "implicitDeny"
    # the own side decides where it says no
    theirs = other.user(statement("Deny", "kms:Encrypt", Sid="no"))
    assert json.loads(answers(other, theirs.arn, "kms:Encrypt", [opened["Arn"]])[0])["EvalDecision"] == "explicitDeny"
    # with the policy of the other side at hand the two are weighed together
    policy = document(statement("Allow", "kms:*", Principal={"RAM": [mine.arn]}))
    assert simulate(other, mine.arn, "kms:Encrypt", closed["Arn"], ResourcePolicy=policy)["EvalDecision"] == "allowed"
    public = document(statement("Allow", "kms:*", Principal="*"))
    assert simulate(other, mine.arn, "kms:Encrypt", closed["Arn"], ResourcePolicy=public)["EvalDecision"] == "implicitDeny"


def test_a_frozen_account_looks_like_any_other(owner, other):
    frozen = tenant(owner.server, f"frozen{next(COUNT)}")
    mine = other.user(statement("Allow", "*"))
    key = frozen.key()
    frozen.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(statement("Allow", "*", Principal={"RAM": [f"acs:ram::{frozen.account}:root", mine.arn]})))
    before = answers(other, mine.arn, "kms:Encrypt", [key["Arn"]])
    assert mine.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200
    owner.must("FreezeAccount", KEYHOLD, AccountId=frozen.account, Reason="test")
    assert mine.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 403
    assert answers(other, mine.arn, "kms:Encrypt", [key["Arn"]]) == before
    assert frozen.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=frozen.arn, **{"ActionNames.1": "kms:Encrypt"})[0] == 403


def test_an_owner_sees_its_own_side_of_somebody_elsewhere(owner, other):
    there = other.user(statement("Allow", "*"))
    key = owner.key()
    account = statement("Allow", "*", Principal={"RAM": [f"acs:ram::{owner.account}:root"]})
    owner.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(account, statement("Allow", "kms:Encrypt", Principal={"RAM": [there.arn]})))
    told = simulate(owner, there.arn, "kms:Encrypt", key["Arn"])
    assert (told["EvalDecision"], told["DecidedBy"], told["UnseenAccounts"]) == ("implicitDeny", "None", [other.account])
    assert [(o["PolicyType"], o["Decision"]) for o in told["PolicyOpinions"]] == [("ResourcePolicy", "allowed")]
    # with what that account's policies are said to be, both sides are weighed
    own = listed("PolicyInputList", [document(statement("Allow", "kms:*"))])
    assert simulate(owner, there.arn, "kms:Encrypt", key["Arn"], **own)["EvalDecision"] == "allowed"
    assert simulate(owner, there.arn, "kms:Decrypt", key["Arn"], **own)["DecidedBy"] == "ResourcePolicy"
    # whether somebody is there or has the name still is not told
    other.remove_user(there)
    assert simulate(owner, there.arn, "kms:Encrypt", key["Arn"]) == told
    nobody = f"acs:ram::{other.account}:user/nobody"
    owner.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(account, statement("Allow", "kms:Encrypt", Principal={"RAM": [nobody]})))
    alike = simulate(owner, nobody, "kms:Encrypt", key["Arn"])
    assert alike["EvalDecision"] == told["EvalDecision"] and [(o["PolicyType"], o["Decision"]) for o in alike["PolicyOpinions"]] == [("ResourcePolicy", "allowed")]
    assert "NamesMean" not in json.dumps(alike)
    # of a third account's resources nothing at all
    third = tenant(owner.server, f"third{next(COUNT)}")
    told = simulate(owner, nobody, "kms:Encrypt", third.key()["Arn"])
    assert told["EvalDecision"] == "implicitDeny" and sorted(told["UnseenAccounts"]) == sorted([other.account, third.account]) and not told.get("PolicyOpinions")


def test_a_bucket_without_an_account_in_its_name_is_its_owners(owner, other):
    bucket = f"theirs-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    mine = other.user(statement("Allow", "*"))
    told = simulate(other, mine.arn, "oss:GetObject", f"arn:aws:s3:::{bucket}/a")
    assert (told["EvalDecision"], told["UnseenAccounts"]) == ("implicitDeny", ["unknown"])
    assert simulate(other, mine.arn, "oss:GetObject", "arn:aws:s3:::nobodys-bucket/a")["EvalDecision"] == "allowed"
    told = simulate(other, mine.arn, "oss:GetObject", "arn:aws:s3:::nobodys-bucket/a", ResourceOwner=f"arn:aws:iam::{owner.account}:root")
    assert told["UnseenAccounts"] == [owner.account]


def test_who_may_ask_and_about_whom(owner, other):
    user = owner.user()
    ask = {**listed("ActionNames", ["kms:Encrypt"])}
    for source in (owner.arn.replace(":root", ":nothing/x"), "x", f"acs:ram::{owner.account}:group/nobody", f"acs:ram:{REGION}:{owner.account}:user/x", owner.shared_key["Arn"]):
        assert owner.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=source, **ask)[0] in (400, 404), source
    assert user.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=user.arn, **ask)[0] == 403
    theirs = other.user()
    for caller in (theirs.arn, other.arn, "nobody", f"acs:ram::{owner.account}:group/g"):
        assert owner.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=user.arn, CallerArn=caller, **ask)[0] == 400, caller
    status, told = owner.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=user.arn, **{"ResourceArns.1": "not a name"}, **ask)
    assert status == 400 and "ResourceArns" in told["Message"]
    for wrong in ("SessionPolicy", "ResourcePolicy", "PermissionsBoundary"):
        status, told = owner.ask("SimulatePrincipalPolicy", KEYHOLD, PolicySourceArn=user.arn, **{wrong: "{}"}, **ask)
        assert (status, told["Code"]) == (400, "MalformedPolicyDocument") and wrong in told["Message"]


# ---- many at random

def random_statement(rng, principals=None):
    made = statement(rng.choice(["Allow", "Allow", "Deny"]), rng.choice(["*", "kms:*", "kms:Encrypt", ["kms:Decrypt", "kms:Enc*"], "kms:List*", "oss:*"]))
    if rng.random() < 0.3:
        made["Condition"] = {"StringEquals": {"kms:EncryptionContext:app": rng.choice(["pay", "play"])}}
    if rng.random() < 0.5:
        made["Sid"] = f"s{rng.randrange(99)}"
    if principals:
        made["Principal"] = {"RAM": rng.choice(principals)}
    return made


def test_at_random_the_simulation_says_what_is_answered(owner):
    """Real requests under policies made at random, each asked of the simulation at once."""
    rng, account = random.Random(4), tenant(owner.server, f"random{next(COUNT)}")
    key, user = account.key(), account.user()
    everybody = [f"acs:ram::{account.account}:root", user.arn, account.user().arn, "*"]
    seen = {}
    for _ in range(60):
        documents = [document(*[random_statement(rng) for _ in range(rng.randint(1, 3))]) for _ in range(2)]
        account.must("PutUserPolicy", KEYHOLD, UserName=user.name, PolicyName="own", PolicyDocument=documents[0])
        bound, rail = rng.random() < 0.3, rng.random() < 0.3
        if bound:
            name = f"bound{next(COUNT)}"
            account.must("CreatePolicy", RAM, PolicyName=name, PolicyDocument=documents[1])
            account.must("PutUserPermissionsBoundary", KEYHOLD, UserName=user.name, PermissionsBoundary=f"acs:ram::{account.account}:policy/{name}")
        account.must("SetKeyPolicy", KeyId=key["KeyId"], BypassPolicyLockoutSafetyCheck="true",
                     Policy=document(*[random_statement(rng, everybody) for _ in range(rng.randint(1, 3))]))
        if rail:
            account.must("SetGuardRail", KEYHOLD, PolicyDocument=document(random_statement(rng), statement("Allow", ["keyhold:*", "ram:*", "kms:SetKeyPolicy"])))
        context = rng.choice([None, {"app": "pay"}])
        more = {"EncryptionContext": json.dumps(context)} if context else {}
        status, told = user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN, **more)
        supposed = {"kms:EncryptionContext:app": ["pay"]} if context else {}
        try:
            simulated = simulate(account, user.arn, "kms:Encrypt", key["Arn"], supposed)
        except AssertionError:
            continue  # the rail forbids the root to simulate
        finally:
            if rail:
                account.must("DeleteGuardRail", KEYHOLD)
            if bound:
                account.must("DeleteUserPermissionsBoundary", KEYHOLD, UserName=user.name)
        if status == 200:
            assert simulated["EvalDecision"] == "allowed", simulated
        else:
            message = told["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]
            why = account.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=message)["DecodedDiagnosticMessage"]
            assert simulated["EvalDecision"] == ("explicitDeny" if why["ExplicitDeny"] else "implicitDeny")
            assert simulated["DecidedBy"] == why["NoPermissionPolicyType"] and simulated.get("DecidingStatement") == why.get("DecidingStatement")
            assert simulated["PolicyOpinions"] == why["PolicyOpinions"]
        seen[simulated["EvalDecision"], simulated["DecidedBy"]] = True
    assert {decision for decision, _ in seen} == {"allowed", "explicitDeny", "implicitDeny"}
    assert {"IdentityPolicy", "ResourcePolicy", "GuardRail", "PermissionBoundary"} <= {by for _, by in seen}, seen
