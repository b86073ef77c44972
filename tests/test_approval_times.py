"""Dual control over time and through crashes: the waiting time of a recovery, ends by the clock, and kills between approval and use."""
import json
import os
import signal
import time
import uuid

import pytest
from house import House
from people import code_at
from test_approvals import listed
from test_taken_gateway import sign_v1

ROOT, ACCOUNT, DAY_S = ("LTAIroot", "secret-of-the-root-itself"), "1000000000000001", 86400


class Town:
    """A data folder with a root and people, at a time of one's choice; its processes can be killed."""

    def __init__(self, folder):
        self.folder, self.house, self.later_s, self.seeds = folder, House(folder), 0, {}
        self.house.bootstrap(AccountId=ACCOUNT, AccessKeyId=ROOT[0], AccessKeySecret=ROOT[1].encode())

    def enter(self, later_s=0):
        self.house.stop()
        self.later_s, self.house = later_s, House(self.folder, later_s)

    def kill(self, *roles):
        for role in roles or tuple(self.house.processes):
            os.kill(self.house.processes[role].pid, signal.SIGKILL)
        for process in self.house.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        for control in self.house.controls.values():
            control.close()
        self.house.root_key.close()
        self.house = House(self.folder, self.later_s)

    def prepare(self, operation, who, secrets=None, **fields):
        """(fields, proof, request id) of a signed request."""
        wire, request_id = {}, str(uuid.uuid4()).upper()
        for name, value in {**fields, **(secrets or {})}.items():
            if isinstance(value, list):
                wire.update(listed(name, value))
            else:
                wire[name] = json.dumps(value) if isinstance(value, dict) else str(value)
        token = {"SecurityToken": who[2]} if len(who) > 2 else {}
        boxed = {name: self.house.box.seal(request_id.encode(), text.encode()) for name, text in (secrets or {}).items()}
        proof = sign_v1(*who[:2], operation, now=int(time.time()) + self.later_s, **wire, **token)
        return {**fields, **boxed}, {**proof, **token}, request_id

    def ask(self, operation, who, secrets=None, **fields):
        sent, proof, request_id = self.prepare(operation, who, secrets, **fields)
        reply = self.house.ask(operation, sent, proof, request_id=request_id)
        reply["open"] = lambda boxed: self.house.box.open(request_id.encode(), boxed).decode()
        return reply

    def done(self, operation, who, secrets=None, **fields):
        reply = self.ask(operation, who, secrets, **fields)
        assert reply["Failure"] == "OK", (operation, reply)
        return reply

    def person(self, name):
        self.done("CreateUser", ROOT, UserName=name)
        self.done("AttachPolicyToUser", ROOT, UserName=name, PolicyName="AdministratorAccess", PolicyType="System")
        made = self.done("CreateAccessKey", ROOT, UserName=name)
        key = made["out"]["AccessKey"]
        return key["AccessKeyId"], made["open"](key["AccessKeySecret"])

    def step(self):
        while time.time() % 30 > 26:
            time.sleep(0.05)
        return int(time.time() + self.later_s) // 30

    def bind(self, name):
        who = {"UserName": name} if name != "root" else {}
        made = self.done("CreateVirtualMFADevice", ROOT, VirtualMFADeviceName=name)
        device, now = made["out"]["VirtualMFADevice"], self.step()
        self.seeds[name] = made["open"](device["Base32StringSeed"])
        codes = {f"AuthenticationCode{i}": code_at(self.seeds[name], now - 3 + i) for i in (1, 2)}
        self.done("BindMFADevice", ROOT, secrets=codes, SerialNumber=device["SerialNumber"], **who)

    def session(self, name, key):
        """One that began with a one-time code."""
        code = {"TokenCode": code_at(self.seeds[name], self.step())}
        made = self.done("GetSessionToken", key, secrets=code, SerialNumber=f"acs:ram::{ACCOUNT}:mfa/{name}", DurationSeconds=3600)
        given = made["out"]["Credentials"]
        return given["AccessKeyId"], made["open"](given["AccessKeySecret"]), given["SecurityToken"]

    def rule(self, *people, count=1, actions=("kms:DisableKey", "kms:GenerateRandom"), **more):
        names = [f"acs:ram::{ACCOUNT}:{'root' if p == 'root' else 'user/' + p}" for p in people]
        self.done("SetApprovalRule", ROOT, Actions=list(actions), Count=count, Approvers=names, **more)

    def approved(self, who, by, operation, **parameters):
        wanted = self.done("RequestApproval", who, Operation=operation, Parameters=parameters)["out"]["Approval"]["RequestHash"]
        self.done("ApproveRequest", by, RequestHash=wanted)
        return wanted


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path)
    yield made
    made.house.stop()


