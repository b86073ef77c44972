"""A request that may come but once comes but once, also over the end of a process, a stop, and a start of the machine."""
import glob
import json
import os
import signal
import time

import pytest
from signing import SCHEMES, Wish
from test_alike import send

KEY_ACTION = {"rpc_v1": "GetCallerIdentity", "rpc_v3": "GetCallerIdentity", "aws_json": "CreateKey"}
USED = {"rpc_v1": "SignatureNonceUsed", "rpc_v3": "SignatureNonceUsed", "aws_json": "InvalidSignatureException"}


def asked(running, scheme, **wish):
    return SCHEMES[scheme](running.http, Wish((running.access_key_id, running.access_key_secret), action=KEY_ACTION[scheme], **wish))


def code_of(answer):
    told = json.loads(answer[2] or b"{}")
    return answer[0], told.get("Code") or told.get("__type")


def again(running, requests):
    return {scheme: code_of(send(running, *request)) for scheme, request in requests.items()}


def expect_used(running, requests):
    answers = again(running, requests)
    assert {scheme: code for scheme, (_, code) in answers.items()} == USED and all(status >= 400 for status, _ in answers.values()), answers


def kill(running, role):
    seen, victims = len(running.log("ready again")), running.pids(role)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    running.wait_for(lambda: len(running.log("ready again")) >= seen + len(victims), 60, "the return")
    running.wait_answering(60)


@pytest.fixture
def used(tmp_path, keyhold):
    running = keyhold.on(tmp_path / "data")
    address = running.http
    requests = {scheme: asked(running, scheme) for scheme in USED}
    answers = again(running, requests)
    assert all(status == 200 for status, _ in answers.values()), answers
    expect_used(running, requests)
    return running, requests, address, tmp_path / "data"


def start_anew(used, keyhold):
    running, _, address, data = used
    running.stop()
    anew = keyhold("--data", str(data), "--http", address, "--https", "127.0.0.1:0")  # hosts are signed
    anew.use(running.access_key_id, running.access_key_secret)
    return anew


def test_killed_processes_do_not_forget(used):
    running, requests = used[:2]
    for role in ("core", "vault", "gateway", "core"):
        kill(running, role)
        expect_used(running, requests)
    later = {scheme: asked(running, scheme) for scheme in USED}
    assert all(status == 200 for status, _ in again(running, later).values())
    kill(running, "core")
    expect_used(running, requests)
    expect_used(running, later)


def test_a_stop_does_not_forget(used, keyhold):
    anew = start_anew(used, keyhold)
    expect_used(anew, used[1])
    assert all(status == 200 for status, _ in again(anew, {scheme: asked(anew, scheme) for scheme in USED}).values())
    assert all(status == 200 for status, _ in again(anew, {scheme: asked(anew, scheme, off_s=-600) for scheme in USED}).values())  # a clock that is behind


def test_after_a_start_of_the_machine_nothing_older_is_taken(used, keyhold):
    """What was remembered last may be lost with the machine: a request from before is told to come again, signed anew."""
    running, requests, _, data = used
    running.stop()
    for path in glob.glob(f"{data}/core/nonces.*"):
        with open(path, "r+b") as f:
            head = bytearray(f.read(64))
            assert head[:8] == b"KHNONCE1" and head[8:44].decode() == open("/proc/sys/kernel/random/boot_id", encoding="ascii").read().strip()
            head[8:44] = b"00000000-0000-4000-8000-000000000000"
            f.seek(0)
            f.write(head)
            f.truncate(64)  # the entries had not reached the disk
    until = int(time.time()) + 1
    running.wait_for(lambda: time.time() >= until, 5, "the next second")
    anew = start_anew(used, keyhold)
    answers = again(anew, requests)
    assert all(status == 503 for status, _ in answers.values()), answers
    others = {scheme: asked(anew, scheme, off_s=-600) for scheme in USED}
    for round_number in range(2):
        assert all(status == (400 if round_number else 503) for status, _ in again(anew, others).values())
        expect_used(anew, requests)
        assert all(status == 200 for status, _ in again(anew, {scheme: asked(anew, scheme) for scheme in USED}).values())
        kill(anew, "core")  # which knows no more of what was before


def test_the_log_is_of_no_use_to_who_reads_it(used):
    """Hashes under a key of their own: neither the ids of access keys nor nonces stand in it."""
    running, _, _, data = used
    content = b"".join(open(path, "rb").read() for path in glob.glob(f"{data}/core/nonces.*"))
    assert len(content) >= 2 * 64 + 3 * 16 and running.access_key_id.encode() not in content
