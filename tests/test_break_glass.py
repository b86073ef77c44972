"""Break-glass: the platform operator's people have no way into an account but what its owner grants one of them, for a while. Negative
cases first."""
import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError
from conftest import ANY_PORTS, Server
from house import House
from test_across_accounts import COUNT, KEYHOLD, PLAIN, RAM, STS, TRAIL, Account, Person, document, gone, refused, statement, tenant
from test_cli import DENIED, Cli
from test_taken_gateway import sign_v1
from wire import Refused

LOOK = document(statement("Allow", ["kms:DescribeKey", "kms:Encrypt"]))


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def owner(server):
    return tenant(server, "owner")


@pytest.fixture(scope="module")
def operator(server):
    return Account(server, server.identity()[1]["AccountId"], (server.access_key_id, server.access_key_secret))


@pytest.fixture(scope="module")
def helper(operator):
    """Of the operator's account, and may do everything there."""
    return operator.user(statement("Allow", "*"))


@pytest.fixture(scope="module")
def colleague(operator):
    return operator.user(statement("Allow", "*"))


def new_name():
    return f"break-glass-{next(COUNT)}"


def ask(who, grantee, name=None, policy=LOOK, duration=900, reason="Ticket 4711: requests fail"):
    return who.ask("GrantBreakGlass", KEYHOLD, GrantName=name or new_name(), Grantee=grantee, PolicyDocument=policy, DurationSeconds=duration,
                   Reason=reason)


def grant(who, helper, **more):
    status, answer = ask(who, helper.arn, **more)
    assert status == 200, answer
    return answer["BreakGlass"]


def assume(who, given, **more):
    return who.ask("AssumeRole", STS, RoleArn=given["RoleArn"], RoleSessionName="help", **more)


def session(owner, who, given, **more):
    status, answer = assume(who, given, **more)
    assert status == 200, answer
    made = answer["Credentials"]
    return Person(owner.server, owner.account, (made["AccessKeyId"], made["AccessKeySecret"]), token=made["SecurityToken"])


# ---- what does not work

