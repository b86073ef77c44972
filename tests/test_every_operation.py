"""Every operation of the contract, on every wire that has it: who may do everything but its action is refused, in either cloud's words
and on each resource it is about; who may do nothing but its action on these resources is not. An operation added to the contract is
swept without being named here; one that asks for more than its row says, or for nothing, has to be."""
import base64
import hashlib
import json


import boto3
import botocore.loaders
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import ANY_PORTS, Server
from house import CONTRACT
from test_across_accounts import Account
from wire import Client, Refused, sign_oss

REGION = "cn-hangzhou"
MODELS = botocore.loaders.create_loader()
VERSIONS = {name: version for name, version, _ in CONTRACT.products}
KEYHOLD, RAM = VERSIONS["keyhold"], VERSIONS["ram"]
PERMISSION = ("NoPermission", "Forbidden.NoPermission", "AccessDenied", "AccessDeniedException")
TRUST = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["ACCOUNT"]}}]}
ALLOW_NOTHING_NEW = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:ListBuckets", "Resource": "*"}]}

# Operations that no policy is asked about, and why.
UNASKED = {
    "AssumeRoleWithOIDC": "nobody signs it", "AssumeRoleWithSAML": "nobody signs it", "BeginLogin": "nobody signs it", "Login": "nobody signs it",
    "GetCallerIdentity": "tells the caller who they are", "GetSessionToken": "gives no more than the caller has",
    "DescribeRegions": "tells of the server alone", "DescribeService": "tells of the server alone",
    "BeginApprovalRecovery": "the root's alone: tests/test_approvals.py", "ObjectToApprovalRecovery": "the approvers' and the root's, whatever policies say",
    "DescribeAccountKmsStatus": "tells of the server alone", "OpenKmsService": "changes nothing",
    "RetireGrant": "without a grant there is nothing to ask about: tests/test_key_policies.py has grants",
}

# Actions that are asked for beside the row's own.
MORE_ACTIONS = {
    "ReEncrypt": {"kms:ReEncryptTo": ["key/KEY"]},
    "ReplicateKey": {"kms:CreateKey": ["cn-elsewhere:key"]},
    "UpdateRole": {"ram:UpdateAssumeRolePolicy": ["role/ROLE"]},
    "BatchGetSecretValue": {"kms:GetSecretValue": ["secret/SECRET"]},
    "ManagerBatchGetSecretValue": {"kms:GetSecretValue": ["secret/SECRET"]},
    "CreateManagedDataKey": {"kms:GenerateDataKey": ["key/KEY"]}, "CreateManagedDataKeyVersion": {"kms:GenerateDataKey": ["key/KEY"]},
    "GetManagedDataKey": {"kms:Decrypt": ["key/KEY"]},
}

# What each kind of resource is here, behind the account's id; of kms with a region.
RESOURCES = {
    "key": ["key/KEY"], "key-only": ["key/KEY"], "key-id": ["key/KEY"], "key-protected": ["key/KEY"], "keys": ["key/KEY"],
    "key-or-other": ["key/KEY"], "blob": ["key/KEY"], "blob-or-key": ["key/KEY"], "source-key": ["key/KEY"], "key-container": ["key"],
    "alias-of-key": ["alias/ALIAS", "key/KEY"], "alias-and-key": ["alias/ALIAS", "key/KEY"], "alias-container": ["alias"],
    "certificate": ["certificate/CERTIFICATE"], "certificate-container": ["certificate"],
    "managed-key": ["managed-data-key/MANAGED"], "managed-key-new": ["managed-data-key/FRESH"], "managed-key-container": ["managed-data-key"],
    "secret": ["secret/SECRET"], "secret-named": ["secret/FRESH"], "secret-container": ["secret"],
    "user": ["user/USER"], "user-named-anew": ["user/USER", "user/RENAMED"], "user-or-self": ["user/USER"], "self": ["user/SELF"], "user-container": ["user/*"], "access-key": ["user/USER"],
    "group": ["group/GROUP"], "group-named-anew": ["group/GROUP", "group/RENAMED"], "group-container": ["group/*"], "user-and-group": ["user/USER", "group/GROUP"],
    "role": ["role/ROLE"], "role-trust": ["role/ROLE"], "role-arn": ["role/ROLE"], "role-container": ["role/*"],
    "policy": ["policy/POLICY"], "policy-custom": ["policy/POLICY"], "policy-container": ["policy/*"],
    "policy-and-user": ["user/USER", "policy/POLICY"], "policy-and-group": ["group/GROUP", "policy/POLICY"],
    "policy-and-role": ["role/ROLE", "policy/POLICY"], "tagged": ["user/USER"],
    "mfa": ["mfa/DEVICE"], "mfa-new": ["mfa/FRESH"], "mfa-and-user": ["user/USER", "mfa/DEVICE"], "mfa-container": ["mfa/*"],
    "oidc-provider": ["oidc-provider/OIDC"], "oidc-provider-container": ["oidc-provider/*"],
    "saml-provider": ["saml-provider/SAML"], "saml-provider-container": ["saml-provider/*"],
    "account": ["*"], "tenant": ["account/TENANT"], "tenant-container": ["account/*"], "trail": ["trail/default"],
    "oss-service": ["oss"], "bucket": ["BUCKET"], "object": ["BUCKET/OBJECT"], "objects": ["BUCKET/OBJECT"], "copy": ["BUCKET/OBJECT"],
}
OF_KMS = ("key", "alias", "certificate", "managed-data-key", "secret")


