"""SAML assertions made from the standards alone (assertions.py), taken by a whole Keyhold: what is believed, what is not, and for how long."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import time
import urllib.parse

import pytest
from assertions import (ALIBABA, DS, ENVELOPED, EXCLUSIVE, GCM, MD, OAEP_NEW, SAMLP, XENC, Idp, Pair, b64, element, encrypted, instant, metadata, signature_of,
                        wrapped)
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from people import RAM, STS, done, refused

IMS = "2019-08-15"
INVALID, EXPIRED = "AuthenticationFail.SAMLAssertion.Invalid", "AuthenticationFail.SAMLAssertion.Expired"


class Place:
    """A server with a provider, and roles that trust it."""

    def __init__(self, server, idp):
        self.server, self.idp, self.account, self.asked = server, idp, server.ready["accountId"], 0
        self.provider = f"acs:ram::{self.account}:saml-provider/corporate"
        done(server.ask("CreateSAMLProvider", IMS, SAMLProviderName="corporate", EncodedSAMLMetadataDocument=b64(idp.metadata())))
        self.role("deployer")

    def arn(self, name):
        return f"acs:ram::{self.account}:role/{name}"

    def pair_of(self, name):
        return f"{self.arn(name)},{self.provider}"

    def role(self, name, condition=None, actions="sts:AssumeRole", provider="corporate"):
        arn = f"acs:ram::{self.account}:saml-provider/{provider}"
        statement = {"Effect": "Allow", "Action": actions, "Principal": {"Federated": [arn]}, **({"Condition": condition} if condition else {})}
        done(self.server.ask("CreateRole", RAM, RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "1", "Statement": [statement]})))

    def take(self, response, role="deployer", **more):
        """From an address of its own: bad assertions from one are slowed down."""
        self.asked += 1
        fields = {"Action": "AssumeRoleWithSAML", "Version": STS, "Format": "JSON", "SAMLProviderArn": self.provider, "RoleArn": self.arn(role),
                  "SAMLAssertion": response, **more}
        connection = http.client.HTTPConnection(self.server.http.split("//")[-1], timeout=30, source_address=(f"127.0.4.{self.asked % 250 + 1}", 0))
        connection.request("POST", "/", urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def fresh(self, person="alice", role="deployer", said=None, **change):
        return self.idp.respond(person, [self.pair_of(role)], said, **change)


def test_taken_once_also_after_a_restart(keyhold, tmp_path):
    server = keyhold.on(tmp_path / "data")
    keys = (server.access_key_id, server.access_key_secret)
    place = Place(server, Idp())
    first, second = place.fresh(), place.fresh()
    done(place.take(first))
    refused(place.take(first), 400, INVALID)
    # a vault alone that is started anew has forgotten; core has not
    vault, = server.pids("vault")
    os.kill(vault, signal.SIGKILL)
    server.wait_for(lambda: server.pids("vault") not in ([], [vault]), what="another vault")
    server.wait_answering()
    server.wait_for(lambda: place.take(place.fresh())[0] == 200, within=30, what="an assertion that is taken")
    refused(place.take(first), 400, INVALID)
    done(place.take(second))
    assert server.stop() == 0
    again = keyhold("--data", str(tmp_path / "data"), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0")
    again.use(*keys)
    place.server = again
    for former in (first, second):
        refused(place.take(former), 400, INVALID)
    done(place.take(place.fresh()))


@pytest.fixture(scope="module")
def place(server):
    return Place(server, Idp())


def invalid(place, response, **more):
    return refused(place.take(response, **more), 400, INVALID)


# ---- what an assertion says

def test_for_here_and_now(place):
    done(place.take(place.fresh()))
    day = 24 * 3600
    wrong = {"another audience": {"audience": "urn:other"}, "no audience": {"audience": None}, "another recipient": {"recipient": "https://signin.aliyun.com/saml-role/ss"},
             "no recipient": {"recipient": None}, "no end of the confirmation": {"confirmed_until": None}, "another issuer": {"issuer": "https://saml.example.com/"},
             "not yet": {"valid_from": instant(120)}, "not yet confirmed": {"confirmed_from": instant(120)}, "issued tomorrow": {"issued_at": instant(120)},
             "good for days": {"confirmed_until": instant(2 * day), "valid_until": instant(2 * day)}, "a time without a zone": {"valid_until": instant(300)[:-1]},
             "a bad time": {"confirmed_until": "tomorrow"}, "no ID": {"id": ""}}
    for what, change in wrong.items():
        assert invalid(place, place.fresh(**change)), what
    for what, change in {"over": {"confirmed_until": instant(-90), "valid_until": instant(-90)}, "its session is over": {"session_until": instant(-1)}}.items():
        assert refused(place.take(place.fresh(**change)), 400, EXPIRED), what
    # a minute is allowed for clocks that differ, in both directions
    done(place.take(place.fresh(issued_at=instant(40), valid_from=instant(40))))
    done(place.take(place.fresh(confirmed_until=instant(-30), valid_until=instant(-30))))


def test_what_it_answers(place):
    """Whether anybody asked is not known here: asked or not, it is taken, and once; what it says of it must not contradict itself."""
    done(place.take(place.fresh()))
    done(place.take(place.fresh(in_response_to="_1", response_to="_1")))
    done(place.take(place.fresh(in_response_to="_1")))
    done(place.take(place.fresh(response_to="_1")))
    invalid(place, place.fresh(in_response_to="_1", response_to="_2"))


def seconds_left(answer):
    return time.mktime(time.strptime(answer["Credentials"]["Expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()


def test_the_session_ends_with_the_assertions_own(place):
    assert 500 < seconds_left(done(place.take(place.fresh(session_until=instant(600))))) <= 600
    assert 1700 < seconds_left(done(place.take(place.fresh(said={"SessionDuration": "1800"})))) <= 1800
    assert 3500 < seconds_left(done(place.take(place.fresh(session_until=instant(9000))))) <= 3600
    for bad in ("x", "-1", "1e9", ["900", "901"]):
        assert place.take(place.fresh(said={"SessionDuration": bad}))[0] == 400, bad


def test_names_of_subjects(place):
    answer = done(place.take(place.fresh("alice@example.com")))
    assert (answer["SAMLAssertionInfo"]["Subject"], answer["SAMLAssertionInfo"]["SubjectType"]) == ("alice@example.com", "persistent")
    other = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert done(place.take(place.fresh(format=other)))["SAMLAssertionInfo"]["SubjectType"] == other
    invalid(place, place.fresh(""))
    invalid(place, place.fresh("x" * 256))
    good = place.idp.signed("alice", [place.pair_of("deployer")])
    for evil in ("alice<!-- -->", "al<!---->ice", "<x/>alice", "&#97;lice&#x0;", "alice&amp;"):
        invalid(place, b64(Idp.response(good.replace(">alice</saml:NameID>", f">{evil}</saml:NameID>"))))


def test_signatures(place):
    text, identity = place.idp.assertion("alice", [place.pair_of("deployer")])

    def with_(signature):
        return b64(Idp.response(Idp.with_signature(text, signature)))
    pair = place.idp.pair
    public = pair.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    hmac_sha256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    bad = {
        "SHA-1": signature_of(text, identity, pair, method=DS + "rsa-sha1", digest=DS + "sha1", sign=lambda data: pair.sign(data, hashes.SHA1)),
        "a SHA-1 digest": signature_of(text, identity, pair, digest=DS + "sha1"),
        "an HMAC with the public key": signature_of(text, identity, pair, method=hmac_sha256, sign=lambda data: hmac.new(public, data, "sha256").digest()),
        "an HMAC with the certificate": signature_of(text, identity, pair, method=hmac_sha256, sign=lambda data: hmac.new(pair.der(), data, "sha256").digest()),
        "no transform": signature_of(text, identity, pair, transforms=()),
        "enveloped alone": signature_of(text, identity, pair, transforms=(ENVELOPED,)),
        "transforms the other way round": signature_of(text, identity, pair, transforms=(EXCLUSIVE, ENVELOPED)),
        "of another element": signature_of(text, identity + "x", pair),
        "of nothing": signature_of(text, "", pair),
        "of another text": signature_of(text.replace("alice", "alicf", 1), identity, pair),
        "by another": signature_of(text, identity, Pair()),
        "twice": signature_of(text, identity, pair) * 2,
    }
    for what, signature in bad.items():
        assert invalid(place, with_(signature)), what
    assert invalid(place, b64(Idp.response(text))), "unsigned"
    whole = Idp.response(text)
    response_id = whole.split(' ID="')[1].split('"')[0]
    outer = signature_of(whole, response_id, pair)
    assert invalid(place, b64(whole.replace("<samlp:Status>", outer + "<samlp:Status>", 1))), "only the response is signed"
    one, other = (place.idp.signed(person, [place.pair_of("deployer")]) for person in ("alice", "bob"))
    assert invalid(place, b64(Idp.response(one + other))), "two assertions"
    done(place.take(with_(signature_of(text, identity, pair))))
    # signed outside as well: what the response's signature is does not matter
    inner = Idp.response(place.idp.signed("alice", [place.pair_of("deployer")]))
    done(place.take(b64(inner.replace("<samlp:Status>", signature_of(inner, "x", Pair()) + "<samlp:Status>", 1))))


# ---- what a provider publishes

def provider(place, name, document, **more):
    return place.server.ask("CreateSAMLProvider", IMS, SAMLProviderName=name, EncodedSAMLMetadataDocument=b64(document), **more)


def bad_metadata(place, document, **more):
    return refused(provider(place, "bad", document, **more), 400, "InvalidParameter.SAMLMetadata")


def group(inside, **attributes):
    return element("md:EntitiesDescriptor", inside, xmlns__md=MD, **attributes)


def sp(entity):
    return element("md:EntityDescriptor", element("md:SPSSODescriptor", protocolSupportEnumeration=SAMLP), entityID=entity)


def test_metadata_of_several(place):
    idp = Idp()
    one = idp.metadata(namespace=False)
    done(provider(place, "grouped", group(sp("https://a") + one + group(sp("https://b")))))
    response = idp.respond("alice", [f"{place.arn('grouped')},acs:ram::{place.account}:saml-provider/grouped"])
    place.role("grouped", provider="grouped")
    done(place.take(response, role="grouped", SAMLProviderArn=f"acs:ram::{place.account}:saml-provider/grouped"))
    bad_metadata(place, group(one + metadata(Pair(), entity="https://other", namespace=False)))
    bad_metadata(place, group(sp("https://a")))
    bad_metadata(place, group(""))
    bad_metadata(place, element("md:RoleDescriptor", one, xmlns__md=MD))
    done(place.server.ask("DeleteSAMLProvider", IMS, SAMLProviderName="grouped"))


def test_keys_of_metadata(place):
    bad_metadata(place, metadata(Pair(bits=1024)))
    bad_metadata(place, metadata(Pair(), use="encryption"))
    bad_metadata(place, metadata(*[place.idp.pair] * 9))
    weak, strong, curve = Pair(bits=1024), Pair(), Pair("ec")
    done(place.server.ask("UpdateSAMLProvider", IMS, SAMLProviderName="corporate",
                          NewEncodedSAMLMetadataDocument=b64(metadata(weak, strong, curve, place.idp.pair))))
    for pair in (strong, curve, place.idp.pair):
        done(place.take(Idp(pair).respond("alice", [place.pair_of("deployer")])))
    invalid(place, Idp(weak).respond("alice", [place.pair_of("deployer")]))
    done(place.server.ask("UpdateSAMLProvider", IMS, SAMLProviderName="corporate", NewEncodedSAMLMetadataDocument=b64(place.idp.metadata())))
    invalid(place, Idp(strong).respond("alice", [place.pair_of("deployer")]))


def test_metadata_lapses(place):
    bad_metadata(place, place.idp.metadata(validUntil=instant(-10)))
    bad_metadata(place, group(place.idp.metadata(namespace=False), validUntil=instant(-10)))
    bad_metadata(place, place.idp.metadata(validUntil="soon"))

    def set_(document):
        done(place.server.ask("UpdateSAMLProvider", IMS, SAMLProviderName="corporate", NewEncodedSAMLMetadataDocument=b64(document)))
    until = instant(2)
    set_(place.idp.metadata(validUntil=until))
    shown = done(place.server.ask("GetSAMLProvider", IMS, SAMLProviderName="corporate"))["SAMLProvider"]
    assert shown["ValidUntil"] == until
    place.server.wait_for(lambda: instant(0) >= until, what="its end")
    invalid(place, place.fresh())
    set_(place.idp.metadata(validUntil=instant(3600)))
    done(place.take(place.fresh()))
    set_(place.idp.metadata())
    assert "ValidUntil" not in done(place.server.ask("GetSAMLProvider", IMS, SAMLProviderName="corporate"))["SAMLProvider"]


def test_metadata_that_has_to_be_signed(place):
    signer, other = Pair(), Pair()
    certificate = signer.certificate.public_bytes(serialization.Encoding.PEM).decode()
    idp = Idp()
    signed = idp.metadata(sign_with=signer, ID="_m")
    for bad in (idp.metadata(), idp.metadata(ID="_m"), idp.metadata(sign_with=other, ID="_m"), signed.replace("saml.example.com", "saml.example.org"),
                signed.replace('ID="_m"', 'ID="_n"', 1), group(signed.replace(' xmlns:md="' + MD + '"', ""))):
        bad_metadata(place, bad, MetadataSigner=certificate)
    for bad in ("x", certificate.replace("CERTIFICATE", "PRIVATE KEY"), certificate + certificate):
        refused(provider(place, "bad", signed, MetadataSigner=bad), 400, "InvalidParameter.MetadataSigner")
    made = done(provider(place, "signed", signed, MetadataSigner=certificate))["SAMLProvider"]
    assert made["MetadataSigner"] == hashlib.sha256(signer.der()).hexdigest()
    # from then on all of it

    def update(document, **more):
        return place.server.ask("UpdateSAMLProvider", IMS, SAMLProviderName="signed", NewEncodedSAMLMetadataDocument=b64(document), **more)
    refused(update(idp.metadata()), 400, "InvalidParameter.SAMLMetadata")
    refused(update(idp.metadata(sign_with=other, ID="_m")), 400, "InvalidParameter.SAMLMetadata")
    done(update(metadata(idp.pair, other, sign_with=signer, ID="_m")))
    new = other.certificate.public_bytes(serialization.Encoding.PEM).decode()
    refused(update(signed, MetadataSigner=new), 400, "InvalidParameter.SAMLMetadata")
    done(update(idp.metadata(sign_with=other, ID="_m"), MetadataSigner=new))
    done(place.server.ask("DeleteSAMLProvider", IMS, SAMLProviderName="signed"))


# ---- what trust policies ask

def test_conditions(place):
    qualifier = base64.b64encode(hashlib.sha1(f"{place.idp.entity}{place.account}/corporate".encode()).digest()).decode()
    said = {"saml:iss": place.idp.entity, "saml:sub": "alice", "saml:sub_type": "persistent", "saml:recipient": ALIBABA["recipient"],
            "saml:aud": ALIBABA["recipient"], "saml:doc": f"{place.account}/corporate", "saml:namequalifier": qualifier, "sts:RoleSessionName": "alice"}
    for number, (key, value) in enumerate(said.items()):
        place.role(f"good-{number}", {"StringEquals": {key: value}})
        place.role(f"bad-{number}", {"StringEquals": {key: value + "x"}})
        done(place.take(place.fresh(role=f"good-{number}"), role=f"good-{number}"))
        refused(place.take(place.fresh(role=f"bad-{number}"), role=f"bad-{number}"), 403, "NoPermission")


def test_source_identity_and_tags(place):
    refused(place.take(place.fresh(said={"SourceIdentity": "alice"})), 403, "NoPermission")  # the role does not let the provider say it
    place.role("source", actions=["sts:AssumeRole", "sts:SetSourceIdentity"])
    answer = done(place.take(place.fresh(role="source", said={"SourceIdentity": "alice"}), role="source"))
    assert answer["SourceIdentity"] == "alice"
    place.role("alice-alone", {"StringEquals": {"sts:SourceIdentity": "alice"}}, actions=["sts:AssumeRole", "sts:SetSourceIdentity"])
    done(place.take(place.fresh(role="alice-alone", said={"SourceIdentity": "alice"}), role="alice-alone"))
    refused(place.take(place.fresh(role="alice-alone", said={"SourceIdentity": "bob"}), role="alice-alone"), 403, "NoPermission")
    for bad in ("a", "a b", "x" * 65, ["alice", "bob"]):
        invalid(place, place.fresh(role="source", said={"SourceIdentity": bad}), role="source")
    for names in ("https://aws.amazon.com/SAML/Attributes/", ALIBABA["names"]):
        for tag in ("PrincipalTag:Project", "TransitiveTagKeys"):
            assert "session tags" in refused(place.take(place.fresh(said={names + tag: "x"})), 400, "NotSupported.SessionTags")


# ---- encrypted

def test_encrypted_assertions(place):
    keys = [Pair(), Pair(bits=3072), Pair()]
    ids = []

    def update(**fields):
        return place.server.ask("UpdateSAMLProvider", IMS, SAMLProviderName="corporate", **fields)

    def fresh(pair=keys[0], **how):
        return b64(Idp.response(encrypted(place.idp.signed("alice", [place.pair_of("deployer")]), pair, **how)))
    invalid(place, fresh())  # there is no key here for it
    refused(update(AssertionEncryptionMode="Required"), 409, "DeleteConflict.SAMLProvider.PrivateKey")
    for bad in ("x", keys[0].pem().replace("PRIVATE", "PUBLIC"), keys[0].pem()[:-40], Pair("ec").pem(), Pair(bits=1024).pem(), keys[0].pem() + keys[1].pem()):
        refused(update(AddPrivateKey=bad), 400, "InvalidParameter.PrivateKey")
    old_form = keys[1].key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode()
    locked = keys[0].key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")).decode()
    refused(update(AddPrivateKey=locked), 400, "InvalidParameter.PrivateKey")
    for pem in (keys[0].pem(), old_form):
        shown = done(update(AddPrivateKey=pem))["SAMLProvider"]["PrivateKeyList"]
        ids = [key["KeyId"] for key in shown]
    refused(update(AddPrivateKey=keys[0].pem()), 400, "InvalidParameter.PrivateKey")
    refused(update(AddPrivateKey=keys[2].pem()), 409, "LimitExceeded.SAMLProvider.PrivateKey")
    for how in ({}, {"key": os.urandom(16)}, {"pair": keys[1]}, {"sha256": True, "method": None, "wrapping": True}, {"beside": True}, {"inside": ""}):
        if how.pop("wrapping", False):
            response = b64(Idp.response(encrypted(place.idp.signed("alice", [place.pair_of("deployer")]), keys[0],
                                                  wrapping_method=OAEP_NEW, sha256=True)))
        else:
            response = fresh(**how)
        done(place.take(response))
        invalid(place, response)  # once, encrypted or not
    done(place.take(place.fresh()))
    done(update(AssertionEncryptionMode="Required"))
    invalid(place, place.fresh())
    done(place.take(fresh()))
    check_bad_encryption(place, keys, fresh)
    done(update(RemovePrivateKey=ids[0]))
    invalid(place, fresh())
    done(place.take(fresh(keys[1])))
    refused(update(RemovePrivateKey=ids[1]), 409, "DeleteConflict.SAMLProvider.PrivateKey")
    refused(update(RemovePrivateKey=ids[0]), 400, "InvalidParameter.PrivateKey")
    done(update(AssertionEncryptionMode="Allowed", RemovePrivateKey=ids[1]))
    invalid(place, fresh(keys[1]))
    done(place.take(place.fresh()))


def check_bad_encryption(place, keys, fresh):
    text, identity = place.idp.assertion("alice", [place.pair_of("deployer")])
    signed, pair = place.idp.signed("alice", [place.pair_of("deployer")]), keys[0]

    def enclosing(inner, **how):
        return b64(Idp.response(encrypted(inner, pair, **how)))

    def altered(old, new):
        whole = Idp.response(encrypted(signed, pair))
        assert old in whole, old
        return b64(whole.replace(old, new, 1))
    wrapped_twice = Idp.response(encrypted(signed, pair)).replace("</ds:KeyInfo>", wrapped(pair, os.urandom(32)) + "</ds:KeyInfo>", 1)
    bad = {
        "unsigned within": enclosing(text),
        "a response within": enclosing(Idp.response(signed)),
        "two within": enclosing(f"<x>{signed}{signed}</x>"),
        "encrypted twice": enclosing(encrypted(signed, pair)),
        "by another": enclosing(Idp(Pair()).signed("alice", [place.pair_of("deployer")])),
        "a document type within": enclosing(f"<!DOCTYPE x>{signed}"),
        "rubbish within": enclosing("rubbish"),
        "nothing within": enclosing(""),
        "for another key": fresh(Pair()),
        "changed": fresh(change=lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])),
        "cut": fresh(change=lambda sealed: sealed[:20]),
        "nothing": fresh(change=lambda sealed: b""),
        "CBC": fresh(method=XENC + "aes256-cbc"),
        "no cipher that is known": fresh(method=XENC + "tripledes-cbc"),
        "a key of another length": fresh(key=os.urandom(16), method=GCM[32]),
        "PKCS #1 v1.5": enclosing(signed, wrapping_method=XENC + "rsa-1_5", padding_=padding.PKCS1v15()),
        "OAEP by name alone": enclosing(signed, padding_=padding.PKCS1v15()),
        "hash and mask of two kinds": enclosing(signed, wrapping_method=OAEP_NEW, inside=element("ds:DigestMethod", xmlns__ds=DS, Algorithm=XENC + "sha256")),
        "a label": enclosing(signed, inside=element("xenc:OAEPparams", b64("x"))),
        "two keys": b64(wrapped_twice),
        "a reference": altered("<xenc:CipherData>", '<xenc:CipherReference URI="http://127.0.0.1:1/"></xenc:CipherReference><xenc:CipherData>'),
        "of an attribute's content": altered('Type="' + XENC + 'Element"', 'Type="' + XENC + 'Content"'),
        "in clear beside it": b64(Idp.response(encrypted(signed, pair) + place.idp.signed("alice", [place.pair_of("deployer")]))),
        "twice": b64(Idp.response(encrypted(signed, pair) * 2)),
    }
    for what, response in bad.items():
        assert invalid(place, response), what
    assert identity
