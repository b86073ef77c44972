"""Rotation that finishes: the census by key version, and data keys moved to the newest version, through pauses and kills; what is
read in between and afterwards is what was written, and the heads of the bodies on disk name the newest version only."""
import json
import os
import random
import sys
import threading
import time

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
    assert statement["responseElements"] == {"remaining": 0, "objects": {first: 0, second: 75}}
    assert statement["resourceName"] == key_id


class Toucher(threading.Thread):
    """Reads objects all the time, and writes some of them again."""

    def __init__(self, place, key_id, bodies, seed):
        super().__init__(daemon=True)
        self.place, self.key_id, self.bodies, self.random = place, key_id, bodies, random.Random(seed)
        self.stop, self.failure, self.reads = threading.Event(), None, 0
        self.unsure = {}

    def run(self):
        client = self.place.client(timeout=20)
        while not self.stop.is_set() and not self.failure:
            name = self.random.choice(list(self.bodies))
            try:
                if self.random.random() < 0.1:
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
    former = client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["PrimaryKeyVersion"]
    newest = client.rpc("CreateKeyVersion", KeyId=key_id)["KeyVersion"]["KeyVersionId"]
    client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=40)
    toucher = Toucher(place, key_id, bodies, seed)
    toucher.start()
    least, most = len(bodies), 0
    try:
        for number in range(KILLS):
            end = time.monotonic() + rng.random()
            while time.monotonic() < end:
                try:
                    counts, _, _ = census(client, key_id)
                    assert counts[former] <= least and counts[newest] >= most, f"seed {seed}"
                    assert counts[former] + counts[newest] == len(bodies), f"seed {seed}"
                    least, most = counts[former], counts[newest]
                except Lost:
                    pass
                assert not toucher.failure, f"seed {seed}: {toucher.failure}"
            kill_supervisor(place) if number == KILLS // 2 else kill_one(place, rng, rng.choice(ROLES))
        client.rpc("RewrapKey", KEYHOLD, KeyId=key_id, RatePerSecond=10000) if least else None
    except Lost:
        pass
    client.close()
    assert wait_finished(client, key_id) == {former: 0, newest: len(bodies)}, f"seed {seed}"
    toucher.stop.set()
    toucher.join(30)
    assert not toucher.failure and toucher.reads > 0, f"seed {seed}: {toucher.failure}"
    for name, body in bodies.items():
        assert client.oss("GET", "rewrap", name)[1] in (body, *toucher.unsure.get(name, [])), f"seed {seed}: {name}"
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
