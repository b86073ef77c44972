"""Many grants of one grantee on one key: each holds from the very next request on, and so does its end, whatever is kept ready of them."""
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from people import Person

GRANTS = 150  # enough to be kept ready (GRANT_SHELF_FROM)


def kms(server, access_key_id, secret):
    return boto3.client("kms", endpoint_url="http://" + server.http, region_name="cn-hangzhou", aws_access_key_id=access_key_id,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))


def allowed(client, sealed, volume):
    try:
        client.decrypt(CiphertextBlob=sealed[volume], EncryptionContext=context(volume))
        return True
    except ClientError as why:
        assert why.response["Error"]["Code"] == "AccessDeniedException", why
        return False


def context(volume):
    return {"app": "disks", "volume": f"vol-{volume}"}


@pytest.fixture(scope="module")
def many(server):
    """A key with a ciphertext and a grant for each of many volumes, of which the last two are not granted."""
    root, mounter = kms(server, server.access_key_id, server.access_key_secret), Person(server, "mounter")
    key_id = root.create_key()["KeyMetadata"]["KeyId"]
    volumes = range(GRANTS + 2)
    sealed = [root.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=context(v))["CiphertextBlob"] for v in volumes]

    def grant(volume, kind="EncryptionContextSubset", **more):
        return root.create_grant(KeyId=key_id, GranteePrincipal=mounter.arn, Operations=["Decrypt", "Encrypt"],
                                 Constraints={kind: context(volume)}, **more)["GrantId"]
    ids = [grant(v, ("EncryptionContextSubset", "EncryptionContextEquals")[v % 2], Name=f"of-{v}") for v in range(GRANTS)]
    return root, kms(server, mounter.key.id, mounter.key.secret), key_id, sealed, ids, grant


def test_each_gives_its_own(many):
    _, mounter, _, sealed, _, _ = many
    assert [v for v in range(GRANTS + 2) if not allowed(mounter, sealed, v)] == [GRANTS, GRANTS + 1]


def test_a_new_one_and_its_end_hold_at_once(many):
    root, mounter, key_id, sealed, ids, grant = many
    for _ in range(3):
        assert not allowed(mounter, sealed, GRANTS)
        new = grant(GRANTS)
        assert allowed(mounter, sealed, GRANTS)
        root.revoke_grant(KeyId=key_id, GrantId=new)
        assert not allowed(mounter, sealed, GRANTS)
        root.revoke_grant(KeyId=key_id, GrantId=ids[7])
        assert not allowed(mounter, sealed, 7) and allowed(mounter, sealed, 8)
        ids[7] = grant(7, Name="of-7")
        assert allowed(mounter, sealed, 7)


def test_of_those_without_a_constraint_the_last_counts(many):
    root, mounter, key_id, sealed, _, _ = many
    me = root.list_grants(KeyId=key_id, Limit=1)["Grants"][0]["GranteePrincipal"]
    free = [root.create_grant(KeyId=key_id, GranteePrincipal=me, Operations=["Decrypt"])["GrantId"] for _ in range(3)]
    for grant_id in free:
        assert allowed(mounter, sealed, GRANTS + 1)
        root.revoke_grant(KeyId=key_id, GrantId=grant_id)
    assert not allowed(mounter, sealed, GRANTS + 1)


def test_a_name_stands_for_the_same_grant(many):
    root, _, key_id, _, ids, grant = many
    before = len(root.list_grants(KeyId=key_id, Limit=1000)["Grants"])
    assert grant(20, Name="of-20") == ids[20]
    assert grant(20, Name="of-20-too") != ids[20]
    assert grant(21, Name="of-20") != ids[20]
    assert len(root.list_grants(KeyId=key_id, Limit=1000)["Grants"]) == before + 2


def test_the_listing_is_whole(many):
    root, _, key_id, _, _, _ = many
    shown, more = [], {}
    while True:
        page = root.list_grants(KeyId=key_id, Limit=40, **more)
        shown += [g["GrantId"] for g in page["Grants"]]
        if not page["Truncated"]:
            break
        more = {"Marker": page["NextMarker"]}
    assert len(shown) == len(set(shown)) and set(shown) == {g["GrantId"] for g in root.list_grants(KeyId=key_id, Limit=1000)["Grants"]}
