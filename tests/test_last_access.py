"""When somebody used what last: services and actions from the trail, access keys, roles, passwords; and the report of credentials."""
import csv
import io
import time

import pytest
from aws_form import totp
from conftest import ANY_PORTS, Server
from test_aws_iam import allow, clients, document, new_user, refused, trust


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def iam(server):
    return clients(server)[0]


@pytest.fixture(scope="module")
def account(server):
    return clients(server)[1].get_caller_identity()["Account"]


def kms_of(server, key):
    import boto3
    return boto3.client("kms", region_name="eu-west-1", endpoint_url=f"http://{server.http}", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key.get("SecretAccessKey"), aws_session_token=key.get("SessionToken"))


def finished(call, **arguments):
    """Until the job is done; a short trail is looked through at once."""
    for _ in range(50):
        told = call(**arguments)
        if told["JobStatus"] == "COMPLETED":
            return told
        assert told["JobStatus"] == "IN_PROGRESS", told
    raise AssertionError(told)


def services(iam, arn, granularity="SERVICE_LEVEL"):
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)["JobId"]
    assert len(job) == 36
    told = finished(iam.get_service_last_accessed_details, JobId=job)
    assert told["JobType"] == granularity and told["JobCompletionDate"] >= told["JobCreationDate"]
    return job, {each["ServiceNamespace"]: each for each in told["ServicesLastAccessed"]}


def now(moment):
    return abs(moment.timestamp() - time.time()) < 120


def test_who_is_not_there_and_what_is_no_job(iam, account):
    for arn in (f"arn:aws:iam::{account}:user/nobody", f"arn:aws:iam::{account}:role/nobody", f"arn:aws:iam::{account}:group/nobody",
                f"arn:aws:iam::{account}:policy/nothing", "arn:aws:iam::aws:policy/nothing", "arn:aws:iam::999999999999:user/somebody"):
        refused("NoSuchEntity", 404, iam.generate_service_last_accessed_details, Arn=arn)
    refused("ValidationError", 400, iam.generate_service_last_accessed_details, Arn=f"arn:aws:iam::{account}:root")
    for job in ("0" * 36, "../../../../../../../user/000000000000"[:36], "6b1b0f5c-1111-4111-8111-111111111111"):
        refused("NoSuchEntity", 404, iam.get_service_last_accessed_details, JobId=job)
        refused("NoSuchEntity", 404, iam.get_service_last_accessed_details_with_entities, JobId=job, ServiceNamespace="kms")


def test_services_of_a_user(server, iam, account):
    new_user(server, iam, "ann", allow(["kms:CreateKey", "kms:ListKeys", "kms:Encrypt"]), allow("s3:GetObject"))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    arn = f"arn:aws:iam::{account}:user/ann"
    before = services(iam, arn)[1]
    assert set(before) == {"kms", "s3"} and all("LastAuthenticated" not in each and each["TotalAuthenticatedEntities"] == 0 for each in before.values())
    kms = kms_of(server, key)
    kms.create_key()
    refused("AccessDeniedException", 400, kms.list_aliases)
    job, after = services(iam, arn, "ACTION_LEVEL")
    used = after["kms"]
    assert used["ServiceName"] == "AWS Key Management Service" and used["LastAuthenticatedEntity"] == arn and used["TotalAuthenticatedEntities"] == 1
    assert now(used["LastAuthenticated"]) and used["LastAuthenticatedRegion"] == "eu-west-1"
    assert [(a["ActionName"], a["LastAccessedEntity"]) for a in used["TrackedActionsLastAccessed"]] == [("CreateKey", arn)]  # what was refused is no use
    assert "LastAuthenticated" not in after["s3"]
    first = iam.get_service_last_accessed_details(JobId=job, MaxItems=1)
    assert first["IsTruncated"] and len(first["ServicesLastAccessed"]) == 1
    assert iam.get_service_last_accessed_details(JobId=job, Marker=first["Marker"])["IsTruncated"] is False
    # a job tells what was when it was done
    kms.list_keys()
    told = iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"]
    assert [a["ActionName"] for each in told for a in each.get("TrackedActionsLastAccessed", [])] == ["CreateKey"]
    other, _ = new_user(server, iam, "asks", allow("iam:GetUser"))
    refused("AccessDenied", 403, other.generate_service_last_accessed_details, Arn=arn)
    refused("AccessDenied", 403, other.get_service_last_accessed_details, JobId=job)


