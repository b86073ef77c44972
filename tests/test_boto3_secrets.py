"""Secrets Manager through boto3, and one secret through both clouds' clients."""
import base64
import json
import os
import re
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from test_boto3_kms import kms, refused
from wire import RAM, Client, Refused

TOKEN = "11111111-2222-3333-4444-55555555555"


def manager(server, region="cn-hangzhou", **more):
    keys = {"aws_access_key_id": server.access_key_id, "aws_secret_access_key": server.access_key_secret, **more}
    return boto3.client("secretsmanager", endpoint_url="http://" + server.http, region_name=region,
                        config=Config(retries={"max_attempts": 0}, read_timeout=30), **keys)


@pytest.fixture(scope="module")
def client(server):
    return manager(server)


@pytest.fixture(scope="module")
def alibaba(server):
    return Client(server.http, (server.access_key_id, server.access_key_secret))


def new_name():
    return "boto3/" + uuid.uuid4().hex


@pytest.fixture
def name(client):
    made = new_name()
    client.create_secret(Name=made, SecretString="first value", ClientRequestToken=TOKEN + "1")
    return made


def stages(client, name):
    return client.describe_secret(SecretId=name)["VersionIdsToStages"]


# ---- keys

@pytest.mark.parametrize("spec", ["Aliyun_AES_256", "Aliyun_AES_128", "Aliyun_AES_192", "Aliyun_SM4"])
def test_every_symmetric_key_seals_values(client, alibaba, spec):
    key_id = alibaba.rpc("CreateKey", KeySpec=spec)["KeyMetadata"]["KeyId"]
    name = new_name()
    client.create_secret(Name=name, SecretString="from aws", KmsKeyId=key_id)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "from aws"
    alibaba.rpc("PutSecretValue", SecretName=name, VersionId="v2", SecretData="from alibaba")
    assert client.get_secret_value(SecretId=name)["SecretString"] == "from alibaba"
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "from aws"
    assert [v["KmsKeyIds"] for v in client.list_secret_version_ids(SecretId=name)["Versions"]] == [[key_id]] * 2
    alibaba.rpc("DisableKey", KeyId=key_id)
    with pytest.raises(ClientError):
        client.get_secret_value(SecretId=name)
    alibaba.rpc("EnableKey", KeyId=key_id)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "from alibaba"


@pytest.mark.parametrize("spec,usage", [("RSA_2048", "ENCRYPT/DECRYPT"), ("EC_SM2", "ENCRYPT/DECRYPT"), ("EC_P256", "SIGN/VERIFY"),
                                        ("HMAC_SHA_256", "GENERATE/VERIFY_MAC")])
