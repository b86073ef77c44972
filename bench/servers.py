"""The servers that bench/run measures, and the load generator they are measured with."""

import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("KEYHOLD_BUILD") or HERE.parent / "build").resolve()
LOAD = BUILD / "bench" / "keyhold-load"
SETTLE_S = 0.2  # for what a server still does after its last answer


class Trouble(Exception):
    """Something without which nothing can be measured."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def process_children(parent):
    """{pid: name} of the processes that `parent` started."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name, rest = (entry / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(rest.split()[1]) == parent:
            found[int(entry.name)] = name
    return found


def cpu_ns(process):
    """User and system time, as the scheduler counts it."""
    total = 0
    for thread in pathlib.Path(f"/proc/{process}/task").iterdir():
        total += int((thread / "schedstat").read_text().split()[0])
    return total


def pss_bytes(process):
    """Memory with shared pages divided among those who share them; None without the right to look."""
    try:
        for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        pass
    return None


class Slice:
    """What one timed slice showed. CPU times in seconds, by role."""

    def __init__(self, result, roles, settled):
        self.answers = result["answers"]
        self.seconds = result["seconds"]
        self.received = result["received"]
        self.p50_ms = result["p50_us"] / 1000
        self.p99_ms = result["p99_us"] / 1000
        self.cpu = {}
        for process, role in roles.items():
            used = (settled.get(process, 0) - result["before_ns"][str(process)]) / 1e9
            self.cpu[role] = self.cpu.get(role, 0) + used

    @property
    def cpu_s(self):
        return sum(self.cpu.values())

    @property
    def cpu_us(self):
        """CPU per request."""
        return self.cpu_s * 1e6 / max(self.answers, 1)

    @property
    def rate(self):
        return self.answers / self.seconds


