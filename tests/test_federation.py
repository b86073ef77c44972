"""Identities from elsewhere, as the command line and boto3 know them: keys fetched from a provider's own server and said by its owner's
signed request, tokens made with python-cryptography taken through AWS's call."""
import base64
import datetime
import hashlib
import http.server
import json
import os
import ssl
import threading
import time

import pytest
from assertions import Idp, Pair
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from test_cli import CONFLICT, DENIED, NOT_FOUND, VERIFICATION, Cli, house  # noqa: F401  a fixture

boto3 = pytest.importorskip("boto3")
from botocore import UNSIGNED  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

HOST = "idp.example.com"
ISSUER = f"https://{HOST}/realm"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, kid, kind):
        self.kid, self.kind = kid, kind
        self.private = rsa.generate_private_key(65537, 2048) if kind == "RS256" else ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        public = self.private.public_key().public_numbers()
        if self.kind == "RS256":
            return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": number(public.n), "e": number(public.e)}
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": base64url(public.x.to_bytes(32, "big")),
                "y": base64url(public.y.to_bytes(32, "big"))}

    def token(self, **claims):
        now = int(time.time())
        said = {"iss": ISSUER, "sub": "system:serviceaccount:default:pod", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600, **claims}
        parts = [base64url(json.dumps(part).encode()) for part in ({"alg": self.kind, "kid": self.kid}, said)]
        text = ".".join(parts).encode()
        if self.kind == "RS256":
            return f"{text.decode()}.{base64url(self.private.sign(text, padding.PKCS1v15(), hashes.SHA256()))}"
        r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
        return f"{text.decode()}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Provider:
    """An HTTPS server with a certificate of its own, and the two documents that discovery asks for."""

    def __init__(self, folder):
        self.keys, self.documents, self.asked = [], {}, []
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.utcnow()
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                       .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                       .not_valid_after(now + datetime.timedelta(days=2))
                       .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
                       .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
        self.ca, private = str(folder / "idp.pem"), str(folder / "idp.key")
        der = certificate.public_bytes(serialization.Encoding.DER)
        self.fingerprint = hashlib.sha1(der).hexdigest()
        with open(self.ca, "wb") as f:
            f.write(certificate.public_bytes(serialization.Encoding.PEM))
        with open(private, "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, private)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802  the library's name
                outer.asked.append(self.path)
                body = outer.answer(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        known = {"/realm/.well-known/openid-configuration": json.dumps({"issuer": ISSUER, "jwks_uri": f"https://{HOST}/keys"}),
                 "/keys": json.dumps({"keys": [key.jwk() for key in self.keys]}), **self.documents}
        return known[path].encode() if path in known else None

    def stop(self):
        self.server.shutdown()


@pytest.fixture
def provider(tmp_path):
    made = Provider(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def cli(house, tmp_path):  # noqa: F811
    made = Cli(tmp_path / "home", house)
    yield made
    for one in made("oidc-provider", "list", "-o", "json") or []:
        made("oidc-provider", "delete", one["OIDCProviderName"], "--yes")


def refresh(provider, *more):
    return ("oidc-provider", "refresh", "corporate", "--provider-ca", provider.ca, "--connect", provider.address, *more)


def test_the_owner_fetches_the_keys(cli, provider):
    provider.keys = [Key("r1", "RS256"), Key("e1", "ES256")]
    cli("oidc-provider", "create", "corporate", ISSUER, "--clients", "web")
    assert cli.text(*refresh(provider), "-o", "name").strip() == "r1,e1"
    provider.keys = [Key("r2", "RS256")]
    assert cli.text(*refresh(provider, "--dry-run")) and cli("oidc-provider", "show", "corporate")["SigningKeys"] == "r1,e1"
    assert cli(*refresh(provider))["SigningKeys"] == "r2"
    assert provider.asked[-2:] == ["/realm/.well-known/openid-configuration", "/keys"]
    # a fingerprint has to be of the server's chain
    cli("oidc-provider", "add-fingerprint", "corporate", provider.fingerprint.upper())
    assert cli(*refresh(provider))["SigningKeys"] == "r2"
    cli("oidc-provider", "set-fingerprints", "corporate", "ab" * 20)
    assert "fingerprints" in cli.refused(VERIFICATION, *refresh(provider))


def test_a_server_that_is_not_the_provider(cli, provider):
    provider.keys = [Key("r1", "RS256")]
    cli("oidc-provider", "create", "corporate", ISSUER)
    cli.refused(VERIFICATION, "oidc-provider", "refresh", "corporate", "--connect", provider.address)
    discovery = "/realm/.well-known/openid-configuration"
    for document in ("no JSON", "{}", json.dumps({"issuer": ISSUER + "x", "jwks_uri": f"https://{HOST}/keys"}), json.dumps({"issuer": ISSUER}),
                     json.dumps({"issuer": ISSUER, "jwks_uri": f"http://{HOST}/keys"})):
        provider.documents = {discovery: document}
        cli.refused(VERIFICATION, *refresh(provider))
    provider.documents = {discovery: json.dumps({"issuer": ISSUER, "jwks_uri": f"https://{HOST}/gone"})}
    cli.refused(NOT_FOUND, *refresh(provider))
    provider.documents = {"/keys": "x" * 70000}
    assert cli.run(*refresh(provider)).returncode not in (0, None)
    provider.documents = {"/keys": json.dumps({"keys": []})}
    assert "JWK" in cli.refused(1, *refresh(provider))
    cli.refused(NOT_FOUND, "oidc-provider", "refresh", "nobody")
    assert "SigningKeys" not in cli("oidc-provider", "show", "corporate")


def test_the_nouns(cli, tmp_path):
    cli("oidc-provider", "create", "corporate", ISSUER, "--clients", "web", "--hours", "1")
    cli.refused(CONFLICT, "oidc-provider", "create", "corporate", ISSUER)
    cli("oidc-provider", "add-client", "corporate", "cli")
    cli("oidc-provider", "remove-client", "corporate", "web")
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [Key("one", "ES256").jwk()]}))
    cli("oidc-provider", "set-keys", "corporate", f"@{keys}")
    shown = cli("oidc-provider", "show", "corporate")
    assert (shown["ClientIds"], shown["IssuanceLimitTime"], shown["SigningKeys"]) == ("cli", 1, "one")
    cli.refused(NOT_FOUND, "saml-provider", "show", "nobody")
    metadata = tmp_path / "metadata.xml"
    metadata.write_text("<not-metadata/>")
    assert "metadata" in cli.refused(1, "saml-provider", "create", "saml", f"@{metadata}")
    idp, own = Idp(), Pair()
    metadata.write_text(idp.metadata(ID="_m", sign_with=own))
    (tmp_path / "signer.pem").write_bytes(own.certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_text(own.pem())
    (tmp_path / "bad.pem").write_text(own.pem()[:-60])
    made = cli("saml-provider", "create", "saml", f"@{metadata}", "--signer", f"@{tmp_path / 'signer.pem'}", "--private-key", f"@{tmp_path / 'key.pem'}",
               "--encryption", "Required")
    assert made["AssertionEncryptionMode"] == "Required" and len(made["PrivateKeyList"]) == 1 and made["MetadataSigner"]
    assert "private key" in cli.refused(1, "saml-provider", "update", "saml", "--private-key", f"@{tmp_path / 'bad.pem'}")
    metadata.write_text(idp.metadata())
    assert "metadata" in cli.refused(1, "saml-provider", "update", "saml", "--metadata", f"@{metadata}")
    cli("saml-provider", "update", "saml", "--encryption", "Allowed", "--remove-private-key", made["PrivateKeyList"][0]["KeyId"])
    cli("saml-provider", "delete", "saml", "--yes")
    cli("user", "create", "mallory")
    key = cli("access-key", "create", "mallory")
    mallory = {"KEYHOLD_ACCESS_KEY_ID": key["AccessKeyId"], "KEYHOLD_ACCESS_KEY_SECRET": key["AccessKeySecret"]}
    cli.refused(DENIED, "oidc-provider", "set-keys", "corporate", f"@{keys}", env=mallory)


def aws(server, service, **more):
    endpoint = server.http if "://" in server.http else f"http://{server.http}"
    return boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, **more)


