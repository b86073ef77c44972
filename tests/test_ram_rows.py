"""RAM and STS row by row: how long and how many things may be, what is said when one is too long or one too many, what is answered. Each limit is
tried at its value and one beyond. Rows that are wider here on purpose say so."""
import json

import pytest
from conftest import ANY_PORTS, Server

RAM, STS = "2015-05-01", "2015-04-01"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ask(server):
    return lambda action, version=RAM, who=(None, None), **parameters: server.ask(action, version, who[1], who[0], **parameters)


@pytest.fixture(scope="module")
def must(ask):
    def call(action, version=RAM, **parameters):
        status, answer = ask(action, version, **parameters)
        assert status == 200, (action, answer)
        return answer
    return call


def statement(action="kms:List*", count=1):
    return {"Effect": "Allow", "Action": [f"{action}{'x' * 3}{n}" for n in range(count)] if count > 1 else action, "Resource": "*"}


def policy(length=None):
    """A document, of exactly that many characters."""
    text = json.dumps({"Version": "1", "Statement": [statement()]})
    return text if length is None else text[:-1] + " " * (length - len(text)) + "}"


def trust(account, length=None):
    text = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}]})
    return text if length is None else text[:-1] + " " * (length - len(text)) + "}"


@pytest.fixture(scope="module", autouse=True)
def people(server, must):
    account = must("GetCallerIdentity", STS)["AccountId"]
    must("CreateUser", UserName="u")
    must("CreateGroup", GroupName="g")
    must("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(account))
    must("CreatePolicy", PolicyName="p", PolicyDocument=policy())
    return account


COUNT = iter(range(10000))
# groups' names are as long as AWS's clients may make them, and not 64
# action, its other parameters, the parameter, the longest, and what is wrong with one that is longer
LENGTHS = [
    ("CreateUser", {}, "UserName", 64, "Length"), ("CreateUser", {"UserName": "NEW"}, "DisplayName", 128, "Length"), ("CreateUser", {"UserName": "NEW"}, "Comments", 128, "Length"),
    ("UpdateUser", {"UserName": "u"}, "NewDisplayName", 128, "Length"), ("UpdateUser", {"UserName": "u"}, "NewComments", 128, "Length"),
    ("CreateGroup", {}, "GroupName", 128, "Length"), ("CreateGroup", {"GroupName": "NEW"}, "Comments", 128, "Length"), ("UpdateGroup", {"GroupName": "g"}, "NewComments", 128, "Length"),
    ("CreateRole", {"AssumeRolePolicyDocument": "TRUST"}, "RoleName", 64, "Length"), ("CreateRole", {"RoleName": "NEW", "AssumeRolePolicyDocument": "TRUST"}, "Description", 1024, "Length"),
    ("UpdateRole", {"RoleName": "r"}, "NewDescription", 1024, "Length"), ("CreatePolicy", {"PolicyDocument": "POLICY"}, "PolicyName", 128, "Length"),
    ("CreatePolicy", {"PolicyName": "NEW", "PolicyDocument": "POLICY"}, "Description", 1024, "Length"), ("UpdatePolicyDescription", {"PolicyName": "p"}, "NewDescription", 1024, "Length"),
    ("SetAccountAlias", {}, "AccountAlias", 63, "Length"),
]


def filled(parameters, account):
    words = {"NEW": f"n{next(COUNT)}", "TRUST": trust(account), "POLICY": policy()}
    return {name: words.get(value, value) for name, value in parameters.items()}


@pytest.mark.parametrize("row", LENGTHS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_lengths(ask, people, row):
    action, more, field, most, fault = row
    text = ("n%d-" % next(COUNT)).ljust(most + 1, "x")
    status, answer = ask(action, **filled(more, people), **{field: text[:most + 1]})
    assert (status, answer["Code"]) == (400, f"InvalidParameter.{field}.{fault}"), answer
    status, answer = ask(action, **filled(more, people), **{field: text[:most]})
    assert status == 200, answer


def test_characters_count_and_not_bytes(ask):
    assert ask("CreateUser", UserName="wide", DisplayName="\u00fc" * 128)[0] == 200
    assert ask("UpdateUser", UserName="wide", NewDisplayName="\u00fc" * 129)[1]["Code"] == "InvalidParameter.NewDisplayName.Length"


@pytest.mark.parametrize("action,field,more,of", [("CreatePolicy", "PolicyDocument", {"PolicyName": "NEW"}, "policy"), ("CreatePolicyVersion", "PolicyDocument", {"PolicyName": "p"}, "policy"),
                                                  ("CreateRole", "AssumeRolePolicyDocument", {"RoleName": "NEW"}, "trust"), ("UpdateRole", "NewAssumeRolePolicyDocument", {"RoleName": "r"}, "trust")])
def test_documents(ask, people, action, field, more, of):
    """At most 6144 characters."""
    make = policy if of == "policy" else lambda length: trust(people, length)
    status, answer = ask(action, **filled(more, people), **{field: make(6145)})
    assert (status, answer["Code"]) == (400, f"InvalidParameter.{field}.Length"), answer
    assert ask(action, **filled(more, people), **{field: make(6144)})[0] == 200
    status, answer = ask(action, **filled(more, people), **{field: "{}"})
    assert (status, answer["Code"]) == (400, "MalformedPolicyDocument"), answer


NAMES = [("CreateUser", "UserName", {}), ("CreateGroup", "GroupName", {}), ("CreateRole", "RoleName", {"AssumeRolePolicyDocument": "TRUST"}), ("CreatePolicy", "PolicyName", {"PolicyDocument": "POLICY"}),
         ("CreateVirtualMFADevice", "VirtualMFADeviceName", {})]


@pytest.mark.parametrize("action,field,more", NAMES)
def test_characters_of_names(ask, people, action, field, more):
    for wrong in ("a b", "a/b", "\u00fc", "a:b", "a*", "a\tb", "..%2F"):
        status, answer = ask(action, **filled(more, people), **{field: wrong})
        assert (status, answer["Code"]) == (400, f"InvalidParameter.{field}.InvalidChars"), (wrong, answer)
    assert ask(action, **filled(more, people))[1]["Code"] == "MissingParameter"
    # wider than the cloud's own: what AWS's clients may call something has to have a name on this wire, too
    for right in ("Az-09.x", "a_b", "a@b", "a+b=c,d"):
        assert ask(action, **filled(more, people), **{field: right})[0] == 200, right


NUMBERS = [("CreateRole", {"RoleName": "NEW", "AssumeRolePolicyDocument": "TRUST"}, "MaxSessionDuration", 3600, 43200), ("UpdateRole", {"RoleName": "r"}, "NewMaxSessionDuration", 3600, 43200),
           ("ListUsers", {}, "MaxItems", 1, 1000), ("ListRoles", {}, "MaxItems", 1, 1000), ("ListPolicies", {}, "MaxItems", 1, 1000), ("ListUsersForGroup", {"GroupName": "g"}, "MaxItems", 1, 1000),
           ("SetPasswordPolicy", {}, "MinimumPasswordLength", 8, 32)]


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_numbers(ask, people, row):
    action, more, field, least, most = row
    for number in (least - 1, most + 1, "x", "1.5", "99999999999999999999"):
        status, answer = ask(action, **filled(more, people), **{field: number})
        assert (status, answer["Code"]) == (400, f"InvalidParameter.{field}.Format"), (number, answer)
    for number in (most, least):
        assert ask(action, **filled(more, people), **{field: number})[0] == 200, number


def test_groups_are_listed_by_the_thousand_as_well(ask):
    """The cloud's own takes 100 at most; AWS's clients ask for up to 1000, and there are no more than 50."""
    assert ask("ListGroups", MaxItems=1000)[0] == 200 and ask("ListGroups", MaxItems=1001)[1]["Code"] == "InvalidParameter.MaxItems.Format"


def refused(answer, status, code):
    assert (answer[0], answer[1].get("Code")) == (status, code), answer


def test_how_many(ask, must, people):
    """Two keys, five groups, ten and five custom policies, five versions, twenty tags, one device; fifty groups."""
    must("CreateUser", UserName="many")
    for _ in range(2):
        must("CreateAccessKey", UserName="many")
    refused(ask("CreateAccessKey", UserName="many"), 409, "LimitExceeded.User.AccessKey")
    for n in range(6):
        must("CreateGroup", GroupName=f"many-{n}")
        answer = ask("AddUserToGroup", UserName="many", GroupName=f"many-{n}")
        assert answer[0] == 200 if n < 5 else refused(answer, 409, "LimitExceeded.User.Group") is None
    must("CreateRole", RoleName="many", AssumeRolePolicyDocument=trust(people))
    for n in range(11):
        must("CreatePolicy", PolicyName=f"many-{n}", PolicyDocument=policy())
        for kind, holder, most, code in (("User", "many", 10, "LimitExceeded.User.Policy"), ("Group", "many-0", 5, "LimitExceeded.Group.Policy"), ("Role", "many", 5, "LimitExceeded.Role.Policy")):
            answer = ask(f"AttachPolicyTo{kind}", PolicyName=f"many-{n}", PolicyType="Custom", **{f"{kind}Name": holder})
            assert answer[0] == 200 if n < most else refused(answer, 409, code) is None, answer
    for n in range(2, 6):
        assert must("CreatePolicyVersion", PolicyName="many-0", PolicyDocument=policy())["PolicyVersion"]["VersionId"] == f"v{n}"
    refused(ask("CreatePolicyVersion", PolicyName="many-0", PolicyDocument=policy()), 409, "LimitExceeded.Policy.Version")
    refused(ask("CreatePolicyVersion", PolicyName="many-0", PolicyDocument=policy(), RotateStrategy="None"), 409, "LimitExceeded.Policy.Version")
    made = must("CreatePolicyVersion", PolicyName="many-0", PolicyDocument=policy(), RotateStrategy="DeleteOldestNonDefaultVersionWhenLimitExceeded")["PolicyVersion"]
    assert made["VersionId"] == "v6" and made["IsDefaultVersion"] is False
    tags = {f"Tag.{n + 1}.{part}": f"{part}{n}" for n in range(20) for part in ("Key", "Value")}
    for kind, name in (("user", "many"), ("role", "many"), ("policy", "many-1")):
        must("TagResources", ResourceType=kind, **{"ResourceNames.1": name}, **tags)
        refused(ask("TagResources", ResourceType=kind, **{"ResourceNames.1": name, "Tag.1.Key": "one-more", "Tag.1.Value": ""}), 409, "LimitExceeded.Tag")
    names = {f"ResourceNames.{n + 1}": f"x{n}" for n in range(51)}
    refused(ask("TagResources", ResourceType="user", **names, **{"Tag.1.Key": "a", "Tag.1.Value": ""}), 400, "InvalidParameter.ResourceNames.Format")
    there = len(must("ListGroups", MaxItems=100)["Groups"]["Group"])
    for n in range(50 - there):
        must("CreateGroup", GroupName=f"fill-{n}")
    refused(ask("CreateGroup", GroupName="fifty-first"), 409, "LimitExceeded.Group")


MISSING = [("GetUser", {"UserName": "-none"}, "User"), ("DeleteUser", {"UserName": "-none"}, "User"), ("GetGroup", {"GroupName": "-none"}, "Group"), ("GetRole", {"RoleName": "-none"}, "Role"),
           ("GetPolicy", {"PolicyName": "-none", "PolicyType": "Custom"}, "Policy"), ("GetPolicyVersion", {"PolicyName": "p", "PolicyType": "Custom", "VersionId": "v9"}, "Policy.Version"),
           ("DetachPolicyFromUser", {"UserName": "u", "PolicyName": "p", "PolicyType": "Custom"}, "User.Policy"), ("DetachPolicyFromGroup", {"GroupName": "g", "PolicyName": "p", "PolicyType": "Custom"}, "Group.Policy"),
           ("DetachPolicyFromRole", {"RoleName": "r", "PolicyName": "p", "PolicyType": "Custom"}, "Role.Policy"), ("RemoveUserFromGroup", {"UserName": "u", "GroupName": "g"}, "User.Group"),
           ("GetLoginProfile", {"UserName": "u"}, "User.LoginProfile"), ("DeleteAccessKey", {"UserName": "u", "UserAccessKeyId": "LTAIxxxxxxxxxxxxxxxxxxxx"}, "User.AccessKey"),
           ("GetUserMFAInfo", {"UserName": "u"}, "User.MFADevice"), ("UnbindMFADevice", {"UserName": "u"}, "User.MFADevice"), ("DeleteVirtualMFADevice", {"SerialNumber": "-none"}, "VirtualMFADevice")]


@pytest.mark.parametrize("action,parameters,what", MISSING)
def test_what_is_not_there(ask, action, parameters, what):
    refused(ask(action, **parameters), 404, f"EntityNotExist.{what}")


def test_what_is_there_already_and_what_is_still_in_use(ask, must, people):
    must("CreateUser", UserName="full")
    must("CreateGroup", GroupName="g") if ask("GetGroup", GroupName="g")[0] != 200 else None
    must("CreatePolicy", PolicyName="full", PolicyDocument=policy())
    for kind, name in (("User", "full"), ("Group", "g"), ("Role", "r")):
        attach = {"PolicyName": "full", "PolicyType": "Custom", f"{kind}Name": name}
        must(f"AttachPolicyTo{kind}", **attach)
        refused(ask(f"AttachPolicyTo{kind}", **attach), 409, f"EntityAlreadyExists.{kind}.Policy")
        refused(ask("DeletePolicy", PolicyName="full"), 409, f"DeleteConflict.Policy.{kind}")
        if kind != "User":
            refused(ask(f"Delete{kind}", **{f"{kind}Name": name}), 409, f"DeleteConflict.{kind}.Policy")
        must(f"DetachPolicyFrom{kind}", **attach)
    for action, parameters, code in (("CreateUser", {"UserName": "full"}, "User"), ("CreateGroup", {"GroupName": "g"}, "Group"), ("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": trust(people)}, "Role"),
                                     ("CreatePolicy", {"PolicyName": "full", "PolicyDocument": policy()}, "Policy")):
        refused(ask(action, **parameters), 409, f"EntityAlreadyExists.{code}")
    must("AddUserToGroup", UserName="full", GroupName="g")
    refused(ask("AddUserToGroup", UserName="full", GroupName="g"), 409, "EntityAlreadyExists.User.Group")
    refused(ask("DeleteGroup", GroupName="g"), 409, "DeleteConflict.Group.User")
    refused(ask("DeleteUser", UserName="full"), 409, "DeleteConflict.User.Group")
    must("RemoveUserFromGroup", UserName="full", GroupName="g")
    must("CreateLoginProfile", UserName="full", Password="a-long-password-1")
    refused(ask("CreateLoginProfile", UserName="full", Password="a-long-password-1"), 409, "EntityAlreadyExists.User.LoginProfile")
    refused(ask("UpdateLoginProfile", UserName="full", Password="short"), 400, "InvalidParameter.Password.TooWeak")
    refused(ask("DeleteUser", UserName="full"), 409, "DeleteConflict.User.LoginProfile")
    must("DeleteLoginProfile", UserName="full")
    key = must("CreateAccessKey", UserName="full")["AccessKey"]
    refused(ask("DeleteUser", UserName="full"), 409, "DeleteConflict.User.AccessKey")
    must("DeleteAccessKey", UserName="full", UserAccessKeyId=key["AccessKeyId"])
    must("CreatePolicyVersion", PolicyName="full", PolicyDocument=policy(), SetAsDefault="true")
    refused(ask("DeletePolicyVersion", PolicyName="full", VersionId="v2"), 409, "DeleteConflict.Policy.Version.Default")
    refused(ask("DeletePolicy", PolicyName="full"), 409, "DeleteConflict.Policy.Version")
    must("DeletePolicy", PolicyName="full", CascadingDelete="true")
    must("DeleteUser", UserName="full")


def test_sessions(ask, must, people):
    must("CreateUser", UserName="taker")
    key = must("CreateAccessKey", UserName="taker")["AccessKey"]
    must("CreatePolicy", PolicyName="taker", PolicyDocument=json.dumps({"Version": "1", "Statement": [statement("sts:AssumeRole")]}))
    must("AttachPolicyToUser", UserName="taker", PolicyName="taker", PolicyType="Custom")
    must("CreateRole", RoleName="taken", AssumeRolePolicyDocument=trust(people), MaxSessionDuration=43200)
    must("CreateRole", RoleName="brief", AssumeRolePolicyDocument=trust(people))
    who = key["AccessKeyId"], key["AccessKeySecret"]

    def assume(role="taken", RoleSessionName="session", **more):
        return ask("AssumeRole", STS, who=who, **{"RoleArn": f"acs:ram::{people}:role/{role}", "RoleSessionName": RoleSessionName, **more})
    text = json.dumps({"Version": "1", "Statement": [statement()]})
    for field, wrong, right, code in (("RoleSessionName", ("a", "x" * 65, "a b", "a/b"), ("ab", "x" * 64, "a.b@c_d-e"), "RoleSessionName"),
                                      ("DurationSeconds", (899, 43201, "x"), (900, 43200), "DurationSeconds"), ("ExternalId", ("a", "x" * 1225), ("ab", "x" * 1224), "ExternalId"),
                                      ("Policy", (text[:-1] + " " * (2049 - len(text)) + "}",), (text[:-1] + " " * (2048 - len(text)) + "}",), "PolicySize"), ("Policy", ("{}", "x"), (), "PolicyGrammar"),
                                      ("RoleArn", ("role/taken", f"acs:ram::{people}:user/u", "acs:oss::1:role/x"), (), "RoleArn")):
        for value in wrong:
            refused(assume(**{field: value}), 400, f"InvalidParameter.{code}")
        for value in right:
            assert assume(**{field: value})[0] == 200, (field, value)
    refused(assume("brief", DurationSeconds=3601), 400, "InvalidParameter.DurationSeconds")
    assert assume("brief", DurationSeconds=3600)[0] == 200
    answer = assume()[1]
    assert set(answer["Credentials"]) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"} and answer["Credentials"]["AccessKeyId"].startswith("STS.")
    role = must("GetRole", RoleName="taken")["Role"]["RoleId"]
    assert answer["AssumedRoleUser"] == {"Arn": f"acs:ram::{people}:role/taken/session", "AssumedRoleId": f"{role}:session"}
    refused(ask("AssumeRole", STS, RoleArn=f"acs:ram::{people}:role/taken", RoleSessionName="root"), 403, "NoPermission")  # the root takes no role on
    refused(assume("none"), 404, "EntityNotExist.Role")


def test_pages_go_on_by_name(must):
    for n in range(5):
        must("CreateUser", UserName=f"zz-{n}")
    seen, marker = [], None
    while True:
        page = must("ListUsers", MaxItems=2, **({"Marker": marker} if marker else {}))
        seen += [each["UserName"] for each in page["Users"]["User"]]
        if not page["IsTruncated"]:
            assert "Marker" not in page
            break
        marker = page["Marker"]
    assert seen == sorted(seen) and len(seen) == len(set(seen)) and {f"zz-{n}" for n in range(5)} <= set(seen)
