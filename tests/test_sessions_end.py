"""Sessions that end before their time, and second factors that are taken away: by whom, and what of it. Negative cases first."""
import pytest

from authenticator import Authenticator
from people import KEYHOLD, RAM, STS, Caller, Person, code_at, done, post, refused, step_now

ADMIN = "AdministratorAccess"


class Somebody(Person):
    def __init__(self, server, name, *policies):
        super().__init__(server, name, *policies)
        self.password = "Password of " + name
        done(server.ask("CreateLoginProfile", RAM, UserName=name, Password=self.password))

    def login(self, **more):
        answer = post(self.server, {"Action": "Login", "Account": self.server.ready["accountId"], "UserName": self.name, **(more or {"Password": self.password})})
        return Caller.of(self.server, done(answer)["Credentials"])

    def challenge(self):
        return done(post(self.server, {"Action": "BeginLogin", "Account": self.server.ready["accountId"]}))

    def register(self, caller, name):
        made = Authenticator()
        done(caller("FinishPasskeyRegistration", KEYHOLD, PasskeyName=name, **made.make(done(caller("BeginPasskeyRegistration", KEYHOLD)))))
        return made


def is_over(session):
    status, answer = session("GetCallerIdentity", STS)
    assert status == 200 or answer["Code"] == "InvalidSecurityToken.Expired", answer
    return status != 200


ENDS = {
    "a new password": lambda s, who: who.login()("ChangePassword", RAM, OldPassword=who.password, NewPassword="another password"),
    "somebody else's": lambda s, who: s.ask("UpdateLoginProfile", RAM, UserName=who.name, Password="another password"),
    "none any more": lambda s, who: s.ask("DeleteLoginProfile", RAM, UserName=who.name),
    "all of them": lambda s, who: s.ask("RevokeUserSessions", KEYHOLD, UserName=who.name),
    "one's own": lambda s, who: who.login()("RevokeUserSessions", KEYHOLD),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_ends_sessions_that_began_with_a_login(server, how):
    who = Somebody(server, "who-" + how.split()[0].replace("'", ""), ADMIN)
    sessions = [who.login() for _ in range(2)]
    other, by_key = Somebody(server, "other-" + who.name).login(), Caller.of(server, done(who.key("GetSessionToken", STS))["Credentials"])
    assert not any(map(is_over, sessions))
    done(ENDS[how](server, who))
    assert all(map(is_over, sessions))
    assert not is_over(other) and not is_over(by_key) and not is_over(who.key)  # an access key has nothing to do with the password
    if how not in ("none any more",):
        who.password = "another password" if how in ("a new password", "somebody else's") else who.password
        assert not is_over(who.login())


def test_what_leaves_sessions_alone(server):
    who = Somebody(server, "leo", ADMIN)
    session = who.login()
    refused(who.key("ChangePassword", RAM, OldPassword="wrong", NewPassword="another password"), 403, "InvalidParameter.OldPassword")
    refused(Somebody(server, "mia").key("RevokeUserSessions", KEYHOLD, UserName="leo"), 403, "NoPermission")
    done(server.ask("UpdateLoginProfile", RAM, UserName="leo", PasswordResetRequired="false"))
    done(server.ask("UpdateUser", RAM, UserName="leo", NewUserName="leon"))
    assert not is_over(session)
    done(server.ask("RevokeUserSessions", KEYHOLD, UserName="leon"))
    assert is_over(session)


def test_the_root_s_sessions_end_as_well(server):
    done(server.ask("CreateLoginProfile", RAM, Password="of the root itself"))

    def login():
        return Caller.of(server, done(post(server, {"Action": "Login", "Account": server.ready["accountId"], "Password": "of the root itself"}))["Credentials"])
    session = login()
    assert not is_over(session)
    done(server.ask("RevokeUserSessions", KEYHOLD))
    assert is_over(session) and not is_over(login())


def test_a_stolen_access_key_takes_no_second_factor_away(server):
    """Users may look after their devices themselves: but not with what shows nothing."""
    who, admin = Somebody(server, "nia").bind_device(), Somebody(server, "ole", ADMIN)
    for action, more in (("UnbindMFADevice", {}), ("DeactivateMFADevice", {"SerialNumber": who.serial})):
        version = RAM if action.startswith("Un") else KEYHOLD
        refused(who.key(action, version, **more), 403, "NoPermission")
        refused(Caller.of(server, done(who.key("GetSessionToken", STS))["Credentials"])(action, version, **more), 403, "NoPermission")
        refused(Somebody(server, "pia-" + action).key(action, version, UserName="nia", **more), 403, "NoPermission")  # nor anybody without the right
    a = who.register(who.session(), "laptop")
    refused(who.key("DeletePasskey", KEYHOLD, PasskeyName="laptop"), 403, "NoPermission")
    refused(admin.key("DeletePasskey", KEYHOLD, UserName="nia", PasskeyName="none"), 404, "EntityNotExist.Passkey")
    shown = who.login(**a.answer(who.challenge()))
    done(shown("UnbindMFADevice", RAM))
    assert not is_over(shown)
    done(shown("DeletePasskey", KEYHOLD, PasskeyName="laptop"))  # the last one; the password alone does again
    done(who.login()("GetCallerIdentity", STS))


def test_who_lost_an_authenticator_is_helped_by_the_other_or_by_an_administrator(server):
    who = Somebody(server, "quin").bind_device()
    laptop = who.register(who.session(), "laptop")
    phone = who.register(who.login(**laptop.answer(who.challenge())), "phone")
    thief, own = who.login(**phone.answer(who.challenge())), who.login(**laptop.answer(who.challenge()))
    done(own("DeletePasskey", KEYHOLD, PasskeyName="phone"))
    refused(post(server, {"Action": "Login", "Account": server.ready["accountId"], "UserName": "quin", **phone.answer(who.challenge())}), 403, "LoginFailed")
    assert not is_over(thief) and not is_over(own)
    done(own("RevokeUserSessions", KEYHOLD))
    assert is_over(thief) and is_over(own)
    session = who.login(**laptop.answer(who.challenge()))
    done(server.ask("DeletePasskey", KEYHOLD, UserName="quin", PasskeyName="laptop"))
    assert is_over(session)  # somebody lost it: what it began is over
    code = code_at(who.seed, step_now() + 1)
    session = who.login(Password=who.password, Code=code)
    done(server.ask("UnbindMFADevice", RAM, UserName="quin"))
    assert is_over(session) and not is_over(who.login())
