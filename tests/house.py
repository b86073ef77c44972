"""Plays the supervisor and a gateway towards the real vault, auditor and core: what a taken gateway could do, and what the
processes say to each other. The codec is written from the contract tables alone, independent of the C code."""
import os
import socket
import struct
import subprocess
import sys
import time
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import contract as tables  # noqa: E402

BUILD = os.environ.get("KEYHOLD_BUILD", os.path.join(ROOT, "build"))


def load_contract():
    contract = tables.of_tree(ROOT)
    contract.failures = [row[0] for row in tables.error_rows(os.path.join(ROOT, "src", "contract", "errors.def"))]
    return contract


CONTRACT = load_contract()
OPERATIONS = {op["c"]: i + 1 for i, op in enumerate(CONTRACT.operations)}
VERBS = {m[0]: i + 1 for i, m in enumerate(CONTRACT.messages)}
VERB_SHAPES = {i + 1: (m[0], m[3]) for i, m in enumerate(CONTRACT.messages)}
FAILURES = {name: i + 1 for i, name in enumerate(CONTRACT.failures)}
FAILURE_NAMES = {i + 1: name for i, name in enumerate(CONTRACT.failures)}
FAILURE_NAMES[0] = "OK"


def as_bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def pack_list(items):
    return struct.pack(">I", len(items)) + b"".join(struct.pack(">I", len(i)) + i for i in items)


def pack(shape, value):
    out = b""
    for number, f in enumerate(CONTRACT.shapes[shape], 1):
        if value.get(f["name"]) is None:
            continue
        v, kind = value[f["name"]], CONTRACT.kind(f)
        if kind in ("TEXT", "BYTES", "SECRET", "JSON"):
            content = as_bytes(v)
        elif kind in ("INT", "TIME"):
            content = struct.pack(">q", v)
        elif kind == "BOOL":
            content = bytes([v])
        elif kind == "CHOICE":
            content = struct.pack(">H", CONTRACT.enums[f["type"]].index(v) + 1)
        elif kind == "MAP":
            content = pack_list([as_bytes(x) for pair in v.items() for x in pair])
        elif kind in ("TEXTS", "JSONS", "BLOBS"):
            content = pack_list([as_bytes(x) for x in v])
        elif kind == "SHAPE":
            content = pack(f["type"], v)
        else:
            content = pack_list([pack(f["type"], x) for x in v])
        if kind in ("MAP", "TEXTS", "JSONS", "BLOBS", "SHAPES") and not v:
            continue
        out += bytes([number]) + struct.pack(">I", len(content)) + content
    return out


def unpack_list(content):
    count, = struct.unpack(">I", content[:4])
    items, at = [], 4
    for _ in range(count):
        length, = struct.unpack(">I", content[at:at + 4])
        items.append(content[at + 4:at + 4 + length])
        at += 4 + length
    assert at == len(content)
    return items


def unpack(shape, packed):
    value, at = {}, 0
    while at < len(packed):
        number, length = struct.unpack(">BI", packed[at:at + 5])
        content = packed[at + 5:at + 5 + length]
        at += 5 + length
        f = CONTRACT.shapes[shape][number - 1]
        kind = CONTRACT.kind(f)
        if kind in ("TEXT", "JSON"):
            value[f["name"]] = content.decode()
        elif kind in ("BYTES", "SECRET"):
            value[f["name"]] = content
        elif kind in ("INT", "TIME"):
            value[f["name"]], = struct.unpack(">q", content)
        elif kind == "BOOL":
            value[f["name"]] = content == b"\1"
        elif kind == "CHOICE":
            value[f["name"]] = CONTRACT.enums[f["type"]][struct.unpack(">H", content)[0] - 1]
        elif kind == "MAP":
            flat = [x.decode() for x in unpack_list(content)]
            value[f["name"]] = dict(zip(flat[::2], flat[1::2]))
        elif kind in ("TEXTS", "JSONS"):
            value[f["name"]] = [x.decode() for x in unpack_list(content)]
        elif kind == "SHAPE":
            value[f["name"]] = unpack(f["type"], content)
        else:
            value[f["name"]] = [unpack(f["type"], x) for x in unpack_list(content)]
    return value


