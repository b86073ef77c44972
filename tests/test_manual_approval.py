"""The examples of keyhold-approval(1) are run as they stand."""
import os
import re
import subprocess

from conftest import BUILD
from people import RAM, Person, code_at, done, step_now

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_the_examples_work(server, tmp_path):
    text = open(os.path.join(ROOT, "man", "keyhold-approval.1.scd"), encoding="utf-8").read()
    blocks = re.findall(r"```\n(.*?)```", text[text.index("# EXAMPLES"):], re.DOTALL)
    assert len(blocks) == 3
    ben = Person(server, "ben", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="ben", Password="Password of ben"))
    key_id = done(server.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    (tmp_path / "ben.password").write_text("Password of ben\n")
    (tmp_path / "ben.code").write_text(code_at(ben.seed, step_now()))
    environment = {"HOME": str(tmp_path), "PATH": os.path.join(BUILD, "src", "cli") + ":" + os.environ["PATH"], "KEY": key_id,
                   "ACCOUNT": server.ready["accountId"], "KEYHOLD_ENDPOINT": "http://" + server.http,
                   "KEYHOLD_ACCESS_KEY_ID": server.access_key_id, "KEYHOLD_ACCESS_KEY_SECRET": server.access_key_secret}
    went = subprocess.run(["bash", "-euo", "pipefail", "-x", "-c", "\n".join(blocks)], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert went.returncode == 0, went.stderr + went.stdout
    assert went.stderr.count("Forbidden.ApprovalRequired") == 2, went.stderr
    assert '"Status": "Approved"' in went.stdout or '"Status":"Approved"' in went.stdout
    assert done(server.ask("DescribeKey", KeyId=key_id))["KeyMetadata"]["KeyState"] == "Enabled"
