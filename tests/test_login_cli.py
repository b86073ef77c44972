"""keyhold login and logout: a person's session on this machine, and approving with it."""
import os
import re
import stat
import subprocess

import pytest

from conftest import BUILD
from people import RAM, Person, code_at, done, step_now

KEYHOLD_COMMAND = os.path.join(BUILD, "src", "cli", "keyhold")


class Desk:
    """Somebody's home folder and what they type."""

    def __init__(self, home, server):
        self.home, self.account = home, server.ready["accountId"]
        home.mkdir()
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "KEYHOLD_ENDPOINT": "http://" + server.http}

    def __call__(self, *words, stdin=None, **more):
        return subprocess.run([KEYHOLD_COMMAND, *words], env={**self.environment, **more}, input=stdin, capture_output=True, text=True,
                              timeout=60, cwd=self.home, check=False)

    def write(self, name, text):
        (self.home / name).write_text(text + "\n")
        return "@" + name

    def files(self):
        folder = self.home / ".config" / "keyhold"
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def desk(tmp_path, server):
    return Desk(tmp_path / "home", server)


@pytest.fixture(scope="module")
def dora(server):
    made = Person(server, "dora", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="dora", Password="Password of dora"))
    return made


def test_what_does_not_let_in(desk, dora):
    password = desk.write("pw", "Password of dora")
    assert desk("login", desk.account, "dora", "--password", "Password of dora").returncode == 2  # never typed in place
    went = desk("login", desk.account, "dora")
    assert went.returncode == 2 and "--password" in went.stderr  # no terminal to ask on
    assert desk("login", desk.account, "dora", "--password", password).returncode == 4  # without the code
    assert desk("login", desk.account, "dora", "--password", desk.write("wrong", "x"), "--code", desk.write("c", "000000")).returncode == 4
    assert desk.files() == {}
    assert desk("logout").returncode == 3
    assert desk("whoami").returncode == 2


def test_a_session_is_kept_for_later_calls_until_logout(desk, dora):
    desk.write("pw", "Password of dora")
    code = code_at(dora.seed, step_now())
    went = desk("login", desk.account, "dora", "--password", "@pw", "--code", "-", "--duration", "900", stdin=code)
    assert went.returncode == 0 and "logged in until" in went.stderr and went.stdout == "", went.stderr
    assert desk.files() == {"default.login.conf": 0o600, "default.login.secret": 0o600, "default.login.token": 0o600}
    assert desk("whoami", "-o", "name").stdout.strip() == dora.arn
    assert desk("whoami", "--profile", "other").returncode == 3
    assert desk("logout").returncode == 0
    assert desk.files() == {}
    assert desk("whoami").returncode == 2


def test_the_session_goes_before_the_profile_s_key_but_not_before_the_environment_s(desk, server):
    (desk.home / "s").write_text(server.access_key_secret)
    assert desk("configure", "--access-key-id", server.access_key_id, "--secret-file", "s", "--endpoint", "http://" + server.http).returncode == 0
    assert desk("whoami", "-o", "name").stdout.strip().endswith(":root")
    emil = Person(server, "emil")  # without a device
    done(server.ask("CreateLoginProfile", RAM, UserName="emil", Password="Password of emil"))
    assert desk("login", desk.account, "emil", "--password", desk.write("pw", "Password of emil")).returncode == 0
    assert desk("whoami", "-o", "name").stdout.strip() == emil.arn
    named = {"KEYHOLD_ACCESS_KEY_ID": server.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET": server.access_key_secret}
    assert desk("whoami", "-o", "name", **named).stdout.strip().endswith(":root")
    assert desk("logout").returncode == 0
    assert desk("whoami", "-o", "name").stdout.strip().endswith(":root")
    assert "default.conf" in desk.files()


def test_codes_on_paper(desk, server):
    who = Person(server, "frey", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="frey", Password="Password of frey"))
    password, code = desk.write("pw", "Password of frey"), desk.write("code", code_at(who.seed, step_now()))
    assert desk("mfa", "recovery-codes").returncode == 2  # nobody is logged in
    assert desk("login", desk.account, "frey", "--password", password, "--code", code).returncode == 0
    made = desk("mfa", "recovery-codes", "-o", "name")
    codes = made.stdout.split()
    assert made.returncode == 0 and len(codes) == 10, made.stderr
    assert desk("logout").returncode == 0
    went = desk("login", desk.account, "frey", "--password", password, "--recovery-code", desk.write("paper", codes[3]))
    assert went.returncode == 0 and "keyhold mfa unbind" in went.stderr, went.stderr
    assert desk("key", "list").returncode == 4
    assert desk("mfa", "unbind", "--yes").returncode == 0
    assert desk("login", desk.account, "frey", "--password", password, "--recovery-code", "@paper").returncode == 4


def test_a_device_and_its_picture(desk, server):
    key = {"KEYHOLD_ACCESS_KEY_ID": server.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET": server.access_key_secret}
    went = desk("mfa", "create", "picture", "--out", "qr.png", "-o", "json", **key)
    assert went.returncode == 0, went.stderr
    picture = desk.home / "qr.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert "QRCodePNG" not in went.stdout and re.search(r'"Base32StringSeed": ?"[A-Z2-7]{32}"', went.stdout)
