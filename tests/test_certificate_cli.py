"""keyhold certificate, and the examples of its man page, as they stand there."""
import os
import re
import subprocess

import pytest
from conftest import BUILD
from test_cli import NOT_FOUND, USAGE, Cli, house  # noqa: F401  a fixture

MAN = os.path.join(os.path.dirname(__file__), "..", "man", "keyhold-certificate.1.scd")


@pytest.fixture
def cli(house, tmp_path):  # noqa: F811
    return Cli(tmp_path / "home", house)


def examples():
    with open(MAN, encoding="utf-8") as f:
        return re.search(r"# EXAMPLES.*?```\n(.*?)```", f.read(), re.S)[1].strip().splitlines()


def test_the_examples_of_the_man_page(cli):
    env = {**cli.environment, "PATH": os.path.join(BUILD, "src", "cli") + ":" + os.environ["PATH"]}
    said = []
    assert len(examples()) > 12
    for line in examples():
        done = subprocess.run(line, shell=True, env=env, cwd=cli.home, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (line, done.stderr.decode())
        said.append(done.stdout.decode() + done.stderr.decode())
    assert "verify OK" in said[2] or "Certificate request self-signature verify OK" in said[2]
    assert "Verified OK" in said[9]
    assert '"SignatureValid":true' in said[10].replace(" ", "")
    with open(os.path.join(cli.home, "www.csr"), encoding="ascii") as f:
        assert f.read().startswith("-----BEGIN CERTIFICATE REQUEST-----")


def test_what_goes_wrong(cli):
    cli.refused(NOT_FOUND, "certificate", "show", "00000000-0000-4000-8000-000000000000")
    cli.refused(USAGE, "certificate", "create", "CN=x", "--key-spec", "RSA_4096")
    made = cli("certificate", "create", "CN=x")
    cli.refused(6, "certificate", "enable", made["CertificateId"])
    cli.refused(USAGE, "certificate", "delete", made["CertificateId"])
    cli("certificate", "delete", made["CertificateId"], "--yes")
    cli.refused(NOT_FOUND, "certificate", "request", made["CertificateId"])
