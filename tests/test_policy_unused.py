"""keyhold policy unused: what users, groups and roles may do and did not, from the trail; keys and passwords nobody needed."""
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
    return [(row.get("UserName") or row.get("GroupName") or row["RoleName"], row["Kind"], row["Name"]) for row in cli("policy", "unused", *words)]


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


def trust(cli):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                               "Principal": {"AWS": cli("whoami")["AccountId"]}}]})


def test_roles(server, cli):
    """Sessions of a role count for the role, whoever took it on; what the user behind them may do is the user's."""
    cli("role", "create", "worker", trust(cli))
    cli("role", "put-policy", "worker", "may", json.dumps({"Version": "2012-10-17", "Statement": [says("kms:CreateKey", "kms:ListKeys", "kms:Encrypt"),
                                                                                                  says("kms:Encrypt", effect="Deny", resource="arn:aws:kms:*:*:key/*")]}))
    assert {row[2] for row in unused(cli, "--role", "worker")} >= {"kms:CreateKey", "kms:ListKeys"}
    jim, _ = given(cli, server, "jim", says("sts:AssumeRole", "kms:ListKeys"))
    account = cli("whoami")["AccountId"]
    for session in ("one", "two"):
        made = jim("role", "assume", f"acs:ram::{account}:role/worker", session)["Credentials"]
        status, answer = server.ask("ListKeys" if session == "one" else "CreateKey", secret=made["AccessKeySecret"], access_key_id=made["AccessKeyId"], SecurityToken=made["SecurityToken"])
        assert status == 200, answer
    assert {row[2] for row in unused(cli, "--role", "worker")} == {"kms:Encrypt", "kms:AsymmetricEncrypt"}
    assert "kms:ListKeys" in {row[2] for row in unused(cli, "--user", "jim")}  # the role did it, not jim
    assert "sts:AssumeRole" not in {row[2] for row in unused(cli, "--user", "jim")}
    cli.refused(3, "policy", "unused", "--role", "nobody")


def test_groups(server, cli):
    """What none of the members did."""
    cli("group", "create", "makers")
    cli("group", "put-policy", "makers", "may", json.dumps({"Version": "2012-10-17", "Statement": [says("kms:CreateKey", "kms:ListKeys", "kms:DescribeKey")]}))
    people = [given(cli, server, name, says("ram:GetUser"))[0] for name in ("kim", "lee", "max")]
    for name in ("kim", "lee"):
        cli("group", "add-user", "makers", name)
    assert {row[2] for row in unused(cli, "--group", "makers")} == {"kms:CreateKey", "kms:ListKeys", "kms:DescribeKey"}
    people[0]("key", "create")
    people[1]("key", "list")
    assert people[2].run("key", "list").returncode != 0
    assert unused(cli, "--group", "makers") == [("makers", "Action", "kms:DescribeKey")]
    cli("group", "remove-user", "makers", "kim")  # who is no member any more does not count
    assert {row[2] for row in unused(cli, "--group", "makers")} == {"kms:CreateKey", "kms:DescribeKey"}


def test_everybody_and_wrong_words(server, cli):
    assert {row[0] for row in unused(cli)} >= {"ann", "bob", "eve", "makers", "worker"}
    assert "days" in cli.refused(2, "policy", "unused", "--days", "0")
    cli.refused(3, "policy", "unused", "--user", "nobody")
    for action in (("ListAllowedActions", "acs:ram::999999999999:user/ann"), ("ListAllowedActions", "acs:ram::1:thing/x")):
        status, answer = server.ask(action[0], version="2026-01-01", PolicySourceArn=action[1])
        assert (status, answer["Code"]) == (400, "InvalidParameter")
