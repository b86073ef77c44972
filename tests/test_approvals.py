"""Dual control: what nobody does alone. Negative cases first."""
import hashlib
import json
import time
import urllib.parse
import uuid

import pytest

from conftest import ANY_PORTS, Server
from house import House
from people import KEYHOLD, RAM, STS, Caller, Person, code_at, done, events, refused, step_now
from test_taken_gateway import sign_v1

ADMIN = "AdministratorAccess"
HELD = ("kms:ScheduleKeyDeletion", "kms:DisableKey", "keyhold:*GuardRail")


def listed(name, values):
    return {f"{name}.{i}": value for i, value in enumerate(values, 1)}


class Scene:
    def __init__(self):
        self.server = Server("--in-memory", *ANY_PORTS)
        self.ask = self.server.ask
        self.account = self.server.ready["accountId"]
        self.anna = Person(self.server, "anna", ADMIN).bind_device()  # asks
        self.ben = Person(self.server, "ben", ADMIN).bind_device()
        self.cleo = Person(self.server, "cleo", ADMIN).bind_device()
        self.other = Person(self.server, "other", ADMIN).bind_device()  # no approver
        self.sessions = {p.name: p.session() for p in (self.anna, self.ben, self.cleo, self.other)}
        done(self.set_rule(self.ask))

    def set_rule(self, ask, count=2, actions=HELD, approvers=None, **more):
        names = approvers or [p.arn for p in (self.anna, self.ben, self.cleo)]
        return ask("SetApprovalRule", KEYHOLD, Count=count, **listed("Actions", actions), **listed("Approvers", names), **more)

    def request(self, ask, operation, **parameters):
        return ask("RequestApproval", KEYHOLD, Operation=operation, Parameters=json.dumps(parameters), Reason="a test")

    def approve(self, who, wanted):
        return self.sessions[who]("ApproveRequest", KEYHOLD, RequestHash=wanted)

    def pending(self):
        return {each["RequestHash"]: each for each in done(self.ask("ListApprovals", KEYHOLD))["Approvals"]}

    def change_rule(self, count=2, actions=HELD, approvers=None):
        """By its own approvals."""
        names = approvers or [p.arn for p in (self.anna, self.ben, self.cleo)]
        parameters = {"Count": str(count), **listed("Actions", actions), **listed("Approvers", names)}
        wanted = done(self.request(self.anna.key, "keyhold:SetApprovalRule", **parameters))["Approval"]["RequestHash"]
        for who in ("ben", "cleo"):
            done(self.approve(who, wanted))
        done(self.set_rule(self.anna.key, count, actions, approvers))

    def lift(self):
        """The rule goes, by its own approvals."""
        wanted = done(self.request(self.anna.key, "keyhold:DeleteApprovalRule"))["Approval"]["RequestHash"]
        for who in ("ben", "cleo"):
            done(self.approve(who, wanted))
        done(self.anna.key("DeleteApprovalRule", KEYHOLD))


@pytest.fixture(scope="module")
def scene():
    made = Scene()
    yield made
    made.server.stop()


@pytest.fixture
def own_scene():
    """One that a test may lock."""
    made = Scene()
    yield made
    made.server.stop()


@pytest.fixture
def key_id(scene):
    return done(scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]


def state(scene, key_id):
    return done(scene.ask("DescribeKey", KeyId=key_id))["KeyMetadata"]["KeyState"]


