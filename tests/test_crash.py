"""Processes die at random moments under load: what was acknowledged stays, and is in the trail."""
import base64
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from conftest import ROLES, ROOT, Starter, run_init
from wire import RAM, TRAIL, Client, Lost, Refused, sign_oss

sys.path.insert(0, os.path.join(ROOT, "tests", "reader"))
import keyhold_reader as reader  # noqa: E402

ROUNDS = int(os.environ.get("KEYHOLD_CRASH_ROUNDS", "50"))
BUDGET_S = 240
WORKERS = 6
SUPERVISOR_EVERY = 10  # each so many rounds it is the supervisor


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Worker(threading.Thread):
    """Asks one thing after the other, and remembers what it was told."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load, self.random = load, random.Random(load.seed * 1000 + number)
        self.name, self.count = f"w{number}", 0
        self.client = Client(load.address, load.access_key, timeout=20)

    def run(self):
        try:
            while not self.load.stop.is_set():
                self.count += 1
                kind = self.random.choice(self.KINDS)
                try:
                    kind(self)
                    self.load.acknowledge()
                except Lost:
                    self.load.lost += 1
                    self.load.stop.wait(0.01)  # a client that hammers a server on its way up takes its processor
        except BaseException as why:  # noqa: B902  handed to the test
            self.load.failures.append(why)
            self.load.stop.set()

    def told(self, kind, request_id, *facts):
        with self.load.lock:
            self.load.facts.append((kind, request_id, *facts))

    def label(self):
        return f"{self.name}-{self.count}"

    def encrypt(self):
        plaintext = base64.b64encode(self.label().encode() * 8).decode()
        made = self.client.rpc("Encrypt", KeyId=self.load.key_id, Plaintext=plaintext, EncryptionContext='{"by":"crash"}')
        self.told("Encrypt", made["RequestId"], made["CiphertextBlob"], plaintext, '{"by":"crash"}')

    def generate(self):
        made = self.client.rpc("GenerateDataKey", KeyId=self.load.key_id)
        self.told("GenerateDataKey", made["RequestId"], made["CiphertextBlob"], made["Plaintext"], "{}")

    def put_object(self):
        body = self.random.randbytes(self.random.choice([0, 100, 5000, 70000]))
        key = f"{self.name}/{self.count}"
        headers, _ = self.client.oss("PUT", "crash", key, body, {"content-type": "application/octet-stream"})
        self.told("PutObject", headers["x-oss-request-id"], key, body)

    def overwrite_object(self):
        """One object of each worker is written again and again: the last acknowledged content, or a later one, is there."""
        key, body = f"{self.name}/again", self.label().encode() * 50
        with self.load.lock:
            self.load.attempts.setdefault(key, []).append(body)
        headers, _ = self.client.oss("PUT", "crash", key, body, {"content-type": "text/plain"})
        self.told("PutAgain", headers["x-oss-request-id"], key, body)

    def delete_object(self):
        with self.load.lock:
            mine = [f for f in self.load.facts if f[0] == "PutObject" and f[2].startswith(self.name + "/")
                    and f[2] not in self.load.deleting]
            if not mine:
                return
            key = self.random.choice(mine)[2]
            self.load.deleting.add(key)
        headers, _ = self.client.oss("DELETE", "crash", key)
        self.told("DeleteObject", headers["x-oss-request-id"], key)

    def create_key(self):
        made = self.client.rpc("CreateKey", Description=self.label(), signature=self.random.choice([1, 3]))
        self.told("CreateKey", made["RequestId"], made["KeyMetadata"]["KeyId"], self.label())

    def create_user(self):
        made = self.client.rpc("CreateUser", RAM, signature=3, UserName=self.label())
        self.told("CreateUser", made["RequestId"], self.label())

    def read_back(self):
        with self.load.lock:
            sealed = [f for f in self.load.facts[-200:] if f[0] == "Encrypt"]
        if not sealed:
            return
        fact = self.random.choice(sealed)
        opened = self.client.rpc("Decrypt", CiphertextBlob=fact[2], EncryptionContext=fact[4])
        assert opened["Plaintext"] == fact[3]
        self.told("Decrypt", opened["RequestId"])

    def get_object(self):
        with self.load.lock:
            mine = [f for f in self.load.facts if f[0] == "PutObject" and f[2].startswith(self.name + "/")
                    and f[2] not in self.load.deleting]
        if not mine:
            return
        fact = self.random.choice(mine)
        headers, body = self.client.oss("GET", "crash", fact[2])
        assert body == fact[3], fact[:3]
        self.told("GetObject", headers["x-oss-request-id"])

    KINDS = [encrypt, encrypt, generate, generate, put_object, put_object, overwrite_object, delete_object, create_key,
             create_user, read_back, get_object]


class Load:
    def __init__(self, address, access_key, seed, key_id):
        self.address, self.access_key, self.seed, self.key_id = address, access_key, seed, key_id
        self.stop, self.lock, self.moved = threading.Event(), threading.Lock(), threading.Condition()
        self.facts, self.failures, self.lost, self.acknowledged = [], [], 0, 0
        self.attempts, self.deleting = {}, set()
        self.workers = [Worker(self, n) for n in range(WORKERS)]
        for worker in self.workers:
            worker.start()

    def acknowledge(self):
        with self.moved:
            self.acknowledged += 1
            self.moved.notify_all()

    def wait_for_more(self, count, within=30):
        with self.moved:
            wanted = self.acknowledged + count
            came = self.moved.wait_for(lambda: self.acknowledged >= wanted or self.failures, within)
        self.check()
        return came

    def check(self):
        if self.failures:
            raise AssertionError(f"seed {self.seed}: {self.failures[0]!r}") from self.failures[0]

    def end(self):
        self.stop.set()
        for worker in self.workers:
            worker.join(40)
            assert not worker.is_alive(), f"{worker.name} hangs"
        self.check()


class Place:
    """A data folder and whatever serves it at a port that stays the same."""

    def __init__(self, keyhold, folder):
        self.keyhold, self.folder = keyhold, str(folder)
        self.made = json.loads(run_init(self.folder).stdout)
        self.access_key = (self.made["accessKeyId"], self.made["accessKeySecret"])
        self.address = f"127.0.0.1:{free_port()}"
        self.server = None
        self.start()

    def start(self):
        self.server = self.keyhold("--data", self.folder, "--http", self.address, "--https", "off", "--gateways", "2")
        self.server.use(*self.access_key)

    def client(self, **more):
        return Client(self.address, self.access_key, **more)

    @property
    def trail(self):
        return os.path.join(self.folder, "trail", self.made["accountId"])

    def checkpoint(self):
        try:
            with open(os.path.join(self.trail, "checkpoint"), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def vkey(self):
        return reader.text_or_file(os.path.join(self.folder, "trail", "vkey"))

    def events(self):
        """All events of the account's trail, from the tiles of a stopped server."""
        _, size, _ = reader.checkpoint_open(reader.read_file(self.trail, "checkpoint"), self.vkey())
        return [json.loads(entry) for entry in reader.entries_of(self.trail, size)]


