"""Helpers for whole-system tests: starting a Keyhold from a build folder ($KEYHOLD_BUILD, else ./build), asking it things as a
client would, looking at its processes.

Before a server is stopped every refusal it gave is looked at: is it explained, and is that true (explained.py)?

Fixtures: `keyhold` starts servers for one test and stops them after it; `server` is one in-memory server for a whole file."""
import base64
import collections
import hashlib
import hmac
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

import explained

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("KEYHOLD_BUILD", os.path.join(ROOT, "build")))
SUPERVISOR = os.path.join(BUILD, "src", "role", "keyhold-supervisor")
ROLES = ("vault", "keygen", "reader", "auditor", "core", "gateway")
ANY_PORTS = ("--http", "127.0.0.1:0", "--https", "127.0.0.1:0")


# Access keys of accounts' roots, as init, CreateAccount and throw-away servers give them; and what was looked at so far.
ROOTS, LOOKED_AT, TALLY = {}, set(), collections.Counter()


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEYHOLD_")}
    return {**kept, **more}


def run_init(data, *flags, env=None, output="json"):
    """Runs init to its end: the finished process, with text in stdout and stderr."""
    command = [SUPERVISOR, "init", "--data", str(data), "-o", output, *flags]
    done = subprocess.run(command, env=environment(**(env or {})), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0 and output == "json":
        made = json.loads(done.stdout)
        if made.get("accessKeySecret"):
            ROOTS[made["accountId"]] = (made["accessKeyId"], made["accessKeySecret"])
    return done


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """A running Keyhold."""

    def __init__(self, *flags, env=None, wait=True):
        self.lines, self.logs, self.ready = [], [], None
        self.started = time.monotonic()
        self.process = subprocess.Popen([SUPERVISOR, "serve", "-o", "json", *flags], env=environment(**(env or {})),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.logs))]
        for reader in self.readers:
            reader.start()
        if wait:
            self.wait_ready()

    @staticmethod
    def _read(stream, into):
        for line in stream:
            into.append(line.rstrip("\n"))

    def wait_ready(self, within=30):
        self.wait_for(lambda: self.lines or self.process.poll() is not None, within)
        assert self.lines, "not ready:\n" + "\n".join(self.logs)
        self.ready_after = time.monotonic() - self.started
        self.ready = json.loads(self.lines[0])
        self.http = self.ready.get("http")
        self.https = self.ready.get("https")
        self.use(self.ready.get("accessKeyId"), self.ready.get("accessKeySecret"))
        return self.ready

    def use(self, access_key_id, access_key_secret):
        self.access_key_id, self.access_key_secret = access_key_id, access_key_secret

    def wait_for(self, holds, within=15, what="it"):
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, f"{what} did not happen within {within} s:\n" + "\n".join(self.logs[-20:])
            time.sleep(0.005)

    def log(self, what):
        """Log lines with this phrase, parsed."""
        found = []
        for line in list(self.logs):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("what") == what:
                found.append(entry)
        return found

    def pids(self, role=None):
        """Process ids by role, from /proc: {"core": [123], …}, or the list of one role."""
        found = {name: [] for name in ROLES}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                    head, rest = f.read().rsplit(")", 1)
            except OSError:
                continue
            fields, command = rest.split(), head.split("(", 1)[1]
            if int(fields[1]) != self.process.pid or fields[0] == "Z" or not command.startswith("keyhold-"):
                continue
            full = [r for r in ROLES if ("keyhold-" + r).startswith(command)]
            if full:
                found[full[0]].append(int(name))
        return found if role is None else found[role]

    def signal(self, number):
        self.process.send_signal(number)

    def explain(self):
        """Every refusal so far is explained, and truly. Nothing to look at where it does not run."""
        if self.process.poll() is not None or not self.ready or not self.http:
            return
        if self.ready.get("accessKeySecret"):
            ROOTS.setdefault(self.ready["accountId"], (self.ready["accessKeyId"], self.ready["accessKeySecret"]))
        begun = time.monotonic()
        done = explained.check(self.http, self.ready["data"], ROOTS, LOOKED_AT)
        LOOKED_AT.update(done.seen)
        TALLY.update(done.count)
        TALLY["ms"] += int((time.monotonic() - begun) * 1000)
        assert not done.wrong, f"{len(done.wrong)} refusals are not explained as they are:\n" + "\n".join(done.wrong[:5])

    def stop(self, within=60):
        """SIGTERM; the exit code."""
        try:
            self.explain()
        finally:
            code = self.end(within)
        return code

    def end(self, within):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        for reader in self.readers:
            reader.join(5)
        return code

    def ask(self, action, version="2016-01-20", secret=None, access_key_id=None, **parameters):
        """One Alibaba RPC request over plain HTTP, signed with HMAC-SHA1: (HTTP status, JSON)."""
        return rpc(f"http://{self.http}", access_key_id or self.access_key_id, secret or self.access_key_secret, action,
                   version, parameters)

    def identity(self):
        return self.ask("GetCallerIdentity", version="2015-04-01")

    def wait_answering(self, within=20):
        """Until a signed request is answered with success again; the seconds it took."""
        begun = time.monotonic()
        while True:
            try:
                status, answer = self.identity()
            except OSError as why:
                status, answer = 0, why
            if status == 200:
                return time.monotonic() - begun
            assert time.monotonic() - begun < within, (status, answer, self.logs[-20:])
            time.sleep(0.02)


def quoted(text):
    return urllib.parse.quote(str(text), safe="~")


def rpc(endpoint, access_key_id, secret, action, version, parameters):
    query = {"Action": action, "Version": version, "Format": "JSON", "AccessKeyId": access_key_id,
             "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
             "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **parameters}
    canonical = "&".join(f"{quoted(name)}={quoted(query[name])}" for name in sorted(query))
    text = "GET&%2F&" + quoted(canonical)
    query["Signature"] = base64.b64encode(hmac.new((secret + "&").encode(), text.encode(), hashlib.sha1).digest()).decode()
    url = endpoint + "/?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
    try:
        with urllib.request.urlopen(url, timeout=35) as answer:
            body = json.loads(answer.read())
            if action == "CreateAccount":
                ROOTS[body["Account"]["AccountId"]] = (body["AccessKey"]["AccessKeyId"], body["AccessKey"]["AccessKeySecret"])
            return answer.status, body
    except urllib.error.HTTPError as refused:
        body = refused.read()
        try:
            return refused.code, json.loads(body)
        except ValueError:
            return refused.code, body


class Starter:
    def __init__(self):
        self.servers = []

    def __call__(self, *flags, **options):
        server = Server(*flags, **options)
        self.servers.append(server)
        return server

    def in_memory(self, *flags, **options):
        return self("--in-memory", *ANY_PORTS, *flags, **options)

    def on(self, data, *flags, **options):
        """Initialises the folder when that was not done, and serves it; signs with the root access key if it is new."""
        made = json.loads(run_init(data).stdout)
        server = self("--data", str(data), *ANY_PORTS, *flags, **options)
        server.use(made.get("accessKeyId"), made.get("accessKeySecret"))
        return server

    def stop_all(self):
        for server in self.servers:
            if server.process.poll() is None:
                server.stop()


@pytest.fixture
def keyhold():
    starter = Starter()
    yield starter
    starter.stop_all()


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


def pytest_terminal_summary(terminalreporter):
    if TALLY:
        said = ", ".join(f"{count} {what}" for what, count in TALLY.most_common() if what not in ("refusals", "ms"))
        terminalreporter.write_line(f"{TALLY['refusals']} refusals explained in {TALLY['ms'] / 1000:.1f} s: {said}")