def test_boto3_takes_a_role_on_with_a_web_identity(cli, house, tmp_path):  # noqa: F811
    server = house
    iam = aws(server, "iam", aws_access_key_id=server.access_key_id, aws_secret_access_key=server.access_key_secret)
    sts = aws(server, "sts", config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}))
    arn = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["ab" * 20])["OpenIDConnectProviderArn"]
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["sts.amazonaws.com"]
    signer, keys = Key("r1", "RS256"), tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [signer.jwk()]}))
    cli("oidc-provider", "set-keys", arn.split("oidc-provider/")[1], f"@{keys}")
    subject = {"StringLike": {f"{HOST}/realm:sub": "system:serviceaccount:default:*"}, "StringEquals": {f"{HOST}/realm:aud": "sts.amazonaws.com"}}
    role = iam.create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": arn}, "Condition": subject}]}))["Role"]["Arn"]

    def take(token):
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod-1", WebIdentityToken=token)

    answer = take(signer.token())
    assert (answer["Provider"], answer["Audience"]) == (arn, "sts.amazonaws.com")
    session = answer["Credentials"]
    who = aws(server, "sts", aws_access_key_id=session["AccessKeyId"], aws_secret_access_key=session["SecretAccessKey"],
              aws_session_token=session["SessionToken"]).get_caller_identity()
    assert who["Arn"].endswith(":assumed-role/pod/pod-1")
    for code, token in (("AccessDenied", signer.token(sub="system:serviceaccount:other:pod")), ("InvalidIdentityToken", signer.token(aud="other")),
                        ("InvalidIdentityToken", Key("r1", "RS256").token()), ("ExpiredTokenException", signer.token(exp=int(time.time()) - 120)),
                        ("InvalidIdentityToken", "rubbish")):
        with pytest.raises(ClientError) as caught:
            take(token)
        assert caught.value.response["Error"]["Code"] == code, (code, caught.value.response)
    iam.delete_role(RoleName="pod")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


