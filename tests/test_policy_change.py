"""A change of what somebody may do holds from the very next request, on every connection and gateway, under load: no request sent
after the answer to the change is decided by what was before."""
import json
import os
import threading
import time

import pytest

from wire import KMS, RAM, Client, Refused

GATEWAYS, CONNECTIONS, ROUNDS, POLICIES = 3, 6, 3, 1000
KEYHOLD = "2026-01-01"


def document(effect):
    return json.dumps({"Version": "1", "Statement": [{"Effect": effect, "Action": "kms:*", "Resource": "*"}]})


def gateways_in_use(server):
    """How many gateways hold a connection, seen from outside."""
    port = int(server.http.rsplit(":", 1)[1])
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    mine = {f"socket:[{row[9]}]" for row in rows if row[3] == "01" and int(row[1].rsplit(":", 1)[1], 16) == port}

    def holds_one(pid):
        links = (f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd"))
        return any(os.path.islink(link) and os.readlink(link) in mine for link in links)
    return sum(holds_one(pid) for pid in server.pids("gateway"))


class Caller:
    """One connection that asks over and over and notes when, and whether it was allowed."""

    def __init__(self, address, access_key, key_id):
        self.client, self.key_id = Client(address, access_key), key_id
        self.answers, self.trouble, self.is_over = [], None, False  # (sent, allowed)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.is_over:
                sent = time.monotonic()
                try:
                    self.client.rpc("Encrypt", KMS, KeyId=self.key_id, Plaintext="aGVsbG8=")
                    allowed = True
                except Refused as why:
                    assert why.status in (403, 404), why
                    allowed = False
                self.answers.append((sent, allowed))
        except Exception as why:  # told to the test
            self.trouble = why

    def answers_since(self, moment):
        return [allowed for sent, allowed in list(self.answers) if sent > moment]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A server with several gateways, and a user whose connections ask all the time."""
    from conftest import ANY_PORTS, Server, run_init
    data = tmp_path_factory.mktemp("data")
    run = run_init(data)
    assert run.returncode == 0, run.stderr
    made = json.loads(run.stdout)
    server = Server("--data", str(data), *ANY_PORTS, env={"KEYHOLD_SERVER_GATEWAYS": str(GATEWAYS)})
    server.use(made["accessKeyId"], made["accessKeySecret"])
    root = Client(server.http, (server.access_key_id, server.access_key_secret))
    key_id = root.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    root.rpc("CreateUser", RAM, UserName="worker")
    root.rpc("CreateGroup", RAM, GroupName="workers")
    for name, effect in (("use", "Allow"), ("wider", "Allow"), ("no", "Deny")):
        root.rpc("CreatePolicy", RAM, PolicyName=name, PolicyDocument=document(effect))
    key = root.rpc("CreateAccessKey", RAM, UserName="worker")["AccessKey"]
    access_key = key["AccessKeyId"], key["AccessKeySecret"]
    callers = []
    while len(callers) < CONNECTIONS or gateways_in_use(server) < 2:
        assert len(callers) < 40, "connections do not spread over gateways"
        callers.append(Caller(server.http, access_key, key_id))
        server.wait_for(lambda: callers[-1].answers or callers[-1].trouble, what="an answer")
    yield root, callers, server, key["AccessKeyId"]
    for caller in callers:
        caller.is_over = True
    for caller in callers:
        caller.thread.join()
    server.stop()


def attached(name):
    return {"PolicyName": name, "PolicyType": "Custom", "UserName": "worker"}


def of_group(name):
    return {"PolicyName": name, "PolicyType": "Custom", "GroupName": "workers"}


def bound_by(name):
    return {"UserName": "worker", "PermissionsBoundary": f"acs:ram::ACCOUNT:policy/{name}"}


def own(text):
    return {"UserName": "worker", "PolicyName": "own", "PolicyDocument": text}


def key_policy(effect):
    """The root keeps the key; the rest is for the account's policies, unless the worker is denied it."""
    statements = [{"Effect": "Allow", "Action": "kms:*", "Principal": {"RAM": ["acs:ram::ACCOUNT:root"]}, "Resource": "*"},
                  {"Effect": effect, "Action": "kms:Encrypt", "Principal": {"RAM": ["acs:ram::ACCOUNT:user/worker"]}, "Resource": "*"}]
    return json.dumps({"Version": "1", "Statement": statements})


# What lets the user in, what shuts it out again; both hold while nothing else does.
CHANGES = {
    "a policy of the user": (("AttachPolicyToUser", attached("use")), ("DetachPolicyFromUser", attached("use"))),
    "a group": (("AddUserToGroup", {"UserName": "worker", "GroupName": "workers"}),
                ("RemoveUserFromGroup", {"UserName": "worker", "GroupName": "workers"})),
    "a policy that denies": (("DetachPolicyFromUser", attached("no")), ("AttachPolicyToUser", attached("no"))),
    "the access key": (("UpdateAccessKey", {"UserName": "worker", "Status": "Active"}),
                       ("UpdateAccessKey", {"UserName": "worker", "Status": "Inactive"})),
    "a version of the policy": (("SetDefaultPolicyVersion", {"PolicyName": "wider", "VersionId": "v1"}),
                                ("SetDefaultPolicyVersion", {"PolicyName": "wider", "VersionId": "v2"})),
    "a policy of a group": (("AttachPolicyToGroup", of_group("use")), ("DetachPolicyFromGroup", of_group("use"))),
    "a policy of its own": (("PutUserPolicy", own(document("Allow")), KEYHOLD), ("PutUserPolicy", own(document("Deny")), KEYHOLD)),
    "a boundary": (("DeleteUserPermissionsBoundary", {"UserName": "worker"}, KEYHOLD),
                   ("PutUserPermissionsBoundary", bound_by("no"), KEYHOLD)),
    "the key's policy": (("SetKeyPolicy", {"KeyId": "KEY", "Policy": key_policy("Allow")}, KMS),
                         ("SetKeyPolicy", {"KeyId": "KEY", "Policy": key_policy("Deny")}, KMS)),
}
BEFORE = {"a group": [("AttachPolicyToGroup", {"PolicyName": "use", "PolicyType": "Custom", "GroupName": "workers"})],
          "a policy that denies": [("AttachPolicyToUser", attached("wider")), ("AttachPolicyToUser", attached("no"))],
          "the access key": [("AttachPolicyToUser", attached("use"))],
          "a policy of a group": [("AddUserToGroup", {"UserName": "worker", "GroupName": "workers"})],
          "a boundary": [("AttachPolicyToUser", attached("use")), ("PutUserPermissionsBoundary", bound_by("no"), KEYHOLD)],
          "a version of the policy": [("CreatePolicyVersion", {"PolicyName": "wider", "PolicyDocument": document("Deny"), "SetAsDefault": "true"}),
                                      ("AttachPolicyToUser", attached("wider"))]}
AFTER = {"a group": [("DetachPolicyFromGroup", of_group("use")), ("RemoveUserFromGroup", {"UserName": "worker", "GroupName": "workers"})],
         "a policy that denies": [("DetachPolicyFromUser", attached("wider")), ("DetachPolicyFromUser", attached("no"))],
         "the access key": [("DetachPolicyFromUser", attached("use")), ("UpdateAccessKey", {"UserName": "worker", "Status": "Active"})],
         "a policy of a group": [("RemoveUserFromGroup", {"UserName": "worker", "GroupName": "workers"})],
         "a policy of its own": [("DeleteUserPolicy", {"UserName": "worker", "PolicyName": "own"}, KEYHOLD)],
         "a boundary": [("DeleteUserPermissionsBoundary", {"UserName": "worker"}, KEYHOLD), ("DetachPolicyFromUser", attached("use"))],
         "the key's policy": [("SetKeyPolicy", {"KeyId": "KEY", "Policy": key_policy("Allow").replace("user/worker", "root")}, KMS)],
         "a version of the policy": [("DetachPolicyFromUser", attached("wider"))]}


def make(town, change):
    root, callers, server, access_key_id = town
    action, parameters, version = (*change, RAM)[:3]
    put_in = {"ACCOUNT": server.ready["accountId"], "KEY": callers[0].key_id}
    for word, value in put_in.items():
        parameters = {name: given.replace(word, value) for name, given in parameters.items()}
    if action == "UpdateAccessKey":
        parameters["UserAccessKeyId"] = access_key_id
    root.rpc(action, version, **parameters)


def all_are(town, is_allowed, what):
    """Every request sent from now on, by every connection, has to come out like this."""
    _, callers, server, _ = town
    answered = time.monotonic()
    server.wait_for(lambda: all(len(c.answers_since(answered)) >= 2 or c.trouble for c in callers), what="two answers to each")
    for caller in callers:
        assert caller.trouble is None
        assert set(caller.answers_since(answered)) == {is_allowed}, what


def follow(town, change, is_allowed):
    make(town, change)
    all_are(town, is_allowed, change)


@pytest.mark.parametrize("name", CHANGES)
def test_it_holds_from_the_next_request_on(town, name):
    for change in BEFORE.get(name, []):
        make(town, change)
    lets_in, shuts_out = CHANGES[name]
    for _ in range(ROUNDS):
        follow(town, lets_in, True)
        follow(town, shuts_out, False)
    for change in AFTER.get(name, []):
        try:
            make(town, change)
        except Refused as why:
            assert "NotExist" in why.code or "EntityNotExist" in why.code, why  # it was the last change's already


def test_a_thousand_policies_changed_meanwhile(town):
    """Changes of policies that are not the user's leave it alone, however many; one of its own among them holds at once."""
    root = town[0]
    root.rpc("AttachPolicyToUser", RAM, **attached("use"))
    all_are(town, True, "at first")
    for number in range(POLICIES):
        root.rpc("CreatePolicy", RAM, PolicyName=f"other-{number}", PolicyDocument=document("Deny"))
    began = time.monotonic()
    for number in range(POLICIES):
        root.rpc("CreatePolicyVersion", RAM, PolicyName=f"other-{number}", PolicyDocument=document("Allow"), SetAsDefault="true")
        if number == POLICIES // 2:
            assert all(all(c.answers_since(began)) for c in town[1])
            root.rpc("CreatePolicyVersion", RAM, PolicyName="use", PolicyDocument=document("Deny"), SetAsDefault="true")
            all_are(town, False, "half way")
            root.rpc("SetDefaultPolicyVersion", RAM, PolicyName="use", VersionId="v1")
            all_are(town, True, "half way")
            began = time.monotonic()
    assert all(all(c.answers_since(began)) and len(c.answers_since(began)) > 2 for c in town[1])
    root.rpc("DetachPolicyFromUser", RAM, **attached("use"))


def test_a_guard_rail_too(town):
    root = town[0]
    root.rpc("AttachPolicyToUser", RAM, **attached("use"))
    all_are(town, True, "before")
    root.rpc("SetGuardRail", KEYHOLD, PolicyDocument=document("Deny"))
    all_are(town, False, "guarded")
    root.rpc("DeleteGuardRail", KEYHOLD)
    all_are(town, True, "no longer")
