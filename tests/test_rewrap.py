"""Rotation that finishes: the census by key version, and data keys and values of secrets moved to the newest version, through pauses and kills; what is
read in between and afterwards is what was written, and the heads of the bodies on disk name the newest version only."""
import json
import os
import random
import sys
import threading
import time

import boto3
import pytest
from conftest import ROLES, ROOT
from test_crash import Place, kill_one, kill_supervisor
from wire import Client, Lost, Refused

sys.path.insert(0, os.path.join(ROOT, "tests", "reader"))
import keyhold_reader as reader  # noqa: E402

KEYHOLD = "2026-01-01"
KILLS = int(os.environ.get("KEYHOLD_REWRAP_KILLS", "6"))


def census(client, key_id):
    """({version: objects}, the rewrap's state, the whole answer)"""
    answer = client.rpc("GetKeyCensus", KEYHOLD, KeyId=key_id)
    return {v["KeyVersionId"]: v["Objects"] for v in answer["Versions"]}, answer.get("Rewrap", {}), answer


def put(client, name, body, key_id):
    headers = {"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": key_id}
    client.oss("PUT", "rewrap", name, body, headers)


def fill(client, key_id, count, start=0):
    bodies = {f"o{n}": f"body {n} ".encode() * (1 + n * 37 % 400) for n in range(start, start + count)}
    for name, body in bodies.items():
        put(client, name, body, key_id)
    return bodies


def fill_secrets(client, key_id, count, versions=1):
    """Secrets of as many versions, and what each is worth: {(name, version): value}."""
    values = {}
    for n in range(count):
        name = f"app/s{n}"
        for v in range(versions):
            values[name, f"v{v}"] = f"value {n} {v} " + "x" * (n * 97 % 3000)
            operation = "PutSecretValue" if v else "CreateSecret"
            more = {} if v else {"EncryptionKeyId": key_id}
            client.rpc(operation, SecretName=name, VersionId=f"v{v}", SecretData=values[name, f"v{v}"], **more)
    return values


def check_secrets(client, values):
    for (name, version), value in values.items():
        got = client.rpc("GetSecretValue", SecretName=name, VersionId=version)
        assert got["SecretData"] == value and got["VersionId"] == version, name


def secrets_of(client, key_id):
    return {v["KeyVersionId"]: v["Secrets"] for v in client.rpc("GetKeyCensus", KEYHOLD, KeyId=key_id)["Versions"]}


def wait_finished(client, key_id, within=40):
    end = time.monotonic() + within
    while True:
        try:
            counts, state, _ = census(client, key_id)
            if state.get("Status") == "Finished":
                return counts
        except Lost:
            pass
        assert time.monotonic() < end, (counts, state)
        time.sleep(0.05)


def versions_on_disk(place):
    """How many bodies name each key version in their heads."""
    found = {}
    for folder, _, names in os.walk(os.path.join(place.folder, "core", "blobs")):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                wrapped = reader.blob_parse(f.read())[1]
            version = wrapped[20:36].hex()
            found[version] = found.get(version, 0) + 1
    return found


def events_of(place, name):
    return [e for e in place.events() if e["eventName"] == name]


