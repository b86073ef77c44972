"""The examples of keyhold-key(1) are run as they stand."""
from manual import examples, run_examples


def test_the_examples_work(server, tmp_path):
    assert len(examples("keyhold-key.1")) == 7
    done = run_examples("keyhold-key.1", server, tmp_path)
    assert (tmp_path / "secret.txt").read_bytes() == b"a secret"
    assert done.stdout.count("Verified OK") == 2
    assert len((tmp_path / "data-key").read_bytes()) == 32
    assert done.stdout.count("\nyes\n") == 2, done.stdout
