"""The command line against a running Keyhold, as a person or a script would use it: every noun, wrong arguments, exit codes, forms of
output, an imported key, 20 MB through a bucket, the trail checked offline."""
import base64
import filecmp
import json
import os
import pty
import shutil
import socket
import subprocess
import time

import pytest
from conftest import ANY_PORTS, BUILD, Server, run_init

KEYHOLD = os.path.join(BUILD, "src", "cli", "keyhold")
OK, ERROR, USAGE, NOT_FOUND, DENIED, UNAVAILABLE, CONFLICT, VERIFICATION, TIMEOUT = range(9)
UUID_LENGTH = 36


class Cli:
    """Runs keyhold with a home of its own and without anything of the tester's environment."""

    def __init__(self, home, server=None):
        self.home, self.server = str(home), server
        os.makedirs(self.home, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        self.environment = {**kept, "HOME": self.home}
        if server:
            self.environment.update(KEYHOLD_ENDPOINT="https://" + server.https, KEYHOLD_CA=server.ca, KEYHOLD_ACCESS_KEY_ID=server.access_key_id,
                                    KEYHOLD_ACCESS_KEY_SECRET=server.access_key_secret)

    def run(self, *words, given=None, env=None):
        environment = {**self.environment, **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        return subprocess.run([KEYHOLD, *words], env=environment, input=given, capture_output=True, timeout=60, check=False, cwd=self.home)

    def __call__(self, *words, given=None, env=None):
        """Must work; its JSON, or None when it printed nothing."""
        done = self.run(*words, given=given, env=env)
        assert done.returncode == OK, (words, done.returncode, done.stderr.decode())
        return json.loads(done.stdout) if done.stdout.strip() else None

    def text(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == OK, (words, done.returncode, done.stderr.decode())
        return done.stdout.decode()

    def refused(self, code, *words, given=None, env=None):
        """Must end with this exit code; what it said on stderr. Nothing may be on stdout."""
        done = self.run(*words, given=given, env=env)
        said = done.stderr.decode()
        assert done.returncode == code, (words, done.returncode, said)
        assert not done.stdout, done.stdout
        assert said.startswith("keyhold: ")
        return said

    def on_terminal(self, *words, answer=None, env=None):
        """The same on a terminal: (exit code, everything shown)."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve(KEYHOLD, [KEYHOLD, *words], {**self.environment, "TERM": "xterm", **(env or {})})
        shown = b""
        try:
            while True:
                piece = os.read(terminal, 65536)
                if not piece:
                    break
                shown += piece
                if answer and shown.rstrip().endswith(b"[y/N]"):
                    os.write(terminal, answer)
                    answer = None
        except OSError:  # the other end is gone
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server on a data folder, and what belongs to it."""
    data = tmp_path_factory.mktemp("house") / "data"
    made = json.loads(run_init(data).stdout)
    running = Server("--data", str(data), *ANY_PORTS)
    running.use(made["accessKeyId"], made["accessKeySecret"])
    running.data, running.ca, running.account = str(data), made["ca"], made["accountId"]
    yield running
    running.stop()


@pytest.fixture
def cli(house, tmp_path):
    return Cli(tmp_path / "home", house)


@pytest.fixture
def own_key(cli):
    """A key of Origin EXTERNAL with material imported."""
    path = os.path.join(cli.home, "my.key")
    with open(path, "wb") as f:
        f.write(os.urandom(32))
    key = cli.text("key", "create", "--origin", "EXTERNAL", "-o", "name").strip()
    cli("key", "import", key, path)
    return key


def test_new_material_for_a_key_of_ones_own(cli, own_key):
    following = write(cli, "next.key", os.urandom(32))
    cli("key", "import", own_key, following, "--import-type", "NEW_KEY_MATERIAL", "--key-material-description", "of next year")
    cli("key", "rotate", own_key)
    shown = json.loads(cli.text("key", "rotations", own_key, "--include-key-material", "ALL_KEY_MATERIAL", "-o", "json"))
    assert [(each["KeyMaterialState"], each.get("KeyMaterialDescription")) for each in shown] == [
        ("NON_CURRENT", None), ("CURRENT", "of next year")]


def test_a_key_in_two_regions(cli):
    key = cli.text("key", "create", "--multi-region", "-o", "name").strip()
    cli("key", "replicate", key, "eu-west-1")
    config = json.loads(cli.text("key", "show", key, "-o", "json"))["MultiRegionConfiguration"]
    assert (config["MultiRegionKeyType"], [each["Region"] for each in config["ReplicaKeys"]]) == ("PRIMARY", ["eu-west-1"])
    cli("key", "move-primary", key, "eu-west-1", "--yes")
    assert json.loads(cli.text("key", "show", key, "-o", "json"))["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


def write(cli, name, content):
    path = os.path.join(cli.home, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


def read(cli, name):
    with open(os.path.join(cli.home, name), "rb") as f:
        return f.read()


# ---- without a server

@pytest.fixture
def alone(tmp_path):
    return Cli(tmp_path / "home")


@pytest.mark.parametrize("words, why, next_step", [
    (["kye", "list"], 'no command "kye"', "did you mean key?"),
    (["key", "lst"], 'no verb "lst"', "did you mean key list?"),
    (["key", "create", "--orign", "EXTERNAL"], "no flag --orign", "did you mean --origin?"),
    (["key", "create", "--origin", "EXTERNA"], "cannot be", "did you mean EXTERNAL?"),
    (["key"], "verb is missing", "key --help"),
    (["key", "show"], "KeyId is missing", "key show --help"),
    (["key", "schedule-deletion", "k", "--days", "3"], "from 7 to 366", ""),
    (["key", "encrypt", "k", "words"], "never typed in place", "@FILE"),
    (["whoami"], "No access key is known", "keyhold configure"),
    (["key", "list", "--endpoint", "ftp://x"], "is not one", "https://"),
    (["key", "list", "--endpoint", "http://192.0.2.1"], "this machine only", "https://192.0.2.1"),
    (["object", "get", "bucket-only"], "must be BUCKET/KEY", ""),
])
def test_wrong_arguments_are_explained(alone, words, why, next_step):
    said = alone.refused(USAGE, *words)
    assert why in said and next_step in said


def test_help_and_version_need_nothing(alone):
    assert alone.text("--version").startswith("keyhold ")
    everything = alone.text("--help")
    for noun in ("key", "bucket", "object", "trail", "policy", "access-key", "doctor", "serve"):
        assert f"\n  {noun} " in everything
    assert "--origin Aliyun_KMS|EXTERNAL" in alone.text("key", "create", "--help")
    assert "kms:Encrypt" in alone.text("help", "key", "encrypt")
    assert "keyhold serve" in alone.text("serve", "--help")


def test_nobody_answers(alone):
    env = {"KEYHOLD_ENDPOINT": "https://127.0.0.1:1", "KEYHOLD_ACCESS_KEY_ID": "x", "KEYHOLD_ACCESS_KEY_SECRET": "y"}
    assert "cannot be reached" in alone.refused(UNAVAILABLE, "whoami", env=env)
    begun = time.monotonic()
    alone.refused(UNAVAILABLE, "whoami", "--wait", "1", env=env)
    assert 0.9 < time.monotonic() - begun < 10


def test_nobody_answers_in_time(alone):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        env = {"KEYHOLD_ENDPOINT": f"http://127.0.0.1:{listener.getsockname()[1]}", "KEYHOLD_ACCESS_KEY_ID": "x",
               "KEYHOLD_ACCESS_KEY_SECRET": "y"}
        assert "in time" in alone.refused(TIMEOUT, "whoami", "--timeout", "1", env=env)


# ---- who asks

def test_whoami(cli, house):
    answer = cli("whoami")
    assert answer["AccountId"] == house.account and answer["IdentityType"] == "Account" and answer["RequestId"]
    assert cli.text("whoami", "-o", "name") == f"acs:ram::{house.account}:root\n"


def test_wrong_credentials_and_authority(cli, house):
    said = cli.refused(DENIED, "whoami", env={"KEYHOLD_ACCESS_KEY_SECRET": "wrong"})
    assert "SignatureDoesNotMatch" in said and "request: " in said and "next: " in said
    assert "SignatureDoesNotMatch" in cli.refused(DENIED, "whoami", env={"KEYHOLD_ACCESS_KEY_ID": "LTAInobody"})
    assert "SignatureDoesNotMatch" in cli.refused(DENIED, "bucket", "list", env={"KEYHOLD_ACCESS_KEY_ID": "LTAInobody"})
    said = cli.refused(VERIFICATION, "whoami", env={"KEYHOLD_CA": None})
    assert "not trusted" in said and "--ca" in said
    cli.refused(DENIED, "object", "head", "nothing/there", env={"KEYHOLD_ACCESS_KEY_SECRET": "wrong"})


def test_profiles(alone, house):
    secret = write(alone, "secret", house.access_key_secret.encode() + b"\n")
    os.chmod(secret, 0o600)
    words = ["--endpoint", "https://" + house.https, "--ca", house.ca, "--access-key-id", house.access_key_id, "--secret-file", secret]
    alone("configure", *words)
    alone("configure", "--profile", "other", *words)
    assert alone("whoami")["AccountId"] == house.account
    assert alone("whoami", "--profile", "other")["AccountId"] == house.account
    folder = os.path.join(alone.home, ".config", "keyhold")
    assert os.stat(folder).st_mode & 0o777 == 0o700
    for name in os.listdir(folder):
        assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600
    assert "no profile" in alone.refused(NOT_FOUND, "whoami", "--profile", "nobody")
    os.chmod(os.path.join(folder, "other.secret"), 0o644)
    assert "others can read it" in alone.refused(USAGE, "whoami", "--profile", "other")
    with open(os.path.join(folder, "default.conf"), "a", encoding="utf-8") as f:
        f.write("endpiont = https://x\n")
    assert "did you mean endpoint?" in alone.refused(ERROR, "whoami")
    # the environment wins over the profile that was not named, other tools' variables come last
    env = {"KEYHOLD_ENDPOINT": "https://" + house.https, "KEYHOLD_CA": house.ca}
    shutil.rmtree(folder)
    assert alone("whoami", env={**env, "ALIBABA_CLOUD_ACCESS_KEY_ID": house.access_key_id,
                                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": house.access_key_secret})["AccountId"] == house.account
    assert alone("whoami", env={**env, "OSS_ACCESS_KEY_ID": house.access_key_id, "OSS_ACCESS_KEY_SECRET": house.access_key_secret})
    assert alone("whoami", env={**env, "KEYHOLD_ACCESS_KEY_ID": house.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET_FILE": secret})


def test_a_secret_is_asked_for_without_echo(alone, house):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(KEYHOLD, [KEYHOLD, "configure", "--endpoint", "https://" + house.https, "--ca", house.ca],
                  {**alone.environment, "TERM": "xterm"})
    shown = b""
    for question, answer in ((b"Access key id: ", house.access_key_id), (b"Access key secret: ", house.access_key_secret)):
        while not shown.endswith(question):
            shown += os.read(terminal, 4096)
        time.sleep(0.1)
        os.write(terminal, answer.encode() + b"\n")
    try:
        while True:
            piece = os.read(terminal, 4096)
            if not piece:
                break
            shown += piece
    except OSError:
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == OK
    assert house.access_key_secret.encode() not in shown
    assert alone("whoami")["AccountId"] == house.account


def test_session(cli, house):
    lent = cli("session", "--duration", "900")
    assert lent["SecurityToken"] and lent["AccessKeyId"].startswith("STS.")
    env = {"KEYHOLD_ACCESS_KEY_ID": lent["AccessKeyId"], "KEYHOLD_ACCESS_KEY_SECRET": lent["AccessKeySecret"],
           "KEYHOLD_SECURITY_TOKEN": lent["SecurityToken"]}
    assert cli("whoami", env=env)["AccountId"] == house.account
    assert cli("bucket", "list", env=env) is not None
    cli.refused(DENIED, "whoami", env={**env, "KEYHOLD_SECURITY_TOKEN": "AAAA"})
    done = cli.run("session", "--save", "lent")
    assert done.returncode == OK and not done.stdout  # no secret is shown
    assert cli("whoami", "--profile", "lent")["AccountId"] == house.account
    cli.refused(USAGE, "session", "--duration", "1")


# ---- keys

def test_key_life(cli):
    made = cli("key", "create", "--description", "first", "--tag", "team=blue", "--tag", "cost=1=2")
    key = made["KeyId"]
    assert made["KeyState"] == "Enabled" and made["Origin"] == "Aliyun_KMS" and made["Description"] == "first"
    tags = {tag["TagKey"]: tag["TagValue"] for tag in cli("key", "tags", key)}
    assert tags == {"team": "blue", "cost": "1=2"}
    assert key in cli.text("key", "list", "-o", "name").split()
    cli("key", "describe", key, "second")
    assert cli("key", "show", key)["Description"] == "second"
    cli("key", "disable", key)
    assert cli("key", "show", key)["KeyState"] == "Disabled"
    plain = write(cli, "plain", b"x")
    said = cli.refused(CONFLICT, "key", "encrypt", key, "@" + plain)
    assert "Rejected.Disabled" in said and "keyhold key enable" in said
    cli("key", "enable", key)
    cli("key", "protect", key, "--reason", "payroll")
    assert "keyhold key unprotect" in cli.refused(ERROR, "key", "schedule-deletion", key, "--days", "7", "--yes")
    cli("key", "unprotect", key)
    cli("key", "schedule-deletion", key, "--days", "7", "--yes")
    assert cli("key", "show", key)["KeyState"] == "PendingDeletion"
    assert "cancel-deletion" in cli.refused(CONFLICT, "key", "encrypt", key, "@" + plain)
    cli("key", "cancel-deletion", key)
    assert cli("key", "show", key)["KeyState"] == "Enabled"
    said = cli.refused(NOT_FOUND, "key", "show", "00000000-0000-4000-8000-000000000000")
    assert "Forbidden.KeyNotFound" in said and "keyhold key list" in said


def test_all_pages_are_listed(cli):
    keys = {cli.text("key", "create", "-o", "name").strip() for _ in range(105)}
    listed = [row["KeyId"] for row in cli("key", "list")]
    assert keys <= set(listed) and len(listed) == len(set(listed))
    assert len(cli("key", "list", "--page-size", "10")) == 10


def test_import_of_an_own_key(cli):
    material = write(cli, "own", os.urandom(32))
    key = cli.text("key", "create", "--origin", "EXTERNAL", "-o", "name").strip()
    assert "keyhold key import" in cli.refused(CONFLICT, "key", "encrypt", key, "@" + material)
    assert "32 random bytes" in cli.refused(USAGE, "key", "import", key, write(cli, "short", b"x" * 31))
    cli.refused(NOT_FOUND, "key", "import", key, "missing")
    cli.refused(USAGE, "key", "import", key, material, "--wrapping-algorithm", "ROT13")
    cli("key", "import", key, material, "--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--expires", "+30d")
    shown = cli("key", "show", key)
    assert shown["KeyState"] == "Enabled" and shown["MaterialExpireTime"]
    cli("key", "encrypt", key, "@" + material, "--out", "blob")
    cli("key", "delete-material", key, "--yes")
    cli.refused(CONFLICT, "key", "decrypt", "@blob")
    other = write(cli, "another", os.urandom(32))
    assert "InvalidKeyMaterial" in cli.refused(ERROR, "key", "import", key, other)
    cli("key", "import", key, "-", given=read(cli, "own"))  # the same again, from stdin
    cli("key", "decrypt", "@blob", "--out", "back")
    assert read(cli, "back") == read(cli, "own")


def test_encrypt_decrypt(cli, own_key):
    cli("key", "encrypt", own_key, "-", "--context", "b=2", "--context", "a=1", "--out", "blob", given=b"the plaintext\n")
    assert os.stat(os.path.join(cli.home, "blob")).st_mode & 0o777 == 0o600
    assert cli.text("key", "decrypt", "@blob", "--context", "a=1", "--context", "b=2", "--out", "-") == "the plaintext\n"
    cli.refused(ERROR, "key", "decrypt", "@blob", "--context", "a=1")
    answer = cli("key", "encrypt", own_key, "-", given=b"\x00\xff")
    decrypted = cli("key", "decrypt", answer["CiphertextBlob"])
    assert base64.b64decode(decrypted["Plaintext"]) == b"\x00\xff" and decrypted["KeyId"] == own_key
    as_text = write(cli, "blob.b64", answer["CiphertextBlob"].encode() + b"\n")  # base64 in a file is understood, too
    assert cli("key", "decrypt", "@" + as_text)["Plaintext"] == decrypted["Plaintext"]
    assert cli("key", "encrypt", own_key, "-", "--dry-run", given=b"x")["WouldDo"] == "Encrypt"
    cli("key", "generate-data-key", own_key, "--key-spec", "AES_256", "--out", "dk")
    assert len(read(cli, "dk")) == 32
    without = cli("key", "generate-data-key-without-plaintext", own_key, "--number-of-bytes", "16")
    assert "Plaintext" not in without
    assert len(base64.b64decode(cli("key", "decrypt", without["CiphertextBlob"])["Plaintext"])) == 16
    parameters = cli("key", "import-parameters", own_key)
    assert parameters["ImportToken"] and parameters["PublicKey"]


def test_alias(cli, own_key):
    name = "alias/" + os.urandom(4).hex()
    cli("alias", "create", name, own_key)
    assert {"AliasName": name, "KeyId": own_key}.items() <= [a for a in cli("alias", "list") if a["AliasName"] == name][0].items()
    assert cli.text("key", "aliases", own_key, "-o", "name") == name + "\n"
    assert cli("key", "show", name)["KeyId"] == own_key
    assert "alias update" in cli.refused(CONFLICT, "alias", "create", name, own_key)
    second = cli.text("key", "create", "-o", "name").strip()
    cli("alias", "update", name, second)
    assert cli("key", "show", name)["KeyId"] == second
    cli("alias", "delete", name, "--yes")
    cli.refused(NOT_FOUND, "alias", "delete", name, "--yes")


# ---- what destroys

def test_what_destroys_asks_first(cli):
    cli("user", "create", "doomed")
    said = cli.refused(USAGE, "user", "delete", "doomed")
    assert "--yes" in said
    assert cli("user", "delete", "doomed", "--dry-run")["WouldDo"] == "DeleteUser"
    code, shown = cli.on_terminal("user", "delete", "doomed", answer=b"n\n")
    assert code == CONFLICT and "Delete the user doomed? [y/N]" in shown and "Nothing was done" in shown
    assert cli("user", "show", "doomed")["UserName"] == "doomed"
    code, _ = cli.on_terminal("user", "delete", "doomed", answer=b"y\n")
    assert code == OK
    cli.refused(NOT_FOUND, "user", "show", "doomed")


# ---- buckets and objects

def test_bucket(cli, own_key):
    assert cli("bucket", "create", "plain-box")["Bucket"] == "plain-box"
    assert cli.text("bucket", "create", "own-box", "--key", own_key, "-o", "name") == "own-box\n"
    rule = cli("bucket", "encryption", "own-box")["ApplyServerSideEncryptionByDefault"]
    assert rule == {"SSEAlgorithm": "KMS", "KMSMasterKeyID": own_key}
    cli("bucket", "encrypt", "plain-box", "--key", own_key)
    assert cli("bucket", "encryption", "plain-box")["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == own_key
    cli("bucket", "reset-encryption", "plain-box")
    assert {"plain-box", "own-box"} <= set(cli.text("bucket", "list", "-o", "name").split())
    assert cli("bucket", "show", "own-box")["Bucket"]["Name"] == "own-box"
    assert cli("bucket", "location", "own-box")["Location"]
    assert cli("bucket", "acl", "own-box")["AccessControlList"]["Grant"] == "private"
    cli("object", "put", "-", "own-box/x", given=b"x")
    assert "--recursive" in cli.refused(CONFLICT, "bucket", "delete", "own-box", "--yes")
    cli.run("object", "rm", "own-box/", "--recursive", "--yes")
    for name in ("own-box", "plain-box"):
        cli("bucket", "delete", name, "--yes")
    said = cli.refused(NOT_FOUND, "bucket", "show", "own-box")
    assert "NoSuchBucket" in said and "keyhold bucket list" in said and "request: " in said
    cli.refused(ERROR, "bucket", "create", "Not A Name")


@pytest.fixture
def bucket(cli, own_key):
    name = "box-" + os.urandom(4).hex()
    cli("bucket", "create", name, "--key", own_key)
    yield name
    cli.run("object", "rm", name + "/", "--recursive", "--yes")
    cli("bucket", "delete", name, "--yes")


def test_object_of_20_mb(cli, bucket, own_key):
    big = write(cli, "big.bin", os.urandom(20_000_000))
    stored = cli("object", "put", big, f"{bucket}/in/", "--content-type", "image/png", "--meta", "author=me")
    assert stored["KmsKeyId"] == own_key and stored["Crc64"]
    head = cli("object", "head", f"{bucket}/in/big.bin")
    assert head["Size"] == 20_000_000 and head["ContentType"] == "image/png" and head["Metadata"] == {"author": "me"}
    cli("object", "get", f"{bucket}/in/big.bin", "back.bin")
    assert filecmp.cmp(big, os.path.join(cli.home, "back.bin"), shallow=False)
    piped = cli.run("object", "get", f"{bucket}/in/big.bin", "-")
    assert piped.returncode == OK and piped.stdout == read(cli, "big.bin")
    cli("key", "disable", own_key)
    write(cli, "kept.bin", b"before")
    assert "KeyDisabled" in cli.refused(CONFLICT, "object", "get", f"{bucket}/in/big.bin", "kept.bin")
    assert read(cli, "kept.bin") == b"before"  # a failure replaces nothing
    cli("key", "enable", own_key)
    cli("object", "get", f"{bucket}/in/big.bin", "kept.bin")
    assert filecmp.cmp(big, os.path.join(cli.home, "kept.bin"), shallow=False)
    assert not [name for name in os.listdir(cli.home) if name.endswith(".part")]


def test_an_interrupted_download_leaves_nothing(cli, bucket):
    big = write(cli, "big.bin", b"\0" * 60_000_000)
    cli("object", "put", big, f"{bucket}/big")
    write(cli, "target", b"before")
    before = set(os.listdir(cli.home))
    for delay in (0.03, 0.08, 0.15):
        getting = subprocess.Popen([KEYHOLD, "object", "get", f"{bucket}/big", "target"], env=cli.environment, cwd=cli.home,
                                   stdout=subprocess.DEVNULL)
        time.sleep(delay)
        getting.kill()
        getting.wait()
        assert set(os.listdir(cli.home)) == before and os.path.getsize(os.path.join(cli.home, "target")) in (6, 60_000_000)


def test_object_names_and_copies(cli, bucket):
    strange = "a b/ü&<>+%?#=.txt"
    cli("object", "put", "-", f"{bucket}/{strange}", given=b"one")
    cli("object", "put", "-", f"{bucket}/z", given=b"")
    cli("object", "cp", f"{bucket}/{strange}", f"{bucket}/copy")
    assert cli.run("object", "get", f"{bucket}/copy", "-").stdout == b"one"
    assert cli.run("object", "get", f"{bucket}/z", "-").stdout == b""
    assert cli.text("object", "ls", bucket, "-o", "name").split("\n")[:3] == [strange, "copy", "z"]
    folders = cli("object", "ls", bucket, "--delimiter", "/")
    assert {"Prefix": "a b/"} in folders and len(folders) == 3
    assert [row["Key"] for row in cli("object", "ls", f"oss://{bucket}/a b/")] == [strange]
    cli.refused(CONFLICT, "object", "put", "-", f"{bucket}/z", "--forbid-overwrite", given=b"again")
    said = cli.refused(NOT_FOUND, "object", "get", f"{bucket}/none")
    assert "NoSuchKey" in said and not os.path.exists(os.path.join(cli.home, "none"))
    assert "NoSuchKey" in cli.refused(NOT_FOUND, "object", "head", f"{bucket}/none")
    cli.refused(NOT_FOUND, "object", "put", "missing-file", f"{bucket}/x")
    cli.refused(NOT_FOUND, "object", "get", f"{bucket}/z", "no/such/folder/z")
    cli.run("object", "rm", f"{bucket}/copy", f"{bucket}/z", "--yes")
    assert cli.text("object", "ls", bucket, "-o", "name").split("\n")[:-1] == [strange]


def test_a_device_is_written_into_and_stays(cli, bucket):
    cli("object", "put", "-", f"{bucket}/x", given=b"x")
    before = os.stat("/dev/null")
    cli("object", "get", f"{bucket}/x", "/dev/null")
    assert os.stat("/dev/null").st_ino == before.st_ino


def test_a_folder_takes_the_object_under_its_name(cli, bucket):
    cli("object", "put", "-", f"{bucket}/deep/named.txt", given=b"x")
    folder = os.path.join(cli.home, "into")
    os.mkdir(folder)
    cli("object", "get", f"{bucket}/deep/named.txt", folder)
    assert os.listdir(folder) == ["named.txt"]


def test_a_dry_run_shows_all_that_was_given(cli):
    made = cli("key", "create", "--tag", "a=b", "--tag", "c=d", "--description", "x", "--dry-run")
    assert made["Tags"] == ["a=b", "c=d"] and made["Description"] == "x"
    made = cli("object", "rm", "some/thing", "--dry-run", "--yes")
    assert made["BUCKET/KEY"] == "some/thing"
    made = cli("object", "cp", "a/b", "c/d", "--dry-run")
    assert made["BUCKET/KEY"] == "a/b" and made["BUCKET/KEY 2"] == "c/d"


def test_progress_is_for_terminals(cli, bucket):
    big = write(cli, "big.bin", b"\0" * 30_000_000)
    code, shown = cli.on_terminal("object", "put", big, f"{bucket}/big")
    assert code == OK and "\x1b[K" in shown and "/s" in shown
    assert not cli.run("object", "put", big, f"{bucket}/big").stderr
    code, shown = cli.on_terminal("object", "put", big, f"{bucket}/big", "--quiet")
    assert code == OK and "/s" not in shown


# ---- forms of output

def test_what_lies_inside_has_a_line_of_its_own(cli):
    lines = [line.split() for line in cli.text("account", "create", "acme", "-o", "table").splitlines()]
    shown = {line[0]: line[1:] for line in lines}
    assert shown["Account.AccountName"] == ["acme"] and shown["Account.IsOperator"] == ["no"]
    assert len(shown["AccessKey.AccessKeySecret"][0]) >= 30 and "Account" not in shown


def test_forms_of_output(cli, own_key):
    rows = cli("key", "list", "-o", "json")
    lines = [json.loads(line) for line in cli.text("key", "list", "-o", "jsonl").splitlines()]
    assert rows == lines and rows
    table = cli.text("key", "list", "-o", "table").splitlines()
    assert table[0].split() == ["KeyId", "KeyArn"] and len(table) == len(rows) + 1
    assert all(line.index(row["KeyArn"]) == table[0].index("KeyArn") for line, row in zip(table[1:], rows))
    _, shown = cli.on_terminal("key", "show", own_key)
    assert "KeyState" in shown and "{" not in shown
    _, shown = cli.on_terminal("key", "list")
    assert "\x1b[1m" in shown
    _, shown = cli.on_terminal("key", "list", env={"NO_COLOR": "1"})
    assert "\x1b[" not in shown
    code, shown = cli.on_terminal("key", "disable", own_key)
    assert code == OK and "done" in shown


# ---- identities

def test_user_access_key_policy(cli, own_key):
    cli("user", "create", "alice", "--display-name", "Alice")
    assert cli("user", "show", "alice")["DisplayName"] == "Alice"
    assert "alice" in cli.text("user", "list", "-o", "name").split()
    cli.refused(CONFLICT, "user", "create", "alice")
    done = cli.run("access-key", "create", "alice", "--save", "alice")
    assert done.returncode == OK and not done.stdout
    env = {name: None for name in ("KEYHOLD_ACCESS_KEY_ID", "KEYHOLD_ACCESS_KEY_SECRET")}
    said = cli.refused(DENIED, "key", "list", "--profile", "alice", env=env)
    assert "NoPermission" in said and "kms:ListKeys" in said
    # the refusal ends in the very command that tells its owner why
    explain = said.rstrip().splitlines()[-1].removeprefix("  why:     keyhold ").split()
    told = cli(*explain)
    assert told["AuthAction"] == "kms:ListKeys" and told["AuthPrincipal"]["AuthPrincipalDisplayName"] == "alice"
    # what is denied with curl's HEAD has its reason in a header
    assert "AccessDenied" in cli.refused(DENIED, "object", "head", "any-box/x", "--profile", "alice", env=env)
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}]}
    path = write(cli, "policy.json", json.dumps(document).encode())
    assert cli("policy", "create", "listing", "@" + path)["PolicyType"] == "Custom"
    cli("policy", "attach", "listing", "alice")
    assert cli("key", "list", "--profile", "alice", env=env)
    cli.refused(DENIED, "key", "show", own_key, "--profile", "alice", env=env)
    cli("policy", "attach", "AliyunKMSReadOnlyAccess", "alice")  # a system policy is found by its name
    assert cli("key", "show", own_key, "--profile", "alice", env=env)["KeyId"] == own_key
    assert set(cli.text("policy", "list-for-user", "alice", "-o", "name").split()) == {"listing", "AliyunKMSReadOnlyAccess"}
    assert cli("policy", "create-version", "listing", "@" + path)["VersionId"] == "v2"
    cli("policy", "set-default", "listing", "v2")
    cli("policy", "delete-version", "listing", "v1", "--yes")
    assert cli.text("policy", "versions", "listing", "-o", "name") == "v2\n"
    assert json.loads(cli("policy", "show-version", "listing", "v2")["PolicyDocument"]) == document
    assert cli("policy", "show", "AdministratorAccess")["Policy"]["PolicyType"] == "System"
    assert "AdministratorAccess" in cli.text("policy", "list", "-o", "name").split()
    cli.refused(ERROR, "policy", "create", "broken", "@" + write(cli, "broken.json", b"{}"))
    cli.refused(CONFLICT, "policy", "delete", "listing", "--yes")
    assert "access-key list" in cli.refused(CONFLICT, "user", "delete", "alice", "--yes")
    key_id = cli.text("access-key", "list", "alice", "-o", "name").strip()
    cli("access-key", "update", key_id, "Inactive", "--user", "alice")
    cli.refused(DENIED, "whoami", "--profile", "alice", env=env)
    cli("access-key", "delete", key_id, "--user", "alice", "--yes")
    for policy in ("listing", "AliyunKMSReadOnlyAccess"):
        cli("policy", "detach", policy, "alice")
    cli("policy", "delete", "listing", "--yes")
    cli("user", "delete", "alice", "--yes")
    cli.refused(NOT_FOUND, "user", "show", "alice")


# ---- the trail

def test_trail_events(cli, own_key):
    request = cli("key", "encrypt", own_key, "-", given=b"x")["RequestId"]
    events = cli("trail", "events", "--resource", own_key, "--name", "Encrypt")
    assert [e["requestId"] for e in events] == [request] and events[0]["keyUse"]
    assert cli("trail", "events", "--request-id", request)[0]["eventId"] == events[0]["eventId"]
    assert len(cli("trail", "events", "--limit", "3")) == 3
    cli.text("key", "show", own_key)
    times = [e["eventTime"] for e in cli("trail", "events", "--limit", "120", "--oldest-first")]
    assert times == sorted(times) and len(times) > 50  # more than one page
    assert cli("trail", "events", "--from", "2001-01-01", "--to", "2001-01-02") == []
    assert cli("trail", "events", "--user", "nobody-of-this-name") == []
    cli.refused(USAGE, "trail", "events", "--from", "yesterday")
    cli.refused(NOT_FOUND, "trail", "proof", "00000000-0000-4000-8000-000000000000")


def test_trail_follow(cli, own_key):
    follower = subprocess.Popen([KEYHOLD, "trail", "follow", "--resource", own_key, "--limit", "2", "--name", "DisableKey"], env=cli.environment,
                                stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    cli("key", "disable", own_key)
    first = json.loads(follower.stdout.readline())
    assert first["eventName"] == "DisableKey" and follower.poll() is None
    cli("key", "disable", own_key)
    out, _ = follower.communicate(timeout=20)
    second = json.loads(out)
    assert second["eventId"] != first["eventId"] and follower.returncode == OK


def test_trail_proof(cli, house, own_key):
    vkey = os.path.join(house.data, "trail", "vkey")
    event = cli("trail", "events", "--resource", own_key, "--limit", "1")[0]
    answer = cli("trail", "proof", event["eventId"])
    assert json.loads(answer["Entry"])["eventId"] == event["eventId"]
    cli.run("trail", "proof", event["eventId"], "-o", "proof.txt")
    assert cli("trail", "check-proof", "proof.txt", "--vkey", vkey) == event
    good = read(cli, "proof.txt")
    assert good.startswith(b"c2sp.org/tlog-proof@v1\n")
    extra = good.split(b"\n")[1].split(b" ")[1]
    changed = base64.b64encode(base64.b64decode(extra).replace(b"root", b"mary"))
    for number, bad in enumerate((good.replace(extra, changed), good.replace(b"\nindex ", b"\nindex 1"), good[:-20], b"", b"{}")):
        cli.refused(VERIFICATION, "trail", "check-proof", write(cli, f"bad{number}.txt", bad), "--vkey", vkey)
    stranger = write(cli, "stranger", b"keyhold/test+9b5a1bae+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs")
    cli.refused(VERIFICATION, "trail", "check-proof", "proof.txt", "--vkey", stranger)
    assert "--vkey" in cli.refused(USAGE, "trail", "check-proof", "proof.txt")


def copy_of_trail(cli, house, name):
    """The account's folder at rest: no checkpoint was published while it was copied."""
    source, target = os.path.join(house.data, "trail", house.account), os.path.join(cli.home, name)
    while True:
        with open(os.path.join(source, "checkpoint"), "rb") as f:
            before = f.read()
        try:
            shutil.copytree(source, target)
        except shutil.Error:  # a partial tile went while it was copied
            before = None
        with open(os.path.join(source, "checkpoint"), "rb") as f:
            if f.read() == before:
                return target
        shutil.rmtree(target)
        time.sleep(0.2)


def newest_bundle(folder):
    """A file of entries that the checkpoint covers: a full one, or the widest partial one."""
    found = []
    for path, _, names in os.walk(os.path.join(folder, "tile", "entries")):
        found += [(int(name) if path.endswith(".p") else 256, os.path.join(path, name)) for name in names]
    return max(found)[1]


def test_trail_verify_offline(alone, cli, house):
    vkey = os.path.join(house.data, "trail", "vkey")
    cli("trail", "checkpoint", "--out", "earlier")
    cli("whoami")
    cli("trail", "checkpoint")  # publishes
    copy = copy_of_trail(cli, house, "copy")
    answer = alone("trail", "verify", copy, "--vkey", vkey)
    assert answer["Verified"] and answer["Entries"] == answer["Size"] > 0
    assert alone("trail", "verify", copy, "--vkey", vkey, "--earlier", os.path.join(cli.home, "earlier"))["Verified"]
    done = alone.run("trail", "verify", copy)
    assert done.returncode == OK and b"proves who signed" in done.stderr
    stranger = write(alone, "stranger", b"keyhold/test+9b5a1bae+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs")
    alone.refused(VERIFICATION, "trail", "verify", copy, "--vkey", stranger)
    bundle = newest_bundle(copy)
    with open(bundle, "r+b") as f:
        f.seek(100)
        byte = f.read(1)
        f.seek(100)
        f.write(bytes([byte[0] ^ 1]))
    assert "tile/entries" in alone.refused(VERIFICATION, "trail", "verify", copy, "--vkey", vkey)
    os.remove(bundle)
    assert "missing" in alone.refused(VERIFICATION, "trail", "verify", copy, "--vkey", vkey)
    alone.refused(NOT_FOUND, "trail", "verify", os.path.join(alone.home, "nothing"), "--vkey", vkey)
    alone.refused(NOT_FOUND, "trail", "verify", os.path.join(house.data, "tls"), "--vkey", vkey)


# ---- the machine and the settings

def test_doctor(alone, house, tmp_path):
    env = {"KEYHOLD_ENDPOINT": "https://" + house.https, "KEYHOLD_CA": house.ca}
    findings = {row["Check"]: row for row in alone("doctor", "--data", house.data, env=env)}
    assert findings["root.key"]["State"] == "ok" and findings["server"]["State"] == "ok" and findings["tls/server.pem"]["State"] == "ok"
    assert findings["root.key place"]["Advice"]
    done = alone.run("doctor", "--data", str(tmp_path / "none"), env=env)
    assert done.returncode == ERROR and b"keyhold init" in done.stdout
    copy = tmp_path / "copy"
    shutil.copytree(house.data, copy, ignore=shutil.ignore_patterns("store.db*", "tile", "*.seg"))
    os.chmod(copy, 0o755)
    os.chmod(copy / "root.key", 0o644)
    done = alone.run("doctor", "--data", str(copy), env=env)
    wrong = {row["Check"] for row in json.loads(done.stdout) if row["State"] == "wrong"}
    assert done.returncode == ERROR and wrong == {"data folder", "root.key"}
    done = alone.run("doctor", "--data", house.data, env={"KEYHOLD_ENDPOINT": "https://127.0.0.1:1"})
    assert done.returncode == ERROR and b"does not answer" in done.stdout


def test_config(alone, tmp_path):
    path = tmp_path / "keyhold.conf"
    path.write_text("[server]\nregion = eu-one\n", encoding="utf-8")
    rows = {row["Setting"]: row for row in alone("config", "show", "--config", str(path), env={"KEYHOLD_SERVER_HTTP": "off"})}
    assert rows["server.region"]["Value"] == "eu-one" and str(path) in rows["server.region"]["From"]
    assert rows["server.http"]["Value"] == "off" and "KEYHOLD_SERVER_HTTP" in rows["server.http"]["From"]
    alone("config", "check", "--config", str(path))
    path.write_text("[server]\nregoin = eu-one\n", encoding="utf-8")
    assert "region" in alone.refused(ERROR, "config", "check", "--config", str(path))


def test_init_and_serve_are_the_supervisors(alone, tmp_path):
    done = alone.run("init", "--data", str(tmp_path / "data"), "-o", "json")
    assert done.returncode == OK and json.loads(done.stdout)["accountId"]
    done = alone.run("init", "--data", str(tmp_path / "other"), env={"KEYHOLD_LIBEXEC": str(tmp_path)})
    assert done.returncode == NOT_FOUND and b"KEYHOLD_LIBEXEC" in done.stderr


def test_grants_keep_their_constraint_and_policies_are_tried(cli, house):
    key = cli("key", "create")["KeyId"]
    cli("user", "create", "grantee")
    who = f"acs:ram::{house.account}:user/grantee"
    made = cli("grant", "create", key, who, "--operations", "Encrypt", "--operations", "Decrypt", "--context-holds", "app=pay", "--name", "n")
    [listed] = cli("grant", "list", key)
    assert listed["GrantId"] == made["GrantId"] and listed["Operations"] == ["Encrypt", "Decrypt"]
    assert listed["Constraints"]["EncryptionContextSubset"] == {"app": "pay"}
    cli("grant", "revoke", key, made["GrantId"], "--yes")
    assert not cli("grant", "list", key)
    document = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                                                          "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}}]})
    ask = ["policy", "try", "--document", document, "--as", who, "--action", "kms:Encrypt", "--resource", f"acs:kms:cn-hangzhou:{house.account}:key/{key}"]
    assert [row["EvalDecision"] for row in cli(*ask)] == ["implicitDeny"]
    assert [row["EvalDecision"] for row in cli(*ask, "--context-entries", "acs:SourceIp=10.1.2.3")] == ["allowed"]
    assert [row["EvalDecision"] for row in cli("policy", "simulate", who, "--action", "kms:Encrypt", "--resource", ask[-1])] == ["implicitDeny"]