def test_other_keys_are_refused(client, alibaba, name, spec, usage):
    key_id = alibaba.rpc("CreateKey", KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
    refused("InvalidRequestException", client.create_secret, Name=new_name(), SecretString="x", KmsKeyId=key_id)
    refused("InvalidRequestException", client.update_secret, SecretId=name, KmsKeyId=key_id)
    with pytest.raises(Refused) as why:
        alibaba.rpc("CreateSecret", SecretName=new_name(), VersionId="v1", SecretData="x", EncryptionKeyId=key_id)
    assert why.value.code == "Rejected.UnsupportedOperation" and "symmetric" in str(why.value)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "first value"


# ---- the main way

def test_a_secret_made_read_and_shown(client):
    name, text = new_name(), "Pa ss\u00e9\"\\\n<&\U0001f511"
    made = client.create_secret(Name=name, SecretString=text, Description="d\u00e9", Tags=[{"Key": "team", "Value": "red"}])
    assert re.fullmatch(rf"arn:aws:secretsmanager:cn-hangzhou:\d+:secret:{name}-[A-Za-z0-9]{{6}}", made["ARN"])
    got = client.get_secret_value(SecretId=name)
    assert got["SecretString"] == text and "SecretBinary" not in got
    assert (got["ARN"], got["Name"], got["VersionId"], got["VersionStages"]) == (made["ARN"], name, made["VersionId"], ["AWSCURRENT"])
    assert client.get_secret_value(SecretId=made["ARN"])["SecretString"] == text
    shown = client.describe_secret(SecretId=name)
    assert shown["Description"] == "d\u00e9" and shown["Tags"] == [{"Key": "team", "Value": "red"}]
    assert shown["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]} and "KmsKeyId" not in shown
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=made["ARN"][:-1] + ("x" if made["ARN"][-1] != "x" else "y"))


def test_binary_values(client):
    name, value = new_name(), os.urandom(65536)
    client.create_secret(Name=name, SecretBinary=value)
    got = client.get_secret_value(SecretId=name)
    assert got["SecretBinary"] == value and "SecretString" not in got
    client.put_secret_value(SecretId=name, SecretString="x" * 65536)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "x" * 65536
    refused("ValidationException", client.put_secret_value, SecretId=name, SecretString="x" * 65537)
    refused("InvalidParameterException", client.put_secret_value, SecretId=name, SecretString="x", SecretBinary=b"x")
    refused("InvalidParameterException", client.put_secret_value, SecretId=name)


def test_what_is_not_there_or_there_already(client, name):
    refused("ResourceNotFoundException", client.get_secret_value, SecretId="nothing")
    refused("ResourceNotFoundException", client.describe_secret, SecretId="nothing")
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=name, VersionStage="NOWHERE")
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=name, VersionId=TOKEN + "9")
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=name, VersionId=TOKEN + "1", VersionStage="AWSPREVIOUS")
    refused("ResourceExistsException", client.create_secret, Name=name, SecretString="another")
    for wrong in ("a b", "a:b", "\u00e9", "acs/x"):
        refused("InvalidParameterException", client.create_secret, Name=wrong, SecretString="x")


def test_requests_sent_twice_count_once(client):
    name = new_name()
    first = client.create_secret(Name=name, SecretString="a", ClientRequestToken=TOKEN + "1")
    assert client.create_secret(Name=name, SecretString="a", ClientRequestToken=TOKEN + "1")["ARN"] == first["ARN"]
    refused("ResourceExistsException", client.create_secret, Name=name, SecretString="b", ClientRequestToken=TOKEN + "1")
    client.put_secret_value(SecretId=name, SecretString="c", ClientRequestToken=TOKEN + "2")
    client.put_secret_value(SecretId=name, SecretString="d", ClientRequestToken=TOKEN + "3")
    again = client.put_secret_value(SecretId=name, SecretString="c", ClientRequestToken=TOKEN + "2")
    assert again["VersionStages"] == ["AWSPREVIOUS"]
    refused("ResourceExistsException", client.put_secret_value, SecretId=name, SecretString="e", ClientRequestToken=TOKEN + "2")
    assert client.get_secret_value(SecretId=name)["SecretString"] == "d"


# ---- versions

def test_labels(client, name):
    client.put_secret_value(SecretId=name, SecretString="second", ClientRequestToken=TOKEN + "2")
    assert stages(client, name) == {TOKEN + "1": ["AWSPREVIOUS"], TOKEN + "2": ["AWSCURRENT"]}
    client.put_secret_value(SecretId=name, SecretString="third", ClientRequestToken=TOKEN + "3", VersionStages=["AWSPENDING", "mine"])
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"] == "third"
    move = {"SecretId": name, "VersionStage": "AWSCURRENT"}
    refused("InvalidParameterException", client.update_secret_version_stage, MoveToVersionId=TOKEN + "3", **move)
    refused("InvalidParameterException", client.update_secret_version_stage, MoveToVersionId=TOKEN + "3", RemoveFromVersionId=TOKEN + "1", **move)
    refused("InvalidParameterException", client.update_secret_version_stage, RemoveFromVersionId=TOKEN + "2", **move)
    refused("ResourceNotFoundException", client.update_secret_version_stage, MoveToVersionId=TOKEN + "9", RemoveFromVersionId=TOKEN + "2", **move)
    client.update_secret_version_stage(MoveToVersionId=TOKEN + "3", RemoveFromVersionId=TOKEN + "2", **move)
    assert stages(client, name) == {TOKEN + "2": ["AWSPREVIOUS"], TOKEN + "3": ["mine", "AWSCURRENT"]}
    client.update_secret_version_stage(SecretId=name, VersionStage="mine", RemoveFromVersionId=TOKEN + "3")
    listed = client.list_secret_version_ids(SecretId=name)["Versions"]
    assert [(v["VersionId"], v["VersionStages"]) for v in listed] == [(TOKEN + "3", ["AWSCURRENT"]), (TOKEN + "2", ["AWSPREVIOUS"])]
    every = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert [v["VersionId"] for v in every] == [TOKEN + "3", TOKEN + "2", TOKEN + "1"]


