"""KMS through AWS's clients: boto3 and the aws command line, unmodified, against a running Keyhold."""
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding


def kms(server, region="cn-hangzhou", **more):
    keys = {"aws_access_key_id": server.access_key_id, "aws_secret_access_key": server.access_key_secret, **more}
    return boto3.client("kms", endpoint_url="http://" + server.http, region_name=region,
                        config=Config(retries={"max_attempts": 0}, read_timeout=30), **keys)


def refused(code, call, *args, **kwargs):
    """The call must fail with exactly this error; gives the answer."""
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    return answer


@pytest.fixture(scope="module")
def client(server):
    return kms(server)


@pytest.fixture(scope="module")
def key(client):
    return client.create_key(Description="of the tests")["KeyMetadata"]


# ---- the main way

def test_a_key_made_used_and_shown(server, client):
    made = client.create_key(Description="d\u00e9", Tags=[{"TagKey": "team", "TagValue": "red"}])
    meta = made["KeyMetadata"]
    assert meta["Arn"] == f"arn:aws:kms:cn-hangzhou:{meta['AWSAccountId']}:key/{meta['KeyId']}"
    assert (meta["KeyState"], meta["Enabled"], meta["Origin"]) == ("Enabled", True, "AWS_KMS")
    assert (meta["KeySpec"], meta["CustomerMasterKeySpec"], meta["KeyUsage"]) == ("SYMMETRIC_DEFAULT",) * 2 + ("ENCRYPT_DECRYPT",)
    assert meta["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"] and meta["Description"] == "d\u00e9"
    assert meta["MultiRegion"] is False and meta["KeyManager"] == "CUSTOMER"
    assert abs(meta["CreationDate"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=1)
    assert client.describe_key(KeyId=meta["Arn"])["KeyMetadata"] == meta
    context = {"purpose": "test", "\u00fc": "x=1&y"}
    sealed = client.encrypt(KeyId=meta["KeyId"], Plaintext=b"hello", EncryptionContext=context)
    assert sealed["KeyId"] == meta["Arn"] and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = client.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == b"hello" and opened["KeyId"] == meta["Arn"]
    data = client.generate_data_key(KeyId=meta["Arn"], KeySpec="AES_256", EncryptionContext=context)
    assert len(data["Plaintext"]) == 32
    assert client.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == data["Plaintext"]
    bare = client.generate_data_key_without_plaintext(KeyId=meta["KeyId"], NumberOfBytes=24)
    assert "Plaintext" not in bare and len(client.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]) == 24
    assert client.list_resource_tags(KeyId=meta["KeyId"])["Tags"] == [{"TagKey": "team", "TagValue": "red"}]


