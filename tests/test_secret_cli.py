"""keyhold secret, and the examples of its man page, as they stand there."""
import json
import os
import re

import pytest
from manual import MAN, run_lines
from test_cli import DENIED, NOT_FOUND, USAGE, Cli, house  # noqa: F401  a fixture


@pytest.fixture
def cli(house, tmp_path):  # noqa: F811
    return Cli(tmp_path / "home", house)


def test_the_examples_of_the_man_page(cli):
    shown = [out for out, _ in run_lines("keyhold-secret.1", cli)]
    assert len(shown) > 8
    assert shown[1] == shown[3] == b"correct horse battery staple"
    with open(os.path.join(cli.home, "new-password"), encoding="ascii") as f:
        assert re.fullmatch(r"[A-Za-z0-9]{40}", f.read())
    assert os.stat(os.path.join(cli.home, "current-password")).st_mode & 0o777 == 0o600


def test_the_man_page_knows_every_verb(cli):
    verbs = re.findall(r"^  ([a-z-]+)  ", cli.text("secret", "--help"), re.M)
    assert len(verbs) > 18
    with open(os.path.join(MAN, "keyhold-secret.1.scd"), encoding="utf-8") as f:
        page = f.read()
    synopsis = page[page.index("# SYNOPSIS"):page.index("# DESCRIPTION")]
    assert [v for v in verbs if f"*{v}*" not in synopsis and f"secret {v}*" not in synopsis] == []


def test_several_values_at_once(cli):
    for name in ("all/a", "all/b"):
        cli("secret", "create", name, "-", given=name.encode())
    got = cli("secret", "get-all", "all/b", "all/a", "-o", "json")
    assert [(v["SecretName"], v["SecretData"]) for v in got["SecretValues"]] == [("all/b", "all/b"), ("all/a", "all/a")]
    some = cli.run("secret", "get-all", "all/a", "all/none", "-o", "json")
    assert some.returncode == 3 and b"all/none" in some.stdout and b'"all/a"' in some.stdout
    cli.refused(USAGE, "secret", "get-all", "all/a=v1")
    cli.refused(USAGE, "secret", "get-all")


def test_values_come_back_byte_for_byte(cli):
    for name, value in {"cli/text": "é \n".encode(), "cli/bytes": bytes(range(256)), "cli/long": os.urandom(65536)}.items():
        cli("secret", "create", name, "-", given=value)
        assert cli.run("secret", "get", name).stdout == value
        whole = cli("secret", "get", name, "-o", "json")
        assert whole["SecretDataType"] == ("text" if name == "cli/text" else "binary")
    assert "65537" not in cli.refused(USAGE, "secret", "create", "cli/typed", "a value typed in place")


def test_what_goes_wrong(cli):
    cli.refused(NOT_FOUND, "secret", "get", "cli/nothing")
    cli.refused(USAGE, "secret", "create", "cli/no-value")
    cli.refused(USAGE, "secret", "delete", "cli/x", "--days", "3", "--yes")
    said = cli.refused(USAGE, "secret", "put", "cli/x", "the value")
    assert "the value" not in said
    cli("secret", "create", "cli/dry", "-", "--dry-run", given=b"hidden value")
    cli.refused(NOT_FOUND, "secret", "show", "cli/dry")
    cli("user", "create", "eve")
    key = cli("access-key", "create", "eve")
    eve = {"KEYHOLD_ACCESS_KEY_ID": key["AccessKeyId"], "KEYHOLD_ACCESS_KEY_SECRET": key["AccessKeySecret"]}
    cli("secret", "create", "cli/private", "-", given=b"for the owner")
    cli.refused(DENIED, "secret", "get", "cli/private", env=eve)


def test_dry_run_shows_no_value(cli):
    shown = cli.text("secret", "create", "cli/dry-run", "-", "--dry-run", given=b"a hidden value")
    assert "hidden value" not in shown and "(hidden)" in shown


def test_a_hook_that_fails_leaves_the_version_waiting(cli):
    cli("secret", "create", "hook/a", "-", given=b"first")
    cli("secret", "rotation", "hook/a", "--length", "12")
    made = cli("secret", "rotate", "hook/a")
    waiting = [json.loads(line) for line in cli.text("secret", "follow", "--once", "--name", "hook/", "-o", "jsonl").splitlines()]
    assert [(w["SecretName"], w["PendingVersionId"]) for w in waiting] == [("hook/a", made["VersionId"])]
    failed = cli.run("secret", "follow", "--once", "--name", "hook/", "--exec", "cat > /dev/null; exit 3")
    assert failed.returncode == 1 and b"still waits" in failed.stderr
    assert cli.run("secret", "get", "hook/a").stdout == b"first"
    seen = os.path.join(cli.home, "seen")
    command = f'printf "%s %s " "$KEYHOLD_SECRET_NAME" "$KEYHOLD_SECRET_VERSION" > {seen}; cat >> {seen}'
    done = cli.run("secret", "follow", "--once", "--name", "hook/", "--exec", command)
    assert done.returncode == 0, done.stderr
    value = cli.run("secret", "get", "hook/a").stdout.decode()
    with open(seen, encoding="utf-8") as f:
        assert f.read() == f"hook/a {made['VersionId']} {value}"
    assert len(value) == 12 and value not in done.stderr.decode()
    assert cli.text("secret", "follow", "--once", "--name", "hook/", "-o", "jsonl") == ""
