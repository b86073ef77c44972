"""What takes an act of the vault and the approval of others: with approvals it is done, once, through every wire; the vault has looked at
them itself. Negative cases first."""
import base64
import json
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from people import KEYHOLD, KMS, RAM, STS, Caller, code_at, done, post, refused, step_now
from test_approvals import ADMIN, Scene, listed
from test_cli import Cli
from wire import Client, Refused

APPROVAL_PENDING = 9
HELD = ("kms:Decrypt", "kms:AsymmetricDecrypt", "kms:GetSecretValue", "kms:PutSecretValue", "kms:ImportKeyMaterial", "kms:CreateKey", "kms:SetKeyPolicy",
        "kms:RewrapKey", "kms:CertificatePrivateKeySign", "ram:CreateAccessKey", "s3:GetObject", "oss:PutObject", "kms:DisableKey")
HELLO = base64.b64encode(b"hello").decode()


class Held(Scene):
    def __init__(self):
        super().__init__()
        self.lift()
        self.key = done(self.ask("CreateKey"))["KeyMetadata"]["KeyId"]
        self.blob = done(self.ask("Encrypt", KeyId=self.key, Plaintext=HELLO))["CiphertextBlob"]
        done(self.ask("CreateSecret", SecretName="one", SecretData="hush", VersionId="v1"))
        self.oss = Client(self.server.http, (self.anna.key.id, self.anna.key.secret))
        self.oss.oss("PUT", "held")
        self.oss.oss("PUT", "held", "a", body=b"of the owner")
        done(self.set_rule(self.ask, count=1, actions=HELD))

    def approved(self, operation, by="ben", **parameters):
        wanted = done(self.request(self.anna.key, operation, **parameters))["Approval"]["RequestHash"]
        done(self.approve(by, wanted))
        return wanted

    def once(self, operation, version=KMS, secrets=None, wire=None, **parameters):
        """Refused, done once it is approved, and refused again."""
        action, sent = operation.split(":")[1], wire or parameters
        refused(self.anna.key(action, version, **sent, **(secrets or {})), 403, "Forbidden.ApprovalRequired")
        self.approved(operation, **parameters)
        answer = done(self.anna.key(action, version, **sent, **(secrets or {})))
        refused(self.anna.key(action, version, **sent, **(secrets or {})), 403, "Forbidden.ApprovalRequired")
        return answer


@pytest.fixture(scope="module")
def scene():
    made = Held()
    yield made
    made.server.stop()


def test_a_plaintext(scene):
    assert scene.once("kms:Decrypt", CiphertextBlob=scene.blob)["Plaintext"] == HELLO
    other = done(scene.ask("Encrypt", KeyId=scene.key, Plaintext=HELLO))["CiphertextBlob"]
    wanted = scene.approved("kms:Decrypt", CiphertextBlob=scene.blob)
    refused(scene.anna.key("Decrypt", CiphertextBlob=other), 403, "Forbidden.ApprovalRequired")  # another ciphertext of the same key
    refused(scene.cleo.key("Decrypt", CiphertextBlob=scene.blob), 403, "Forbidden.ApprovalRequired")
    done(scene.anna.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))


