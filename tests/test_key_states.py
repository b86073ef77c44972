"""Every AWS KMS operation on a key in every state, as AWS's table of key states has it; and the exact errors for input that is wrong."""
import base64
import itertools
import json
import os

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from test_boto3_kms import signed

OTHER = "eu-west-1"
OK, DISABLED, STATE, UNSUPPORTED = "ok", "DisabledException", "KMSInvalidStateException", "UnsupportedOperationException"
NAMES = itertools.count()


def b64(data):
    return base64.b64encode(data).decode()


def ask(server, operation, region="cn-hangzhou", **members):
    """The error's type, or ok; and the answer."""
    status, _, answer = signed(server, "TrentService." + operation, json.dumps(members).encode(), region=region)
    assert (status == 200) == ("__type" not in (answer or {})), answer
    return (OK if status == 200 else answer["__type"]), answer


def done(server, operation, **members):
    result, answer = ask(server, operation, **members)
    assert result == OK, (operation, answer)
    return answer


PUBLIC = b64(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
KINDS = {"symmetric": {"MultiRegion": True}, "pair": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
         "agreeing": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"},
         "mac": {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, "external": {"Origin": "EXTERNAL"}}


class Key:
    """A fresh key with all that an operation may want of it, brought into a state."""

    def __init__(self, server, kind, state):
        self.server = server
        self.id = done(server, "CreateKey", **KINDS[kind])["KeyMetadata"]["KeyId"]
        if kind == "external" and state != "PendingImport":
            self.bring(os.urandom(32))
        if kind in ("symmetric", "external") and state != "PendingImport":
            self.blob = done(server, "Encrypt", KeyId=self.id, Plaintext="eA==")["CiphertextBlob"]
        if kind == "pair":
            self.signature = done(server, "Sign", KeyId=self.id, Message="eA==", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        if kind == "mac":
            self.mac = done(server, "GenerateMac", KeyId=self.id, Message="eA==", MacAlgorithm="HMAC_SHA_256")["Mac"]
        if kind == "symmetric":
            done(server, "ReplicateKey", KeyId=self.id, ReplicaRegion="eu-north-1")
            self.grant = done(server, "CreateGrant", KeyId=self.id, GranteePrincipal=f"arn:aws:iam::{server.account}:root",
                              Operations=["Encrypt"])["GrantId"]
        self.alias = f"alias/states/{next(NAMES)}"
        done(server, "CreateAlias", AliasName=self.alias, TargetKeyId=self.id)
        if state == "Disabled":
            done(server, "DisableKey", KeyId=self.id)
        if state == "PendingDeletion":
            done(server, "ScheduleKeyDeletion", KeyId=self.id)

    def bring(self, material):
        given = done(self.server, "GetParametersForImport", KeyId=self.id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        wrapped = serialization.load_der_public_key(base64.b64decode(given["PublicKey"])).encrypt(
            material, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        done(self.server, "ImportKeyMaterial", KeyId=self.id, ImportToken=given["ImportToken"], EncryptedKeyMaterial=b64(wrapped),
             ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")


@pytest.fixture(scope="module")
def house(server):
    status, answer = server.ask("GetCallerIdentity", version="2015-04-01")
    assert status == 200
    server.account = answer["AccountId"]
    server.other_key = done(server, "CreateKey")["KeyMetadata"]["KeyId"]
    server.other_blob = done(server, "Encrypt", KeyId=server.other_key, Plaintext="eA==")["CiphertextBlob"]
    return server


# Members beside KeyId; what comes of it in the states Enabled, Disabled, PendingDeletion, PendingImport (None: no such key).
USE = (OK, DISABLED, STATE, STATE)
ALWAYS = (OK, OK, OK, OK)
CHANGE = (OK, OK, STATE, OK)
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]})
IMPORT = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
SYMMETRIC = {
    "CancelKeyDeletion": ({}, (STATE, STATE, OK, STATE)),
    "CreateAlias": (lambda k: {"KeyId": None, "AliasName": k.alias + "/more", "TargetKeyId": k.id}, CHANGE),
    "CreateGrant": (lambda k: {"GranteePrincipal": f"arn:aws:iam::{k.server.account}:root", "Operations": ["Encrypt"]}, USE),
    "Decrypt": (lambda k: {"CiphertextBlob": k.blob}, USE[:3] + (None,)),
    "DeleteAlias": (lambda k: {"KeyId": None, "AliasName": k.alias}, ALWAYS),
    "DeleteImportedKeyMaterial": ({}, (UNSUPPORTED,) * 3 + (OK,)),
    "DescribeKey": ({}, ALWAYS),
    "DisableKey": ({}, (OK, OK, STATE, STATE)),
    "DisableKeyRotation": ({}, (OK, DISABLED, STATE, UNSUPPORTED)),
    "EnableKey": ({}, (OK, OK, STATE, STATE)),
    "EnableKeyRotation": ({}, (OK, DISABLED, STATE, UNSUPPORTED)),
    "Encrypt": ({"Plaintext": "eA=="}, USE),
    "GenerateDataKey": ({"KeySpec": "AES_256"}, USE),
    "GenerateDataKeyPair": ({"KeyPairSpec": "ECC_NIST_P256"}, USE),
    "GenerateDataKeyPairWithoutPlaintext": ({"KeyPairSpec": "ECC_NIST_P256"}, USE),
    "GenerateDataKeyWithoutPlaintext": ({"KeySpec": "AES_256"}, USE),
    "GetKeyLastUsage": ({}, ALWAYS),
    "GetKeyPolicy": ({}, ALWAYS),
    "GetKeyRotationStatus": ({}, (OK, OK, OK, UNSUPPORTED)),
    "GetParametersForImport": (IMPORT, (UNSUPPORTED,) * 3 + (OK,)),
    "ImportKeyMaterial": ({"ImportToken": "eA==", "EncryptedKeyMaterial": "eA==", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
                          (UNSUPPORTED,) * 3 + ("InvalidImportTokenException",)),
    "ListAliases": ({}, ALWAYS),
    "ListGrants": ({}, ALWAYS),
    "ListKeyPolicies": ({}, ALWAYS),
    "ListKeyRotations": ({}, ALWAYS),
    "ListResourceTags": ({}, ALWAYS),
    "PutKeyPolicy": ({"Policy": POLICY}, ALWAYS),
    "ReEncrypt": (lambda k: {"KeyId": None, "CiphertextBlob": k.blob, "DestinationKeyId": k.server.other_key}, USE[:3] + (None,)),
    "ReEncrypt to it": (lambda k: {"KeyId": None, "CiphertextBlob": k.server.other_blob, "DestinationKeyId": k.id}, USE),
    "ReplicateKey": ({"ReplicaRegion": OTHER}, (OK, DISABLED, STATE, UNSUPPORTED)),
    "RetireGrant": (lambda k: {"GrantId": k.grant}, (OK, OK, OK, None)),
    "RevokeGrant": (lambda k: {"GrantId": k.grant}, (OK, OK, OK, None)),
    "RotateKeyOnDemand": ({}, USE),
    "ScheduleKeyDeletion": ({}, CHANGE),
    "TagResource": ({"Tags": [{"TagKey": "a", "TagValue": "b"}]}, CHANGE),
    "UntagResource": ({"TagKeys": ["a"]}, CHANGE),
    "UpdateAlias": (lambda k: {"KeyId": None, "AliasName": k.server.alias, "TargetKeyId": k.id}, CHANGE),
    "UpdateKeyDescription": ({"Description": "d"}, CHANGE),
    "UpdatePrimaryRegion": ({"PrimaryRegion": "eu-north-1"}, (OK, DISABLED, STATE, UNSUPPORTED)),
}
OTHERS = {
    ("pair", "GetPublicKey"): ({}, USE[:3]),
    ("pair", "Sign"): ({"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}, USE[:3]),
    ("pair", "Verify"): (lambda k: {"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": k.signature}, USE[:3]),
    ("mac", "GenerateMac"): ({"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}, USE[:3]),
    ("mac", "VerifyMac"): (lambda k: {"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": k.mac}, USE[:3]),
    ("agreeing", "DeriveSharedSecret"): ({"KeyAgreementAlgorithm": "ECDH", "PublicKey": PUBLIC}, USE[:3]),
    ("external", "GetParametersForImport"): (IMPORT, (OK, OK, STATE)),
    ("external", "ImportKeyMaterial"): ({"ImportToken": "eA==", "EncryptedKeyMaterial": "eA==", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
                                        ("InvalidImportTokenException",) * 2 + (STATE,)),
    ("external", "DeleteImportedKeyMaterial"): ({}, (OK, OK, OK)),
    ("external", "RotateKeyOnDemand"): ({}, (STATE, DISABLED, STATE)),
}
STATES = ("Enabled", "Disabled", "PendingDeletion", "PendingImport")


def try_one(house, kind, operation, members, state):
    key = Key(house, "external" if state == "PendingImport" else kind, state)
    whole = {"KeyId": key.id, **(members(key) if callable(members) else members)}
    return ask(house, operation.split(" ")[0], **{name: value for name, value in whole.items() if value is not None})[0]


@pytest.mark.parametrize("state", STATES)
def test_every_operation_in_every_state(house, state):
    if state == STATES[0]:
        house.alias = "alias/states/moved"
        done(house, "CreateAlias", AliasName=house.alias, TargetKeyId=house.other_key)
    place = STATES.index(state)
    rows = [("symmetric", operation, row) for operation, row in SYMMETRIC.items()] + [(*name, row) for name, row in OTHERS.items()]
    expected = {(kind, operation): row[1][place] for kind, operation, row in rows if len(row[1]) > place and row[1][place]}
    found = {(kind, operation): try_one(house, kind, operation, row[0], state) for kind, operation, row in rows
             if (kind, operation) in expected}
    # a primary key with a replica waits for that one to go, which the table has as the same state
    assert {name: (found[name], expected[name]) for name in found if found[name] != expected[name]} == {}


# ---- wrong input, exact errors

def flipped(blob, bit):
    spoilt = bytearray(base64.b64decode(blob))
    spoilt[bit // 8] ^= 1 << bit % 8
    return b64(bytes(spoilt))


def test_ciphertexts_and_contexts(house):
    context = {"name": "value", "other": "x"}
    key_id = done(house, "CreateKey")["KeyMetadata"]["KeyId"]
    blob = done(house, "Encrypt", KeyId=key_id, Plaintext=b64(b"text"), EncryptionContext=context)["CiphertextBlob"]
    wrong = [{}, {"name": "value"}, {**context, "more": ""}, {"name": "valuf", "other": "x"}, {"name": "value", "other": ""},
             {"name": "value", "othes": "x"}, {"Name": "value", "other": "x"}, {"name": "value ", "other": "x"}, {"name": "x", "other": "value"}]
    for each in wrong:
        result, answer = ask(house, "Decrypt", CiphertextBlob=blob, EncryptionContext=each)
        assert (result, list(answer)) == ("InvalidCiphertextException", ["__type"]), each
        assert ask(house, "ReEncrypt", CiphertextBlob=blob, SourceEncryptionContext=each, DestinationKeyId=house.other_key)[0] == result
    assert ask(house, "Decrypt", CiphertextBlob=blob, EncryptionContext=dict(reversed(context.items())))[0] == OK
    size = 8 * len(base64.b64decode(blob))
    for bit in (*range(0, 24), *range(8 * 36, size, 53)):  # the head, what is encrypted, the tag
        assert ask(house, "Decrypt", CiphertextBlob=flipped(blob, bit), EncryptionContext=context, KeyId=key_id)[0] == "InvalidCiphertextException", bit
    for cut in (1, 10, 40, size // 8 - 1):
        short = b64(base64.b64decode(blob)[:cut])
        assert ask(house, "Decrypt", CiphertextBlob=short, EncryptionContext=context, KeyId=key_id)[0] == "InvalidCiphertextException"
    assert ask(house, "Decrypt", CiphertextBlob=blob, EncryptionContext=context, KeyId=house.other_key)[0] == "IncorrectKeyException"
    assert ask(house, "ReEncrypt", CiphertextBlob=blob, SourceEncryptionContext=context, SourceKeyId=house.other_key,
               DestinationKeyId=key_id)[0] == "IncorrectKeyException"


@pytest.mark.parametrize("kind, operation, members, expected", [
    ("symmetric", "Encrypt", {"Plaintext": b64(b"x" * 4096)}, OK),
    ("symmetric", "Encrypt", {"Plaintext": b64(b"x" * 4097)}, "ValidationException"),
    ("symmetric", "Encrypt", {"Plaintext": ""}, "ValidationException"),
    ("symmetric", "Encrypt", {"Plaintext": "%%%"}, "SerializationException"),
    ("symmetric", "Encrypt", {"Plaintext": "eA==", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}, "InvalidKeyUsageException"),
    ("symmetric", "Encrypt", {"Plaintext": "eA==", "EncryptionAlgorithm": "ROT13"}, "ValidationException"),
    ("symmetric", "Encrypt", {"Plaintext": "eA==", "EncryptionContext": {"k": "v" * 8192}}, "ValidationException"),
    ("symmetric", "GenerateDataKey", {"KeySpec": "AES_512"}, "ValidationException"),
    ("symmetric", "GenerateDataKey", {"NumberOfBytes": 1025}, "ValidationException"),
    ("symmetric", "GenerateDataKey", {"NumberOfBytes": 0}, "ValidationException"),
    ("symmetric", "GenerateDataKeyPair", {"KeyPairSpec": "RSA_1024"}, "ValidationException"),
    ("symmetric", "Sign", {"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}, "InvalidKeyUsageException"),
    ("symmetric", "GenerateMac", {"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}, "InvalidKeyUsageException"),
    ("symmetric", "GetPublicKey", {}, "InvalidKeyUsageException"),
    ("pair", "Encrypt", {"Plaintext": "eA=="}, "InvalidKeyUsageException"),
    ("pair", "GenerateDataKey", {"KeySpec": "AES_256"}, "InvalidKeyUsageException"),
    ("pair", "Sign", {"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_384"}, "InvalidKeyUsageException"),
    ("pair", "Sign", {"Message": "eA==", "SigningAlgorithm": "NONE"}, "ValidationException"),
    ("pair", "Sign", {"Message": b64(b"x" * 4097), "SigningAlgorithm": "ECDSA_SHA_256"}, "ValidationException"),
    ("pair", "Sign", {"Message": b64(b"x" * 32), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}, OK),
    ("pair", "Sign", {"Message": b64(b"x" * 31), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}, "ValidationException"),
    ("pair", "Sign", {"Message": b64(b"x" * 33), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}, "ValidationException"),
    ("pair", "Verify", {"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": "AAAA"}, "KMSInvalidSignatureException"),
    ("pair", "Verify", {"Message": b64(b"x" * 31), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": "AAAA"}, "ValidationException"),
    ("pair", "DeriveSharedSecret", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": PUBLIC}, "InvalidKeyUsageException"),
    ("agreeing", "DeriveSharedSecret", {"KeyAgreementAlgorithm": "X25519", "PublicKey": PUBLIC}, "ValidationException"),
    ("agreeing", "DeriveSharedSecret", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": "eA=="}, "ValidationException"),
    ("agreeing", "Sign", {"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}, "InvalidKeyUsageException"),
    ("mac", "GenerateMac", {"Message": "eA==", "MacAlgorithm": "HMAC_SHA_384"}, "InvalidKeyUsageException"),
    ("mac", "GenerateMac", {"Message": b64(b"x" * 4097), "MacAlgorithm": "HMAC_SHA_256"}, "ValidationException"),
    ("mac", "VerifyMac", {"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": b64(bytes(32))}, "KMSInvalidMacException"),
    ("mac", "VerifyMac", {"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": b64(bytes(31))}, "KMSInvalidMacException"),
    ("mac", "EnableKeyRotation", {}, UNSUPPORTED),
])
def test_what_does_not_go_with_the_key(house, kind, operation, members, expected):
    assert ask(house, operation, KeyId=Key(house, kind, "Enabled").id, **members)[0] == expected
