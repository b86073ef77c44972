"""AWS's query wire: boto3 and the aws command line against IAM and STS, over the same identities as Alibaba's wire."""
import json
import os
import shutil
import subprocess

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

REGION = "us-east-1"


def clients(server, key_id=None, secret=None, token=None):
    made = {"region_name": REGION, "endpoint_url": server.http if "://" in server.http else f"http://{server.http}",
            "aws_access_key_id": key_id or server.access_key_id, "aws_secret_access_key": secret or server.access_key_secret,
            "aws_session_token": token, "config": Config(retries={"max_attempts": 0})}
    return boto3.client("iam", **made), boto3.client("sts", **made)


@pytest.fixture(scope="module")
def iam(server):
    return clients(server)[0]


@pytest.fixture(scope="module")
def account(server):
    return clients(server)[1].get_caller_identity()["Account"]


def refused(code, status, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    return answer


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(principal):
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}})


def new_user(server, iam, name, *statements):
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    if statements:
        arn = iam.create_policy(PolicyName=f"{name}-may", PolicyDocument=document(*statements))["Policy"]["Arn"]
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    return clients(server, key["AccessKeyId"], key["SecretAccessKey"])


def test_who_am_i(server, iam, account):
    root = clients(server)[1].get_caller_identity()
    assert root["Arn"] == f"arn:aws:iam::{account}:root"
    assert root["UserId"] == account
    _, sts = new_user(server, iam, "caller")
    user = sts.get_caller_identity()
    assert user["Arn"] == f"arn:aws:iam::{account}:user/caller"
    assert user["UserId"] == iam.get_user(UserName="caller")["User"]["UserId"]
    refused("SignatureDoesNotMatch", 403, clients(server, secret="wrong")[1].get_caller_identity)
    refused("SignatureDoesNotMatch", 403, clients(server, key_id="AKIAIOSFODNN7EXAMPLE")[1].get_caller_identity)


def test_users_and_keys(iam, account):
    user = iam.create_user(UserName="one", Path="/")["User"]
    assert user["Arn"] == f"arn:aws:iam::{account}:user/one"
    assert user["Path"] == "/"
    assert user["CreateDate"].tzinfo
    refused("EntityAlreadyExists", 409, iam.create_user, UserName="one")
    refused("NoSuchEntity", 404, iam.get_user, UserName="nobody")
    refused("InvalidAction", 400, iam.create_user, UserName="two", Path="/division/")
    key = iam.create_access_key(UserName="one")["AccessKey"]
    assert key["UserName"] == "one" and len(key["SecretAccessKey"]) >= 30
    listed = iam.list_access_keys(UserName="one")["AccessKeyMetadata"]
    assert [(k["AccessKeyId"], k["Status"]) for k in listed] == [(key["AccessKeyId"], "Active")]
    iam.update_access_key(UserName="one", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert iam.list_access_keys(UserName="one")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    refused("DeleteConflict", 409, iam.delete_user, UserName="one")
    iam.delete_access_key(UserName="one", AccessKeyId=key["AccessKeyId"])
    iam.update_user(UserName="one", NewUserName="uno")
    iam.delete_user(UserName="uno")
    refused("NoSuchEntity", 404, iam.delete_user, UserName="uno")


def test_pages(iam):
    names = [f"page-{n}" for n in range(5)]
    for name in names:
        iam.create_user(UserName=name)
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2})
    seen = [user["UserName"] for page in pages for user in page["Users"]]
    assert [name for name in seen if name.startswith("page-")] == names


def test_policies(iam, account):
    text = document(allow("kms:Encrypt"))
    made = iam.create_policy(PolicyName="versions", PolicyDocument=text, Description="told")["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/versions" and made["DefaultVersionId"] == "v1"
    refused("EntityAlreadyExists", 409, iam.create_policy, PolicyName="versions", PolicyDocument=text)
    refused("MalformedPolicyDocument", 400, iam.create_policy, PolicyName="bad", PolicyDocument="{}")
    second = document(allow("kms:*"))
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=second, SetAsDefault=True)["PolicyVersion"]["IsDefaultVersion"]
    seen = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert seen["Document"] == json.loads(second)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1", "v2"]
    refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    refused("NoSuchEntity", 404, iam.get_policy_version, PolicyArn=arn, VersionId="v2")
    own = [p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]]
    assert arn in own and not any("::aws:" in each for each in own)
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in [p["Arn"] for p in iam.list_policies(Scope="AWS")["Policies"]]
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", 404, iam.get_policy, PolicyArn=arn)