def test_an_export_names_the_public_key_it_is_for(scene):
    mine, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    der = [base64.b64encode(k.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode() for k in (mine, other)]
    more = {"CiphertextBlob": scene.blob, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    wanted = scene.approved("kms:ExportDataKey", PublicKeyBlob=der[0], **more)
    assert scene.pending()[wanted]["Parameters"]["PublicKeyBlob"] == der[0]
    refused(scene.anna.key("ExportDataKey", PublicKeyBlob=der[1], **more), 403, "Forbidden.ApprovalRequired")
    made = done(scene.anna.key("ExportDataKey", PublicKeyBlob=der[0], **more))
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    assert mine.decrypt(base64.b64decode(made["ExportedDataKey"]), oaep) == b"hello"
    refused(scene.anna.key("ExportDataKey", PublicKeyBlob=der[0], **more), 403, "Forbidden.ApprovalRequired")


def test_values_of_secrets(scene):
    assert scene.once("kms:GetSecretValue", SecretName="one")["SecretData"] == "hush"
    wire = {"SecretsList": json.dumps([{"SecretName": "one"}])}
    assert "hush" in json.dumps(scene.once("kms:BatchGetSecretValue", wire=wire, **{"SecretsList.1.SecretName": "one"}))
    scene.once("kms:PutSecretValue", secrets={"SecretData": "other"}, SecretName="one", VersionId="v2")


def test_through_aws_s_wires(scene):
    def client(service):
        return boto3.client(service, endpoint_url="http://" + scene.server.http, region_name="cn-hangzhou", aws_access_key_id=scene.anna.key.id,
                            aws_secret_access_key=scene.anna.key.secret, config=Config(retries={"max_attempts": 0}))

    def held(call, **more):
        with pytest.raises(ClientError) as why:
            call(**more)
        assert why.value.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), why.value.response
    kms, manager, iam = client("kms"), client("secretsmanager"), client("iam")
    cases = ((kms.decrypt, {"CiphertextBlob": base64.b64decode(scene.blob)}, "kms:Decrypt", {"CiphertextBlob": scene.blob}),
             (manager.get_secret_value, {"SecretId": "one"}, "secretsmanager:GetSecretValue", {"SecretId": "one"}),
             (iam.create_access_key, {"UserName": "other"}, "ram:CreateAccessKey", {"UserName": "other"}))
    for call, sent, operation, parameters in cases:
        held(call, **sent)
        scene.approved(operation, **parameters)
        call(**sent)
        held(call, **sent)


def test_bodies_of_objects(scene):
    def held(method, **more):
        with pytest.raises(Refused, match="AccessDenied|takes the approval"):
            scene.oss.oss(method, "held", "a", **more)
    held("GET")
    scene.approved("oss:GetObject", Bucket="held", Key="a")
    assert scene.oss.oss("GET", "held", "a")[-1] == b"of the owner"
    held("GET")
    held("PUT", body=b"another")
    held("PUT", body=b"", headers={"x-oss-copy-source": "/held/a"})  # a copy reads and writes
    assert scene.oss.oss("HEAD", "held", "a")


def test_import_and_what_lets_others_in(scene):
    scene.once("kms:CreateKey", Origin="EXTERNAL")
    policy = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"RAM": [f"acs:ram::{scene.account}:root"]}}]})
    scene.once("kms:SetKeyPolicy", KeyId=scene.key, Policy=policy, PolicyName="default")
    key_id = done(scene.anna.key("ListKeys"))["Keys"]["Key"][0]["KeyId"]
    refused(scene.anna.key("ImportKeyMaterial", KeyId=key_id, EncryptedKeyMaterial=HELLO, ImportToken=HELLO, KeyMaterialExpireUnix=0), 403, "Forbidden.ApprovalRequired")


def test_an_alias_may_mean_another_key_tomorrow(scene):
    done(scene.ask("CreateAlias", AliasName="alias/held", KeyId=scene.key))
    for operation, parameters in (("kms:DisableKey", {"KeyId": "alias/held"}), ("kms:CreateSecret", {"SecretName": "x", "EncryptionKeyId": "alias/held"})):
        refused(scene.request(scene.anna.key, operation, **parameters), 400, "InvalidParameter")


