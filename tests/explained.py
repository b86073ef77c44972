#!/usr/bin/env python3
"""Every refusal of a running Keyhold, looked at again: is there an explanation, and is it true?

usage: explained.py < {"http": …, "data": folder, "accounts": {account: [access key id, secret]}}

Refusals are read from the trail on disk (docs/formats/trail.md), each is decoded as the root of its account, and what it says is held
against the documents themselves, which the trail has as well: the second evaluator (tests/model/policy_model.py) weighs them anew. Then the
same is asked of the simulation; where policies have changed since, its answer is another and is not compared.

Nothing here shares code with what is checked, but for tables of names that are read from the sources."""
import calendar
import collections
import hashlib
import json
import os
import re
import struct
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "model")]
import policy_model as model  # noqa: E402
from wire import Client, Lost, Refused  # noqa: E402

RAM, KEYHOLD = "2015-05-01", "2026-01-01"
REFUSALS = ("You are not authorized to do this action.", "This takes the approval of others first.")
KINDS = ("IdentityPolicy", "ResourcePolicy", "TrustPolicy", "PermissionBoundary", "SessionPolicy", "GuardRail")
ABOUT_POLICY = ("kms:GetKeyPolicy", "kms:SetKeyPolicy", "kms:ListKeyPolicies", "kms:GetSecretPolicy", "kms:SetSecretPolicy", "oss:GetBucketPolicy",
                "oss:PutBucketPolicy", "oss:DeleteBucketPolicy")
SIMULATED_CONDITIONS_MOST = 64

# What nobody may, whatever policies say. Another sentence is a refusal that some policy may have decided.
RULES = [
    r"The account root takes no role on\.", r"Accounts are the platform operator's\.", r"The account's root has to show a second factor\.",
    r"A break-glass grant is for one account\.", r"\S+ under a break-glass grant would outlast it\.", r"The break-glass grant has ended\.",
    r"A role has no password\.", r"A session cannot make another one\.", r"The session has another source identity\.", r"Only the root says so of itself\.",
    r"Only who signs with an access key shows a code\.", r"The user has a second factor: show it first, by logging in\.",
    r"The account.s root asks for it, in a session that began with a second factor\.", r"An approver objects, or the root, in a session that began with a second factor\.",
    r"A person approves, in a session that began with a second factor\.", r"Nobody approves what they asked for themselves\.",
    r"An approver objects, or the root, in a session that began with a second factor\.", r"The account's rule does not name the caller\.",
    r"It is not known which person is behind the role\.", r"The bucket you access does not belong to you\.",
    r"The policy would open the bucket to everybody; name accounts, users or roles\.",
    r"A grantee passes on only what its own grant gives, under the same constraints\.",
    r"The role is not there, or does not trust whom the token names\.", r"For whom only a provider vouches, a trust policy has to say so; .*",
]


# ---- names, from the tables

def read_names():
    with open(os.path.join(ROOT, "src", "contract", "action_name.c"), encoding="utf-8") as f:
        text = f.read()
    twins = collections.defaultdict(list)
    for kind, ours, theirs in re.findall(r'(TWIN|WIDER|NARROWER)\("([^"]+)", "([^"]+)"\)', text):
        if kind != "NARROWER":
            twins[ours].append(theirs)
        if kind != "WIDER":
            twins[theirs].append(ours)
    services = dict(re.findall(r'\{TEXT\("([a-z]+)"\), TEXT\("([a-z0-9]+)"\)\}', text))
    assert len(twins) > 60 and services["ram"] == "iam"
    with open(os.path.join(ROOT, "src", "access", "condition_key.h"), encoding="utf-8") as f:
        macros = dict(re.findall(r'#define (CONDITION_\w+)\s+(?:\\\s+)?"([^"]+)"', f.read()))
    with open(os.path.join(ROOT, "src", "access", "condition_key.c"), encoding="utf-8") as f:
        rows = re.findall(r"\{(CONDITION_\w+),\s*\{([^}]*)\},\s*(CONDITION_\w+)\}", f.read())
    keys = {macros[name]: re.findall(r'"([^"]+)"', also) for name, also, _ in rows}
    model.ARN_KEYS.update(macros[name] for name, _, kind in rows if kind == "CONDITION_IS_ARN")
    assert len(keys) > 35 and "aws:SourceIp" in keys["acs:SourceIp"]
    return twins, services, keys


