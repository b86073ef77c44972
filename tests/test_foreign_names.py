"""Names in full: an ARN of another account, region, partition, service or kind is nothing of the caller's, in every operation of IAM and
STS that takes one, in RAM's and IMS's, for keys, secrets, aliases, grants. What it would have meant in the caller's account stays as it was."""
import base64
import json

import pytest
from aws_form import ask_form, totp
from test_aws_iam import allow, clients, document, trust

session = pytest.importorskip("botocore.session")
OTHER = "999999999999"
CERTIFICATE_HASH = "a" * 40
REFUSED = {"NoSuchEntity", "ValidationError", "InvalidInput", "AccessDenied", "InvalidIdentityToken"}
# whose name a member is, in the models; a member of another name is no name of something here
NAMES = {"PolicyArn": "policy", "PolicyARN": "policy", "SerialNumber": "mfa", "OpenIDConnectProviderArn": "oidc-provider", "SAMLProviderArn": "saml-provider",
         "PermissionsBoundary": "policy", "PolicySourceArn": "user", "CallerArn": "user", "RoleArn": "role", "Arn": "user", "PrincipalArn": "saml-provider"}
METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.org/m"><IDPSSODescriptor
 protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/"/>
</IDPSSODescriptor></EntityDescriptor>"""


def certificate():
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


class House:
    """One thing of each kind, made anew where an operation takes it away."""

    def __init__(self, server):
        self.server, self.count = server, 0
        self.iam, self.sts = clients(server)
        self.account = self.sts.get_caller_identity()["Account"]
        self.metadata = METADATA % certificate()
        self.iam.create_user(UserName="u")
        self.iam.create_user(UserName="bound")
        key = self.iam.create_access_key(UserName="u")["AccessKey"]
        self.who = key["AccessKeyId"], key["SecretAccessKey"]
        self.iam.create_group(GroupName="g")
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{self.account}:user/u"))
        self.iam.put_user_policy(UserName="u", PolicyName="all", PolicyDocument=document(allow("*")))

    def fresh(self, kind):
        self.count += 1
        name = f"{kind}-{self.count}"
        if kind == "policy":
            return self.iam.create_policy(PolicyName=name, PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
        if kind == "oidc-provider":
            return self.iam.create_open_id_connect_provider(Url=f"https://{name}.example.org", ClientIDList=["c"],
                                                            ThumbprintList=[CERTIFICATE_HASH])["OpenIDConnectProviderArn"]
        if kind == "saml-provider":
            return self.iam.create_saml_provider(Name=name, SAMLMetadataDocument=self.metadata)["SAMLProviderArn"]
        if kind == "mfa":
            device = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
            self.seed = device["Base32StringSeed"].decode()
            return device["SerialNumber"]
        return f"arn:aws:iam::{self.account}:{kind}/{'u' if kind == 'user' else 'r'}"


@pytest.fixture(scope="module")
def house(server):
    return House(server)


def codes(house, user):
    import time
    now = int(time.time())
    return {"UserName": user, "AuthenticationCode1": totp(house.seed, now - 30), "AuthenticationCode2": totp(house.seed, now)}


def bound(house, serial, user):
    """A device that the user has."""
    house.iam.create_user(UserName=user)
    house.iam.enable_mfa_device(SerialNumber=serial, **codes(house, user))


def with_version(house, arn):
    house.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("oss:*")))


# action: what else it needs, as a form; a function makes what has to be there first
ROWS = {
    "GetPolicy": {}, "DeletePolicy": {}, "ListPolicyVersions": {}, "ListEntitiesForPolicy": {}, "ListPolicyTags": {},
    "GetPolicyVersion": {"VersionId": "v1"}, "CreatePolicyVersion": {"PolicyDocument": document(allow("kms:*"))},
    "DeletePolicyVersion": lambda h, arn: with_version(h, arn) or {"VersionId": "v2"},
    "SetDefaultPolicyVersion": lambda h, arn: with_version(h, arn) or {"VersionId": "v2"},
    "TagPolicy": {"Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}, "UntagPolicy": {"TagKeys.member.1": "a"},
    "AttachUserPolicy": {"UserName": "u"}, "AttachGroupPolicy": {"GroupName": "g"}, "AttachRolePolicy": {"RoleName": "r"},
    "DetachUserPolicy": lambda h, arn: h.iam.attach_user_policy(UserName="u", PolicyArn=arn) and {"UserName": "u"},
    "DetachGroupPolicy": lambda h, arn: h.iam.attach_group_policy(GroupName="g", PolicyArn=arn) and {"GroupName": "g"},
    "DetachRolePolicy": lambda h, arn: h.iam.attach_role_policy(RoleName="r", PolicyArn=arn) and {"RoleName": "r"},
    "CreateUser": lambda h, arn: {"UserName": f"made-{h.count}"},
    "CreateRole": lambda h, arn: {"RoleName": f"made-{h.count}", "AssumeRolePolicyDocument": trust(f"arn:aws:iam::{h.account}:root")},
    "PutUserPermissionsBoundary": {"UserName": "bound"}, "PutRolePermissionsBoundary": {"RoleName": "r"},
    "EnableMFADevice": lambda h, arn: h.iam.create_user(UserName=f"h-{h.count}") and codes(h, f"h-{h.count}"),
    "DeactivateMFADevice": lambda h, arn: bound(h, arn, f"d-{h.count}") or {"UserName": f"d-{h.count}"},
    "ResyncMFADevice": lambda h, arn: bound(h, arn, f"s-{h.count}") or late_codes(h, f"s-{h.count}"),
    "DeleteVirtualMFADevice": {}, "GetMFADevice": {},
    "GetOpenIDConnectProvider": {}, "DeleteOpenIDConnectProvider": {},
    "AddClientIDToOpenIDConnectProvider": {"ClientID": "d"}, "RemoveClientIDFromOpenIDConnectProvider": {"ClientID": "c"},
    "UpdateOpenIDConnectProviderThumbprint": {"ThumbprintList.member.1": "b" * 40},
    **{f"{verb}{kind}": more for kind in ("OpenIDConnectProvider", "SAMLProvider")
       for verb, more in (("Tag", {"Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}), ("Untag", {"TagKeys.member.1": "a"}))},
    "ListOpenIDConnectProviderTags": {}, "ListSAMLProviderTags": {},
    "GetSAMLProvider": {}, "DeleteSAMLProvider": {}, "UpdateSAMLProvider": lambda h, arn: {"SAMLMetadataDocument": h.metadata},
    "SimulatePrincipalPolicy": {"ActionNames.member.1": "kms:Encrypt"}, "GetContextKeysForPrincipalPolicy": {},
    "GenerateServiceLastAccessedDetails": {}, "AssumeRole": {"RoleSessionName": "session"},
}
# asked elsewhere, or their own test here: who is asked about has to be told
ELSEWHERE = {("SimulatePrincipalPolicy", "CallerArn"), ("SimulateCustomPolicy", "CallerArn"),  # any account's: it is only compared
             ("AssumeRole", "SerialNumber"), ("GetSessionToken", "SerialNumber"),              # test_a_code_of_a_foreign_device
             ("AssumeRoleWithSAML", "RoleArn"), ("AssumeRoleWithSAML", "PrincipalArn"), ("AssumeRoleWithWebIdentity", "RoleArn")}  # unsigned: test_federation.py


def late_codes(house, user):
    import time
    now = int(time.time()) + 300
    return {"UserName": user, "AuthenticationCode1": totp(house.seed, now), "AuthenticationCode2": totp(house.seed, now + 30)}


def variants(arn):
    scheme, _, service, _, account, relative = arn.split(":", 5)
    kind, _, name = relative.partition("/")
    for changed in (("aws", service, "", OTHER, relative), ("aws", service, "", "", relative), ("aws", service, "", "*", relative),
                    ("aws", service, "us-east-1", account, relative), ("aws-cn", service, "", account, relative), ("*", service, "", account, relative),
                    ("aws", "sts", "", account, relative), ("aws", "kms", "", account, relative), ("aws", service, "", account, f"instance-profile/{name}"),
                    ("aws", service, "", account, f"{kind}/path/{name}"), ("aws", service, "", account + "1", relative), ("aws", service, "", "1" + account, relative)):
        yield ":".join((scheme, *changed))
    yield f"acs:ram::{OTHER}:{relative}"
    yield f"acs:ram:cn-hangzhou:{account}:{relative}"
    yield f"acs:oss::{account}:{relative}"


def offered(server, service):
    """(action, member) for every name in full that an action of the model takes, of those actions that are there."""
    model = session.get_session().get_service_model(service)
    for action in model.operation_names:
        shape = model.operation_model(action).input_shape
        members = [name for name in (shape.members if shape else {}) if name in NAMES]
        if members and "<Code>InvalidAction</Code>" not in ask_form(server, service, action)[1]:
            for name in members:
                yield action, name


def test_every_action_that_takes_a_full_name_is_here(server):
    there = {pair for service in ("iam", "sts") for pair in offered(server, service)} - ELSEWHERE
    assert {action for action, _ in there} | {"GetMFADevice"} == set(ROWS)  # GetMFADevice is not in every SDK
    assert {member for _, member in there} <= set(NAMES)


@pytest.mark.parametrize("action", ROWS)
def test_a_foreign_name_is_nothing_of_the_caller_s(server, house, action):
    service = "sts" if action == "AssumeRole" else "iam"
    member = next((m for a, m in offered(server, service) if a == action and (a, m) not in ELSEWHERE), "SerialNumber")
    arn = house.fresh(NAMES[member])
    more = ROWS[action](house, arn) if callable(ROWS[action]) else ROWS[action]
    who = house.who if action == "AssumeRole" else None
    for wrong in variants(arn):
        status, answer = ask_form(server, service, action, {member: wrong, **more}, who=who)
        code = answer.split("<Code>")[1].split("<")[0] if "<Code>" in answer else answer
        assert status in (400, 403, 404) and code in REFUSED, (wrong, status, answer)
    status, answer = ask_form(server, service, action, {member: arn, **more}, who=who)
    assert status == 200, answer  # it was the name


def test_the_policy_of_the_same_name_is_not_taken(server, house):
    """What was mended: an ARN of another account's policy stood for the own policy of that name."""
    own = house.fresh("policy")
    foreign = own.replace(house.account, OTHER)
    for call, more in ((house.iam.attach_user_policy, {"UserName": "u"}), (house.iam.attach_group_policy, {"GroupName": "g"}), (house.iam.get_policy, {})):
        with pytest.raises(house.iam.exceptions.NoSuchEntityException):
            call(PolicyArn=foreign, **more)
    assert own not in [p["PolicyArn"] for p in house.iam.list_attached_user_policies(UserName="u")["AttachedPolicies"]]
    # two words for one thing are told once: the name that counts is not the sender's choice
    status, answer = ask_form(server, "iam", "AttachUserPolicy", {"UserName": "u", "PolicyArn": own, "PolicyName": "AdministratorAccess", "PolicyType": "System"})
    assert (status, "ValidationError" in answer) == (400, True), answer


