"""What one account lets another have: keys, secrets, roles, buckets. Both sides have to allow it, both trails tell of it, and who is
not let in learns nothing."""
import base64
import hashlib
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import ANY_PORTS, Server
from wire import Client, Refused

KEYHOLD, RAM, STS, TRAIL = "2026-01-01", "2015-05-01", "2015-04-01", "2020-07-06"
REGION = "cn-hangzhou"
COUNT = iter(range(1000))
PLAIN = base64.b64encode(b"hello").decode()


def statement(effect, action, resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


class Person:
    """Somebody with an access key, through both clouds' clients."""

    def __init__(self, server, account, access_key, name=None, token=None):
        self.server, self.account, self.access_key, self.name, self.token = server, account, access_key, name, token

    def ask(self, action, version="2016-01-20", **parameters):
        more = {"SecurityToken": self.token} if self.token else {}
        return self.server.ask(action, version, self.access_key[1], self.access_key[0], **more, **parameters)

    def must(self, action, version="2016-01-20", **parameters):
        status, answer = self.ask(action, version, **parameters)
        assert status == 200, answer
        return answer

    def aws(self, service):
        return boto3.client(service, endpoint_url="http://" + self.server.http, region_name=REGION, aws_access_key_id=self.access_key[0],
                            aws_secret_access_key=self.access_key[1], aws_session_token=self.token, config=Config(retries={"max_attempts": 0}))

    @property
    def oss(self):
        return Client(self.server.http, self.access_key)

    @property
    def arn(self):
        return f"acs:ram::{self.account}:{'user/' + self.name if self.name else 'root'}"


class Account(Person):
    """Its root."""

    def user(self, *statements, name=None):
        name = name or f"u{next(COUNT)}"
        self.must("CreateUser", RAM, UserName=name)
        key = self.must("CreateAccessKey", RAM, UserName=name)["AccessKey"]
        if statements:
            self.must("CreatePolicy", RAM, PolicyName=f"{name}-{next(COUNT)}", PolicyDocument=document(*statements))
            self.must("AttachPolicyToUser", RAM, PolicyName=f"{name}-{next(COUNT) - 1}", PolicyType="Custom", UserName=name)
        return Person(self.server, self.account, (key["AccessKeyId"], key["AccessKeySecret"]), name)

    def remove_user(self, person):
        for each in self.must("ListPoliciesForUser", RAM, UserName=person.name)["Policies"]["Policy"]:
            self.must("DetachPolicyFromUser", RAM, PolicyName=each["PolicyName"], PolicyType="Custom", UserName=person.name)
        self.must("DeleteAccessKey", RAM, UserName=person.name, UserAccessKeyId=person.access_key[0])
        self.must("DeleteUser", RAM, UserName=person.name)

    def events(self, name):
        found = self.must("LookupEvents", TRAIL, MaxResults=50)["Events"]
        return [each for each in found if each["eventName"] == name]

    def key(self):
        return self.must("CreateKey")["KeyMetadata"]

    def share(self, key, *statements, own=True):
        """Sets the key's policy; the account's own policies go on counting."""
        more = [statement("Allow", "kms:*", Principal={"AWS": f"arn:aws:iam::{self.account}:root"})] if own else []
        return self.must("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(*more, *statements))


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


def tenant(server, name):
    made = server.ask("CreateAccount", KEYHOLD, AccountName=name)[1]
    return Account(server, made["Account"]["AccountId"], (made["AccessKey"]["AccessKeyId"], made["AccessKey"]["AccessKeySecret"]))


@pytest.fixture(scope="module")
def owner(server):
    return tenant(server, "owner")


@pytest.fixture(scope="module")
def other(server):
    return tenant(server, "other")


@pytest.fixture(scope="module")
def third(server):
    return tenant(server, "third")


@pytest.fixture(scope="module")
def operator(server):
    return Account(server, server.identity()[1]["AccountId"], (server.access_key_id, server.access_key_secret))


def refused(answer, status=403, code="Forbidden.NoPermission"):
    assert (answer[0], answer[1].get("Code")) == (status, code), answer
    return answer[1]["Message"]


def denied(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    assert caught.value.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), caught.value.response
    return caught.value.response["Error"]["Message"]


def told(message):
    return message.split(" EncodedDiagnosticMessage")[0]


# ---- keys

def test_a_key_is_used_from_another_account_where_both_sides_allow_it(owner, other, third):
    key = owner.key()
    may, may_not, elsewhere = (account.user(statement("Allow", "kms:*")) if allowed else account.user()
                               for account, allowed in ((other, True), (other, False), (third, True)))
    refused(may.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    owner.share(key, statement("Allow", ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"], Principal={"AWS": other.arn}))
    blob = may.must("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)["CiphertextBlob"]
    assert may.must("Decrypt", CiphertextBlob=blob)["Plaintext"] == PLAIN  # a ciphertext names no account
    assert owner.must("Decrypt", CiphertextBlob=blob)["Plaintext"] == PLAIN
    refused(may_not.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    refused(elsewhere.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    refused(elsewhere.ask("Decrypt", CiphertextBlob=blob), 404, "Forbidden.KeyNotFound")
    refused(may.ask("GenerateDataKey", KeyId=key["Arn"]))  # the owner did not say that
    assert other.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200  # the other account's root needs no policy of its own
    owner.share(key)
    refused(may.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    refused(may.ask("Decrypt", CiphertextBlob=blob), 404, "Forbidden.KeyNotFound")


def test_one_user_of_another_account_is_named(owner, other):
    key = owner.key()
    named, another = other.user(statement("Allow", "kms:*")), other.user(statement("Allow", "kms:*"))
    owner.share(key, statement("Allow", "kms:Encrypt", Principal={"RAM": [named.arn]}))
    assert named.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200
    refused(another.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    refused(other.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))


def test_everybody_is_everybody_of_the_owners_account(owner, other):
    key = owner.key()
    own, foreign = owner.user(), other.user(statement("Allow", "kms:*"))
    owner.share(key, statement("Allow", "kms:Encrypt", Principal="*"))
    assert own.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200
    refused(foreign.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    owner.share(key, statement("Allow", "kms:*", Principal={"AWS": [other.account]}), statement("Deny", "kms:Encrypt", Principal="*"))
    refused(foreign.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))  # but denied is everybody
    assert foreign.ask("DescribeKey", KeyId=key["Arn"])[0] == 200


def test_boto3_uses_keys_of_another_account(owner, other):
    key, mine = owner.key(), other.key()
    kms = other.user(statement("Allow", "kms:*")).aws("kms")
    arn = key["Arn"].replace("acs:", "arn:aws:", 1)
    owner.must("CreateAlias", KeyId=key["KeyId"], AliasName="alias/shared")
    alias = arn.rsplit(":", 1)[0] + ":alias/shared"
    assert told(denied(kms.encrypt, KeyId=alias, Plaintext=b"x")).endswith(f"kms:Encrypt on {alias.replace('arn:aws:', 'acs:', 1)} (no policy allows it).")
    owner.share(key, statement("Allow", "kms:*", Principal={"AWS": other.account}))
    made = kms.encrypt(KeyId=alias, Plaintext=b"x", EncryptionContext={"a": "1"})
    assert made["KeyId"] == arn
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["AWSAccountId"] == owner.account
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "1"})["Plaintext"] == b"x"
    own_arn = mine["Arn"].replace("acs:", "arn:aws:", 1)
    moved = kms.re_encrypt(CiphertextBlob=made["CiphertextBlob"], SourceEncryptionContext={"a": "1"}, DestinationKeyId=own_arn)
    assert (moved["SourceKeyId"], moved["KeyId"]) == (arn, own_arn)
    assert other.aws("kms").decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"
    back = kms.re_encrypt(CiphertextBlob=moved["CiphertextBlob"], DestinationKeyId=arn)
    assert (back["SourceKeyId"], back["KeyId"]) == (own_arn, arn)
    pair = kms.generate_data_key_pair(KeyId=arn, KeyPairSpec="ECC_NIST_P256")
    assert pair["KeyId"] == arn and kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
    for call, more in ((kms.disable_key, {}), (kms.put_key_policy, {"PolicyName": "default", "Policy": "{}"}), (kms.schedule_key_deletion, {}),
                       (kms.create_grant, {"GranteePrincipal": other.arn.replace("acs:ram", "arn:aws:iam"), "Operations": ["Encrypt"]})):
        with pytest.raises(ClientError, match="NotFoundException"):  # what changes a key is its account's alone
            call(KeyId=arn, **more)


def test_unknown_and_not_permitted_look_alike(owner, other):
    key, spy = owner.key(), other.user(statement("Allow", "*"))
    owner.must("CreateSecret", SecretName="hidden", SecretData="x", VersionId="1")
    owner.must("CreateRole", RAM, RoleName="hidden", AssumeRolePolicyDocument=trust(owner.arn))
    missing_account = "199999999999"

    def answers(action, version, there, name, **parameters):
        found = [spy.ask(action, version, **{name: each}, **parameters) for each in there]
        seen = {(status, answer["Code"], told(answer["Message"]).replace(each.split(":")[-1], "NAME").replace(missing_account, owner.account)) for (status, answer), each in zip(found, there)}
        assert len(seen) == 1, seen
        decoded = [spy.must("DecodeDiagnosticMessage", RAM, EncodedDiagnosticMessage=answer["Message"].split("EncodedDiagnosticMessage: ")[1])
                   for _, answer in found]
        for each, what in zip(decoded, there):
            told_ = each["DecodedDiagnosticMessage"]
            assert told_["AuthResource"].split(":")[-1] in what and told_["NoPermissionPolicyType"] == "ResourcePolicy"
        keys = [sorted(c["ConditionKey"] for c in each["DecodedDiagnosticMessage"]["AuthConditions"]) for each in decoded]
        assert all(each == keys[0] for each in keys)  # nothing of the key's tags, spec or usage

    base = f"acs:kms:{REGION}:{owner.account}:key/"
    gone = base + "00000000-0000-4000-8000-000000000000"
    owner.must("TagResource", KeyId=key["KeyId"], Tags=json.dumps([{"TagKey": "secret", "TagValue": "x"}]))
    answers("Encrypt", "2016-01-20", [key["Arn"], gone, gone.replace(owner.account, missing_account)], "KeyId", Plaintext=PLAIN)
    secret = f"acs:kms:{REGION}:{owner.account}:secret/"
    answers("GetSecretValue", "2016-01-20", [secret + "hidden", secret + "nothing"], "SecretName")
    role = f"acs:ram::{owner.account}:role/"
    answers("AssumeRole", STS, [role + "hidden", role + "nothing"], "RoleArn", RoleSessionName="spy")


def trust(*arns, **more):
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": list(arns)}, **more}]})


def test_both_trails_and_the_owners_ledger_tell_of_it(owner, other):
    key, user = owner.key(), other.user(statement("Allow", "kms:*"))
    owner.share(key, statement("Allow", "kms:Encrypt", Principal={"AWS": other.account}))
    status, answer = user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)
    refusal = user.ask("GenerateDataKey", KeyId=key["Arn"])[1]
    assert status == 200
    for account in (owner, other):
        event = [each for each in account.events("Encrypt") if each["requestId"] == answer["RequestId"]][0]
        assert event["recipientAccountId"] == account.account
        assert event["userIdentity"]["accountId"] == other.account and event["userIdentity"]["userName"] == user.name
        assert [(use["keyId"], use["operation"]) for use in event["keyUse"]] == [(key["KeyId"], "Encrypt")]
        assert "hello" not in json.dumps(event) and PLAIN not in json.dumps(event)
        assert [each["errorCode"] for each in account.events("GenerateDataKey") if each["requestId"] == refusal["RequestId"]]
    used = owner.must("GetKeyLastUsage", KEYHOLD, KeyId=key["KeyId"])["KeyLastUsage"]
    assert (used["Operation"], used["UserName"]) == ("Encrypt", user.name)
    assert not [each for each in owner.events("KeyUseNotRecorded") + owner.events("KeyUseNotWitnessed") + other.events("KeyUseNotWitnessed")]


def test_an_account_that_was_never_let_in_leaves_no_trace_with_the_owner(owner, third):
    key, spy = owner.key(), third.user(statement("Allow", "kms:*"))
    answer = spy.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[1]
    assert not [each for each in owner.events("Encrypt") if each["requestId"] == answer["RequestId"]]
    assert [each for each in third.events("Encrypt") if each["requestId"] == answer["RequestId"]]


def test_grants_reach_another_account(owner, other):
    key = owner.key()
    user, bare = other.user(statement("Allow", "kms:*")), other.user()
    given = owner.aws("kms").create_grant(KeyId=key["KeyId"], GranteePrincipal=user.arn.replace("acs:ram", "arn:aws:iam"), Operations=["Encrypt"])
    assert user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200
    refused(user.ask("Decrypt", KeyId=key["Arn"], CiphertextBlob=owner.must("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)["CiphertextBlob"]))
    refused(bare.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    owner.aws("kms").create_grant(KeyId=key["KeyId"], GranteePrincipal=bare.arn.replace("acs:ram", "arn:aws:iam"), Operations=["Encrypt"])
    refused(bare.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))  # its own account has not allowed it
    owner.aws("kms").revoke_grant(KeyId=key["KeyId"], GrantId=given["GrantId"])
    refused(user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))


# ---- roles and secrets

def test_a_role_of_another_account_is_taken_on(owner, other, third):
    user, bare, foreign = (other.user(statement("Allow", "sts:AssumeRole")), other.user(), third.user(statement("Allow", "sts:AssumeRole")))
    owner.must("CreateRole", RAM, RoleName="guests", AssumeRolePolicyDocument=trust(other.arn, Condition={"StringEquals": {"sts:ExternalId": "agreed"}}))
    owner.must("CreatePolicy", RAM, PolicyName="make-keys", PolicyDocument=document(statement("Allow", "kms:CreateKey")))
    owner.must("AttachPolicyToRole", RAM, PolicyName="make-keys", PolicyType="Custom", RoleName="guests")
    role = f"acs:ram::{owner.account}:role/guests"

    def assume(who, **more):
        return who.ask("AssumeRole", STS, RoleArn=role, RoleSessionName="visit", **more)

    for who, more in ((user, {}), (user, {"ExternalId": "guessed"}), (bare, {"ExternalId": "agreed"}), (foreign, {"ExternalId": "agreed"})):
        refused(assume(who, **more), 403, "NoPermission")
    status, taken = assume(user, ExternalId="agreed")
    assert status == 200 and taken["AssumedRoleUser"]["Arn"] == f"acs:ram::{owner.account}:role/guests/visit"
    given = taken["Credentials"]
    session = Person(owner.server, owner.account, (given["AccessKeyId"], given["AccessKeySecret"]), token=given["SecurityToken"])
    assert session.must("GetCallerIdentity", STS)["AccountId"] == owner.account
    assert session.must("CreateKey")["KeyMetadata"]["Arn"].split(":")[3] == owner.account
    refused(session.ask("ListUsers", RAM), 403, "NoPermission")
    for account in (owner, other):
        assert [each for each in account.events("AssumeRole") if each["requestId"] == taken["RequestId"]]
    owner.must("UpdateRole", RAM, RoleName="guests", NewAssumeRolePolicyDocument=trust(third.arn))
    refused(assume(user, ExternalId="agreed"), 403, "NoPermission")
    assert assume(foreign)[0] == 200


def test_a_secret_of_another_account_is_read(owner, other):
    owner.must("CreateSecret", SecretName="db", SecretData="hush", VersionId="1")
    reader, bare = other.user(statement("Allow", ["kms:*", "secretsmanager:*"])), other.user()
    name = f"acs:kms:{REGION}:{owner.account}:secret/db"
    refused(reader.ask("GetSecretValue", SecretName=name))
    owner.must("SetSecretPolicy", SecretName="db", Policy=document(statement("Allow", "kms:GetSecretValue", Principal={"AWS": other.account})))
    assert reader.must("GetSecretValue", SecretName=name)["SecretData"] == "hush"
    arn = owner.aws("secretsmanager").describe_secret(SecretId="db")["ARN"]
    assert reader.aws("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == "hush"
    refused(bare.ask("GetSecretValue", SecretName=name))
    refused(reader.ask("DescribeSecret", SecretName=name))
    # under a key of its own the secret needs the key's word as well
    key = owner.key()
    owner.must("CreateSecret", SecretName="kept", SecretData="hush", VersionId="1", EncryptionKeyId=key["KeyId"])
    owner.must("SetSecretPolicy", SecretName="kept", Policy=document(statement("Allow", "kms:GetSecretValue", Principal={"AWS": other.account})))
    refused(reader.ask("GetSecretValue", SecretName=name.replace("/db", "/kept")))
    owner.share(key, statement("Allow", "kms:Decrypt", Principal={"AWS": other.account}))
    assert reader.must("GetSecretValue", SecretName=name.replace("/db", "/kept"))["SecretData"] == "hush"


# ---- buckets

def gone(call, *args, status=403, code="AccessDenied", **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    assert (caught.value.status, caught.value.code) == (status, code), str(caught.value)


def put_policy(account, bucket, *statements, version="1"):
    body = document(*statements, version=version).encode()
    return account.oss.oss("PUT", bucket, body=body, query="policy", headers={"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()})


def test_a_bucket_of_another_account(owner, other, third):
    bucket = f"shared-{next(COUNT)}"
    guest, bare, stranger = other.user(statement("Allow", "oss:*")), other.user(), third.user(statement("Allow", "oss:*"))
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "in/a", body=b"of the owner")
    gone(guest.oss.oss, "GET", bucket, "in/a")
    put_policy(owner, bucket, {"Effect": "Allow", "Action": ["oss:GetObject", "oss:PutObject", "oss:ListObjects"], "Principal": [other.account],
                               "Resource": [f"acs:oss:*:{owner.account}:{bucket}", f"acs:oss:*:{owner.account}:{bucket}/*"]})
    assert guest.oss.oss("GET", bucket, "in/a")[1] == b"of the owner"
    guest.oss.oss("PUT", bucket, "in/b", body=b"of a guest")
    assert owner.oss.oss("GET", bucket, "in/b")[1] == b"of a guest"  # what is put into a bucket is its owner's
    assert b"in/b" in guest.oss.oss("GET", bucket)[1]
    for who in (bare, stranger):
        gone(who.oss.oss, "GET", bucket, "in/a")
    gone(guest.oss.oss, "DELETE", bucket, "in/a")
    gone(guest.oss.oss, "GET", bucket, query="policy")
    gone(guest.oss.oss, "PUT", bucket, body=b"{}", query="policy")
    own = f"own-{next(COUNT)}"
    other.oss.oss("PUT", own)
    guest.oss.oss("PUT", own, "copy", headers={"x-oss-copy-source": f"/{bucket}/in/a"})
    assert other.oss.oss("GET", own, "copy")[1] == b"of the owner"
    guest.oss.oss("PUT", bucket, "in/c", headers={"x-oss-copy-source": f"/{own}/copy"})
    assert owner.oss.oss("GET", bucket, "in/c")[1] == b"of the owner"
    assert {each["userIdentity"]["accountId"] for each in owner.events("PutObject")} == {owner.account, other.account}
    assert all(each["keyUse"] for each in owner.events("GetObject") if "errorCode" not in each)
    owner.oss.oss("DELETE", bucket, query="policy")
    gone(guest.oss.oss, "GET", bucket, "in/a")
    gone(owner.oss.oss, "GET", bucket, query="policy", status=404, code="NoSuchBucketPolicy")


def test_a_policy_that_lets_others_in_has_to_be_signed_for(owner, other):
    """OSS's signatures cover a body only through its Content-MD5; ali-oss sends it, and other clients can."""
    bucket = f"signed-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    whole = document(statement("Allow", "oss:GetObject", Principal=[other.account]), version="1").encode()
    with pytest.raises(Refused) as caught:
        owner.oss.oss("PUT", bucket, body=whole, query="policy")
    assert caught.value.code == "MissingArgument" and "Content-MD5" in str(caught.value)
    for wrong in (base64.b64encode(bytes(16)).decode(), "!", "AAAA"):
        gone(owner.oss.oss, "PUT", bucket, body=whole, query="policy", headers={"content-md5": wrong}, status=400, code="InvalidDigest")
    gone(owner.oss.oss, "GET", bucket, query="policy", status=404, code="NoSuchBucketPolicy")
    own = document(statement("Allow", "oss:GetObject", Principal=[owner.account]), version="1").encode()
    owner.oss.oss("PUT", bucket, body=own, query="policy")  # among themselves it is as with OSS


def test_a_bucket_under_a_key_of_its_own_needs_the_keys_word(owner, other):
    bucket, key = f"kept-{next(COUNT)}", owner.key()
    guest = other.user(statement("Allow", ["oss:*", "kms:*"]))
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", body=b"x", headers={"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": key["KeyId"]})
    put_policy(owner, bucket, statement("Allow", "oss:GetObject", Principal=[other.account]))
    gone(guest.oss.oss, "GET", bucket, "a")
    owner.share(key, statement("Allow", "kms:Decrypt", Principal={"AWS": other.account}, Condition={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}))
    assert guest.oss.oss("GET", bucket, "a")[1] == b"x"


def test_policies_of_buckets_within_the_account(owner):
    bucket = f"own-{next(COUNT)}"
    named, denied_, nobody = owner.user(), owner.user(statement("Allow", "oss:*")), owner.user()
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", body=b"x")
    put_policy(owner, bucket, statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": named.arn.replace("acs:ram", "arn:aws:iam")}),
               statement("Deny", "s3:*", Principal={"AWS": denied_.arn.replace("acs:ram", "arn:aws:iam")}), version="2012-10-17")
    assert named.oss.oss("GET", bucket, "a")[1] == b"x"
    gone(named.oss.oss, "GET", bucket)
    gone(denied_.oss.oss, "GET", bucket, "a")
    gone(nobody.oss.oss, "GET", bucket, "a")
    kept = json.loads(owner.oss.oss("GET", bucket, query="policy")[1])
    assert kept["Statement"][0]["Resource"] == f"arn:aws:s3:::{bucket}/*"
    put_policy(owner, bucket, statement("Deny", "oss:*", Principal=["*"]))
    gone(owner.oss.oss, "GET", bucket, "a")  # the root as well; only the policy itself it can always take back
    owner.oss.oss("DELETE", bucket, query="policy")
    assert owner.oss.oss("GET", bucket, "a")[1] == b"x"


def test_bucket_policies_that_are_none_or_would_be_for_everybody_are_refused(owner):
    bucket = f"closed-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    for bad in ("{", "[]", "", '{"Version":"1"}', document(statement("Allow", "oss:*"), version="1"), "x" * 20481):
        with pytest.raises(Refused) as caught:
            owner.oss.oss("PUT", bucket, body=bad.encode(), query="policy")
        assert caught.value.status == 400, str(caught.value)
    gone(put_policy, owner, bucket, statement("Allow", "oss:GetObject", Principal=["*"]))
    gone(put_policy, owner, bucket, statement("Allow", "oss:GetObject", Principal="*"), version="2012-10-17")
    gone(owner.oss.oss, "GET", bucket, query="policy", status=404, code="NoSuchBucketPolicy")  # nothing was kept
    put_policy(owner, bucket, statement("Allow", "oss:GetObject", Principal=["*"], Condition={"Bool": {"acs:SecureTransport": "false"}}))
    status, _, answer = owner.oss.send("GET", f"/{bucket}/a", {})
    assert status == 403 and b"AccessDenied" in answer  # without a signature nobody comes in, whatever the policy


# ---- guard rails, frozen accounts, the operator

def test_the_guard_rails_of_both_accounts_bind(owner, other):
    key, user = owner.key(), other.user(statement("Allow", "kms:*"))
    owner.share(key, statement("Allow", "kms:*", Principal={"AWS": other.account}))

    def encrypt():
        return user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)

    for account in (owner, other):
        assert encrypt()[0] == 200
        account.must("SetGuardRail", KEYHOLD, PolicyDocument=document(statement("Allow", "*"), statement("Deny", "kms:Encrypt", key["Arn"])))
        refused(encrypt())
        account.must("DeleteGuardRail", KEYHOLD)


def test_a_frozen_owner_lets_nobody_in(operator, other, server):
    host = tenant(server, "to be frozen")
    key, user = host.key(), other.user(statement("Allow", "kms:*"))
    host.share(key, statement("Allow", "kms:*", Principal={"AWS": other.account}))
    assert user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200
    operator.must("FreezeAccount", KEYHOLD, AccountId=host.account, Reason="x")
    refused(user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    operator.must("UnfreezeAccount", KEYHOLD, AccountId=host.account)
    assert user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN)[0] == 200


def test_the_operator_is_another_account_like_any(operator, owner):
    key, bucket = owner.key(), f"private-{next(COUNT)}"
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", body=b"x")
    blob = owner.must("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)["CiphertextBlob"]
    refused(operator.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    refused(operator.ask("Decrypt", CiphertextBlob=blob), 404, "Forbidden.KeyNotFound")
    gone(operator.oss.oss, "GET", bucket, "a")
    owner.share(key, statement("Allow", "kms:Decrypt", Principal={"AWS": operator.account}))
    assert operator.must("Decrypt", CiphertextBlob=blob)["Plaintext"] == PLAIN  # when the tenant says so, and as far
    refused(operator.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))
    gone(operator.oss.oss, "GET", bucket, "a")


# ---- principals are who they were when the policy was set

def test_a_name_given_anew_inherits_nothing(owner):
    key, bucket, name = owner.key(), f"names-{next(COUNT)}", f"again{next(COUNT)}"
    first = owner.user(name=name)
    owner.oss.oss("PUT", bucket)
    owner.oss.oss("PUT", bucket, "a", body=b"x")
    owner.must("CreateSecret", SecretName=name, SecretData="x", VersionId="1")
    owner.must("CreateRole", RAM, RoleName=name, AssumeRolePolicyDocument=trust(first.arn))
    owner.share(key, statement("Allow", "kms:Encrypt", Principal={"RAM": [first.arn]}))
    owner.must("SetSecretPolicy", SecretName=name, Policy=document(statement("Allow", "kms:GetSecretValue", Principal={"AWS": first.arn.replace("acs:ram", "arn:aws:iam")})))
    put_policy(owner, bucket, statement("Allow", "oss:GetObject", Principal={"RAM": [first.arn]}))
    grant = owner.aws("kms").create_grant(KeyId=key["KeyId"], GranteePrincipal=first.arn.replace("acs:ram", "arn:aws:iam"), Operations=["Decrypt"], Name="n")
    blob = owner.must("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)["CiphertextBlob"]
    attempts = [("Encrypt", "2016-01-20", {"KeyId": key["KeyId"], "Plaintext": PLAIN}), ("GetSecretValue", "2016-01-20", {"SecretName": name}),
                ("Decrypt", "2016-01-20", {"CiphertextBlob": blob})]
    for action, version, parameters in attempts:
        assert first.ask(action, version, **parameters)[0] == 200
    assert first.oss.oss("GET", bucket, "a")[1] == b"x"
    owner.remove_user(first)
    second = owner.user(statement("Allow", "sts:AssumeRole"), name=name)
    for action, version, parameters in attempts:
        refused(second.ask(action, version, **parameters))
    gone(second.oss.oss, "GET", bucket, "a")
    refused(second.ask("AssumeRole", STS, RoleArn=f"acs:ram::{owner.account}:role/{name}", RoleSessionName="me"), 403, "NoPermission")
    assert json.loads(owner.must("GetKeyPolicy", KeyId=key["KeyId"])["Policy"])["Statement"][1]["Principal"] == {"RAM": [first.arn]}
    owner.share(key, statement("Allow", "kms:Encrypt", Principal={"RAM": [second.arn]}))  # set again, the name means who has it now
    assert second.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200
    anew = owner.aws("kms").create_grant(KeyId=key["KeyId"], GranteePrincipal=second.arn.replace("acs:ram", "arn:aws:iam"), Operations=["Decrypt"], Name="n")
    assert anew["GrantId"] != grant["GrantId"] and second.ask("Decrypt", CiphertextBlob=blob)[0] == 200


def test_a_principal_has_to_be_there(owner, other):
    key = owner.key()
    missing = f"acs:ram::{owner.account}:user/nobody"
    message = refused(owner.ask("SetKeyPolicy", KeyId=key["KeyId"], Policy=document(statement("Allow", "kms:*", Principal={"RAM": [missing]}),
                                                                                   statement("Allow", "kms:*", Principal={"AWS": owner.arn}))),
                      400, "MalformedPolicyDocument")
    assert "user/nobody is not there" in message
    later = f"later{next(COUNT)}"  # of another account nothing is told, and who comes later is not meant
    owner.share(key, statement("Allow", "kms:*", Principal={"RAM": [f"acs:ram::{other.account}:user/{later}"]}))
    user = other.user(statement("Allow", "kms:*"), name=later)
    refused(user.ask("Encrypt", KeyId=key["Arn"], Plaintext=PLAIN))


def test_a_user_can_be_named_by_its_id(owner):
    key, user, another = owner.key(), owner.user(), owner.user()
    user_id = owner.must("GetUser", RAM, UserName=user.name)["User"]["UserId"]
    owner.share(key, statement("Allow", "kms:Encrypt", Principal=[user_id]))
    assert user.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN)[0] == 200
    refused(another.ask("Encrypt", KeyId=key["KeyId"], Plaintext=PLAIN))
