"""Every operation that both clouds have: begun through one wire, ended through the other, on the same key."""
import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from test_key_states import ask, b64, done

TEXT, DIGEST = b"the same for both", bytes(range(32))
CONTEXT = {"a": "1", "\u00fc": "x y&z=\u00df"}


def alibaba(server, operation, **members):
    given = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in members.items()}
    status, answer = server.ask(operation, **given)
    assert status == 200, (operation, answer)
    return answer


def aws_key(server, **more):
    return done(server, "CreateKey", **more)["KeyMetadata"]["KeyId"]


def alibaba_key(server, **more):
    return alibaba(server, "CreateKey", **more)["KeyMetadata"]["KeyId"]


def test_symmetric_keys(server):
    for key_id in (aws_key(server), alibaba_key(server), alibaba_key(server, KeySpec="Aliyun_SM4")):
        blob = done(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT), EncryptionContext=CONTEXT)["CiphertextBlob"]
        assert alibaba(server, "Decrypt", CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b64(TEXT)
        blob = alibaba(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT), EncryptionContext=CONTEXT)["CiphertextBlob"]
        assert done(server, "Decrypt", CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b64(TEXT)
        data = alibaba(server, "GenerateDataKey", KeyId=key_id, EncryptionContext=CONTEXT, NumberOfBytes=24)
        assert done(server, "Decrypt", CiphertextBlob=data["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == data["Plaintext"]
        data = done(server, "GenerateDataKey", KeyId=key_id, EncryptionContext=CONTEXT, KeySpec="AES_128")
        assert alibaba(server, "Decrypt", CiphertextBlob=data["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == data["Plaintext"]
        bare = done(server, "GenerateDataKeyWithoutPlaintext", KeyId=key_id, KeySpec="AES_256")["CiphertextBlob"]
        there = alibaba(server, "GenerateDataKeyWithoutPlaintext", KeyId=key_id)["CiphertextBlob"]
        assert len(base64.b64decode(alibaba(server, "Decrypt", CiphertextBlob=bare)["Plaintext"])) == 32
        assert len(base64.b64decode(done(server, "Decrypt", CiphertextBlob=there)["Plaintext"])) == 32
        other = alibaba_key(server)
        moved = done(server, "ReEncrypt", CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=other)["CiphertextBlob"]
        back = alibaba(server, "ReEncrypt", CiphertextBlob=moved, DestinationKeyId=key_id, DestinationEncryptionContext=CONTEXT)["CiphertextBlob"]
        assert done(server, "Decrypt", CiphertextBlob=back, EncryptionContext=CONTEXT, KeyId=key_id)["Plaintext"] == b64(TEXT)


@pytest.mark.parametrize("spec, aws_spec, algorithm, aws_algorithm, bytes_of_digest", [
    ("RSA_2048", "RSA_2048", "RSA_PSS_SHA_256", "RSASSA_PSS_SHA_256", 32),
    ("RSA_2048", "RSA_2048", "RSA_PKCS1_SHA_512", "RSASSA_PKCS1_V1_5_SHA_512", 64),
    ("EC_P256", "ECC_NIST_P256", "ECDSA_SHA_256", "ECDSA_SHA_256", 32),
    ("EC_P384", "ECC_NIST_P384", "ECDSA_SHA_384", "ECDSA_SHA_384", 48),
    ("EC_P521", "ECC_NIST_P521", "ECDSA_SHA_512", "ECDSA_SHA_512", 64),
    ("EC_P256K", "ECC_SECG_P256K1", "ECDSA_SHA_256", "ECDSA_SHA_256", 32),
    ("EC_SM2", "SM2", "SM2DSA", "SM2DSA", 32),
    ("EC_ED25519", "ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "ED25519_SHA_512", 0),
])
def test_signatures(server, spec, aws_spec, algorithm, aws_algorithm, bytes_of_digest):
    here = alibaba(server, "CreateKey", KeySpec=spec, KeyUsage="SIGN/VERIFY")["KeyMetadata"]
    there = done(server, "CreateKey", KeySpec=aws_spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert done(server, "DescribeKey", KeyId=here["KeyId"])["KeyMetadata"]["KeySpec"] == aws_spec
    shown = alibaba(server, "DescribeKey", KeyId=there)["KeyMetadata"]
    assert (shown["KeySpec"], shown["KeyUsage"]) == (spec, "SIGN/VERIFY")
    kind, text = ("DIGEST", b"d" * bytes_of_digest) if bytes_of_digest else ("RAW", TEXT)
    for key_id, version in ((here["KeyId"], here["PrimaryKeyVersion"]), (there, shown["PrimaryKeyVersion"])):
        pem = alibaba(server, "GetPublicKey", KeyId=key_id, KeyVersionId=version)["PublicKey"]
        der = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
        assert done(server, "GetPublicKey", KeyId=key_id)["PublicKey"] == der
        asked = {"KeyId": key_id, "KeyVersionId": version, "Algorithm": algorithm, "Digest": b64(text), "MessageType": kind}
        value = alibaba(server, "AsymmetricSign", **asked)["Value"]
        asked_aws = {"KeyId": key_id, "Message": b64(text), "MessageType": kind, "SigningAlgorithm": aws_algorithm}
        assert done(server, "Verify", Signature=value, **asked_aws)["SignatureValid"] is True
        value = done(server, "Sign", **asked_aws)["Signature"]
        assert alibaba(server, "AsymmetricVerify", Value=value, **asked)["Value"] is True
        assert alibaba(server, "AsymmetricVerify", **{**asked, "Value": value, "Digest": b64(text[:-1] + b"x")})["Value"] is False


@pytest.mark.parametrize("spec, aws_spec, algorithms", [("RSA_2048", "RSA_2048", ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")),
                                                         ("EC_SM2", "SM2", ("SM2PKE",))])
def test_encryption_under_public_keys(server, spec, aws_spec, algorithms):
    made = alibaba(server, "CreateKey", KeySpec=spec, KeyUsage="ENCRYPT/DECRYPT")["KeyMetadata"]
    key_id, version = made["KeyId"], made["PrimaryKeyVersion"]
    assert done(server, "DescribeKey", KeyId=key_id)["KeyMetadata"]["KeySpec"] == aws_spec
    for algorithm in algorithms:
        blob = alibaba(server, "AsymmetricEncrypt", KeyId=key_id, KeyVersionId=version, Algorithm=algorithm, Plaintext=b64(TEXT))["CiphertextBlob"]
        assert done(server, "Decrypt", KeyId=key_id, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)["Plaintext"] == b64(TEXT)
        blob = done(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT), EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        assert alibaba(server, "AsymmetricDecrypt", KeyId=key_id, KeyVersionId=version, Algorithm=algorithm, CiphertextBlob=blob)["Plaintext"] == b64(TEXT)


@pytest.mark.parametrize("bits", (224, 256, 384, 512))
def test_codes(server, bits):
    key_id = aws_key(server, KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")
    name = f"HMAC_SHA_{bits}"
    mac = done(server, "GenerateMac", KeyId=key_id, Message=b64(TEXT), MacAlgorithm=name)["Mac"]
    assert alibaba(server, "GenerateMac", KeyId=key_id, Message=b64(TEXT), Algorithm=name)["Mac"] == mac
    assert alibaba(server, "VerifyMac", KeyId=key_id, Message=b64(TEXT), Algorithm=name, Mac=mac)["Value"] is True
    assert ask(server, "VerifyMac", KeyId=key_id, Message=b64(TEXT + b"x"), MacAlgorithm=name, Mac=mac)[0] == "KMSInvalidMacException"


def test_agreement_and_pairs(server):
    key_id = aws_key(server, KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")
    peer = b64(ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(serialization.Encoding.DER,
                                                                                 serialization.PublicFormat.SubjectPublicKeyInfo))
    asked = {"KeyId": key_id, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}
    assert done(server, "DeriveSharedSecret", **asked)["SharedSecret"] == alibaba(server, "DeriveSharedSecret", **asked)["SharedSecret"]
    wrapping = alibaba_key(server)
    pair = done(server, "GenerateDataKeyPair", KeyId=wrapping, KeyPairSpec="ECC_NIST_P256")
    opened = alibaba(server, "Decrypt", CiphertextBlob=pair["PrivateKeyCiphertextBlob"])
    assert opened["Plaintext"] == pair["PrivateKeyPlaintext"]
    pair = alibaba(server, "GenerateDataKeyPair", KeyId=wrapping, KeyPairSpec="EC_P256")
    assert done(server, "Decrypt", CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]


def test_life_and_belongings(server):
    key_id = alibaba_key(server)
    done(server, "CreateAlias", AliasName="alias/both-clouds", TargetKeyId=key_id)
    assert alibaba(server, "DescribeKey", KeyId="alias/both-clouds")["KeyMetadata"]["KeyId"] == key_id
    done(server, "TagResource", KeyId=key_id, Tags=[{"TagKey": "from", "TagValue": "aws"}])
    assert alibaba(server, "ListResourceTags", KeyId=key_id)["Tags"]["Tag"][0]["TagValue"] == "aws"
    alibaba(server, "UntagResource", KeyId=key_id, TagKeys=json.dumps(["from"]))
    assert done(server, "ListResourceTags", KeyId=key_id)["Tags"] == []
    old = done(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT))["CiphertextBlob"]
    version = alibaba(server, "CreateKeyVersion", KeyId=key_id)["KeyVersion"]["KeyVersionId"]
    current = done(server, "DescribeKey", KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert current == version.replace("-", "") + "0" * 32
    assert [each["KeyMaterialId"] for each in done(server, "ListKeyRotations", KeyId=key_id)["Rotations"]] == [current]
    done(server, "RotateKeyOnDemand", KeyId=key_id)
    assert alibaba(server, "ListKeyVersions", KeyId=key_id)["TotalCount"] == 3
    assert alibaba(server, "Decrypt", CiphertextBlob=old)["Plaintext"] == b64(TEXT)
    done(server, "EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=90)
    assert alibaba(server, "DescribeKey", KeyId=key_id)["KeyMetadata"]["AutomaticRotation"] == "Enabled"
    alibaba(server, "UpdateRotationPolicy", KeyId=key_id, EnableAutomaticRotation="false")
    assert done(server, "GetKeyRotationStatus", KeyId=key_id)["KeyRotationEnabled"] is False
    done(server, "DisableKey", KeyId=key_id)
    status, answer = server.ask("Encrypt", KeyId=key_id, Plaintext=b64(TEXT))
    assert (status, answer["Code"]) == (409, "Rejected.Disabled")
    alibaba(server, "EnableKey", KeyId=key_id)
    alibaba(server, "ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    assert ask(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT))[0] == "KMSInvalidStateException"
    done(server, "CancelKeyDeletion", KeyId=key_id)
    alibaba(server, "UpdateKeyDescription", KeyId=key_id, Description="from there")
    assert done(server, "DescribeKey", KeyId=key_id)["KeyMetadata"]["Description"] == "from there"
    alibaba(server, "DeleteAlias", AliasName="alias/both-clouds")
    assert ask(server, "DescribeKey", KeyId="alias/both-clouds")[0] == "NotFoundException"


def test_a_policy_and_a_grant_are_every_clients(server):
    key_id = aws_key(server)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]})
    blob = done(server, "Encrypt", KeyId=key_id, Plaintext=b64(TEXT))["CiphertextBlob"]
    done(server, "PutKeyPolicy", KeyId=key_id, Policy=policy)
    assert json.loads(alibaba(server, "GetKeyPolicy", KeyId=key_id)["Policy"]) == json.loads(policy)
    assert ask(server, "Decrypt", CiphertextBlob=blob)[0] == "AccessDeniedException"
    status, answer = server.ask("Decrypt", CiphertextBlob=blob)
    assert (status, answer["Code"]) == (403, "Forbidden.NoPermission")
    account = server.ask("GetCallerIdentity", version="2015-04-01")[1]["AccountId"]
    given = alibaba(server, "CreateGrant", KeyId=key_id, GranteePrincipal=f"acs:ram::{account}:root", **{"Operations.1": "Encrypt"})
    (shown,) = done(server, "ListGrants", KeyId=key_id)["Grants"]
    assert (shown["GrantId"], shown["GranteePrincipal"]) == (given["GrantId"], f"arn:aws:iam::{account}:root")
    done(server, "RetireGrant", GrantToken=given["GrantToken"])
    assert ask(server, "RetireGrant", GrantToken=given["GrantToken"])[0] == "InvalidGrantTokenException"
