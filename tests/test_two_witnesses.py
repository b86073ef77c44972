"""The auditor between a core and a vault that do not agree: every key use is reported twice, and a difference is an alarm."""
import base64
import json
import os
import time

import pytest
from house import Channel, House, socket_pair, unpack, pack, OPERATIONS


class Lonely(House):
    """Only the auditor is real; the test speaks for core and vault."""

    def start(self):
        self.spawn("auditor")
        control = self.controls["auditor"]
        settings = {"region": "cn-hangzhou", "is_durable": "no", "alarm_after_s": "1", "folder": os.path.join(self.folder, "trail")}
        control.send("CONFIGURE", {"Settings": settings})
        self.core, self.vault = self.connect("Core"), self.connect("Vault")
        control.send("CONNECTED")
        assert control.receive()[0] == "READY"
        self.vault.send("LOG_KEY", {"Seed": b"s" * 32})
        self.number = 0

    def connect(self, peer):
        ours, theirs = socket_pair()
        self.controls["auditor"].send("CONNECT", {"Peer": peer}, [theirs.fileno()])
        theirs.close()
        return Channel(ours)

    def event(self, request_id, uses):
        self.number += 1
        event = {"eventId": "e-" + request_id, "eventName": "Encrypt", "requestId": request_id,
                 "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.core.send("EVENT", {"Number": self.number, "AccountId": "1000", "RequestId": request_id,
                                 "Event": json.dumps(event, separators=(",", ":")), "KeyUses": uses})
        return self.number

    def witness(self, number, request_id):
        self.vault.send("WITNESS", {"Number": number, "RequestId": request_id, "AccountId": "1000", "Act": "Encrypt",
                                    "KeyId": "k", "KeyVersionId": "v"})

    def recorded(self, number):
        while True:
            verb, fields, _ = self.core.receive()
            if verb == "RECORDED" and fields["Number"] >= number:
                return

    def events(self):
        packed = pack("LookupEventsIn", {"MaxResults": 50, "Direction": "FORWARD"})
        self.core.send("LOOKUP", {"Id": 7, "AccountId": "1000", "Operation": OPERATIONS["LookupEvents"], "Input": packed or None})
        while True:
            verb, fields, _ = self.core.receive()
            if verb == "FOUND":
                assert fields["Failure"] == 0
                return [json.loads(e) for e in unpack("LookupEventsOut", fields.get("Output", b"")).get("Events", [])]

    def stop(self):
        self.controls["auditor"].send("STOP")
        assert self.processes["auditor"].wait(10) == 0


@pytest.fixture()
def trail(tmp_path):
    t = Lonely(tmp_path)
    yield t
    t.stop()


def test_agreeing_witnesses_make_one_entry(trail):
    trail.witness(1, "r-1")
    trail.recorded(trail.event("r-1", 1))
    assert trail.vault.receive()[:2] == ("WITNESSED", {"Number": 1})
    [entry] = trail.events()
    assert entry["keyUse"] == [{"keyId": "k", "keyVersionId": "v", "operation": "Encrypt"}]


def test_a_use_only_core_tells_of_is_an_alarm(trail):
    trail.recorded(trail.event("r-1", 1))
    names = [e["eventName"] for e in trail.events()]
    assert names == ["Encrypt", "KeyUseNotWitnessed"]


def test_a_use_only_the_vault_tells_of_is_an_alarm(trail):
    trail.witness(1, "r-silent")
    trail.recorded(trail.event("r-other", 0))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alarms = [e for e in trail.events() if e["eventName"] == "KeyUseNotRecorded"]
        if alarms:
            break
    assert alarms[0]["requestId"] == "r-silent" and alarms[0]["keyUse"][0]["keyId"] == "k"


def test_what_is_sent_again_is_written_once(trail):
    trail.witness(1, "r-1")
    trail.recorded(trail.event("r-1", 1))
    trail.witness(1, "r-1")
    trail.recorded(trail.event("r-1", 1))
    assert len(trail.events()) == 1


def test_another_core_may_send_everything_again(trail):
    trail.recorded(trail.event("r-1", 0))
    trail.core.close()
    trail.core, trail.number = trail.connect("Core"), 0
    trail.recorded(trail.event("r-1", 0))
    trail.recorded(trail.event("r-2", 0))
    assert [e["requestId"] for e in trail.events()] == ["r-1", "r-2"]


@pytest.mark.parametrize("garbage", [b"", b"\xff\xff", os.urandom(100)])
def test_garbage_closes_that_channel_only(trail, garbage):
    trail.core.send_raw(garbage)
    assert trail.core.receive() is None
    trail.core, trail.number = trail.connect("Core"), 0
    trail.recorded(trail.event("r-1", 0))


def test_the_seed_signs_what_the_trail_says(trail, tmp_path):
    trail.recorded(trail.event("r-1", 0))
    checkpoint = os.path.join(str(tmp_path), "trail", "1000", "checkpoint")
    deadline = time.monotonic() + 20
    while not os.path.exists(checkpoint) and time.monotonic() < deadline:
        trail.events()
    lines = open(checkpoint, encoding="utf-8").read().split("\n")
    assert lines[1] == "1" and len(base64.b64decode(lines[2])) == 32