def test_versions_a_page_at_a_time(client, name):
    for i in range(2, 6):
        client.put_secret_value(SecretId=name, SecretString=str(i), ClientRequestToken=TOKEN + str(i))
    pages = [client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=2)]
    while "NextToken" in pages[-1]:
        pages.append(client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=2, NextToken=pages[-1]["NextToken"]))
    assert [[v["VersionId"][-1] for v in page["Versions"]] for page in pages] == [["5", "4"], ["3", "2"], ["1"]]
    assert "NextToken" not in client.list_secret_version_ids(SecretId=name, MaxResults=2)
    refused("InvalidNextTokenException", client.list_secret_version_ids, SecretId=name, NextToken="nonsense")


def test_limits(server, client, name):
    labels = [f"label{i}" for i in range(19)]
    client.put_secret_value(SecretId=name, SecretString="x", VersionStages=[*labels, "AWSCURRENT"], ClientRequestToken=TOKEN + "2")
    assert sorted(stages(client, name)[TOKEN + "2"]) == sorted([*labels, "AWSCURRENT"])
    refused("LimitExceededException", client.update_secret_version_stage, SecretId=name, VersionStage="one more", MoveToVersionId=TOKEN + "2")
    client.tag_resource(SecretId=name, Tags=[{"Key": "k" * 128, "Value": "v" * 256}])
    unchecked = boto3.client("secretsmanager", endpoint_url="http://" + server.http, region_name="cn-hangzhou",
                             aws_access_key_id=server.access_key_id, aws_secret_access_key=server.access_key_secret,
                             config=Config(retries={"max_attempts": 0}, parameter_validation=False))
    for call, more in ((unchecked.put_secret_value, {"ClientRequestToken": "x" * 31, "SecretString": "x"}),
                       (unchecked.put_secret_value, {"ClientRequestToken": "x" * 65, "SecretString": "x"}),
                       (unchecked.put_secret_value, {"VersionStages": ["l"] * 21, "SecretString": "x"}),
                       (unchecked.put_secret_value, {"SecretString": ""}),
                       (unchecked.update_secret, {"Description": "x" * 2049}),
                       (unchecked.tag_resource, {"Tags": [{"Key": "k" * 129, "Value": ""}]}),
                       (unchecked.tag_resource, {"Tags": [{"Key": "k", "Value": "v" * 257}]}),
                       (unchecked.list_secret_version_ids, {"MaxResults": 101})):
        with pytest.raises(ClientError) as caught:
            call(SecretId=name, **more)
        assert caught.value.response["Error"]["Code"] in ("ValidationException", "InvalidParameterException"), more
    assert client.get_secret_value(SecretId=name)["SecretString"] == "x"


def test_update_secret(client, name):
    client.update_secret(SecretId=name, Description="new words")
    assert client.describe_secret(SecretId=name)["Description"] == "new words"
    made = client.update_secret(SecretId=name, SecretString="second", ClientRequestToken=TOKEN + "2")
    assert made["VersionId"] == TOKEN + "2"
    assert client.get_secret_value(SecretId=name)["SecretString"] == "second"
    assert client.describe_secret(SecretId=name)["Description"] == "new words"


def test_a_secret_without_a_value(client):
    name = new_name()
    assert "VersionId" not in client.create_secret(Name=name)
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=name)
    client.put_secret_value(SecretId=name, SecretString="now", VersionStages=["mine"])
    assert client.get_secret_value(SecretId=name)["SecretString"] == "now"