def test_every_data_key_is_moved(keyhold, tmp_path):
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    first = client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["PrimaryKeyVersion"]
    client.oss("PUT", "rewrap")
    bodies = fill(client, key_id, 70)
    sealed = client.rpc("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")["CiphertextBlob"]
    second = client.rpc("CreateKeyVersion", KeyId=key_id)["KeyVersion"]["KeyVersionId"]
    bodies |= fill(client, key_id, 5, 70)
    counts, state, answer = census(client, key_id)
    assert counts == {first: 70, second: 5} and state == {}
    by_version = {v["KeyVersionId"]: v for v in answer["Versions"]}
    assert by_version[first]["Wraps"] == 71 and by_version[second]["Wraps"] == 5  # the objects' data keys, and Encrypt
    assert by_version[second]["IsPrimary"] and not by_version[first]["IsPrimary"]
    begun = client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000)["Rewrap"]
    assert begun["Status"] == "Running" and begun["Remaining"] == 70
    assert wait_finished(client, key_id) == {first: 0, second: 75}
    for name, body in bodies.items():
        assert client.oss("GET", "rewrap", name)[1] == body
    assert client.rpc("Decrypt", CiphertextBlob=sealed)["Plaintext"] == "aGVsbG8="  # what is outside stays as it is
    assert place.server.stop() == 0
    assert versions_on_disk(place) == {second.replace("-", ""): 75}
    moved = events_of(place, "RewrapDataKey")
    assert {e["resourceName"].split(",")[0] for e in moved} == {f"rewrap/o{n}" for n in range(70)} and len(moved) == 70
    assert all(e["keyUse"] == [{"keyId": key_id, "keyVersionId": first, "operation": "Rewrap"}] for e in moved)
    assert all(e["userIdentity"]["type"] == "system" for e in moved)
    statement, = events_of(place, "RewrapFinished")
    assert statement["responseElements"] == {"remaining": 0, "objects": {first: 0, second: 75},
                                            "secrets": {first: 0, second: 0}}
    assert statement["resourceName"] == key_id


def test_values_of_secrets_are_moved(keyhold, tmp_path):
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    first = client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["PrimaryKeyVersion"]
    values = fill_secrets(client, key_id, 12, versions=3)
    client.rpc("DeleteSecret", SecretName="app/s11", RecoveryWindowInDays=7)
    second = client.rpc("CreateKeyVersion", KeyId=key_id)["KeyVersion"]["KeyVersionId"]
    client.rpc("PutSecretValue", SecretName="app/s0", VersionId="v9", SecretData="newer")
    values["app/s0", "v9"] = "newer"
    client.rpc("CreateSecret", SecretName="app/elsewhere", VersionId="v0", SecretData="under the account's own key")
    assert secrets_of(client, key_id) == {first: 12, second: 1}
    before = {n: client.rpc("DescribeSecret", SecretName=n) for n in ("app/s0", "app/s1")}
    begun = client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=2)["Rewrap"]
    assert begun["Status"] == "Running" and begun["Remaining"] == 12
    end = time.monotonic() + 20
    while (left := census(client, key_id)[1]["Remaining"]) == 12:
        assert time.monotonic() < end
    assert left >= 9  # no faster than was said
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000)
    wait_finished(client, key_id)
    assert secrets_of(client, key_id) == {first: 0, second: 12}
    client.rpc("RestoreSecret", SecretName="app/s11")  # what can be restored is moved, too
    check_secrets(client, values)
    for name, described in before.items():  # nothing has changed for its owner
        assert {**client.rpc("DescribeSecret", SecretName=name), "RequestId": ""} == {**described, "RequestId": ""}
    # the same value for the same version is still known, and another one is still refused
    client.rpc("PutSecretValue", SecretName="app/s1", VersionId="v2", SecretData=values["app/s1", "v2"])
    with pytest.raises(Refused) as refused:
        client.rpc("PutSecretValue", SecretName="app/s1", VersionId="v2", SecretData="other")
    assert refused.value.code == "Rejected.ResourceExist"
    assert place.server.stop() == 0
    moved = events_of(place, "RewrapSecret")
    assert {e["resourceName"] for e in moved} == {f"app/s{n},{key_id}" for n in range(12)} and len(moved) == 12
    for e in moved:
        assert e["keyUse"] == [{"keyId": key_id, "keyVersionId": first, "operation": "RewrapSecret"}] * 3
        assert e["userIdentity"]["type"] == "system" and e["resourceType"] == "ACS::KMS::Secret,ACS::KMS::Key"
    statement, = events_of(place, "RewrapFinished")
    assert statement["responseElements"] == {"remaining": 0, "objects": {first: 0, second: 0}, "secrets": {first: 0, second: 12}}
    assert not [e for e in place.events() if e["eventName"].startswith("KeyUseNot")]


