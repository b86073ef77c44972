"""Where key bytes are, and how much memory and time the processes take.

While a key of one's own is in use, root looks through the memory of every process and through the data folder: the key's bytes
are in neither. The root key's file alone is allowed to hold a key."""
import base64
import json
import mmap
import os
import random
import subprocess
import threading

import pytest
from conftest import ANY_PORTS, run_init
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from wire import RAM, Client

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of other processes")
SLACK = 3  # other work on the machine may make things this many times slower
PIECE = 16 << 20


# ---- AES-256 key expansion (FIPS 197 §5.2), to know what a schedule of the key looks like

def make_sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1 & 0xff) ^ (0x1b if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xff
        if q & 0x80:
            q ^= 0x09
        rotated = [q << i & 0xff | q >> 8 - i for i in range(5)]
        box[p] = rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = make_sbox()


def key_schedule(key):
    words, rcon = [key[i:i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ rcon]) + word[1:]
            rcon = rcon << 1 & 0xff
        elif i % 8 == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(words[-8], word)))
    return b"".join(words)


def test_key_schedule():
    """FIPS 197, appendix A.3."""
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    schedule = key_schedule(key)
    assert schedule[:32] == key and schedule[32:48].hex() == "9ba354118e6925afa51a8b5f2067fcde"
    assert schedule[-16:].hex() == "fe4890d1e6188d0b046df344706c631e"


def xaes_subkeys(key):
    """What XAES-256-GCM prepares from a key: K1 (c2sp.org/XAES-256-GCM)."""
    low = int.from_bytes(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(bytes(16)), "big")
    doubled = (low << 1) & ((1 << 128) - 1)
    return (doubled ^ (0x87 if low >> 127 else 0)).to_bytes(16, "big")


def wanted(key):
    """Byte strings that betray the key: itself, the rounds of its schedule, and both in the order of 32-bit words."""
    def swapped(data):
        return b"".join(data[i:i + 4][::-1] for i in range(0, len(data), 4))
    schedule = key_schedule(key)
    rounds = [schedule[i:i + 16] for i in range(0, len(schedule), 16)]
    return {"first half": key[:16], "second half": key[16:], "swapped first half": swapped(key[:16]),
            "swapped second half": swapped(key[16:]), "schedule": rounds[2], "end of the schedule": rounds[-1],
            "swapped schedule": swapped(rounds[2]), "key in hex": key.hex().encode(), "key in base64": base64.b64encode(key)}


# ---- looking

