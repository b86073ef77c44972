"""Passkeys: registering and logging in with a software authenticator. Negative cases first."""
import base64
import itertools
import json

import pytest

from authenticator import ATTESTED, BACKED_UP, ELIGIBLE, EXTENDED, PRESENT, VERIFIED, Authenticator, b64, client_data
from people import KEYHOLD, RAM, STS, Caller, Person, done, events, post, refused

ADMIN = "AdministratorAccess"


class Holder(Person):
    """Somebody with a password and their authenticators, at a machine of their own."""
    machines = itertools.count(2)

    def __init__(self, server, name):
        self.address = f"127.0.1.{next(self.machines)}"
        super().__init__(server, name, ADMIN)
        done(server.ask("CreateLoginProfile", RAM, UserName=name, Password="Password of " + name))
        self.caller = self.key

    def begin(self):
        return done(self.caller("BeginPasskeyRegistration", KEYHOLD))

    def finish(self, answer, name="first"):
        return self.caller("FinishPasskeyRegistration", KEYHOLD, PasskeyName=name, **answer)

    def register(self, authenticator, name="first", **more):
        return done(self.finish(authenticator.make(self.begin(), **more), name))["Passkey"]

    def challenge(self):
        return done(post(self.server, {"Action": "BeginLogin", "Account": self.server.ready["accountId"]}))

    def login(self, **fields):
        return post(self.server, {"Action": "Login", "Account": self.server.ready["accountId"], "UserName": self.name, **fields}, self.address)

    def password(self):
        return {"Password": "Password of " + self.name}


@pytest.fixture(scope="module")
def fay(server):
    return Holder(server, "fay")


def test_what_is_not_registered(server, fay):
    """Each of these is refused and leaves nothing."""
    a = Authenticator()
    wrong = [
        dict(origin="http://localhost:8443"), dict(origin="https://localhost.evil.example"), dict(origin="https://evil.example"),
        dict(origin="https://localhost:99999"), dict(origin="https://localhost:8443/x"), dict(origin="https://localhost@evil.example"),
        dict(flags=VERIFIED),  # nobody was there
        dict(fmt="tpm"), dict(more=b"\0"), dict(flags=PRESENT | EXTENDED),
    ]
    for more in wrong:
        refused(fay.finish(a.make(fay.begin(), **more)), 400, "InvalidParameter.Passkey")
    said_wrongly = [
        lambda c: client_data("webauthn.get", c, "https://localhost:8443"), lambda c: client_data("webauthn.create", c[:-1], "https://localhost:8443"),
        lambda c: client_data("webauthn.create", fay.begin()["Challenge"], "https://localhost:8443"),
        lambda c: client_data("webauthn.create", c, "https://localhost:8443", topOrigin="https://evil.example"),
        lambda c: client_data("webauthn.create", c, "https://localhost:8443", crossOrigin=True), lambda c: b"{", lambda c: b"[]",
        lambda c: b'{"type":"webauthn.create",' + client_data("webauthn.create", c, "https://localhost:8443")[1:],
    ]
    for say in said_wrongly:
        begun = fay.begin()
        refused(fay.finish(a.make(begun, said=say(begun["Challenge"]))), 400, "InvalidParameter.Passkey")
    refused(fay.finish(Authenticator(rp_id="evil.example").make(fay.begin())), 400, "InvalidParameter.Passkey")
    packed = a.make(fay.begin(), fmt="packed")
    broken = bytearray(base64.b64decode(packed["AttestationObject"]))
    broken[-40] ^= 1
    refused(fay.finish({**packed, "AttestationObject": b64(broken)}), 400, "InvalidParameter.Passkey")
    for length in (0, 1, 30, len(broken) - 1):
        cut = {**a.make(fay.begin()), "AttestationObject": b64(bytes(broken[:length]))}
        assert fay.finish(cut)[0] == 400
    assert done(fay.caller("ListPasskeys", KEYHOLD))["Passkeys"] == []


