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
    refused("UnrecognizedClientException", kms(server, aws_access_key_id="AKIDNOBODY").list_keys)
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
    if status != 200:
        pytest.skip("sessions of the account root are not offered")
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


def test_what_is_not_offered_is_refused(client, key):
    refused("UnsupportedOperationException", client.create_key, CustomKeyStoreId="cks-1")
    refused("UnsupportedOperationException", client.create_key, MultiRegion=True)
    refused("UnknownOperationException", client.describe_custom_key_stores)


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
