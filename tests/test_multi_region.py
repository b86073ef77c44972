"""Multi-Region keys through boto3: one id and one material in several regions of one Keyhold, each with its own policy, grants, aliases,
tags and state."""
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from test_key_policies import User, says

HERE, THERE, THIRD = "cn-hangzhou", "eu-west-1", "us-east-1"


def kms(server, region=HERE, who=None):
    access_key_id, secret = who or (server.access_key_id, server.access_key_secret)
    return boto3.client("kms", endpoint_url="http://" + server.http, region_name=region, aws_access_key_id=access_key_id,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}, read_timeout=30))


def refused(code, call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    assert caught.value.response["Error"]["Code"] == code, caught.value.response
    return caught.value.response["Error"]["Message"]


@pytest.fixture(scope="module")
def here(server):
    status, answer = server.ask("GetCallerIdentity", version="2015-04-01")
    assert status == 200, answer
    server.account = answer["AccountId"]
    return kms(server)


@pytest.fixture(scope="module")
def there(server):
    return kms(server, THERE)


@pytest.fixture
def key(here):
    return here.create_key(MultiRegion=True, Description="of both")["KeyMetadata"]


def replicate(client, key_id, region=THERE, **more):
    return client.replicate_key(KeyId=key_id, ReplicaRegion=region, **more)["ReplicaKeyMetadata"]


def test_one_key_in_two_regions(here, there, key):
    assert key["KeyId"].startswith("mrk-") and len(key["KeyId"]) == 36
    assert key["MultiRegion"] is True and key["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", "PrimaryKey": {"Arn": key["Arn"], "Region": HERE}, "ReplicaKeys": []}
    blob = here.encrypt(KeyId=key["KeyId"], Plaintext=b"from here", EncryptionContext={"a": "b"})["CiphertextBlob"]
    refused("NotFoundException", there.decrypt, CiphertextBlob=blob, EncryptionContext={"a": "b"})
    made = here.replicate_key(KeyId=key["Arn"], ReplicaRegion=THERE, Description="there", Tags=[{"TagKey": "t", "TagValue": "v"}])
    replica = made["ReplicaKeyMetadata"]
    assert replica["KeyId"] == key["KeyId"] and replica["Arn"] == key["Arn"].replace(HERE, THERE)
    assert made["ReplicaTags"] == [{"TagKey": "t", "TagValue": "v"}] and json.loads(made["ReplicaPolicy"])["Statement"]
    config = {"PrimaryKey": {"Arn": key["Arn"], "Region": HERE}, "ReplicaKeys": [{"Arn": replica["Arn"], "Region": THERE}]}
    assert here.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"] == {"MultiRegionKeyType": "PRIMARY", **config}
    shown = there.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert shown["MultiRegionConfiguration"] == {"MultiRegionKeyType": "REPLICA", **config}
    assert shown == replica and (shown["Description"], shown["KeyState"]) == ("there", "Enabled")
    opened = there.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"from here", replica["Arn"])
    refused("InvalidCiphertextException", there.decrypt, CiphertextBlob=blob, EncryptionContext={"a": "c"})
    back = there.generate_data_key(KeyId=replica["Arn"], KeySpec="AES_256")
    assert here.decrypt(CiphertextBlob=back["CiphertextBlob"], KeyId=key["KeyId"])["Plaintext"] == back["Plaintext"]
    refused("AlreadyExistsException", here.replicate_key, KeyId=key["KeyId"], ReplicaRegion=THERE)
    refused("UnsupportedOperationException", there.replicate_key, KeyId=key["KeyId"], ReplicaRegion=THIRD)
    refused("NotFoundException", here.describe_key, KeyId=replica["Arn"])
    assert [entry["KeyArn"] for entry in there.list_keys()["Keys"] if entry["KeyId"] == key["KeyId"]] == [replica["Arn"]]


