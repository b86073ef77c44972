"""What a taken core gets out of the vault: the test is core, with everything core has, and signed requests that passed through it."""
import os
import time
import uuid

import pytest
from house import CONTRACT as ORDERED, FAILURES, Channel, House, socket_pair
from test_taken_gateway import b64, sign_v1

ACTS = ORDERED.enums["VaultAct"]
FAILURE = {number: name for name, number in FAILURES.items()} | {0: "OK", None: "OK"}
SECRET = "a-secret-of-thirty-characters-x"
FIRST, SECOND = "1000000000000001", "1000000000000002"


class TakenCore(House):
    """Vault, keygen and auditor; the test is supervisor, core and gateway 0. It has no store: what core keeps, the test keeps."""

    def start(self):
        self.number = 0
        ours, theirs = socket_pair()
        core, vault_end = socket_pair()
        settings = {"region": self.region, "log_level": "info", "is_durable": "no", "may_begin": "yes"}
        for role, extra in (("vault", [self.root_key]), ("keygen", []), ("auditor", [])):
            self.spawn(role, extra)
            self.controls[role].send("CONFIGURE", {"Settings": dict(settings, folder=os.path.join(self.folder, "trail")) if role == "auditor" else settings})
        for end, role, peer in ((ours, "vault", "Keygen"), (theirs, "keygen", "Vault")):
            self.controls[role].send("CONNECT", {"Peer": peer, "PairKey": self.keygen_key}, [end.fileno()])
        self.controls["vault"].send("CONNECT", {"Peer": "Core"}, [vault_end.fileno()])
        for sock in (*self.link("vault", "auditor"), ours, theirs, vault_end):
            sock.close()
        self.controls["vault"].send("CONNECT", {"Peer": "Gateway", "Index": 0, "PairKey": self.pair_key})
        self.core = Channel(core)
        for control in self.controls.values():
            control.send("CONNECTED")
            assert control.receive()[0] == "READY"
        assert self.core.receive()[0] == "STORE_KEY"

    def use(self, acts, proof=None, request_id=None, **more):
        """USED; acts by name, or with their parts."""
        self.number += 1
        request_id = request_id or str(uuid.uuid4())
        message = {"Id": self.number, "RequestId": request_id, "Acts": [act if isinstance(act, dict) else {"Act": act} for act in acts], **more}
        if proof:
            message |= {"Proof": self.boxed(proof, request_id), "Gateway": 0}
        self.core.send("USE", message)
        while True:
            verb, used, _ = self.core.receive()
            if verb == "USED" and used["Id"] == self.number:
                return FAILURE[used.get("Failure")], used.get("Results", [])

    def begin(self, account=FIRST, key_id="LTAItest", secret=SECRET):
        failure, made = self.use(["NewAccount", {"Act": "AdoptAccessKey", "Text": key_id, "Input": secret.encode()}], AccountId=account)
        if failure != "OK":
            return failure, None
        return failure, {"AccountId": account, "Account": made[0]["Output"], "AccessKey": made[1]["Output"]}


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    taken = TakenCore(tmp_path_factory.mktemp("taken"))
    failure, taken.mine = taken.begin()
    assert failure == "OK"
    yield taken
    taken.stop()


def signed(action, **parameters):
    return sign_v1("LTAItest", SECRET, action, **parameters)


def new_key(core, mark=1):
    failure, made = core.use([{"Act": "NewKey", "KeyId": bytes([mark]) * 16, "KeyVersionId": bytes([mark]) * 16, "Spec": "Aliyun_AES_256", "Usage": "ENCRYPT/DECRYPT"}],
                             signed("CreateKey"), **core.mine)
    assert failure == "OK"
    return {"Key": made[0]["Output"], "KeyId": bytes([mark]) * 16, "KeyVersionId": bytes([mark]) * 16, "Id": str(uuid.UUID(bytes=bytes([mark]) * 16))}


def test_the_house_begins_once(core):
    """Another account of any name would be one that permits let in, and core could sign for it."""
    for account in (SECOND, FIRST, "1000000000000003"):
        assert core.begin(account, "LTAIother", "another-secret-that-core-knows")[0] == "NO_PERMISSION"
    assert core.use(["NewAccount"], AccountId=SECOND)[0] == "NO_PERMISSION"


def test_an_honest_core_works(core):
    key, request_id = new_key(core), str(uuid.uuid4())
    proof = signed("Encrypt", KeyId=key["Id"], Plaintext=b64(b"hello"))
    act = {"Act": "Encrypt", "Key": key["Key"], "KeyId": key["KeyId"], "KeyVersionId": key["KeyVersionId"], "Input": core.box.seal(request_id.encode(), b"hello"), "Context": b""}
    failure, made = core.use([act], proof, request_id, **core.mine)
    assert failure == "OK" and made[0]["Output"]


RPC = [op for op in ORDERED.operations if op["product"] not in ("oss", "secretsmanager") and op["options"].get("signed") != "no"]


@pytest.mark.parametrize("op", RPC, ids=[op["c"] for op in RPC])
def test_a_signed_request_has_the_vault_do_its_own_acts_and_no_other(core, op):
    """Each act of the vault, asked for with every operation's signed request: what is not in the operation's row is refused, before anything
    of the act is looked at."""
    own = op["options"].get("acts", "").split(",")
    proof = sign_v1("LTAItest", SECRET, op["c"], wire_name=op["name"])
    for act in ACTS:
        failure, results = core.use([act], proof, **core.mine)
        assert not results or act in own + ["Verify"]
        if act not in own and act != "Verify":
            assert failure == "NO_PERMISSION", (act, failure)
        # bare acts say nothing of what was signed, and get nothing either
        assert failure != "OK" or act in own + ["Verify"], act