def mappings(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as f:
        for line in f:
            fields = line.split(None, 5)
            start, end = (int(x, 16) for x in fields[0].split("-"))
            if "r" in fields[1] and not line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                yield start, end, fields[5].strip() if len(fields) > 5 else ""


class Seen:
    def __init__(self):
        self.found, self.bytes, self.unreadable = [], 0, []


def look_through(pid, needles, seen):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, name in mappings(pid):
            at, tail = start, b""
            while at < end:
                try:
                    memory.seek(at)
                    data = memory.read(min(PIECE, end - at))
                except (OSError, ValueError, OverflowError):
                    data = b""
                if not data:
                    # one page that cannot be read does not hide those behind it
                    seen.unreadable.append((pid, name, at))
                    at, tail = at + mmap.PAGESIZE, b""
                    if name.startswith("/secretmem"):
                        break
                    continue
                whole = tail + data
                for what, needle in needles.items():
                    if needle in whole:
                        seen.found.append((pid, name, what))
                seen.bytes += len(data)
                at, tail = at + len(data), whole[-256:]


def all_pids(server):
    return [server.process.pid] + [pid for found in server.pids().values() for pid in found]


def roles_of(server):
    return {pid: role for role, found in server.pids().items() for pid in found} | {server.process.pid: "supervisor"}


def import_key(client, material):
    key_id = client.rpc("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    given = client.rpc("GetParametersForImport", KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(base64.b64decode(given["PublicKey"]))
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    client.rpc("ImportKeyMaterial", KeyId=key_id, ImportToken=given["ImportToken"], KeyMaterialExpireUnix=0,
               EncryptedKeyMaterial=base64.b64encode(public.encrypt(material, oaep)).decode())
    return key_id


class Use(threading.Thread):
    """Uses the key without a pause, so that the scan sees it at work."""

    def __init__(self, server, key_id):
        super().__init__(daemon=True)
        self.client = Client(server.http, (server.access_key_id, server.access_key_secret))
        self.key_id, self.stop, self.count, self.failure = key_id, threading.Event(), 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                blob = self.client.rpc("Encrypt", KeyId=self.key_id, Plaintext="aGVsbG8=")["CiphertextBlob"]
                assert self.client.rpc("Decrypt", CiphertextBlob=blob)["Plaintext"] == "aGVsbG8="
                made = self.client.rpc("GenerateDataKey", KeyId=self.key_id)
                assert self.client.rpc("Decrypt", CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
                self.client.oss("PUT", "memory", "object", b"x" * 50000, {"content-type": "text/plain"})
                assert self.client.oss("GET", "memory", "object")[1] == b"x" * 50000
                self.count += 1
        except BaseException as why:  # noqa: B902  handed to the test
            self.failure = why


@pytest.fixture
def in_use(keyhold, tmp_path):
    """A server whose key of known bytes is used all the time."""
    server = keyhold.on(tmp_path / "data", "--gateways", "2")
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    material = random.Random(20260101).randbytes(32)
    key_id = import_key(client, material)
    client.oss("PUT", "memory")
    rule = (b"<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>"
            + key_id.encode() + b"</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>")
    client.oss("PUT", "memory", body=rule, headers={"content-type": "application/xml"}, query="encryption")
    threads = [Use(server, key_id) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield server, client, material, key_id, threads
    for thread in threads:
        thread.stop.set()
        thread.join(30)


def wait_used(server, threads, times):
    before = [t.count for t in threads]
    server.wait_for(lambda: all(t.count >= b + times or t.failure for t, b in zip(threads, before)), 60, "uses of the key")
    for thread in threads:
        assert thread.failure is None, repr(thread.failure)


@needs_root
def test_the_search_finds(tmp_path):
    """The method itself: what is plainly in this process's memory is found."""
    key = os.urandom(32)
    seen = Seen()
    held = bytearray(key_schedule(key))
    look_through(os.getpid(), wanted(key), seen)
    assert {"first half", "second half", "schedule"} <= {what for _, _, what in seen.found} and held


@needs_root
def test_the_search_finds_in_the_server(in_use):
    """What core is given to keep, it has in its memory: a key handed to it as a description would be found there."""
    server, client, material, key_id, _ = in_use
    client.rpc("UpdateKeyDescription", KeyId=key_id, Description=material.hex())
    assert client.rpc("DescribeKey", KeyId=key_id)["KeyMetadata"]["Description"] == material.hex()
    seen, roles = Seen(), roles_of(server)
    for pid in roles:
        look_through(pid, wanted(material), seen)
    assert ("core", "key in hex") in {(roles[pid], what) for pid, _, what in seen.found}
    assert {what for _, _, what in seen.found} == {"key in hex"}, "and in no other form"


@needs_root
def test_no_copy_of_an_imported_key_in_memory(in_use):
    server, _, material, _, threads = in_use
    if not has_secret_memory(server):
        pytest.skip("this kernel has no memfd_secret: what protects the keys here is weaker, as `keyhold doctor` says")
    wait_used(server, threads, 3)
    for _ in range(3):
        seen, roles = Seen(), roles_of(server)
        for pid in roles:
            look_through(pid, wanted(material), seen)
        assert not seen.found, [(roles[pid], name, what) for pid, name, what in seen.found]
        wait_used(server, threads, 2)
    by_role = {role: sum(1 for pid, _, _ in seen.unreadable if roles[pid] == role) for role in set(roles.values())}
    print(f"\nlooked through {seen.bytes >> 20} MiB of {len(roles)} processes; pages that even root cannot read: {by_role}")
    assert seen.bytes > 8 << 20
    hidden = [name for pid, name, _ in seen.unreadable if roles[pid] == "vault" and name.startswith("/secretmem")]
    assert hidden, "the vault's secret memory could be read"


def has_secret_memory(server):
    return any(name.startswith("/secretmem") for _, _, name in mappings(server.pids("vault")[0]))


@needs_root
def test_no_access_key_secret_in_core_or_auditor(in_use):
    """The secrets of access keys are the vault's; those who only pass requests on have never seen them."""
    server, _, _, _, threads = in_use
    wait_used(server, threads, 2)
    seen, roles = Seen(), roles_of(server)
    needles = {"access key secret": server.access_key_secret.encode()}
    for pid, role in roles.items():
        if role != "supervisor":
            look_through(pid, needles, seen)
    assert not seen.found, [(roles[pid], name) for pid, name, _ in seen.found]


# ---- keys of the other kinds

def import_wrapped(client, material, **spec):
    """RSA_AES_KEY_WRAP: a private key is longer than what RSA alone takes."""
    key_id = client.rpc("CreateKey", Origin="EXTERNAL", **spec)["KeyMetadata"]["KeyId"]
    given = client.rpc("GetParametersForImport", KeyId=key_id, WrappingAlgorithm="RSA_AES_KEY_WRAP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(base64.b64decode(given["PublicKey"]))
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    middle = os.urandom(32)
    wrapped = public.encrypt(middle, oaep) + aes_key_wrap_with_padding(middle, material)
    client.rpc("ImportKeyMaterial", KeyId=key_id, ImportToken=given["ImportToken"], KeyMaterialExpireUnix=0,
               EncryptedKeyMaterial=base64.b64encode(wrapped).decode())
    return key_id


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def number_needles(name, number, size):
    """As DER has it, and as a big number has it in memory; of either the parts in the middle, for the ends may be zero."""
    big = number.to_bytes(size, "big")
    return {f"{name}": big[4:20], f"{name}, turned": big[::-1][:16], f"{name} in base64": base64.b64encode(big[3:21])}


def other_keys(client):
    """One key of each kind: its id, how it is used, and what would betray it."""
    sign = {"Digest": base64.b64encode(b"d" * 32).decode()}
    curve, wide, seed, rsa_key = (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate(),
                                  rsa.generate_private_key(public_exponent=65537, key_size=2048))
    raw_seed = seed.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    primes = rsa_key.private_numbers()
    sm2 = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    sm2 = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-outform", "DER"], input=sm2, check=True,
                         capture_output=True).stdout
    scalar = int.from_bytes(sm2[sm2.index(b"\x02\x01\x01\x04\x20") + 5:][:32], "big")
    sm4, code = os.urandom(16), os.urandom(32)
    return [
        (import_wrapped(client, pkcs8(curve), KeySpec="EC_P256", KeyUsage="SIGN/VERIFY"), "AsymmetricSign",
         {**sign, "Algorithm": "ECDSA_SHA_256"}, number_needles("P-256", curve.private_numbers().private_value, 32)),
        (import_wrapped(client, pkcs8(wide), KeySpec="EC_P384", KeyUsage="SIGN/VERIFY"), "AsymmetricSign",
         {"Digest": base64.b64encode(b"d" * 48).decode(), "Algorithm": "ECDSA_SHA_384"},
         number_needles("P-384", wide.private_numbers().private_value, 48)),
        (import_wrapped(client, sm2, KeySpec="EC_SM2", KeyUsage="SIGN/VERIFY"), "AsymmetricSign", {**sign, "Algorithm": "SM2DSA"},
         number_needles("SM2", scalar, 32)),
        (import_wrapped(client, pkcs8(seed), KeySpec="EC_ED25519", KeyUsage="SIGN/VERIFY"), "AsymmetricSign",
         {**sign, "MessageType": "RAW", "Algorithm": "ED25519_SHA_512"}, number_needles("Ed25519", int.from_bytes(raw_seed, "big"), 32)),
        (import_wrapped(client, pkcs8(rsa_key), KeySpec="RSA_2048", KeyUsage="SIGN/VERIFY"), "AsymmetricSign",
         {**sign, "Algorithm": "RSA_PSS_SHA_256"}, {**number_needles("RSA p", primes.p, 128), **number_needles("RSA q", primes.q, 128)}),
        (import_wrapped(client, code, KeySpec="HMAC_SHA_256", KeyUsage="GENERATE/VERIFY_MAC"), "GenerateMac",
         {"Message": "bQ==", "Algorithm": "HMAC_SHA_256"}, {**number_needles("HMAC", int.from_bytes(code, "big"), 32),
                                                             "HMAC, padded": bytes(b ^ 0x36 for b in code[:16])}),
        (import_wrapped(client, sm4, KeySpec="Aliyun_SM4"), "Encrypt", {"Plaintext": "bQ=="},
         {"SM4": sm4, "SM4 in base64": base64.b64encode(sm4)}),
    ]


@needs_root
def test_no_copy_of_a_key_of_any_kind_in_memory_or_on_disk(keyhold, tmp_path):
    server = keyhold.on(tmp_path / "data", "--gateways", "2")
    client = Client(server.http, (server.access_key_id, server.access_key_secret))
    keys = other_keys(client)
    needles = {}
    for key_id, operation, members, betraying in keys:
        for _ in range(3):
            client.rpc(operation, KeyId=key_id, **members)
        needles.update(betraying)
    for _ in range(8):  # so that what was in hand is overwritten in every process
        client.rpc("ListKeys")
    if has_secret_memory(server):
        seen, roles = Seen(), roles_of(server)
        for pid in roles:
            look_through(pid, needles, seen)
        assert not seen.found, [(roles[pid], where, what) for pid, where, what in seen.found]
        assert seen.bytes > 8 << 20
    found = [(path, what) for path in (os.path.join(where, name) for where, _, names in os.walk(tmp_path / "data") for name in names)
             for what, needle in needles.items() if needle in open(path, "rb").read()]
    assert not found
    client.rpc("UpdateKeyDescription", KeyId=keys[0][0], Description=needles["P-256 in base64"].decode())
    seen, roles = Seen(), roles_of(server)
    for pid in roles:
        look_through(pid, needles, seen)
    assert {what for _, _, what in seen.found} == {"P-256 in base64"}, "the search finds what is there, and that alone"


SECRET_VALUE = "value-of-a-secret-that-only-its-reader-may-see-4711"


def use_secret(client, name, value):
    """The value's whole life, each time on a connection of its own."""
    client.rpc("CreateSecret", SecretName=name, VersionId="v1", SecretData=value)
    client.rpc("PutSecretValue", SecretName=name, VersionId="v2", SecretData=value + "2")
    for version in ("v1", "v2"):
        assert client.rpc("GetSecretValue", SecretName=name, VersionId=version)["SecretData"].startswith(value)


@needs_root
def test_no_secret_value_in_memory(in_use):
    """Core, auditor, keygen and supervisor never have it; gateway and vault overwrite it once it is delivered."""
    server, client, _, _, threads = in_use
    for i in range(20):
        use_secret(client, f"memory/{i}", SECRET_VALUE)
    client.rpc("UpdateSecretRotationPolicy", SecretName="memory/0", EnableAutomaticRotation="false")
    client.rpc("RotateSecret", SecretName="memory/0", VersionId="r1")
    made = client.rpc("GetSecretValue", SecretName="memory/0", VersionId="r1")["SecretData"]
    wait_used(server, threads, 2)
    needles = {"value": SECRET_VALUE.encode(), "value in base64": base64.b64encode(SECRET_VALUE.encode())[:40], "random value": made.encode()}
    seen, roles = Seen(), roles_of(server)
    for pid in roles:
        look_through(pid, needles, seen)
    assert not seen.found, [(roles[pid], name, what) for pid, name, what in seen.found]
    assert seen.bytes > 8 << 20


def test_nothing_secret_on_disk(in_use, tmp_path):
    server, client, material, key_id, threads = in_use
    marker = b"a plaintext that nobody else may read " * 3
    client.oss("PUT", "memory", "marker", marker * 1000, {"content-type": "text/plain"})
    sealed = client.rpc("Encrypt", KeyId=key_id, Plaintext=base64.b64encode(marker).decode())
    data_key = base64.b64decode(client.rpc("GenerateDataKey", KeyId=key_id)["Plaintext"])
    client.rpc("CreateUser", RAM, signature=3, UserName="disk")
    secret = client.rpc("CreateAccessKey", RAM, signature=3, UserName="disk")["AccessKey"]["AccessKeySecret"]
    use_secret(client, "disk/secret", SECRET_VALUE)
    client.rpc("DeleteSecret", SecretName="disk/secret", ForceDeleteWithoutRecovery="true")
    use_secret(client, "disk/secret", SECRET_VALUE)
    wait_used(server, threads, 2)
    with open(tmp_path / "data" / "root.key", "rb") as f:
        root_key = f.read()
    needles = {**wanted(material), "plaintext": marker[:38], "plaintext in base64": base64.b64encode(marker)[:40], "data key": data_key,
               "data key in base64": base64.b64encode(data_key)[:40], "access key secret": secret.encode(),
               "value of a secret": SECRET_VALUE.encode(), "value of a secret in base64": base64.b64encode(SECRET_VALUE.encode())[:40],
               "root access key secret": server.access_key_secret.encode(), "root key": root_key[:16], "end of the root key": root_key[16:],
               "description": b"described in the store"}
    client.rpc("UpdateKeyDescription", KeyId=key_id, Description="another word")

    def search():
        found = []
        for where, _, names in os.walk(tmp_path / "data"):
            for name in names:
                path = os.path.join(where, name)
                try:
                    with open(path, "rb") as f:
                        content = f.read()
                except FileNotFoundError:
                    continue
                found += [(os.path.relpath(path, tmp_path / "data"), what) for what, needle in needles.items() if needle in content]
        return [f for f in found if f[0] != "root.key"]

    assert not search()
    for what in ("first half", "plaintext", "data key", "root key"):  # what lies there is found
        planted = tmp_path / "data" / "core" / "planted"
        planted.write_bytes(b"x" * 5000 + needles[what] + b"x" * 5000)
        assert ("core/planted", what) in search()
        planted.unlink()
    assert client.rpc("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"] == base64.b64encode(marker).decode()
    for thread in threads:
        thread.stop.set()
        thread.join(30)
    assert server.stop() == 0
    assert not search()


# ---- how much and how fast

def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


@needs_root
def test_idle_memory(keyhold, tmp_path):
    server = keyhold.on(tmp_path / "data")
    assert server.identity()[0] == 200
    roles = roles_of(server)
    by_role = {}
    for pid, role in roles.items():
        by_role[role] = by_role.get(role, 0) + pss_kib(pid)
    total = sum(by_role.values())
    print(f"\nidle: {total / 1024:.1f} MiB in {len(roles)} processes: " + ", ".join(f"{r} {k / 1024:.1f}" for r, k in by_role.items()))
    assert total < 60 * 1024, by_role


def test_start_to_ready(keyhold, tmp_path):
    made = json.loads(run_init(tmp_path / "data").stdout)
    assert made["isNew"]
    times = []
    for _ in range(5):
        for server in (keyhold("--data", str(tmp_path / "data"), *ANY_PORTS), keyhold.in_memory()):
            times.append(server.ready_after)
            assert server.stop() == 0
    on_disk, in_memory = min(times[::2]), min(times[1::2])
    print(f"\nstart to ready: {on_disk * 1000:.0f} ms with a data folder, {in_memory * 1000:.0f} ms in memory (best of five)")
    assert on_disk < 0.3 * SLACK and in_memory < 0.3 * SLACK, times