class Twins(dict):
    """For model.TWINS: every other name of an action."""

    def __init__(self, twins, services):
        super().__init__()
        self.twins, self.services = twins, {**services, **{theirs: ours for ours, theirs in services.items()}}

    def get(self, action, default=None):
        if self.twins.get(action):
            return self.twins[action]
        service, _, name = action.partition(":")
        return [f"{self.services[service]}:{name}"] if service in self.services else default


TWIN_TABLE, SERVICE_TABLE, KEY_TABLE = read_names()
model.TWINS = Twins(TWIN_TABLE, SERVICE_TABLE)
model.KEYS.update({name: also for name, also in KEY_TABLE.items() if not name.endswith(":")})


# ---- the trail on disk

def journal_entries(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            head = f.read(32)
            if head[:8] != b"KHJRNL\0\1":
                continue
            while len(length := f.read(4)) == 4 and length != b"\0\0\0\0":
                size, = struct.unpack(">I", length)
                frame = f.read(4 + size)
                if len(frame) != 4 + size:
                    break
                at = 4 + 8 + 8
                kind, at = frame[at], at + 1 + 8
                account, at = frame[at + 1:at + 1 + frame[at]], at + 1 + frame[at]
                at += 1 + frame[at]
                if kind == 1:
                    yield account.decode(), frame[at:]
                # the rest of the last block of a commit is zeros, and the next one begins with a block
                here = f.tell()
                if f.read(4) == b"\0\0\0\0":
                    here = (here + 4095) & ~4095
                f.seek(here)


def tile_entries(folder):
    for account in os.listdir(folder):
        for at, _, names in os.walk(os.path.join(folder, account, "tile", "entries")):
            for name in names:
                with open(os.path.join(at, name), "rb") as f:
                    bundle = f.read()
                place = 0
                while place + 2 <= len(bundle):
                    length, = struct.unpack(">H", bundle[place:place + 2])
                    yield account, bundle[place + 2:place + 2 + length]
                    place += 2 + length


def texts_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)


class Trail:
    """What is needed of it: refusals by account, policy documents by their hash."""

    def __init__(self, folder):
        self.refusals, self.documents, self.rules, seen = collections.defaultdict(list), {}, [], set()
        for source in (journal_entries(os.path.join(folder, "journal")), tile_entries(folder)):
            for account, entry in source:
                is_refusal = any(message.encode() in entry for message in REFUSALS)
                if not is_refusal and b"Statement" not in entry and b"SetApprovalRule" not in entry:
                    continue
                event = json.loads(entry)
                if event["eventId"] in seen:
                    continue
                seen.add(event["eventId"])
                self.add(account, event)

    def add(self, account, event):
        parameters = event.get("requestParameters") or {}
        for text in texts_of(parameters):
            if "Statement" in text:
                self.documents[hashlib.sha256(text.encode()).hexdigest()] = text
        if event["eventName"] == "SetApprovalRule":
            self.rules.append(parameters.get("Actions", []))
        is_own = event.get("userIdentity", {}).get("accountId") == account  # others' trails tell of it without the explanation
        if event.get("errorMessage", "").startswith(REFUSALS) and is_own:
            self.refusals[account].append(event)


# ---- one explanation

class Wrong(Exception):
    pass


def hold(holds, what):
    if not holds:
        raise Wrong(what)


WORDS = {"explicit": "explicitDeny", "allow": "allowed", "allow-caller": "allowed", "allow-account": "allowed", "implicit": "implicitDeny"}


class Question:
    """What was asked, for the second evaluator."""

    def __init__(self, told):
        who = told["AuthPrincipal"]
        self.told, self.is_root = told, who["AuthPrincipalType"] == "Account"
        self.own = told["ResourceOwner"] == who["AuthPrincipalOwnerId"]
        caller = {"account": who["AuthPrincipalOwnerId"], "arn": who["AuthPrincipalArn"], "id": who.get("AuthPrincipalId"), "role": who.get("AuthPrincipalRole")}
        if "-provider/" in caller["arn"]:
            caller = {"federated": caller["arn"]}
        self.request = {"action": told["AuthAction"], "resource": told["AuthResource"], "now": calendar.timegm(time.strptime(told["Time"], "%Y-%m-%dT%H:%M:%SZ")), "caller": caller, "bound": None,
                        "conditions": {c["ConditionKey"]: c["ConditionValues"] for c in told.get("AuthConditions", [])}}

    def word(self, opinion, document):
        if opinion["PolicyType"] in ("ResourcePolicy", "TrustPolicy"):
            bound = opinion.get("NamesMean") or None
            return model.consult(document, {**self.request, "foreign": not self.own, "bound": bound}).split()[0]
        return model.decide([document], self.request).split()[0]

    def applies(self, opinion, document, statement):
        request = {**self.request, "foreign": not self.own, "bound": opinion.get("NamesMean") or None}
        return bool(model.reach(statement, model.prepared(request, document)))