def test_who_may_ask_about_the_own_ones_is_refused_and_who_may_all_is_told_that_there_is_none(server, house):
    own = house.fresh("policy")
    house.iam.create_user(UserName="reader")
    house.iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document(allow("iam:*", f"arn:aws:iam::{house.account}:*")))
    key = house.iam.create_access_key(UserName="reader")["AccessKey"]
    who = key["AccessKeyId"], key["SecretAccessKey"]
    for action, member, arn in (("GetPolicy", "PolicyArn", own), ("GetMFADevice", "SerialNumber", house.fresh("mfa")),
                                ("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", house.fresh("oidc-provider")),
                                ("GetSAMLProvider", "SAMLProviderArn", house.fresh("saml-provider"))):
        assert ask_form(server, "iam", action, {member: arn}, who=who)[0] == 200
        for foreign in (arn.replace(house.account, OTHER), arn.replace(house.account, OTHER) + "-none"):
            status, answer = ask_form(server, "iam", action, {member: foreign}, who=who)
            assert (status, "<Code>AccessDenied</Code>" in answer) == (403, True), answer
            status, answer = ask_form(server, "iam", action, {member: foreign})
            assert (status, "<Code>NoSuchEntity</Code>" in answer) == (404, True), answer


def test_a_code_of_a_foreign_device(server, house):
    serial = house.fresh("mfa")
    bound(house, serial, "coded")
    key = house.iam.create_access_key(UserName="coded")["AccessKey"]
    who = key["AccessKeyId"], key["SecretAccessKey"]
    import time
    code = totp(house.seed, time.time() + 30)
    for wrong in variants(serial):
        status, answer = ask_form(server, "sts", "GetSessionToken", {"SerialNumber": wrong, "TokenCode": code}, who=who)
        assert status == 403 and "<Code>AccessDenied</Code>" in answer, (wrong, answer)
    assert ask_form(server, "sts", "GetSessionToken", {"SerialNumber": serial, "TokenCode": code}, who=who)[0] == 200