def jwks():
    return json.dumps({"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xc3" * 256).decode().rstrip("=")}]})


@pytest.fixture(scope="module")
def house():
    server = Server("--in-memory", *ANY_PORTS)
    yield House(server)
    server.stop()


class House:
    """One account with one of everything, and a user in it who is to be let and refused."""

    def __init__(self, server):
        self.server, self.account = server, server.identity()[1]["AccountId"]
        self.root = Account(server, self.account, (server.access_key_id, server.access_key_secret))
        self.names = {"USER": "target", "SELF": "subject", "GROUP": "crew", "ROLE": "duty", "POLICY": "paper", "BUCKET": "things", "OBJECT": "thing",
                      "DEVICE": "device", "ALIAS": "swept", "SECRET": "kept", "FRESH": "fresh", "RENAMED": "renamed", "OIDC": "issuer", "MANAGED": "managed"}
        must = self.root.must
        names = self.names
        person = self.root.user(name="subject")
        self.subject = Client(server.http, person.access_key)
        self.aws_key = person.access_key
        self.root.user(name="target")
        self.access_key_id = must("ListAccessKeys", RAM, UserName="target")["AccessKeys"]["AccessKey"][0]["AccessKeyId"]
        must("CreateGroup", RAM, GroupName="crew")
        must("CreateRole", RAM, RoleName="duty", AssumeRolePolicyDocument=trust_policy(self))
        must("CreatePolicy", RAM, PolicyName="paper", PolicyDocument=json.dumps(ALLOW_NOTHING_NEW))
        must("CreateVirtualMFADevice", RAM, VirtualMFADeviceName="device")
        must("CreateOIDCProvider", VERSIONS["ims"], OIDCProviderName="issuer", IssuerUrl="https://issuer.example", ClientIds="client")
        names["KEY"] = self.root.aws("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        self.blob = must("Encrypt", KeyId=names["KEY"], Plaintext="aGVsbG8=")["CiphertextBlob"]
        must("CreateAlias", KeyId=names["KEY"], AliasName="alias/swept")
        must("CreateSecret", SecretName="kept", SecretData="x", VersionId="1")
        must("CreateManagedDataKey", KEYHOLD, DataKeyName="managed", KeyId=names["KEY"])
        names["CERTIFICATE"] = must("CreateCertificate", Subject="CN=swept", KeySpec="EC_P256")["CertificateId"]
        names["TENANT"] = must("CreateAccount", KEYHOLD, AccountName="tenant")["Account"]["AccountId"]
        names["SAML"] = "metadata"
        self.root.oss.oss("PUT", "things")
        self.root.oss.oss("PUT", "things", "thing", b"hello")
        self.secret_arn = next(s["ARN"] for s in self.root.aws("secretsmanager").list_secrets()["SecretList"] if s["Name"] == "kept")
        self.clients = {}

    def arn(self, relative):
        if ":" in relative:
            region, relative = relative.split(":")
            return self.arn(relative).replace(REGION, region)
        for name, value in self.names.items():
            relative = "/".join(value if part == name else part for part in relative.split("/"))
        kind = relative.split("/")[0]
        if kind in OF_KMS:
            return f"acs:kms:{REGION}:{self.account}:{relative}"
        service = {"trail": "actiontrail", "account": "keyhold", self.names["BUCKET"]: "oss", "oss": "oss"}.get(kind, "ram")
        relative = "*" if kind == "oss" else relative
        region = REGION if service == "actiontrail" else "*"
        return f"acs:{service}:{region}:{self.account}:{relative}"

    def let(self, *statements):
        self.root.must("PutUserPolicy", KEYHOLD, UserName="subject", PolicyName="swept",
                       PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url="http://" + self.server.http, region_name=REGION, aws_access_key_id=self.aws_key[0],
                aws_secret_access_key=self.aws_key[1], config=Config(retries={"max_attempts": 0}, parameter_validation=False))
        return self.clients[service]


def allow(action, resource="*", effect="Allow"):
    return {"Effect": effect, "Action": action, "Resource": resource}


def deny(action, resource="*"):
    return allow(action, resource, "Deny")


# ---- what is sent

def value_of(house, op, f):
    n = house.names
    by_operation = {
        ("CreateManagedDataKey", "DataKeyName"): "fresh", ("CreateSAMLProvider", "SAMLProviderName"): "metadata", ("CreateAlias", "AliasName"): "alias/swept",
        ("PutUserPolicy", "PolicyName"): "inline", ("UpdateAssumeRolePolicy", "PolicyDocument"): trust_policy(house), ("DecodeAuthorizationMessage", "EncodedMessage"): "x", ("SetApprovalRule", "Actions"): ["kms:DisableKey"],
        ("SetApprovalRule", "Approvers"): [f"acs:ram::{house.account}:user/target"], ("RequestApproval", "Operation"): "kms:DisableKey",
        ("TagResources", "ResourceNames"): ["target"], ("UntagResources", "ResourceNames"): ["target"], ("ListTagResources", "ResourceNames"): ["target"],
        ("CreateGrant", "Operations"): ["Decrypt"], ("GrantBreakGlass", "DurationSeconds"): 900, ("GetAccount", "AccountId"): n["TENANT"],
        ("BatchGetSecretValue", "SecretsList"): [{"SecretName": "kept"}], ("GenerateRandom", "NumberOfBytes"): 8, ("CreateAccount", "AccountName"): "more",
        ("CreateCertificate", "Subject"): "CN=swept", ("UpdateAccessKey", "Status"): "Active", ("UpdateCertificateStatus", "Status"): "ACTIVE",
        ("DescribeKeyVersion", "KeyVersionId"): "00000000-0000-0000-0000-000000000000", ("AssumeRole", "DurationSeconds"): 900,
        ("GenerateMac", "Algorithm"): "HMAC_SHA_256", ("VerifyMac", "Algorithm"): "HMAC_SHA_256", ("KmsTagResources", "ResourceType"): "key",
        ("KmsUntagResources", "ResourceType"): "key", ("KmsListTagResources", "ResourceType"): "key", ("RewrapKey", "KeyId"): n["KEY"],
        ("KmsListTagResources", "ResourceId"): None, ("SetSecretPolicy", "Policy"): resource_policy(house), ("SetKeyPolicy", "Policy"): resource_policy(house),
        ("SetGuardRail", "PolicyDocument"): json.dumps({"Version": "1", "Statement": [allow("*")]}), ("SetRootAccess", "MFARequired"): "false",
        ("ManagerPutResourcePolicy", "ResourcePolicy"): resource_policy(house),
        ("ManagerValidateResourcePolicy", "ResourcePolicy"): resource_policy(house),
    }
    by_name = {
        "AccountId": n["TENANT"], "AccountAlias": "swept-alias", "ActionNames": ["kms:Encrypt"], "AliasName": "alias/swept", "Arn": f"acs:ram::{house.account}:user/target",
        "AssumeRolePolicyDocument": trust_policy(house), "NewAssumeRolePolicyDocument": trust_policy(house), "AttestationObject": "aGVsbG8=",
        "AuthenticationCode1": "123456", "AuthenticationCode2": "123456", "Certificate": "x", "CertificateId": n["CERTIFICATE"], "ChallengeToken": "x",
        "CiphertextBlob": house.blob, "ClientDataJSON": "aGVsbG8=", "ClientId": "client", "Count": 1, "DataKeyName": "managed", "Description": "words",
        "DestinationKeyId": n["KEY"], "Digest": base64.b64encode(bytes(32)).decode(), "EncodedDiagnosticMessage": "x", "EncryptedKeyMaterial": "aGVsbG8=",
        "EventId": "x", "Fingerprint": "0" * 40, "GrantId": "0" * 64, "GrantName": "break-glass-help", "Grantee": "somebody",
        "GranteePrincipal": f"acs:ram::{house.account}:user/target", "GroupName": "crew", "ImportToken": "aGVsbG8=", "IssuerUrl": "https://issuer.example",
        "KeyId": n["KEY"], "KeyMaterialExpireUnix": 0, "Keys": jwks(), "Mac": "aGVsbG8=", "Message": "aGVsbG8=", "NewDescription": "words",
        "NewUserName": "renamed", "NewGroupName": "renamed", "NewPassword": "Another-1-password", "NumberOfBytes": 32, "OIDCProviderName": "issuer", "OldPassword": "x", "Password": "A-1-password-x",
        "PasskeyName": "one", "PendingWindowInDays": 7, "PermissionsBoundary": f"acs:ram::{house.account}:policy/paper", "Plaintext": "aGVsbG8=",
        "Policy": json.dumps(ALLOW_NOTHING_NEW), "PolicyDocument": json.dumps(ALLOW_NOTHING_NEW), "PolicyInputList": [json.dumps(ALLOW_NOTHING_NEW)],
        "Arn": f"acs:ram::{house.account}:user/target", "JobId": "0" * 36, "PrincipalIds": ["0"], "ServiceNamespace": "kms",
        "PolicyName": "paper", "PolicySourceArn": f"acs:ram::{house.account}:user/target", "PolicyType": "Custom", "PrimaryRegion": "cn-elsewhere",
        "PublicKey": "aGVsbG8=", "PublicKeyBlob": "aGVsbG8=", "Reason": "swept", "RegionId": REGION, "ReplicaRegion": "cn-elsewhere", "RequestHash": "0" * 64,
        "ResourceId": [n["KEY"]], "ResourceType": "user", "RetiringPrincipal": f"acs:ram::{house.account}:user/target",
        "RoleArn": f"acs:ram::{house.account}:role/duty", "RoleName": "duty", "RoleSessionName": "swept", "SAMLProviderName": "metadata",
        "SecretData": "x", "SecretName": "fresh" if op["name"] == "CreateSecret" else "kept", "SerialNumber": f"acs:ram::{house.account}:mfa/device",
        "SignatureValue": "aGVsbG8=", "Subject": "CN=x", "TagKeys": ["k"], "UserAccessKeyId": house.access_key_id, "UserName": "target", "Value": "aGVsbG8=",
        "VersionId": "v1", "VersionStage": "mine", "VirtualMFADeviceName": "fresh", "ClientIds": "client",
    }
    if (op["c"], f["name"]) in by_operation:
        return by_operation[op["c"], f["name"]]
    if f["name"] in ("Tag", "Tags"):
        return [{"TagKey": "k", "TagValue": "v"} if f["type"] == "Tag" else {"Key": "k", "Value": "v"}]
    if f["name"] in by_name:
        return by_name[f["name"]]
    if f["type"] == "bool":
        return "true"
    return CONTRACT.enums[f["type"]][0] if f["type"] in CONTRACT.enums else None


def trust_policy(house):
    return json.dumps(TRUST).replace("ACCOUNT", f"acs:ram::{house.account}:root")


def resource_policy(house):
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{house.account}:root"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [everything]})


NAMED_THOUGH_OPTIONAL = ("UserName", "NewUserName", "NewGroupName", "NewAssumeRolePolicyDocument", "ClientIds", "ResourceNames", "OIDCProviderName", "AccountAlias", "ClientRequestToken")
DEMANDED = {"CreateSecret": ("SecretData", "VersionId"), "PutSecretValue": ("VersionId",), "RotateSecret": ("VersionId",), "TagResource": ("KeyId",),
            "UntagResource": ("KeyId",), "SetDeletionProtection": ("KeyId",), "UntagResources": ("TagKeys",), "KmsUntagResources": ("TagKey",)}


def flat(name, value):
    if not isinstance(value, list):
        return {name: value}
    if all(isinstance(each, str) for each in value) and name in ("TagKeys",):
        return {name: json.dumps(value)}
    found = {}
    for i, each in enumerate(value, 1):
        found |= {f"{name}.{i}.{k}": v for k, v in each.items()} if isinstance(each, dict) else {f"{name}.{i}": each}
    return found


def parameters_of(house, op):
    sent = {}
    for f in CONTRACT.shapes[op["c"] + "In"]:
        is_sent = f["required"] or f["name"] in NAMED_THOUGH_OPTIONAL or f["name"] in DEMANDED.get(op["c"], ())
        value = ["k"] if f["name"] == "TagKey" else value_of(house, op, f) if is_sent else None
        if is_sent and value is not None:
            sent |= flat(f["name"], value)
    return sent


def said_of_one(answer, code, sentence):
    """Where several are asked for at once, what is said of one of them."""
    errors = answer.get("Errors") or answer.get("ErrorList") or [{}]
    return errors[0].get(code), errors[0].get(sentence, "")


def ask_rpc(house, op):
    """The code of the failure and its sentence; (None, "") when it went well."""
    try:
        answer = house.subject.rpc(op["name"], VERSIONS[op["product"]], **parameters_of(house, op))
        return said_of_one(answer, "Code", "Message")
    except Refused as refused:
        return refused.code, str(refused)


AWS_VALUES = {
    "Arn": "arn:aws:iam::ACCOUNT:user/target",
    "PolicyArn": "arn:aws:iam::ACCOUNT:policy/paper", "SecretId": "kept", "SecretIdList": ["kept"], "Name": "fresh", "ClientRequestToken": "0" * 32,
    "TargetKeyId": "KEY", "AccessKeyId": "ACCESSKEY", "SerialNumber": "arn:aws:iam::ACCOUNT:mfa/device", "RoleArn": "arn:aws:iam::ACCOUNT:role/duty",
    "OpenIDConnectProviderArn": "arn:aws:iam::ACCOUNT:oidc-provider/issuer", "SAMLProviderArn": "arn:aws:iam::ACCOUNT:saml-provider/metadata",
    "Arn": "arn:aws:iam::ACCOUNT:user/target", "JobId": "0" * 36, "ServiceNamespace": "kms",
    "PolicySourceArn": "arn:aws:iam::ACCOUNT:user/target", "PermissionsBoundary": "arn:aws:iam::ACCOUNT:policy/paper", "ThumbprintList": ["0" * 40],
    "ClientID": "client", "ClientIDList": ["client"], "Url": "https://issuer.example", "SecretString": "x", "KeySpec": "AES_256", "Tags": [{"Key": "k", "Value": "v"}],
    "TagKeys": ["k"], "SigningAlgorithm": "ECDSA_SHA_256", "MacAlgorithm": "HMAC_SHA_256", "Operations": ["Decrypt"], "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
    "WrappingKeySpec": "RSA_2048", "KeyPairSpec": "RSA_2048", "KeyAgreementAlgorithm": "ECDH", "GranteePrincipal": "arn:aws:iam::ACCOUNT:user/target",
    "RetiringPrincipal": "arn:aws:iam::ACCOUNT:user/target", "RemoveReplicaRegions": ["cn-elsewhere"], "AddReplicaRegions": [{"Region": "cn-elsewhere"}],
    "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "Description": "words", "Status": "Active", "AccountAlias": "swept-alias", "UserName": "target",
    "SAMLMetadataDocument": "<x/>" * 400, "RoleName": "duty", "PolicyName": "paper", "VersionStage": "mine", "EncodedMessage": "x", "NumberOfBytes": 8,
    "MoveToVersionId": "0" * 32,
}
AWS_VALUES_OF = {("CreateSAMLProvider", "Name"): "metadata"}
AWS_SENT_THOUGH_OPTIONAL = {"CreateSecret": ("SecretString", "ClientRequestToken"), "PutSecretValue": ("SecretString", "ClientRequestToken"),
                            "UpdateSecret": ("SecretString", "ClientRequestToken"), "BatchGetSecretValue": ("SecretIdList",),
                            "GenerateDataKey": ("KeySpec",), "GenerateDataKeyWithoutPlaintext": ("KeySpec",), "GenerateRandom": ("NumberOfBytes",),
                            "ImportKeyMaterial": ("ExpirationModel",), "RotateSecret": ("ClientRequestToken",), "ListMFADevices": ("UserName",),
                            "CreateAccessKey": ("UserName",), "ListAccessKeys": ("UserName",), "UpdateAccessKey": ("UserName",), "DeleteAccessKey": ("UserName",),
                            "GetUser": ("UserName",), "CreateOpenIDConnectProvider": ("ClientIDList",), "CreateLoginProfile": ("UserName", "Password"),
                            "GetLoginProfile": ("UserName",), "DeleteLoginProfile": ("UserName",), "DeactivateMFADevice": ("UserName",),
                            "UpdateSecretVersionStage": ("MoveToVersionId",), "GetMFADevice": ("UserName",), "UpdateUser": ("NewUserName",), "UpdateGroup": ("NewGroupName",)}


def aws_value(house, op, name, model):
    if (op["c"], name) == ("UpdateAssumeRolePolicy", "PolicyDocument"):
        return trust_policy(house)
    found = AWS_VALUES_OF.get((op["c"], name), AWS_VALUES.get(name))
    if name == "Tags" and op["product"] == "kms":
        found = [{"TagKey": "k", "TagValue": "v"}]
    if found is not None:
        value = json.dumps(found).replace("ACCOUNT", house.account).replace('"KEY"', f'"{house.names["KEY"]}"').replace("ACCESSKEY", house.access_key_id)
        return json.loads(value)
    fields = {f["name"]: f for f in CONTRACT.shapes[op["c"] + "In"]}
    guess = value_of(house, op, fields.get(name, {"name": name, "type": "text"}))
    if model.type_name == "blob":
        return base64.b64decode(guess or "aGVsbG8=")
    if model.type_name in ("integer", "long"):
        return int(guess or 8)
    return guess if guess is not None else model.enum[0] if getattr(model, "enum", None) else "x"


def ask_aws(house, op):
    service, action = op["aws"].split(":")
    client = house.client(service)
    model = client.meta.service_model.operation_model(action).input_shape
    sent = {}
    for name, member in (model.members if model else {}).items():
        if name in model.required_members or name in AWS_SENT_THOUGH_OPTIONAL.get(action, ()):
            sent[name] = aws_value(house, op, name, member)
    try:
        return said_of_one(client._make_api_call(action, sent), "ErrorCode", "Message")
    except ClientError as refused:
        return refused.response["Error"]["Code"], refused.response["Error"]["Message"]


STORAGE = {
    "ListBuckets": ("GET", "", "", ""), "PutBucket": ("PUT", "BUCKET", "", ""), "DeleteBucket": ("DELETE", "BUCKET", "", ""),
    "GetBucketInfo": ("GET", "BUCKET", "", "bucketInfo"), "GetBucketLocation": ("GET", "BUCKET", "", "location"), "GetBucketAcl": ("GET", "BUCKET", "", "acl"),
    "PutBucketEncryption": ("PUT", "BUCKET", "", "encryption"), "GetBucketEncryption": ("GET", "BUCKET", "", "encryption"),
    "DeleteBucketEncryption": ("DELETE", "BUCKET", "", "encryption"), "PutBucketPolicy": ("PUT", "BUCKET", "", "policy"),
    "GetBucketPolicy": ("GET", "BUCKET", "", "policy"), "DeleteBucketPolicy": ("DELETE", "BUCKET", "", "policy"), "ListObjects": ("GET", "BUCKET", "", ""),
    "ListObjectsV2": ("GET", "BUCKET", "", "list-type=2"), "PutObject": ("PUT", "BUCKET", "OBJECT", ""), "GetObject": ("GET", "BUCKET", "OBJECT", ""),
    "HeadObject": ("HEAD", "BUCKET", "OBJECT", ""), "CopyObject": ("PUT", "BUCKET", "OBJECT", ""), "DeleteObject": ("DELETE", "BUCKET", "OBJECT", ""),
    "DeleteMultipleObjects": ("POST", "BUCKET", "", "delete"),
}
ENCRYPTION = (b"<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
              b"</ServerSideEncryptionRule>")


def ask_storage(house, op):
    method, bucket, key, query = STORAGE[op["name"]]
    bucket, key = house.names.get(bucket, ""), house.names.get(key, "")
    body = {"PutObject": b"hello", "PutBucketEncryption": ENCRYPTION, "PutBucketPolicy": json.dumps(ALLOW_NOTHING_NEW).encode(),
            "DeleteMultipleObjects": f"<Delete><Object><Key>{house.names['OBJECT']}</Key></Object></Delete>".encode()}.get(op["name"])
    headers = {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()} if op["name"] == "DeleteMultipleObjects" else {}
    if op["name"] == "CopyObject":
        headers["x-oss-copy-source"] = f"/{bucket}/{key}"
    is_signed = query != "list-type=2"
    resource = f"/{bucket}/{key}" + (f"?{query}" if query and is_signed else "") if bucket else "/"
    target = f"/{bucket}/{key}" + (f"?{query}" if query else "") if bucket else "/"
    headers = sign_oss(house.subject.access_key, method, resource, headers)
    status, _, content = house.subject.send(method, target, headers, body)
    if status < 300:
        return None, ""
    text = content.decode(errors="replace")
    if method == "HEAD":
        return ("AccessDenied" if status == 403 else "Other"), ""
    return text.split("<Code>")[1].split("<")[0], text


# ---- the sweep

def has_client(aws):
    """Whether the installed botocore knows the operation."""
    service, action = aws.split(":")
    return action in MODELS.load_service_model(service, "service-2")["operations"]


def wires_of(op):
    if op["product"] == "oss":
        return ["oss_rest"]
    return (["alibaba_rpc"] if op["product"] != "secretsmanager" else []) + (["aws"] if op["aws"] and has_client(op["aws"]) else [])


def is_swept(op):
    return op["c"] not in UNASKED


def order(op):
    """What takes something away comes last."""
    ends = ("UpdateUser", "UpdateGroup", "Delete", "Remove", "Detach", "Unbind", "Deactivate", "Clear", "Schedule", "Revoke", "Freeze", "Disable", "Update", "Set", "Cancel")
    return (1 + ends.index(next(e for e in ends if op["name"].startswith(e))) if op["name"].startswith(ends) else 0, op["level"] == "write")


SWEPT = [(op, wire) for op in CONTRACT.operations if is_swept(op) for wire in wires_of(op)]
ASK = {"alibaba_rpc": ask_rpc, "aws": ask_aws, "oss_rest": ask_storage}
def is_roots_alone(op):
    return op["name"] == "SetRootAccess"


# What the row's operation is asked for under, where that depends on the request.
ASKED_AS = {"TagResources": "iam:TagUser", "UntagResources": "iam:UntagUser", "ListTagResources": "iam:ListUserTags",
           "UpdateRotationPolicy": "kms:EnableKeyRotation"}


def named(cases):
    return {"argnames": "op, wire", "argvalues": cases, "ids": [f"{op['c']}-{wire}" for op, wire in cases]}


def action_of(op):
    return ASKED_AS.get(op["c"]) or op["options"].get("action", f"{op['product']}:{op['name']}")


def words_of(op):
    """The action as either cloud's policies have it."""
    theirs = {"kms:ReEncrypt": "kms:ReEncryptFrom"}.get(op["aws"], op["aws"])
    if op["product"] == "oss":
        theirs = {"ListObjects": "s3:ListBucket", "ListObjectsV2": "s3:ListBucket", "GetObject": "s3:GetObject", "HeadObject": "s3:GetObject",
                  "PutObject": "s3:PutObject", "PutBucketPolicy": "s3:PutBucketPolicy", "ListBuckets": "s3:ListAllMyBuckets"}.get(op["name"])
    return [action_of(op)] + ([theirs] if theirs else [])


def asked_of(house, op, wire):
    """Every action with the resources it is asked for."""
    if op["c"] == "CreateOIDCProvider" and wire == "aws":
        return {action_of(op): [house.arn("oidc-provider/issuer.example")]}
    if op["resource"] == "user-or-self" and not any(f["name"] == "UserName" for f in CONTRACT.shapes[op["c"] + "In"]):
        return {action_of(op): [house.arn("user/SELF")]}
    if op["c"] == "KmsListTagResources":
        return {action_of(op): [house.arn("key")]}
    if op["c"] == "CopyObject":
        return {action: [house.arn("BUCKET/OBJECT")] for action in ("oss:GetObject", "oss:PutObject")}
    if op["c"] == "UpdateRole" and wire == "aws":
        return {action_of(op): [house.arn("role/ROLE")]}
    own = {action_of(op): [house.arn(each) for each in RESOURCES[op["resource"]]]}
    return own | {action: [house.arn(each) for each in about] for action, about in MORE_ACTIONS.get(op["c"], {}).items()}


def is_refused(house, op, wire, *statements):
    house.let(*statements)
    code, sentence = ASK[wire](house, op)
    return code in PERMISSION, (code, sentence)


def is_everybodys(op):
    """Users may, unless the account says otherwise or a policy denies it."""
    return op["name"] in ("ChangePassword", "BeginPasskeyRegistration", "FinishPasskeyRegistration", "CreateRecoveryCodes")


def test_tags_of_secrets_go_by_either_clouds_words(house):
    """On Alibaba's wire one call tags keys, secrets and certificates."""
    for several, name in ((False, "TagResource"), (True, "TagResources")):
        sent = ({"ResourceType": "secret", "RegionId": REGION, "ResourceId.1": "kept", "Tag.1.Key": "k", "Tag.1.Value": "v"} if several else
                {"SecretName": "kept", "Tags": json.dumps([{"TagKey": "k", "TagValue": "v"}])})
        for statements, is_allowed in (([allow("*"), deny("secretsmanager:TagResource")], False), ([allow("*"), deny("kms:Tag*")], False),
                                       ([allow("secretsmanager:TagResource")], True), ([allow("kms:TagResource*")], True), ([allow("kms:Untag*")], False)):
            house.let(*statements)
            if is_allowed:
                house.subject.rpc(name, **sent)
                continue
            with pytest.raises(Refused) as refused:
                house.subject.rpc(name, **sent)
            assert refused.value.code in PERMISSION


@pytest.mark.parametrize(**named(SWEPT))
def test_who_may_do_everything_but_this_is_refused(house, op, wire):
    for action, resources in asked_of(house, op, wire).items():
        words = words_of(op) if action == action_of(op) and op["c"] != "CopyObject" else [action]
        for word in words:
            refused, answer = is_refused(house, op, wire, allow("*"), deny(word))
            assert refused, (word, answer)
        if op["name"] != "HeadObject" and not is_everybodys(op):
            assert any(f"{action} on {each}" in answer[1] for each in resources), answer
        for each in resources:
            refused, answer = is_refused(house, op, wire, allow("*"), deny(action, each))
            assert refused, (each, answer)
        if is_everybodys(op):
            continue
        refused, answer = is_refused(house, op, wire, {"Effect": "Allow", "NotAction": action, "Resource": "*"})
        assert refused, answer
        refused, answer = is_refused(house, op, wire, {"Effect": "Allow", "Action": "*", "NotResource": resources})
        assert refused, answer


@pytest.mark.parametrize(**named(sorted((case for case in SWEPT if not is_roots_alone(case[0])), key=lambda case: order(case[0]))))
def test_who_may_do_this_alone_is_not_refused(house, op, wire):
    asked = asked_of(house, op, wire)
    for word in words_of(op):
        more = [allow(action, resources) for action, resources in asked.items() if action != action_of(op)]
        refused, answer = is_refused(house, op, wire, allow(word if op["c"] != "CopyObject" else "oss:GetObject", next(iter(asked.values()))), *more)
        assert not refused, (word, answer)


# What AWS's clients do under names of their own, and here is a part of what another operation does.
PARTS = [("iam:UpdateRole", "UpdateAssumeRolePolicy"), ("iam:UpdateRoleDescription", "UpdateAssumeRolePolicy"),
         ("iam:UpdateRoleDescription", "UpdateRole"), ("secretsmanager:CancelRotateSecret", "UpdateSecretRotationPolicy"),
         ("secretsmanager:DeleteResourcePolicy", "SetSecretPolicy"), ("secretsmanager:DeleteResourcePolicy", "ManagerPutResourcePolicy"),
         ("secretsmanager:TagResource", "TagResource"), ("secretsmanager:UntagResource", "UntagResource")]


@pytest.mark.parametrize("word, name", PARTS)
def test_who_may_do_a_part_may_not_do_the_whole(house, word, name):
    op = next(each for each in CONTRACT.operations if each["c"] == name)
    refused, answer = is_refused(house, op, wires_of(op)[0], allow(word))
    assert refused, answer
