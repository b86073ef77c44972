"""The end of secrets: when the recovery window is over their values are removed by the house itself, the trail says which, and nothing
of them is left on disk; until then they can be restored. Removal at once, and by versions that make room, leaves nothing either."""
import json
import os
import shutil
import signal
import sqlite3
import time
import uuid

import pytest
from test_destruction import DAY_S, OWNER, Place, pieces
from test_taken_gateway import sign_v1

KINDS = ("secret/%", "secret-value/%")


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


class Secrets(Place):
    def put(self, operation, name, version, value):
        request_id = str(uuid.uuid4()).upper()
        fields = {"SecretName": name, "VersionId": version, "SecretData": self.house.box.seal(request_id.encode(), value)}
        proof = sign_v1(*OWNER, operation, now=int(time.time()) + self.later_s, SecretName=name, VersionId=version,
                        SecretData=value.decode())
        reply = self.house.ask(operation, fields, proof, request_id=request_id)
        assert reply["Failure"] == "OK", reply

    def value(self, name):
        request_id = str(uuid.uuid4()).upper()
        proof = sign_v1(*OWNER, "GetSecretValue", now=int(time.time()) + self.later_s, SecretName=name)
        reply = self.house.ask("GetSecretValue", {"SecretName": name}, proof, request_id=request_id)
        assert reply["Failure"] == "OK", reply
        return self.house.box.open(request_id.encode(), reply["out"]["SecretData"])

    def rows(self, like):
        """{store key: sealed value} as they lie on disk."""
        copy = os.path.join(self.folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        os.mkdir(copy)
        for name in ("store.db", "store.db-wal"):
            shutil.copy(os.path.join(self.folder, "core", name), copy)
        with sqlite3.connect(os.path.join(copy, "store.db")) as db:
            found = dict(db.execute("SELECT CAST(key AS TEXT), value FROM records WHERE CAST(key AS TEXT) LIKE ?", (like,)))
        db.close()
        shutil.rmtree(copy)
        return found

    def all_rows(self):
        return [value for kind in KINDS for value in self.rows(kind).values()]

    def events(self, name):
        found = self.done("LookupEvents", LookupAttribute=[{"Key": "EventName", "Value": name}], MaxResults=50)["Events"]
        return [json.loads(each) for each in found]

    def kill_core_when(self, holds):
        """It stands still while it is looked at: however slow the looking is, what held holds when it is killed."""
        core, end = self.house.processes["core"], time.monotonic() + 60
        while True:
            core.send_signal(signal.SIGSTOP)
            while state_of(core.pid) != "T":
                assert core.poll() is None
            if holds():
                return self.kill_core()
            core.send_signal(signal.SIGCONT)
            assert time.monotonic() < end
            time.sleep(0.001)

    def kill_core(self):
        self.house.processes["core"].send_signal(signal.SIGKILL)
        assert self.house.stop()["core"] == -signal.SIGKILL
        self.house = None


@pytest.fixture()
def place(tmp_path):
    made = Secrets(str(tmp_path / "data"))
    yield made
    if made.house:
        made.house.stop()


def nothing_is_left(place, values):
    assert values
    return all(place.files_with(piece) == [] for value in values for piece in pieces(value))


def test_values_go_when_the_window_is_over(place):
    place.put("CreateSecret", "app/doomed", "v1", b"first value")
    before = place.all_rows()
    place.put("PutSecretValue", "app/doomed", "v2", b"second value")
    place.put("CreateSecret", "app/other", "v1", b"stays")
    ours = [value for key, value in place.rows("secret/%").items() if key.endswith("doomed")]
    values = place.rows("secret-value/%")
    assert len(values) == 3
    place.done("DeleteSecret", SecretName="app/doomed", RecoveryWindowInDays=7)
    rows = before + ours + [value for key, value in place.rows("secret/%").items() if key.endswith("doomed")]
    assert place.files_with(pieces(rows[-1])[1]), "the search does not find what is there"
    place.enter(7 * DAY_S - 300)  # not yet: it can be restored, with everything
    assert place.ask("GetSecretValue", SecretName="app/doomed")["Failure"] == "SECRET_PENDING_DELETION"
    place.done("RestoreSecret", SecretName="app/doomed")
    assert place.value("app/doomed") == b"second value"
    place.enter(8 * DAY_S)  # called off: nothing happens at the time it would have been
    place.done("DeleteSecret", SecretName="app/doomed", RecoveryWindowInDays=7)
    place.enter(15 * DAY_S + 300)
    event, = place.wait_for_event("DestroySecret")
    assert event["userIdentity"] == {"type": "system", "accountId": "1000000000000001", "userName": "keyhold"}
    assert event["resourceType"] == "ACS::KMS::Secret" and event["resourceName"] == "app/doomed"
    told = event["responseElements"]
    assert told["secretName"] == "app/doomed" and [v["versionId"] for v in told["versions"]] == ["v1", "v2"]
    assert len(place.rows("secret-value/%")) == 1
    gone = [value for value in values.values() if value not in place.rows("secret-value/%").values()]
    assert len(gone) == 2 and nothing_is_left(place, rows + gone)
    for operation in ("RestoreSecret", "GetSecretValue", "DescribeSecret"):
        assert place.ask(operation, SecretName="app/doomed")["Failure"] == "SECRET_NOT_FOUND"
    assert place.value("app/other") == b"stays"
    place.put("CreateSecret", "app/doomed", "v1", b"another secret of that name")
    place.enter(16 * DAY_S)
    assert place.value("app/doomed") == b"another secret of that name"
    assert len(place.wait_for_event("DestroySecret")) == 1


def test_at_once_means_at_once(place):
    place.put("CreateSecret", "app/now", "v1", b"value")
    rows = place.all_rows()
    assert place.files_with(pieces(rows[0])[1])
    place.done("DeleteSecret", SecretName="app/now", ForceDeleteWithoutRecovery=True)
    assert nothing_is_left(place, rows) and place.all_rows() == []
    # one that is waiting already can go at once, too
    place.put("CreateSecret", "app/later", "v1", b"value")
    place.done("DeleteSecret", SecretName="app/later", RecoveryWindowInDays=30)
    rows = place.all_rows()
    place.done("DeleteSecret", SecretName="app/later", ForceDeleteWithoutRecovery=True)
    assert nothing_is_left(place, rows) and place.all_rows() == []


def test_a_version_that_makes_room_leaves_nothing(place):
    place.put("CreateSecret", "app/many", "v0", b"value 0")
    first, = place.rows("secret-value/%").values()
    for n in range(1, 11):
        assert place.files_with(pieces(first)[1])
        place.put("PutSecretValue", "app/many", f"v{n}", b"value")
    assert len(place.rows("secret-value/%")) == 10 and nothing_is_left(place, [first])


def test_a_kill_in_the_middle_leaves_nothing_undone(place):
    count = 40  # more than are begun at once
    for n in range(count):
        place.put("CreateSecret", f"many/{n}", "v1", b"value")
        place.done("DeleteSecret", SecretName=f"many/{n}", RecoveryWindowInDays=7)
    rows = place.all_rows()
    assert len(rows) == 2 * count
    place.enter(7 * DAY_S + 300)
    place.kill_core_when(lambda: len(place.rows("secret-value/%")) < count)
    left = len(place.rows("secret-value/%"))
    assert 0 < left < count, "killed too late"
    place.enter(7 * DAY_S + 600)
    end = time.monotonic() + 60
    while len(events := place.events("DestroySecret")) < count:
        assert time.monotonic() < end, len(events)
        time.sleep(0.05)
    assert {e["resourceName"] for e in events} == {f"many/{n}" for n in range(count)} and len(events) == count
    assert nothing_is_left(place, rows) and place.all_rows() == []


def test_what_a_killed_process_left_goes_with_the_next_change(place):
    """A process that is killed between a commit and the clearing of the store's files leaves the write-ahead file as it was then."""
    place.put("CreateSecret", "app/killed", "v1", b"value")
    sealed, = place.rows("secret-value/%").values()
    place.kill_core()
    assert "store.db-wal" in place.files_with(pieces(sealed)[1])
    place.enter(0)
    place.done("CreateKey")
    assert place.files_with(pieces(sealed)[1]) == ["store.db"]
    place.done("DeleteSecret", SecretName="app/killed", ForceDeleteWithoutRecovery=True)
    assert nothing_is_left(place, [sealed])