def test_a_challenge_is_for_one_person_one_purpose_and_once(server, fay):
    a, gil = Authenticator(), Holder(server, "gil")
    refused(fay.finish(a.make(gil.begin())), 400, "InvalidParameter.Passkey")  # somebody else's
    refused(fay.finish(a.make(fay.challenge())), 400, "InvalidParameter.Passkey")  # of a login
    begun = fay.begin()
    refused(fay.finish({**a.make(begun), "ChallengeToken": begun["ChallengeToken"][:-4] + "AAAA"}), 400, "InvalidParameter.Passkey")
    refused(fay.finish({**a.make(begun), "ChallengeToken": "AAAA"}), 400, "InvalidParameter.Passkey")
    refused(fay.finish(a.make(begun, origin="https://evil.example")), 400, "InvalidParameter.Passkey")
    refused(fay.finish(a.make(begun)), 400, "InvalidParameter.Passkey")  # it was taken by the try before
    made = Authenticator()
    answer = made.make(gil.begin())
    done(gil.finish(answer))
    gil.caller = Caller.of(server, done(gil.login(**made.answer(gil.challenge())))["Credentials"])
    refused(gil.finish(answer, "again"), 400, "InvalidParameter.Passkey")


@pytest.mark.parametrize("algorithm, fmt", [("ES256", "none"), ("EdDSA", "packed"), ("RS256", "packed"), ("ES256", "packed"), ("RS256", "none")])
def test_registering_and_logging_in(server, algorithm, fmt):
    who, a = Holder(server, f"user-{algorithm}-{fmt}"), Authenticator(algorithm)
    shown = who.register(a, fmt=fmt)
    assert (shown["Algorithm"], shown["IsVerifying"], shown["SignCount"]) == (algorithm, True, 1)
    assert base64.b64decode(shown["CredentialId"]) == a.id
    alone = done(who.login(**a.answer(who.challenge())))  # without a password: the authenticator has checked who holds it
    session = Caller.of(server, alone["Credentials"])
    assert done(session("GetCallerIdentity", STS))["Arn"] == who.arn
    both = done(who.login(**who.password(), **a.answer(who.challenge(), flags=PRESENT)))
    done(Caller.of(server, both["Credentials"])("ListKeys"))
    listed = done(session("ListPasskeys", KEYHOLD))["Passkeys"][0]
    assert listed["SignCount"] == 3 and listed["LastUsedDate"]


def test_what_does_not_let_in(server):
    who, a, other = Holder(server, "hal"), Authenticator(), Authenticator()
    who.register(a)
    refused(who.login(**who.password()), 403, "LoginFailed")  # the password alone no longer does
    refused(who.login(**a.answer(who.challenge(), flags=PRESENT)), 403, "LoginFailed")  # no password, nobody checked who holds it
    refused(who.login(Password="wrong", **a.answer(who.challenge())), 403, "LoginFailed")
    refused(who.login(**other.answer(who.challenge())), 403, "LoginFailed")  # nobody's credential
    other.id = a.id
    refused(who.login(**who.password(), **other.answer(who.challenge())), 403, "LoginFailed")  # another key
    missing = a.answer(who.challenge())
    for name in ("ChallengeToken", "ClientDataJSON", "AuthenticatorData", "AssertionSignature"):
        refused(who.login(**{k: v for k, v in missing.items() if k != name}), 400, "MissingParameter")
    refused(who.login(), 400, "MissingParameter")


