"""Policies of a user's, group's or role's own, and permission boundaries: boto3 against the query wire, and the CLI's wire beside it."""
import json

import pytest
from test_aws_iam import account, allow, clients, document, iam, new_user, refused, trust  # noqa: F401  (fixtures)

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def keyhold(server, action, **parameters):
    status, answer = server.ask(action, version="2026-01-01", **parameters)
    assert status == 200, answer
    return answer


HOLDERS = {"user": "create_user", "group": "create_group", "role": "create_role"}


@pytest.mark.parametrize("kind", HOLDERS)
def test_own_policies(iam, account, kind):  # noqa: F811
    holder = {f"{kind.capitalize()}Name": f"own-{kind}"}
    put, get, drop, listed = (getattr(iam, f"{verb}_{kind}_{noun}") for verb, noun in (("put", "policy"), ("get", "policy"), ("delete", "policy"), ("list", "policies")))
    refused("NoSuchEntity", 404, put, **holder, PolicyName="x", PolicyDocument=document(allow("kms:*")))
    getattr(iam, HOLDERS[kind])(**holder, **({"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{account}:root")} if kind == "role" else {}))
    assert listed(**holder)["PolicyNames"] == []
    refused("NoSuchEntity", 404, get, **holder, PolicyName="a")
    refused("NoSuchEntity", 404, drop, **holder, PolicyName="a")
    refused("MalformedPolicyDocument", 400, put, **holder, PolicyName="a", PolicyDocument="{}")
    refused("ValidationError", 400, put, **holder, PolicyName="a/b", PolicyDocument=document(allow("kms:*")))
    for name in ("b", "c", "a"):
        put(**holder, PolicyName=name, PolicyDocument=document(allow(f"kms:{name}*")))
    told = get(**holder, PolicyName="a")
    assert told["PolicyDocument"]["Statement"][0]["Action"] == "kms:a*" and told["PolicyName"] == "a"
    assert told[f"{kind.capitalize()}Name"] == f"own-{kind}"
    put(**holder, PolicyName="a", PolicyDocument=document(allow("kms:changed")))
    assert get(**holder, PolicyName="a")["PolicyDocument"]["Statement"][0]["Action"] == "kms:changed"
    pages = iam.get_paginator(f"list_{kind}_policies").paginate(**holder, PaginationConfig={"PageSize": 2})
    assert [page["PolicyNames"] for page in pages] == [["a", "b"], ["c"]]
    long = [allow(f"kms:{'x' * 90}{n}") for n in range(100)]
    refused("LimitExceeded", 409, put, **holder, PolicyName="d", PolicyDocument=document(*long))
    assert listed(**holder)["PolicyNames"] == ["a", "b", "c"]
    refused("DeleteConflict", 409, getattr(iam, f"delete_{kind}"), **holder)
    for name in ("a", "b", "c"):
        drop(**holder, PolicyName=name)
    getattr(iam, f"delete_{kind}")(**holder)


def test_own_policies_are_weighed_like_attached_ones(server, iam):  # noqa: F811
    other, _ = new_user(server, iam, "weighed")
    refused("AccessDenied", 403, other.list_users)
    iam.put_user_policy(UserName="weighed", PolicyName="lists", PolicyDocument=document(allow("iam:ListUsers")))
    assert other.list_users()["Users"]
    iam.create_group(GroupName="deniers")
    iam.put_group_policy(GroupName="deniers", PolicyName="not", PolicyDocument=document({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}))
    iam.add_user_to_group(GroupName="deniers", UserName="weighed")
    refused("AccessDenied", 403, other.list_users)
    iam.delete_group_policy(GroupName="deniers", PolicyName="not")
    assert other.list_users()["Users"]
    iam.delete_user_policy(UserName="weighed", PolicyName="lists")
    refused("AccessDenied", 403, other.list_users)