def test_the_answer_names_the_request(server, client):
    answer = client.list_keys()["ResponseMetadata"]
    assert answer["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"
    request_id = answer["HTTPHeaders"]["x-amzn-requestid"]
    status, found = server.ask("LookupEvents", version="2020-07-06", **{"LookupAttribute.1.Key": "RequestId",
                                                                        "LookupAttribute.1.Value": request_id})
    assert status == 200, found
    event = found["Events"][0] if found["Events"] else pytest.fail("no such event")
    assert (event["eventName"], event["acsRegion"]) == ("ListKeys", "cn-hangzhou")
    assert "aws_json" in json.dumps(event)


# ---- regions

def test_regions_keep_their_keys_to_themselves(server):
    here, there = kms(server, "eu-west-1"), kms(server, "us-east-1")
    meta = here.create_key()["KeyMetadata"]
    assert ":eu-west-1:" in meta["Arn"]
    here.create_alias(AliasName="alias/mine", TargetKeyId=meta["KeyId"])
    assert [entry["KeyArn"] for entry in here.list_keys()["Keys"]] == [meta["Arn"]]
    assert there.list_keys()["Keys"] == [] and there.list_aliases()["Aliases"] == []
    for name in (meta["KeyId"], meta["Arn"], "alias/mine"):
        refused("NotFoundException", there.describe_key, KeyId=name)
    blob = here.encrypt(KeyId="alias/mine", Plaintext=b"x")["CiphertextBlob"]
    refused("NotFoundException", there.decrypt, CiphertextBlob=blob)
    there.create_alias(AliasName="alias/mine", TargetKeyId=there.create_key()["KeyMetadata"]["KeyId"])
    assert here.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"] == meta["Arn"]
    status, answer = server.ask("DescribeKey", KeyId=meta["KeyId"])
    assert (status, answer["Code"]) == (404, "Forbidden.KeyNotFound")


def test_regions_may_be_listed(keyhold):
    server = keyhold.in_memory("--region", "eu-central-1", "--regions", "eu-west-1,us-east-1")
    for region in ("eu-central-1", "eu-west-1", "us-east-1"):
        kms(server, region).list_keys()
    refused("InvalidSignatureException", kms(server, "ap-south-1").list_keys)


# ---- one key through every dialect

def test_a_key_is_the_same_through_both_clouds(server, client):
    status, made = server.ask("CreateKey")
    assert status == 200
    key_id = made["KeyMetadata"]["KeyId"]
    context = {"a": "1", "b": "\u00e9"}
    blob = client.encrypt(KeyId=key_id, Plaintext=b"over there", EncryptionContext=context)["CiphertextBlob"]
    status, opened = server.ask("Decrypt", CiphertextBlob=base64.b64encode(blob).decode(), EncryptionContext=json.dumps(context))
    assert status == 200 and base64.b64decode(opened["Plaintext"]) == b"over there", opened
    status, sealed = server.ask("Encrypt", KeyId=key_id, Plaintext=base64.b64encode(b"and back").decode(),
                                EncryptionContext=json.dumps(context))
    assert status == 200
    back = client.decrypt(CiphertextBlob=base64.b64decode(sealed["CiphertextBlob"]), EncryptionContext=context)
    assert back["Plaintext"] == b"and back"
    refused("InvalidCiphertextException", client.decrypt, CiphertextBlob=blob, EncryptionContext={"a": "1"})
    assert client.describe_key(KeyId=key_id)["KeyMetadata"]["KeySpec"] == "SYMMETRIC_DEFAULT"
    client.disable_key(KeyId=key_id)
    status, answer = server.ask("DescribeKey", KeyId=key_id)
    assert answer["KeyMetadata"]["KeyState"] == "Disabled" and answer["KeyMetadata"]["Arn"].startswith("acs:kms:")


# ---- who asks

def test_bad_credentials(server):
    refused("InvalidSignatureException", kms(server, aws_access_key_id="AKIDNOBODY").list_keys)
    refused("InvalidSignatureException", kms(server, aws_secret_access_key="wrong" * 8).list_keys)
    refused("UnrecognizedClientException", kms(server, aws_session_token="bm90IGEgdG9rZW4=").list_keys)


def signed(server, target, body, when=None, service="kms", region="cn-hangzhou", extra=None, headers=None):
    """One request signed here, not by an SDK: (status, headers, parsed body)."""
    when = when or datetime.datetime.now(datetime.timezone.utc)
    stamp, day = when.strftime("%Y%m%dT%H%M%SZ"), when.strftime("%Y%m%d")
    lines = {"content-type": "application/x-amz-json-1.1", "host": server.http, "x-amz-date": stamp, **(extra or {})}
    if target is not None:
        lines["x-amz-target"] = target
    names = ";".join(sorted(lines))
    canonical = "\n".join(["POST", "/", ""] + [f"{name}:{lines[name]}" for name in sorted(lines)]
                          + ["", names, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    secret = ("AWS4" + server.access_key_secret).encode()
    for part in (day, region, service, "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    lines["authorization"] = (f"AWS4-HMAC-SHA256 Credential={server.access_key_id}/{scope}, SignedHeaders={names}, "
                              f"Signature={signature}")
    return send(server, {**lines, **(headers or {})}, body)


def send(server, headers, body):
    host, port = server.http.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("POST", "/", body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), json.loads(text or b"null")


def test_what_is_signed_is_what_counts(server):
    assert signed(server, "TrentService.ListKeys", b"{}")[0] == 200
    cases = [
        ("MissingAuthenticationTokenException", send(server, {"x-amz-target": "TrentService.ListKeys"}, b"{}")),
        ("InvalidSignatureException", signed(server, "TrentService.ListKeys", b"{}", service="s3")),
        ("InvalidSignatureException", signed(server, "TrentService.ListKeys", b"{}", headers={"x-amz-target": "TrentService.CreateKey"})),
        ("IncompleteSignatureException", signed(server, None, b"{}", headers={"x-amz-target": "TrentService.ListKeys"})),
        ("IncompleteSignatureException", signed(server, "TrentService.ListKeys", b"{}", headers={"authorization": "AWS4-HMAC-SHA256 x"})),
        ("UnknownOperationException", signed(server, "TrentService.Nothing", b"{}")),
        ("UnknownOperationException", signed(server, "Nobody.ListKeys", b"{}")),
    ]
    for hours in (-1, 1):
        when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        cases.append(("InvalidSignatureException", signed(server, "TrentService.ListKeys", b"{}", when=when)))
    for expected, (status, headers, answer) in cases:
        assert (status, answer["__type"], headers["x-amzn-errortype"]) == (400, expected, expected), answer


def test_a_retry_is_no_replay_but_a_repeated_attempt_is(server):
    """boto3 repeats a signature when it tries again within the second; the newer SDKs sign the number of the attempt."""
    when = datetime.datetime.now(datetime.timezone.utc)
    for _ in range(2):
        assert signed(server, "TrentService.CreateKey", b"{}", when=when)[0] == 200
    attempts = [{"amz-sdk-invocation-id": "7f1b", "amz-sdk-request": f"attempt={n}"} for n in (1, 2)]
    for attempt in attempts:
        assert signed(server, "TrentService.CreateKey", b"{}", when=when, extra=attempt)[0] == 200
    status, _, answer = signed(server, "TrentService.CreateKey", b"{}", when=when, extra=attempts[0])
    assert (status, answer["__type"]) == (400, "InvalidSignatureException")
    for _ in range(2):
        assert signed(server, "TrentService.ListKeys", b"{}", when=when, extra=attempts[0])[0] == 200


def test_sessions(server):
    status, answer = server.ask("GetSessionToken", version="2015-04-01")
    assert status == 200, answer
    given = answer["Credentials"]
    session = kms(server, aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["AccessKeySecret"],
                  aws_session_token=given["SecurityToken"])
    assert session.list_keys()["Keys"] is not None
    refused("UnrecognizedClientException", kms(server, aws_session_token=given["SecurityToken"]).list_keys)


# ---- bodies that are none

@pytest.mark.parametrize("body, expected", [
    (b"", "SerializationException"),
    (b"{", "SerializationException"),
    (b"[]", "SerializationException"),
    (b'{"KeyId":1}', "SerializationException"),
    (b'{"KeyId":["x"]}', "SerializationException"),
    (b'{"KeyId":"x","KeyId":"y"}', "SerializationException"),
    (b'{"KeyId":"\xff"}', "SerializationException"),
    (b'{"KeyId":' + b"[" * 100 + b"]" * 100 + b"}", "SerializationException"),
    (b'{"KeyId":null}', "ValidationException"),
    (b"{}", "ValidationException"),
    (b'{"KeyId":""}', "ValidationException"),
    (b'{"KeyId":"x","NotAMember":1}', "UnsupportedOperationException"),
])
def test_malformed_bodies(server, body, expected):
    status, _, answer = signed(server, "TrentService.DescribeKey", body)
    assert (status, answer["__type"]) == (400, expected), answer


def test_why_a_ciphertext_does_not_open_is_not_told(server, key):
    for blob in ("AAAA", base64.b64encode(b"KH\1C" + bytes(76)).decode()):
        status, _, answer = signed(server, "TrentService.Decrypt", json.dumps({"CiphertextBlob": blob}).encode())
        assert status == 400 and answer["__type"] in ("InvalidCiphertextException", "NotFoundException")
        if answer["__type"] == "InvalidCiphertextException":
            assert list(answer) == ["__type"]
    status, _, answer = signed(server, "TrentService.Decrypt", b'{"CiphertextBlob":"AAAA"}')
    assert answer == {"__type": "InvalidCiphertextException"}


def test_sentences_of_validation(server, client, key):
    def sentence(call, **kwargs):
        return refused("ValidationException", call, **kwargs)["Error"]["Message"]
    begin = "1 validation error detected: Value "
    assert sentence(client.schedule_key_deletion, KeyId=key["KeyId"], PendingWindowInDays=6) == begin + (
        "'6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7")
    assert sentence(client.create_key, KeySpec="NONE").startswith(
        begin + "'NONE' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [")
    assert sentence(client.create_key, Tags=[{"TagKey": "a", "TagValue": ""}, {"TagKey": "k" * 129, "TagValue": ""}]) == begin + (
        f"'{'k' * 129}' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128")
    assert sentence(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x" * 4097) == begin + (
        "at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")
    for more in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        assert "number of bytes or key spec" in sentence(client.generate_data_key, KeyId=key["KeyId"], **more)


def test_what_is_not_offered_is_refused(server, client, key):
    refused("CustomKeyStoreNotFoundException", client.create_key, CustomKeyStoreId="cks-1")
    refused("UnsupportedOperationException", client.create_key, Origin="AWS_CLOUDHSM")
    refused("CustomKeyStoreNotFoundException", client.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1")
    refused("CustomKeyStoreNotFoundException", client.generate_random, NumberOfBytes=1, CustomKeyStoreId="cks-1")
    for call, more in ((client.describe_custom_key_stores, {}), (client.create_custom_key_store, {"CustomKeyStoreName": "x"})):
        answer = refused("UnsupportedOperationException", call, **more)
        assert "not offered" in answer["Error"]["Message"]
        request_id = answer["ResponseMetadata"]["RequestId"]
        server.wait_for(lambda: event_of(server, request_id), what="the refusal in the trail")
        assert event_of(server, request_id)["errorCode"] == "Rejected.UnsupportedOperation"
    for name in ("connect", "disconnect", "delete", "update"):
        refused("CustomKeyStoreNotFoundException", getattr(client, name + "_custom_key_store"), CustomKeyStoreId="cks-1")
    refused("UnsupportedOperationException", client.replicate_key, KeyId=key["KeyId"], ReplicaRegion="eu-west-1")


def event_of(server, request_id):
    status, found = server.ask("LookupEvents", version="2020-07-06", **{"LookupAttribute.1.Key": "RequestId",
                                                                        "LookupAttribute.1.Value": request_id})
    assert status == 200, found
    return found["Events"][0] if found["Events"] else None


def test_what_is_newer_than_what_is_offered_is_refused_clearly(server, key):
    """Words and members that AWS's newest clients know; never passed over in silence."""
    recipient = {"Recipient": {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": "eA=="}}
    grant = {"KeyId": key["KeyId"], "GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Encrypt"]}
    public = base64.b64encode(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
    for operation, members in [
            ("Decrypt", {"CiphertextBlob": "eA==", **recipient}),
            ("GenerateDataKey", {"KeyId": key["KeyId"], "KeySpec": "AES_256", **recipient}),
            ("GenerateDataKeyPair", {"KeyId": key["KeyId"], "KeyPairSpec": "ECC_NIST_P256", **recipient}),
            ("GenerateRandom", {"NumberOfBytes": 8, **recipient}),
            ("DeriveSharedSecret", {"KeyId": key["KeyId"], "KeyAgreementAlgorithm": "ECDH", "PublicKey": public, **recipient}),
            ("Decrypt", {"CiphertextBlob": "eA==", "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
            ("CreateKey", {"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}),
            ("CreateKey", {"Origin": "EXTERNAL_KEY_STORE", "XksKeyId": "x"}),
            ("Sign", {"KeyId": key["KeyId"], "Message": "eA==", "MessageType": "EXTERNAL_MU", "SigningAlgorithm": "ECDSA_SHA_256"}),
            ("Sign", {"KeyId": key["KeyId"], "Message": "eA==", "SigningAlgorithm": "ED25519_PH_SHA_512"}),
            ("GetParametersForImport", {"KeyId": key["KeyId"], "WrappingAlgorithm": "RSAES_PKCS1_V1_5", "WrappingKeySpec": "RSA_2048"}),
            ("CreateGrant", {**grant, "Constraints": {"SourceArn": "arn:aws:s3:::b"}}),
            ("CreateGrant", {**grant, "GranteeServicePrincipal": "s3.amazonaws.com"}),
            ("CreateGrant", {**grant, "RetiringServicePrincipal": "s3.amazonaws.com"}),
            ("ListGrants", {"KeyId": key["KeyId"], "GrantTokens": []})]:
        status, _, answer = signed(server, "TrentService." + operation, json.dumps(members).encode())
        assert (status, answer["__type"]) == (400, "UnsupportedOperationException"), (operation, answer)
        assert "Plaintext" not in answer


# ---- the command line

def aws(server, *words, **more):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.access_key_secret,
                   "AWS_DEFAULT_REGION": "cn-hangzhou", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", "HOME": "/nonexistent"}
    return subprocess.run(["/usr/bin/aws", "--endpoint-url", "http://" + server.http, "--output", "json", *words],
                          env=environment, capture_output=True, timeout=60, check=False, **more)


def test_the_aws_command(server, tmp_path):
    made = aws(server, "kms", "create-key", "--description", "by aws")
    assert made.returncode == 0, made.stderr
    key_id = json.loads(made.stdout)["KeyMetadata"]["KeyId"]
    plain = tmp_path / "plain"
    plain.write_bytes(b"from a file\n")
    sealed = aws(server, "kms", "encrypt", "--key-id", key_id, "--plaintext", f"fileb://{plain}")
    assert sealed.returncode == 0, sealed.stderr
    blob = tmp_path / "blob"
    blob.write_bytes(base64.b64decode(json.loads(sealed.stdout)["CiphertextBlob"]))
    opened = aws(server, "kms", "decrypt", "--ciphertext-blob", f"fileb://{blob}")
    assert base64.b64decode(json.loads(opened.stdout)["Plaintext"]) == b"from a file\n"
    missing = aws(server, "kms", "describe-key", "--key-id", "alias/none")
    assert missing.returncode != 0 and b"(NotFoundException)" in missing.stderr


# ---- every KMS operation there is

def public_key(der):
    return serialization.load_der_public_key(der)


def test_paging(server):
    client = kms(server, "paging-1")
    keys = [client.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)]
    first = client.list_keys(Limit=2)
    assert len(first["Keys"]) == 2 and first["Truncated"] and first["NextMarker"]
    second = client.list_keys(Limit=3, Marker=first["NextMarker"])
    assert not second["Truncated"] and "NextMarker" not in second
    assert sorted(entry["KeyId"] for entry in first["Keys"] + second["Keys"]) == sorted(keys)
    assert len([page for page in client.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})]) == 5
    for name in "abc":
        client.create_alias(AliasName="alias/" + name, TargetKeyId=keys[0 if name != "c" else 1])
    names = [entry["AliasName"] for page in client.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1})
             for entry in page["Aliases"]]
    assert names == ["alias/a", "alias/b", "alias/c"]
    of_one = client.list_aliases(KeyId=keys[0])["Aliases"]
    assert [entry["AliasName"] for entry in of_one] == ["alias/a", "alias/b"] and "CreationDate" in of_one[0]
    refused("InvalidMarkerException", client.list_keys, Marker="nonsense")
    refused("InvalidMarkerException", client.list_aliases, Marker="nonsense")
    refused("NotFoundException", client.list_aliases, KeyId="6f0f9d3e-0000-4000-8000-000000000001")
    refused("InvalidArnException", client.list_aliases, KeyId="alias/a")
    refused("ValidationException", client.list_keys, Limit=1001)


def test_life_of_a_key(client):
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    arn = client.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    client.update_key_description(KeyId=key_id, Description="new")
    assert client.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "new"
    client.disable_key(KeyId=arn)
    refused("DisabledException", client.encrypt, KeyId=key_id, Plaintext=b"x")
    client.enable_key(KeyId=key_id)
    refused("KMSInvalidStateException", client.cancel_key_deletion, KeyId=key_id)
    planned = client.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert (planned["KeyId"], planned["KeyState"], planned["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    shown = client.describe_key(KeyId=key_id)["KeyMetadata"]
    assert shown["DeletionDate"] == planned["DeletionDate"] and shown["KeyState"] == "PendingDeletion"
    for call, more in ((client.encrypt, {"Plaintext": b"x"}), (client.enable_key, {}), (client.schedule_key_deletion, {}),
                       (client.update_key_description, {"Description": "d"})):
        refused("KMSInvalidStateException", call, KeyId=key_id, **more)
    assert client.cancel_key_deletion(KeyId=key_id)["KeyId"] == arn
    assert client.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"
    assert client.schedule_key_deletion(KeyId=key_id)["PendingWindowInDays"] == 30


def test_aliases(client, key):
    other = client.create_key()["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName="alias/app/one", TargetKeyId=key["Arn"])
    refused("AlreadyExistsException", client.create_alias, AliasName="alias/app/one", TargetKeyId=other)
    assert client.describe_key(KeyId="alias/app/one")["KeyMetadata"]["KeyId"] == key["KeyId"]
    arn = key["Arn"].split(":key/")[0] + ":alias/app/one"
    assert client.describe_key(KeyId=arn)["KeyMetadata"]["KeyId"] == key["KeyId"]
    client.update_alias(AliasName="alias/app/one", TargetKeyId=other)
    assert client.describe_key(KeyId="alias/app/one")["KeyMetadata"]["KeyId"] == other
    refused("InvalidArnException", client.disable_key, KeyId="alias/app/one")
    refused("NotAuthorizedException", client.create_alias, AliasName="alias/aws/mine", TargetKeyId=other)
    refused("ValidationException", client.create_alias, AliasName="one", TargetKeyId=other)
    client.delete_alias(AliasName="alias/app/one")
    refused("NotFoundException", client.delete_alias, AliasName="alias/app/one")


def test_tags(client):
    key_id = client.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]["KeyId"]
    client.tag_resource(KeyId=key_id, Tags=[{"TagKey": "b", "TagValue": "v" * 256}, {"TagKey": "a", "TagValue": "2"}])
    tags = {tag["TagKey"]: tag["TagValue"] for tag in client.list_resource_tags(KeyId=key_id)["Tags"]}
    assert tags == {"a": "2", "b": "v" * 256}
    page = client.list_resource_tags(KeyId=key_id, Limit=1)
    assert page["Truncated"]
    rest = client.list_resource_tags(KeyId=key_id, Limit=1, Marker=page["NextMarker"])
    assert not rest["Truncated"] and {page["Tags"][0]["TagKey"], rest["Tags"][0]["TagKey"]} == {"a", "b"}
    for wrong in ([{"TagKey": "c", "TagValue": ""}] * 2, [{"TagKey": "aws:c", "TagValue": ""}]):
        refused("TagException", client.tag_resource, KeyId=key_id, Tags=wrong)
        refused("TagException", client.create_key, Tags=wrong)
    many = [{"TagKey": f"k{i}", "TagValue": ""} for i in range(49)]
    refused("LimitExceededException", client.tag_resource, KeyId=key_id, Tags=many)
    client.tag_resource(KeyId=key_id, Tags=many[1:])
    assert len(client.list_resource_tags(KeyId=key_id, Limit=50)["Tags"]) == 50
    client.untag_resource(KeyId=key_id, TagKeys=[tag["TagKey"] for tag in many[1:]])
    client.untag_resource(KeyId=key_id, TagKeys=["a", "b"])
    assert client.list_resource_tags(KeyId=key_id)["Tags"] == []


def test_another_key_than_the_one_named(client, key):
    other = client.create_key()["KeyMetadata"]["KeyId"]
    blob = client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=blob, KeyId=key["Arn"])["Plaintext"] == b"x"
    refused("IncorrectKeyException", client.decrypt, CiphertextBlob=blob, KeyId=other)
    for bit in (0, 40, 8 * len(blob) - 1):
        spoilt = bytearray(blob)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ClientError) as caught:
            client.decrypt(CiphertextBlob=bytes(spoilt))
        assert caught.value.response["Error"]["Code"] in ("InvalidCiphertextException", "NotFoundException")


def test_dry_runs(server, key):
    """Debian's boto3 does not know the member yet."""
    for more, expected in (({}, "DryRunOperationException"), ({"KeyId": "alias/none"}, "NotFoundException")):
        body = {"KeyId": key["KeyId"], "Plaintext": "eA==", "DryRun": True, **more}
        status, _, answer = signed(server, "TrentService.Encrypt", json.dumps(body).encode())
        assert (status, answer["__type"]) == (400, expected)


def test_reencrypt(client, key):
    other = client.create_key()["KeyMetadata"]
    blob = client.encrypt(KeyId=key["KeyId"], Plaintext=b"moving", EncryptionContext={"a": "1"})["CiphertextBlob"]
    moved = client.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=other["KeyId"],
                              DestinationEncryptionContext={"b": "2"})
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert moved["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert client.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})["Plaintext"] == b"moving"
    refused("InvalidCiphertextException", client.re_encrypt, CiphertextBlob=blob, DestinationKeyId=other["KeyId"])


def test_random(client):
    drawn = client.generate_random(NumberOfBytes=64)["Plaintext"]
    assert len(drawn) == 64 and drawn != client.generate_random(NumberOfBytes=64)["Plaintext"]
    refused("ValidationException", client.generate_random, NumberOfBytes=1025)


def test_the_older_name_of_the_spec(client):
    made = client.create_key(CustomerMasterKeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert (made["KeySpec"], made["CustomerMasterKeySpec"]) == ("ECC_NIST_P256", "ECC_NIST_P256")
    refused("ValidationException", client.create_key, CustomerMasterKeySpec="ECC_NIST_P256", KeySpec="ECC_NIST_P384",
            KeyUsage="SIGN_VERIFY")


RSA_SIGNATURES = {"RSASSA_PSS_SHA_256": hashes.SHA256, "RSASSA_PKCS1_V1_5_SHA_512": hashes.SHA512}


def test_rsa(client):
    refused("ValidationException", client.create_key, KeySpec="RSA_2048")
    key_id = client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert "RSASSA_PSS_SHA_256" in key_id["SigningAlgorithms"] and key_id["KeySpec"] == "RSA_2048"
    shown = client.get_public_key(KeyId=key_id["KeyId"])
    assert shown["SigningAlgorithms"] == key_id["SigningAlgorithms"] and shown["CustomerMasterKeySpec"] == "RSA_2048"
    public = public_key(shown["PublicKey"])
    for name, kind in RSA_SIGNATURES.items():
        padded = (padding.PSS(padding.MGF1(kind()), kind.digest_size) if "PSS" in name else padding.PKCS1v15())
        signed_message = client.sign(KeyId=key_id["KeyId"], Message=b"text", SigningAlgorithm=name)
        assert signed_message["SigningAlgorithm"] == name and signed_message["KeyId"] == key_id["Arn"]
        public.verify(signed_message["Signature"], b"text", padded, kind())
        digest = hashlib.new(kind.name, b"text").digest()
        checked = client.verify(KeyId=key_id["KeyId"], Message=digest, MessageType="DIGEST", SigningAlgorithm=name,
                                Signature=signed_message["Signature"])
        assert checked["SignatureValid"] is True
        refused("KMSInvalidSignatureException", client.verify, KeyId=key_id["KeyId"], Message=b"test", SigningAlgorithm=name,
                Signature=signed_message["Signature"])
        refused("ValidationException", client.sign, KeyId=key_id["KeyId"], Message=b"short", MessageType="DIGEST",
                SigningAlgorithm=name)
    refused("InvalidKeyUsageException", client.encrypt, KeyId=key_id["KeyId"], Plaintext=b"x",
            EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    sealing = client.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    public = public_key(client.get_public_key(KeyId=sealing["KeyId"])["PublicKey"])
    blob = public.encrypt(b"from outside", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    opened = client.decrypt(KeyId=sealing["KeyId"], CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"from outside" and opened["EncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    blob = client.encrypt(KeyId=sealing["KeyId"], Plaintext=b"x" * 190, EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    assert client.decrypt(KeyId=sealing["KeyId"], CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"] == b"x" * 190
    refused("ValidationException", client.encrypt, KeyId=sealing["KeyId"], Plaintext=b"x" * 191, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    refused("ValidationException", client.encrypt, KeyId=sealing["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256",
            EncryptionContext={"a": "b"})


@pytest.mark.parametrize("spec, algorithm, curve, kind", [
    ("ECC_NIST_P256", "ECDSA_SHA_256", "secp256r1", hashes.SHA256),
    ("ECC_NIST_P384", "ECDSA_SHA_384", "secp384r1", hashes.SHA384),
    ("ECC_NIST_P521", "ECDSA_SHA_512", "secp521r1", hashes.SHA512),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256", "secp256k1", hashes.SHA256),
])
def test_elliptic_curves(client, spec, algorithm, curve, kind):
    made = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert (made["KeySpec"], made["SigningAlgorithms"]) == (spec, [algorithm])
    public = public_key(client.get_public_key(KeyId=made["KeyId"])["PublicKey"])
    assert public.curve.name == curve
    signature = client.sign(KeyId=made["KeyId"], Message=b"m", SigningAlgorithm=algorithm)["Signature"]
    public.verify(signature, b"m", ec.ECDSA(kind()))
    assert client.verify(KeyId=made["KeyId"], Message=b"m", SigningAlgorithm=algorithm, Signature=signature)["SignatureValid"]
    refused("InvalidKeyUsageException", client.generate_mac, KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256")


def test_macs(client):
    made = client.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    assert made["MacAlgorithms"] == ["HMAC_SHA_256"] and "EncryptionAlgorithms" not in made
    mac = client.generate_mac(KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256")
    assert len(mac["Mac"]) == 32 and mac["MacAlgorithm"] == "HMAC_SHA_256"
    assert client.verify_mac(KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256", Mac=mac["Mac"])["MacValid"] is True
    refused("KMSInvalidMacException", client.verify_mac, KeyId=made["KeyId"], Message=b"n", MacAlgorithm="HMAC_SHA_256",
            Mac=mac["Mac"])
    refused("InvalidKeyUsageException", client.generate_mac, KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_512")


def test_key_pairs(client, key):
    made = client.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256", EncryptionContext={"a": "b"})
    private = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert made["KeyPairSpec"] == "ECC_NIST_P256" and made["KeyId"] == key["Arn"]
    assert private.public_key().public_numbers() == public_key(made["PublicKey"]).public_numbers()
    opened = client.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    bare = client.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec="RSA_2048")
    assert "PrivateKeyPlaintext" not in bare and public_key(bare["PublicKey"]).key_size == 2048


def test_rotation_on_demand(server, client):
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    old = client.encrypt(KeyId=key_id, Plaintext=b"before")["CiphertextBlob"]
    assert signed(server, "TrentService.RotateKeyOnDemand", json.dumps({"KeyId": key_id}).encode())[0] == 200
    assert client.decrypt(CiphertextBlob=old)["Plaintext"] == b"before"
    status, _, answer = signed(server, "TrentService.ListKeyRotations", json.dumps({"KeyId": key_id, "Limit": 1}).encode())
    assert status == 200 and answer["Truncated"] is False, answer
    (rotation,) = answer["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND" and len(rotation["KeyMaterialId"]) == 64
    status, _, shown = signed(server, "TrentService.DescribeKey", json.dumps({"KeyId": key_id}).encode())
    assert shown["KeyMetadata"]["CurrentKeyMaterialId"] == rotation["KeyMaterialId"]


def test_automatic_rotation(server, client):
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    assert client.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    client.enable_key_rotation(KeyId=key_id)
    assert client.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True
    body = json.dumps({"KeyId": key_id, "RotationPeriodInDays": 90}).encode()
    assert signed(server, "TrentService.EnableKeyRotation", body)[0] == 200
    status, _, shown = signed(server, "TrentService.GetKeyRotationStatus", json.dumps({"KeyId": key_id}).encode())
    assert shown["RotationPeriodInDays"] == 90 and shown["NextRotationDate"] > datetime.datetime.now().timestamp()
    status, _, answer = signed(server, "TrentService.EnableKeyRotation", body.replace(b"90", b"89"))
    assert (status, answer["__type"]) == (400, "ValidationException")
    client.disable_key_rotation(KeyId=key_id)
    assert client.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    other = client.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", client.enable_key_rotation, KeyId=other)


def test_bring_your_own_key(client):
    made = client.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (made["KeyState"], made["Origin"], "ExpirationModel" in made) == ("PendingImport", "EXTERNAL", False)
    refused("KMSInvalidStateException", client.encrypt, KeyId=made["KeyId"], Plaintext=b"x")
    given = client.get_parameters_for_import(KeyId=made["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    until = given["ParametersValidTo"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(hours=23) < until < datetime.timedelta(hours=25) and given["KeyId"] == made["Arn"]
    material = os.urandom(32)
    wrapped = public_key(given["PublicKey"]).encrypt(material, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    whole = {"KeyId": made["KeyId"], "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": wrapped}
    refused("ValidationException", client.import_key_material, **whole)
    refused("InvalidImportTokenException", client.import_key_material, **{**whole, "ImportToken": b"none"},
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    expiry = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)
    client.import_key_material(**whole, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=expiry)
    shown = client.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (shown["KeyState"], shown["ExpirationModel"], shown["ValidTo"]) == ("Enabled", "KEY_MATERIAL_EXPIRES", expiry)
    blob = client.encrypt(KeyId=made["KeyId"], Plaintext=b"mine")["CiphertextBlob"]
    client.delete_imported_key_material(KeyId=made["KeyId"])
    refused("KMSInvalidStateException", client.decrypt, CiphertextBlob=blob)
    refused("UnsupportedOperationException", client.get_parameters_for_import, KeyId=client.create_key()["KeyMetadata"]["KeyId"],
            WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")


def test_last_use(server, client):
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    client.encrypt(KeyId=key_id, Plaintext=b"x")
    found = {}

    def is_there():
        status, _, answer = signed(server, "TrentService.GetKeyLastUsage", json.dumps({"KeyId": key_id}).encode())
        found.update(answer, status=status)
        return status == 200 and answer.get("KeyLastUsage")
    server.wait_for(is_there, what="the use to be counted")
    assert found["KeyLastUsage"]["Operation"] == "Encrypt" and found["KeyLastUsage"]["Timestamp"] <= datetime.datetime.now().timestamp()
    assert found["KeyId"].endswith(":key/" + key_id) and found["KeyCreationDate"] >= 0


def test_cloudtrail(server, client):
    """The trail, through CloudTrail's client."""
    trail = boto3.client("cloudtrail", endpoint_url="http://" + server.http, region_name="cn-hangzhou",
                         aws_access_key_id=server.access_key_id, aws_secret_access_key=server.access_key_secret,
                         config=Config(retries={"max_attempts": 0}))
    made = client.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    arn = made["KeyMetadata"]["Arn"]
    client.generate_mac(KeyId=arn, Message=b"m", MacAlgorithm="HMAC_SHA_256")
    signing = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    client.sign(KeyId=signing, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")

    def found(key, value):
        return trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
    event = [each for each in found("EventName", "CreateKey")
             if json.loads(each["CloudTrailEvent"])["requestID"] == made["ResponseMetadata"]["RequestId"]][0]
    assert (event["EventSource"], event["ReadOnly"], event["Username"]) == ("kms.amazonaws.com", "false", "root")
    assert event["AccessKeyId"] == server.access_key_id and event["Resources"] == [{"ResourceType": "AWS::KMS::Key", "ResourceName": arn}]
    assert abs(event["EventTime"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=2)
    record = json.loads(event["CloudTrailEvent"])
    assert record["userIdentity"]["type"] == "Root" and record["userIdentity"]["arn"].startswith("arn:aws:iam::")
    assert (record["awsRegion"], record["eventType"], record["readOnly"]) == ("cn-hangzhou", "AwsApiCall", False)
    assert record["requestParameters"]["KeySpec"] == "HMAC_SHA_256" and "errorCode" not in record
    assert {each["EventName"] for each in found("EventName", "Sign")} == {"Sign"}
    assert len(found("EventId", event["EventId"])) == 1
    assert {each["EventSource"] for each in found("EventSource", "kms.amazonaws.com")} == {"kms.amazonaws.com"}
    status, _, answer = signed(server, "CloudTrail_20131101.LookupEvents",
                               b'{"LookupAttributes":[{"AttributeKey":"Nothing","AttributeValue":"x"}]}', service="cloudtrail")
    assert (status, answer["__type"]) == (400, "InvalidLookupAttributesException")
    assert signed(server, "CloudTrail_20131101.LookupEvents", b'{"MaxResults":1}', service="cloudtrail")[0] == 200
    refused("UnknownOperationException", trail.describe_trails)