def draw_roles(rng):
    """Without end, in random order, each as often as the others."""
    while True:
        yield from rng.sample(ROLES, len(ROLES))


def kill_one(place, rng, role):
    """kill -9 of one of the role's processes at a random moment; waits until another one is in its place."""
    time.sleep(rng.uniform(0, 0.03))
    before = place.server.pids(role)
    if not before:
        return role  # the one before is not back yet, which is a moment to look at, too
    victim = rng.choice(before)
    again = len(place.server.log("ready again"))
    os.kill(victim, signal.SIGKILL)
    place.server.wait_for(lambda: len(place.server.log("ready again")) > again, 20, f"the return of {role}")
    return role


def kill_supervisor(place):
    pids = [pid for found in place.server.pids().values() for pid in found]
    place.server.process.kill()
    place.server.process.wait()
    place.server.wait_for(lambda: not [pid for pid in pids if os.path.exists(f"/proc/{pid}")], 20, "the end of all children")
    place.start()
    return "supervisor"


def check_trail(place, facts, checkpoints):
    """Signature, tree, every earlier checkpoint; each acknowledged request has its one event."""
    for earlier in [None, *checkpoints]:
        reader.verify(place.trail, place.vkey(), earlier)
    by_request = {}
    for event in place.events():
        by_request.setdefault(event["requestId"], []).append(event)
    names = {"PutAgain": "PutObject"}
    used_as = {"Encrypt": "Encrypt", "GenerateDataKey": "Generate", "Decrypt": "Decrypt", "PutObject": "Generate",
               "PutAgain": "Generate", "GetObject": "Decrypt", "CreateKey": "NewKey"}
    assert set(used_as) <= {fact[0] for fact in facts}, "the load did not do everything"
    for fact in facts:
        found = by_request.get(fact[1], [])
        assert len(found) == 1, f"{fact[:3]} has {len(found)} events"
        assert found[0]["eventName"] == names.get(fact[0], fact[0]) and "errorCode" not in found[0], (fact[:3], found[0])
        if fact[0] in used_as:
            uses = found[0].get("keyUse", [])
            assert [use["operation"] for use in uses] == [used_as[fact[0]]], (fact[:3], found[0])
            assert uses[0]["keyId"] in [i for ids in found[0]["referencedResources"].values() for i in ids] or \
                fact[0] == "CreateKey", (fact[:3], found[0])
    return by_request


