"""IAM's simulator and its listing of everything, through boto3."""
import json

from test_aws_iam import account, allow, document, iam, new_user, refused, trust  # noqa: F401  (fixtures)
from test_explain import server  # noqa: F401  (a fixture)

KEY = "arn:aws:kms:us-east-1:{}:key/11111111-2222-3333-4444-555555555555"
LAN = {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}


def decisions(told):
    return [(r["EvalActionName"], r["EvalDecision"]) for r in told["EvaluationResults"]]


def test_documents_nobody_has(iam, account):  # noqa: F811
    arn, caller = KEY.format(account), f"arn:aws:iam::{account}:user/any"
    ask = {"PolicyInputList": [document({**allow("kms:Encrypt"), **LAN}), document({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})],
           "ActionNames": ["kms:Encrypt", "kms:Decrypt", "kms:Sign"], "ResourceArns": [arn], "CallerArn": caller}
    told = iam.simulate_custom_policy(**ask)
    assert decisions(told) == [("kms:Encrypt", "implicitDeny"), ("kms:Decrypt", "explicitDeny"), ("kms:Sign", "implicitDeny")]
    assert told["EvaluationResults"][0]["MissingContextValues"] == ["aws:SourceIp"] and told["IsTruncated"] is False
    known = [{"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.1.1.1"], "ContextKeyType": "ip"}]
    told = iam.simulate_custom_policy(**ask, ContextEntries=known)
    assert decisions(told)[0] == ("kms:Encrypt", "allowed") and told["EvaluationResults"][0]["MissingContextValues"] == []
    assert [m["SourcePolicyId"] for m in told["EvaluationResults"][0]["MatchedStatements"]] == ["PolicyInputList.1"]
    assert [m["SourcePolicyId"] for m in told["EvaluationResults"][1]["MatchedStatements"]] == ["PolicyInputList.2"]
    bound = [document(allow("kms:List*"))]
    told = iam.simulate_custom_policy(**ask, ContextEntries=known, PermissionsBoundaryPolicyInputList=bound)
    assert decisions(told)[0] == ("kms:Encrypt", "implicitDeny")
    pages = iam.get_paginator("simulate_custom_policy").paginate(**ask, PaginationConfig={"PageSize": 2})
    assert [len(page["EvaluationResults"]) for page in pages] == [2, 1]
    refused("MalformedPolicyDocument", 400, iam.simulate_custom_policy, **{**ask, "PolicyInputList": ["{}"]})
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=ask["PolicyInputList"])["ContextKeyNames"] == ["aws:SourceIp"]


def test_without_a_resource_any_is_meant(iam, account):  # noqa: F811
    ask = {"ActionNames": ["kms:CreateKey"], "CallerArn": f"arn:aws:iam::{account}:user/any"}
    assert decisions(iam.simulate_custom_policy(PolicyInputList=[document(allow("kms:CreateKey"))], **ask))[0][1] == "allowed"
    assert decisions(iam.simulate_custom_policy(PolicyInputList=[document(allow("kms:CreateKey", KEY.format(account)))], **ask))[0][1] == "implicitDeny"


def test_users_groups_and_roles(server, iam, account):  # noqa: F811
    new_user(server, iam, "simulated", allow("kms:Encrypt"))
    user = iam.get_user(UserName="simulated")["User"]["Arn"]
    iam.put_user_policy(UserName="simulated", PolicyName="own", PolicyDocument=document(allow("kms:Sign")))
    group = iam.create_group(GroupName="simulated")["Group"]["Arn"]
    iam.attach_group_policy(GroupName="simulated", PolicyArn="arn:aws:iam::aws:policy/AliyunOSSReadOnlyAccess")
    iam.put_group_policy(GroupName="simulated", PolicyName="not", PolicyDocument=document({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}))
    iam.add_user_to_group(GroupName="simulated", UserName="simulated")
    role = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="simulated", PolicyName="own", PolicyDocument=document({**allow("kms:*"), **LAN}))
    iam.put_role_permissions_boundary(RoleName="simulated", PermissionsBoundary="arn:aws:iam::aws:policy/AliyunKMSReadOnlyAccess")
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:Sign", "s3:GetObject"]

    def words(source, **more):
        return [word for _, word in decisions(iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=actions, **more))]
    assert words(user) == ["allowed", "explicitDeny", "allowed", "allowed"]
    assert words(group) == ["implicitDeny", "explicitDeny", "implicitDeny", "allowed"]
    assert words(role, ContextEntries=[{"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.1.1.1"], "ContextKeyType": "ip"}]) == ["implicitDeny"] * 4
    assert words(group, PolicyInputList=[document(allow("kms:Encrypt"))])[0] == "allowed"
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=role)["ContextKeyNames"] == ["aws:SourceIp"]
    refused("NoSuchEntity", 404, iam.simulate_principal_policy, PolicySourceArn=user + "x", ActionNames=actions)
    other, _ = new_user(server, iam, "not-simulating")
    refused("AccessDenied", 403, other.simulate_principal_policy, PolicySourceArn=user, ActionNames=actions)


def test_everything_that_decides(server, iam, account):  # noqa: F811
    new_user(server, iam, "detailed", allow("kms:Encrypt"))
    iam.put_user_policy(UserName="detailed", PolicyName="own", PolicyDocument=document(allow("kms:Sign")))
    iam.tag_user(UserName="detailed", Tags=[{"Key": "a", "Value": "b"}])
    iam.create_group(GroupName="detailed")
    iam.add_user_to_group(GroupName="detailed", UserName="detailed")
    iam.put_user_permissions_boundary(UserName="detailed", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    whole = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    pages = 0
    for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}):
        pages += 1
        assert sum(len(page[kind]) for kind in whole) <= 3
        for kind, all_of_it in whole.items():
            all_of_it.extend(page[kind])
    assert pages > 3
    user = next(u for u in whole["UserDetailList"] if u["UserName"] == "detailed")
    assert user["Arn"] == f"arn:aws:iam::{account}:user/detailed" and user["GroupList"] == ["detailed"] and user["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [(p["PolicyName"], p["PolicyDocument"]["Statement"][0]["Action"]) for p in user["UserPolicyList"]] == [("own", "kms:Sign")]
    assert user["AttachedManagedPolicies"] == [{"PolicyName": "detailed-may", "PolicyArn": f"arn:aws:iam::{account}:policy/detailed-may"}]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert {g["Arn"] for g in whole["GroupDetailList"]} >= {f"arn:aws:iam::{account}:group/detailed"}
    policy = next(p for p in whole["Policies"] if p["PolicyName"] == "detailed-may")
    assert policy["Arn"].endswith(":policy/detailed-may") and policy["PolicyVersionList"][0]["Document"] == json.loads(document(allow("kms:Encrypt")))
    assert any(p["Arn"] == "arn:aws:iam::aws:policy/AdministratorAccess" for p in whole["Policies"])
    names = [u["UserName"] for u in whole["UserDetailList"]]
    assert names == [u["UserName"] for u in iam.list_users(MaxItems=1000)["Users"]]
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert only["GroupDetailList"] and not only["UserDetailList"] and not only["Policies"]
    refused("ValidationError", 400, iam.get_account_authorization_details, Marker="nothing")
