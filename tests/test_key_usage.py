"""The owner's ledger: what the server counts of key uses is what its trail tells, after random use and kills, and whatever
became of the files it keeps for it."""
import os
import random
import shutil
import sys

import pytest
from conftest import ROOT
from test_crash import Load, Place, draw_roles, kill_one, kill_supervisor
from wire import RAM, Client, Refused

sys.path.insert(0, os.path.join(ROOT, "tests", "reader"))
import key_usage  # noqa: E402

KEYHOLD = "2026-01-01"
KILLS = int(os.environ.get("KEYHOLD_USAGE_KILLS", "6"))
NAMES = ("KeyVersionId", "Operation", "Act", "PrincipalType", "PrincipalId", "UserName")


def usage_of(client, key_id, **more):
    """All lines as key_usage.count has them, over pages of a random size."""
    lines, token = {}, {}
    while True:
        page = client.rpc("GetKeyUsage", KEYHOLD, KeyId=key_id, **more, **token)
        for each in page["Uses"]:
            line = (page["KeyId"], each.get("Hour", ""), *(each.get(name, "") for name in NAMES))
            assert line not in lines, line
            lines[line] = [each["Count"], each["LastUsed"]]
        if "NextToken" not in page:
            return lines
        token = {"NextToken": page["NextToken"]}


def check_equal(place, keys):
    client = place.client()
    told = {}
    for key_id in keys:
        told |= usage_of(client, key_id, MaxResults=7)
        told |= usage_of(client, key_id, Period="All")
    latest = {key_id: client.rpc("GetKeyLastUsage", KEYHOLD, KeyId=key_id) for key_id in keys}
    client.close()
    assert place.server.stop() == 0
    events = place.events()
    counted = key_usage.count(events)
    expected = {line: value for line, value in counted.items() if line[0] in keys}
    assert told == expected
    for key_id in keys:
        newest, answer = key_usage.last(events, key_id), latest[key_id]
        assert ("KeyLastUsage" in answer) == (newest is not None)
        if newest:
            use = answer["KeyLastUsage"]
            assert use["Time"] == newest["eventTime"] and use["EventId"] in {e["eventId"] for e in events}
            assert use["UserName"] == "root" and answer["TrackingStart"] == events[0]["eventTime"]
    return events


def test_it_equals_the_trail_after_kills(keyhold, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    place = Place(keyhold, tmp_path / "data")
    client = place.client()
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.rpc("CreateAlias", AliasName="alias/ledger", KeyId=key_id)
    client.oss("PUT", "crash")
    unused = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    service = client.rpc("DescribeKey", KeyId="alias/acs/oss")["KeyMetadata"]["KeyId"]
    keys = {key_id, service, unused}
    load, roles = Load(place.address, place.access_key, seed, key_id), draw_roles(rng)
    try:
        for number in range(KILLS):
            assert load.wait_for_more(rng.randrange(100, 400)), f"seed {seed}"
            kill_supervisor(place) if number == KILLS // 2 else kill_one(place, rng, next(roles))
        assert load.wait_for_more(1200), f"seed {seed}"
    finally:
        load.stop.set()
    load.end()
    client.close()  # its gateway may be gone
    by_alias = client.rpc("GetKeyUsage", KEYHOLD, KeyId="alias/ledger", MaxResults=1)
    assert by_alias["KeyId"] == key_id and len(by_alias["Uses"]) == 1 and "NextToken" in by_alias
    events = check_equal(place, keys)
    assert len(events) > 1100, "too few for the ledger to have written anything"
    folder = os.path.join(place.trail, "usage")
    assert os.listdir(folder)
    for name in os.listdir(folder):  # damaged, cut, gone: nothing of it shows
        path = os.path.join(folder, name)
        damage = rng.randrange(3)
        if damage == 0:
            os.truncate(path, rng.randrange(os.path.getsize(path)))
        elif damage == 1:
            with open(path, "r+b") as f:
                f.seek(rng.randrange(os.path.getsize(path)))
                f.write(b"\xa5\xa5\xa5")
        else:
            os.remove(path)
    place.start()
    check_equal(place, keys)
    shutil.rmtree(folder)
    place.start()
    check_equal(place, keys)


def test_what_is_refused(server):
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    other = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.rpc("Encrypt", KeyId=other, Plaintext="aGVsbG8=")
    foreign = client.rpc("GetKeyUsage", KEYHOLD, KeyId=other, MaxResults=1)["NextToken"]
    now = {"StartTime": "2024-05-20T06:34:21Z", "EndTime": "2024-05-20T06:34:20Z"}
    for code, parameters in (("Forbidden.KeyNotFound", {"KeyId": "00000000-0000-4000-8000-000000000000"}),
                             ("MissingParameter", {}),
                             ("InvalidParameter", {"KeyId": key_id, **now}),
                             ("InvalidParameter", {"KeyId": key_id, "Period": "All", "StartTime": now["StartTime"]}),
                             ("InvalidParameter", {"KeyId": key_id, "Period": "Day"}),
                             ("InvalidParameter", {"KeyId": key_id, "MaxResults": 1001}),
                             ("InvalidParameter", {"KeyId": key_id, "NextToken": "%%%"}),
                             ("InvalidParameter", {"KeyId": key_id, "NextToken": "AAAA"}),
                             ("InvalidParameter", {"KeyId": key_id, "NextToken": foreign})):
        with pytest.raises(Refused) as refused:
            client.rpc("GetKeyUsage", KEYHOLD, **parameters)
        assert refused.value.code == code, parameters
    answer = client.rpc("GetKeyLastUsage", KEYHOLD, KeyId=key_id)
    assert "KeyLastUsage" not in answer and answer["KeyCreation"]
    made = usage_of(client, key_id)
    assert [(line[3:5], value[0]) for line, value in made.items()] == [(("CreateKey", "NewKey"), 1)]
    client.rpc("Encrypt", KeyId=key_id, Plaintext="aGVsbG8=")
    use = client.rpc("GetKeyLastUsage", KEYHOLD, KeyId=key_id)["KeyLastUsage"]
    assert use["Operation"] == use["Act"] == "Encrypt" and use["UserName"] == "root"


def test_who_may_read_it(server):
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    key_id = client.rpc("CreateKey")["KeyMetadata"]["KeyId"]
    client.rpc("CreateUser", RAM, UserName="reader")
    made = client.rpc("CreateAccessKey", RAM, UserName="reader")["AccessKey"]
    reader = Client(server.http, (made["AccessKeyId"], made["AccessKeySecret"]))
    with pytest.raises(Refused) as refused:
        reader.rpc("GetKeyUsage", KEYHOLD, KeyId=key_id)
    assert refused.value.code.endswith("NoPermission")
    policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:GetKey*","Resource":"*"}]}'
    client.rpc("CreatePolicy", RAM, PolicyName="usage", PolicyDocument=policy)
    client.rpc("AttachPolicyToUser", RAM, PolicyName="usage", PolicyType="Custom", UserName="reader")
    assert reader.rpc("GetKeyUsage", KEYHOLD, KeyId=key_id)["Uses"]