def check_content(place, load):
    client = place.client()
    deleted = {f[2] for f in load.facts if f[0] == "DeleteObject"}
    last = {}
    for fact in load.facts:
        kind = fact[0]
        if kind in ("Encrypt", "GenerateDataKey"):
            assert client.rpc("Decrypt", CiphertextBlob=fact[2], EncryptionContext=fact[4])["Plaintext"] == fact[3], fact
        elif kind == "CreateKey":
            assert client.rpc("DescribeKey", KeyId=fact[2])["KeyMetadata"]["Description"] == fact[3], fact
        elif kind == "CreateUser":
            assert client.rpc("GetUser", RAM, UserName=fact[2])["User"]["UserName"] == fact[2], fact
        elif kind == "PutAgain":
            last[fact[2]] = fact[3]
        elif kind == "PutObject" and fact[2] in deleted:
            with pytest.raises(Refused) as gone:
                client.oss("GET", "crash", fact[2])
            assert gone.value.code == "NoSuchKey"
        elif kind == "PutObject":
            try:
                assert client.oss("GET", "crash", fact[2])[1] == fact[3], fact[:3]
            except Refused as gone:
                # asked to be deleted, but the answer was lost
                assert gone.code == "NoSuchKey" and fact[2] in load.deleting, (fact[:3], gone)
    for key, body in last.items():
        later = load.attempts[key][load.attempts[key].index(body):]
        assert client.oss("GET", "crash", key)[1] in later, key
    return client


def check_all_recorded(place, client, events):
    """Nothing is there that no event tells of."""
    happened = {(e["eventName"], e.get("resourceName")) for found in events.values() for e in found if "errorCode" not in e}
    users = {e["requestParameters"]["UserName"] for found in events.values() for e in found
             if e["eventName"] == "CreateUser" and "errorCode" not in e}
    page, total = 1, 1
    while (page - 1) * 100 < total:
        keys = client.rpc("ListKeys", PageNumber=page, PageSize=100)
        total, page = keys["TotalCount"], page + 1
        for key in keys["Keys"]["Key"]:
            is_service = client.rpc("ListAliasesByKeyId", KeyId=key["KeyId"])["Aliases"]["Alias"]
            assert is_service or ("CreateKey", key["KeyId"]) in happened, key
    marker = {}
    while True:
        listed = client.rpc("ListUsers", RAM, MaxItems=1000, **marker)
        for user in listed["Users"]["User"]:
            assert user["UserName"] in users, user
        if not listed["IsTruncated"]:
            break
        marker = {"Marker": listed["Marker"]}


def list_objects(client, bucket):
    keys, after = [], ""
    while True:
        # neither max-keys nor marker is covered by a signature of this version
        resource = f"/{bucket}/"
        headers = sign_oss(client.access_key, "GET", resource, {"host": client.address})
        status, _, body = client.send("GET", f"{resource}?max-keys=1000&marker={after}", headers)
        assert status == 200
        found = re.findall(r"<Key>([^<]*)</Key>", body.decode())
        keys += found
        if "<IsTruncated>true" not in body.decode():
            return keys
        after = found[-1]