def socket_pair():
    """The processes expect their ends not to block."""
    pair = socket.socketpair()
    for end in pair:
        end.setblocking(False)
    return pair


class Channel:
    """One end of a channel between two processes (src/system/channel.h)."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.setblocking(True)
        self.sock.settimeout(20)
        self.buffer = b""
        self.fds = []

    def send(self, verb, value=None, fds=()):
        name, shape = VERB_SHAPES[VERBS[verb]]
        self.send_raw(bytes([VERBS[name]]) + pack(shape, value or {}), fds)

    def send_raw(self, payload, fds=()):
        frame = struct.pack(">IB", len(payload), len(fds)) + payload
        if fds:
            sent = socket.send_fds(self.sock, [frame[:1]], list(fds))
            frame = frame[sent:]
        self.sock.sendall(frame)

    def receive(self):
        """(verb, fields, descriptors); None when the peer has closed."""
        while True:
            if len(self.buffer) >= 5:
                length, flags = struct.unpack(">IB", self.buffer[:5])
                if len(self.buffer) >= 5 + length:
                    payload, self.buffer = self.buffer[5:5 + length], self.buffer[5 + length:]
                    fds, self.fds = self.fds[:flags], self.fds[flags:]
                    name, shape = VERB_SHAPES[payload[0]]
                    return name, unpack(shape, payload[1:]), fds
            data, fds, _, _ = socket.recv_fds(self.sock, 1 << 16, 16)
            self.fds += fds
            if not data:
                return None
            self.buffer += data

    def close(self):
        self.sock.close()


class Box:
    """crypto/box.h, the gateway's side."""

    def __init__(self, key):
        self.aead, self.sent = AESGCM(key), 0

    def seal(self, aad, plaintext):
        nonce = b"A\0\0\0" + struct.pack(">Q", self.sent)
        self.sent += 1
        return nonce + self.aead.encrypt(nonce, plaintext, aad)

    def open(self, aad, sealed):
        assert sealed[:1] == b"B"
        return self.aead.decrypt(sealed[:12], sealed[12:], aad)