# ---- the command line, and the SDKs' own ways with what lies in the environment


class Workload:
    """A provider whose tokens lie in a file, as a cluster puts them there, and a role for them."""

    def __init__(self, cli, server, folder):
        self.cli, self.server, self.folder, self.signer = cli, server, folder, Key("r1", "RS256")
        self.account = server.ready["accountId"]
        (folder / "jwks.json").write_text(json.dumps({"keys": [self.signer.jwk()]}))
        cli("oidc-provider", "create", "cluster", ISSUER, "--clients", "sts.amazonaws.com")
        cli("oidc-provider", "set-keys", "cluster", f"@{folder / 'jwks.json'}")
        self.provider = f"acs:ram::{self.account}:oidc-provider/cluster"
        self.role = f"acs:ram::{self.account}:role/workload"
        trust = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": self.provider},
                                                "Condition": {"StringEquals": {"oidc:sub": "system:serviceaccount:default:pod"}}}]}
        (folder / "trust.json").write_text(json.dumps(trust))
        cli("role", "create", "workload", f"@{folder / 'trust.json'}")
        cli("role", "attach", "workload", "AliyunKMSReadOnlyAccess")
        self.file = folder / "token"
        self.put()

    def put(self, **claims):
        self.file.write_text(self.signer.token(**claims))

    def environment(self, **more):
        nothing = {"KEYHOLD_ACCESS_KEY_ID": None, "KEYHOLD_ACCESS_KEY_SECRET": None}
        return {**nothing, **more}

    def alibaba(self, **more):
        return self.environment(ALIBABA_CLOUD_OIDC_TOKEN_FILE=str(self.file), ALIBABA_CLOUD_ROLE_ARN=self.role,
                                ALIBABA_CLOUD_OIDC_PROVIDER_ARN=self.provider, **more)

    def aws(self, **more):
        role = f"arn:aws:iam::{self.account}:role/workload"
        return self.environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.file), AWS_ROLE_ARN=role, **more)

    def clear(self):
        self.cli("role", "detach", "workload", "AliyunKMSReadOnlyAccess")
        self.cli("role", "delete", "workload", "--yes")


@pytest.fixture
def workload(cli, house, tmp_path):  # noqa: F811
    made = Workload(cli, house, tmp_path)
    yield made
    made.clear()


