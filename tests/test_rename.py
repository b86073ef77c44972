"""A user who is given another name keeps its keys, sessions, password, device, groups, policies and tags; nobody else gets the old ones."""
import time

from aws_form import totp
from test_aws_iam import account, allow, clients, document, iam, new_user, refused  # noqa: F401  (fixtures)


def test_everything_follows(server, iam, account):  # noqa: F811
    own, sts = new_user(server, iam, "before", allow("iam:ListUsers"))
    iam.put_user_policy(UserName="before", PolicyName="keys", PolicyDocument=document(allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}")))
    iam.create_group(GroupName="renamed-group")
    iam.add_user_to_group(GroupName="renamed-group", UserName="before")
    iam.tag_user(UserName="before", Tags=[{"Key": "a", "Value": "b"}])
    iam.put_user_permissions_boundary(UserName="before", PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.create_login_profile(UserName="before", Password="a-long-password-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="renamed-phone")["VirtualMFADevice"]
    seed, now = device["Base32StringSeed"].decode(), int(time.time())
    iam.enable_mfa_device(UserName="before", SerialNumber=device["SerialNumber"], AuthenticationCode1=totp(seed, now - 60), AuthenticationCode2=totp(seed, now - 30))
    given = sts.get_session_token()["Credentials"]
    in_session, session = clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    user_id = iam.get_user(UserName="before")["User"]["UserId"]
    iam.create_user(UserName="taken")
    refused("EntityAlreadyExists", 409, iam.update_user, UserName="before", NewUserName="taken")

    iam.update_user(UserName="before", NewUserName="after")
    refused("NoSuchEntity", 404, iam.get_user, UserName="before")
    for who in (sts, session):
        told = who.get_caller_identity()
        assert told["Arn"] == f"arn:aws:iam::{account}:user/after" and told["UserId"] == user_id
    assert own.list_users()["Users"] and in_session.list_users()["Users"]
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 1
    second = own.create_access_key()["AccessKey"]  # without a name: its own, and the vault agrees
    assert second["UserName"] == "after"
    assert clients(server, second["AccessKeyId"], second["SecretAccessKey"])[1].get_caller_identity()["UserId"] == user_id
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="after")["Groups"]] == ["renamed-group"]
    assert [u["UserName"] for u in iam.get_group(GroupName="renamed-group")["Users"]] == ["after"]
    assert iam.list_user_tags(UserName="after")["Tags"] == [{"Key": "a", "Value": "b"}]
    assert iam.list_mfa_devices(UserName="after")["MFADevices"][0]["UserName"] == "after"
    assert iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])["UserName"] == "after"
    assert sts.get_session_token(SerialNumber=device["SerialNumber"], TokenCode=totp(seed, now))["Credentials"]
    iam.update_login_profile(UserName="after", Password="a-long-password-2")

    # who gets the old name is somebody else, and the sessions of the first stay the first's
    iam.create_user(UserName="before")
    assert session.get_caller_identity()["UserId"] == user_id
    assert iam.list_access_keys(UserName="before")["AccessKeyMetadata"] == []
    iam.update_user(UserName="after", NewUserName="later")
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/later"
    assert in_session.list_users()["Users"]
