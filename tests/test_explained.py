"""The look at every refusal itself (explained.py): it sees them all, and an explanation that is not true does not pass."""
import copy
import json

import explained
import pytest
from conftest import ANY_PORTS, ROOTS, Server
from test_across_accounts import KEYHOLD, PLAIN, RAM, STS, Account, document, statement, tenant
from test_explain_kinds import new_role


class Scene:
    """One refusal of every sort, in two accounts."""

    def __init__(self):
        self.server = Server("--in-memory", *ANY_PORTS)
        self.owner = Account(self.server, self.server.identity()[1]["AccountId"], (self.server.access_key_id, self.server.access_key_secret))
        ROOTS[self.owner.account] = self.owner.access_key
        self.key = self.owner.key()
        self.asked = []
        self.explicit = self.refused(self.owner.user(statement("Allow", "*"), statement("Allow", "kms:List*"), statement("Deny", "kms:Encrypt", Sid="no")))
        self.implicit = self.refused(self.owner.user(statement("Allow", "kms:Decrypt")))
        self.owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", ["ram:*", "keyhold:*"])))
        self.rail = self.refused(self.owner)
        self.owner.must("DeleteGuardRail", KEYHOLD)
        role = new_role(self.owner, statement("Allow", "sts:AssumeRole", Principal={"RAM": [self.owner.arn]}))
        answer = self.owner.ask("AssumeRole", STS, RoleArn=f"acs:ram::{self.owner.account}:role/{role}", RoleSessionName="session")
        self.rule = answer[1]["RequestId"]
        self.asked.append(self.rule)
        other = tenant(self.server, "elsewhere")
        self.foreign = self.refused(other.user(statement("Allow", "*")))

    def refused(self, who):
        status, answer = who.ask("Encrypt", KeyId=self.key["Arn"], Plaintext=PLAIN)
        assert status == 403
        self.asked.append(answer["RequestId"])
        return answer["RequestId"]

    def check(self, spoil=None, roots=None):
        """`spoil` changes what DecodeDiagnosticMessage says: {request id: function}."""
        trail = explained.Trail(self.server.ready["data"] + "/trail")
        checker = explained.Checker(self.server.http, trail, ROOTS if roots is None else roots)
        honest = explained.Account.decode

        def decode(account, message):
            told = honest(account, message)
            change = (spoil or {}).get(told["RequestId"])
            return change(copy.deepcopy(told)) if change else told
        explained.Account.decode = decode
        try:
            return checker.check_all()
        finally:
            explained.Account.decode = honest


@pytest.fixture(scope="module")
def scene():
    made = Scene()
    yield made
    made.server.stop()


def test_every_refusal_is_seen_and_true(scene):
    done = scene.check()
    assert not done.wrong and done.seen == set(scene.asked) and done.count["refusals"] == len(scene.asked)
    assert done.count["weighed anew"] == 4 and done.count["by a rule"] == 1 and (done.count["explicit"], done.count["implicit"]) == (1, 4)
    # the rail is gone since, and the rest is as it was
    assert done.count["changed since"] == 1 and done.count["simulated alike"] == 3


def put(name, value):
    def change(told):
        told[name] = value
        return told
    return change


def without(name):
    def change(told):
        del told[name]
        return told
    return change


def deciding(**more):
    def change(told):
        told["DecidingStatement"].update(more)
        return told
    return change


def opinion(**more):
    def change(told):
        told["PolicyOpinions"][0].update(more)
        return told
    return change