def test_secrets_of_other_regions_under_the_accounts_own_key(keyhold, tmp_path):
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    abroad = boto3.client("secretsmanager", endpoint_url=f"http://{place.address}", region_name="eu-west-1",
                          aws_access_key_id=place.access_key[0], aws_secret_access_key=place.access_key[1])
    abroad.create_secret(Name="same/name", SecretString="abroad")
    client.rpc("CreateSecret", SecretName="same/name", VersionId="v0", SecretData="here")
    service = client.rpc("DescribeKey", KeyId="alias/acs/oss")["KeyMetadata"]["KeyId"]

    def secrets():
        page = client.rpc("ListKeyDependents", KEYHOLD, KeyId=service, Kind="Secret", MaxResults=1)
        more = client.rpc("ListKeyDependents", KEYHOLD, KeyId=service, Kind="Secret", NextToken=page["NextToken"]) \
            if "NextToken" in page else {"Dependents": []}
        return page["Total"], [(d["Name"], d["Region"]) for d in page["Dependents"] + more["Dependents"]]

    assert secrets() == (2, [("same/name", "cn-hangzhou"), ("same/name", "eu-west-1")])
    client.rpc("CreateKeyVersion", KeyId=service)
    client.rpc("RewrapKey", KEYHOLD, KeyId=service, RatePerSecond=10000)
    wait_finished(client, service)
    assert sorted(secrets_of(client, service).values()) == [0, 2]
    assert abroad.get_secret_value(SecretId="same/name")["SecretString"] == "abroad"
    assert client.rpc("GetSecretValue", SecretName="same/name")["SecretData"] == "here"
    client.rpc("DeleteSecret", SecretName="same/name", ForceDeleteWithoutRecovery="true")
    assert secrets() == (1, [("same/name", "eu-west-1")])


class Toucher(threading.Thread):
    """Reads objects all the time, and writes some of them again."""

    def __init__(self, place, key_id, bodies, seed, secrets=None):
        super().__init__(daemon=True)
        self.secrets = secrets or {}
        self.place, self.key_id, self.bodies, self.random = place, key_id, bodies, random.Random(seed)
        self.stop, self.failure, self.reads = threading.Event(), None, 0
        self.unsure = {}

    def touch_secret(self, client):
        """Reads a version, or gives the secret one more."""
        (name, version), value = self.random.choice(list(self.secrets.items()))
        if self.random.random() < 0.1:
            added = f"t{self.reads}-{self.random.random()}"
            client.rpc("PutSecretValue", SecretName=name, VersionId=added, SecretData=added, **{"VersionStages": '["touched"]'})
        elif client.rpc("GetSecretValue", SecretName=name, VersionId=version)["SecretData"] != value:
            self.failure = f"{name} {version} is something else"
        self.reads += 1

    def run(self):
        client = self.place.client(timeout=20)
        while not self.stop.is_set() and not self.failure:
            name = self.random.choice(list(self.bodies))
            try:
                if self.secrets and self.random.random() < 0.5:
                    self.touch_secret(client)
                elif self.random.random() < 0.1:
                    body = f"again {self.random.random()}".encode() * 50
                    self.unsure.setdefault(name, [self.bodies[name]]).append(body)
                    put(client, name, body, self.key_id)
                    self.bodies[name] = body
                    self.unsure.pop(name)
                else:
                    got = client.oss("GET", "rewrap", name)[1]
                    if got not in (self.bodies[name], *self.unsure.get(name, [])):
                        self.failure = f"{name} is something else"
                    self.reads += 1
            except Lost:
                self.stop.wait(0.02)
            except Refused as why:
                self.failure = f"{name}: {why}"