# ---- keys

def test_the_key_of_ones_choice(server, client):
    keys = kms(server)
    key = keys.create_key()["KeyMetadata"]
    name = new_name()
    client.create_secret(Name=name, SecretString="under the key", KmsKeyId=key["Arn"])
    assert client.describe_secret(SecretId=name)["KmsKeyId"] == key["Arn"]
    keys.disable_key(KeyId=key["KeyId"])
    refused("DecryptionFailure", client.get_secret_value, SecretId=name)
    refused("EncryptionFailure", client.put_secret_value, SecretId=name, SecretString="x")
    keys.enable_key(KeyId=key["KeyId"])
    assert client.get_secret_value(SecretId=name)["SecretString"] == "under the key"
    refused("EncryptionFailure", client.create_secret, Name=new_name(), SecretString="x", KmsKeyId=str(uuid.uuid4()))
    client.update_secret(SecretId=name, KmsKeyId="alias/aws/secretsmanager")
    assert "KmsKeyId" not in client.describe_secret(SecretId=name)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "under the key"


# ---- deletion, lists, tags

def test_deletion_and_restoring(client, name):
    for wrong in (6, 31):
        refused("InvalidParameterException", client.delete_secret, SecretId=name, RecoveryWindowInDays=wrong)
    refused("InvalidParameterException", client.delete_secret, SecretId=name, RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)
    gone = client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert client.describe_secret(SecretId=name)["DeletedDate"] == gone["DeletionDate"]
    refused("InvalidRequestException", client.get_secret_value, SecretId=name)
    refused("InvalidRequestException", client.create_secret, Name=name, SecretString="x")
    client.restore_secret(SecretId=name)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "first value"
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    refused("ResourceNotFoundException", client.describe_secret, SecretId=name)
    former = gone["ARN"]
    client.create_secret(Name=name, SecretString="another life")
    refused("ResourceNotFoundException", client.get_secret_value, SecretId=former)


def test_lists(client):
    prefix = new_name()
    for i in range(5):
        client.create_secret(Name=f"{prefix}/{i}", SecretString="x", Description=f"number {i}", Tags=[{"Key": f"k{i % 2}", "Value": str(i)}])
    mine = {"Key": "name", "Values": [prefix]}
    pages = client.get_paginator("list_secrets").paginate(Filters=[mine], PaginationConfig={"PageSize": 2})
    listed = [[s["Name"][-1] for s in page["SecretList"]] for page in pages]
    assert listed == [["0", "1"], ["2", "3"], ["4"]]

    def names(*more):
        return [s["Name"][-1] for s in client.list_secrets(Filters=[mine, *more])["SecretList"]]
    assert names({"Key": "tag-key", "Values": ["k1"]}) == ["1", "3"]
    assert names({"Key": "tag-value", "Values": ["2", "3"]}) == ["2", "3"]
    assert names({"Key": "description", "Values": ["!number 3"]}) == ["0", "1", "2", "4"]
    client.delete_secret(SecretId=f"{prefix}/0")
    assert names() == ["1", "2", "3", "4"]
    assert names({"Key": "owning-service", "Values": ["x"]}) == names({"Key": "primary-region", "Values": ["eu"]}) == []
    newest_first = client.list_secrets(Filters=[mine], SortOrder="desc")["SecretList"]
    assert [s["CreatedDate"] for s in newest_first] == sorted((s["CreatedDate"] for s in newest_first), reverse=True)
    refused("InvalidParameterException", client.list_secrets, Filters=[{"Key": "colour", "Values": ["x"]}])
    refused("InvalidNextTokenException", client.list_secrets, Filters=[mine], SortOrder="desc", NextToken="x")


def test_tags(client, name):
    client.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    client.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "3"}])
    client.untag_resource(SecretId=name, TagKeys=["b", "c"])
    assert client.describe_secret(SecretId=name)["Tags"] == [{"Key": "a", "Value": "3"}]
    refused("InvalidParameterException", client.tag_resource, SecretId=name, Tags=[{"Key": "acs:x", "Value": "1"}])


# ---- rotation, passwords, what is not offered