def test_pairs_and_codes_too(here, there):
    for more, sign, verify in (
            ({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}, ("sign", {"SigningAlgorithm": "ECDSA_SHA_256"}, "Signature"), "verify"),
            ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, ("generate_mac", {"MacAlgorithm": "HMAC_SHA_256"}, "Mac"), "verify_mac")):
        key_id = here.create_key(MultiRegion=True, **more)["KeyMetadata"]["KeyId"]
        replicate(here, key_id)
        name, how, member = sign
        made = getattr(here, name)(KeyId=key_id, Message=b"m", **how)[member]
        getattr(there, verify)(KeyId=key_id, Message=b"m", **how, **{member: made})
    key_id = here.create_key(MultiRegion=True, KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    replicate(here, key_id)
    assert here.get_public_key(KeyId=key_id)["PublicKey"] == there.get_public_key(KeyId=key_id)["PublicKey"]


def test_each_region_has_its_own_state_aliases_tags_policy_and_grants(server, here, there, key):
    key_id, user = key["KeyId"], User(server)
    replicate(here, key_id)
    for client, tag in ((here, "h"), (there, "t")):
        client.create_alias(AliasName="alias/both", TargetKeyId=key_id)
        client.tag_resource(KeyId=key_id, Tags=[{"TagKey": "where", "TagValue": tag}])
    assert [client.list_resource_tags(KeyId=key_id)["Tags"][0]["TagValue"] for client in (here, there)] == ["h", "t"]
    assert there.describe_key(KeyId="alias/both")["KeyMetadata"]["Arn"].split(":")[3] == THERE
    grant = there.create_grant(KeyId=key_id, GranteePrincipal=user.arn, RetiringPrincipal=user.arn, Operations=["Encrypt"])
    kms(server, THERE, user.access_key).encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[grant["GrantToken"]])
    refused("AccessDeniedException", kms(server, HERE, user.access_key).encrypt, KeyId=key_id, Plaintext=b"x")
    assert here.list_grants(KeyId=key_id)["Grants"] == [] and here.list_retirable_grants(RetiringPrincipal=user.arn)["Grants"] == []
    (shown,) = there.list_retirable_grants(RetiringPrincipal=user.arn)["Grants"]
    assert (shown["KeyId"].split(":")[3], shown["GrantId"]) == (THERE, grant["GrantId"])
    refused("InvalidGrantTokenException", here.retire_grant, GrantToken=grant["GrantToken"])
    there.retire_grant(GrantToken=grant["GrantToken"])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{server.account}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}]})
    there.put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy)
    refused("AccessDeniedException", there.encrypt, KeyId=key_id, Plaintext=b"x")
    here.encrypt(KeyId=key_id, Plaintext=b"x")
    assert here.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"] != there.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    here.disable_key(KeyId=key_id)
    refused("DisabledException", here.encrypt, KeyId=key_id, Plaintext=b"x")
    there.generate_data_key(KeyId=key_id, KeySpec="AES_128")


def test_a_replica_made_with_a_policy(server, here, there, key):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{server.account}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]})
    locking = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": User(server).arn}, "Action": "kms:*", "Resource": "*"}]})
    admin = User(server, says("Allow"))
    refused("MalformedPolicyDocumentException", admin.kms.replicate_key, KeyId=key["KeyId"], ReplicaRegion=THERE, Policy=locking)
    refused("NotFoundException", there.describe_key, KeyId=key["KeyId"])
    replicate(here, key["KeyId"], Policy=policy)
    blob = there.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    refused("AccessDeniedException", there.decrypt, CiphertextBlob=blob)
    assert here.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_who_may_replicate(server, here, key):
    """kms:ReplicateKey on the key, and kms:CreateKey in the other region."""
    only_replicate, only_create = User(server, says("Allow", "kms:ReplicateKey")), User(server, says("Allow", "kms:CreateKey"))
    elsewhere = User(server, says("Allow", "kms:ReplicateKey"), says("Allow", "kms:CreateKey", f"arn:aws:kms:{HERE}:*:key"))
    limited = User(server, says("Allow", ["kms:ReplicateKey", "kms:CreateKey"]),
                   says("Deny", "kms:CreateKey", Condition={"StringEquals": {"aws:RequestedRegion": THERE}}))
    both = User(server, says("Allow", ["kms:ReplicateKey", "kms:CreateKey"]))
    for user in (only_replicate, only_create, elsewhere, limited):
        refused("AccessDeniedException", user.kms.replicate_key, KeyId=key["KeyId"], ReplicaRegion=THERE)
    replicate(both.kms, key["KeyId"])
    refused("AccessDeniedException", both.kms.update_primary_region, KeyId=key["KeyId"], PrimaryRegion=THERE)
    one_side = User(server, says("Allow", "kms:UpdatePrimaryRegion", f"arn:aws:kms:{HERE}:*:key/*"))
    refused("AccessDeniedException", one_side.kms.update_primary_region, KeyId=key["KeyId"], PrimaryRegion=THERE)
    User(server, says("Allow", "kms:UpdatePrimaryRegion")).kms.update_primary_region(KeyId=key["KeyId"], PrimaryRegion=THERE)