# ---- Alibaba's wire


RAM, IMS, STS = "2015-05-01", "2019-08-15", "2015-04-01"


def test_names_of_ram_and_ims(server, house):
    a = house.account
    serial, oidc, saml = (f"acs:ram::{a}:" + house.fresh(kind).split(":", 5)[5] for kind in ("mfa", "oidc-provider", "saml-provider"))
    rows = [("DeleteVirtualMFADevice", RAM, "SerialNumber", serial, {}), ("GetOIDCProvider", IMS, "OIDCProviderName", oidc, {}),
            ("AddClientIdToOIDCProvider", IMS, "OIDCProviderName", oidc, {"ClientId": "x"}), ("DeleteOIDCProvider", IMS, "OIDCProviderName", oidc, {}),
            ("GetSAMLProvider", IMS, "SAMLProviderName", saml, {}), ("DeleteSAMLProvider", IMS, "SAMLProviderName", saml, {}),
            ("GetPolicy", RAM, "PolicyName", f"acs:ram:*:{a}:policy/" + house.fresh("policy").split("/")[1], {"PolicyType": "Custom"})]
    for action, version, field, own, more in rows:
        relative = own.split(":", 4)[4]
        for wrong in (f"acs:ram::{OTHER}:{relative}", f"acs:ram:cn-beijing:{a}:{relative}", f"acs:oss::{a}:{relative}", f"acs:ram::{a}:user/u",
                      f"acs:ram::{a}1:{relative}", f"acs:ram::*:{relative}"):
            status, answer = server.ask(action, version=version, **{field: wrong}, **more)
            assert status in (400, 404) and answer["Code"].startswith(("EntityNotExist", "InvalidParameter")), (action, wrong, answer)
        status, answer = server.ask(action, version=version, **{field: own}, **more)
        assert status == 200, answer
    # a new one has no ARN yet
    for action, field, more in (("CreateSAMLProvider", "SAMLProviderName", {"EncodedSAMLMetadataDocument": base64.b64encode(house.metadata.encode()).decode()}),
                                ("CreateOIDCProvider", "OIDCProviderName", {"IssuerUrl": "https://n.example.org", "ClientIds": "c"})):
        kind = "saml-provider" if "SAML" in action else "oidc-provider"
        status, answer = server.ask(action, version=IMS, **{field: f"acs:ram::{a}:{kind}/new"}, **more)
        assert (status, answer["Code"][:16]) == (400, "InvalidParameter"), answer
    status, answer = server.ask("AssumeRole", version=STS, RoleArn=f"acs:ram:cn-hangzhou:{a}:role/r", RoleSessionName="ss", access_key_id=house.who[0], secret=house.who[1])
    assert (status, answer["Code"]) == (400, "InvalidParameter.RoleArn"), answer


