"""The examples of the man pages, for tests that run them as they stand."""
import os
import re
import subprocess

from conftest import BUILD

MAN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "man")
PATH = os.path.join(BUILD, "src", "cli") + ":" + os.environ["PATH"]


def examples(page):
    """Its blocks."""
    with open(os.path.join(MAN, page + ".scd"), encoding="utf-8") as f:
        text = f.read()
    return re.findall(r"```\n(.*?)```", text[text.index("# EXAMPLES"):], re.DOTALL)


def run_examples(page, server, home, **more):
    """All of them in one shell, which ends at the first that fails."""
    environment = {"HOME": str(home), "PATH": PATH, "KEYHOLD_ENDPOINT": "http://" + server.http,
                   "KEYHOLD_ACCESS_KEY_ID": server.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET": server.access_key_secret, **more}
    done = subprocess.run(["bash", "-euo", "pipefail", "-x", "-c", "\n".join(examples(page))], cwd=home, env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done


def run_lines(page, cli):
    """Each line of the first block by itself: what they printed, stdout and stderr."""
    said = []
    for line in examples(page)[0].strip().splitlines():
        done = subprocess.run(line, shell=True, env={**cli.environment, "PATH": PATH}, cwd=cli.home, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (line, done.stderr.decode())
        said.append((done.stdout, done.stderr))
    return said
