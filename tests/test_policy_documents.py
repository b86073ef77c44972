"""Every parameter that is a policy document, by the contract: what is none is refused when it is written, on every wire there is for it, with the place and the
reason in that wire's words, and nothing of the request is done. A new parameter of the kind fails the first test until it has its row here."""
import base64
import hashlib
import hmac
import json
import re
import sys
import time
import urllib.parse
import uuid

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conftest import ANY_PORTS, ROOT, Server
from test_across_accounts import KEYHOLD, RAM, STS, Account, statement, tenant
from test_alike import cpu_ns, send
from wire import Client, sign_oss

sys.path.insert(0, ROOT + "/tools")
import contract  # noqa: E402

KMS, REGION, OTHER_REGION = "2016-01-20", "cn-hangzhou", "cn-beijing"
TABLES = contract.of_tree(ROOT)
ERRORS = {row[0]: [cell.split()[-1] for cell in row[1:5]] for row in contract.error_rows(ROOT + "/src/contract/errors.def")}
RPC, OSS, JSON, QUERY = range(4)  # columns of errors.def

# Parameters with "Policy" in their names that are none.
NO_DOCUMENTS = {"PolicyName", "PolicyType", "PolicyArn", "PolicySourceArn", "PermissionsBoundary", "PolicyUsageFilter", "PolicyUsage", "PolicyScope", "BypassPolicyLockoutSafetyCheck",
                "EntityFilter"}
SESSION = {"AssumeRole", "AssumeRoleWithOIDC", "AssumeRoleWithSAML"}
LOOKED_AT = {"LintPolicy", "ManagerValidateResourcePolicy"}  # answer with what they found


def is_document(operation, field):
    is_named_otherwise = field["name"] in NO_DOCUMENTS and (field["name"], operation) != ("PermissionsBoundary", "SimulateCustomPolicy")
    return "Policy" in field["name"] + "Policy" * (field["name"] == "PermissionsBoundary") and field["type"] == "text" and not is_named_otherwise


def document_fields():
    return {(op["c"], f["name"]) for op in TABLES.operations for f in TABLES.shapes[op["c"] + "In"] if is_document(op["c"], f)}


def field_of(c_name, name):
    return next(f for f in TABLES.shapes[c_name + "In"] if f["name"] == name)


IDENTITY, RESOURCE, TRUST, BUCKET = "identity", "resource", "trust", "bucket"