def test_keys_secrets_and_aliases(server, house):
    import boto3
    from botocore.exceptions import ClientError
    made = {"region_name": "us-east-1", "endpoint_url": f"http://{server.http}", "aws_access_key_id": server.access_key_id, "aws_secret_access_key": server.access_key_secret}
    kms, secrets = boto3.client("kms", **made), boto3.client("secretsmanager", **made)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/here", TargetKeyId=key.split("/")[1])
    secret = secrets.create_secret(Name="here", SecretString="x")["ARN"]
    alias = key.replace("key/" + key.split("/")[1], "alias/here")

    def wrong(arn):
        parts = arn.split(":", 5)
        for at, value in ((1, "aws-cn"), (1, "*"), (2, "s3"), (3, "eu-west-1"), (3, ""), (3, "*"), (4, OTHER), (4, ""), (4, "*"), (4, parts[4] + "1")):
            yield ":".join(parts[:at] + [value] + parts[at + 1:])
    calls = [(kms.describe_key, "KeyId", key, {}), (kms.encrypt, "KeyId", key, {"Plaintext": b"x"}), (kms.get_key_policy, "KeyId", key, {"PolicyName": "default"}),
             (kms.disable_key, "KeyId", key, {}), (kms.schedule_key_deletion, "KeyId", key, {}), (kms.describe_key, "KeyId", alias, {}),
             (kms.list_grants, "KeyId", key, {}), (kms.tag_resource, "KeyId", key, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
             (secrets.get_secret_value, "SecretId", secret, {}), (secrets.delete_secret, "SecretId", secret, {}), (secrets.put_secret_value, "SecretId", secret, {"SecretString": "y"})]
    for call, member, arn, more in calls:
        for name in wrong(arn):
            with pytest.raises(ClientError) as refused:
                call(**{member: name}, **more)
            assert refused.value.response["Error"]["Code"] in ("NotFoundException", "ResourceNotFoundException", "AccessDeniedException", "InvalidArnException", "ValidationException",
                                                               "InvalidParameterException"), (name, refused.value.response)
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyState"] == "Enabled"
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "x"
    for grantee in (f"arn:aws:iam::{house.account}:policy/x", f"arn:aws:s3::{house.account}:user/u", f"arn:aws:iam:us-east-1:{house.account}:user/u", "arn:aws:iam::*:user/u"):
        with pytest.raises(ClientError, match="InvalidArn"):
            kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Encrypt"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
