"""Private operations with large RSA keys are done by a process of their own, and go on when it dies."""
import base64
import hashlib
import os
import signal
import threading

from conftest import Server

DIGEST = base64.b64encode(hashlib.sha256(b"message").digest()).decode()


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))


def test_heavy_signatures_survive_the_death_of_the_labourer():
    server = Server("--in-memory", "--http", "127.0.0.1:0", "--https", "off")
    try:
        status, made = server.ask("CreateKey", KeySpec="RSA_3072", KeyUsage="SIGN/VERIFY")
        assert status == 200, made
        key = made["KeyMetadata"]["KeyId"]
        wish = {"KeyId": key, "Algorithm": "RSA_PSS_SHA_256", "Digest": DIGEST}

        def sign():
            return server.ask("AsymmetricSign", **wish)

        server.wait_for(lambda: len(server.pids("keygen")) == 2, 20, "two keygens")
        before = {pid: cpu_ticks(pid) for pid in server.pids("keygen")}
        vault = server.pids("vault")[0]
        vault_before = cpu_ticks(vault)
        for _ in range(40):
            assert sign()[0] == 200
        busiest = max(server.pids("keygen"), key=lambda pid: cpu_ticks(pid) - before.get(pid, 0))
        assert cpu_ticks(busiest) - before[busiest] > cpu_ticks(vault) - vault_before, "the vault did the work itself"

        failures = []

        def sign_many():
            for _ in range(25):
                status, answer = sign()
                if status != 200 or not answer.get("Value"):
                    failures.append((status, answer))

        threads = [threading.Thread(target=sign_many) for _ in range(4)]
        for thread in threads:
            thread.start()
        os.kill(busiest, signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert not failures, failures[:3]
        server.wait_for(lambda: len([p for p in server.pids("keygen") if p != busiest]) == 2, 20, "the labourer's return")
        status, signed = sign()
        assert status == 200
        status, checked = server.ask("AsymmetricVerify", Value=signed["Value"], **wish)
        assert (status, checked["Value"]) == (200, True)
        assert server.pids("vault") == [vault]
    finally:
        server.stop()