def test_before_a_grant_there_is_no_way_in(owner, operator, helper):
    key, bucket = owner.key(), f"closed-{next(COUNT)}"
    secret = f"acs:kms:cn-hangzhou:{owner.account}:secret/closed"
    owner.must("CreateSecret", SecretName="closed", SecretData="hush", VersionId="1")
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", body=b"of the owner")
    given = {"RoleArn": f"acs:ram::{owner.account}:role/break-glass-none"}
    for who in (operator, helper):
        refused(who.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
        refused(who.ask("GetSecretValue", SecretName=secret))
        refused(assume(who, given), 403, "NoPermission")
        for method in ("GET", "PUT", "DELETE"):
            gone(who.oss.oss, method, bucket, "a")
        assert not [each for each in who.must("LookupEvents", TRAIL, MaxResults=50)["Events"] if each["recipientAccountId"] != operator.account]
        assert not [each for each in who.must("LookupEvents", TRAIL, MaxResults=50)["Events"] if bucket in json.dumps(each.get("requestParameters", {}))
                    and each["userIdentity"]["accountId"] == owner.account]


def test_only_who_may_in_the_owners_account_grants(owner, operator, helper):
    bare, may = owner.user(statement("Allow", "kms:*")), owner.user(statement("Allow", "keyhold:GrantBreakGlass"))
    refused(ask(bare, helper.arn), 403, "NoPermission")
    assert ask(may, helper.arn)[0] == 200
    for who in (operator, helper):  # what they say is about their own account, which needs none
        refused(ask(who, helper.arn), 400, "InvalidParameter")
        assert owner.account not in json.dumps(who.must("ListBreakGlass", KEYHOLD))


def test_grants_that_are_none_are_refused(owner, operator, helper):
    other = tenant(owner.server, "other")
    stranger, own = other.user(), owner.user()
    for grantee in (stranger.arn, own.arn, other.arn, owner.arn, operator.arn, f"acs:ram::{operator.account}:user/nobody",
                    f"acs:ram::{operator.account}:role/any", f"acs:ram::{operator.account}:*", "*", operator.account, "acs:ram::199999999999:user/x",
                    helper.arn + '"]', "x"):
        refused(ask(owner, grantee), 400, "InvalidParameter")
    for more in ({"duration": 899}, {"duration": 43201}, {"duration": ""}, {"reason": "a\nb"}, {"reason": ""}, {"reason": "x" * 1025}, {"name": "other-name-4711"},
                 {"name": "break-glassx-1"}, {"name": "break-glass-a/b"}, {"name": "break-glass-" + "x" * 53}, {"policy": ""}, {"policy": "{"},
                 {"policy": document(statement("Allow", "kms:*", Principal="*"))}):
        status, answer = ask(owner, helper.arn, **more)
        assert status == 400, (more, answer)
    name = grant(owner, helper)["GrantName"]
    refused(ask(owner, helper.arn, name=name), 409, "EntityAlreadyExists.Role")


def test_nobody_else_takes_it_on_and_nothing_else_is_allowed(owner, operator, helper, colleague):
    key, other_key = owner.key(), owner.key()
    given = grant(owner, helper, policy=document(statement("Allow", "kms:Encrypt", key["Arn"])))
    for who in (colleague, operator, owner, owner.user(statement("Allow", "*"))):
        refused(assume(who, given), 403, "NoPermission")
    refused(assume(helper, given, DurationSeconds=3600), 400, "InvalidParameter.DurationSeconds")
    inside = session(owner, helper, given)
    assert inside.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200
    refused(inside.ask("Encrypt", KeyId=other_key["KeyId"], Plaintext=PLAIN))
    refused(inside.ask("DescribeKey", KeyId=key["KeyId"]))
    open_key = owner.key()
    owner.share(open_key, statement("Allow", "kms:*", Principal="*"))
    assert owner.user().ask("DescribeKey", KeyId=open_key["KeyId"])[0] == 200
    refused(inside.ask("DescribeKey", KeyId=open_key["KeyId"]))  # what is for everybody in the account is not for a guest
    refused(inside.ask("ListUsers", RAM), 403, "NoPermission")
    refused(inside.ask("LookupEvents", TRAIL), 403, "NoPermission")


def test_nothing_that_would_outlast_it_even_where_the_document_allows_everything(owner, operator, helper):
    key, bucket, third = owner.key(), f"held-{next(COUNT)}", tenant(owner.server, "third")
    shared = third.key()
    third.share(shared, statement("Allow", "kms:*", Principal={"AWS": owner.account}))
    owner.oss.oss("PUT", bucket)
    owner.must("CreateSecret", SecretName="held", SecretData="hush", VersionId="1")
    given = grant(owner, helper, policy=document(statement("Allow", "*")))
    inside = session(owner, helper, given)
    role = f"acs:ram::{owner.account}:role/x"
    for action, version, more in (("CreateUser", RAM, {"UserName": "left-behind"}), ("CreateAccessKey", RAM, {"UserName": "left-behind"}),
                                  ("CreateRole", RAM, {"RoleName": "left", "AssumeRolePolicyDocument": "{}"}), ("AssumeRole", STS, {"RoleArn": role, "RoleSessionName": "again"}),
                                  ("TagUser", KEYHOLD, {"UserName": helper.name, "Tag.1.Key": "team", "Tag.1.Value": "held"}), ("TagResources", RAM, {
                                      "ResourceType": "user", "ResourceNames.1": helper.name, "Tag.1.Key": "team", "Tag.1.Value": "held"}),
                                  ("GetSessionToken", STS, {}), ("DeleteGuardRail", KEYHOLD, {}), ("RevokeBreakGlass", KEYHOLD, {"GrantName": given["GrantName"]})):
        message = refused(inside.ask(action, version, **more), 403, "NoPermission")
        assert "would outlast it" in message or action == "GetSessionToken", message
    assert "would outlast it" in refused(ask(inside, helper.arn, duration=43200), 403, "NoPermission")
    everybody = document(statement("Allow", "kms:*", Principal={"AWS": operator.account}))
    assert "would outlast it" in refused(inside.ask("SetKeyPolicy", KeyId=key["KeyId"], Policy=everybody))
    assert "would outlast it" in refused(inside.ask("SetSecretPolicy", SecretName="held", Policy=everybody))
    assert "would outlast it" in refused(inside.ask("ReplicateKey", KeyId=key["KeyId"], ReplicaRegion="elsewhere", Policy=everybody))
    with pytest.raises(ClientError, match="would outlast it"):
        inside.aws("secretsmanager").delete_resource_policy(SecretId="held")
    assert "for one account" in refused(inside.ask("Encrypt", KeyId=shared["Arn"], Plaintext=PLAIN))  # of a third account, which lets the owner in
    blob = third.must("Encrypt", KeyId=shared["KeyId"], Plaintext=PLAIN)["CiphertextBlob"]
    refused(inside.ask("Decrypt", CiphertextBlob=blob), 404, "Forbidden.KeyNotFound")
    assert owner.must("Decrypt", CiphertextBlob=blob)["Plaintext"] == PLAIN
    for what in ("create_grant", "put_key_policy"):
        more = {"create_grant": {"GranteePrincipal": f"arn:aws:iam::{operator.account}:root", "Operations": ["Encrypt"]},
                "put_key_policy": {"PolicyName": "default", "Policy": everybody}}[what]
        with pytest.raises(Exception, match="would outlast it"):
            getattr(inside.aws("kms"), what)(KeyId=key["KeyId"], **more)
    for method, body in (("PUT", everybody.encode()), ("DELETE", b"")):
        with pytest.raises(Refused, match="would outlast it"):
            inside.oss.oss(method, bucket, body=body, query="policy", headers={"x-oss-security-token": inside.token})
    assert inside.ask("ListUsers", RAM)[0] == 200 and inside.must("GetSecretValue", SecretName="held")["SecretData"] == "hush"


def test_the_names_are_reserved(owner, helper):
    name = grant(owner, helper)["GrantName"]
    before = owner.must("ListBreakGlass", KEYHOLD)
    trust = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [owner.arn]}}]})
    owner.must("CreatePolicy", RAM, PolicyName=f"all-{name}", PolicyDocument=document(statement("Allow", "*")))
    attached = {"PolicyName": f"all-{name}", "PolicyType": "Custom", "RoleName": name}
    for action, more in (("CreateRole", {"RoleName": "break-glass-made", "AssumeRolePolicyDocument": trust}), ("UpdateRole", {"RoleName": name, "NewAssumeRolePolicyDocument": trust}),
                         ("UpdateRole", {"RoleName": name, "NewMaxSessionDuration": 43200}), ("AttachPolicyToRole", attached), ("DeleteRole", {"RoleName": name}),
                         ("TagResources", {"ResourceType": "role", "ResourceNames.1": name, "Tag.1.Key": "a", "Tag.1.Value": "b"})):
        assert owner.ask(action, RAM, **more)[0] == 400, action
    assert owner.ask("RevokeRoleSessions", KEYHOLD, RoleName=name)[0] == 400
    iam = owner.aws("iam")
    for call, more in ((iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": document(statement("Allow", "*"))}), (iam.delete_role, {}),
                       (iam.delete_role_policy, {"PolicyName": "break-glass"}), (iam.update_assume_role_policy, {"PolicyDocument": trust}), (iam.update_role, {"Description": "x"}),
                       (iam.tag_role, {"Tags": [{"Key": "a", "Value": "b"}]}), (iam.create_role, {"AssumeRolePolicyDocument": trust}),
                       (iam.attach_role_policy, {"PolicyArn": f"arn:aws:iam::{owner.account}:policy/all-{name}"}),
                       (iam.put_role_permissions_boundary, {"PermissionsBoundary": f"arn:aws:iam::{owner.account}:policy/all-{name}"})):
        with pytest.raises(Exception, match="Roles named break-glass"):
            call(RoleName=name, **more)
    after = owner.must("ListBreakGlass", KEYHOLD)
    assert after["BreakGlass"] == before["BreakGlass"]
    assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]