def test_groups_and_attachments(server, iam, account):
    other, _ = new_user(server, iam, "member")
    refused("AccessDenied", 403, other.list_users)
    group = iam.create_group(GroupName="admins")["Group"]
    assert group["Arn"] == f"arn:aws:iam::{account}:group/admins"
    iam.attach_group_policy(GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.add_user_to_group(GroupName="admins", UserName="member")
    assert other.list_users()["Users"]
    told = iam.get_group(GroupName="admins")
    assert told["Group"]["GroupName"] == "admins" and [u["UserName"] for u in told["Users"]] == ["member"]
    assert iam.list_attached_group_policies(GroupName="admins")["AttachedPolicies"] == [
        {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="member")["Groups"]] == ["admins"]
    refused("DeleteConflict", 409, iam.delete_group, GroupName="admins")
    iam.remove_user_from_group(GroupName="admins", UserName="member")
    refused("AccessDenied", 403, other.list_users)
    iam.detach_group_policy(GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_group(GroupName="admins")


def test_roles(server, iam, account):
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"), MaxSessionDuration=7200,
                           Tags=[{"Key": "team", "Value": "blue"}])["Role"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/reader"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}
    refused("MalformedPolicyDocument", 400, iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert [p["PolicyName"] for p in iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]] == ["ReadOnlyAccess"]
    _, taker = new_user(server, iam, "taker", allow("sts:AssumeRole"))
    taken = taker.assume_role(RoleArn=role["Arn"], RoleSessionName="session", DurationSeconds=900)
    assert taken["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/reader/session"
    given = taken["Credentials"]
    in_role, who = clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    identity = who.get_caller_identity()
    assert identity["Arn"] == taken["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == taken["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:session"
    assert in_role.list_users()["Users"]
    refused("AccessDenied", 403, in_role.create_user, UserName="by-role")
    refused("AccessDenied", 403, clients(server)[1].assume_role, RoleArn=role["Arn"], RoleSessionName="session")
    refused("ValidationError", 400, taker.assume_role, RoleArn="arn:aws:iam::role-without-account", RoleSessionName="session")
    refused("ValidationError", 400, taker.assume_role, RoleArn=role["Arn"], RoleSessionName="session", DurationSeconds=7201)
    narrow = taker.assume_role(RoleArn=role["Arn"], RoleSessionName="s2", Policy=document(allow("iam:GetUser")))["Credentials"]
    limited, _ = clients(server, narrow["AccessKeyId"], narrow["SecretAccessKey"], narrow["SessionToken"])
    assert limited.get_user(UserName="taker")["User"]["UserName"] == "taker"
    refused("AccessDenied", 403, limited.list_users)
    with pytest.raises(ClientError, match="user/somebody is not there"):
        iam.update_assume_role_policy(RoleName="reader", PolicyDocument=trust(f"arn:aws:iam::{account}:user/somebody"))
    iam.create_user(UserName="somebody")
    iam.update_assume_role_policy(RoleName="reader", PolicyDocument=trust(f"arn:aws:iam::{account}:user/somebody"))
    refused("AccessDenied", 403, taker.assume_role, RoleArn=role["Arn"], RoleSessionName="session")
    iam.update_role(RoleName="reader", Description="told", MaxSessionDuration=3600)
    assert iam.get_role(RoleName="reader")["Role"]["MaxSessionDuration"] == 3600
    refused("DeleteConflict", 409, iam.delete_role, RoleName="reader")
    iam.detach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_role(RoleName="reader")
    with pytest.raises(ClientError):
        in_role.list_users()


def test_sessions(server, iam):
    other, sts = new_user(server, iam, "sessions", allow("iam:ListUsers"))
    given = sts.get_session_token(DurationSeconds=900)["Credentials"]
    in_session, who = clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert who.get_caller_identity()["Arn"].endswith(":user/sessions")
    assert in_session.list_users()["Users"]
    refused("AccessDenied", 403, who.get_session_token)
    with pytest.raises(ClientError):
        clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"][:-8] + "AAAAAAAA")[1].get_caller_identity()


def test_what_is_not_offered_says_so(iam):
    refused("InvalidAction", 400, iam.create_instance_profile, InstanceProfileName="none")
    refused("InvalidAction", 400, iam.create_service_linked_role, AWSServiceName="es.amazonaws.com")


@pytest.mark.skipif(not shutil.which("aws", path="/usr/bin"), reason="no aws command line here")
def test_command_line(server):
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), "AWS_ACCESS_KEY_ID": server.access_key_id,
           "AWS_SECRET_ACCESS_KEY": server.access_key_secret, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    endpoint = server.http if "://" in server.http else f"http://{server.http}"

    def aws(*words):
        done = subprocess.run(["/usr/bin/aws", "--endpoint-url", endpoint, "--output", "json", *words], env=env, capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    assert aws("sts", "get-caller-identity")["Arn"].endswith(":root")
    aws("iam", "create-user", "--user-name", "typed")
    assert aws("iam", "get-user", "--user-name", "typed")["User"]["UserName"] == "typed"
    aws("iam", "put-user-policy", "--user-name", "typed", "--policy-name", "own", "--policy-document", document(allow("kms:Encrypt")))
    assert aws("iam", "get-user-policy", "--user-name", "typed", "--policy-name", "own")["PolicyDocument"]["Statement"][0]["Action"] == "kms:Encrypt"
    told = aws("iam", "simulate-principal-policy", "--policy-source-arn", aws("iam", "get-user", "--user-name", "typed")["User"]["Arn"], "--action-names", "kms:Encrypt")
    assert [r["EvalDecision"] for r in told["EvaluationResults"]] == ["allowed"]