def test_random_passwords(client):
    made = client.get_random_password(PasswordLength=20, ExcludeNumbers=True, ExcludePunctuation=True, ExcludeCharacters="abc")["RandomPassword"]
    assert len(made) == 20 and made.isalpha() and not set(made) & set("abc")
    assert len(client.get_random_password()["RandomPassword"]) == 32
    refused("InvalidParameterException", client.get_random_password, PasswordLength=3)
    refused("ValidationException", client.get_random_password, PasswordLength=4097)


def test_rotation(client, alibaba, name):
    refused("InvalidRequestException", client.rotate_secret, SecretId=name)
    refused("InvalidRequestException", client.rotate_secret, SecretId=name, RotationLambdaARN="arn:aws:lambda:r:1:function:f")
    alibaba.rpc("UpdateSecretRotationPolicy", SecretName=name, EnableAutomaticRotation="false", PasswordLength="16")
    made = client.rotate_secret(SecretId=name, ClientRequestToken=TOKEN + "2")
    assert made["VersionId"] == TOKEN + "2"
    pending = client.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"]
    assert len(pending) == 16 and client.get_secret_value(SecretId=name)["SecretString"] == "first value"
    refused("InvalidRequestException", client.rotate_secret, SecretId=name, ClientRequestToken=TOKEN + "3")
    client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=TOKEN + "2", RemoveFromVersionId=TOKEN + "1")
    assert client.get_secret_value(SecretId=name)["SecretString"] == pending
    assert stages(client, name) == {TOKEN + "1": ["AWSPREVIOUS"], TOKEN + "2": ["AWSCURRENT"]}
    assert "LastRotatedDate" in client.describe_secret(SecretId=name)
    client.cancel_rotate_secret(SecretId=name)


def test_what_is_not_offered(client, name):
    refused("InvalidRequestException", client.replicate_secret_to_regions, SecretId=name, AddReplicaRegions=[{"Region": "us-east-1"}])
    refused("InvalidRequestException", client.stop_replication_to_replica, SecretId=name)
    refused("InvalidRequestException", client.remove_regions_from_replication, SecretId=name, RemoveReplicaRegions=["us-east-1"])
    refused("InvalidRequestException", client.create_secret, Name=new_name(), SecretString="x", AddReplicaRegions=[{"Region": "us-east-1"}])


# ---- who may

def test_permissions(server, client, alibaba, name):
    user = "sm" + uuid.uuid4().hex[:8]
    alibaba.rpc("CreateUser", RAM, signature=3, UserName=user)
    key = alibaba.rpc("CreateAccessKey", RAM, signature=3, UserName=user)["AccessKey"]
    other = manager(server, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["AccessKeySecret"])
    refused("AccessDeniedException", other.get_secret_value, SecretId=name)
    refused("AccessDeniedException", other.get_secret_value, SecretId="nothing")
    arn = client.describe_secret(SecretId=name)["ARN"][:-6] + "??????"
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn},
        {"Effect": "Allow", "Action": "secretsmanager:CreateSecret", "Resource": f"arn:aws:secretsmanager:*:*:secret:mine/*"}]})
    alibaba.rpc("CreatePolicy", RAM, signature=3, PolicyName=user, PolicyDocument=document)
    alibaba.rpc("AttachPolicyToUser", RAM, signature=3, PolicyName=user, PolicyType="Custom", UserName=user)
    assert other.get_secret_value(SecretId=name)["SecretString"] == "first value"
    refused("AccessDeniedException", other.describe_secret, SecretId=name)
    refused("AccessDeniedException", other.create_secret, Name=new_name(), SecretString="x")
    other.create_secret(Name="mine/" + uuid.uuid4().hex, SecretString="x")


