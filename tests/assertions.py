"""A SAML identity provider written from the standards alone: what it signs it writes in canonical form (xml-exc-c14n), so that no library is
needed to sign it, and every part of it can be another."""
import base64
import datetime
import hashlib
import os
import uuid
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SAML, SAMLP, MD = (f"urn:oasis:names:tc:SAML:2.0:{name}" for name in ("assertion", "protocol", "metadata"))
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE, ENVELOPED = "http://www.w3.org/2001/10/xml-exc-c14n#", DS + "enveloped-signature"
RSA_SHA256, SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ENTITY = "https://saml.example.com/metadata"
ALIBABA = {"audience": "urn:alibaba:cloudcomputing", "recipient": "https://signin.aliyun.com/saml-role/sso",
           "names": "https://www.aliyun.com/SAML-Role/Attributes/"}
AWS = {"audience": "urn:amazon:webservices", "recipient": "https://signin.aws.amazon.com/saml", "names": "https://aws.amazon.com/SAML/Attributes/"}


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def element(name, content="", **attributes):
    """In canonical form: namespaces first, then attributes by name; what is None is left out."""
    given = {key.replace("__", ":"): value for key, value in attributes.items() if value is not None}
    order = sorted(given, key=lambda key: (not key.startswith("xmlns"), key))
    return f"<{name}{''.join(f' {key}={quoteattr(given[key])}' for key in order)}>{content}</{name}>"


def instant(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pair:
    """A key of the provider and its certificate."""

    def __init__(self, kind="rsa", bits=2048):
        self.key = rsa.generate_private_key(65537, bits) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")]), datetime.datetime.utcnow()
        self.certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
                            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=2))
                            .not_valid_after(now - datetime.timedelta(days=1)).sign(self.key, hashes.SHA256()))  # its dates do not count

    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()

    def method(self):
        return RSA_SHA256 if isinstance(self.key, rsa.RSAPrivateKey) else ECDSA_SHA256

    def sign(self, data, digest=hashes.SHA256):
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), digest())
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(digest())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signature_of(text, identity, pair, method=None, digest=SHA256, transforms=(ENVELOPED, EXCLUSIVE), sign=None):
    """An enveloped signature over `text`, which is canonical and has that ID."""
    hashed = hashlib.sha1 if digest.endswith("sha1") else hashlib.sha256
    reference = element("ds:Reference", element("ds:Transforms", "".join(element("ds:Transform", Algorithm=each) for each in transforms)) +
                        element("ds:DigestMethod", Algorithm=digest) + element("ds:DigestValue", b64(hashed(text.encode()).digest())),
                        URI=f"#{identity}")
    info = (element("ds:CanonicalizationMethod", Algorithm=EXCLUSIVE) + element("ds:SignatureMethod", Algorithm=method or pair.method()) + reference)
    signed = element("ds:SignedInfo", info, xmlns__ds=DS).encode()
    value = sign(signed) if sign else pair.sign(signed)
    return element("ds:Signature", element("ds:SignedInfo", info) + element("ds:SignatureValue", b64(value)), xmlns__ds=DS)


def metadata(*pairs, entity=ENTITY, sign_with=None, namespace=True, use="signing", **attributes):
    keys = "".join(element("md:KeyDescriptor", element("ds:KeyInfo", element("ds:X509Data", element("ds:X509Certificate", b64(pair.der()))), xmlns__ds=DS),
                           use=use) for pair in pairs)
    body = element("md:IDPSSODescriptor", keys, protocolSupportEnumeration=SAMLP)
    attributes = {"xmlns__md": MD if namespace else None, "entityID": entity, **attributes}
    whole = element("md:EntityDescriptor", body, **attributes)
    if not sign_with:
        return whole
    return element("md:EntityDescriptor", signature_of(whole, attributes["ID"], sign_with) + body, **attributes)


