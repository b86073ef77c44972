"""Deletion that cannot be regretted: what depends on a key is counted and can stand in the way; when the waiting period is over
the key is destroyed, the trail has a certificate of it, and nothing of its material is left on disk. The same for imported
material that is deleted or expires."""
import base64
import json
import os
import shutil
import sqlite3
import subprocess
import time
import uuid

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from house import BUILD, House
from test_taken_gateway import sign_v1

DAY_S = 86400
OWNER = ("LTAItest", "secret-of-the-owner")


def raise_it(why):
    raise why


class Place:
    """A data folder, and a house on it at a time of one's choice."""

    def __init__(self, folder):
        self.folder, self.later_s, self.house = folder, 0, None
        self.enter(0)
        self.house.bootstrap(AccountId="1000000000000001", AccessKeyId=OWNER[0], AccessKeySecret=OWNER[1].encode())

    def enter(self, later_s, region="cn-hangzhou"):
        if self.house:
            assert set(self.house.stop().values()) == {0}
        self.later_s, self.house = later_s, House(self.folder, later_s, region)

    def ask(self, operation, **fields):
        signed = {}
        for name, value in fields.items():
            if isinstance(value, bool):
                signed[name] = str(value).lower()
            else:
                signed[name] = base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
        proof = sign_v1(*OWNER, operation, now=int(time.time()) + self.later_s, **signed)
        return self.house.ask(operation, fields, proof)

    def done(self, operation, **fields):
        reply = self.ask(operation, **fields)
        assert reply["Failure"] == "OK", (operation, reply)
        return reply["out"]

    def encrypt(self, key_id, plaintext):
        request_id = str(uuid.uuid4()).upper()
        fields = {"KeyId": key_id, "Plaintext": self.house.box.seal(request_id.encode(), plaintext)}
        proof = sign_v1(*OWNER, "Encrypt", now=int(time.time()) + self.later_s, KeyId=key_id,
                        Plaintext=base64.b64encode(plaintext).decode())
        reply = self.house.ask("Encrypt", fields, proof, request_id=request_id)
        assert reply["Failure"] == "OK", reply
        return reply["out"]["CiphertextBlob"]

    def record_bytes(self, key_id, region="cn-hangzhou"):
        """The key's record as it lies on disk: sealed, with the sealed material in it."""
        copy = os.path.join(self.folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        os.mkdir(copy)
        for name in ("store.db", "store.db-wal"):
            shutil.copy(os.path.join(self.folder, "core", name), copy)
        with sqlite3.connect(os.path.join(copy, "store.db")) as db:
            value, = db.execute("SELECT value FROM records WHERE CAST(key AS TEXT) LIKE ?", (f"key/%/{region}/{key_id}",)).fetchone()
        db.close()
        shutil.rmtree(copy)
        return value

    def files_with(self, needle):
        """Names of the files that hold it, of a walk in which none was replaced by another while it was looked for."""
        end = time.monotonic() + 20
        while True:
            try:
                return self._files_with(needle)
            except FileNotFoundError:
                assert time.monotonic() < end, "files come and go"

    def _files_with(self, needle):
        found = []
        for folder, _, names in os.walk(self.folder, onerror=raise_it):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    if needle in f.read():
                        found.append(name)
        return found

    def events(self, name):
        found = self.done("LookupEvents", LookupAttribute=[{"Key": "EventName", "Value": name}])["Events"]
        return [json.loads(each) for each in found]

    def wait_for_event(self, name):
        end = time.monotonic() + 20
        while not (found := self.events(name)):
            assert time.monotonic() < end, f"no {name}"
            time.sleep(0.05)
        return found


@pytest.fixture()
def place(tmp_path):
    made = Place(str(tmp_path / "data"))
    yield made
    made.house.stop()


def pieces(value):
    """A part of a sealed record that is long enough to be unique, from its beginning, middle and end."""
    return [value[at:at + 24] for at in (0, len(value) // 2, len(value) - 24)]


def test_a_key_is_destroyed_and_certified(place, tmp_path):
    key_id = place.done("CreateKey")["KeyMetadata"]["KeyId"]
    bystander = place.done("CreateKey")["KeyMetadata"]["KeyId"]
    records = [place.record_bytes(key_id)]
    place.done("CreateAlias", AliasName="alias/doomed", KeyId=key_id)
    for operation in ("DisableKey", "EnableKey"):
        place.done(operation, KeyId=key_id)
        records.append(place.record_bytes(key_id))
    blob = place.encrypt(key_id, b"hello")
    # what depends on it stands in the way only when the account wants it so
    place.done("SetKeyDeletionGuard", RefuseWhileDependents=True)
    assert place.done("GetKeyDeletionGuard")["RefuseWhileDependents"]
    reply = place.ask("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    assert reply["Failure"] == "KEY_HAS_DEPENDENTS" and "1" in reply["Detail"]
    place.done("SetKeyDeletionGuard", RefuseWhileDependents=False)
    place.done("SetDeletionProtection", KeyId=key_id, EnableDeletionProtection=True)
    assert place.ask("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)["Failure"] == "KEY_PROTECTED"
    place.done("SetDeletionProtection", KeyId=key_id, EnableDeletionProtection=False)
    place.done("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    scheduled = [e for e in place.events("ScheduleKeyDeletion") if "errorCode" not in e]
    assert [e["responseElements"] for e in scheduled] == [{"dependents": 1}]
    assert place.ask("GetKeyDestructionCertificate", KeyId=key_id)["Failure"] == "KEY_NOT_DESTROYED"
    records.append(place.record_bytes(key_id))
    assert place.files_with(pieces(records[-1])[1]), "the search does not find what is there"
    place.enter(7 * DAY_S - 300)  # not yet
    assert place.done("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    place.enter(7 * DAY_S + 300)
    event, = place.wait_for_event("DestroyKey")
    certificate = event["responseElements"]["destructionCertificate"]
    assert event["userIdentity"] == {"type": "system", "accountId": "1000000000000001", "userName": "keyhold"}
    assert event["resourceName"] == certificate["keyId"] == key_id and certificate["dependents"] == {"total": 1, "Alias": 1}
    assert len(certificate["versions"]) == 1 and len(certificate["versions"][0]["sealedMaterialSha256"]) == 64
    for record in records:
        for piece in pieces(record):
            assert place.files_with(piece) == []
    assert place.ask("Decrypt", CiphertextBlob=blob)["Failure"] == "KEY_NOT_FOUND"
    assert place.ask("DescribeKey", KeyId="alias/doomed")["Failure"] == "ALIAS_NOT_FOUND"
    assert place.done("DescribeKey", KeyId=bystander)["KeyMetadata"]["KeyState"] == "Enabled"
    proof = place.done("GetKeyDestructionCertificate", KeyId=key_id)
    assert json.loads(proof["Entry"]) == event
    check_offline(place, proof, tmp_path)
    place.enter(8 * DAY_S)  # destroyed once, told once
    assert len(place.wait_for_event("DestroyKey")) == 1


def test_a_multi_region_keys_material_goes_with_the_last_of_its_keys(place):
    """The regions of one house: a replica goes alone, the primary after it, and the material with the primary."""
    other = "eu-west-1"
    key_id = place.done("CreateKey", MultiRegion=True)["KeyMetadata"]["KeyId"]
    place.done("CreateAlias", AliasName="alias/doomed", KeyId=key_id)
    blob = place.encrypt(key_id, b"hello")
    place.done("ReplicateKey", KeyId=key_id, ReplicaRegion=other)
    assert place.done("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)["KeyState"] == "PendingReplicaDeletion"
    record = place.record_bytes(key_id)
    place.enter(30 * DAY_S)
    assert place.done("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"
    place.enter(31 * DAY_S, other)
    place.done("CreateAlias", AliasName="alias/doomed", KeyId=key_id)
    assert place.ask("Decrypt", CiphertextBlob=blob)["Failure"] == "OK"
    place.done("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    place.enter(38 * DAY_S + 300, other)
    event, = place.wait_for_event("DestroyKey")
    certificate = event["responseElements"]["destructionCertificate"]
    assert (certificate["keyId"], certificate["versions"], certificate["materialRemainsIn"]) == (key_id, [], "cn-hangzhou")
    assert f":{other}:" in certificate["keyArn"]
    assert place.ask("Decrypt", CiphertextBlob=blob)["Failure"] == "KEY_NOT_FOUND"
    assert place.ask("DescribeKey", KeyId="alias/doomed")["Failure"] == "ALIAS_NOT_FOUND"
    place.enter(38 * DAY_S + 600)
    shown = place.done("DescribeKey", KeyId="alias/doomed")["KeyMetadata"]
    assert (shown["KeyId"], shown["KeyState"]) == (key_id, "PendingDeletion")
    assert shown["MultiRegionConfiguration"].get("ReplicaKeys", []) == []
    records = [record, place.record_bytes(key_id)]
    assert place.files_with(pieces(records[1])[1]), "the material is still there"
    place.enter(46 * DAY_S)
    event, = place.wait_for_event("DestroyKey")  # of the last seven days
    last = event["responseElements"]["destructionCertificate"]
    assert len(last["versions"]) == 1 and "materialRemainsIn" not in last
    for piece in pieces(records[0]) + pieces(records[1]):
        assert place.files_with(piece) == []
    assert place.ask("DescribeKey", KeyId=key_id)["Failure"] == "KEY_NOT_FOUND"


def check_offline(place, proof, tmp_path):
    cli, vkey = os.path.join(BUILD, "src", "cli", "keyhold"), os.path.join(place.folder, "trail", "1000000000000001", "vkey")
    saved = tmp_path / "certificate"
    saved.write_text(json.dumps({"Entry": proof["Entry"], "Proof": proof["Proof"]}))
    command = [cli, "trail", "check-proof", str(saved), "--vkey", vkey, "-o", "json"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "destructionCertificate" in checked.stdout, checked
    saved.write_text(json.dumps({"Entry": proof["Entry"].replace('"total":1', '"total":0'), "Proof": proof["Proof"]}))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 7


def import_material(place, key_id, expires_s):
    given = place.done("GetParametersForImport", KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(given["PublicKey"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    place.done("ImportKeyMaterial", KeyId=key_id, EncryptedKeyMaterial=public.encrypt(bytes(range(32)), oaep),
               ImportToken=given["ImportToken"], KeyMaterialExpireUnix=expires_s)


def test_imported_material_goes_when_deleted_or_expired(place):
    keys = [place.done("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"] for _ in range(2)]
    import_material(place, keys[0], 0)
    import_material(place, keys[1], int(time.time()) + DAY_S)
    records = [place.record_bytes(key_id) for key_id in keys]
    for record in records:
        assert place.files_with(pieces(record)[1])
    place.done("DeleteKeyMaterial", KeyId=keys[0])
    assert all(place.files_with(piece) == [] for piece in pieces(records[0]))
    assert place.done("DescribeKey", KeyId=keys[1])["KeyMetadata"]["KeyState"] == "Enabled"
    place.enter(2 * DAY_S)
    event, = place.wait_for_event("ExpireKeyMaterial")
    assert event["resourceName"] == keys[1] and event["userIdentity"]["type"] == "system"
    assert all(place.files_with(piece) == [] for piece in pieces(records[1]))
    assert place.done("DescribeKey", KeyId=keys[1])["KeyMetadata"]["KeyState"] == "PendingImport"