def test_the_policy_of_a_secret(server, client, alibaba, name):
    user = "rp" + uuid.uuid4().hex[:8]
    alibaba.rpc("CreateUser", RAM, signature=3, UserName=user)
    key = alibaba.rpc("CreateAccessKey", RAM, signature=3, UserName=user)["AccessKey"]
    other = manager(server, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["AccessKeySecret"])
    account = client.describe_secret(SecretId=name)["ARN"].split(":")[4]

    def document(effect, principal, action="secretsmanager:GetSecretValue"):
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}]})
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=name)
    refused("AccessDeniedException", other.get_secret_value, SecretId=name)
    given = document("Allow", {"AWS": f"arn:aws:iam::{account}:user/{user}"})
    client.put_resource_policy(SecretId=name, ResourcePolicy=given)
    assert client.get_resource_policy(SecretId=name)["ResourcePolicy"] == given
    assert alibaba.rpc("GetSecretPolicy", SecretName=name)["Policy"] == given
    assert other.get_secret_value(SecretId=name)["SecretString"] == "first value"
    refused("AccessDeniedException", other.describe_secret, SecretId=name)
    refused("AccessDeniedException", other.put_resource_policy, SecretId=name, ResourcePolicy=given)
    client.put_resource_policy(SecretId=name, ResourcePolicy=document("Deny", "*", "secretsmanager:*"))
    refused("AccessDeniedException", other.get_secret_value, SecretId=name)
    refused("AccessDeniedException", client.get_secret_value, SecretId=name)  # the owner, too
    client.delete_resource_policy(SecretId=name)  # who cannot be locked out of the policy
    assert client.get_secret_value(SecretId=name)["SecretString"] == "first value"
    refused("AccessDeniedException", other.get_secret_value, SecretId=name)
    alibaba.rpc("SetSecretPolicy", SecretName=name, Policy=json.dumps({"Version": "1", "Statement": [
        {"Effect": "Allow", "Principal": {"RAM": [f"acs:ram::{account}:user/{user}"]}, "Action": ["kms:GetSecretValue"], "Resource": ["*"]}]}))
    assert other.get_secret_value(SecretId=name)["SecretString"] == "first value"


def test_policies_for_everybody_can_be_blocked(client, name):
    def statement(effect="Allow", principal="*", **more):
        return {"Effect": effect, "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*", **more}

    def put(*statements, block=True):
        client.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": statements}),
                                   BlockPublicPolicy=block)
    account = client.describe_secret(SecretId=name)["ARN"].split(":")[4]
    for public in ([statement()], [statement(principal={"AWS": "*"}, Action="*")], [statement(Action="secretsmanager:Delete*")],
                   [statement(Condition={"StringNotEquals": {"aws:username": "eve"}})],
                   [statement("Deny", Action="secretsmanager:PutSecretValue"), statement(Action="secretsmanager:*")]):
        with pytest.raises(ClientError) as caught:
            put(*public)
        assert caught.value.response["Error"]["Code"] == "PublicPolicyException", public
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=name)
    with pytest.raises(ClientError) as caught:
        client.put_resource_policy(SecretId=name, ResourcePolicy="{}", BlockPublicPolicy=True)
    assert caught.value.response["Error"]["Code"] == "MalformedPolicyDocumentException"
    for narrow in ([statement(principal={"AWS": account})], [statement("Deny")], [statement(), statement("Deny")],
                   [statement(Condition={"StringEquals": {"aws:username": "eve"}})]):
        put(*narrow)
    put(statement(), block=False)


def test_what_is_no_policy(client, name):
    for wrong in ("{", "{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'):
        refused("MalformedPolicyDocumentException", client.put_resource_policy, SecretId=name, ResourcePolicy=wrong)
        answer = client.validate_resource_policy(ResourcePolicy=wrong)
        assert not answer["PolicyValidationPassed"] and answer["ValidationErrors"][0]["ErrorMessage"]
    good = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}]}'
    assert client.validate_resource_policy(ResourcePolicy=good)["PolicyValidationPassed"]


def test_regions_are_apart(server, client, name):
    refused("ResourceNotFoundException", manager(server, "eu-west-1").get_secret_value, SecretId=name)
    there = manager(server, "eu-west-1")
    made = there.create_secret(Name=name, SecretString="of the other region")
    assert ":eu-west-1:" in made["ARN"]
    assert client.get_secret_value(SecretId=name)["SecretString"] == "first value"


# ---- one secret, two clouds

