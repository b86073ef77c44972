"""A software authenticator (W3C Web Authentication Level 3, CTAP2) and the browser around it, on python3-fido2's CBOR and key formats."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, EdDSA

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 1, 4, 8, 0x10, 0x40, 0x80


def b64(data):
    return base64.b64encode(data).decode()


def client_data(kind, challenge, origin, **more):
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **more}).encode()


class Authenticator:
    """One credential."""

    def __init__(self, algorithm="ES256", rp_id="localhost", counts=True):
        self.algorithm, self.rp_id, self.counts, self.count = algorithm, rp_id, counts, 0
        self.id = os.urandom(32)
        if algorithm == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
            self.cose = ES256.from_cryptography_key(self.key.public_key())
        elif algorithm == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
            self.cose = EdDSA.from_cryptography_key(self.key.public_key())
        else:
            self.key = rsa.generate_private_key(65537, 2048)
            self.cose = RS256.from_cryptography_key(self.key.public_key())

    def sign(self, message):
        if self.algorithm == "ES256":
            return self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == "EdDSA":
            return self.key.sign(message)
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def data(self, flags, more=b""):
        self.count += self.counts
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count) + more

    def make(self, begun, origin="https://localhost:8443", flags=PRESENT | VERIFIED, fmt="none", said=None, more=b""):
        """What FinishPasskeyRegistration takes."""
        said = said or client_data("webauthn.create", begun["Challenge"], origin)
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor.encode(self.cose)
        data = self.data(flags | ATTESTED, attested + more)
        statement = {}
        if fmt == "packed":
            statement = {"alg": self.cose.ALGORITHM, "sig": self.sign(data + hashlib.sha256(said).digest())}
        made = cbor.encode({"fmt": fmt, "attStmt": statement, "authData": data})
        return {"ChallengeToken": begun["ChallengeToken"], "ClientDataJSON": b64(said), "AttestationObject": b64(made)}

    def answer(self, begun, origin="https://localhost:8443", flags=PRESENT | VERIFIED, said=None, more=b""):
        """What Login takes."""
        said = said or client_data("webauthn.get", begun["Challenge"], origin)
        data = self.data(flags, more)
        return {"ChallengeToken": begun["ChallengeToken"], "CredentialId": b64(self.id), "ClientDataJSON": b64(said),
                "AuthenticatorData": b64(data), "AssertionSignature": b64(self.sign(data + hashlib.sha256(said).digest()))}