def test_a_token_in_the_environment(cli, workload):
    for environment, name in ((workload.alibaba(), "keyhold"), (workload.aws(), "keyhold"), (workload.alibaba(ALIBABA_CLOUD_ROLE_SESSION_NAME="pod-1"), "pod-1"),
                              (workload.aws(AWS_ROLE_SESSION_NAME="pod-2"), "pod-2")):
        assert cli("whoami", env=environment)["Arn"].endswith(f":assumed-role/workload/{name}")
        assert isinstance(cli("key", "list", "-o", "json", env=environment), list)
    workload.file.write_text(workload.file.read_text() + "\n")
    assert cli("whoami", env=workload.alibaba())
    # a key that is known goes before
    assert cli("whoami", env={**workload.alibaba(), "KEYHOLD_ACCESS_KEY_ID": cli.environment["KEYHOLD_ACCESS_KEY_ID"],
                              "KEYHOLD_ACCESS_KEY_SECRET": cli.environment["KEYHOLD_ACCESS_KEY_SECRET"]})["Arn"].endswith(":root")
    # without a role there is nothing to take on
    cli.refused(2, "whoami", env={**workload.alibaba(), "ALIBABA_CLOUD_ROLE_ARN": None})
    workload.put(sub="system:serviceaccount:default:other")
    cli.refused(DENIED, "whoami", env=workload.aws())
    workload.put(aud="stranger")
    assert "not one of a provider" in cli.refused(1, "whoami", env=workload.alibaba())
    workload.file.write_text("rubbish")
    assert "issuer" in cli.refused(2, "whoami", env=workload.aws())
    workload.file.unlink()
    cli.refused(NOT_FOUND, "whoami", env=workload.aws())


def test_logging_in_with_a_token(cli, workload):
    token, nobody = f"@{workload.file}", workload.environment()
    cli("login", "--oidc-token", token, "--role", workload.role, "--session-name", "laptop", "--duration", "900", env=nobody)
    assert cli("whoami", env=nobody)["Arn"].endswith(":assumed-role/workload/laptop")
    cli("logout", env=nobody)
    cli.refused(2, "whoami", env=nobody)
    cli("login", "--oidc-token", "-", "--provider", workload.provider, "--role", workload.role, given=workload.file.read_bytes(), env=nobody)
    cli("logout", env=nobody)
    cli.refused(2, "login", "--oidc-token", workload.file.read_text().strip(), "--role", workload.role, env=nobody)  # never typed
    cli.refused(2, "login", "--oidc-token", token, env=nobody)
    cli.refused(2, "login", "--oidc-token", token, "--saml-assertion", token, "--role", workload.role, env=nobody)
    cli.refused(2, "login", env=nobody)
    cli.refused(DENIED, "login", "--oidc-token", token, "--role", workload.role + "2", env=nobody)
    cli.refused(1, "login", "--oidc-token", token, "--role", workload.role, "--provider", workload.provider + "2", env=nobody)
    cli.refused(1, "login", "--oidc-token", token, "--role", workload.role, "--duration", "7200", env=nobody)


def test_logging_in_with_an_assertion(cli, house, tmp_path):  # noqa: F811
    idp, account = Idp(), house.ready["accountId"]
    (tmp_path / "metadata.xml").write_text(idp.metadata())
    cli("saml-provider", "create", "saml", f"@{tmp_path / 'metadata.xml'}")
    provider, role = f"acs:ram::{account}:saml-provider/saml", f"acs:ram::{account}:role/people"
    trust = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": provider}}]}
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    cli("role", "create", "people", f"@{tmp_path / 'trust.json'}")
    nobody = {"KEYHOLD_ACCESS_KEY_ID": None, "KEYHOLD_ACCESS_KEY_SECRET": None}
    response = tmp_path / "response"
    for as_xml in (False, True):
        text = idp.respond("alice", [f"{role},{provider}"])
        response.write_bytes(base64.b64decode(text) if as_xml else text.encode())
        cli("login", "--saml-assertion", f"@{response}", "--role", role, "--provider", provider, env=nobody)
        assert cli("whoami", env=nobody)["Arn"].endswith(":assumed-role/people/alice")
        cli("logout", env=nobody)
        cli.refused(1, "login", "--saml-assertion", f"@{response}", "--role", role, "--provider", provider, env=nobody)  # once
    cli.refused(2, "login", "--saml-assertion", f"@{response}", "--role", role, env=nobody)
    cli("role", "delete", "people", "--yes")
    cli("saml-provider", "delete", "saml", "--yes")