def count_blobs(place):
    return sum(len(files) for _, _, files in os.walk(os.path.join(place.folder, "core", "blobs")))


def test_kill_minus_nine(keyhold, tmp_path):
    seed = int(os.environ.get("KEYHOLD_CRASH_SEED", str(random.SystemRandom().randrange(1 << 30))))
    rng = random.Random(seed)
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.oss("PUT", "crash")
    load = Load(place.address, place.access_key, seed, key_id)
    checkpoints, killed, begun, roles = [], [], time.monotonic(), draw_roles(rng)
    try:
        for number in range(ROUNDS):
            if time.monotonic() - begun > BUDGET_S:
                break
            assert load.wait_for_more(rng.randrange(5, 60)), f"seed {seed}: no more answers after {killed}"
            if number % SUPERVISOR_EVERY == SUPERVISOR_EVERY - 1:
                killed.append(kill_supervisor(place))
            else:
                killed.append(kill_one(place, rng, next(roles)))
            kept = place.checkpoint()
            if kept and rng.random() < 0.3:
                checkpoints.append(kept)
        assert load.wait_for_more(30), f"seed {seed}: no more answers after {killed}"
    finally:
        load.stop.set()
    load.end()
    print(f"\nseed {seed}: {len(killed)} kills in {time.monotonic() - begun:.0f} s, {load.acknowledged} answers, "
          f"{load.lost} lost, {len(checkpoints)} earlier checkpoints")
    assert set(killed) == {*ROLES, "supervisor"} or ROUNDS < 50
    assert len(killed) == ROUNDS, f"only {len(killed)} rounds in {BUDGET_S} s"
    assert place.server.stop() == 0
    events = check_trail(place, load.facts, checkpoints)
    place.start()
    check_all_recorded(place, check_content(place, load), events)
    assert sorted(list_objects(place.client(), "crash")) and count_blobs(place) == len(list_objects(place.client(), "crash"))
    assert place.server.stop() == 0


# ---- damage: a clear error that names what is damaged, never wrong data