def test_every_part_of_an_answer_counts(server):
    """All of these carry a good signature by the registered key."""
    who, a = Holder(server, "gus"), Authenticator(counts=False)
    who.register(a)
    here = "https://localhost:8443"

    def saying(kind="webauthn.get", origin=here, **more):
        begun = who.challenge()
        return a.answer(begun, said=client_data(kind, more.pop("challenge", begun["Challenge"]), origin, **more))
    wrong = [
        saying("webauthn.create"), saying("payment.get"), saying(origin="http://localhost:8443"), saying(origin="https://localhost.evil.example"),
        saying(origin="https://evil.example"), saying(origin="https://LOCALHOST"), saying(origin="null"), saying(crossOrigin=True), saying(topOrigin=here),
        saying(challenge=who.challenge()["Challenge"]), saying(challenge=""), saying(crossOrigin="false "), saying(crossOrigin=[False]),
        a.answer(who.challenge(), flags=VERIFIED), a.answer(who.challenge(), flags=0),  # nobody was there
        a.answer(who.challenge(), flags=PRESENT | VERIFIED | BACKED_UP), a.answer(who.challenge(), flags=PRESENT | VERIFIED | ELIGIBLE),
        a.answer(who.challenge(), more=b"\0"), a.answer(who.challenge(), flags=PRESENT | VERIFIED | EXTENDED),
        a.answer(who.challenge(), flags=PRESENT | VERIFIED | ATTESTED),
    ]
    for at, answer in enumerate(wrong):
        who.address = f"127.0.2.{at + 1}"
        refused(who.login(Password="Password of gus", **answer), 403, "LoginFailed")
        done(who.login(Password="Password of gus", **a.answer(who.challenge())))  # a good one in between: nobody is slowed
    a.rp_id = "evil.example"
    refused(who.login(**a.answer(who.challenge())), 403, "LoginFailed")
    a.rp_id = "localhost"
    done(who.login(**a.answer(who.challenge())))


@pytest.mark.parametrize("before, count, lets_in", [(5, 4, False), (5, 5, False), (5, 6, True), (5, 2**32 - 1, True), (5, 0, False), (0, 0, True), (0, 1, True)])
def test_counters(server, before, count, lets_in):
    who, a = Holder(server, f"counter-{before}-{count}"), Authenticator(counts=False)
    a.count = before
    who.register(a)
    a.count = count
    answer = who.login(**a.answer(who.challenge()))
    done(answer) if lets_in else refused(answer, 403, "LoginFailed")


def test_a_passkey_that_is_backed_up(server):
    who, a = Holder(server, "ben"), Authenticator()
    who.register(a, flags=PRESENT | VERIFIED | ELIGIBLE)
    refused(who.login(**a.answer(who.challenge())), 403, "LoginFailed")  # it was one that can be, and stays one
    done(who.login(**a.answer(who.challenge(), flags=PRESENT | VERIFIED | ELIGIBLE)))
    done(who.login(**a.answer(who.challenge(), flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)))
    bob = Holder(server, "bob")
    refused(bob.finish(Authenticator().make(bob.begin(), flags=PRESENT | BACKED_UP)), 400, "InvalidParameter.Passkey")


def test_an_answer_is_good_once_and_for_its_challenge(server):
    who, a = Holder(server, "ida"), Authenticator()
    who.register(a)
    answer = a.answer(who.challenge())
    done(who.login(**answer))
    refused(who.login(**answer), 403, "LoginFailed")
    begun = who.challenge()
    refused(who.login(**{**a.answer(begun), "ChallengeToken": who.challenge()["ChallengeToken"]}), 403, "LoginFailed")
    refused(who.login(**a.answer(Holder(server, "ira").begin())), 403, "LoginFailed")  # of a registration


def test_a_copy_of_an_authenticator_is_noticed(server):
    who, a = Holder(server, "jan"), Authenticator()
    who.register(a)
    done(who.login(**a.answer(who.challenge())))
    a.count -= 1  # the copy has not seen that one
    refused(who.login(**a.answer(who.challenge())), 403, "LoginFailed")
    done(who.login(**a.answer(who.challenge())))
    silent, kim = Authenticator(counts=False), Holder(server, "kim")
    kim.register(silent)
    for _ in range(2):  # one that does not count at all
        done(kim.login(**silent.answer(kim.challenge())))