def test_a_rotation_is_every_regions(server, here, there, key):
    from test_boto3_kms import signed
    key_id = key["KeyId"]
    replicate(here, key_id)
    old = there.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]

    def rotate(region):
        return signed(server, "TrentService.RotateKeyOnDemand", json.dumps({"KeyId": key_id}).encode(), region=region)

    def material(region):
        return signed(server, "TrentService.DescribeKey", json.dumps({"KeyId": key_id}).encode(), region=region)[2]["KeyMetadata"]["CurrentKeyMaterialId"]
    assert rotate(THERE)[2]["__type"] == "UnsupportedOperationException"
    before = material(THERE)
    assert rotate(HERE)[0] == 200
    assert material(THERE) == material(HERE) != before
    new = there.encrypt(KeyId=key_id, Plaintext=b"new")["CiphertextBlob"]
    for client in (here, there):
        assert [client.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in (old, new)] == [b"old", b"new"]
    refused("UnsupportedOperationException", there.enable_key_rotation, KeyId=key_id)
    here.enable_key_rotation(KeyId=key_id)
    assert there.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True
    here.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)
    refused("UnsupportedOperationException", here.disable_key_rotation, KeyId=key_id)
    assert rotate(HERE)[2]["__type"] == "UnsupportedOperationException" and rotate(THERE)[0] == 200
    there.disable_key_rotation(KeyId=key_id)
    assert here.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    for client in (here, there):
        assert [client.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in (old, new)] == [b"old", b"new"]


def test_another_region_becomes_the_primary(server, here, there, key):
    key_id, third = key["KeyId"], kms(server, THIRD)
    refused("NotFoundException", here.update_primary_region, KeyId=key_id, PrimaryRegion=THERE)
    for region in (THERE, THIRD):
        replicate(here, key_id, region)
    blob = third.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    there.disable_key(KeyId=key_id)
    refused("DisabledException", here.update_primary_region, KeyId=key_id, PrimaryRegion=THERE)
    there.enable_key(KeyId=key_id)
    here.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)
    for client, kind in ((here, "REPLICA"), (there, "PRIMARY"), (third, "REPLICA")):
        config = client.describe_key(KeyId=key_id)["KeyMetadata"]["MultiRegionConfiguration"]
        assert config["MultiRegionKeyType"] == kind and config["PrimaryKey"]["Region"] == THERE
        assert sorted(each["Region"] for each in config["ReplicaKeys"]) == sorted([HERE, THIRD])
        assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused("UnsupportedOperationException", here.update_primary_region, KeyId=key_id, PrimaryRegion=THIRD)


def test_what_cannot_be_replicated(here, key):
    plain = here.create_key()["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", here.replicate_key, KeyId=plain, ReplicaRegion=THERE)
    refused("UnsupportedOperationException", here.create_key, MultiRegion=True, Origin="EXTERNAL")
    for wrong in (HERE, "EU-WEST-1", "eu/west", "../x"):
        refused("ValidationException", here.replicate_key, KeyId=key["KeyId"], ReplicaRegion=wrong)
    refused("ValidationException", here.replicate_key, KeyId=key["KeyId"], ReplicaRegion="x" * 33)
    here.disable_key(KeyId=key["KeyId"])
    refused("DisabledException", here.replicate_key, KeyId=key["KeyId"], ReplicaRegion=THERE)
    uuid = "-".join((key["KeyId"][4:12], key["KeyId"][12:16], key["KeyId"][16:20], key["KeyId"][20:24], key["KeyId"][24:]))
    refused("NotFoundException", here.describe_key, KeyId=uuid)
    refused("NotFoundException", here.describe_key, KeyId=key["KeyId"].upper())


def test_only_regions_that_are_offered(keyhold):
    server = keyhold.in_memory("--region", HERE, "--regions", THERE)
    client = kms(server)
    key_id = client.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    replicate(client, key_id)
    refused("ValidationException", client.replicate_key, KeyId=key_id, ReplicaRegion=THIRD)


# ---- the end: the primary goes last

def test_a_primary_waits_for_its_replicas(here, there, key):
    key_id = key["KeyId"]
    replicate(here, key_id)
    planned = here.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=9)
    assert (planned["KeyState"], planned["PendingWindowInDays"], "DeletionDate" in planned) == ("PendingReplicaDeletion", 9, False)
    shown = here.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (shown["KeyState"], shown["Enabled"], shown["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", False, 9)
    for call, more in ((here.encrypt, {"Plaintext": b"x"}), (here.enable_key, {}), (here.schedule_key_deletion, {}),
                       (here.replicate_key, {"ReplicaRegion": THIRD}), (here.update_primary_region, {"PrimaryRegion": THERE})):
        refused("KMSInvalidStateException", call, KeyId=key_id, **more)
    blob = there.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    here.cancel_key_deletion(KeyId=key_id)
    assert here.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"