def test_roles_groups_and_policies(server, iam, account):
    """A role's sessions count for the role; a group's are its members', a policy's whoever has it."""
    policy = iam.create_policy(PolicyName="shared", PolicyDocument=document(allow(["kms:ListKeys", "kms:CreateKey"])))["Policy"]["Arn"]
    iam.create_group(GroupName="crew")
    iam.attach_group_policy(GroupName="crew", PolicyArn=policy)
    for name in ("joe", "kit"):
        new_user(server, iam, name, allow("sts:AssumeRole"))
        iam.add_user_to_group(GroupName="crew", UserName=name)
    iam.create_role(RoleName="shift", AssumeRolePolicyDocument=trust(account))
    iam.attach_role_policy(RoleName="shift", PolicyArn=policy)
    joe = iam.create_access_key(UserName="joe")["AccessKey"]
    kms_of(server, joe).list_keys()
    _, sts = clients(server, joe["AccessKeyId"], joe["SecretAccessKey"])
    session = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/shift", RoleSessionName="night")["Credentials"]
    assert iam.get_role(RoleName="shift")["Role"]["RoleLastUsed"] == {}
    kms_of(server, session).create_key()
    used = iam.get_role(RoleName="shift")["Role"]["RoleLastUsed"]
    assert now(used["LastUsedDate"]) and used["Region"] == "eu-west-1"
    role = services(iam, f"arn:aws:iam::{account}:role/shift", "ACTION_LEVEL")[1]["kms"]
    assert role["LastAuthenticatedEntity"] == f"arn:aws:iam::{account}:role/shift" and [a["ActionName"] for a in role["TrackedActionsLastAccessed"]] == ["CreateKey"]
    job, group = services(iam, f"arn:aws:iam::{account}:group/crew")
    assert group["kms"]["TotalAuthenticatedEntities"] == 1 and group["kms"]["LastAuthenticatedEntity"].endswith("user/joe")
    people = finished(iam.get_service_last_accessed_details_with_entities, JobId=job, ServiceNamespace="kms")["EntityDetailsList"]
    told = {each["EntityInfo"]["Name"]: each for each in people}
    assert set(told) == {"joe", "kit"} and now(told["joe"]["LastAuthenticated"]) and "LastAuthenticated" not in told["kit"]
    assert told["joe"]["EntityInfo"] == {"Arn": f"arn:aws:iam::{account}:user/joe", "Name": "joe", "Type": "USER", "Id": iam.get_user(UserName="joe")["User"]["UserId"]}
    # asked for entities first, the job goes on as well
    job = iam.generate_service_last_accessed_details(Arn=policy)["JobId"]
    holders = finished(iam.get_service_last_accessed_details_with_entities, JobId=job, ServiceNamespace="kms")["EntityDetailsList"]
    assert {(each["EntityInfo"]["Name"], each["EntityInfo"]["Type"]) for each in holders} == {("joe", "USER"), ("kit", "USER"), ("shift", "ROLE")}
    assert {each["ServiceNamespace"] for each in finished(iam.get_service_last_accessed_details, JobId=job)["ServicesLastAccessed"]} >= {"kms"}
    iam.detach_role_policy(RoleName="shift", PolicyArn=policy)
    iam.delete_role(RoleName="shift")
    refused("NoSuchEntity", 404, iam.generate_service_last_accessed_details, Arn=f"arn:aws:iam::{account}:role/shift")


