"""Guard rails: what an account's owner forbids everybody in it, itself included."""
import json

import pytest

KEYHOLD, RAM, STS = "2026-01-01", "2015-05-01", "2015-04-01"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements):
    return json.dumps({"Version": "1", "Statement": list(statements)})


def refused(answer, status, code):
    assert (answer[0], answer[1]["Code"]) == (status, code), answer


@pytest.fixture
def rail(server):
    """Sets the account's guard rail for one test."""
    def put(*statements):
        status, answer = server.ask("SetGuardRail", KEYHOLD, PolicyDocument=document(*statements))
        assert status == 200, answer
    yield put
    assert server.ask("DeleteGuardRail", KEYHOLD)[0] in (200, 404)


def make_user(server, name):
    assert server.ask("CreateUser", RAM, UserName=name)[0] == 200
    assert server.ask("AttachPolicyToUser", RAM, PolicyName="AdministratorAccess", PolicyType="System", UserName=name)[0] == 200
    key = server.ask("CreateAccessKey", RAM, UserName=name)[1]["AccessKey"]

    def ask(action, version="2016-01-20", **parameters):
        return server.ask(action, version, key["AccessKeySecret"], key["AccessKeyId"], **parameters)
    return ask


def test_there_is_none_at_first(server):
    refused(server.ask("GetGuardRail", KEYHOLD), 404, "EntityNotExist.Policy")
    refused(server.ask("DeleteGuardRail", KEYHOLD), 404, "EntityNotExist.Policy")


def test_it_binds_users_and_the_root_alike(server, rail):
    key_id = server.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    admin = make_user(server, "bound")
    rail(ALLOW_ALL, {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"})
    for ask in (server.ask, admin):
        refused(ask("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7), 403, "Forbidden.NoPermission")
        assert ask("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")[0] == 200
    assert server.ask("DescribeKey", KeyId=key_id)[1]["KeyMetadata"]["KeyState"] == "Enabled"
    assert server.ask("DeleteGuardRail", KEYHOLD)[0] == 200
    assert admin("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)[0] == 200


def test_what_it_does_not_allow_is_refused_and_it_gives_nothing(server, rail):
    key_id = server.ask("CreateKey")[1]["KeyMetadata"]["KeyId"]
    assert server.ask("CreateUser", RAM, UserName="bare")[0] == 200
    key = server.ask("CreateAccessKey", RAM, UserName="bare")[1]["AccessKey"]
    rail({"Effect": "Allow", "Action": ["kms:*"], "Resource": "*"})
    refused(server.ask("CreateUser", RAM, UserName="more"), 403, "NoPermission")
    assert server.ask("DescribeKey", KeyId=key_id)[0] == 200
    refused(server.ask("DescribeKey", "2016-01-20", key["AccessKeySecret"], key["AccessKeyId"], KeyId=key_id), 403, "Forbidden.NoPermission")


def test_the_root_is_never_locked_out_but_others_are(server, rail):
    admin = make_user(server, "locked")
    rail({"Effect": "Deny", "Action": "*", "Resource": "*"})
    refused(server.ask("ListKeys"), 403, "Forbidden.NoPermission")
    refused(admin("GetGuardRail", KEYHOLD), 403, "NoPermission")
    refused(admin("DeleteGuardRail", KEYHOLD), 403, "NoPermission")
    assert "Deny" in server.ask("GetGuardRail", KEYHOLD)[1]["PolicyDocument"]
    rail(ALLOW_ALL)
    assert server.ask("ListKeys")[0] == 200 and admin("ListKeys")[0] == 200


def test_a_document_that_is_none_changes_nothing(server, rail):
    rail(ALLOW_ALL)
    before = server.ask("GetGuardRail", KEYHOLD)[1]["PolicyDocument"]
    for bad in ("{", "[]", document({"Effect": "Perhaps", "Action": "*", "Resource": "*"}),
                document({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"})):
        refused(server.ask("SetGuardRail", KEYHOLD, PolicyDocument=bad), 400, "MalformedPolicyDocument")
    refused(server.ask("SetGuardRail", KEYHOLD), 400, "MissingParameter")
    assert server.ask("GetGuardRail", KEYHOLD)[1]["PolicyDocument"] == before


def test_sessions_are_bound_too(server, rail):
    session = server.ask("GetSessionToken", STS)[1]["Credentials"]

    def ask(action, **parameters):
        return server.ask(action, "2016-01-20", session["AccessKeySecret"], session["AccessKeyId"],
                          SecurityToken=session["SecurityToken"], **parameters)
    assert ask("ListKeys")[0] == 200
    rail(ALLOW_ALL, {"Effect": "Deny", "Action": "kms:ListKeys", "Resource": "*"})
    refused(ask("ListKeys"), 403, "Forbidden.NoPermission")


def test_one_account_s_rail_is_nothing_to_another(server, rail):
    made = server.ask("CreateAccount", KEYHOLD, AccountName="neighbour")[1]
    key = made["AccessKey"]
    rail(ALLOW_ALL, {"Effect": "Deny", "Action": "kms:*", "Resource": "*"})
    refused(server.ask("ListKeys"), 403, "Forbidden.NoPermission")
    assert server.ask("ListKeys", "2016-01-20", key["AccessKeySecret"], key["AccessKeyId"])[0] == 200