def test_a_later_user_of_the_name_is_not_meant(owner, operator):
    first = operator.user(statement("Allow", "*"), name="on-call")
    given = grant(owner, first)
    operator.remove_user(first)
    second = operator.user(statement("Allow", "*"), name="on-call")
    refused(assume(second, given), 403, "NoPermission")


def test_the_owners_guard_rail_binds_it(owner, helper):
    key = owner.key()
    inside = session(owner, helper, grant(owner, helper))
    owner.must("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", "*"), statement("Deny", "kms:Encrypt")))
    try:
        refused(inside.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN))
        assert inside.ask("DescribeKey", KeyId=key["KeyId"])[0] == 200
    finally:
        owner.must("DeleteGuardRail", KEYHOLD)
    assert inside.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200


# ---- the end, and what is told of it

def test_revoking_ends_it_and_its_sessions_at_once(owner, operator, helper):
    key, given = owner.key(), grant(owner, helper)
    inside = session(owner, helper, given)
    assert inside.ask("DescribeKey", KeyId=key["KeyId"])[0] == 200
    refused(helper.ask("RevokeBreakGlass", KEYHOLD, GrantName=given["GrantName"]), 404, "EntityNotExist.Role")
    assert owner.must("RevokeBreakGlass", KEYHOLD, GrantName=given["GrantName"])["BreakGlass"]["Status"] == "Revoked"
    for action, version, more in (("DescribeKey", "2016-01-20", {"KeyId": key["KeyId"]}), ("GetCallerIdentity", STS, {})):
        refused(inside.ask(action, version, **more), 400, "InvalidSecurityToken.Expired")
    message = refused(assume(helper, given), 403, "NoPermission")
    assert "has ended" in message
    assert owner.ask("RevokeBreakGlass", KEYHOLD, GrantName=given["GrantName"])[0] == 404
    again = grant(owner, helper, name=given["GrantName"])  # another grant: what was begun under the former stays ended
    assert inside.ask("DescribeKey", KeyId=key["KeyId"])[0] == 400
    assert session(owner, helper, again).ask("DescribeKey", KeyId=key["KeyId"])[0] == 200


