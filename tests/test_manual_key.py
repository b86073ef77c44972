"""The examples of keyhold-key(1) are run as they stand."""
import os
import re
import subprocess

from conftest import BUILD

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def examples():
    text = open(os.path.join(ROOT, "man", "keyhold-key.1.scd"), encoding="utf-8").read()
    return re.findall(r"```\n(.*?)```", text[text.index("# EXAMPLES"):], re.DOTALL)


def test_the_examples_work(server, tmp_path):
    blocks = examples()
    assert len(blocks) == 7
    environment = {"HOME": str(tmp_path), "PATH": os.path.join(BUILD, "src", "cli") + ":" + os.environ["PATH"],
                   "KEYHOLD_ENDPOINT": "http://" + server.http,
                   "KEYHOLD_ACCESS_KEY_ID": server.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET": server.access_key_secret}
    done = subprocess.run(["bash", "-euo", "pipefail", "-x", "-c", "\n".join(blocks)], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "secret.txt").read_bytes() == b"a secret"
    assert done.stdout.count("Verified OK") == 2
    assert len((tmp_path / "data-key").read_bytes()) == 32
    assert done.stdout.count("\nyes\n") == 2, done.stdout
