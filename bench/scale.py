"""Parts of bench/run about many identities: what a hundred thousand users cost, listings of whole accounts, changes, grants, and what
coming in costs: roles, sessions, log-ins that fail."""

import http.client
import json
import statistics
import subprocess
import time

import boto3
from botocore.config import Config

from servers import BUILD, cpu_ns

RAM, STS = "2015-05-01", "2015-04-01"
ROLES = ("gateway", "core", "vault", "auditor")


def tell(report, what, found):
    report.line(f"{what}, CPU µs", f"{found.cpu_us:.0f}: {' '.join(f'{r} {found.cpu[r] * 1e6 / found.answers:.0f}' for r in ROLES)}")


def tell_memory(report, server):
    memory = server.memory()
    if memory is None:
        return
    total = sum(memory.values()) / 1e6
    report.at_most("memory of all processes (PSS), MB", f"{total:.1f}", total, 1000)
    report.line("  of it", ", ".join(f"{role} {b / 1e6:.1f}" for role, b in sorted(memory.items(), key=lambda x: -x[1])[:3]))


class Cost:
    """Server CPU and time of what is done inside the with block, so many times."""

    def __init__(self, server, times=1):
        self.server, self.times = server, times

    def used_ns(self):
        return {role: cpu_ns(process) for process, role in self.server.roles().items()}

    def __enter__(self):
        self.before, self.began = self.used_ns(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.took_ms = (time.monotonic() - self.began) * 1000 / self.times
        used = {role: ns - self.before.get(role, 0) for role, ns in self.used_ns().items()}
        self.cpu_ms = sum(used.values()) / 1e6 / self.times
        self.core_ms = used["core"] / 1e6 / self.times


def aws(server, service, access_key):
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{server.port}", region_name="cn-hangzhou", aws_access_key_id=access_key[0],
                        aws_secret_access_key=access_key[1], config=Config(retries={"max_attempts": 0}, read_timeout=60))


def pages(client, operation, key, **more):
    return sum(len(page[key]) for page in client.get_paginator(operation).paginate(**more))


# ---- a hundred thousand users

def users(bench):
    """Each with an access key, a key, two policies of its account's ten and one of its own, a boundary, a tag, and two groups with a policy
    each; a thousand to an account with a guard rail, where the shared key has a policy of its own."""
    count = 10000 if bench.is_quick else 100000
    server, key_file, r = bench.loose, bench.loose.folder / "users", bench.report
    server.prepare()
    server.stop()
    subprocess.run([BUILD / "bench" / "many_users", server.data, str(count), key_file], check=True)
    took_ms = server.start()
    r.head(f"A server with {count} users in {count // 1000} accounts, {count} keys, all kinds of policies in play")
    r.at_most("start to ready, ms", f"{took_ms:.0f}", took_ms, 5000)
    access_key = key_file.read_text().splitlines()[:2]
    one = server.folder / "one-user"
    one.write_text("\n".join(access_key) + "\n")
    words = ["rpc", "Encrypt", "/", "KeyId=alias/shared", "Plaintext=@1024"]
    rounds = [server.load(words, seconds=600, count=count, key_file=key_file) for _ in range(2)]
    rounds.append(server.load(words, seconds=2, count=count // 2, key_file=one))
    rounds.append(server.load(["rpc", "Encrypt", "/", f"KeyId={server.key_id}", "Plaintext=@1024"], seconds=1))
    for what, found in zip(("Encrypt by all of them in turn, once", "once more", "by one of them", "by a root, about whom nothing is to decide"), rounds):
        tell(r, what, found)
        r.line("  latency ms, p50 · p99", f"{found.p50_ms:.2f} · {found.p99_ms:.2f}")
    listings(bench, access_key, one)
    changes(bench, access_key)
    grants(bench, access_key, one)
    tell_memory(r, server)


def listings(bench, access_key, one):
    server, r = bench.loose, bench.report
    r.head("Listings of an account of 1000 users, 10 groups, 100 roles and 10 policies: CPU ms, of it core's")
    for action, *more in (("ListUsers", "MaxItems=1000"), ("ListUsersForGroup", "GroupName=group-3", "MaxItems=100"),
                          ("ListEntitiesForPolicy", "PolicyType=Custom", "PolicyName=team-3"), ("GetUser", "UserName=user-000077")):
        found = server.load(["rpc", action, "/", *more], connections=1, seconds=0.5, version=RAM, key_file=one)
        r.line(f"{action} {' '.join(more)}", f"{found.cpu_us / 1000:.2f} · {found.cpu['core'] * 1e3 / found.answers:.2f}")
    iam = aws(server, "iam", access_key)
    for what, ask in (("ListUsers by 100, to the end", lambda: pages(iam, "list_users", "Users", PaginationConfig={"PageSize": 100})),
                      ("GetGroup of 200 users by 20, to the end", lambda: pages(iam, "get_group", "Users", GroupName="group-3", PaginationConfig={"PageSize": 20})),
                      ("GetAccountAuthorizationDetails by 100, to the end",
                       lambda: pages(iam, "get_account_authorization_details", "UserDetailList", PaginationConfig={"PageSize": 100})),
                      ("GenerateCredentialReport", lambda: iam.generate_credential_report()["State"]),
                      ("GetCredentialReport, lines", lambda: len(iam.get_credential_report()["Content"].splitlines())),
                      ("GetAccountSummary", lambda: len(iam.get_account_summary()["SummaryMap"]))):
        with Cost(server) as cost:
            shown = ask()
        r.line(f"{what}: {shown}", f"{cost.cpu_ms:.1f} · {cost.core_ms:.1f}")


def changes(bench, access_key):
    server, r, times = bench.loose, bench.report, 20
    iam = aws(server, "iam", access_key)
    arn = f"arn:aws:iam::{access_key_account(server, access_key)}:policy/team-7"
    r.head("Changes there, one after the other: ms from request to answer · CPU ms · of it core's")

    def attach():
        iam.attach_user_policy(UserName="user-000003", PolicyArn=arn)
        iam.detach_user_policy(UserName="user-000003", PolicyArn=arn)

    def role(number=iter(range(1000000))):
        iam.create_role(RoleName=f"new-{next(number)}", AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn.replace(":policy/team-7", ":root")}, "Action": "sts:AssumeRole"}]}))
    for what, change, each in (("attaching and detaching a policy", attach, 2), ("CreateRole", role, 1)):
        with Cost(server, times * each) as cost:
            for _ in range(times):
                change()
        r.line(what, f"{cost.took_ms:.1f} · {cost.cpu_ms:.2f} · {cost.core_ms:.2f}")