class Idp:
    """respond(person, roles, …) gives a response as a browser would carry it, in base64."""

    def __init__(self, pair=None, cloud=None, entity=ENTITY):
        self.pair, self.cloud, self.entity = pair or Pair(), cloud or ALIBABA, entity

    def metadata(self, **more):
        return metadata(self.pair, entity=self.entity, **more)

    def attributes(self, roles, said):
        values = {"Role": roles, "RoleSessionName": ["alice"], **{key: value if isinstance(value, list) else [value] for key, value in said.items()}}
        rows = "".join(element("saml:Attribute", "".join(element("saml:AttributeValue", escape(value)) for value in list_),
                               Name=name if "://" in name else self.cloud["names"] + name) for name, list_ in values.items() if list_ is not None)
        return element("saml:AttributeStatement", rows)

    def subject(self, person, say):
        data = element("saml:SubjectConfirmationData", InResponseTo=say["in_response_to"], NotBefore=say["confirmed_from"],
                       NotOnOrAfter=say["confirmed_until"], Recipient=say["recipient"])
        name = element("saml:NameID", escape(person), Format=say["format"])
        return element("saml:Subject", name + element("saml:SubjectConfirmation", data, Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"))

    def assertion(self, person, roles, said=None, **change):
        """(text without a signature, ID)."""
        say = {"recipient": self.cloud["recipient"], "audience": self.cloud["audience"], "in_response_to": None, "confirmed_from": None,
               "confirmed_until": instant(300), "valid_from": instant(-5), "valid_until": instant(300), "session_until": None, "issued_at": instant(0),
               "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "issuer": self.entity, "id": "_" + uuid.uuid4().hex, "more": "", **change}
        audience = element("saml:AudienceRestriction", element("saml:Audience", say["audience"])) if say["audience"] else ""
        statement = element("saml:AuthnStatement", element("saml:AuthnContext", element(
            "saml:AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")), AuthnInstant=instant(0), SessionNotOnOrAfter=say["session_until"])
        body = (element("saml:Issuer", say["issuer"]) + self.subject(person, say) +
                element("saml:Conditions", audience, NotBefore=say["valid_from"], NotOnOrAfter=say["valid_until"]) + statement +
                self.attributes(roles, said or {}) + say["more"])
        return element("saml:Assertion", body, xmlns__saml=SAML, ID=say["id"], IssueInstant=say["issued_at"], Version="2.0"), say["id"]

    @staticmethod
    def with_signature(text, signature):
        """Behind the issuer, where the schema has it."""
        return text.replace("</saml:Issuer>", "</saml:Issuer>" + signature, 1)

    def signed(self, person, roles, said=None, signing=None, **change):
        text, identity = self.assertion(person, roles, said, **change)
        return self.with_signature(text, signature_of(text, identity, self.pair, **(signing or {})))

    @staticmethod
    def response(inside, in_response_to=None):
        status = element("samlp:Status", element("samlp:StatusCode", Value="urn:oasis:names:tc:SAML:2.0:status:Success"))
        return element("samlp:Response", status + inside, xmlns__samlp=SAMLP, ID="_" + os.urandom(8).hex(), InResponseTo=in_response_to,
                       IssueInstant=instant(0), Version="2.0")

    def respond(self, person, roles, said=None, response_to=None, **more):
        return b64(self.response(self.signed(person, roles, said, **more), response_to))


# ---- encryption (xmlenc-core1)

XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
GCM, OAEP_OLD, OAEP_NEW = {16: XENC11 + "aes128-gcm", 32: XENC11 + "aes256-gcm"}, XENC + "rsa-oaep-mgf1p", XENC11 + "rsa-oaep"


def wrapped(pair, key, method=OAEP_OLD, sha256=False, inside=None, padding_=None):
    """An EncryptedKey."""
    hash_ = hashes.SHA256 if sha256 else hashes.SHA1
    how = padding_ or padding.OAEP(padding.MGF1(hash_()), hash_(), None)
    if inside is None:
        inside = element("ds:DigestMethod", xmlns__ds=DS, Algorithm=XENC + "sha256" if sha256 else DS + "sha1")
        inside += element("e11:MGF", xmlns__e11=XENC11, Algorithm=XENC11 + "mgf1sha256") if sha256 else ""
    value = element("xenc:CipherData", element("xenc:CipherValue", b64(pair.key.public_key().encrypt(key, how))))
    return element("xenc:EncryptedKey", element("xenc:EncryptionMethod", inside, Algorithm=method) + value, xmlns__xenc=XENC)


def encrypted(text, pair, key=None, method=None, beside=False, change=None, wrapping_method=OAEP_OLD, **wrapping):
    """An EncryptedAssertion."""
    key, nonce = key or os.urandom(32), os.urandom(12)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), None)
    sealed = change(sealed) if change else sealed
    key_info = wrapped(pair, key, wrapping_method, **wrapping)
    data = element("xenc:EncryptionMethod", Algorithm=method or GCM[len(key)])
    data += "" if beside else element("ds:KeyInfo", key_info, xmlns__ds=DS)
    data += element("xenc:CipherData", element("xenc:CipherValue", b64(sealed)))
    whole = element("xenc:EncryptedData", data, xmlns__xenc=XENC, Type=XENC + "Element")
    return element("saml:EncryptedAssertion", whole + (key_info if beside else ""), xmlns__saml=SAML)
