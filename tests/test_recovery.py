"""When a second factor is lost: codes on paper. Also for the root of an account that asks it for a factor in everything. Negative cases first."""
import re

import pytest

from authenticator import Authenticator
from people import KEYHOLD, RAM, STS, Caller, Person, code_at, done, events, post, refused, step_now


class Owner:
    """The account's root, or a user, with a password, a device and codes on paper."""

    def __init__(self, server, name=None):
        self.server, self.name = server, name
        self.password = f"Password of {name}"
        self.user = {"UserName": name} if name else {}
        if name:
            Person(server, name, "AdministratorAccess")
        done(server.ask("CreateLoginProfile", RAM, Password=self.password, MFABindRequired="true", **self.user))
        session = self.session()
        self.seed = self.bind(session, "device-of-" + (name or "root"))
        refused(session("CreateRecoveryCodes", KEYHOLD), 403, "NoPermission")  # that session is for something else
        self.codes = done(self.session(Code=code_at(self.seed, step_now()))("CreateRecoveryCodes", KEYHOLD))["RecoveryCodes"].split("\n")

    def login(self, **more):
        return post(self.server, {"Action": "Login", "Account": self.server.ready["accountId"], "Password": self.password, **self.user, **more})

    def session(self, **more):
        return Caller.of(self.server, done(self.login(**more))["Credentials"])

    def bind(self, session, device):
        made = done(session("CreateVirtualMFADevice", RAM, VirtualMFADeviceName=device))["VirtualMFADevice"]
        now = step_now()
        done(session("BindMFADevice", RAM, SerialNumber=made["SerialNumber"], AuthenticationCode1=code_at(made["Base32StringSeed"], now - 2),
                     AuthenticationCode2=code_at(made["Base32StringSeed"], now - 1), **self.user))
        return made["Base32StringSeed"]


@pytest.fixture(scope="module")
def root(server):
    return Owner(server)


@pytest.fixture(scope="module")
def zoe(server):
    return Owner(server, "zoe")


def test_codes(root, zoe):
    assert len(set(root.codes + zoe.codes)) == 20
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in root.codes)


def test_what_is_no_code(server, root, zoe):
    plain = Person(server, "plain")
    refused(plain.key("CreateRecoveryCodes", KEYHOLD), 404, "EntityNotExist.User.MFADevice")  # there is nothing to stand in for
    plain.bind_device()
    refused(plain.key("CreateRecoveryCodes", KEYHOLD), 403, "NoPermission")  # an access key shows no factor
    done(server.ask("CreateLoginProfile", RAM, UserName="plain", Password="Password of plain"))
    good = zoe.codes[0]
    fields = {"Action": "Login", "Account": server.ready["accountId"], "UserName": "plain", "Password": "Password of plain", "RecoveryCode": good}
    refused(post(server, fields), 403, "LoginFailed")  # who has none
    for wrong in (root.codes[0], good[:-1] + ("A" if good[-1] != "A" else "B"), good.replace("-", "A"), "AAAA-AAAA-AAAA-AAAA"):
        refused(zoe.login(RecoveryCode=wrong), 403, "LoginFailed")
        done(zoe.login(RecoveryCode=zoe.codes.pop()))
    refused(zoe.login(Password="wrong", RecoveryCode=good), 403, "LoginFailed")
    refused(zoe.login(RecoveryCode=good, Code="123456"), 400, "InvalidParameter")
    refused(post(server, {"Action": "Login", "Account": server.ready["accountId"], "UserName": "zoe", "RecoveryCode": good}), 400, "MissingParameter")
    refused(zoe.login(RecoveryCode=good[:-1]), 400, "InvalidParameter")


def test_a_code_is_good_once_and_for_a_new_factor_alone(server, zoe):
    code = zoe.codes.pop().lower()
    session = zoe.session(RecoveryCode=code)
    refused(zoe.login(RecoveryCode=code), 403, "LoginFailed")
    for action, version in (("ListKeys", "2016-01-20"), ("CreateAccessKey", RAM), ("CreateUser", RAM), ("GetSessionToken", STS), ("AssumeRole", STS)):
        assert session(action, version, UserName="x", RoleArn="acs:ram::1:role/x", RoleSessionName="xx")[0] in (400, 403), action
    refused(zoe.login(), 403, "LoginFailed")  # what is lost still counts until it is taken away
    done(session("UnbindMFADevice", RAM))
    made = Authenticator()
    done(session("FinishPasskeyRegistration", KEYHOLD, PasskeyName="new", **made.make(done(session("BeginPasskeyRegistration", KEYHOLD)))))
    begun = done(post(server, {"Action": "BeginLogin", "Account": server.ready["accountId"]}))
    whole = Caller.of(server, done(zoe.login(**made.answer(begun)))["Credentials"])
    done(whole("ListKeys"))
    again = done(whole("CreateRecoveryCodes", KEYHOLD))["RecoveryCodes"].split("\n")
    refused(zoe.login(RecoveryCode=zoe.codes.pop()), 403, "LoginFailed")  # those from before are good no more
    done(zoe.login(RecoveryCode=again[0]))


def test_a_root_that_lost_its_device(server, root):
    """Its access keys do nothing, nobody else can help, the platform's operator neither: the codes do."""
    admin = Person(server, "admin", "AdministratorAccess")
    whole = root.session(Code=code_at(root.seed, step_now() + 1))
    done(whole("SetRootAccess", KEYHOLD, MFARequired="true"))
    for caller in (server.ask, admin.key):
        assert caller("UnbindMFADevice", RAM)[0] in (403, 404)
        assert caller("SetRootAccess", KEYHOLD, MFARequired="false")[0] == 403
    refused(whole("UnbindMFADevice", RAM), 409, "DeleteConflict.VirtualMFADevice.User")  # whoever still has it keeps it
    session = root.session(RecoveryCode=root.codes.pop())
    refused(session("SetRootAccess", KEYHOLD, MFARequired="false"), 403, "NoPermission")
    done(session("UnbindMFADevice", RAM))
    seed = root.bind(session, "device-of-root-anew")
    whole = root.session(Code=code_at(seed, step_now()))
    done(whole("ListKeys"))
    shown = done(whole("GetRootAccess", KEYHOLD))["RootAccess"]
    assert shown["RecoveryCodesLeft"] == 9 and shown["HasDevice"] and shown["LastLoginDate"], shown
    done(whole("SetRootAccess", KEYHOLD, MFARequired="false"))


def test_the_trail_shows_it(server, root, zoe):
    logins = [event for event in events(server, "Login") if "RecoveryCode" in (event.get("requestParameters") or {})]
    kinds = {event["userIdentity"]["type"] for event in logins if not event.get("errorCode")}
    assert "root-account" in kinds and len(kinds) == 2, kinds
    text = str(events(server, "Login")) + str(events(server, "CreateRecoveryCodes"))
    assert not any(code in text for code in root.codes + zoe.codes)