def test_it_survives_kills(keyhold, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.oss("PUT", "rewrap")
    bodies = fill(client, key_id, 40 * (1 + KILLS // 2))
    values = fill_secrets(client, key_id, 10 * (1 + KILLS // 2), versions=2)
    secret_count = len(values) // 2
    former = client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["PrimaryKeyVersion"]
    newest = client.rpc("CreateKeyVersion", KeyId=key_id)["KeyVersion"]["KeyVersionId"]
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=40)
    toucher = Toucher(place, key_id, bodies, seed, values)
    toucher.start()
    least, most, least_secrets = len(bodies), 0, secret_count
    try:
        for number in range(KILLS):
            end = time.monotonic() + rng.random()
            while time.monotonic() < end:
                try:
                    counts, _, answer = census(client, key_id)
                    left, = (v["Secrets"] for v in answer["Versions"] if v["KeyVersionId"] == former)
                    assert left <= least_secrets, f"seed {seed}"
                    least_secrets = left
                    assert counts[former] <= least and counts[newest] >= most, f"seed {seed}"
                    assert counts[former] + counts[newest] == len(bodies), f"seed {seed}"
                    least, most = counts[former], counts[newest]
                except Lost:
                    pass
                assert not toucher.failure, f"seed {seed}: {toucher.failure}"
            kill_supervisor(place) if number == KILLS // 2 else kill_one(place, rng, rng.choice(ROLES))
        client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000) if least + least_secrets else None
    except Lost:
        pass
    client.close()
    assert wait_finished(client, key_id) == {former: 0, newest: len(bodies)}, f"seed {seed}"
    toucher.stop.set()
    toucher.join(30)
    assert not toucher.failure and toucher.reads > 0, f"seed {seed}: {toucher.failure}"
    for name, body in bodies.items():
        assert client.oss("GET", "rewrap", name)[1] in (body, *toucher.unsure.get(name, [])), f"seed {seed}: {name}"
    check_secrets(client, values)
    assert secrets_of(client, key_id) == {former: 0, newest: secret_count}, f"seed {seed}"
    assert place.server.stop() == 0
    assert set(versions_on_disk(place)) == {newest.replace("-", "")}, f"seed {seed}"
    reader.verify(place.trail, place.vkey())
    assert not [e for e in place.events() if e["eventName"].startswith("KeyUseNot")], f"seed {seed}"
    assert events_of(place, "RewrapFinished"), f"seed {seed}"


def test_a_disabled_key_pauses_it(keyhold, tmp_path):
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.oss("PUT", "rewrap")
    fill(client, key_id, 30)
    client.rpc("CreateKeyVersion", KeyId=key_id)
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=4)
    client.rpc("DisableKey", KeyId=key_id)
    counts, state, _ = census(client, key_id)
    assert state["Status"] == "Paused" and state["Remaining"] > 0
    client.rpc("EnableKey", KeyId=key_id)
    client.rpc("DisableKey", KeyId=key_id)
    paused = census(client, key_id)[1]["Remaining"]
    time.sleep(0.6)  # two of its paces: nothing may move
    assert census(client, key_id)[1]["Remaining"] == paused
    client.rpc("EnableKey", KeyId=key_id)
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000)
    assert sum(wait_finished(client, key_id).values()) == 30


def test_a_stop_does_not_wait_for_it(keyhold, tmp_path):
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.oss("PUT", "rewrap")
    bodies = fill(client, key_id, 150)
    client.rpc("CreateKeyVersion", KeyId=key_id)
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=100)
    begun = time.monotonic()
    assert place.server.stop() == 0
    assert time.monotonic() - begun < 5
    place.start()
    client = place.client()
    assert census(client, key_id)[1]["Remaining"] > 0
    assert not place.server.log("bodies removed")
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000)
    wait_finished(client, key_id)
    for name in list(bodies)[::10]:
        assert client.oss("GET", "rewrap", name)[1] == bodies[name]


def test_what_is_refused(server):
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    pair = client.rpc("CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")["KeyMetadata"]["KeyId"]
    client.rpc("DisableKey", KeyId=key_id)
    for code, parameters in (("Rejected.Disabled", {"KeyId": key_id}), ("Rejected.UnsupportedOperation", {"KeyId": pair}),
                             ("InvalidParameter", {"KeyId": key_id, "RatePerSecond": 0})):
        with pytest.raises(Refused) as refused:
            client.rpc("RewrapKey", KEYHOLD, **parameters)
        assert refused.value.code == code
    client.rpc("EnableKey", KeyId=key_id)
    # nothing to move: finished at once, and said so
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id)
    wait_finished(client, key_id)
    found = client.rpc("LookupEvents", "2020-07-06", **{"LookupAttribute.1.Key": "EventName",
                                                         "LookupAttribute.1.Value": "RewrapFinished"})["Events"]
    assert [e if isinstance(e, dict) else json.loads(e) for e in found][0]["responseElements"]["remaining"] == 0