def statements_of(document):
    return model.as_list(document["Statement"])


def check_deciding(question, documents):
    """Explicit: the statement named stands in the policy named, denies, and is about this request."""
    told = question.told
    named = told.get("DecidingStatement")
    hold(named, "an explicit denial without a statement")
    hold(named["PolicyType"] == told["NoPermissionPolicyType"] and named["Effect"] == "Deny", f"the deciding statement is {named}")
    same = [(o, d) for o, d in documents if all(o.get(name) == named.get(name) for name in ("PolicyType", "PolicyIdentifier", "AttachedTo", "PolicyOrigin"))]
    hold(same, "the policy named was not asked")
    for opinion, document in same:
        if document is None:
            continue
        statements = statements_of(document)
        hold(named["Statement"] < len(statements), "there is no such statement in the policy")
        statement = statements[named["Statement"]]
        hold(statement["Effect"] == "Deny", f"the statement named does not deny: {statement}")
        hold((statement.get("Sid") or None) == named.get("StatementId"), f"its Sid is another: {statement}")
        hold(question.applies(opinion, document, statement), f"the statement named is not about the request: {statement}")


def weighed(question, documents):
    """What the second evaluator makes of all of them: "explicit KIND" or "implicit KIND"."""
    told = question.told
    of = collections.defaultdict(list)
    grant = 0
    bound = None
    for opinion, document in documents:
        if opinion["PolicyType"] == "Grant":
            grant = 2 if opinion["PolicyIdentifier"] == "caller" else 1
        else:
            of[opinion["PolicyType"]].append(document)
        bound = opinion.get("NamesMean") or bound
    resource = of["ResourcePolicy"] + of["TrustPolicy"]
    parts = {"rails": len(of["GuardRail"]), "identity": len(of["IdentityPolicy"]), "session": len(of["SessionPolicy"]),
             "boundary": len(of["PermissionBoundary"]), "resource": len(resource), "root": question.is_root, "foreign": not question.own,
             "key": ":key/" in told["AuthResource"] and told["AuthResource"].startswith("acs:kms:"), "about": told["AuthAction"] in ABOUT_POLICY, "grant": grant}
    policies = of["GuardRail"] + of["IdentityPolicy"] + of["SessionPolicy"] + of["PermissionBoundary"] + resource
    return model.weigh(policies, {**question.request, "bound": bound}, parts)


def check_policies(question, documents):
    told = question.told
    kind, is_explicit = told["NoPermissionPolicyType"], told["ExplicitDeny"]
    for opinion, document in documents:
        if document is None or opinion["PolicyType"] == "Grant":
            continue
        word = WORDS[question.word(opinion, document)]
        hold(word == opinion["Decision"], f"{opinion['PolicyType']} {opinion['PolicyIdentifier']} says {word}, not {opinion['Decision']}: {json.dumps(document)[:600]}")
    if is_explicit:
        check_deciding(question, documents)
    else:
        hold("DecidingStatement" not in told, "a statement decided, and nothing denied")
        of_kind = [o["Decision"] for o, _ in documents if o["PolicyType"] == kind]
        hold("explicitDeny" not in [o["Decision"] for o, _ in documents], "a policy denies, and the refusal is said to be implicit")
        if kind in ("GuardRail", "SessionPolicy", "PermissionBoundary", "TrustPolicy"):
            hold("implicitDeny" in of_kind, f"every {kind} allows it")
        if kind == "None":
            hold("allowed" not in [o["Decision"] for o, _ in documents if o["PolicyType"] == "IdentityPolicy"] or told.get("Truncated"), "an identity policy allows it")
    is_whole = all(document is not None or o["PolicyType"] == "Grant" for o, document in documents)
    if is_whole and kind != "TrustPolicy":
        expected = weighed(question, documents)
        hold(expected == f"{'explicit' if is_explicit else 'implicit'} {kind}", f"weighed anew it is: {expected}")
    return is_whole