def test_both_trails_tell_of_all_of_it(owner, operator, helper):
    key, given = owner.key(), grant(owner, helper, reason="Ticket 12")
    inside = session(owner, helper, given)
    used = inside.must("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)["RequestId"]
    denied = inside.ask("Decrypt", KeyId=key["KeyId"], CiphertextBlob=owner.must("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)["CiphertextBlob"])
    refused(denied)
    owner.must("RevokeBreakGlass", KEYHOLD, GrantName=given["GrantName"])
    late = inside.ask("DescribeKey", KeyId=key["KeyId"])[1]["RequestId"]
    for account in (owner, operator):
        def named(event):
            return [each for each in account.events(event) if each.get("additionalEventData", {}).get("BreakGlass") == given["GrantName"]]
        made, = named("GrantBreakGlass")
        assert made["requestParameters"]["Reason"] == "Ticket 12" and made["requestParameters"]["Grantee"] == helper.arn
        assert made["userIdentity"]["accountId"] == owner.account and made["recipientAccountId"] == account.account
        taken, = named("AssumeRole")
        assert taken["userIdentity"]["userName"] == helper.name
        assert [each["requestId"] for each in named("Encrypt")] == [used]
        assert [each["errorCode"] for each in named("Decrypt")] == ["NoPermission"]
        assert [each["requestId"] for each in named("DescribeKey")] == [late]
        assert len(named("RevokeBreakGlass")) == 1
    listed, = [each for each in owner.must("ListBreakGlass", KEYHOLD)["BreakGlass"] if each["GrantName"] == given["GrantName"]]
    assert (listed["Status"], listed["Reason"], listed["Grantee"], listed["Issuer"]) == ("Revoked", "Ticket 12", helper.arn, owner.arn)
    assert json.loads(listed["PolicyDocument"]) == json.loads(LOOK)


def test_the_command_line(owner, helper, tmp_path):
    cli, name = Cli(tmp_path), new_name()

    def own(who):
        return {"KEYHOLD_ENDPOINT": "http://" + owner.server.http, "KEYHOLD_ACCESS_KEY_ID": who.access_key[0], "KEYHOLD_ACCESS_KEY_SECRET": who.access_key[1]}
    (tmp_path / "look.json").write_text(LOOK)
    granting = ("break-glass", "grant", name, helper.arn, f"@{tmp_path}/look.json", "--duration", "900", "--reason", "Ticket 5", "-o", "name")
    role = cli.text(*granting, env=own(owner)).strip()
    assert role == f"acs:ram::{owner.account}:role/{name}"
    assert name in cli.text("break-glass", "list", env=own(owner))
    assert cli("role", "assume", role, "help", "-o", "json", env=own(helper))["Credentials"]["SecurityToken"]
    assert cli.text("break-glass", "revoke", name, "-o", "name", env=own(owner)).strip() == "Revoked"
    assert "has ended" in cli.refused(DENIED, "role", "assume", role, "help", env=own(helper))


# ---- time

class SlowCore(House):
    """For core it is earlier than for the vault: what a core that keeps a grant alive can have the vault do."""

    def spawn(self, role, extra=()):
        later_s = self.later_s
        self.later_s = 0 if role == "core" else later_s
        super().spawn(role, extra)
        self.later_s = later_s


class Town:
    """A data folder with an operator, a tenant and a helper, at a time of one's choice."""
    OPERATOR = ("LTAIoperator", "secret-of-the-operator")

    def __init__(self, folder):
        self.folder, self.house, self.later_s = folder, House(folder), 0
        self.house.bootstrap(AccountId="1000000000000001", AccessKeyId=self.OPERATOR[0], AccessKeySecret=self.OPERATOR[1].encode())
        self.owner = self.keys("CreateAccount", self.OPERATOR, AccountName="tenant", AccountId="2000000000000002")
        self.done("CreateUser", self.OPERATOR, UserName="helper")
        self.done("AttachPolicyToUser", self.OPERATOR, UserName="helper", PolicyName="AdministratorAccess", PolicyType="System")
        self.helper = self.keys("CreateAccessKey", self.OPERATOR, UserName="helper")

    def enter(self, later_s, house=House):
        assert set(self.house.stop().values()) == {0}
        self.later_s, self.house = later_s, house(self.folder, later_s)

    def grant(self, duration_s):
        return self.done("GrantBreakGlass", self.owner, GrantName="break-glass-1", Grantee="acs:ram::1000000000000001:user/helper", PolicyDocument=LOOK,
                         DurationSeconds=duration_s, Reason="a test")["out"]["BreakGlass"]

    def ask(self, operation, who, **fields):
        signed = {name: str(value) for name, value in fields.items()}
        token = {"SecurityToken": who[2]} if len(who) > 2 else {}
        proof = sign_v1(*who[:2], operation, now=int(time.time()) + self.later_s, **signed, **token)
        request_id = str(uuid.uuid4()).upper()
        reply = self.house.ask(operation, fields, {**proof, **token}, request_id=request_id)
        return {**reply, "RequestId": request_id}

    def done(self, operation, who, **fields):
        reply = self.ask(operation, who, **fields)
        assert reply["Failure"] == "OK", (operation, reply)
        return reply

    def keys(self, operation, who, **fields):
        reply = self.done(operation, who, **fields)
        made = reply["out"].get("AccessKey") or reply["out"]["Credentials"]
        opened = self.house.box.open(reply["RequestId"].encode(), made["AccessKeySecret"]).decode()
        return (made["AccessKeyId"], opened) + ((made["SecurityToken"],) if "SecurityToken" in made else ())


def test_it_ends_by_itself(tmp_path):
    town = Town(tmp_path)
    try:
        given = town.grant(1000)
        assert abs(given["ExpireDate"] - time.time() - 1000) <= 5
        role = {"RoleArn": given["RoleArn"], "RoleSessionName": "help"}
        town.enter(500)  # half of it is left: sessions are shorter
        assert town.ask("AssumeRole", town.helper, **role, DurationSeconds=900)["Failure"] == "ROLE_SESSION_DURATION"
        taken = town.done("AssumeRole", town.helper, **role)
        assert taken["out"]["Credentials"]["Expiration"] == given["ExpireDate"]
        inside = town.keys("AssumeRole", town.helper, **role)
        assert town.ask("GetCallerIdentity", inside)["Failure"] == "OK"
        town.enter(1001)
        assert town.ask("GetCallerIdentity", inside)["Failure"] == "SECURITY_TOKEN_EXPIRED"
        late = town.ask("AssumeRole", town.helper, **role)
        assert late["Failure"] == "NO_PERMISSION" and "has ended" in late["Detail"]
        listed, = town.done("ListBreakGlass", town.owner)["out"]["BreakGlass"]
        assert (listed["Status"], listed["ExpireDate"]) == ("Ended", given["ExpireDate"])
        assert town.ask("RevokeBreakGlass", town.owner, GrantName="break-glass-1")["Failure"] == "ROLE_NOT_FOUND"
    finally:
        assert set(town.house.stop().values()) == {0}


def test_the_vault_holds_to_the_end_by_itself(tmp_path):
    """Whatever core says of the time: the permit that the owner's request gave lapses with the grant."""
    town = Town(tmp_path)
    try:
        role = {"RoleArn": town.grant(900)["RoleArn"], "RoleSessionName": "help"}
        for later_s, answer in ((600, "OK"), (950, "NO_PERMISSION")):
            town.enter(later_s, SlowCore)
            town.later_s = later_s // 2  # signed at a time that is not too far from either's
            reply = town.ask("AssumeRole", town.helper, **role)
            assert reply["Failure"] == answer and "has ended" not in reply.get("Detail", ""), reply
    finally:
        assert set(town.house.stop().values()) == {0}
