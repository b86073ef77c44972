"""Every action of IAM and STS that botocore's own model has: each that is offered is called here and answers, each that is not is refused in
words of its own. What is counted is what the client sent and what came back, so that nothing new is forgotten."""
import functools
import json
import time

import pytest
from aws_form import ask_form, totp
from conftest import ANY_PORTS, Server
from test_aws_iam import allow, clients, document, trust
from test_foreign_names import METADATA, certificate

session = pytest.importorskip("botocore.session")
# signed by nobody, or by a provider: test_federation.py and test_saml.py have the providers
ELSEWHERE = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def counted(server):
    """Clients that note which actions came back well."""
    done = {"iam": set(), "sts": set()}

    def note(http_response, model, **_):
        if http_response.status_code == 200:
            done[model.service_model.service_name].add(model.name)
    iam, sts = clients(server)
    for client in (iam, sts):
        client.meta.events.register("after-call", note)
    return iam, sts, done, note


@functools.cache
def model_of(service):
    return session.get_session().get_service_model(service)


def offered(server, service):
    return {name for name in model_of(service).operation_names if "<Code>InvalidAction</Code>" not in ask_form(server, service, name)[1]}


def codes(seed, at):
    return {"AuthenticationCode1": totp(seed, at - 30), "AuthenticationCode2": totp(seed, at)}


def people(iam, account):
    iam.create_account_alias(AccountAlias="house"), iam.list_account_aliases(), iam.delete_account_alias(AccountAlias="house")
    iam.create_user(UserName="u"), iam.get_user(UserName="u"), iam.list_users(), iam.update_user(UserName="u", NewUserName="v"), iam.update_user(UserName="v", NewUserName="u")
    iam.create_group(GroupName="g"), iam.get_group(GroupName="g"), iam.list_groups(), iam.update_group(GroupName="g", NewGroupName="h"), iam.update_group(GroupName="h", NewGroupName="g")
    iam.add_user_to_group(UserName="u", GroupName="g"), iam.list_groups_for_user(UserName="u"), iam.remove_user_from_group(UserName="u", GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(account)), iam.get_role(RoleName="r"), iam.list_roles(), iam.update_role(RoleName="r", Description="x")
    iam.update_role_description(RoleName="r", Description="y"), iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust(account))
    for kind, name in (("user", {"UserName": "u"}), ("role", {"RoleName": "r"})):
        getattr(iam, f"tag_{kind}")(**name, Tags=[{"Key": "a", "Value": "b"}])
        assert getattr(iam, f"list_{kind}_tags")(**name)["Tags"]
        getattr(iam, f"untag_{kind}")(**name, TagKeys=["a"])
    iam.get_waiter("user_exists").wait(UserName="u"), iam.get_waiter("role_exists").wait(RoleName="r")


def policies(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn)
    iam.get_policy(PolicyArn=arn), iam.list_policies(), iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:*")))
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2"), iam.get_policy_version(PolicyArn=arn, VersionId="v1"), iam.list_policy_versions(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1"), iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "b"}]), iam.list_policy_tags(PolicyArn=arn), iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    for kind, name in (("user", {"UserName": "u"}), ("group", {"GroupName": "g"}), ("role", {"RoleName": "r"})):
        getattr(iam, f"attach_{kind}_policy")(**name, PolicyArn=arn)
        assert getattr(iam, f"list_attached_{kind}_policies")(**name)["AttachedPolicies"]
        iam.list_entities_for_policy(PolicyArn=arn)
        getattr(iam, f"detach_{kind}_policy")(**name, PolicyArn=arn)
        getattr(iam, f"put_{kind}_policy")(**name, PolicyName="own", PolicyDocument=document(allow("kms:List*")))
        assert getattr(iam, f"get_{kind}_policy")(**name, PolicyName="own")["PolicyDocument"]["Version"] == "2012-10-17"
        assert getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"] == ["own"]
        if kind != "user":
            getattr(iam, f"delete_{kind}_policy")(**name, PolicyName="own")
        if kind != "group":
            getattr(iam, f"put_{kind}_permissions_boundary")(**name, PermissionsBoundary=arn)
            getattr(iam, f"delete_{kind}_permissions_boundary")(**name)
    return arn


def questions(iam, account):
    user = f"arn:aws:iam::{account}:user/u"
    iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=["kms:ListKeys"]), iam.simulate_custom_policy(PolicyInputList=[document(allow("*"))], ActionNames=["kms:ListKeys"])
    iam.get_context_keys_for_principal_policy(PolicySourceArn=user), iam.get_context_keys_for_custom_policy(PolicyInputList=[document(allow("*"))])
    iam.get_account_authorization_details(), iam.get_account_summary(), iam.generate_credential_report(), iam.get_credential_report()
    job = iam.generate_service_last_accessed_details(Arn=user)["JobId"]
    iam.get_service_last_accessed_details(JobId=job), iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="kms")
    iam.delete_user_policy(UserName="u", PolicyName="own")


