"""What depends on a key: always what is there, whatever was written, overwritten, deleted and killed in between."""
import os
import random

import pytest
from conftest import ROLES
from test_crash import Load, Place, kill_one, kill_supervisor, list_objects
from wire import Client, Refused

KEYHOLD = "2026-01-01"
KILLS = int(os.environ.get("KEYHOLD_DEPENDENTS_KILLS", "4"))


def dependents_of(client, key_id, size=50, **more):
    """(total, {(kind, name, version), …}) over pages."""
    found, token = set(), {}
    while True:
        page = client.rpc("ListKeyDependents", KEYHOLD, KeyId=key_id, MaxResults=size, **more, **token)
        for each in page["Dependents"]:
            line = (each["Kind"], each["Name"], each.get("KeyVersionId", ""))
            assert line not in found, line
            found.add(line)
        if "NextToken" not in page:
            return page["Total"], found
        token = {"NextToken": page["NextToken"]}


def test_they_are_what_is_there_after_kills(keyhold, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.oss("PUT", "crash")
    service = client.rpc("DescribeKey", KeyId="alias/acs/oss")["KeyMetadata"]
    load = Load(place.address, place.access_key, seed, key_id)
    try:
        for number in range(KILLS):
            assert load.wait_for_more(rng.randrange(60, 200)), f"seed {seed}"
            kill_supervisor(place) if number == KILLS // 2 else kill_one(place, rng, rng.choice(ROLES))
        assert load.wait_for_more(100), f"seed {seed}"
    finally:
        load.stop.set()
    load.end()
    client.close()
    total, found = dependents_of(client, service["KeyId"])
    objects = {("Object", f"crash/{name}", service["PrimaryKeyVersion"]) for name in list_objects(client, "crash")}
    assert len(objects) > 10, f"seed {seed}"
    assert found == objects | {("Alias", "alias/acs/oss", "")}, f"seed {seed}"
    assert total == len(found)
    of_version = {"Kind": "Object", "KeyVersionId": service["PrimaryKeyVersion"]}
    assert dependents_of(client, service["KeyId"], size=7, **of_version) == (len(objects), objects)


def test_each_kind(server):
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    one, other = (client.rpc("CreateKey")["KeyMetadata"]["KeyId"] for _ in range(2))
    client.rpc("CreateAlias", AliasName="alias/depends", KeyId=one)
    client.oss("PUT", "depends")
    rule = f"""<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm>
    <KMSMasterKeyID>{one}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"""
    client.oss("PUT", "depends", body=rule.encode(), query="encryption")
    client.oss("PUT", "depends", "a/b.txt", b"hello")
    version = client.rpc("DescribeKey", KeyId=one)["KeyMetadata"]["PrimaryKeyVersion"]
    client.rpc("CreateSecret", SecretName="db/password", SecretData="s3cret", VersionId="1", EncryptionKeyId=one)
    secret = {("Secret", "db/password", ""), ("Secret", "db/password", version)}
    assert dependents_of(client, one, Kind="Secret") == (2, secret)
    client.rpc("DeleteSecret", SecretName="db/password", ForceDeleteWithoutRecovery="true")
    assert dependents_of(client, one, Kind="Secret") == (0, set())
    everything = {("Alias", "alias/depends", ""), ("Bucket", "depends", ""), ("Object", "depends/a/b.txt", version)}
    assert dependents_of(client, "alias/depends", size=1) == (3, everything)
    assert dependents_of(client, other) == (0, set())
    # moved, not doubled
    client.rpc("UpdateAlias", AliasName="alias/depends", KeyId=other)
    client.oss("PUT", "depends", "a/b.txt", b"again", {"x-oss-server-side-encryption": "KMS",
                                                        "x-oss-server-side-encryption-key-id": other})
    assert dependents_of(client, one) == (1, {("Bucket", "depends", "")})
    assert {line[:2] for line in dependents_of(client, other)[1]} == {("Alias", "alias/depends"), ("Object", "depends/a/b.txt")}
    client.oss("DELETE", "depends", "a/b.txt")
    client.oss("DELETE", "depends")
    client.rpc("DeleteAlias", AliasName="alias/depends")
    assert dependents_of(client, one) == dependents_of(client, other) == (0, set())


def test_what_is_refused(server):
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    for parameters in ({"KeyVersionId": "x"}, {"Kind": "Planet"}, {"MaxResults": 0}, {"NextToken": "%"}):
        with pytest.raises(Refused) as refused:
            client.rpc("ListKeyDependents", KEYHOLD, KeyId=key_id, **parameters)
        assert refused.value.code == "InvalidParameter", parameters
    # a token of one's own making leads to nothing of other keys
    assert client.rpc("ListKeyDependents", KEYHOLD, KeyId=key_id, NextToken="Li4vLi4v")["Dependents"] == []
