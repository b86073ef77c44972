"""keyhold policy unused: what a user may do and did not, from the trail; keys and passwords nobody needed."""
import json

import pytest
from test_cli import Cli
from test_policy_lint import cli_of


def says(*actions, effect="Allow", resource="*", **more):
    return {"Effect": effect, "Action": list(actions), "Resource": resource, **more}


@pytest.fixture(scope="module")
def cli(server, tmp_path_factory):
    return cli_of(server, tmp_path_factory.mktemp("home"))


def given(cli, server, name, *statements):
    """A user with these statements, and its command line."""
    cli("user", "create", name)
    cli("user", "put-policy", name, "may", json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    key = cli("access-key", "create", name)
    own = Cli(cli.home, None)
    own.environment.update(cli.environment, KEYHOLD_ACCESS_KEY_ID=key["AccessKeyId"], KEYHOLD_ACCESS_KEY_SECRET=key["AccessKeySecret"])
    return own, key["AccessKeyId"]


def unused(cli, *words):
    return [(row["UserName"], row["Kind"], row["Name"]) for row in cli("policy", "unused", *words)]


def test_what_was_done_and_what_was_not(server, cli):
    ann, key = given(cli, server, "ann", says("kms:CreateKey", "kms:Encrypt", "kms:DescribeKey", "kms:ListKeys"), says("kms:Encrypt", effect="Deny"))
    expected = [("ann", "Action", action) for action in ("kms:CreateKey", "kms:DescribeKey", "kms:ListKeys")] + [("ann", "AccessKey", key)]
    assert sorted(unused(cli, "--user", "ann")) == sorted(expected)
    made = ann("key", "create")["KeyId"]
    ann("key", "show", made)
    assert unused(cli, "--user", "ann") == [("ann", "Action", "kms:ListKeys")]
    # a refused request is no use of a permission: what is denied on one resource only stays in question
    bob, _ = given(cli, server, "bob", says("kms:Encrypt", "kms:DescribeKey"), says("kms:Encrypt", effect="Deny", resource="arn:aws:kms:*:*:key/" + made))
    bob("key", "show", made)
    assert bob.run("key", "encrypt", made, "eA==").returncode != 0
    left = [("bob", "Action", "kms:AsymmetricEncrypt"), ("bob", "Action", "kms:Encrypt")]  # AWS has one name for both
    assert sorted(unused(cli, "--user", "bob")) == left
    assert sorted(unused(cli, "--user", "bob", "--days", "1")) == left


def test_a_boundary_takes_away_and_groups_give(server, cli):
    _, key = given(cli, server, "dan", says("kms:CreateKey", "kms:ListKeys"))
    cli("group", "create", "readers")
    cli("group", "put-policy", "readers", "may", json.dumps({"Version": "2012-10-17", "Statement": [says("oss:GetObject")]}))
    cli("group", "add-user", "readers", "dan")
    assert unused(cli, "--user", "dan")[:-1] and {row[2] for row in unused(cli, "--user", "dan")} == {"kms:CreateKey", "kms:ListKeys", "oss:GetObject", key}
    cli("user", "bound", "dan", "AliyunKMSReadOnlyAccess")
    assert {row[2] for row in unused(cli, "--user", "dan")} == {"kms:ListKeys", key}


def test_a_password_nobody_logged_in_with(server, cli):
    cli("user", "create", "eve")
    cli("login-profile", "create", "--user", "eve", "--password", "-", given=b"a-long-password-1")
    assert unused(cli, "--user", "eve") == [("eve", "Login", "password")]


def test_everybody_and_wrong_words(server, cli):
    assert {row[0] for row in unused(cli)} >= {"ann", "bob", "eve"}
    assert "days" in cli.refused(2, "policy", "unused", "--days", "0")
    cli.refused(3, "policy", "unused", "--user", "nobody")
    for action in (("ListAllowedActions", "acs:ram::999999999999:user/ann"), ("ListAllowedActions", "acs:ram::1:thing/x")):
        status, answer = server.ask(action[0], version="2026-01-01", PolicySourceArn=action[1])
        assert (status, answer["Code"]) == (400, "InvalidParameter")