def check_rule(told, trail):
    hold(told["ExplicitDeny"] is False and told.get("Reason"), "no reason in words")
    if told["NoPermissionPolicyType"] == "Rule":
        hold(any(re.fullmatch(rule, told["Reason"]) for rule in RULES), f"not a rule that is known: {told['Reason']}")
        return
    named = told.get("DecidingStatement")
    hold(re.search(r"\d+ of \d+ approvals", told["Reason"]), f"no count of approvals: {told['Reason']}")
    if named:  # what every rule holds has no action of the rule
        names = names_of(told["AuthAction"])
        patterns = [actions[named["Statement"]] for actions in trail.rules if named["Statement"] < len(actions)]
        hold(named["PolicyType"] == "ApprovalRule", f"the deciding statement is {named}")
        hold(any(model.wildcard(model.ascii_lower(p), name) for p in patterns for name in names) or is_further(told["AuthAction"], patterns),
             f"no rule's action {named['Statement']} is about {told['AuthAction']}")


def names_of(action):
    return [model.ascii_lower(action)] + (model.TWINS.get(model.ascii_lower(action)) or [])


def is_further(action, patterns):
    """What a rule holds because it does what another operation does (src/contract/held.c): several at once, elsewhere, more besides."""
    with open(os.path.join(ROOT, "src", "contract", "held.c"), encoding="utf-8") as f:
        rows = re.findall(r'\{OPERATION_(?:KMS_|MANAGER_)?(\w+), "([^"]+)"\}', f.read())
    assert len(rows) > 5
    operation = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", action.split(":")[1]).upper()
    held_with = [name for row, other in rows if row == operation for name in names_of(other)]
    return any(model.wildcard(model.ascii_lower(p), each) for p in patterns for each in held_with)


# ---- all of a server's