PLANTED = [
    ("explicit", put("ExplicitDeny", False)), ("explicit", without("DecidingStatement")), ("explicit", deciding(Statement=0)), ("explicit", deciding(Statement=1)),
    ("explicit", deciding(Statement=7)), ("explicit", deciding(StatementId="yes")), ("explicit", deciding(PolicyIdentifier="another")), ("explicit", deciding(PolicyType="GuardRail")),
    ("explicit", put("NoPermissionPolicyType", "ResourcePolicy")), ("explicit", opinion(Decision="allowed")), ("explicit", put("AuthAction", "kms:Decrypt")),
    ("explicit", put("NoPermissionPolicyType", "Rule")), ("explicit", put("PolicyOpinions", [])), ("explicit", put("RequestId", "another")),
    ("implicit", put("ExplicitDeny", True)), ("implicit", opinion(Decision="explicitDeny")), ("implicit", put("NoPermissionPolicyType", "GuardRail")),
    ("implicit", put("AuthAction", "kms:Decrypt")), ("implicit", put("NoPermissionPolicyType", "Wizard")),
    ("rail", put("NoPermissionPolicyType", "None")), ("rail", opinion(Decision="allowed")), ("rail", put("NoPermissionPolicyType", "PermissionBoundary")),
    ("rule", put("Reason", "You are not authorized to do this action.")), ("rule", without("Reason")), ("rule", put("NoPermissionPolicyType", "ApprovalRule")),
    ("foreign", put("NoPermissionPolicyType", "None")), ("foreign", put("ResourceOwner", "ITSELF")),
]


@pytest.mark.parametrize("which, change", PLANTED, ids=[f"{i}-{which}" for i, (which, _) in enumerate(PLANTED)])
def test_an_explanation_that_is_not_true_is_found(scene, which, change):
    request = getattr(scene, which)

    def spoil(told):
        told = change(told)
        if told.get("ResourceOwner") == "ITSELF":
            told["ResourceOwner"] = told["AuthPrincipal"]["AuthPrincipalOwnerId"]
        return told
    done = scene.check({request: spoil})
    assert len(done.wrong) == 1 and request in done.wrong[0], done.wrong


def test_one_without_an_explanation_is_found(scene):
    trail = explained.Trail(scene.server.ready["data"] + "/trail")
    for events in trail.refusals.values():
        for event in events:
            del event["additionalEventData"]["EncodedDiagnosticMessage"]
    done = explained.Checker(scene.server.http, trail, ROOTS).check_all()
    assert len(done.wrong) == len(scene.asked) and all("no explanation" in each for each in done.wrong)


def test_a_document_that_says_something_else_is_found(scene):
    trail = explained.Trail(scene.server.ready["data"] + "/trail")
    for fingerprint, text in list(trail.documents.items()):
        trail.documents[fingerprint] = text.replace("Deny", "Allow")
    done = explained.Checker(scene.server.http, trail, ROOTS).check_all()
    assert [scene.explicit in each for each in done.wrong] == [True]


def test_a_simulation_that_says_something_else_is_found(scene, monkeypatch):
    honest = explained.Account.simulate

    def simulate(*asked):
        return {**honest(*asked), "EvalDecision": "allowed"}
    monkeypatch.setattr(explained.Account, "simulate", simulate)
    assert len(scene.check().wrong) == 3


def test_accounts_that_cannot_be_asked_are_counted(scene):
    done = scene.check(roots={scene.owner.account: scene.owner.access_key})
    assert not done.wrong and done.count["of accounts whose root is not known"] == 1 and done.count["refusals"] == 4
    done = scene.check(roots={scene.owner.account: ("nobody", "nothing")})
    assert done.count["of accounts whose root cannot ask"] == 4 and done.count["refusals"] == 0


def test_stopping_a_server_fails_where_an_explanation_does(monkeypatch):
    running = Server("--in-memory", *ANY_PORTS)
    key = running.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    running.ask("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", ["ram:*"])))
    assert running.ask("Encrypt", KeyId=key, Plaintext=PLAIN)[0] == 403
    monkeypatch.setattr(explained.Account, "decode", lambda account, message: json.loads('{"RequestId": "x"}'))
    with pytest.raises(AssertionError, match="not explained"):
        running.stop()
    assert running.process.poll() is not None