def test_who_has_a_factor_shows_it_before_there_is_another(server):
    who, a = Holder(server, "lea"), Authenticator()
    who.register(a)
    refused(who.key("BeginPasskeyRegistration", KEYHOLD), 403, "NoPermission")
    who.caller = Caller.of(server, done(who.login(**a.answer(who.challenge())))["Credentials"])
    begun = who.begin()
    assert begun["RpId"] == "localhost" and len(begun["ExcludeCredentials"]) == 1
    refused(who.finish(a.make(begun), "second"), 409, "EntityAlreadyExists.Passkey")  # the same credential
    refused(who.finish(Authenticator().make(who.begin()), "first"), 409, "EntityAlreadyExists.Passkey")  # the same name
    second = Authenticator("EdDSA")
    who.register(second, "second")
    done(who.login(**second.answer(who.challenge())))
    done(who.caller("DeletePasskey", KEYHOLD, PasskeyName="first"))
    refused(who.caller("DeletePasskey", KEYHOLD, PasskeyName="first"), 404, "EntityNotExist.Passkey")
    refused(who.login(**a.answer(who.challenge())), 403, "LoginFailed")
    refused(server.ask("DeleteUser", RAM, UserName="lea")[0:2], 409, "DeleteConflict.User.AccessKey")
    done(server.ask("DeletePasskey", KEYHOLD, UserName="lea", PasskeyName="second"))
    done(who.login(**who.password()))


def test_sessions_say_that_a_factor_was_shown_and_so_does_the_trail(server):
    who, a = Holder(server, "max"), Authenticator()
    done(server.ask("DetachPolicyFromUser", RAM, UserName="max", PolicyName=ADMIN, PolicyType="System"))
    only_with = json.dumps({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}]})
    done(server.ask("CreatePolicy", RAM, PolicyName="max-may", PolicyDocument=only_with))
    done(server.ask("AttachPolicyToUser", RAM, UserName="max", PolicyName="max-may", PolicyType="Custom"))
    refused(who.key("ListKeys"), 403, "Forbidden.NoPermission")
    who.register(a)
    session = Caller.of(server, done(who.login(**a.answer(who.challenge(), more=b"", flags=PRESENT | VERIFIED)))["Credentials"])
    done(session("ListKeys"))
    event = events(server, "ListKeys")[0]
    assert event["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"
    assert events(server, "FinishPasskeyRegistration")[0]["requestParameters"]["PasskeyName"] == "first"


def test_the_root_and_a_user_who_must_have_one(server):
    nan = Holder(server, "nan")
    done(server.ask("UpdateLoginProfile", RAM, UserName="nan", MFABindRequired="true"))
    only = done(nan.login(**nan.password()))
    assert only["MFABindRequired"]
    nan.caller, a = Caller.of(server, only["Credentials"]), Authenticator()
    refused(nan.caller("ListKeys"), 403, "Forbidden.NoPermission")
    nan.register(a)
    assert done(nan.login(**a.answer(nan.challenge())))["MFABindRequired"] is False


def test_a_challenge_tells_nothing_and_is_of_an_account(server):
    refused(post(server, {"Action": "BeginLogin", "Account": "1999999999999999"}), 403, "LoginFailed")
    begun = done(post(server, {"Action": "BeginLogin", "Account": server.ready["accountId"]}))
    assert set(begun) == {"Challenge", "ChallengeToken", "RpId", "ExpireDate", "RequestId"}


def test_answers_of_others_are_slowed_by_place_and_keep_nobody_out(server):
    who, a = Holder(server, "oda"), Authenticator()
    who.register(a)
    home, who.address = who.address, "127.0.3.1"
    codes = [who.login(**Authenticator().answer(who.challenge()))[1]["Code"] for _ in range(26)]
    assert codes[:20] == ["LoginFailed"] * 20 and "LoginSlowed" in codes
    who.address = "127.0.3.2"
    refused(who.login(**Authenticator().answer(who.challenge())), 403, "LoginFailed")
    who.address = home
    done(who.login(**a.answer(who.challenge())))