class Account:
    """Its root, asked through one connection."""

    def __init__(self, http, access_key):
        self.client = Client(http, tuple(access_key), timeout=10)

    def decode(self, message):
        return self.client.rpc("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=message)["DecodedDiagnosticMessage"]

    def system_policy(self, name):
        return self.client.rpc("GetPolicy", RAM, PolicyName=name, PolicyType="System")["DefaultPolicyVersion"]["PolicyDocument"]

    def simulate(self, question, session_policy):
        told = question.told
        ask = {"PolicySourceArn": told["AuthPrincipal"]["AuthPrincipalArn"], "ActionNames.1": told["AuthAction"], "ResourceArns.1": told["AuthResource"]}
        for i, (name, values) in enumerate(question.request["conditions"].items(), 1):
            ask[f"ContextEntries.{i}.ContextKeyName"] = name
            ask.update({f"ContextEntries.{i}.ContextKeyValues.{k}": value for k, value in enumerate(values, 1)})
        if session_policy:
            ask["SessionPolicy"] = session_policy
        return self.client.rpc("SimulatePrincipalPolicy", KEYHOLD, **ask)["EvaluationResults"][0]


def rests_on(told):
    """The policies that were asked, by their content."""
    return sorted((o["PolicyType"], o["PolicyIdentifier"], o.get("Fingerprint", ""), json.dumps(o.get("NamesMean", {}), sort_keys=True))
                  for o in told.get("PolicyOpinions", []) if o["PolicyType"] != "SessionPolicy")


def statement_of(told):
    """A session policy has no name of its own."""
    named = dict(told.get("DecidingStatement") or {})
    if named.get("PolicyType") == "SessionPolicy":
        named.pop("PolicyIdentifier")
    return named


class Checker:
    def __init__(self, http, trail, accounts):
        self.http, self.trail, self.accounts = http, trail, accounts
        self.count, self.wrong, self.judged, self.seen = collections.Counter(), [], {}, set()

    def document_of(self, account, opinion):
        known = self.trail.documents
        fingerprint = opinion.get("Fingerprint")
        if opinion["PolicyType"] == "Grant":
            return None
        if fingerprint not in known and opinion.get("PolicyOrigin") == "System":
            text = account.system_policy(opinion["PolicyIdentifier"])
            known[hashlib.sha256(text.encode()).hexdigest()] = text
        return json.loads(known[fingerprint]) if fingerprint in known else None

    def compare_simulation(self, account, question):
        told, sessions = question.told, [o for o in question.told.get("PolicyOpinions", []) if o["PolicyType"] == "SessionPolicy"]
        owner = told["AuthResource"].split(":")[3] if told["AuthResource"].count(":") > 3 else ""
        is_askable = owner.isdigit() or owner == "system"
        is_askable = is_askable and "-provider/" not in told["AuthPrincipal"]["AuthPrincipalArn"] and len(question.request["conditions"]) <= SIMULATED_CONDITIONS_MOST
        limit = self.trail.documents.get(sessions[0].get("Fingerprint")) if sessions else None
        if not is_askable or told.get("Truncated") or (sessions and not limit) or told["AuthPrincipal"]["AuthPrincipalType"] == "AssumedRoleUser" and told["NoPermissionPolicyType"] == "Rule":
            self.count["not simulated"] += 1
            return
        try:
            simulated = account.simulate(question, limit)
        except Refused as refused:
            self.count["not simulated"] += 1
            hold(refused.status in (403, 404) or "ResourceArns" in str(refused), f"the simulation: {refused}")
            return
        if rests_on(simulated) != rests_on(told):
            self.count["changed since"] += 1
            return
        decision = "explicitDeny" if told["ExplicitDeny"] else "implicitDeny"
        by = told["NoPermissionPolicyType"]
        is_same = (simulated["EvalDecision"], simulated["DecidedBy"], statement_of(simulated)) == (decision, by, statement_of(told))
        if not is_same and "Rule" in simulated["DecidedBy"]:
            self.count["changed since"] += 1  # what users may do to themselves and what takes approvals has no fingerprint
            return
        hold(is_same, f"the simulation says {simulated['EvalDecision']} by {simulated['DecidedBy']}, {simulated.get('DecidingStatement')}")
        self.count["simulated alike"] += 1

    def judge(self, account, told):
        kind = told["NoPermissionPolicyType"]
        if kind in ("Rule", "ApprovalRule"):
            check_rule(told, self.trail)
            self.count["by a rule"] += 1
            return
        hold(kind in KINDS + ("None",), f"an unknown kind: {kind}")
        question = Question(told)
        documents = [(o, self.document_of(account, o)) for o in told.get("PolicyOpinions", [])]
        if told.get("Truncated"):
            self.count["cut"] += 1
            return
        is_whole = check_policies(question, documents)
        self.count["weighed anew" if is_whole else "weighed in part"] += 1
        self.compare_simulation(account, question)

    def check(self, account, event):
        message = (event.get("additionalEventData") or {}).get("EncodedDiagnosticMessage")
        hold(message, "there is no explanation")
        told = account.decode(message)
        hold(told["RequestId"] == event["requestId"], "the explanation is another request's")
        self.count["refusals"] += 1
        self.count["explicit" if told["ExplicitDeny"] else "implicit"] += 1
        same = json.dumps({k: v for k, v in told.items() if k not in ("RequestId", "Time")}, sort_keys=True)
        if same in self.judged:
            if self.judged[same]:
                raise Wrong(self.judged[same])
            return
        self.judged[same] = ""
        try:
            self.judge(account, told)
        except Wrong as why:
            self.judged[same] = f"{why}\n    {json.dumps(told)}"
            raise Wrong(self.judged[same]) from None

    def check_account(self, name, events):
        if name not in self.accounts:
            self.count["of accounts whose root is not known"] += len(events)
            return
        account = Account(self.http, self.accounts[name])
        for event in events:
            self.seen.add(event["requestId"])
            try:
                self.check(account, event)
            except Wrong as why:
                self.wrong.append(f"{event['eventName']} {event['requestId']}: {event.get('errorMessage', '')[:160]}: {why}")
            except (Refused, Lost):  # the root may not, or there is nobody to ask any more
                self.count["of accounts whose root cannot ask"] += 1
        account.client.close()

    def check_all(self):
        for name, events in self.trail.refusals.items():
            self.check_account(name, events)
        return self


def check(http, data, accounts, skip=()):
    """A Checker with what it counted and found wrong. `skip`: request ids that were looked at before."""
    trail = Trail(os.path.join(data, "trail"))
    for name, events in trail.refusals.items():
        trail.refusals[name] = [event for event in events if event["requestId"] not in skip]
    return Checker(http, trail, accounts).check_all()


def main():
    asked = json.load(sys.stdin)
    done = check(asked["http"], asked["data"], asked["accounts"])
    print(json.dumps({"count": done.count, "wrong": done.wrong}))


if __name__ == "__main__":
    main()