class House:
    """A data folder with vault, keygen, auditor and core running on it; the test is supervisor and gateway 0."""

    def __init__(self, folder, later_s=0, region="cn-hangzhou"):
        """later_s: for these processes it is so many seconds later (libfaketime)."""
        self.folder, self.later_s, self.region = str(folder), later_s, region
        for name in ("core/blobs", "trail"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700, exist_ok=True)
        root_key = os.path.join(self.folder, "root.key")
        if not os.path.exists(root_key):
            with open(root_key, "wb") as f:
                f.write(os.urandom(32))
            os.chmod(root_key, 0o600)
        self.root_key = open(root_key, "rb")
        self.processes, self.controls, self.requests = {}, {}, 0
        self.pair_key, self.keygen_key = os.urandom(32), os.urandom(32)
        self.box = Box(self.pair_key)
        self.start()

    def environment(self):
        if not self.later_s:
            return None
        library = subprocess.run(["dpkg", "-L", "libfaketime"], check=True, capture_output=True, text=True).stdout
        path = next(line for line in library.split("\n") if line.endswith("/libfaketime.so.1"))
        return {**os.environ, "LD_PRELOAD": path, "FAKETIME": f"+{self.later_s}s", "FAKETIME_DISABLE_SHM": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "0"}

    def spawn(self, role, extra=()):
        ours, theirs = socket_pair()
        fds = [theirs.fileno()] + [f.fileno() for f in extra]
        path = os.path.join(BUILD, "src", "role", "keyhold-" + role)
        shuffle = "; ".join(f"os.dup2({40 + i}, {3 + i})" for i in range(len(fds)))
        code = (f"import os; [os.dup2(f, 40 + i) for i, f in enumerate({fds})]; {shuffle}; "
                f"os.closerange({3 + len(fds)}, 256); os.execv({path!r}, [{path!r}])")
        self.processes[role] = subprocess.Popen([sys.executable, "-c", code], pass_fds=fds, env=self.environment())
        theirs.close()
        self.controls[role] = Channel(ours)

    def link(self, a, b, index=0, key_a=None):
        one, other = socket_pair()
        for role, peer, sock in ((a, b, one), (b, a, other)):
            if role in self.controls:
                self.controls[role].send("CONNECT", {"Peer": peer.capitalize(), "Index": index, "PairKey": key_a}, [sock.fileno()])
        return one, other

    def start(self):
        ours, theirs = socket_pair()
        settings = {"region": self.region, "log_level": "info", "is_durable": "no", "rotation_least_s": "604800", "may_begin": "yes"}
        self.spawn("vault", [self.root_key])
        self.spawn("keygen")
        self.controls["vault"].send("CONFIGURE", {"Settings": settings})
        self.controls["keygen"].send("CONFIGURE", {"Settings": settings})
        for role, folder in (("auditor", "trail"), ("core", "core")):
            self.spawn(role)
            self.controls[role].send("CONFIGURE", {"Settings": dict(settings, folder=os.path.join(self.folder, folder))})
        self.controls["vault"].send("CONNECT", {"Peer": "Keygen", "PairKey": self.keygen_key}, [ours.fileno()])
        self.controls["keygen"].send("CONNECT", {"Peer": "Vault", "PairKey": self.keygen_key}, [theirs.fileno()])
        ours.close()
        theirs.close()
        for a, b in (("core", "vault"), ("core", "auditor"), ("vault", "auditor")):
            for sock in self.link(a, b):
                sock.close()
        self.controls["vault"].send("CONNECT", {"Peer": "Gateway", "Index": 0, "PairKey": self.pair_key})
        gateway, core_end = socket_pair()
        self.controls["core"].send("CONNECT", {"Peer": "Gateway", "Index": 0}, [core_end.fileno()])
        core_end.close()
        self.gateway = Channel(gateway)
        for control in self.controls.values():
            control.send("CONNECTED")
        for role, control in self.controls.items():
            verb, _, _ = control.receive()
            assert verb == "READY", (role, verb)

    def bootstrap(self, **wish):
        self.controls["core"].send("BOOTSTRAP", wish)
        verb, result, _ = self.controls["core"].receive()
        assert verb == "BOOTSTRAPPED", verb
        return result

    def boxed(self, proof, request_id):
        """What was signed goes to the vault past core's eyes."""
        return proof and dict(proof, Texts=[self.box.seal(request_id.encode(), text.encode()) for text in proof["Texts"]])

    def ask(self, operation, fields, proof, **more):
        """Sends a REQUEST as a gateway would, and returns the REPLY."""
        self.requests += 1
        request_id = more.pop("request_id", str(uuid.uuid4()).upper())
        request = {"Id": self.requests, "RequestId": request_id, "Operation": OPERATIONS.get(operation, 0),
                   "Proof": self.boxed(proof, request_id),
                   "Input": pack(operation + "In", fields) or None,
                   "Peer": {"SourceIp": "127.0.0.1", "UserAgent": "test", "Dialect": "alibaba_rpc", "IsTls": False}}
        request.update(more)
        self.gateway.send("REQUEST", request)
        return self.reply(operation)

    @staticmethod
    def store_body(reply):
        """Something in the place of a sealed body; its size."""
        for fd in reply["fds"]:
            os.pwrite(fd, b"sealed, as far as core can tell", reply["Body"].get("Offset", 0))
            os.close(fd)
        return 31

    def reply(self, operation):
        got = self.gateway.receive()
        assert got is not None, "core closed the gateway's channel"
        verb, reply, fds = got
        assert verb == "REPLY"
        reply["Failure"] = FAILURE_NAMES[reply.get("Failure", 0)]
        reply["fds"] = fds
        if "Output" in reply or reply["Failure"] == "OK":
            reply["out"] = unpack(operation + "Out", reply.get("Output", b""))
        return reply

    def stop(self):
        for role in ("core", "auditor", "vault", "keygen"):
            if role in self.processes and self.processes[role].poll() is None:
                try:
                    self.controls[role].send("STOP")
                except OSError:
                    pass
                try:
                    self.processes[role].wait(30)
                except subprocess.TimeoutExpired:
                    self.processes[role].kill()
        codes = {role: p.wait() for role, p in self.processes.items()}
        for control in self.controls.values():
            control.close()
        self.root_key.close()
        return codes