def canonical(account, requester, product, operation, parameters):
    """docs/formats/approval.md, read independently."""
    def quoted(text):
        return urllib.parse.quote(str(text), safe="-._~")
    lines = ["keyhold-approval-1", product, operation, account, requester]
    lines += [f"{quoted(name)}={quoted(parameters[name])}" for name in sorted(parameters)]
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def test_without_approval_nothing_happens_not_even_for_the_root(scene, key_id):
    for ask in (scene.ask, scene.anna.key, scene.sessions["anna"]):
        said = refused(ask("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7), 403, "Forbidden.ApprovalRequired")
        assert "0 of 2 approvals" in said
        refused(ask("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
        refused(ask("DeleteGuardRail", KEYHOLD), 403, "Forbidden.ApprovalRequired")
    assert state(scene, key_id) == "Enabled"
    assert done(scene.anna.key("Encrypt", KeyId=key_id, Plaintext="aGVsbG8="))  # nothing else is held
    assert events(scene.server, "ScheduleKeyDeletion")[0]["errorCode"] == "Forbidden.ApprovalRequired"


def test_the_rule_is_refused_when_it_would_hold_nothing_or_nobody_could_satisfy_it():
    server = Server("--in-memory", *ANY_PORTS)
    ask = server.ask
    try:
        ben = Person(server, "ben", ADMIN)
        refused(ask("SetApprovalRule", KEYHOLD, Count=1, **{"Actions.1": "kms:DisableKey", "Approvers.1": ben.arn}), 400, "InvalidParameter")
        ben.bind_device()
        good = {"Actions.1": "kms:DisableKey", "Approvers.1": ben.arn}
        refused(ask("GetApprovalRule", KEYHOLD), 404, "EntityNotExist.ApprovalRule")
        refused(ask("DeleteApprovalRule", KEYHOLD), 404, "EntityNotExist.ApprovalRule")
        refused(ask("RequestApproval", KEYHOLD, Operation="kms:DisableKey"), 404, "EntityNotExist.ApprovalRule")
        refused(ask("SetApprovalRule", KEYHOLD, **good), 400, "MissingParameter")
        for count in (0, -1, 11):
            refused(ask("SetApprovalRule", KEYHOLD, Count=count, **good), 400, "InvalidParameter")
        refused(ask("SetApprovalRule", KEYHOLD, Count=2, **good), 400, "InvalidParameter")  # there is only one
        for bad in ("kms:NoSuchAction", "DisableKey", "kms:Describe*", "sts:*", "keyhold:ApproveRequest"):
            refused(ask("SetApprovalRule", KEYHOLD, Count=1, **{**good, "Actions.1": bad}), 400, "InvalidParameter")
        for bad in ("ben", f"acs:ram::1:user/ben", ben.arn.replace("user/ben", "role/ben"), ben.arn[:-3]):
            assert ask("SetApprovalRule", KEYHOLD, Count=1, **{**good, "Approvers.1": bad})[0] in (400, 404)
        refused(ask("GetApprovalRule", KEYHOLD), 404, "EntityNotExist.ApprovalRule")
        done(ask("SetApprovalRule", KEYHOLD, Count=1, **good))
        assert done(ask("GetApprovalRule", KEYHOLD))["ApprovalRule"]["ValiditySeconds"] == 86400
    finally:
        server.stop()


def test_who_may_not_approve(scene, key_id):
    wanted = done(scene.request(scene.anna.key, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
    said = refused(scene.approve("anna", wanted), 403, "NoPermission")  # the requester, in another session
    assert "themselves" in said
    refused(scene.anna.key("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")
    refused(scene.ben.key("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")  # no second factor
    refused(scene.ask("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")  # the root, likewise
    refused(scene.approve("other", wanted), 403, "NoPermission")  # nobody named them
    refused(scene.approve("ben", "0" * 64), 404, "EntityNotExist.Approval")
    refused(scene.approve("ben", wanted[:-1]), 400, "InvalidParameter")
    assert scene.pending()[wanted]["Approvals"] == []
    refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    done(scene.anna.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))
    refused(scene.approve("ben", wanted), 404, "EntityNotExist.Approval")


def test_a_role_hides_nobody(scene, key_id):
    """Who asks through a role cannot approve as themselves, and a role approves nothing."""
    trust = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                        "Principal": {"RAM": [f"acs:ram::{scene.account}:root"]}}]})
    for name in ("mask", "second-mask"):
        done(scene.ask("CreateRole", RAM, RoleName=name, AssumeRolePolicyDocument=trust))
        done(scene.ask("AttachPolicyToRole", RAM, PolicyName=ADMIN, PolicyType="System", RoleName=name))

    def take(ask, name):
        answer = ask("AssumeRole", STS, RoleArn=f"acs:ram::{scene.account}:role/{name}", RoleSessionName="masked")
        return Caller.of(scene.server, done(answer)["Credentials"])
    masked = take(take(scene.ben.key, "mask"), "second-mask")
    wanted = done(scene.request(masked, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
    assert wanted == canonical(scene.account, scene.ben.id, "kms", "DisableKey", {"KeyId": key_id})
    assert "themselves" in refused(scene.approve("ben", wanted), 403, "NoPermission")
    refused(masked("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")
    refused(take(scene.cleo.key, "mask")("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")
    done(scene.approve("cleo", wanted))
    refused(masked("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    done(scene.approve("anna", wanted))
    done(masked("DisableKey", KeyId=key_id))


def test_the_whole_way_once_and_exactly_that(scene, key_id):
    other_key = done(scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    asked = done(scene.request(scene.anna.key, "kms:ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="7"))["Approval"]
    wanted = asked["RequestHash"]
    assert wanted == canonical(scene.account, scene.anna.id, "kms", "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    assert asked["Parameters"] == {"KeyId": key_id, "PendingWindowInDays": "7"} and asked["Requester"] == scene.anna.arn
    refused(scene.request(scene.anna.key, "kms:ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="7"), 409, "EntityAlreadyExists.Approval")
    done(scene.approve("ben", wanted))
    refused(scene.approve("ben", wanted), 409, "EntityAlreadyExists.Approval")  # once
    said = refused(scene.anna.key("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7), 403, "Forbidden.ApprovalRequired")
    assert "1 of 2" in said and wanted in said
    assert done(scene.approve("cleo", wanted))["Approval"]["Status"] == "Approved"
    for more in ({"PendingWindowInDays": 8}, {"KeyId": other_key, "PendingWindowInDays": 7}):  # something else
        refused(scene.anna.key("ScheduleKeyDeletion", **{"KeyId": key_id, **more}), 403, "Forbidden.ApprovalRequired")
    for ask in (scene.ben.key, scene.sessions["cleo"], scene.ask):  # somebody else
        refused(ask("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7), 403, "Forbidden.ApprovalRequired")
    refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    arn = done(scene.ask("DescribeKey", KeyId=key_id))["KeyMetadata"]["Arn"]
    done(scene.sessions["anna"]("ScheduleKeyDeletion", KeyId=arn, PendingWindowInDays=7))  # the same key by its ARN, another session
    assert state(scene, key_id) == "PendingDeletion"
    done(scene.ask("CancelKeyDeletion", KeyId=key_id))
    refused(scene.anna.key("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7), 403, "Forbidden.ApprovalRequired")  # once
    assert wanted not in scene.pending()
    event = next(e for e in events(scene.server, "ScheduleKeyDeletion") if "errorCode" not in e)
    assert event["additionalEventData"]["Approval"] == wanted
    assert event["additionalEventData"]["ApprovedBy"] == "ben,cleo"
    assert any(e["requestParameters"].get("RequestHash") == wanted for e in events(scene.server, "ApproveRequest"))


def test_through_aws_s_clients_it_is_the_same(scene, key_id):
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("kms", endpoint_url="http://" + scene.server.http, region_name="cn-hangzhou",
                          aws_access_key_id=scene.anna.key.id, aws_secret_access_key=scene.anna.key.secret)
    with pytest.raises(client.exceptions.ClientError) as why:
        client.disable_key(KeyId=key_id)
    assert why.value.response["Error"]["Code"] == "AccessDeniedException"
    wanted = done(scene.request(scene.anna.key, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
    for who in ("ben", "cleo"):
        done(scene.approve(who, wanted))
    client.disable_key(KeyId=key_id)
    with pytest.raises(client.exceptions.ClientError):
        client.disable_key(KeyId=key_id)  # used up


def test_taking_back(scene, key_id):
    wanted = done(scene.request(scene.anna.key, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
    done(scene.approve("ben", wanted))
    done(scene.approve("cleo", wanted))
    refused(scene.other.key("WithdrawApproval", KEYHOLD, RequestHash=wanted), 404, "EntityNotExist.Approval")
    done(scene.ben.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))
    assert [a["Approver"] for a in scene.pending()[wanted]["Approvals"]] == [scene.cleo.arn]
    refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    done(scene.anna.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))
    assert wanted not in scene.pending()


def test_what_is_asked_for_is_read_strictly(scene, key_id):
    for operation, parameters in (("kms:DisableKey", {"KeyID": key_id}), ("kms:DisableKey", {"KeyId": "alias/name"}),
                                  ("kms:ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": "seven"}),
                                  ("kms:NoSuch", {}), ("DisableKey", {}), (":", {}), ("kms:TagResource", {"Tags": "x"}),
                                  ("kms:TagResource", {"Tags.0.TagKey": "x"}), ("ram:CreateLoginProfile", {"Password": "x"})):
        refused(scene.request(scene.anna.key, operation, **parameters), 400, "InvalidParameter")
    refused(scene.request(scene.anna.key, ""), 400, "MissingParameter")
    wanted = done(scene.request(scene.anna.key, "kms:TagResource", **{"KeyId": key_id, "Tags.1.TagKey": "a", "Tags.1.TagValue": "ü ="}))
    told = canonical(scene.account, scene.anna.id, "kms", "TagResource", {"KeyId": key_id, "Tags.1.TagKey": "a", "Tags.1.TagValue": "ü ="})
    assert wanted["Approval"]["RequestHash"] == told


def test_nobody_becomes_an_approver_s_double(scene):
    """Credentials of an approver, and a place in a group of approvers, are held as well."""
    for action, parameters in (("CreateAccessKey", {}), ("UnbindMFADevice", {}), ("CreateLoginProfile", {"Password": "long enough now"}),
                               ("BindMFADevice", {"SerialNumber": "ben", "AuthenticationCode1": "123456", "AuthenticationCode2": "123457"})):
        refused(scene.anna.key(action, RAM, UserName="ben", **parameters), 403, "Forbidden.ApprovalRequired")
    for action, parameters in (("BeginPasskeyRegistration", {}), ("DeletePasskey", {"PasskeyName": "any"})):  # an access key alone could be anybody's
        refused(scene.ben.key(action, KEYHOLD, **parameters), 403, "Forbidden.ApprovalRequired")
    done(scene.sessions["ben"]("BeginPasskeyRegistration", KEYHOLD))
    refused(scene.anna.key("DeletePasskey", KEYHOLD, UserName="ben", PasskeyName="any"), 403, "Forbidden.ApprovalRequired")
    done(scene.anna.key("CreateAccessKey", RAM, UserName="other"))
    wanted = done(scene.request(scene.anna.key, "ram:UnbindMFADevice", UserName="other"))
    assert wanted["Approval"]["Status"] == "Pending"


def test_groups_approve_and_their_places_are_held(own_scene):
    scene, key_id = own_scene, done(own_scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    scene.lift()
    done(scene.ask("CreateGroup", RAM, GroupName="guards"))
    for name in ("ben", "cleo"):
        done(scene.ask("AddUserToGroup", RAM, GroupName="guards", UserName=name))
    done(scene.set_rule(scene.ask, approvers=[f"acs:ram::{scene.account}:group/guards"]))
    refused(scene.anna.key("AddUserToGroup", RAM, GroupName="guards", UserName="other"), 403, "Forbidden.ApprovalRequired")
    done(scene.ask("UpdateGroup", RAM, GroupName="guards", NewGroupName="watch"))
    refused(scene.anna.key("AddUserToGroup", RAM, GroupName="watch", UserName="other"), 403, "Forbidden.ApprovalRequired")
    said = refused(scene.ask("RemoveUserFromGroup", RAM, GroupName="watch", UserName="ben"), 409, "Rejected.TooFewApprovers")
    assert "1, and the rule asks for 2" in said
    wanted = done(scene.request(scene.anna.key, "ram:AddUserToGroup", GroupName="watch", UserName="other"))["Approval"]["RequestHash"]
    for who in ("ben", "cleo"):
        done(scene.approve(who, wanted))
    done(scene.anna.key("AddUserToGroup", RAM, GroupName="watch", UserName="other"))
    wanted = done(scene.request(scene.anna.key, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
    refused(scene.approve("other", wanted), 403, "NoPermission")  # those count who were in the group when the rule was set
    done(scene.approve("ben", wanted))
    scene.change_rule(approvers=[f"acs:ram::{scene.account}:group/watch"])
    done(scene.approve("other", wanted))
    removal = done(scene.request(scene.anna.key, "ram:RemoveUserFromGroup", GroupName="watch", UserName="ben"))["Approval"]["RequestHash"]
    refused(scene.anna.key("RemoveUserFromGroup", RAM, GroupName="watch", UserName="ben"), 403, "Forbidden.ApprovalRequired")
    for who in ("other", "cleo"):
        done(scene.approve(who, removal))
    done(scene.anna.key("RemoveUserFromGroup", RAM, GroupName="watch", UserName="ben"))
    assert "1 of 2" in refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    refused(scene.ask("DeleteGroup", RAM, GroupName="watch"), 403, "Forbidden.ApprovalRequired")


def test_the_rule_changes_only_by_its_own_approvals(scene):
    refused(scene.set_rule(scene.ask, count=1), 403, "Forbidden.ApprovalRequired")
    refused(scene.set_rule(scene.anna.key, count=3), 403, "Forbidden.ApprovalRequired")
    refused(scene.ask("DeleteApprovalRule", KEYHOLD), 403, "Forbidden.ApprovalRequired")
    people = [scene.ben.arn, scene.cleo.arn]
    parameters = {"Count": "1", **listed("Actions", ["kms:DisableKey"]), **listed("Approvers", people)}
    wanted = done(scene.request(scene.anna.key, "keyhold:SetApprovalRule", **parameters))["Approval"]["RequestHash"]
    for who in ("ben", "cleo"):
        done(scene.approve(who, wanted))
    refused(scene.set_rule(scene.anna.key, 1, ["kms:EnableKey"], people), 403, "Forbidden.ApprovalRequired")
    done(scene.set_rule(scene.anna.key, 1, ["kms:DisableKey"], people))
    assert done(scene.ask("GetApprovalRule", KEYHOLD))["ApprovalRule"]["Count"] == 1
    wanted = done(scene.request(scene.anna.key, "keyhold:DeleteApprovalRule"))["Approval"]["RequestHash"]
    done(scene.approve("ben", wanted))
    done(scene.anna.key("DeleteApprovalRule", KEYHOLD))
    done(scene.set_rule(scene.ask))
    assert done(scene.ask("GetApprovalRule", KEYHOLD))["ApprovalRule"]["Actions"] == list(HELD)


def test_who_is_no_approver_any_more_does_not_count(own_scene):
    scene, key_id = own_scene, done(own_scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    scene.change_rule(approvers=[p.arn for p in (scene.anna, scene.ben, scene.cleo, scene.other)])

    def approved():
        wanted = done(scene.request(scene.anna.key, "kms:DisableKey", KeyId=key_id))["Approval"]["RequestHash"]
        done(scene.approve("ben", wanted))
        done(scene.approve("cleo", wanted))
        return wanted
    wanted = approved()
    refused(scene.ben.key("UnbindMFADevice", RAM), 403, "Forbidden.ApprovalRequired")  # a key alone could be anybody's
    done(scene.sessions["ben"]("UnbindMFADevice", RAM))  # without a second factor
    assert "1 of 2" in refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    assert scene.pending()[wanted]["Status"] == "Pending"
    done(scene.ben.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))
    refused(scene.approve("ben", wanted), 403, "NoPermission")  # nor with a session from before
    done(scene.sessions["cleo"]("UnbindMFADevice", RAM))
    refused(scene.sessions["other"]("UnbindMFADevice", RAM), 409, "Rejected.TooFewApprovers")  # two are left, and two it takes
    done(scene.ask("DetachPolicyFromUser", RAM, PolicyName=ADMIN, PolicyType="System", UserName="cleo"))

    def together(action, **parameters):
        secrets, parameters = parameters.pop("secrets", {}), {"UserName": "cleo", **parameters}
        refused(scene.ask(action, RAM, **parameters, **secrets), 403, "Forbidden.ApprovalRequired")  # not alone
        hash_of = done(scene.request(scene.ask, f"ram:{action}", **parameters))["Approval"]["RequestHash"]
        for who in ("anna", "other"):
            done(scene.approve(who, hash_of))
        return done(scene.ask(action, RAM, **parameters, **secrets))
    together("DeleteAccessKey", UserAccessKeyId=scene.cleo.key.id)
    together("DeleteUser")
    done(scene.ask("CreateUser", RAM, UserName="cleo"))  # somebody else of that name
    done(scene.ask("AttachPolicyToUser", RAM, PolicyName=ADMIN, PolicyType="System", UserName="cleo"))
    again = Caller.of(scene.server, together("CreateAccessKey")["AccessKey"])
    device = done(scene.ask("CreateVirtualMFADevice", RAM, VirtualMFADeviceName="another"))["VirtualMFADevice"]
    seed, now = device["Base32StringSeed"], step_now()
    codes = {f"AuthenticationCode{i}": code_at(seed, now - 3 + i) for i in (1, 2)}
    together("BindMFADevice", SerialNumber=device["SerialNumber"], secrets=codes)
    session = again("GetSessionToken", STS, SerialNumber=device["SerialNumber"], TokenCode=code_at(seed, step_now()))
    again = Caller.of(scene.server, done(session)["Credentials"])
    assert "0 of 2" in refused(scene.anna.key("DisableKey", KeyId=key_id), 403, "Forbidden.ApprovalRequired")
    refused(again("ApproveRequest", KEYHOLD, RequestHash=wanted), 403, "NoPermission")


def test_approvals_expire(tmp_path):
    """The same folder, two days later."""
    owner, account = ("LTAItest", "secret-of-the-owner"), "1000000000000001"

    def ask(operation, secrets=None, **fields):
        wire, request_id = {}, str(uuid.uuid4()).upper()
        for name, value in {**fields, **(secrets or {})}.items():
            if isinstance(value, list):
                wire.update(listed(name, value))
            else:
                wire[name] = json.dumps(value) if isinstance(value, dict) else str(value)
        boxed = {name: house.box.seal(request_id.encode(), text.encode()) for name, text in (secrets or {}).items()}
        proof = sign_v1(*owner, operation, now=int(time.time()) + house.later_s, **wire)
        reply = house.ask(operation, {**fields, **boxed}, proof, request_id=request_id)
        assert reply["Failure"] in ("OK", "APPROVAL_EXISTS", "APPROVAL_NOT_FOUND"), (operation, reply)
        reply["opened"] = lambda boxed: house.box.open(request_id.encode(), boxed)
        return reply

    def bind_device(user):
        made = ask("CreateVirtualMFADevice", VirtualMFADeviceName=user)
        device, now = made["out"]["VirtualMFADevice"], step_now()
        codes = [code_at(made["opened"](device["Base32StringSeed"]).decode(), now - back) for back in (2, 1)]
        ask("BindMFADevice", UserName=user, SerialNumber=device["SerialNumber"],
            secrets={"AuthenticationCode1": codes[0], "AuthenticationCode2": codes[1]})

    def asked():
        return ask("RequestApproval", Operation="kms:DisableKey", Parameters={"KeyId": "0" * 36})
    house = House(tmp_path)
    house.bootstrap(AccountId=account, AccessKeyId=owner[0], AccessKeySecret=owner[1].encode())
    ask("CreateUser", UserName="ben")
    bind_device("ben")
    ben = f"acs:ram::{account}:user/ben"
    assert ask("SetApprovalRule", Actions=["kms:DisableKey"], Count=1, Approvers=[ben])["Failure"] == "OK"
    wanted = asked()["out"]["Approval"]["RequestHash"]
    assert asked()["Failure"] == "APPROVAL_EXISTS"
    house.stop()
    house = House(tmp_path, later_s=2 * 86400)
    assert [each["Status"] for each in ask("ListApprovals")["out"]["Approvals"]] == ["Expired"]
    for operation in ("WithdrawApproval", "ApproveRequest"):
        assert ask(operation, RequestHash=wanted)["Failure"] == "APPROVAL_NOT_FOUND"
    assert asked()["Failure"] == "OK"
    assert [each["Status"] for each in ask("ListApprovals")["out"]["Approvals"]] == ["Pending"]
    house.stop()


def test_a_rule_holds_break_glass(own_scene):
    """Before anything else is asked of the grant: nobody makes one alone."""
    own_scene.lift()
    done(own_scene.set_rule(own_scene.ask, count=1, actions=["keyhold:GrantBreakGlass"]))
    wanted = {"GrantName": "break-glass-1", "Grantee": own_scene.ben.arn, "DurationSeconds": 900, "Reason": "a test",
              "PolicyDocument": json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}]})}
    refused(own_scene.ask("GrantBreakGlass", KEYHOLD, **wanted), 403, "Forbidden.ApprovalRequired")
    refused(own_scene.anna.key("GrantBreakGlass", KEYHOLD, **wanted), 403, "Forbidden.ApprovalRequired")


def test_several_at_once_are_held_like_one(own_scene):
    own_scene.lift()
    key_id = done(own_scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    done(own_scene.ask("CreateSecret", SecretName="one", SecretData="x", VersionId="v1"))
    done(own_scene.set_rule(own_scene.ask, count=1, actions=["kms:GetSecretValue", "kms:TagResource"]))
    refused(own_scene.ask("GetSecretValue", SecretName="one"), 403, "Forbidden.ApprovalRequired")
    refused(own_scene.ask("BatchGetSecretValue", SecretsList=json.dumps([{"SecretName": "one"}])), 403, "Forbidden.ApprovalRequired")
    tags = {"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId.1": key_id, "Tag.1.Key": "a", "Tag.1.Value": "b"}
    refused(own_scene.ask("TagResources", **tags), 403, "Forbidden.ApprovalRequired")


def test_what_does_more_is_held_with_what_it_does(own_scene):
    own_scene.lift()
    key_id = done(own_scene.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    trust = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": own_scene.anna.arn}}]})
    done(own_scene.ask("CreateRole", RAM, RoleName="held-role", AssumeRolePolicyDocument=trust))
    done(own_scene.set_rule(own_scene.ask, count=1, actions=["iam:UpdateAssumeRolePolicy", "kms:DisableKeyRotation"]))
    refused(own_scene.ask("UpdateRole", RAM, RoleName="held-role", NewAssumeRolePolicyDocument=trust), 403, "Forbidden.ApprovalRequired")
    refused(own_scene.ask("UpdateRotationPolicy", KeyId=key_id, EnableAutomaticRotation="false"), 403, "Forbidden.ApprovalRequired")
