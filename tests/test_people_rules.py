"""What an account asks of its people's passwords over the days, which sessions say that a second factor was shown, and what is written down of
what people type: nothing. Negative cases first."""
import json
import os
import pty
import select
import signal
import subprocess
import time
import uuid

from authenticator import Authenticator
from conftest import BUILD
from house import House
from people import KEYHOLD, RAM, STS, Caller, Person, code_at, done, events, post, refused, step_now

DAY_S = 24 * 3600


def login(server, account, name, password, **more):
    return post(server, {"Action": "Login", "Account": account, "UserName": name, "Password": password, **more})


def test_passwords_grow_old(keyhold, tmp_path):
    """Past its age a password has to be changed at the next login; where the account is hard about it, it is none any more."""
    data = tmp_path / "data"

    def in_days(days, password="Password of old"):
        house = House(data, later_s=int(days * DAY_S))
        request_id = str(uuid.uuid4()).upper()
        try:
            return house.ask("Login", {"Account": account, "UserName": "old", "Password": house.box.seal(request_id.encode(), password.encode())}, None,
                             request_id=request_id)
        finally:
            house.stop()

    def with_rules(**rules):
        server = keyhold.on(data)
        server.use(*credentials) if credentials else None
        if not credentials:
            done(server.ask("CreateUser", RAM, UserName="old"))
            done(server.ask("CreateLoginProfile", RAM, UserName="old", Password="Password of old"))
        done(server.ask("SetPasswordPolicy", RAM, **rules))
        told = server.access_key_id, server.access_key_secret, server.ready["accountId"]
        assert server.stop() == 0
        return told
    credentials = None
    *credentials, account = with_rules(MaxPasswordAge="2", HardExpiry="false")
    assert in_days(1.99)["out"].get("PasswordResetRequired") is False
    assert in_days(2.01, "not it")["Failure"] == "LOGIN_FAILED"
    assert in_days(2.01)["out"]["PasswordResetRequired"] is True
    with_rules(HardExpiry="true")
    assert in_days(1.99)["out"].get("PasswordResetRequired") is False
    assert in_days(2.01)["Failure"] == "LOGIN_FAILED"


def test_what_people_type_is_written_nowhere(keyhold, tmp_path):
    server = keyhold.on(tmp_path / "data")
    account = server.ready["accountId"]
    typed = ["Passw0rd-of-una-1", "Passw0rd-of-una-2", "Wr0ng-guess-at-una", "Wr0ng-for-nobody"]
    una = Person(server, "una", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="una", Password=typed[0]))
    code = code_at(una.seed, step_now())
    told = done(login(server, account, "una", typed[0], Code=code))["Credentials"]
    session = Caller.of(server, told)
    paper = done(session("CreateRecoveryCodes", KEYHOLD))["RecoveryCodes"].split("\n")
    refused(login(server, account, "una", typed[2], Code="135790"), 403, "LoginFailed")
    refused(login(server, account, "nobody", typed[3]), 403, "LoginFailed")
    done(session("ChangePassword", RAM, OldPassword=typed[0], NewPassword=typed[1]))
    done(login(server, account, "una", typed[1], RecoveryCode=paper[0]))
    shown = json.dumps([events(server, name) for name in ("Login", "ChangePassword", "CreateLoginProfile", "CreateRecoveryCodes", "BindMFADevice")])
    assert server.stop() == 0
    secrets = [*typed, una.seed, told["AccessKeySecret"], told["SecurityToken"], *paper]
    written = [(path, open(os.path.join(path, name), "rb").read()) for path, _, names in os.walk(tmp_path) for name in names]
    assert any(b"una" in content for _, content in written)  # a positive control: names are there to be found
    for secret in secrets:
        assert secret not in shown and secret not in "\n".join(server.logs), secret
        assert not any(secret.encode() in content for _, content in written), secret
    assert f'"{code}"' not in shown and "135790" not in shown and "135790" not in "\n".join(server.logs)


def with_factor(condition):
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": condition},
                                                     {"Effect": "Allow", "Action": ["sts:AssumeRole", "keyhold:*"], "Resource": "*"}]})