def test_own_policies_of_a_role(server, iam, account):  # noqa: F811
    _, taker = new_user(server, iam, "own-taker", allow("sts:AssumeRole"))
    role = iam.create_role(RoleName="own-lister", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"))["Role"]
    given = taker.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    in_role, _ = clients(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    refused("AccessDenied", 403, in_role.list_users)
    iam.put_role_policy(RoleName="own-lister", PolicyName="lists", PolicyDocument=document(allow("iam:ListUsers")))
    assert in_role.list_users()["Users"]
    iam.put_role_permissions_boundary(RoleName="own-lister", PermissionsBoundary="arn:aws:iam::aws:policy/AliyunKMSFullAccess")
    refused("AccessDenied", 403, in_role.list_users)
    assert iam.get_role(RoleName="own-lister")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/AliyunKMSFullAccess")
    iam.delete_role_permissions_boundary(RoleName="own-lister")
    assert in_role.list_users()["Users"]


def test_boundaries(server, iam, account):  # noqa: F811
    other, _ = new_user(server, iam, "bounded", allow("*"))
    arn = iam.create_policy(PolicyName="bound", PolicyDocument=document(allow("iam:List*")))["Policy"]["Arn"]
    other.create_user(UserName="made-before")
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=arn)
    assert iam.get_user(UserName="bounded")["User"]["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert other.list_users()["Users"]
    refused("AccessDenied", 403, other.create_user, UserName="made-after")
    # a bound gives nothing by itself
    iam.detach_user_policy(UserName="bounded", PolicyArn=f"arn:aws:iam::{account}:policy/bounded-may")
    refused("AccessDenied", 403, other.list_users)
    iam.attach_user_policy(UserName="bounded", PolicyArn=ADMIN)
    # nobody rids themselves of it, and the policy cannot be deleted meanwhile
    refused("AccessDenied", 403, other.delete_user_permissions_boundary, UserName="bounded")
    refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
    status, answer = server.ask("DeletePolicy", version="2015-05-01", PolicyName="bound", CascadingDelete="true")
    assert (status, answer["Code"]) == (409, "DeleteConflict.Policy.Boundary")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    # another in its place, by the house's own wire
    keyhold(server, "PutUserPermissionsBoundary", UserName="bounded", PermissionsBoundary="ReadOnlyAccess")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    assert iam.get_user(UserName="bounded")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ
    iam.delete_user_permissions_boundary(UserName="bounded")
    refused("NoSuchEntity", 404, iam.delete_user_permissions_boundary, UserName="bounded")
    assert "PermissionsBoundary" not in iam.get_user(UserName="bounded")["User"]
    other.create_user(UserName="made-after")
    for wrong, code, http in (("arn:aws:iam::aws:policy/Nothing", "NoSuchEntity", 404), (f"arn:aws:iam::{account}:user/bounded", "ValidationError", 400),
                              ("arn:aws:iam::999999999999:policy/bound", "NoSuchEntity", 404), ("nothing", "NoSuchEntity", 404)):
        if len(wrong) < 20:  # the SDK refuses it itself
            status, answer = server.ask("PutUserPermissionsBoundary", version="2026-01-01", UserName="bounded", PermissionsBoundary=wrong)
            assert status == http, answer
        else:
            refused(code, http, iam.put_user_permissions_boundary, UserName="bounded", PermissionsBoundary=wrong)
    iam.delete_policy(PolicyArn=arn)


def test_created_with_bound_and_tags(iam, account):  # noqa: F811
    iam.create_user(UserName="born-bound", PermissionsBoundary=READ, Tags=[{"Key": "team", "Value": "red"}])
    user = iam.get_user(UserName="born-bound")["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ and user["Tags"] == [{"Key": "team", "Value": "red"}]
    role = iam.create_role(RoleName="born-bound", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"), PermissionsBoundary=READ)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ
    refused("NoSuchEntity", 404, iam.create_user, UserName="never-born", PermissionsBoundary="arn:aws:iam::aws:policy/Nothing")
    refused("NoSuchEntity", 404, iam.get_user, UserName="never-born")
    iam.delete_user(UserName="born-bound")
    iam.delete_role(RoleName="born-bound")


def test_a_refusal_by_the_bound_says_so(server, iam):  # noqa: F811
    other, _ = new_user(server, iam, "told", allow("*"))
    iam.put_user_permissions_boundary(UserName="told", PermissionsBoundary="arn:aws:iam::aws:policy/AliyunKMSFullAccess")
    answer = refused("AccessDenied", 403, other.list_users)
    message = answer["Error"]["Message"].split("EncodedDiagnosticMessage: ")[1].split()[0]
    status, told = server.ask("DecodeDiagnosticMessage", version="2015-05-01", EncodedDiagnosticMessage=message)
    assert status == 200 and told["DecodedDiagnosticMessage"]["NoPermissionPolicyType"] == "PermissionBoundary", json.dumps(told)