def test_boto3_finds_the_token_by_itself(house, workload, monkeypatch):  # noqa: F811
    """What a pod has: a file, a role, an endpoint. The credentials come from AssumeRoleWithWebIdentity, and again when the file has another."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(workload.folder))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(workload.file))
    monkeypatch.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{workload.account}:role/workload")
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pod-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    from botocore import credentials
    found = []
    real = credentials.AssumeRoleWithWebIdentityCredentialFetcher._get_credentials

    def with_endpoint(self):
        create = self._client_creator
        self._client_creator = lambda service, **more: create(service, endpoint_url=f"http://{house.http}", region_name="us-east-1", **more)
        found.append(1)
        return real(self)
    monkeypatch.setattr(credentials.AssumeRoleWithWebIdentityCredentialFetcher, "_get_credentials", with_endpoint)  # it has no setting for one
    session = boto3.session.Session(region_name="us-east-1")
    sts = session.client("sts", endpoint_url=f"http://{house.http}")
    assert sts.get_caller_identity()["Arn"].endswith(":assumed-role/workload/pod-1") and found
    assert session.client("kms", endpoint_url=f"http://{house.http}").list_keys()["Keys"] is not None


def test_tags_of_providers(house, cli):  # noqa: F811
    iam = aws(house, "iam", aws_access_key_id=house.access_key_id, aws_secret_access_key=house.access_key_secret)
    a, b = {"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "prod"}
    oidc = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["x"], ThumbprintList=["ab" * 20], Tags=[a])
    saml = iam.create_saml_provider(Name="tagged", SAMLMetadataDocument=Idp().metadata(), Tags=[a])
    assert oidc["Tags"] == saml["Tags"] == [a]
    for kind, of, show in (("open_id_connect_provider", {"OpenIDConnectProviderArn": oidc["OpenIDConnectProviderArn"]}, iam.get_open_id_connect_provider),
                           ("saml_provider", {"SAMLProviderArn": saml["SAMLProviderArn"]}, iam.get_saml_provider)):
        tag, untag, listed = (getattr(iam, name) for name in (f"tag_{kind}", f"untag_{kind}", f"list_{kind}_tags"))
        tag(**of, Tags=[b, {**a, "Value": "api"}])
        assert listed(**of)["Tags"] == show(**of)["Tags"] == [{**a, "Value": "api"}, b]
        first = listed(**of, MaxItems=1)
        assert first["IsTruncated"] and listed(**of, Marker=first["Marker"])["Tags"] == [b]
        untag(**of, TagKeys=["team", "nothing"])
        assert listed(**of)["Tags"] == [b]
        for call, more, code in ((tag, {"Tags": [a, a]}, "ValidationError"), (tag, {"Tags": [{"Key": f"k{i}", "Value": ""} for i in range(20)]}, "LimitExceeded")):
            with pytest.raises(ClientError) as caught:
                call(**of, **more)
            assert caught.value.response["Error"]["Code"] == code
        gone = {key: value + "x" for key, value in of.items()}
        for call, more in ((tag, {"Tags": [a]}), (untag, {"TagKeys": ["x"]}), (listed, {})):
            with pytest.raises(ClientError) as caught:
                call(**gone, **more)
            assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
    cli("saml-provider", "tag", "tagged", "--tag", "team=cli")
    assert cli("saml-provider", "tags", "tagged", "-o", "json") == [{"TagKey": "stage", "TagValue": "prod"}, {"TagKey": "team", "TagValue": "cli"}]
    cli("saml-provider", "untag", "tagged", "--key", "team")
    assert cli.text("saml-provider", "tags", "tagged", "-o", "name").split() == ["stage"]
    iam.delete_saml_provider(SAMLProviderArn=saml["SAMLProviderArn"])
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=oidc["OpenIDConnectProviderArn"])


def allowing(principal, actions, condition=None):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Principal": principal, "Condition": condition or {}}]})


def test_what_a_token_says_as_conditions_and_in_the_session(house, cli, tmp_path):  # noqa: F811
    """Every key of either cloud, met and not met; who it is at the source, from role to role; how long sessions last."""
    iam = aws(house, "iam", aws_access_key_id=house.access_key_id, aws_secret_access_key=house.access_key_secret)
    sts = aws(house, "sts", config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}))
    signer, account = Key("r1", "RS256"), house.ready["accountId"]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [signer.jwk()]}))
    cli("oidc-provider", "create", "corporate", ISSUER, "--clients", "one,two")
    cli("oidc-provider", "set-keys", "corporate", f"@{tmp_path / 'jwks.json'}")
    provider = {"Federated": f"arn:aws:iam::{account}:oidc-provider/corporate"}
    iam.create_role(RoleName="asked", MaxSessionDuration=7200, AssumeRolePolicyDocument=allowing(provider, "sts:AssumeRoleWithWebIdentity"))

    def trusts(condition=None, actions="sts:AssumeRoleWithWebIdentity"):
        iam.update_assume_role_policy(RoleName="asked", PolicyDocument=allowing(provider, actions, condition))

    def take(role="asked", token=None, **more):
        return sts.assume_role_with_web_identity(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="run-1",
                                                 WebIdentityToken=token or signer.token(sub="alice", aud=["one", "two"], azp="two"), **more)

    def refused(code, *args, **more):
        with pytest.raises(ClientError) as caught:
            take(*args, **more)
        assert caught.value.response["Error"]["Code"] == code
        return caught.value.response["Error"]["Message"]
    realm = ISSUER.split("//")[1]
    for key, value in ((f"{realm}:sub", "alice"), (f"{realm}:aud", "two"), (f"{realm}:oaud", "one"), ("oidc:sub", "alice"), ("oidc:iss", ISSUER), ("sts:RoleSessionName", "run-1")):
        trusts({"StringEquals": {key: value}})
        take()
        trusts({"StringEquals": {key: value + "x"}})
        refused("AccessDenied")
        trusts({"StringLike": {key: value[:-1] + "?"}})
        take()
        trusts({"StringNotLike": {key: value[:2] + "*"}})
        refused("AccessDenied")
    for condition in ({"ForAnyValue:StringEquals": {"oidc:aud": "one"}}, {"ForAllValues:StringEquals": {"oidc:aud": ["one", "two", "three"]}}):
        trusts(condition)
        take()
    trusts({"ForAllValues:StringEquals": {"oidc:aud": ["one"]}})
    refused("AccessDenied")
    trusts({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    refused("AccessDenied")
    # two clients, and a party that is none; a token that is of no one in particular
    trusts()
    take(token=signer.token(sub="alice", aud="two"))
    refused("InvalidIdentityToken", token=signer.token(sub="alice", aud=["one", "two"]))
    refused("InvalidIdentityToken", token=signer.token(sub="alice", aud="one", azp="three"))
    for missing in ("exp", "iat", "aud", "sub", "iss"):
        refused("InvalidIdentityToken", token=signer.token(**{"sub": "alice", "aud": "one", missing: None}))
    refused("InvalidIdentityToken", token=signer.token(sub="alice", aud="one", iss=ISSUER + "/"))
    again = signer.token(sub="alice", aud="one", jti="1", nonce="n")
    take(token=again), take(token=again)  # while it lasts, as often as it is shown
    # how long
    take(DurationSeconds=7200)
    refused("ValidationError", DurationSeconds=7201)
    # who at the source, and tags
    source = signer.token(sub="alice", aud="one", **{"https://aws.amazon.com/source_identity": "alice"})
    refused("AccessDenied", token=source)
    trusts(actions=["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"])
    answer = take(token=source)
    assert answer["SourceIdentity"] == "alice"
    assert "session tags" in refused("InvalidIdentityToken", token=signer.token(sub="alice", aud="one", **{"https://aws.amazon.com/tags": {"principal_tags": {"a": ["b"]}}}))
    # from role to role: for an hour at most, and with the same source
    asked = f"arn:aws:iam::{account}:role/asked"
    iam.create_role(RoleName="next", MaxSessionDuration=7200, AssumeRolePolicyDocument=allowing({"AWS": asked}, "sts:AssumeRole"))
    iam.put_role_policy(RoleName="asked", PolicyName="on", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}))
    given = answer["Credentials"]
    chained = aws(house, "sts", aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"])
    on = {"RoleArn": f"arn:aws:iam::{account}:role/next", "RoleSessionName": "run-2"}
    assert chained.assume_role(**on, DurationSeconds=3600)["SourceIdentity"] == "alice"
    for more in ({"DurationSeconds": 3601}, {"SourceIdentity": "bob"}):
        with pytest.raises(ClientError):
            chained.assume_role(**on, **more)
    iam.delete_role_policy(RoleName="asked", PolicyName="on")
    for role in ("asked", "next"):
        iam.delete_role(RoleName=role)