def test_a_rule_whose_approver_is_lost_is_lifted_after_the_waiting_time(town):
    town.person("ben")
    for name in ("ben", "root"):
        town.bind(name)
    town.rule("ben", RecoverySeconds=2 * DAY_S)
    root = town.session("root", ROOT)
    assert town.ask("DeleteApprovalRule", root)["Failure"] == "APPROVAL_REQUIRED"
    begun = town.done("BeginApprovalRecovery", root, Reason="Ben is gone")["out"]["ApprovalRule"]
    assert abs(begun["RecoverableAt"] - time.time() - 2 * DAY_S) < 20
    assert town.ask("DeleteApprovalRule", root)["Failure"] == "APPROVAL_REQUIRED"
    town.enter(2 * DAY_S - 600)
    early = town.session("root", ROOT)
    assert town.ask("DeleteApprovalRule", early)["Failure"] == "APPROVAL_REQUIRED"
    town.enter(2 * DAY_S + 60)
    assert town.ask("DeleteApprovalRule", ROOT)["Failure"] == "APPROVAL_REQUIRED"  # without a second factor
    root = town.session("root", ROOT)
    ben = f"acs:ram::{ACCOUNT}:user/ben"
    assert town.ask("SetApprovalRule", root, Actions=["kms:DisableKey"], Count=1, Approvers=[ben])["Failure"] == "APPROVAL_REQUIRED"
    town.done("DeleteApprovalRule", root)
    assert town.ask("GetApprovalRule", root)["Failure"] == "APPROVAL_RULE_NOT_FOUND"
    town.done("GenerateRandom", root, NumberOfBytes=16)  # an act that it held
    town.rule("ben")  # the next one can be set
    assert town.ask("DeleteApprovalRule", root)["Failure"] == "APPROVAL_REQUIRED"


def test_an_old_recovery_is_no_way_in(town):
    town.person("ben")
    for name in ("ben", "root"):
        town.bind(name)
    town.rule("ben", RecoverySeconds=DAY_S)
    town.done("BeginApprovalRecovery", town.session("root", ROOT), Reason="a test")
    town.enter(9 * DAY_S)
    root = town.session("root", ROOT)
    assert "RecoverableAt" not in town.done("GetApprovalRule", root)["out"]["ApprovalRule"]
    assert town.ask("DeleteApprovalRule", root)["Failure"] == "APPROVAL_REQUIRED"
    town.done("BeginApprovalRecovery", root, Reason="asked for anew, and waited for anew")
    assert town.ask("DeleteApprovalRule", root)["Failure"] == "APPROVAL_REQUIRED"


def test_objections_count_after_a_restart(town):
    ben = town.person("ben")
    for name in ("ben", "root"):
        town.bind(name)
    town.rule("ben", RecoverySeconds=DAY_S)
    town.done("BeginApprovalRecovery", town.session("root", ROOT), Reason="a test")
    town.enter(3600)
    town.done("ObjectToApprovalRecovery", town.session("ben", ben))
    town.enter(DAY_S + 600)
    assert town.ask("DeleteApprovalRule", town.session("root", ROOT))["Failure"] == "APPROVAL_REQUIRED"


def test_an_approval_expires_in_the_vault_as_well(town):
    """Given late in the life of a request, it lasts no longer than that; and after a restart."""
    anna, ben = town.person("anna"), town.person("ben")
    town.bind("ben")
    town.rule("ben", ValiditySeconds=600)
    town.approved(anna, town.session("ben", ben), "kms:GenerateRandom", NumberOfBytes="16")
    town.enter(590)
    town.done("GenerateRandom", anna, NumberOfBytes=16)
    town.approved(anna, town.session("ben", ben), "kms:GenerateRandom", NumberOfBytes="32")
    town.enter(590 + 620)
    assert town.ask("GenerateRandom", anna, NumberOfBytes=32)["Failure"] == "APPROVAL_REQUIRED"


@pytest.mark.parametrize("operation", ["DisableKey", "GenerateRandom"])
def test_killed_between_approval_and_answer(town, operation):
    """kill -9 of everything while an approved request is under way: it is done and the approval gone, or neither."""
    anna, ben = town.person("anna"), town.person("ben")
    town.bind("ben")
    key_id = town.done("CreateKey", ROOT)["out"]["KeyMetadata"]["KeyId"]
    fields = {"KeyId": key_id} if operation == "DisableKey" else {"NumberOfBytes": 16}
    parameters = {name: str(value) for name, value in fields.items()}
    town.rule("ben")
    by = town.session("ben", ben)
    seen, approved = set(), False
    for round_ in range(24):
        if not approved:
            if operation == "DisableKey":
                town.done("EnableKey", ROOT, KeyId=key_id)
            wanted = town.approved(anna, by, f"kms:{operation}", **parameters)
        if round_ == 0:  # surely before it
            os.kill(town.house.processes["vault"].pid, signal.SIGSTOP)
        if round_ == 1:  # surely after it
            town.done(operation, anna, **fields)
        else:
            sent, proof, request_id = town.prepare(operation, anna, **fields)
            town.house.gateway.send("REQUEST", request_of(town.house, operation, sent, proof, request_id))
            time.sleep(0.0004 * (round_ % 12))  # anywhere between
        town.kill()
        waiting = {each["RequestHash"] for each in town.done("ListApprovals", ROOT)["out"].get("Approvals", [])}
        approved = wanted in waiting
        if operation == "DisableKey":
            state = town.done("DescribeKey", ROOT, KeyId=key_id)["out"]["KeyMetadata"]["KeyState"]
            assert (state == "Disabled") == (not approved), (round_, state)
        seen.add(approved)
    if approved:  # good still, and once
        town.done(operation, anna, **fields)
    assert town.ask(operation, anna, **fields)["Failure"] == "APPROVAL_REQUIRED"
    assert seen == {True, False}


def request_of(house, operation, fields, proof, request_id):
    from house import OPERATIONS, pack
    house.requests += 1
    return {"Id": house.requests, "RequestId": request_id, "Operation": OPERATIONS[operation], "Proof": house.boxed(proof, request_id),
            "Input": pack(operation + "In", fields) or None,
            "Peer": {"SourceIp": "127.0.0.1", "UserAgent": "test", "Dialect": "alibaba_rpc", "IsTls": False}}
