"""keyhold certificate, and the examples of its man page, as they stand there."""
import os

import pytest
from manual import run_lines
from test_cli import NOT_FOUND, USAGE, Cli, house  # noqa: F401  a fixture


@pytest.fixture
def cli(house, tmp_path):  # noqa: F811
    return Cli(tmp_path / "home", house)


def test_the_examples_of_the_man_page(cli):
    said = [(out + err).decode() for out, err in run_lines("keyhold-certificate.1", cli)]
    assert len(said) > 12
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
