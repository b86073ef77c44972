"""Every operation of the contract under a break-glass grant whose policy allows everything: nothing that would be there when the grant has
ended is made, and everything that is tried carries the grant's name, in both trails."""
import json

import pytest
from conftest import ANY_PORTS, Server
from house import CONTRACT
from test_across_accounts import KEYHOLD, PLAIN, RAM, STS, TRAIL, Account, document, refused, statement, tenant
from test_break_glass import assume, grant, session
from test_every_operation import UNASKED, VERSIONS, parameters_of

SERVICES = ("ram", "iam", "ims", "sts", "keyhold")
OF_A_PERSON = ("ChangePassword", "BeginPasskeyRegistration", "FinishPasskeyRegistration", "CreateRecoveryCodes")
LASTING = ("kms:SetKeyPolicy", "kms:SetSecretPolicy", "kms:CreateGrant", "kms:ReplicateKey")


class Owned:
    """What parameters_of needs to know of the owner's account: one of everything."""

    def __init__(self, owner):
        self.account = owner.account
        self.names = {"USER": "target", "GROUP": "crew", "ROLE": "duty", "POLICY": "paper", "ALIAS": "swept", "SECRET": "kept", "FRESH": "fresh",
                      "CERTIFICATE": "00000000-0000-4000-8000-000000000000", "TENANT": "199999999999", "KEY": owner.key()["KeyId"]}
        self.blob = owner.must("Encrypt", KeyId=self.names["KEY"], Plaintext=PLAIN)["CiphertextBlob"]
        owner.user(name="target")
        self.access_key_id = owner.must("ListAccessKeys", RAM, UserName="target")["AccessKeys"]["AccessKey"][0]["AccessKeyId"]
        owner.must("CreateGroup", RAM, GroupName="crew")
        trust = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [owner.arn]}}]}
        owner.must("CreateRole", RAM, RoleName="duty", AssumeRolePolicyDocument=json.dumps(trust))
        owner.must("CreatePolicy", RAM, PolicyName="paper", PolicyDocument=document(statement("Allow", "oss:ListBuckets")))
        owner.must("CreateAlias", KeyId=self.names["KEY"], AliasName="alias/swept")
        owner.must("CreateSecret", SecretName="kept", SecretData="x", VersionId="1")


@pytest.fixture(scope="module")
def scene():
    server = Server("--in-memory", *ANY_PORTS)
    operator = Account(server, server.identity()[1]["AccountId"], (server.access_key_id, server.access_key_secret))
    owner, helper = tenant(server, "owner"), operator.user(statement("Allow", "*"))
    owned = Owned(owner)
    given = grant(owner, helper, policy=document(statement("Allow", "*")))
    yield operator, owner, helper, owned, given, session(owner, helper, given)
    server.stop()


def action_of(op):
    return op["options"].get("action", f"{op['product']}:{op['name']}")


def is_signed_rpc(op):
    return op["product"] not in ("oss", "secretsmanager") and op["options"].get("signed") != "no"


TRIED = [op for op in CONTRACT.operations if is_signed_rpc(op)]
OUTLASTING = [op for op in TRIED if op["level"] == "write" and op["c"] not in UNASKED
              and (action_of(op).split(":")[0] in SERVICES or action_of(op) in LASTING)]


@pytest.mark.parametrize("op", OUTLASTING, ids=[op["c"] for op in OUTLASTING])
def test_what_would_outlast_it_is_refused(scene, op):
    *_, owned, _, inside = scene
    status, answer = inside.ask(op["name"], VERSIONS[op["product"]], **parameters_of(owned, op))
    said = answer.get("Message", "")
    if op["c"] in OF_A_PERSON:  # and a role is none
        assert status in (400, 403), answer
    else:
        assert status == 403 and ("outlast" in said or "operator's" in said), answer


def test_a_key_or_secret_is_made_without_a_policy_of_its_own(scene):
    operator, *_, inside = scene
    theirs = document(statement("Allow", "kms:*", Principal={"AWS": operator.account}))
    for action, more in (("CreateKey", {}), ("CreateSecret", {"SecretName": "new", "SecretData": "x", "VersionId": "1"})):
        assert "outlast" in refused(inside.ask(action, Policy=theirs, **more))
        assert inside.ask(action, **more)[0] == 200
    for action, version, more in (("GetSessionToken", STS, {}), ("BeginApprovalRecovery", KEYHOLD, {"Reason": "x"}), ("ObjectToApprovalRecovery", KEYHOLD, {}),
                                  ("ApproveRequest", KEYHOLD, {"RequestHash": "0" * 64}), ("RequestApproval", KEYHOLD, {"Operation": "kms:DisableKey"})):
        assert inside.ask(action, version, **more)[0] in (400, 403), action


def test_everything_that_is_tried_is_in_both_trails_by_its_name(scene):
    """Then the grant is revoked, and nothing is left of it."""
    operator, owner, helper, owned, given, inside = scene
    asked = {}
    for op in TRIED:
        if op["level"] == "write" and op["name"].startswith(("Delete", "Schedule", "Disable")):
            continue
        asked[inside.ask(op["name"], VERSIONS[op["product"]], **parameters_of(owned, op))[1]["RequestId"]] = op["name"]
    owner.must("RevokeBreakGlass", KEYHOLD, GrantName=given["GrantName"])
    for account in (owner, operator):
        missing, token = dict(asked), {}
        for _ in range(60):
            page = account.must("LookupEvents", TRAIL, MaxResults=50, **token)
            for event in page["Events"]:
                if event["requestId"] in missing:
                    assert event["additionalEventData"]["BreakGlass"] == given["GrantName"], event
                    del missing[event["requestId"]]
            if not missing or not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        assert not missing, (account.account, sorted(missing.values()))
    refused(inside.ask("DescribeKey", KeyId=owned.names["KEY"]), 400, "InvalidSecurityToken.Expired")
    refused(assume(helper, given), 403, "NoPermission")
    secret = f"acs:kms:cn-hangzhou:{owner.account}:secret/kept"
    for who in (operator, helper):
        for key in owner.must("ListKeys")["Keys"]["Key"]:
            refused(who.ask("DescribeKey", KeyId=key["KeyArn"]))
        refused(who.ask("GetSecretValue", SecretName=secret))
    assert not owner.must("ListAccessKeys", RAM, UserName="target")["AccessKeys"]["AccessKey"][1:]
    assert [role["RoleName"] for role in owner.must("ListRoles", RAM)["Roles"]["Role"] if not role["RoleName"].startswith("break-glass-")] == ["duty"]