def credentials(server, iam, note):
    iam.update_account_password_policy(MinimumPasswordLength=8), iam.get_account_password_policy(), iam.delete_account_password_policy()
    iam.update_account_password_policy(AllowUsersToChangePassword=True)
    iam.create_login_profile(UserName="u", Password="a-long-password-1"), iam.get_login_profile(UserName="u"), iam.update_login_profile(UserName="u", Password="a-long-password-2")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    iam.list_access_keys(UserName="u"), iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"]), iam.update_access_key(UserName="u", AccessKeyId=key["AccessKeyId"], Status="Active")
    own, sts = clients(server, key["AccessKeyId"], key["SecretAccessKey"])
    for client in (own, sts):
        client.meta.events.register("after-call", note)
    own.change_password(OldPassword="a-long-password-2", NewPassword="a-long-password-3")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]
    seed, serial, now = device["Base32StringSeed"].decode(), device["SerialNumber"], int(time.time())
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, **codes(seed, now)), iam.list_mfa_devices(UserName="u"), iam.list_virtual_mfa_devices()
    if "GetMFADevice" in model_of("iam").operation_names:
        iam.get_mfa_device(SerialNumber=serial)
    iam.resync_mfa_device(UserName="u", SerialNumber=serial, **codes(seed, now + 300)), iam.deactivate_mfa_device(UserName="u", SerialNumber=serial), iam.delete_virtual_mfa_device(SerialNumber=serial)
    return key, sts


def providers(iam):
    arn = iam.create_open_id_connect_provider(Url="https://idp.example.org", ClientIDList=["c"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), iam.list_open_id_connect_providers(), iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="d")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="d")
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "a", "Value": "b"}]), iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40]), iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    metadata = METADATA % certificate()
    arn = iam.create_saml_provider(Name="s", SAMLMetadataDocument=metadata)["SAMLProviderArn"]
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "a", "Value": "b"}]), iam.list_saml_provider_tags(SAMLProviderArn=arn), iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["a"])
    iam.get_saml_provider(SAMLProviderArn=arn), iam.list_saml_providers(), iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=metadata), iam.delete_saml_provider(SAMLProviderArn=arn)


def sessions(iam, sts, user_sts, key, account):
    sts.get_caller_identity(), sts.get_session_token(), sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])
    iam.put_user_policy(UserName="u", PolicyName="takes", PolicyDocument=document(allow("sts:AssumeRole")))
    made = user_sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="session")
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/r/session"
    with pytest.raises(user_sts.exceptions.ClientError) as refusal:
        user_sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])
    message = refusal.value.response["Error"]["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]
    assert json.loads(sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])["allowed"] is False


def test_every_action_that_is_offered_answers(server, counted):
    iam, sts, done, note = counted
    account = sts.get_caller_identity()["Account"]
    people(iam, account)
    arn = policies(iam)
    questions(iam, account)
    key, user_sts = credentials(server, iam, note)
    providers(iam)
    sessions(iam, sts, user_sts, key, account)
    iam.delete_user_policy(UserName="u", PolicyName="takes"), iam.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"]), iam.delete_login_profile(UserName="u")
    iam.delete_user(UserName="u"), iam.delete_group(GroupName="g"), iam.delete_role(RoleName="r"), iam.delete_policy(PolicyArn=arn)
    for service in ("iam", "sts"):
        assert offered(server, service) - ELSEWHERE == done[service], service
    assert len(done["iam"]) > 100 and len(done["sts"]) >= 5


@pytest.mark.parametrize("service", ("iam", "sts"))
def test_every_paginator_goes_to_its_end(server, counted, service):
    """With pages of one: each element once, and an end."""
    client = counted[0 if service == "iam" else 1]
    account = counted[1].get_caller_identity()["Account"]
    for n in range(3):
        if service == "iam":
            client.create_user(UserName=f"page-{n}"), client.create_group(GroupName=f"page-{n}"), client.create_role(RoleName=f"page-{n}", AssumeRolePolicyDocument=trust(account))
            client.create_virtual_mfa_device(VirtualMFADeviceName=f"page-{n}")
            arn = client.create_policy(PolicyName=f"page-{n}", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
            client.attach_user_policy(UserName="page-0", PolicyArn=arn), client.attach_group_policy(GroupName="page-0", PolicyArn=arn), client.attach_role_policy(RoleName="page-0", PolicyArn=arn)
            client.add_user_to_group(UserName="page-0", GroupName=f"page-{n}"), client.put_user_policy(UserName="page-0", PolicyName=f"o{n}", PolicyDocument=document(allow("kms:List*")))
            client.tag_user(UserName="page-0", Tags=[{"Key": f"k{n}", "Value": "v"}])
    names = {"UserName": "page-0", "GroupName": "page-0", "RoleName": "page-0", "PolicyArn": f"arn:aws:iam::{account}:policy/page-0", "PolicySourceArn": f"arn:aws:iam::{account}:user/page-0",
             "ActionNames": ["kms:Encrypt", "kms:Decrypt", "iam:GetUser"], "PolicyInputList": [document(allow("kms:*"))]}
    tried = 0
    for action in sorted(offered(server, service)):
        method = __import__("botocore").xform_name(action)
        if not client.can_paginate(method):
            continue
        shape = model_of(service).operation_model(action).input_shape
        wanted = {name: names[name] for name in shape.required_members}
        if "UserName" in shape.members and action in ("ListAccessKeys", "ListMFADevices", "ListSigningCertificates", "ListSSHPublicKeys"):
            wanted["UserName"] = "page-0"
        paginator = client.get_paginator(method)
        keys = [each.expression for each in paginator.result_keys]
        small, whole = ([paginator.paginate(**wanted, PaginationConfig={"PageSize": size}).build_full_result().get(key, []) for key in keys] for size in (1, 1000))
        assert small == whole, action
        tried += 1
    assert tried >= (20 if service == "iam" else 0)