@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder with some of everything in it, of a server that was stopped."""
    starter = Starter()
    place = Place(starter, tmp_path_factory.mktemp("damage") / "data")
    client = place.client()
    facts = {"keys": {}, "objects": {}, "users": [], "blobs": []}
    for number in range(20):
        made = client.rpc("CreateKey", Description=f"key {number}")["KeyMetadata"]
        facts["keys"][made["KeyId"]] = f"key {number}"
        sealed = client.rpc("Encrypt", KeyId=made["KeyId"], Plaintext=base64.b64encode(b"text %d" % number).decode())
        facts["blobs"].append((sealed["CiphertextBlob"], base64.b64encode(b"text %d" % number).decode()))
        client.rpc("CreateUser", RAM, signature=3, UserName=f"user-{number}")
        facts["users"].append(f"user-{number}")
    client.oss("PUT", "damage")
    for number, size in enumerate([1, 5000, 16384, 100000, 300000]):
        body = random.Random(number).randbytes(size)
        client.oss("PUT", "damage", f"object-{number}", body, {"content-type": "text/plain"})
        facts["objects"][f"object-{number}"] = body
    assert place.server.stop() == 0
    return place, facts


class Copy:
    """A copy of the folder to spoil."""

    def __init__(self, keyhold, original, folder):
        place, self.facts = original
        self.keyhold, self.folder, self.access_key, self.made = keyhold, str(folder), place.access_key, place.made
        shutil.copytree(place.folder, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def serve(self, wait=True):
        self.server = self.keyhold("--data", self.folder, "--http", "127.0.0.1:0", "--https", "off", "--gateways", "1", wait=wait)
        if wait:
            self.server.use(*self.access_key)
        return self.server

    def client(self):
        return Client(self.server.http, self.access_key)


def flip(path, at, bit=0):
    with open(path, "r+b") as f:
        f.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ (1 << bit)]))


def blob_paths(copy):
    return {os.path.getsize(os.path.join(where, name)): os.path.join(where, name)
            for where, _, names in os.walk(copy.path("core", "blobs")) for name in names}


def get_object(client, key):
    """What arrived as a whole; None when the server refused or broke off."""
    try:
        return client.oss("GET", "damage", key)[1]
    except (Lost, Refused):
        return None


def test_damaged_body(keyhold, original, tmp_path):
    copy = Copy(keyhold, original, tmp_path / "data")
    copy.serve()
    by_size = sorted(blob_paths(copy).items())
    names = sorted(copy.facts["objects"], key=lambda n: len(copy.facts["objects"][n]))
    paths = dict(zip(names, [path for _, path in by_size]))
    client = copy.client()
    for name, path in paths.items():
        whole = open(path, "rb").read()
        middle = [len(whole) // 2] if len(whole) > 1000 else []
        for at in [0, 9, 40, 400, len(whole) - 1, len(whole) - 17, *middle]:
            flip(path, at % len(whole), bit=at % 8)
            got = get_object(client, name)
            # the head repeats what the record says, for the day the record is lost: damage there need not be noticed
            assert got is None or (got == copy.facts["objects"][name] and at < 300), f"{name}, bit at {at} of {len(whole)}"
            with open(path, "wb") as f:
                f.write(whole)
        for changed in (whole[:-1], whole[:len(whole) // 2], b"", whole + b"\0"):
            with open(path, "wb") as f:
                f.write(changed)
            got = get_object(client, name)
            assert got is None or (changed.startswith(whole) and got == copy.facts["objects"][name]), (name, len(changed))
        with open(path, "wb") as f:
            f.write(whole)
        assert get_object(client, name) == copy.facts["objects"][name]
    # one object's body in another's place, and none at all
    first, second = paths["object-1"], paths["object-2"]
    os.rename(first, first + ".kept")
    assert get_object(client, "object-1") is None
    shutil.copy(second, first)
    assert get_object(client, "object-1") is None
    os.rename(first + ".kept", first)
    assert get_object(client, "object-1") == copy.facts["objects"]["object-1"]
    # each of them is in the trail, by the object's name
    told = client.rpc("LookupEvents", TRAIL, **{"LookupAttribute.1.Key": "EventName", "LookupAttribute.1.Value": "GetObject",
                                                       "MaxResults": "50"})
    failed = [e for e in told["Events"] if e.get("errorCode") == "InternalFailure"]
    assert failed and all("damage/object-" in e["resourceName"] for e in failed), failed[:2]
    assert copy.server.stop() == 0


def read_everything(copy):
    """Whatever is answered must be right; the number of answers that were errors."""
    client, wrong = copy.client(), 0
    for key_id, description in copy.facts["keys"].items():
        try:
            assert client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["Description"] == description
        except (Lost, Refused):
            wrong += 1
    for blob, plaintext in copy.facts["blobs"]:
        try:
            assert client.rpc("Decrypt", CiphertextBlob=blob)["Plaintext"] == plaintext
        except (Lost, Refused):
            wrong += 1
    for name, body in copy.facts["objects"].items():
        got = get_object(client, name)
        assert got is None or got == body
        wrong += got is None
    for user in copy.facts["users"]:
        try:
            assert client.rpc("GetUser", RAM, UserName=user)["User"]["UserName"] == user
        except (Lost, Refused):
            wrong += 1
    return wrong


def told_about(server, *words):
    return [line for line in server.logs if any(word in line for word in words)]


def try_to_serve(copy, within=20):
    """True: it serves. False: it said no and ended."""
    server = copy.serve(wait=False)
    server.wait_for(lambda: server.lines or server.process.poll() is not None, within, "ready or refusing")
    if not server.lines:
        assert server.process.wait(10) != 0
        server.stop()
        return False
    server.wait_ready()
    server.use(*copy.access_key)
    return True


@pytest.mark.parametrize("where", [0, 20, 100, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, -1])
def test_damaged_store(keyhold, original, tmp_path, where):
    copy = Copy(keyhold, original, tmp_path / "data")
    path = copy.path("core", "store.db")
    size = os.path.getsize(path)
    at = int(where * size) if isinstance(where, float) else where
    for offset in range(64):  # a whole stretch, so that it is not in free space by chance
        flip(path, at - offset if at < 0 else min(at + offset, size - 1), bit=offset % 8)
    if not try_to_serve(copy):
        assert told_about(copy.server, "store"), copy.server.logs
        return
    if read_everything(copy):
        copy.server.wait_for(lambda: told_about(copy.server, "store"), what="word of the damage")
    copy.server.stop()


def test_emptied_store(keyhold, original, tmp_path):
    copy = Copy(keyhold, original, tmp_path / "data")
    with open(copy.path("core", "store.db"), "r+b") as f:
        f.truncate(os.path.getsize(copy.path("core", "store.db")) // 2)
    if try_to_serve(copy):
        read_everything(copy)
        copy.server.stop()
    assert told_about(copy.server, "store"), copy.server.logs


def journal_files(copy):
    folder = copy.path("trail", "journal")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def used_bytes(path):
    with open(path, "rb") as f:
        return len(f.read().rstrip(b"\0"))


@pytest.mark.parametrize("where", [0.0, 0.05, 0.3, 0.5])
def test_damaged_journal(keyhold, original, tmp_path, where):
    """Not at its end, where a crash could have done it: the server does not start on it, and says which file it is."""
    copy = Copy(keyhold, original, tmp_path / "data")
    path = journal_files(copy)[0]
    before = open(path, "rb").read()
    flip(path, int(used_bytes(path) * where) + 3, bit=5)
    assert not try_to_serve(copy)
    assert told_about(copy.server, "journal segment 1 is damaged at offset"), copy.server.logs
    flip(path, int(used_bytes(path) * where) + 3, bit=5)
    assert open(path, "rb").read() == before, "the damaged journal was changed"
    assert try_to_serve(copy) and read_everything(copy) == 0
    copy.server.stop()


def test_torn_journal(keyhold, original, tmp_path):
    """What a crash leaves of the last write is cut off: nothing of it was acknowledged."""
    copy = Copy(keyhold, original, tmp_path / "data")
    path = journal_files(copy)[-1]
    end = used_bytes(path)
    with open(path, "r+b") as f:
        f.seek(end + 4)
        f.write(b"\x00\x00\x10half a frame that was never finished")
    assert try_to_serve(copy) and read_everything(copy) == 0
    assert copy.server.stop() == 0


def tiles(copy):
    """Those in use: of partial ones the widest."""
    folder = copy.path("trail", copy.made["accountId"], "tile")
    found = []
    for where, _, names in os.walk(folder):
        found += [os.path.join(where, max(names, key=int))] if where.endswith(".p") else [os.path.join(where, n) for n in names]
    return found


def test_damaged_tiles(keyhold, original, tmp_path):
    copy = Copy(keyhold, original, tmp_path / "data")
    folder, vkey = copy.path("trail", copy.made["accountId"]), reader.text_or_file(copy.path("trail", "vkey"))
    reader.verify(folder, vkey)
    for path in tiles(copy):
        flip(path, os.path.getsize(path) // 2, bit=3)
        with pytest.raises(reader.Wrong):
            reader.verify(folder, vkey)
        flip(path, os.path.getsize(path) // 2, bit=3)
    for name in ("checkpoint",):
        flip(os.path.join(folder, name), os.path.getsize(os.path.join(folder, name)) // 2, bit=1)
        with pytest.raises(reader.Wrong):
            reader.verify(folder, vkey)
        flip(os.path.join(folder, name), os.path.getsize(os.path.join(folder, name)) // 2, bit=1)
    reader.verify(folder, vkey)
    # the server itself does not serve a spoiled trail as if it were right
    entries = [path for path in tiles(copy) if "/entries/" in path]
    flip(entries[0], os.path.getsize(entries[0]) // 2, bit=3)
    if try_to_serve(copy):
        client = copy.client()
        try:
            client.rpc("LookupEvents", TRAIL, MaxResults="50", Direction="FORWARD",
                       **{"LookupAttribute.1.Key": "EventName", "LookupAttribute.1.Value": "GetUser"})
        except (Lost, Refused):
            pass
        copy.server.stop()
    assert told_about(copy.server, "tile", "trail", "entries", "CORRUPT"), copy.server.logs


# ---- no room, no writing

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk that this needs")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small disk that this needs")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", path], check=False).returncode != 0:
        pytest.skip("this machine does not let root mount a disk")
    yield path
    subprocess.run(["mount", "-o", "remount,rw", path], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["umount", "-l", path], check=False)


def fill(path):
    """All the room there is."""
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError:
            pass


def remount(path, how):
    subprocess.run(["mount", "-o", f"remount,{how}", path], check=True)


@needs_root
def test_disk_full(keyhold, small_disk):
    place = Place(keyhold, small_disk / "data")
    client = place.client(timeout=15)
    client.oss("PUT", "full")
    kept = {}
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    sealed = client.rpc("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")["CiphertextBlob"]
    refusal = None
    for number in range(200):
        body = random.Random(number).randbytes(1000000)
        try:
            client.oss("PUT", "full", f"o{number}", body, {"content-type": "text/plain"})
            kept[f"o{number}"] = body
        except (Lost, Refused) as why:
            refusal = why
            break
    assert refusal is not None and "full" in str(refusal).lower(), f"{refusal!r} after {len(kept)} objects"
    assert kept
    # now nothing at all is left
    filler = small_disk / "filler"
    fill(filler)
    outcomes = []
    for number in range(30):
        try:
            made = client.rpc("CreateKey", Description=f"full {number}")
            outcomes.append(made["KeyMetadata"]["KeyId"])
        except (Lost, Refused) as why:
            outcomes.append(why)
            break
    filler.unlink()
    place.server.wait_answering(60)
    client = place.client()
    for name, body in kept.items():
        assert client.oss("GET", "full", name)[1] == body
    assert client.rpc("Decrypt", CiphertextBlob=sealed)["Plaintext"] == "aGVsbG8="
    for key in outcomes:
        if isinstance(key, str):
            client.rpc("DescribeKey", KeyId=key)
    client.oss("DELETE", "full", "o0")
    client.oss("PUT", "full", "after", b"there is room again", {"content-type": "text/plain"})
    assert place.server.stop() == 0
    reader.verify(place.trail, place.vkey())


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@needs_root
def test_no_room_for_the_journal(keyhold, small_disk):
    """When events cannot be made durable, nothing is answered with success; the server waits quietly for room."""
    place = Place(keyhold, small_disk / "data")
    client = place.client(timeout=45)
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    fill(small_disk / "filler")
    acknowledged, refusal = [], None
    context = json.dumps({"a": "x" * 8000})  # of events like these what the journal reserved ahead holds two thousand
    while refusal is None and len(acknowledged) < 5000:
        try:
            acknowledged.append(client.rpc("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=", EncryptionContext=context))
        except Lost as why:
            refusal = why
    assert refusal is not None and "ServiceUnavailable" in str(refusal), refusal
    told = place.server.log("journal not written")
    assert len(told) == 1 and "DISK_FULL" in told[0]["detail"]
    auditor = place.server.pids("auditor")[0]
    before = processor_seconds(auditor)
    with pytest.raises(Lost):
        client.rpc("ListKeys")  # reads are uses of the trail, too
    assert processor_seconds(auditor) - before < 3, "the auditor is busy with waiting"
    assert len(place.server.logs) < 100, place.server.logs
    (small_disk / "filler").unlink()
    place.server.wait_answering(60)
    client = place.client()
    for made in acknowledged[::100]:
        opened = client.rpc("Decrypt", CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
        assert opened["Plaintext"] == "aGVsbG8="
    assert place.server.stop() == 0
    reader.verify(place.trail, place.vkey())
    events = place.events()
    assert not [e for e in events if e.get("errorCode") == "KeyUseNotPaired"], "a false alarm"
    found = [e["requestId"] for e in events]
    assert len(set(found)) == len(found)
    assert {made["RequestId"] for made in acknowledged} <= set(found)


@needs_root
def test_read_only_disk(keyhold, small_disk):
    place = Place(keyhold, small_disk / "data")
    client = place.client(timeout=45)
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    assert place.server.stop() == 0
    remount(small_disk, "ro")
    server = keyhold("--data", place.folder, "--http", place.address, "--https", "off", wait=False)
    server.wait_for(lambda: server.process.poll() is not None or server.lines, 30, "its end")
    assert not server.lines and server.process.wait(10) != 0
    assert "read-only" in "\n".join(server.logs).lower().replace("read_only", "read-only"), server.logs
    remount(small_disk, "rw")
    place.start()
    assert place.client().rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyId"] == key_id
    assert place.server.stop() == 0