def access_key_account(server, access_key):
    return aws(server, "sts", access_key).get_caller_identity()["Account"]


def grants(bench, access_key, one):
    """Ten thousand to one user on one key, of which each decrypts what belongs to one volume."""
    server, r = bench.loose, bench.report
    context = 'EncryptionContext={"app":"disks","volume":"vol-777"}'
    kms = aws(server, "kms", access_key)
    blob = json.loads(server.ask("rpc", "Encrypt", "/", "KeyId=alias/shared", "Plaintext=@32", context, key_file=one))["CiphertextBlob"]
    r.head("A key with 10000 grants to one user")
    words = ["rpc", "Decrypt", "/", f"CiphertextBlob={blob}", context]
    tell(r, "Decrypt, which one of them allows", server.load(words, seconds=1, key_file=one))
    words[-1] = context.replace("vol-777", "vol-x")
    tell(r, "Decrypt, which none of them allows", server.load(words, seconds=1, key_file=one, expected=403))
    key_id = kms.describe_key(KeyId="alias/shared")["KeyMetadata"]["KeyId"]
    user = f"arn:aws:iam::{access_key_account(server, access_key)}:user/user-000000"
    with Cost(server, 20) as cost:
        for i in range(10):
            made = kms.create_grant(KeyId=key_id, GranteePrincipal=user, Operations=["Decrypt"], Name=f"more-{i}")
            kms.revoke_grant(KeyId=key_id, GrantId=made["GrantId"])
    r.line("giving and ending one: ms · CPU ms · core's", f"{cost.took_ms:.1f} · {cost.cpu_ms:.2f} · {cost.core_ms:.2f}")


# ---- coming in

def people(bench):
    server, r = bench.loose, bench.report
    server.prepare()
    root = server.key_file.read_text().splitlines()
    account = access_key_account(server, root)
    iam = aws(server, "iam", root)
    iam.create_user(UserName="worker")
    iam.create_login_profile(UserName="worker", Password="Correct-horse-7")
    iam.put_user_policy(UserName="worker", PolicyName="all", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    worker = server.folder / "worker"
    worker.write_text(f"{key['AccessKeyId']}\n{key['SecretAccessKey']}\n")
    iam.create_role(RoleName="taken", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}]}))
    r.head("Coming in: requests/s at 64 connections · CPU µs of a request, by process")
    login = f"/?Action=Login&Version=2026-01-01&Format=JSON&Account={account}&UserName="
    parts = (("GetCallerIdentity", ["rpc", "GetCallerIdentity", "/"], {"version": STS, "key_file": worker}),
             ("AssumeRole", ["rpc", "AssumeRole", "/", f"RoleArn=acs:ram::{account}:role/taken", "RoleSessionName=session"], {"version": STS, "key_file": worker}),
             ("an unknown access key", ["rpc", "GetCallerIdentity", "/"], {"version": STS, "key_file": unknown(server), "expected": 400}),
             ("Login, wrong password, slowed", ["plain", "POST", f"{login}worker&Password=Wrong-horse-1"], {"expected": 429}),
             ("Login, no such user, slowed", ["plain", "POST", f"{login}nobody&Password=Wrong-horse-1"], {"expected": 429}))
    for name in ("worker", "nobody") * 12:  # what may be tried at once is used up
        post(server, f"{login}{name}&Password=Wrong-horse-1")
    for what, words, more in parts:
        found = [server.load(words, seconds=bench.seconds, **more) for _ in range(bench.pairs)]
        best = min(found, key=lambda s: s.cpu_us)
        each = " ".join(f"{role} {best.cpu[role] * 1e6 / best.answers:.0f}" for role in ROLES)
        r.line(what, f"{statistics.median(s.rate for s in found):.0f} · {best.cpu_us:.0f}: {each}")


def post(server, target):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", target)
    connection.getresponse().read()
    connection.close()


def unknown(server):
    path = server.folder / "unknown"
    path.write_text("LTAInobodynobody00000001\nNotASecretOnlyForBenchmarks0123\n")
    return path