def test_sessions_that_say_a_factor_was_shown(server):
    """MFAPresent: true, false, or absent for what is no session; MultiFactorAuthAge with it. In the names of both clouds."""
    conditions = {"shown": {"Bool": {"acs:MFAPresent": "true"}}, "aws": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                  "age": {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}, "none": {"Bool": {"acs:MFAPresent": "false"}},
                  "absent": {"Null": {"acs:MFAPresent": "true"}}}
    sees = {"access key": {"absent"}, "password": {"none"}, "token": {"none"}, "token and code": {"shown", "aws", "age"}, "login and code": {"shown", "aws", "age"},
            "passkey": {"shown", "aws", "age"}, "role": {"none"}, "role from such a session": {"none"}, "role and code": {"shown", "aws", "age"}}
    account = server.ready["accountId"]
    vic = Person(server, "vic")
    done(server.ask("CreateLoginProfile", RAM, UserName="vic", Password="Password of vic"))
    trust = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [vic.arn]}}]})
    arn = done(server.ask("CreateRole", RAM, RoleName="worker", AssumeRolePolicyDocument=trust))["Role"]["Arn"]
    for name, condition in conditions.items():
        done(server.ask("CreatePolicy", RAM, PolicyName=name, PolicyDocument=with_factor(condition)))

    def of(answer):
        return Caller.of(server, done(answer)["Credentials"])
    done(server.ask("AttachPolicyToUser", RAM, PolicyName="absent", PolicyType="Custom", UserName="vic"))  # so that roles can be taken on
    callers = {"access key": vic.key, "password": of(login(server, account, "vic", "Password of vic")), "token": of(vic.key("GetSessionToken", STS))}
    callers["role"] = of(vic.key("AssumeRole", STS, RoleArn=arn, RoleSessionName="work"))
    vic.bind_device()
    step = step_now()
    callers["token and code"] = of(vic.key("GetSessionToken", STS, SerialNumber=vic.serial, TokenCode=code_at(vic.seed, step)))
    callers["role from such a session"] = of(callers["token and code"]("AssumeRole", STS, RoleArn=arn, RoleSessionName="work"))
    callers["login and code"] = of(login(server, account, "vic", "Password of vic", Code=code_at(vic.seed, step + 1)))
    a, shown = Authenticator(), callers["token and code"]
    done(shown("FinishPasskeyRegistration", KEYHOLD, PasskeyName="p", **a.make(done(shown("BeginPasskeyRegistration", KEYHOLD)))))
    begun = done(post(server, {"Action": "BeginLogin", "Account": account}))
    callers["passkey"] = of(post(server, {"Action": "Login", "Account": account, "UserName": "vic", **a.answer(begun)}))
    xan = Person(server, "xan").bind_device()
    done(server.ask("UpdateRole", RAM, RoleName="worker", NewAssumeRolePolicyDocument=trust.replace(vic.arn, xan.arn)))
    done(server.ask("AttachPolicyToUser", RAM, PolicyName="absent", PolicyType="Custom", UserName="xan"))
    callers["role and code"] = of(xan.key("AssumeRole", STS, RoleArn=arn, RoleSessionName="work", SerialNumber=xan.serial, TokenCode=code_at(xan.seed, step_now())))
    done(server.ask("DetachPolicyFromUser", RAM, PolicyName="absent", PolicyType="Custom", UserName="vic"))
    seen = {kind: set() for kind in callers}
    for name in conditions:
        done(server.ask("AttachPolicyToUser", RAM, PolicyName=name, PolicyType="Custom", UserName="vic"))
        done(server.ask("AttachPolicyToRole", RAM, PolicyName=name, PolicyType="Custom", RoleName="worker"))
        for kind, caller in callers.items():
            if caller("ListKeys")[0] == 200:
                seen[kind].add(name)
        done(server.ask("DetachPolicyFromUser", RAM, PolicyName=name, PolicyType="Custom", UserName="vic"))
        done(server.ask("DetachPolicyFromRole", RAM, PolicyName=name, PolicyType="Custom", RoleName="worker"))
    assert seen == sees


class Terminal:
    """keyhold at a terminal: what it shows, and what somebody types."""

    def __init__(self, words, environment, folder):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a person's shell has it, whoever runs the tests
            os.execve(os.path.join(BUILD, "src", "cli", "keyhold"), ["keyhold", *words], environment)
        self.shown = ""

    def read(self, within=0.5):
        if not select.select([self.fd], [], [], within)[0]:
            return True
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # its end is closed
            return False
        self.shown += data.decode()
        return bool(data)

    def wait_for(self, text):
        end = time.monotonic() + 20
        while text not in self.shown:
            assert self.read() and time.monotonic() < end, self.shown

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def end(self):
        end = time.monotonic() + 30
        while self.read() and time.monotonic() < end:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_keyhold_login_at_a_terminal(server, tmp_path):
    will = Person(server, "will", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="will", Password="Passw0rd of will"))
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "dumb", "KEYHOLD_ENDPOINT": "http://" + server.http}

    def go(password, code):
        at = Terminal(["login", server.ready["accountId"], "will"], environment, tmp_path)
        at.wait_for("Password: ")
        at.type(password)
        at.wait_for("One-time code")
        at.type(code)
        return at, at.end()
    wrong, ended = go("Wr0ng password", "")
    assert ended == 4 and "not right" in wrong.shown and "Wr0ng" not in wrong.shown, wrong.shown
    at = Terminal(["login", server.ready["accountId"], "will"], environment, tmp_path)
    at.wait_for("Password: ")
    at.type("half a pass\x03")  # Control-C
    assert at.end() == -2 and "half" not in at.shown
    code = code_at(will.seed, step_now())
    right, ended = go("Passw0rd of will", code)
    assert ended == 0 and "logged in until" in right.shown, right.shown
    assert "Passw0rd" not in right.shown and code not in right.shown  # nothing is echoed

    def run(*words):
        return subprocess.run([os.path.join(BUILD, "src", "cli", "keyhold"), *words], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run("whoami", "-o", "name").stdout.strip() == will.arn
    for words in (("login",), ("login", "a", "b", "c"), ("login", "--no-such-flag"), ("login", "a", "b", "--code", "123456")):
        assert run(*words).returncode == 2, words
    helped = run("login", "--help")
    assert helped.returncode == 0 and "--recovery-code" in helped.stdout and "Account" in helped.stdout.title()
    done(server.ask("RevokeUserSessions", KEYHOLD, UserName="will"))
    ended = run("key", "list")
    assert ended.returncode != 0 and "keyhold login" in ended.stderr, ended.stderr  # what to do now
