"""Several accounts on one Keyhold: the operator makes and freezes them, and has no way to what they own."""
import json

import pytest

KEYHOLD, RAM, STS, TRAIL = "2026-01-01", "2015-05-01", "2015-04-01", "2020-07-06"


class Tenant:
    """Asks as the root of an account that was made."""

    def __init__(self, server, made):
        self.server, self.id = server, made["Account"]["AccountId"]
        self.key = made["AccessKey"]["AccessKeyId"], made["AccessKey"]["AccessKeySecret"]

    def ask(self, action, version="2016-01-20", **parameters):
        return self.server.ask(action, version, self.key[1], self.key[0], **parameters)

    def events(self):
        status, found = self.ask("LookupEvents", TRAIL, MaxResults=50)
        assert status == 200
        return found["Events"]


@pytest.fixture
def tenant(server):
    status, made = server.ask("CreateAccount", KEYHOLD, AccountName="tenant")
    assert status == 200, made
    return Tenant(server, made)


def refused(answer, status, code):
    assert (answer[0], answer[1]["Code"]) == (status, code), answer


def test_an_account_is_shown_and_listed(server, tenant):
    status, shown = server.ask("GetAccount", KEYHOLD, AccountId=tenant.id)
    assert status == 200 and shown["Account"]["Status"] == "Active" and shown["Account"]["IsOperator"] is False
    listed, marker = [], {}
    while True:
        status, page = server.ask("ListAccounts", KEYHOLD, MaxItems=1, **marker)
        assert status == 200
        listed += page["Accounts"]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert tenant.id in [each["AccountId"] for each in listed]
    assert [each["IsOperator"] for each in listed].count(True) == 1
    assert tenant.ask("GetCallerIdentity", STS)[1]["AccountId"] == tenant.id


def test_what_is_no_account_is_refused(server, tenant):
    refused(server.ask("GetAccount", KEYHOLD, AccountId="999999999999"), 404, "EntityNotExist.Account")
    refused(server.ask("FreezeAccount", KEYHOLD, AccountId="999999999999", Reason="x"), 404, "EntityNotExist.Account")
    refused(server.ask("CreateAccount", KEYHOLD, AccountName="again", AccountId=tenant.id), 409, "EntityAlreadyExists.Account")
    for bad in ("12345678901", "12345678901a", "../123456789012", "12345678901234567"):
        refused(server.ask("CreateAccount", KEYHOLD, AccountName="bad", AccountId=bad), 400, "InvalidParameter")
    refused(server.ask("CreateAccount", KEYHOLD), 400, "MissingParameter")


def test_an_id_can_be_chosen(server):
    status, made = server.ask("CreateAccount", KEYHOLD, AccountName="chosen", AccountId="424242424242")
    assert status == 200 and made["Account"]["AccountId"] == "424242424242"


def test_accounts_are_the_operators_alone(server, tenant):
    for action, more in (("CreateAccount", {"AccountName": "x"}), ("ListAccounts", {}), ("GetAccount", {"AccountId": tenant.id}),
                         ("FreezeAccount", {"AccountId": tenant.id, "Reason": "x"}), ("UnfreezeAccount", {"AccountId": tenant.id})):
        refused(tenant.ask(action, KEYHOLD, **more), 403, "NoPermission")


def test_an_operators_user_needs_a_policy_for_it(server, tenant):
    assert server.ask("CreateUser", RAM, UserName="clerk")[0] == 200
    key = server.ask("CreateAccessKey", RAM, UserName="clerk")[1]["AccessKey"]

    def ask(action, **parameters):
        return server.ask(action, KEYHOLD, key["AccessKeySecret"], key["AccessKeyId"], **parameters)

    refused(ask("ListAccounts"), 403, "NoPermission")
    document = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["keyhold:CreateAccount", "keyhold:ListAccounts"],
                                                          "Resource": "acs:keyhold:*:*:account/*"}]})
    assert server.ask("CreatePolicy", RAM, PolicyName="accounts", PolicyDocument=document)[0] == 200
    assert server.ask("AttachPolicyToUser", RAM, PolicyName="accounts", PolicyType="Custom", UserName="clerk")[0] == 200
    assert ask("ListAccounts")[0] == 200
    refused(ask("FreezeAccount", AccountId=tenant.id, Reason="x"), 403, "NoPermission")
    status, made = ask("CreateAccount", AccountName="by the clerk")
    assert status == 200, made
    assert Tenant(server, made).ask("GetCallerIdentity", STS)[1]["AccountId"] == made["Account"]["AccountId"]


