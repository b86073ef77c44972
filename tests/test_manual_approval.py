"""The examples of keyhold-approval(1) are run as they stand."""
from manual import examples, run_examples
from people import RAM, Person, code_at, done, step_now


def test_the_examples_work(server, tmp_path):
    assert len(examples("keyhold-approval.1")) == 3
    ben = Person(server, "ben", "AdministratorAccess").bind_device()
    done(server.ask("CreateLoginProfile", RAM, UserName="ben", Password="Password of ben"))
    key_id = done(server.ask("CreateKey"))["KeyMetadata"]["KeyId"]
    (tmp_path / "ben.password").write_text("Password of ben\n")
    (tmp_path / "ben.code").write_text(code_at(ben.seed, step_now()))
    went = run_examples("keyhold-approval.1", server, tmp_path, KEY=key_id, ACCOUNT=server.ready["accountId"])
    assert went.stderr.count("Forbidden.ApprovalRequired") == 2, went.stderr
    assert '"Status": "Approved"' in went.stdout or '"Status":"Approved"' in went.stdout
    assert done(server.ask("DescribeKey", KeyId=key_id))["KeyMetadata"]["KeyState"] == "Enabled"