def test_without_a_signature_there_is_what_the_owner_allowed_before_and_what_people_know(core):
    """… each of which the vault finds wanting here: nothing was allowed, nobody knows anything."""
    key = new_key(core, 2)
    for act in ACTS:
        parts = {"Act": act, "Key": key["Key"], "KeyId": key["KeyId"], "KeyVersionId": key["KeyVersionId"], "Next": key["Key"], "Input": b"x" * 64, "Token": b"x",
                 "Text": "LTAIxxxx", "Size": 32, "Accounts": [SECOND]}
        for account in ({"AccountId": core.mine["AccountId"], "Account": core.mine["Account"]}, {"AccountId": FIRST}, {}):
            failure, results = core.use([parts], **account)
            assert failure != "OK" or act == "Forget", act  # makes the vault forget what it would open again


def test_one_account_is_not_another_nor_one_seal_another(core):
    """What core keeps sealed is good for its own account and its own kind alone."""
    key = new_key(core, 3)
    proof, request_id = signed("GenerateDataKey", KeyId=key["Id"]), str(uuid.uuid4())
    act = {"Act": "Generate", "Key": key["Key"], "KeyId": key["KeyId"], "KeyVersionId": key["KeyVersionId"], "Size": 32, "Context": b""}
    assert core.use([act], proof, request_id, **core.mine)[0] == "OK"
    for lie in ({"AccountId": SECOND}, {"Account": core.mine["AccessKey"]}, {"AccessKey": core.mine["Account"]}, {"AccessKey": key["Key"]}, {"Account": b""}, {"AccessKey": b""}):
        failure, results = core.use([act], proof, request_id, **{**core.mine, **lie})
        assert failure != "OK" and not results, lie
    for lie in ({"Key": core.mine["AccessKey"]}, {"Key": core.mine["Account"]}, {"KeyVersionId": bytes(16)}, {"KeyId": bytes(16)}, {"Owner": core.mine["Account"], "OwnerId": SECOND},
                {"Owner": core.mine["Account"], "OwnerId": FIRST, "Sharing": b""}, {"IsCertificate": True}, {"Act": "GenerateSealed"}, {"Key": key["Key"][:-1] + b"\0"}):
        failure, results = core.use([{**act, **lie}], proof, request_id, **core.mine)
        assert failure != "OK" and not results, lie


def test_a_session_is_of_the_role_that_was_signed_for_and_of_its_account(core):
    act = {"Act": "NewSession", "Text": "STS.x", "ExpiresAt": int(time.time()) + 900, "Session": {"RoleName": "duty", "RoleId": "1", "Name": "sess"}}
    for role, wanted in ((f"acs:ram::{SECOND}:role/duty", "NO_PERMISSION"), (f"arn:aws:iam::{SECOND}:role/duty", "NO_PERMISSION"), (f"acs:ram::{FIRST}:role/other", "NO_PERMISSION"),
                         ("role/duty", "OK"), (f"acs:ram::{FIRST}:role/duty", "OK"), (f"arn:aws:iam::{FIRST}:role/duty", "OK")):
        assert core.use([act], signed("AssumeRole", RoleArn=role, RoleSessionName="sess"), **core.mine)[0] == wanted, role


# Fields that say which key, secret or person an act is about, or hold a secret; and why some of them need not be bound.
NAMING = ("KeyId", "DestinationKeyId", "SourceKeyId", "CertificateId", "SecretName", "SecretId", "Name", "DataKeyName", "UserName", "RoleArn", "RoleName", "KeyVersionId",
          "SourceKeyVersionId", "VersionId", "CiphertextBlob", "EncryptionContext", "SourceEncryptionContext", "DestinationEncryptionContext", "Plaintext", "Message", "Digest")
FREE = {
    ("Decrypt", "KeyId"): "the ciphertext, which is bound, names its key", ("ReEncrypt", "SourceKeyId"): "likewise",
    ("CreateGrant", "Name"): "is a name for people",
}


def test_what_an_act_is_about_is_bound_in_every_operation():
    """A new operation that has a key used, and does not say which, is one that a taken core could have any key used with."""
    missing = []
    for op in ORDERED.operations:
        if op["options"].get("signed") == "no" or op["product"] == "oss":  # nobody signs it; a path, which is compared as a whole
            continue
        fields = ORDERED.shapes[op["c"] + "In"]
        names = [f for f in fields if f["name"] in NAMING or f["type"] == "secret"]
        if "acts" in op["options"]:
            missing += [(op["c"], f["name"]) for f in names if not f["binds"] and (op["c"], f["name"]) not in FREE]
        missing += [(op["c"], f["name"]) for f in fields if f["type"] == "secret" and "acts" not in op["options"]]
    assert not missing


def test_no_secret_lies_deeper_than_the_vault_looks_for_it():
    """Of a change the vault tells core all that was signed but the fields that are secret (src/custody/said.c)."""
    def has_secret(shape, seen=()):
        return shape not in seen and any(f["type"] == "secret" or (f["type"] in ORDERED.shapes and has_secret(f["type"], (*seen, shape))) for f in ORDERED.shapes[shape])
    nested = [(op["c"], f["name"]) for op in ORDERED.operations for f in ORDERED.shapes[op["c"] + "In"] if f["type"] in ORDERED.shapes and has_secret(f["type"])]
    assert not nested