def test_the_operator_has_no_way_to_a_tenants_keys_data_or_trail(server, tenant):
    key_id = tenant.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    blob = tenant.ask("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")[1]["CiphertextBlob"]
    refused(server.ask("DescribeKey", KeyId=key_id), 404, "Forbidden.KeyNotFound")
    arn = tenant.ask("DescribeKey", KeyId=key_id)[1]["KeyMetadata"]["Arn"]
    assert server.ask("Encrypt", KeyId=arn, Plaintext="aGVsbG8=")[0] in (403, 404)
    assert server.ask("Decrypt", CiphertextBlob=blob)[0] in (403, 404)
    listed = server.ask("ListKeys", PageSize=100)[1]["Keys"]["Key"]
    assert key_id not in [each["KeyId"] for each in listed]
    assert tenant.ask("CreateUser", RAM, UserName="own")[0] == 200
    refused(server.ask("GetUser", RAM, UserName="own"), 404, "EntityNotExist.User")
    mine = server.ask("LookupEvents", TRAIL, MaxResults=50)[1]["Events"]
    assert all(each["recipientAccountId"] != tenant.id for each in mine)
    assert "CreateKey" in [each["eventName"] for each in tenant.events()]


def test_both_trails_tell_of_what_the_operator_did(server, tenant):
    assert server.ask("FreezeAccount", KEYHOLD, AccountId=tenant.id, Reason="unpaid")[0] == 200
    assert server.ask("UnfreezeAccount", KEYHOLD, AccountId=tenant.id)[0] == 200
    told = {each["eventName"]: each for each in tenant.events()}
    for name in ("CreateAccount", "FreezeAccount", "UnfreezeAccount"):
        assert told[name]["recipientAccountId"] == tenant.id
        assert told[name]["userIdentity"]["accountId"] != tenant.id
    assert told["FreezeAccount"]["requestParameters"]["Reason"] == "unpaid"
    mine = [each["eventName"] for each in server.ask("LookupEvents", TRAIL, MaxResults=50)[1]["Events"]]
    assert {"CreateAccount", "FreezeAccount", "UnfreezeAccount"} <= set(mine)


def test_a_frozen_account_is_refused_everything_and_comes_back(server, tenant):
    key_id = tenant.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    session = tenant.ask("GetSessionToken", STS)[1]["Credentials"]
    assert server.ask("FreezeAccount", KEYHOLD, AccountId=tenant.id, Reason="lost")[0] == 200
    refused(tenant.ask("Encrypt", KeyId=key_id, Plaintext="aGVsbG8="), 403, "Forbidden.AccountFrozen")
    refused(tenant.ask("GetCallerIdentity", STS), 403, "Forbidden.AccountFrozen")
    refused(server.ask("GetCallerIdentity", STS, session["AccessKeySecret"], session["AccessKeyId"],
                       SecurityToken=session["SecurityToken"]), 403, "Forbidden.AccountFrozen")
    # who cannot sign for it does not learn that it is frozen
    refused(server.ask("GetCallerIdentity", STS, "not-the-secret", tenant.key[0]), 400, "SignatureDoesNotMatch")
    assert server.ask("UnfreezeAccount", KEYHOLD, AccountId=tenant.id)[0] == 200
    assert tenant.ask("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")[0] == 200
    frozen = [each for each in tenant.events() if each.get("errorCode") == "Forbidden.AccountFrozen"]
    assert len(frozen) == 3


def test_the_operator_cannot_lock_itself_out(server):
    own = server.identity()[1]["AccountId"]
    assert server.ask("FreezeAccount", KEYHOLD, AccountId=own, Reason="x")[0] == 400
    assert server.identity()[0] == 200


def test_accounts_outlast_a_restart(keyhold, tmp_path):
    first = keyhold.on(tmp_path / "data")
    made = first.ask("CreateAccount", KEYHOLD, AccountName="lasting")[1]
    tenant = Tenant(first, made)
    key_id = tenant.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    assert first.ask("FreezeAccount", KEYHOLD, AccountId=tenant.id, Reason="x")[0] == 200
    operator = first.access_key_id, first.access_key_secret
    assert first.stop() == 0
    second = keyhold.on(tmp_path / "data")
    second.use(*operator)
    tenant.server = second
    refused(tenant.ask("DescribeKey", KeyId=key_id), 403, "Forbidden.AccountFrozen")
    assert second.ask("UnfreezeAccount", KEYHOLD, AccountId=tenant.id)[0] == 200
    assert tenant.ask("DescribeKey", KeyId=key_id)[0] == 200
    assert "FreezeAccount" in [each["eventName"] for each in tenant.events()]
