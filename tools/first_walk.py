#!/usr/bin/env python3
"""What ./dev run does once everything is built: starts Keyhold on a data folder, walks through its main job with the command
line as a user would, and stays up until ^C.

usage: first_walk.py BUILD_FOLDER DATA_FOLDER"""
import filecmp
import glob
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time

FILE_MIB = 64
BUCKET = "first-walk"


class Failed(Exception):
    """What went wrong, for people."""


class Walk:
    def __init__(self, build, data):
        self.build, self.data = os.path.abspath(build), os.path.abspath(data)
        self.program = os.path.join(self.build, "src", "cli", "keyhold")
        # Beside the data folder: the client's side of things, and the log.
        self.client, self.log = self.data + ".client", self.data + ".log"
        self.profile = os.path.join(self.client, "keyhold", "default.conf")
        self.environment = dict(os.environ, KEYHOLD_LIBEXEC=os.path.join(self.build, "src", "role"), XDG_CONFIG_HOME=self.client)
        for name in ("KEYHOLD_PROFILE", "KEYHOLD_ENDPOINT"):
            self.environment.pop(name, None)
        self.server = None
        self.account = None

    # ---- the server

    def init(self):
        made = subprocess.run([self.program, "init", "--data", self.data, "-o", "json"], env=self.environment, capture_output=True, text=True,
                              check=False)
        if made.returncode:
            raise Failed(f"keyhold init failed:\n{made.stderr.strip()}")
        told = json.loads(made.stdout)
        self.account = told["accountId"]
        if not told["isNew"]:
            return None
        return told

    def serve(self):
        """Starts it and waits until it is ready; the addresses it listens on."""
        with open(self.log, "ab") as log:
            self.server = subprocess.Popen([self.program, "serve", "--data", self.data, "-o", "json"], env=self.environment,
                                           stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.server.stdout.readline()
        if not line:
            self.server.wait()
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise Failed("keyhold serve ended at once. The end of its log:\n" + "".join(log.readlines()[-8:]))
        return json.loads(line)

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def save_profile(self, told, ready):
        """The client's side: where the server is, and the root access key of a new account."""
        os.makedirs(os.path.dirname(self.profile), mode=0o700, exist_ok=True)
        lines = [f"endpoint = https://{ready['https']}", f"ca = {self.data}/tls/ca.pem", f"region = {ready['region']}",
                 f"access_key_id = {told['accessKeyId']}", f"access_key_secret = {told['accessKeySecret']}"]
        with open(os.open(self.profile, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    # ---- the client

    def keyhold(self, *words, shows=True):
        """One command; what it answered, read from its JSON. Progress goes to the terminal."""
        if shows:
            print("  $ keyhold " + " ".join(words), flush=True)
        done = subprocess.run([self.program, *words, "-o", "json"], env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Failed(f"keyhold {' '.join(words)} ended with exit code {done.returncode}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def timed(self, *words):
        begun = time.monotonic()
        self.keyhold(*words)
        took_s = time.monotonic() - begun
        print(f"    {FILE_MIB} MiB in {took_s:.2f} s, {FILE_MIB / took_s:.0f} MiB/s")

    def works(self, *words):
        done = subprocess.run([self.program, *words], env=self.environment, capture_output=True, check=False)
        return done.returncode == 0

    def make_key(self, folder):
        step("A customer master key whose material is yours: 256 bits that you made, wrapped and imported")
        own = os.path.join(folder, "my.key")
        with open(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(secrets.token_bytes(32))
        answer = self.keyhold("key", "create", "--origin", "EXTERNAL")
        key_id = answer.get("KeyMetadata", answer)["KeyId"]
        self.keyhold("key", "import", key_id, own)
        return key_id, own

    def make_bucket(self, key_id):
        step("A bucket that encrypts everything under that key")
        if not self.works("bucket", "show", BUCKET):
            self.keyhold("bucket", "create", BUCKET)
        self.keyhold("bucket", "encrypt", BUCKET, "--key", key_id)

    def move_file(self, folder):
        step(f"A file of {FILE_MIB} MiB: stored, fetched, compared")
        given, taken = os.path.join(folder, "given.bin"), os.path.join(folder, "taken.bin")
        with open(given, "wb") as f:
            for _ in range(FILE_MIB):
                f.write(secrets.token_bytes(1 << 20))
        before = set(self.blobs())
        self.timed("object", "put", given, f"{BUCKET}/given.bin")
        self.timed("object", "get", f"{BUCKET}/given.bin", taken)
        if not filecmp.cmp(given, taken, shallow=False):
            raise Failed("what came back is not what was stored")
        print("  identical, byte for byte")
        return given, (set(self.blobs()) - before).pop()

    def blobs(self):
        return [path for path in glob.glob(os.path.join(self.data, "core", "blobs", "*", "*")) if not path.endswith(".part")]

    def read_without_keyhold(self, given, blob, own, folder):
        step("The stored body, read without Keyhold: a second reader, written from docs/formats, and your key")
        reader = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "reader", "keyhold_reader.py")
        with open(own, "rb") as f:
            material = f.read().hex()
        out = os.path.join(folder, "second.bin")
        done = subprocess.run([sys.executable, reader, "decrypt", blob, "--cmk-hex", material, "--account", self.account, "--bucket", BUCKET,
                               "--key", "given.bin", "--out", out], check=False)
        if done.returncode or not filecmp.cmp(given, out, shallow=False):
            raise Failed("the second reader could not read the body")
        print(f"  {os.path.relpath(blob)}: identical too")

    def show_trail(self):
        step("What the trail says of the last minute")
        answer = self.keyhold("trail", "events", "--max-results", "8")
        events = answer if isinstance(answer, list) else answer.get("Events", [])
        for event in events:
            event = json.loads(event) if isinstance(event, str) else event
            uses = ", ".join(use["operation"] for use in event.get("keyUse", []))
            line = f"    {event['eventTime']}  {event['eventName']:<24} {event.get('errorCode', 'ok'):<14} "
            print((line + (f"the vault used the key: {uses}" if uses else "")).rstrip())
        step("And that nobody changed it: signature, every entry, every tile")
        folder, vkey = os.path.join(self.data, "trail", self.account), os.path.join(self.data, "trail", "vkey")
        time.sleep(1.5)  # a checkpoint is published about once a second
        answer = self.keyhold("trail", "verify", os.path.relpath(folder), "--vkey", os.path.relpath(vkey))
        if not answer.get("Verified"):
            raise Failed("the trail does not verify")
        print(f"    {answer['Origin']}: {answer['Entries']} entries, all right")

    def walk(self):
        with tempfile.TemporaryDirectory(prefix="keyhold-walk-") as folder:
            key_id, own = self.make_key(folder)
            self.make_bucket(key_id)
            given, blob = self.move_file(folder)
            self.read_without_keyhold(given, blob, own, folder)
            self.show_trail()
        return key_id


def step(text):
    print(f"\n{text}", flush=True)


def show_account(told):
    print(f"""
  account            {told['accountId']}
  access key id      {told['accessKeyId']}
  access key secret  {told['accessKeySecret']}   (shown only this once: keep it)""")


def show_next(w, ready, key_id):
    print(f"""
Keyhold is up: https://{ready.get('https')}{'  http://' + ready['http'] if ready.get('http') else ''}   (log: {os.path.relpath(w.log)})

Try next, in another terminal:
  export XDG_CONFIG_HOME={w.client} KEYHOLD_SERVER_DATA={w.data} PATH={os.path.dirname(w.program)}:$PATH KEYHOLD_LIBEXEC={w.environment['KEYHOLD_LIBEXEC']}
  keyhold key disable {key_id}           and the bucket's objects cannot be read any more
  keyhold object get {BUCKET}/given.bin /dev/null
  keyhold key enable {key_id}
  keyhold trail follow                   every use, as it happens
  keyhold --help
Clients: point ali-oss, an @alicloud SDK or (for keys, secrets and identities) an AWS SDK at the address above; README.md shows how. ^C stops.""", flush=True)


def run(w):
    told = w.init()
    step(f"Keyhold in {w.data}: " + ("a new data folder" if told else f"account {w.account}"))
    ready = w.serve()
    if told:
        show_account(told)
        w.save_profile(told, ready)
        print(f"  kept for the commands below in {os.path.relpath(w.profile)}, readable by you alone")
    key_id = "KEY_ID"
    if os.path.exists(w.profile):
        key_id = w.walk()
    else:
        print(f"  {w.profile} is gone, and with it the access key: no walk this time")
    show_next(w, ready, key_id)
    return w.server.wait()


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it runs in the background deaf to ^C
        signal.signal(number, signal.default_int_handler)
    w = Walk(sys.argv[1], sys.argv[2])
    try:
        return run(w)
    except Failed as why:
        print(f"\n{why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopping", file=sys.stderr)
        return 0
    finally:
        w.stop()


if __name__ == "__main__":
    sys.exit(main())