def test_a_longer_trail_takes_more_than_one_look(server, iam, account):
    """The auditor stops after so many entries and goes on where it stopped."""
    def uses(token=None, **ids):
        more = {"NextToken": token} if token else {}
        status, answer = server.ask("ListLastUses", version="2026-01-01", **ids, **more)
        assert status == 200, answer
        return answer
    new_user(server, iam, "old", allow("kms:ListKeys"))
    key = iam.create_access_key(UserName="old")["AccessKey"]
    user = iam.get_user(UserName="old")["User"]["UserId"]
    kms_of(server, key).list_keys()
    told = uses(**{"PrincipalIds.1": user})
    assert [each["Action"] for each in told["Uses"]] == ["kms:ListKeys"] and "NextToken" not in told
    assert uses(**{"PrincipalIds.1": user, "StartTime": "2099-01-01T00:00:00Z"})["Uses"] == []
    assert uses(token="0", **{"PrincipalIds.1": user})["Uses"] == []  # from the oldest entry on: nothing
    assert uses(**{"PrincipalIds.1": "2", "PrincipalIds.2": "\"},\"principalId\":\""})["Uses"] == []
    for wrong in ({"PrincipalIds.1": user, "NextToken": "x"}, {"PrincipalIds.1": user, "NextToken": "-1"}, {}):
        status, answer = server.ask("ListLastUses", version="2026-01-01", **wrong)
        assert status == 400 and answer["Code"] in ("InvalidParameter", "MissingParameter"), answer
    # what a caller writes into a request cannot pass for a principal
    kms = kms_of(server, key)
    refused("AccessDeniedException", 400, kms.create_key, Description='","principalId":"' + account + '","eventName":"CreateKey')
    assert "kms:CreateKey" not in {each["Action"] for each in uses(**{"PrincipalIds.1": user})["Uses"]}


def report(iam):
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    told = iam.get_credential_report()
    assert told["ReportFormat"] == "text/csv" and told["GeneratedTime"]
    return {row["user"]: row for row in csv.DictReader(io.StringIO(told["Content"].decode()))}


def test_the_report_of_credentials(keyhold):
    server = keyhold.in_memory()
    iam, sts = clients(server)
    account = sts.get_caller_identity()["Account"]
    refused("ReportNotPresent", 410, iam.get_credential_report)
    iam.update_account_password_policy(MinimumPasswordLength=8, MaxPasswordAge=90)
    for name in ("plain", "with,comma", "people"):
        iam.create_user(UserName=name)
    iam.create_login_profile(UserName="people", Password="long-enough-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed, at = device["Base32StringSeed"].decode(), int(time.time())
    iam.enable_mfa_device(UserName="people", SerialNumber=device["SerialNumber"], AuthenticationCode1=totp(seed, at - 30), AuthenticationCode2=totp(seed, at))
    keys = [iam.create_access_key(UserName="plain")["AccessKey"] for _ in range(2)]
    iam.update_access_key(UserName="plain", AccessKeyId=keys[1]["AccessKeyId"], Status="Inactive")
    clients(server, keys[0]["AccessKeyId"], keys[0]["SecretAccessKey"])[1].get_caller_identity()
    rows = report(iam)
    assert set(rows) == {"<root_account>", "plain", "with,comma", "people"} and len(rows["plain"]) == 22
    assert rows["<root_account>"]["arn"] == f"arn:aws:iam::{account}:root" and rows["<root_account>"]["access_key_1_active"] == "true"
    plain, people = rows["plain"], rows["people"]
    assert (plain["password_enabled"], plain["mfa_active"], plain["access_key_1_active"], plain["access_key_2_active"]) == ("false", "false", "true", "false")
    assert plain["access_key_1_last_used_service"] == "sts" and plain["access_key_1_last_used_region"] == "us-east-1" and plain["access_key_1_last_used_date"].endswith("+00:00")
    assert plain["access_key_2_last_used_date"] == "N/A" and rows["with,comma"]["arn"] == f"arn:aws:iam::{account}:user/with,comma"
    assert (people["password_enabled"], people["mfa_active"], people["password_last_used"]) == ("true", "true", "no_information")
    assert people["password_next_rotation"] > people["password_last_changed"]
    # it stays as it was made for four hours
    iam.create_user(UserName="later")
    assert "later" not in report(iam)
    other, _ = new_user(server, iam, "asks", allow("iam:GetUser"))
    refused("AccessDenied", 403, other.generate_credential_report)
    refused("AccessDenied", 403, other.get_credential_report)


def test_keys_and_passwords(server, iam):
    new_user(server, iam, "keyed")
    key = iam.create_access_key(UserName="keyed")["AccessKey"]
    kms = kms_of(server, key)
    refused("AccessDeniedException", 400, kms.list_keys)
    told = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert told["ServiceName"] in ("kms", "N/A")
    iam.create_login_profile(UserName="keyed", Password="long-enough-1")
    assert "PasswordLastUsed" not in iam.get_user(UserName="keyed")["User"]