class Server:
    """What all servers have in common; they differ in how they start and in the prefix of the load's arguments."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port, self.tls_port = free_port(), free_port()
        self.process = None
        self.count = {}  # requests to make beforehand, by kind of slice

    def roles(self):
        raise NotImplementedError

    def arguments(self):
        return []

    def load(self, words, tls=False, connections=64, seconds=1.0, count=None, body=0, names=0, key_file=None, version=None, expected=None):
        """One slice; more requests are made beforehand the next time when they ran out. With `key_file` others than the root sign."""
        key = (tuple(words), connections, tls)
        count = count or self.count.get(key, 4000 if not body else 400)
        roles = self.roles()
        address = f"127.0.0.1:{self.tls_port if tls else self.port}"
        command = [LOAD, "-a", address, "-c", connections, "-t", seconds, "-n", max(count, connections + 1), "-b", body]
        command += ["-m", names, "-p", ",".join(map(str, roles))] + (["-s"] if tls else []) + self.arguments()
        command += (["-k", key_file] if key_file else []) + (["-v", version] if version else [])
        command += (["-e", expected] if expected else []) + list(words)
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"{' '.join(map(str, words[:3]))} on {self.name}: {done.stdout} {done.stderr}")
        result = json.loads(done.stdout)
        time.sleep(SETTLE_S)
        found = Slice(result, roles, {p: cpu_ns(p) for p in roles})
        self.count[key] = int(found.rate * seconds * 1.4) + connections + 200
        return found

    def ask(self, *words, body=0, key_file=None):
        """One request; the body of its answer."""
        command = [LOAD, "-o", "-b", body, "-a", f"127.0.0.1:{self.port}"] + self.arguments() + (["-k", key_file] if key_file else []) + list(words)
        done = subprocess.run(list(map(str, command)), capture_output=True)
        if done.returncode:
            raise Trouble(f"{' '.join(map(str, words))}: {done.stdout.decode(errors='replace')} {done.stderr.decode()}")
        return done.stdout

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Keyhold(Server):
    name = "keyhold"

    def __init__(self, folder, durable):
        super().__init__(folder)
        self.folder.mkdir()
        self.durable = durable
        self.key_file = self.folder / "access-key"
        self.key_file.touch(mode=0o600)
        self.key_file.write_text("LTAIbench000000000000001\nNotASecretOnlyForBenchmarks0123\n")
        self.data = self.folder / "data"
        self.supervisor = BUILD / "src" / "role" / "keyhold-supervisor"
        self.log = open(self.folder / "log", "ab")
        done = subprocess.run([self.supervisor, "init", "--data", self.data, "--access-key-file", self.key_file, "--quiet"],
                              stdout=subprocess.DEVNULL, stderr=self.log)
        if done.returncode:
            raise Trouble(f"init failed: {(self.folder / 'log').read_text()}")
        self.start()

    def start(self):
        """Milliseconds until it was ready."""
        command = [self.supervisor, "serve", "--data", self.data, "--http", f"127.0.0.1:{self.port}", "--https",
                   f"127.0.0.1:{self.tls_port}", "--durable", "yes" if self.durable else "no", "-o", "json"]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline()
        if b'"ready":true' not in line.replace(b" ", b""):
            raise Trouble(f"not ready: {line} {(self.folder / 'log').read_text()}")
        return (time.monotonic() - began) * 1000

    def arguments(self):
        return ["-k", self.key_file]

    def roles(self):
        found = {p: n.removeprefix("keyhold-") for p, n in process_children(self.process.pid).items()}
        return found | {self.process.pid: "supervisor"}

    def memory(self):
        """Bytes by role, or None."""
        found = {}
        for process, role in self.roles().items():
            pss = pss_bytes(process)
            if pss is None:
                return None
            found[role] = found.get(role, 0) + pss
        return found

    def prepare(self):
        self.key_id = json.loads(self.ask("rpc", "CreateKey", "/"))["KeyMetadata"]["KeyId"]
        self.ask("oss", "PUT", "bench")


NGINX_CONF = """{user}daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_buffer_size 1m;
    client_body_temp_path {folder}/incoming;
    sendfile on;
    tcp_nopush on;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.3;
        location = / {{ return 200 "ok"; }}
        location /files/ {{ alias {folder}/files/; dav_methods PUT DELETE; }}
    }}
}}
"""


class Nginx(Server):
    name = "nginx"

    def __init__(self, folder, tls_from):
        super().__init__(folder)
        if not shutil.which("nginx"):
            raise Trouble("nginx is not installed (Debian: nginx-light, libnginx-mod-http-dav-ext)")
        (self.folder / "files").mkdir(parents=True)
        for name in ("server.pem", "server.key"):
            shutil.copy(tls_from / name, self.folder / name)
        text = NGINX_CONF.format(folder=self.folder, port=self.port, tls_port=self.tls_port,
                                 user="user root;\n" if os.geteuid() == 0 else "")
        (self.folder / "conf").write_text(text)
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(["nginx", "-c", self.folder / "conf", "-e", self.folder / "error.log"], stderr=self.log)
        deadline = time.monotonic() + 5
        while True:
            try:
                self.ask("plain", "GET", "/")
                return
            except Trouble:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise Trouble(f"nginx does not start: {(self.folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def roles(self):
        return {p: "worker" for p in process_children(self.process.pid)}


class Disk:
    """How long fdatasync takes here: 4 KiB written into a file that was written before."""

    FILE_BYTES, WRITE_BYTES = 16 << 20, 4096

    def __init__(self, folder):
        self.file = os.open(pathlib.Path(folder) / "sync", os.O_RDWR | os.O_CREAT, 0o600)
        os.write(self.file, bytes(self.FILE_BYTES))
        os.fsync(self.file)
        self.at = 0
        self.samples_ms = []

    def sample(self, seconds):
        block = os.urandom(self.WRITE_BYTES)
        ends = time.monotonic() + seconds
        while (began := time.monotonic()) < ends:
            os.pwrite(self.file, block, self.at)
            os.fdatasync(self.file)
            self.samples_ms.append((time.monotonic() - began) * 1000)
            self.at = (self.at + self.WRITE_BYTES) % self.FILE_BYTES

    @property
    def sync_ms(self):
        return statistics.median(self.samples_ms)


class House:
    """All servers of a run, in a folder on the build's disk that goes when they do."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        self.servers = []
        return self

    def add(self, server):
        self.servers.append(server)
        return server

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
