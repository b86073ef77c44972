"""keyhold policy lint: files and stored policies, exit codes, principals that are not there; and the examples of keyhold-policy(1)."""
import json

from manual import examples, run_examples
from test_cli import OK, VERIFICATION, NOT_FOUND, Cli


def cli_of(server, home):
    cli = Cli(home)
    cli.environment.update(KEYHOLD_ENDPOINT="http://" + server.http, KEYHOLD_ACCESS_KEY_ID=server.access_key_id,
                           KEYHOLD_ACCESS_KEY_SECRET=server.access_key_secret)
    return cli


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).encode()


def lint(cli, code, *words, given=None):
    done = cli.run("policy", "lint", *words, "-o", "json", given=given)
    assert done.returncode == code, (done.returncode, done.stderr)
    return [(f["Path"], f["Code"]) for f in json.loads(done.stdout or b"[]")]


def test_files_and_names(server, tmp_path):
    cli = cli_of(server, tmp_path)
    wide = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    (tmp_path / "wide.json").write_bytes(wide)
    assert lint(cli, VERIFICATION, "wide.json") == [("Statement[0].Action", "WIDE_ACTION")]
    assert lint(cli, VERIFICATION, "-", given=wide) == [("Statement[0].Action", "WIDE_ACTION")]
    assert lint(cli, VERIFICATION, "-", given=b'{"Statement": []}')[0][1] == "MALFORMED"
    assert lint(cli, VERIFICATION, "AdministratorAccess") == [("Statement[0].Action[0]", "WIDE_ACTION")]
    assert lint(cli, OK, "AliyunOSSReadOnlyAccess") == []
    assert cli.run("policy", "lint", "NoSuchPolicy").returncode == NOT_FOUND
    right = document({"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"})
    cli("policy", "create", "right", right.decode())
    assert lint(cli, OK, "right") == []


def test_principals_that_are_not_there(server, tmp_path):
    cli = cli_of(server, tmp_path)
    cli("user", "create", "is-there")
    account = server.ask("GetCallerIdentity", version="2015-04-01")[1]["AccountId"]
    who = [f"arn:aws:iam::{account}:user/is-there", f"arn:aws:iam::{account}:user/is-not", "arn:aws:iam::999999999999:user/elsewhere"]
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": who}})
    assert lint(cli, VERIFICATION, "-", "--kind", "Trust", given=trust) == [("Statement[0].Principal.AWS[1]", "NOBODY")]


def test_both_or_neither_is_refused(server):
    status, answer = server.ask("LintPolicy", version="2026-01-01")
    assert (status, answer["Code"]) == (400, "InvalidParameter")
    status, answer = server.ask("LintPolicy", version="2026-01-01", PolicyName="ReadOnlyAccess", PolicyDocument="{}")
    assert (status, answer["Code"]) == (400, "InvalidParameter")


def test_the_examples_of_the_manual_work(server, tmp_path):
    assert len(examples("keyhold-policy.1")) == 2
    done = run_examples("keyhold-policy.1", server, tmp_path)
    assert "implicitDeny" in done.stdout and "more" in done.stdout