def test_a_secret_of_one_cloud_is_read_through_the_other(client, alibaba):
    name, value = new_name(), os.urandom(100)
    client.create_secret(Name=name, SecretBinary=value, ClientRequestToken=TOKEN + "1")
    got = alibaba.rpc("GetSecretValue", SecretName=name)
    assert base64.b64decode(got["SecretData"]) == value and got["SecretDataType"] == "binary"
    assert (got["VersionId"], got["VersionStages"]["VersionStage"]) == (TOKEN + "1", ["ACSCurrent"])
    alibaba.rpc("PutSecretValue", SecretName=name, VersionId="v2", SecretData="text\u00e9")
    assert client.get_secret_value(SecretId=name)["SecretString"] == "text\u00e9"
    assert stages(client, name) == {TOKEN + "1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]}
    arn = alibaba.rpc("DescribeSecret", SecretName=name)["Arn"]
    assert arn.startswith("acs:kms:cn-hangzhou:") and arn.endswith(":secret/" + name)


# ---- several values at once

def text(**more):
    return {"shape": "SecretStringOfBatch", **more}


@pytest.fixture
def batch(client):
    """What boto3 of later versions has as batch_get_secret_value: its description, for the one that Debian has."""
    model = client.meta.service_model._service_description
    model["shapes"].setdefault("SecretStringOfBatch", {"type": "string"})
    for name, members in {"Value": {"ARN": text(), "Name": text(), "VersionId": text(), "SecretBinary": {"shape": "SecretBinaryType"},
                                    "SecretString": text(), "CreatedDate": {"shape": "CreatedDateType"}},
                          "Error": {"SecretId": text(), "ErrorCode": text(), "Message": text()},
                          "In": {"SecretIdList": {"shape": "BatchIds"}, "Filters": {"shape": "FiltersListType"},
                                 "MaxResults": {"shape": "MaxResultsType"}, "NextToken": text()},
                          "Out": {"SecretValues": {"shape": "BatchValues"}, "Errors": {"shape": "BatchErrors"}, "NextToken": text()}}.items():
        model["shapes"]["Batch" + name] = {"type": "structure", "members": members}
    for name, element in {"Ids": "SecretStringOfBatch", "Values": "BatchValue", "Errors": "BatchError"}.items():
        model["shapes"]["Batch" + name] = {"type": "list", "member": {"shape": element}}
    model["operations"]["BatchGetSecretValue"] = {"name": "BatchGetSecretValue", "http": {"method": "POST", "requestUri": "/"},
                                                  "input": {"shape": "BatchIn"}, "output": {"shape": "BatchOut"}, "errors": []}
    return lambda **parameters: client._make_api_call("BatchGetSecretValue", parameters)


def test_several_values_at_once(client, alibaba, batch):
    folder = new_name()
    for i in range(25):
        alibaba.rpc("CreateSecret", SecretName=f"{folder}/{i:02}", VersionId="v1", SecretData=f"value {i}")
    client.put_secret_value(SecretId=f"{folder}/03", SecretBinary=bytes(range(256)))
    got = batch(SecretIdList=[f"{folder}/07", f"{folder}/03", "nothing"])
    assert [v.get("SecretString", v.get("SecretBinary")) for v in got["SecretValues"]] == ["value 7", bytes(range(256))]
    assert got["SecretValues"][0]["ARN"] == client.describe_secret(SecretId=f"{folder}/07")["ARN"]
    assert [(e["SecretId"], e["ErrorCode"]) for e in got["Errors"]] == [("nothing", "ResourceNotFoundException")]
    names, token = [], {}
    while True:
        page = batch(Filters=[{"Key": "name", "Values": [folder]}], **token)
        names.append([v["Name"][-2:] for v in page["SecretValues"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [[f"{i:02}" for i in range(20)], [f"{i:02}" for i in range(20, 25)]]
    for wrong in ({}, {"SecretIdList": ["a"] * 21}, {"SecretIdList": ["a"], "MaxResults": 1}, {"Filters": [], "SecretIdList": []}):
        with pytest.raises(ClientError):
            batch(**wrong)