def test_of_many_at_once_one_is_done(scene):
    """Two connections and more with one approval: exactly one goes through."""
    for round_ in range(6):
        scene.approved("kms:Decrypt", CiphertextBlob=scene.blob)
        start, answers = threading.Barrier(6), []

        def run():
            start.wait()
            answers.append(scene.anna.key("Decrypt", CiphertextBlob=scene.blob))
        threads = [threading.Thread(target=run) for _ in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(a[0] for a in answers) == [200] + [403] * 5, (round_, answers)
    for _ in range(4):  # a change, which takes no act
        done(scene.ask("EnableKey", KeyId=scene.key))
        scene.approved("kms:DisableKey", KeyId=scene.key)
        start, answers = threading.Barrier(4), []

        def change():
            start.wait()
            answers.append(scene.anna.key("DisableKey", KeyId=scene.key))
        threads = [threading.Thread(target=change) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert [a[0] for a in answers].count(200) == 1, answers
    done(scene.ask("EnableKey", KeyId=scene.key))


def test_approvals_that_went_before_the_use(scene):
    wanted = scene.approved("kms:Decrypt", CiphertextBlob=scene.blob)
    done(scene.ben.key("WithdrawApproval", KEYHOLD, RequestHash=wanted))
    refused(scene.anna.key("Decrypt", CiphertextBlob=scene.blob), 403, "Forbidden.ApprovalRequired")
    done(scene.approve("ben", wanted))  # given again, another approval
    done(scene.sessions["ben"]("UnbindMFADevice", RAM))
    refused(scene.anna.key("Decrypt", CiphertextBlob=scene.blob), 403, "Forbidden.ApprovalRequired")
    done(scene.approve("cleo", wanted))
    done(scene.anna.key("Decrypt", CiphertextBlob=scene.blob))


def test_the_command_line_says_that_it_waits(scene, tmp_path):
    cli = Cli(tmp_path)
    env = {"KEYHOLD_ENDPOINT": "http://" + scene.server.http, "KEYHOLD_ACCESS_KEY_ID": scene.anna.key.id, "KEYHOLD_ACCESS_KEY_SECRET": scene.anna.key.secret}
    (tmp_path / "blob").write_bytes(base64.b64decode(scene.blob))
    (tmp_path / "value").write_text("x")
    for words in (("key", "disable", scene.key), ("key", "decrypt", f"@{tmp_path}/blob"), ("secret", "get", "one"), ("access-key", "create", "other"),
                  ("object", "get", "held/a", f"{tmp_path}/out"), ("approval", "remove-rule", "--yes")):
        cli.refused(APPROVAL_PENDING, *words, env=env)


# ---- approvers that are lost

def test_the_roots_recovery_is_seen_and_objected_to(own_root):
    scene, root = own_root
    bare = scene.ask  # the root's access key, without a second factor
    refused(bare("BeginApprovalRecovery", KEYHOLD, Reason="lost"), 403, "NoPermission")
    refused(scene.sessions["anna"]("BeginApprovalRecovery", KEYHOLD, Reason="lost"), 403, "NoPermission")
    refused(root("ObjectToApprovalRecovery", KEYHOLD), 404, "EntityNotExist.ApprovalRecovery")
    refused(root("DeleteApprovalRule", KEYHOLD), 403, "Forbidden.ApprovalRequired")
    begun = done(root("BeginApprovalRecovery", KEYHOLD, Reason="Ben left and Cleo lost her device"))["ApprovalRule"]
    assert begun["RecoveryReason"].startswith("Ben left") and begun["RecoverySeconds"] == 259200
    shown = done(scene.other.key("GetApprovalRule", KEYHOLD))["ApprovalRule"]
    assert shown["RecoverableAt"] == begun["RecoverableAt"] and shown["RecoverableUntil"] > shown["RecoverableAt"]
    refused(root("BeginApprovalRecovery", KEYHOLD, Reason="again"), 409, "EntityAlreadyExists.Approval")
    refused(root("DeleteApprovalRule", KEYHOLD), 403, "Forbidden.ApprovalRequired")  # not yet
    # whatever policies say, an approver is heard
    deny = json.dumps({"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    done(bare("CreatePolicy", RAM, PolicyName="nothing", PolicyDocument=deny))
    done(bare("AttachPolicyToUser", RAM, PolicyName="nothing", PolicyType="Custom", UserName="ben"))
    refused(scene.ben.key("ObjectToApprovalRecovery", KEYHOLD), 403, "NoPermission")  # a key alone could be anybody's
    refused(scene.sessions["other"]("ObjectToApprovalRecovery", KEYHOLD), 403, "NoPermission")
    after = done(scene.sessions["ben"]("ObjectToApprovalRecovery", KEYHOLD, Reason="I am here"))["ApprovalRule"]
    assert "RecoverableAt" not in after
    refused(scene.sessions["ben"]("ObjectToApprovalRecovery", KEYHOLD), 404, "EntityNotExist.ApprovalRecovery")
    refused(root("DeleteApprovalRule", KEYHOLD), 403, "Forbidden.ApprovalRequired")
    done(root("BeginApprovalRecovery", KEYHOLD, Reason="once more"))
    done(root("ObjectToApprovalRecovery", KEYHOLD))  # the root itself thinks better of it


@pytest.fixture
def own_root():
    """A scene, and its root in a session that began with a second factor."""
    made = Scene()
    try:
        done(made.ask("CreateLoginProfile", RAM, Password="of the root itself"))
        device = done(made.ask("CreateVirtualMFADevice", RAM, VirtualMFADeviceName="root"))["VirtualMFADevice"]
        seed, now = device["Base32StringSeed"], step_now()
        done(made.ask("BindMFADevice", RAM, SerialNumber=device["SerialNumber"], AuthenticationCode1=code_at(seed, now - 2), AuthenticationCode2=code_at(seed, now - 1)))
        login = done(post(made.server, {"Action": "Login", "Account": made.account, "Password": "of the root itself", "Code": code_at(seed, step_now())}))
        yield made, Caller.of(made.server, login["Credentials"])
    finally:
        made.server.stop()