# (operation as C has it, field): kind, [(wire, service or version, action, parameters; DOC is the document)]
DOC = object()
ROLE = {"RoleArn": "{role_arn}", "RoleSessionName": "some"}
TRIED = {"ActionNames.1": "kms:Encrypt"}
TRIED_AWS = {"ActionNames.member.1": "kms:Encrypt"}
ROWS = {
    ("CreatePolicy", "PolicyDocument"): (IDENTITY, [(RPC, RAM, "CreatePolicy", {"PolicyName": "{new}"}), (QUERY, "iam", "CreatePolicy", {"PolicyName": "{new}"})]),
    ("CreatePolicyVersion", "PolicyDocument"): (IDENTITY, [(RPC, RAM, "CreatePolicyVersion", {"PolicyName": "p"}),
                                                           (QUERY, "iam", "CreatePolicyVersion", {"PolicyArn": "arn:aws:iam::{account}:policy/p"})]),
    ("PutUserPolicy", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "PutUserPolicy", {"UserName": "u", "PolicyName": "{new}"}), (QUERY, "iam", "PutUserPolicy", {"UserName": "u", "PolicyName": "{new}"})]),
    ("PutGroupPolicy", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "PutGroupPolicy", {"GroupName": "g", "PolicyName": "{new}"}), (QUERY, "iam", "PutGroupPolicy", {"GroupName": "g", "PolicyName": "{new}"})]),
    ("PutRolePolicy", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "PutRolePolicy", {"RoleName": "r", "PolicyName": "{new}"}), (QUERY, "iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "{new}"})]),
    ("SetGuardRail", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "SetGuardRail", {})]),
    ("GrantBreakGlass", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "GrantBreakGlass", {"GrantName": "break-glass-{new}", "Grantee": "{helper}", "DurationSeconds": "900", "Reason": "x"})]),
    ("AssumeRole", "Policy"): (IDENTITY, [(RPC, STS, "AssumeRole", ROLE), (QUERY, "sts", "AssumeRole", {**ROLE, "RoleArn": "arn:aws:iam::{account}:role/r"})]),
    ("AssumeRoleWithOIDC", "Policy"): (IDENTITY, [(RPC, STS, "AssumeRoleWithOIDC", {**ROLE, "OIDCProviderArn": "acs:ram::{account}:oidc-provider/x", "OIDCToken": "a.b.c"}),
                                                  (QUERY, "sts", "AssumeRoleWithWebIdentity", {**ROLE, "RoleArn": "arn:aws:iam::{account}:role/r", "WebIdentityToken": "a.b.c"})]),
    ("AssumeRoleWithSAML", "Policy"): (IDENTITY, [(RPC, STS, "AssumeRoleWithSAML", {"RoleArn": "{role_arn}", "SAMLProviderArn": "acs:ram::{account}:saml-provider/x", "SAMLAssertion": "AAAA"}),
                                                  (QUERY, "sts", "AssumeRoleWithSAML", {"RoleArn": "arn:aws:iam::{account}:role/r", "PrincipalArn": "arn:aws:iam::{account}:saml-provider/x", "SAMLAssertion": "AAAA"})]),
    ("CreateRole", "AssumeRolePolicyDocument"): (TRUST, [(RPC, RAM, "CreateRole", {"RoleName": "{new}"}), (QUERY, "iam", "CreateRole", {"RoleName": "{new}"})]),
    ("UpdateRole", "NewAssumeRolePolicyDocument"): (TRUST, [(RPC, RAM, "UpdateRole", {"RoleName": "r", "NewDescription": "{new}"})]),
    ("UpdateAssumeRolePolicy", "PolicyDocument"): (TRUST, [(QUERY, "iam", "UpdateAssumeRolePolicy", {"RoleName": "r"})]),
    ("CreateKey", "Policy"): (RESOURCE, [(RPC, KMS, "CreateKey", {}), (JSON, "kms", "TrentService.CreateKey", {})]),
    ("SetKeyPolicy", "Policy"): (RESOURCE, [(RPC, KMS, "SetKeyPolicy", {"KeyId": "{key}"}), (JSON, "kms", "TrentService.PutKeyPolicy", {"KeyId": "{key}", "PolicyName": "default"})]),
    ("ReplicateKey", "Policy"): (RESOURCE, [(JSON, "kms", "TrentService.ReplicateKey", {"KeyId": "{wide_key}", "ReplicaRegion": OTHER_REGION})]),
    ("CreateSecret", "Policy"): (RESOURCE, [(RPC, KMS, "CreateSecret", {"SecretName": "{new}", "SecretData": "x", "VersionId": "1"})]),
    ("SetSecretPolicy", "Policy"): (RESOURCE, [(RPC, KMS, "SetSecretPolicy", {"SecretName": "s"})]),
    ("ManagerPutResourcePolicy", "ResourcePolicy"): (RESOURCE, [(JSON, "secretsmanager", "secretsmanager.PutResourcePolicy", {"SecretId": "s"})]),
    ("ManagerValidateResourcePolicy", "ResourcePolicy"): (RESOURCE, [(JSON, "secretsmanager", "secretsmanager.ValidateResourcePolicy", {})]),
    ("PutBucketPolicy", "Policy"): (BUCKET, [(OSS, "v1", "policy", {})]),
    ("LintPolicy", "PolicyDocument"): (IDENTITY, [(RPC, KEYHOLD, "LintPolicy", {})]),
    ("SimulateCustomPolicy", "PolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "SimulateCustomPolicy", TRIED), (QUERY, "iam", "SimulateCustomPolicy", TRIED_AWS)]),
    ("SimulateCustomPolicy", "ResourcePolicy"): (RESOURCE, [(RPC, KEYHOLD, "SimulateCustomPolicy", {**TRIED, "PolicyInputList.1": "{good}", "CallerArn": "{user_arn}", "ResourceArns.1": "{key_arn}"})]),
    ("SimulateCustomPolicy", "PermissionsBoundary"): (IDENTITY, [(RPC, KEYHOLD, "SimulateCustomPolicy", {**TRIED, "PolicyInputList.1": "{good}"})]),
    ("SimulateCustomPolicy", "PermissionsBoundaryPolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "SimulateCustomPolicy", {**TRIED, "PolicyInputList.1": "{good}"}),
                                                                                (QUERY, "iam", "SimulateCustomPolicy", {**TRIED_AWS, "PolicyInputList.member.1": "{good}"})]),
    ("SimulatePrincipalPolicy", "ResourcePolicy"): (RESOURCE, [(RPC, KEYHOLD, "SimulatePrincipalPolicy", {**TRIED, "PolicySourceArn": "{user_arn}", "ResourceArns.1": "{key_arn}"})]),
    ("SimulatePrincipalPolicy", "PolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "SimulatePrincipalPolicy", {**TRIED, "PolicySourceArn": "{user_arn}"}),
                                                                (QUERY, "iam", "SimulatePrincipalPolicy", {**TRIED_AWS, "PolicySourceArn": "arn:aws:iam::{account}:user/u"})]),
    ("SimulatePrincipalPolicy", "SessionPolicy"): (IDENTITY, [(RPC, KEYHOLD, "SimulatePrincipalPolicy", {**TRIED, "PolicySourceArn": "{user_arn}"})]),
    ("SimulatePrincipalPolicy", "PermissionsBoundaryPolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "SimulatePrincipalPolicy", {**TRIED, "PolicySourceArn": "{user_arn}"})]),
    ("GetContextKeysForCustomPolicy", "PolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "GetContextKeysForCustomPolicy", {}), (QUERY, "iam", "GetContextKeysForCustomPolicy", {})]),
    ("GetContextKeysForPrincipalPolicy", "PolicyInputList"): (IDENTITY, [(RPC, KEYHOLD, "GetContextKeysForPrincipalPolicy", {"PolicySourceArn": "{user_arn}"}),
                                                                         (QUERY, "iam", "GetContextKeysForPrincipalPolicy", {"PolicySourceArn": "arn:aws:iam::{account}:user/u"})]),
}


def test_no_document_is_forgotten():
    found = document_fields()
    assert found == set(ROWS), (found - set(ROWS), set(ROWS) - found)


# ---- documents

def good(kind, account, version="2012-10-17"):
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    principal = {"AWS": f"arn:aws:iam::{account}:root"} if version != "1" else {"RAM": [f"acs:ram::{account}:root"]}
    if kind == TRUST:
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    elif kind == RESOURCE:
        statement["Principal"] = principal
    elif kind == BUCKET:
        statement.update(Action="oss:GetObject", Principal=[account] if version == "1" else principal)
    return {"Version": version, "Statement": [statement]}


def broken(kind, account, version):
    """(document as text or bytes, what the refusal has to name; None where the wire may refuse it in its own words)."""
    whole = good(kind, account, version)

    def but(*path, **changes):
        made = json.loads(json.dumps(whole))
        at = made
        for step in path:
            at = at[step]
        for name, value in changes.items():
            if value is None:
                at.pop(name, None)
            else:
                at[name] = value
        return json.dumps(made)

    first, usual = ("Statement", 0), whole["Statement"][0]["Action"]
    text = json.dumps(whole)
    deep = "[" * 200 + "]" * 200
    cases = [
        ("{", "line 1"), (text[:-1], "line 1"), (text + "}", "line 1"), (text + "{}", "line 1"), ("null", ""), ("[]", "object"), ("7", ""), ('"x"', ""), ("{}", "Version"),
        (but(Version="2099-01-01"), "Version"), (but(Version=1), "Version"), (but(Statement=[]), "Statement"), (but(Statement=None), "Statement"), (but(Statement="x"), "Statement"),
        (but(Statement=[7]), "Statement[0]"), (but(Else=1), "Else"), (but(*first, Effect="allow"), "Statement[0].Effect"), (but(*first, Effect=None), "Statement[0]"),
        (but(*first, Action=None), "Statement[0]"), (but(*first, Action=[]), "Statement[0].Action"), (but(*first, Action="Encrypt"), "Statement[0].Action"),
        (but(*first, Action=[usual, 5]), "Statement[0].Action[1]"), (but(*first, NotAction="kms:Sign"), "Statement[0]"), (but(*first, Action="kms:" + "x" * 200), "Statement[0].Action"),
        (but(*first, Sid=5), "Statement[0].Sid"), (but(*first, Else="x"), "Statement[0].Else"), (but(*first, Condition=[]), "Statement[0].Condition"), (but(*first, Condition="x"), "Statement[0].Condition"),
        (but(*first, Condition={"StringIs": {"aws:username": "c"}}), "Statement[0].Condition.StringIs"), (but(*first, Condition={"StringEquals": "x"}), "Statement[0].Condition.StringEquals"),
        (but(*first, Condition={"StringEquals": {"nothing": "c"}}), "Statement[0].Condition.StringEquals.nothing"),
        (but(*first, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge" if version != "1" else "acs:CurrentTime": "many"}}), "Statement[0].Condition.NumericLessThan"),
        (but(*first, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}), "Statement[0].Condition.IpAddress.aws:SourceIp"),
        (but(*first, Condition={"StringEquals": {"aws:username": []}}), "Statement[0].Condition.StringEquals.aws:username"),
        (but(*first, Condition={"StringEquals": {"aws:username": {"a": "b"}}}), "Statement[0].Condition.StringEquals.aws:username"),
        (but(Statement=json.loads(deep)), "line 1"), (deep, "line 1"), ('{"a":' * 100 + "1" + "}" * 100, "line 1"),
        (text.replace('"Version"', '"Version": "2012-10-17", "Version"', 1), "line 1"), (text.replace('"Effect"', '"Effect": "Deny", "Effect"', 1), "line 1"),
        ("\ufeff" + text, "line 1"), (text.replace('"Allow"', '"All\\u0000ow"'), ""), (text.replace('"Allow"', '"\\ud800"'), "line 1"), (text.replace('"Allow"', '"\\udc00\\ud800"'), "line 1"),
        (text.replace('"Allow"', '"Allow\\x"'), "line 1"), (text.replace('"Allow"', "'Allow'"), "line 1"), (text.replace('"Allow"', '"Allow",'), "line 1"), (text.replace("}", "/* x */}", 1), "line 1"),
        (text.replace('"Allow"', '"Al\tlow"'), "line 1"), (text.replace('"Allow"', "NaN"), "line 1"), (text.replace('"Allow"', "1e999"), ""),
    ]
    if kind in (IDENTITY, RESOURCE):
        cases += [(but(*first, Resource=None), "Statement[0]"), (but(*first, Resource="bucket"), "Statement[0].Resource"), (but(*first, Resource=["*", "arn:aws"]), "Statement[0].Resource[1]"),
                  (but(*first, Resource="arn:aws:s3:::${aws:username" if version != "1" else "acs:oss:*:*:${acs:UserName"), "Statement[0].Resource")]
    if kind == IDENTITY:
        cases += [(but(*first, Principal="*"), "Statement[0]")]
    else:
        cases += [(but(*first, Principal=None), "Statement[0]"), (but(*first, Principal={}), "Statement[0].Principal"), (but(*first, Principal={"Who": "x"}), "Statement[0].Principal"),
                  (but(*first, Principal={"AWS": "nobody"}), "Statement[0].Principal"), (but(*first, Principal=7), "Statement[0].Principal")]
    if kind == TRUST:
        cases += [(but(*first, Resource="*"), "Statement[0]")]
    raw = text.encode()
    cases += [(raw.replace(b"Allow", b"All\xffow"), None), (raw.replace(b"Allow", b"\xed\xa0\x80"), None), (raw.replace(b"Allow", b"\xc0\xafAllow"), None), (raw.replace(b"Allow", b"All\0ow"), None)]
    return cases


# ---- asking, on each wire, with text or bytes

def quoted(value):
    return urllib.parse.quote(value if isinstance(value, bytes) else str(value), safe="-_.~")


def form(parameters):
    return "&".join(f"{quoted(name)}={quoted(parameters[name])}" for name in sorted(parameters))


def by_rpc(house, version, action, parameters):
    said = {"Action": action, "Version": version, "Format": "JSON", **parameters}
    if not action.startswith("AssumeRoleWith"):
        said.update({"AccessKeyId": house.key[0], "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
                     "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        said["Signature"] = base64.b64encode(hmac.new((house.key[1] + "&").encode(), ("POST&%2F&" + quoted(form(said))).encode(), hashlib.sha1).digest()).decode()
    body = form(said).encode()
    status, _, answer = send(house.server, "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, body)
    told = json.loads(answer)
    return status, told.get("Code"), told.get("Message", ""), told


def by_aws(house, service, headers, body):
    request = AWSRequest("POST", f"http://{house.server.http}/", data=body, headers=headers)
    SigV4Auth(Credentials(*house.key), service, REGION).add_auth(request)
    return send(house.server, "POST", "/", dict(request.headers), body)


def by_query(house, service, action, parameters):
    body = form({"Action": action, "Version": {"iam": "2010-05-08", "sts": "2011-06-15"}[service], **parameters}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if action in ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"):
        status, _, answer = send(house.server, "POST", "/", headers, body)
    else:
        status, _, answer = by_aws(house, service, headers, body)
    text = answer.decode().replace("&quot;", '"').replace("&apos;", "'").replace("&#39;", "'")
    code, message = (re.search(f"<{name}>([^<]*)", text) for name in ("Code", "Message"))
    return status, code and code[1], message[1] if message else "", text


def by_json(house, service, target, parameters):
    body = json.dumps({name: value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for name, value in parameters.items()}, ensure_ascii=False)
    status, _, answer = by_aws(house, service, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}, body.encode("utf-8", "surrogateescape"))
    told = json.loads(answer or "{}")
    return status, told.get("__type", "").split("#")[-1], told.get("message", told.get("Message", "")), told


def by_oss(house, _, query, parameters):
    body = parameters["Policy"]
    body = body if isinstance(body, bytes) else body.encode()
    headers = {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode(), "host": house.server.http}
    sent = sign_oss(house.key, "PUT", f"/{house.names['bucket']}/?{query}", headers)
    status, _, answer = send(house.server, "PUT", f"/{house.names['bucket']}/?{query}", sent, body)
    text = answer.decode().replace("&quot;", '"')
    code, message = (re.search(f"<{name}>([^<]*)", text) for name in ("Code", "Message"))
    return status, code and code[1], message[1] if message else "", text


ASK = {RPC: by_rpc, QUERY: by_query, JSON: by_json, OSS: by_oss}


class House:
    def __init__(self, server):
        self.server, self.count = server, 0
        owner = self.owner = tenant(server, "author")
        self.key = owner.access_key
        self.caller = owner.user(statement("Allow", "sts:AssumeRole"))
        operator = Account(server, server.identity()[1]["AccountId"], (server.access_key_id, server.access_key_secret))
        helper = operator.user()
        for action, version, parameters in (("CreateUser", RAM, {"UserName": "u"}), ("CreateGroup", RAM, {"GroupName": "g"}),
                                            ("CreatePolicy", RAM, {"PolicyName": "p", "PolicyDocument": json.dumps(good(IDENTITY, owner.account))}),
                                            ("CreateRole", RAM, {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(good(TRUST, owner.account))}),
                                            ("CreateSecret", KMS, {"SecretName": "s", "SecretData": "x", "VersionId": "1"})):
            owner.must(action, version, **parameters)
        key = owner.key()
        wide = owner.aws("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        bucket = "policies-" + uuid.uuid4().hex[:8]
        Client(server.http, self.key).oss("PUT", bucket)
        self.names = {"account": owner.account, "key": key["KeyId"], "key_arn": key["Arn"], "wide_key": wide, "bucket": bucket, "role_arn": f"acs:ram::{owner.account}:role/r",
                      "user_arn": f"acs:ram::{owner.account}:user/u", "helper": helper.arn, "good": json.dumps(good(IDENTITY, owner.account))}

    def ask(self, row, field, document):
        wire, service, action, parameters = row
        self.count += 1
        names = {**self.names, "new": f"new{self.count}"}
        made = {name: value if value.startswith('{"') else re.sub(r"\{(\w+)\}", lambda m: str(names[m[1]]), value) for name, value in parameters.items()}
        if field["list"]:
            made[field["name"] + (".member.1" if wire == QUERY else ".1")] = document
        else:
            made[field["name"]] = document
        self.key = (self.caller if action == "AssumeRole" else self.owner).access_key  # a root takes no role on
        return ASK[wire](self, service, action, made)

    def state(self):
        """All there is of the account that a policy could have changed."""
        self.key = self.owner.access_key
        told = [re.sub("<RequestId>.*?</RequestId>", "", by_query(self, "iam", "GetAccountAuthorizationDetails", {})[3])]
        for action, version, parameters in (("ListKeys", KMS, {}), ("GetKeyPolicy", KMS, {"KeyId": self.names["key"]}), ("DescribeKey", KMS, {"KeyId": self.names["key"]}), ("ListSecrets", KMS, {}),
                                            ("GetSecretPolicy", KMS, {"SecretName": "s"}), ("GetGuardRail", KEYHOLD, {}), ("ListBreakGlass", KEYHOLD, {}), ("ListRoles", RAM, {}),
                                            ("ListPolicies", RAM, {"PolicyType": "Custom"})):
            answer = by_rpc(self, version, action, parameters)[3]
            told.append({name: value for name, value in answer.items() if name != "RequestId"})
        kms = self.owner.aws("kms")
        told.append(kms.describe_key(KeyId=self.names["wide_key"])["KeyMetadata"].get("MultiRegionConfiguration"))
        try:
            told.append(Client(self.server.http, self.key).oss("GET", self.names["bucket"], query="policy")[1].decode())
        except Exception as why:  # none so far
            told.append(type(why).__name__)
        return told


@pytest.fixture(scope="module")
def house():
    running = Server("--in-memory", *ANY_PORTS)
    yield House(running)
    running.stop()


CASES = [(operation, field, version) for operation, field in sorted(ROWS) for version in ("2012-10-17", "1")]


@pytest.mark.parametrize("operation,name,version", CASES, ids=[f"{o}-{n}-{v}" for o, n, v in CASES])
def test_what_is_no_policy_is_refused_everywhere(house, operation, name, version):
    kind, rows = ROWS[operation, name]
    field = field_of(operation, name)
    before = house.state()
    for row in rows:
        wire = row[0]
        code = ERRORS["SESSION_POLICY" if operation in SESSION else "POLICY_MALFORMED"][wire]
        for document, place in broken(kind, house.owner.account, version):
            status, said, message, whole = house.ask(row, field, document)
            if operation in LOOKED_AT and place is not None:
                assert status == 200 and place in json.dumps(whole).replace("\\", ""), (document, whole)
                continue
            assert status == 400, (document, whole)
            if place is not None:
                assert (said, place in message) == (code, True), (document, place, said, message)
                assert message.isascii() and len(message) < 1000, message
        longest = field["max"] if not field["list"] else 32768
        status, said, _, whole = house.ask(row, field, json.dumps(good(kind, house.owner.account, version)) + " " * (longest + 1))
        assert status in (400, 413), whole
    after = house.state()
    assert after == before


@pytest.mark.parametrize("operation,name,version", CASES, ids=[f"{o}-{n}-{v}" for o, n, v in CASES])
def test_what_is_one_is_taken_everywhere(house, operation, name, version):
    """The rows above are refused for their documents and for nothing else."""
    kind, rows = ROWS[operation, name]
    house.names["wide_key"] = house.owner.aws("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    for row in rows:
        status, said, message, whole = house.ask(row, field_of(operation, name), json.dumps(good(kind, house.owner.account, version)))
        if operation in SESSION - {"AssumeRole"}:
            assert "Token" in said or "SAML" in said or "EntityNotExist" in said or "NoSuchEntity" in said or "olicy" not in said, (said, message)
        else:
            assert status == 200, whole
        house.owner.ask("DeleteGuardRail", KEYHOLD)


# ---- what costs

STARS = "*a" * 20


@pytest.mark.parametrize("what", ["stars", "names", "keys", "statements"])
def test_what_is_made_to_cost_holds_nobody_up(house, what):
    """Processor time of core, gateways and vault for one request: a document of 20 KB as bad as can be, set, linted and tried on many things at once."""
    account = house.owner.account
    made = good(RESOURCE, account)
    first = made["Statement"][0]
    if what == "stars":
        first["Resource"] = [f"arn:aws:s3:::{STARS}b{n}" for n in range(250)]
    elif what == "names":
        first["Action"], first["Resource"] = [f"kms:*q{n}" for n in range(700)] + ["kms:*"], ["*"] + [f"arn:aws:s3:::x{n}" for n in range(200)]
    elif what == "keys":
        first["Condition"] = {"StringLikeIfExists": {f"aws:ResourceTag/{n:05}": STARS for n in range(200)}}
    else:
        made["Statement"] = [first] * 100
    text = json.dumps(made)[:32000]
    identity = json.loads(text)
    for each in identity["Statement"]:
        each.pop("Principal", None)
    small = json.dumps({"Version": "2012-10-17", "Statement": identity["Statement"][:1]})
    few = {"Version": "2012-10-17", "Statement": [{**identity["Statement"][0], **{name: value[:60] for name, value in identity["Statement"][0].items() if isinstance(value, list)}}]}
    many = {**{f"PolicyInputList.{n}": json.dumps(few) for n in range(1, 9)}, **{f"ActionNames.{n}": f"oss:{'a' * 90}{n}" for n in range(1, 65)},
            **{f"ResourceArns.{n}": f"acs:oss:*:{account}:{'a' * 100}{n}" for n in range(1, 17)}}
    asks = [("LintPolicy", KEYHOLD, {"PolicyDocument": json.dumps(identity)}), ("SetKeyPolicy", KMS, {"KeyId": house.names["key"], "Policy": text}),
            ("SimulateCustomPolicy", KEYHOLD, many), ("GetContextKeysForCustomPolicy", KEYHOLD, {"PolicyInputList.1": small})]
    house.key = house.owner.access_key
    for action, version, parameters in asks:
        begun = cpu_ns(house.server)
        status, _, message, _ = by_rpc(house, version, action, parameters)
        taken_ms = (cpu_ns(house.server) - begun) / 1e6
        assert status in (200, 400) and taken_ms < 250, (action, status, message, taken_ms)
    house.owner.must("SetKeyPolicy", KeyId=house.names["key"], Policy=json.dumps(good(RESOURCE, account)))
