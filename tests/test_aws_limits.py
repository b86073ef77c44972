"""IAM and STS by the limits of botocore's own model: each text that an offered action takes, at its longest, one beyond, one short of its
least, and with characters that are not its own. Where it is otherwise here a row says so, and why."""
import re

import pytest
from aws_form import ask_form
from conftest import ANY_PORTS, Server
from test_aws_iam import allow, clients, document, trust
from test_every_action import ELSEWHERE, model_of, offered
from test_foreign_names import METADATA, certificate

pytest.importorskip("botocore.session")

# how long it may be here, by parameter or by shape, and why that is not the model's number
LONGEST = {
    "policyDocumentType": (6144, "RAM's number: one policy is read on both wires"),
    "PolicyInputList": (32768, "what is simulated may be longer than what is kept"),
    "PermissionsBoundaryPolicyInputList": (32768, "what is simulated may be longer than what is kept"),
    "ResourcePolicy": (32768, "what is simulated may be longer than what is kept"),
    "policyDescriptionType": (1024, "RAM's number"), "roleDescriptionType": (1024, "RAM's number"),
    "tagValueType": (128, "RAM's number"),
    "markerType": (256, "markers made here are no longer"),
    "existingUserNameType": (64, "nobody has a longer name"),
    "encodedMessageType": (16384, "what a refusal says here is longer"),
    "SAMLMetadataDocumentType": (102400, "RAM's number"),
    **{f"Put{kind}Policy.PolicyDocument": (16384, "a policy of one's own is bounded by itself, and not with the holder's others") for kind in ("User", "Group", "Role")},
}
FORM, NOT_THERE, NO_POLICY = ("ValidationError",), ("NoSuchEntity",), ("MalformedPolicyDocument",)
ANYTHING = (None, "NoSuchEntity")  # taken, or the next thing is looked at
# which codes beside ValidationError tell it, by parameter or by shape, and why
LONGER = {
    "PolicyInputList": (NO_POLICY, "a document of a list is told as a document"), "PermissionsBoundaryPolicyInputList": (NO_POLICY, "as above"),
    "ActionNameType": ((None,), "an action nobody has is a question, too: it is answered, and allowed by a star alone"),
}
SHORTER = {
    "accessKeyIdType": (NOT_THERE, "what is too short to be there is not there"), "arnType": (NOT_THERE + ("InvalidInput",), "as above; a principal to ask about is told as such"),
    "serialNumberType": (NOT_THERE, "as above"), "ActionNameType": ((None,), "as above: a question"), "SAMLMetadataDocumentType": (("InvalidInput",), "it has no provider in it, whatever its length"),
}
CHARACTERS = {
    "accessKeyIdType": (NOT_THERE, "what cannot be there is not there"), "accountAliasType": (NOT_THERE, "as above, where one is taken away"), "policyVersionIdType": (NOT_THERE, "as above"),
    "policyNameType": (NOT_THERE, "as above, where one is read or taken away"), "serviceNamespaceType": ((None,), "nobody used such a service"),
    "markerType": ((None,), "lists that go by name go on behind whatever name is said"),
    "passwordType": (("PasswordPolicyViolation", "NoSuchEntity", "EntityAlreadyExists"), "a password is any text"),
    "policyDocumentType": (NO_POLICY, "a document is told as a document"), "sessionPolicyDocumentType": (NO_POLICY, "as above"),
    "roleDescriptionType": (ANYTHING, "a description is any text, as RAM has it"), "tagKeyType": (ANYTHING, "tags are any text, as RAM has them"), "tagValueType": (ANYTHING, "as above"),
}
LONGEST_AT_LAST = {
    "markerType": ((*FORM, *ANYTHING), "a marker that was not made here is refused where it cannot be one"), "tokenCodeType": (FORM + ("AccessDenied",), "a code without a device"),
}
# what is of no use at its longest: names in ARNs have limits of their own, and these are looked at as a whole
WHOLE = {"arnType", "ResourceNameType", "OpenIDConnectProviderUrlType", "SAMLMetadataDocumentType", "thumbprintType", "serialNumberType"}
# parameters and parts of them that are not offered: refused as such, however long they are
NOT_OFFERED = {("AssumeRole", "Tags"), ("CreateVirtualMFADevice", "Tags")} | {"Path", "NewPath", "PathPrefix", "PolicyArns", "ProviderId", "ResourceHandlingOption", "ResourceOwner", "TransitiveTagKeys"}


def row(table, of, otherwise):
    """What the table has under the first of these names that it has."""
    return next((table[name][0] for name in of if name in table), otherwise)


@pytest.fixture(scope="module")
def server():
    running = Server("--in-memory", *ANY_PORTS)
    yield running
    running.stop()


class World:
    """An account with one of everything under the name that requests here have."""

    def __init__(self, server):
        self.server = server
        iam, sts = clients(server)
        self.account = account = sts.get_caller_identity()["Account"]
        iam.create_user(UserName="name"), iam.create_group(GroupName="name"), iam.create_role(RoleName="name", AssumeRolePolicyDocument=trust(account))
        iam.create_policy(PolicyName="name", PolicyDocument=document(allow("kms:*")))
        iam.create_login_profile(UserName="name", Password="A-long-password-1")
        iam.put_user_policy(UserName="name", PolicyName="takes", PolicyDocument=document(allow("sts:AssumeRole")))
        key = iam.create_access_key(UserName="name")["AccessKey"]
        self.person = key["AccessKeyId"], key["SecretAccessKey"]
        self.metadata = METADATA % certificate()
        job = iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{account}:user/name")["JobId"]
        self.fixed = {
            "accountAliasType": "house", "ActionNameType": "kms:Encrypt", "authenticationCodeType": "123456", "tokenCodeType": "123456", "jobIDType": job, "thumbprintType": "a" * 40,
            "ContextKeyNameType": "aws:x", "OpenIDConnectProviderUrlType": "https://idp.example.org", "SAMLMetadataDocumentType": self.metadata, "passwordType": "A-long-password-1",
            "policyVersionIdType": "v1", "serviceNamespaceType": "kms", "policyDocumentType": document(allow("kms:*")), "sessionPolicyDocumentType": document(allow("kms:*")), "accessKeyIdType": key["AccessKeyId"],
            "AssumeRolePolicyDocument": trust(account), "serialNumberType": f"arn:aws:iam::{account}:mfa/name",
        }
        self.fixed |= {name: f"arn:aws:iam::{account}:policy/name" for name in ("PolicyArn", "PermissionsBoundary")} | {"RoleArn": f"arn:aws:iam::{account}:role/name"}
        self.fixed["OpenIDConnectProviderArn"] = iam.create_open_id_connect_provider(Url="https://name.example", ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
        self.fixed["SAMLProviderArn"] = iam.create_saml_provider(Name="name", SAMLMetadataDocument=self.metadata)["SAMLProviderArn"]
        self.fixed |= {"arnType": f"arn:aws:iam::{account}:user/name", "ResourceNameType": f"arn:aws:iam::{account}:user/name"}
        self.fresh = iter(range(10000))

    def value(self, name, shape):
        if name in self.fixed or shape.name in self.fixed:
            return self.fixed.get(name) or self.fixed[shape.name]
        return shape.enum[0] if shape.enum else {"string": "name", "boolean": "true", "integer": "1"}.get(shape.type_name, "x")

    def long(self, name, shape, length):
        """As long as that, and otherwise well: documents have spaces before their end, names go on."""
        if shape.name in ("policyDocumentType", "sessionPolicyDocumentType"):
            text = self.value(name, shape)
            return text[:-1] + " " * (length - len(text)) + "}"
        start = {"ActionNameType": "kms:", "ContextKeyNameType": "aws:", "passwordType": "A1-", "authenticationCodeType": "1", "tokenCodeType": "1"}.get(shape.name, f"n{next(self.fresh)}-")
        return start.ljust(length, "1" if shape.name in ("authenticationCodeType", "tokenCodeType") else "a")[:length]

    def request(self, service, action, path, text):
        """Well in everything but what is tried."""
        shape = model_of(service).operation_model(action).input_shape
        wanted = set(shape.required_members) | {path.split(".")[0]}
        renew = action.startswith("Create") and action not in ("CreateAccessKey", "CreateLoginProfile", "CreatePolicyVersion")
        sent = {each: self.value(name, leaf) for name in wanted for each, leaf in leaves(name, shape.members[name])
                if name in shape.required_members or "." in path}
        if renew:
            sent = {each: f"n{next(self.fresh)}" if value == "name" else value for each, value in sent.items()}
        if "Url" in sent:
            sent["Url"] = f"https://idp{next(self.fresh)}.example"
        return {**sent, path: text}

    def ask(self, service, action, path, text):
        who = self.person if action == "AssumeRole" else None
        status, answer = ask_form(self.server, service, action, self.request(service, action, path, text), who=who)
        code = re.search("<Code>(.*?)</Code>", answer)
        return status, code[1] if code else None


def leaves(path, shape):
    if shape.type_name == "list":
        yield from leaves(f"{path}.member.1", shape.member)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from leaves(f"{path}.{name}", member)
    else:
        yield path, shape


def texts(server):
    """Every text of every action that is offered; those that rename come last."""
    for service in ("iam", "sts"):
        for action in sorted(offered(server, service), key=lambda name: (name.startswith("Update"), name)):
            shape = model_of(service).operation_model(action).input_shape
            for name, member in (shape.members if shape else {}).items():
                for path, leaf in leaves(name, member):
                    if leaf.type_name == "string" and not {name, (action, name)} & NOT_OFFERED:
                        yield service, action, path, leaf


def tries(w, action, path, shape):
    """What is tried with a text: which limit, the value, and the codes that tell it; None: whatever is not about its form."""
    name, limits = path.split(".")[0], shape.metadata
    of = (f"{action}.{name}", name, shape.name)
    if "max" in limits:
        most = row(LONGEST, of, limits["max"])
        if shape.name not in WHOLE:
            yield "longest", w.long(name, shape, most), row(LONGEST_AT_LAST, of, None)
        yield "longer", w.long(name, shape, most + 1), FORM + row(LONGER, of, ())
    if limits.get("min", 0) > 1:
        yield "shorter", w.long(name, shape, limits["min"] - 1), FORM + row(SHORTER, of, ())
    if "pattern" in limits:
        yield "other characters", "\x07!*\u20ac".ljust(max(limits.get("min", 1), 4), "a")[:limits.get("max", 99)], FORM + row(CHARACTERS, of, ())


def test_each_text_at_its_limits(server):
    w, wrong, count, used = World(server), [], 0, set()
    for service, action, path, shape in texts(server):
        for what, text, codes in tries(w, action, path, shape):
            status, code = w.ask(service, action, path, text)
            count += 1
            used |= {(what, name) for name in (path.split(".")[0], shape.name) if code not in FORM}
            if action in ELSEWHERE and code == "IncompleteSignature":
                continue  # signed, and nobody signs these: that its length was looked at before is seen above
            if not (code not in FORM if codes is None else code in codes):
                wrong.append((action, path, shape.name, what, status, code))
    assert not wrong, "\n" + "\n".join(map(str, wrong))
    assert count > 650
    for what, table in (("longer", LONGER), ("shorter", SHORTER), ("other characters", CHARACTERS)):
        assert {name for name in table if (what, name) not in used} == set(), what


def test_external_ids_have_their_own_characters(server):
    """On either wire; what they are compared with is the role's trust policy."""
    iam, sts = clients(server)
    account = sts.get_caller_identity()["Account"]
    iam.create_user(UserName="caller")
    iam.put_user_policy(UserName="caller", PolicyName="takes", PolicyDocument=document(allow("sts:AssumeRole")))
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    iam.create_role(RoleName="outside", AssumeRolePolicyDocument=trust(account))
    who = key["AccessKeyId"], key["SecretAccessKey"]
    for right in ("ab", "Az09_+=,.@:/-", "x" * 1224):
        sent = {"RoleArn": f"arn:aws:iam::{account}:role/outside", "RoleSessionName": "session", "ExternalId": right}
        assert ask_form(server, "sts", "AssumeRole", sent, who=who)[0] == 200, right
        assert server.ask("AssumeRole", "2015-04-01", who[1], who[0], **{**sent, "RoleArn": f"acs:ram::{account}:role/outside"})[0] == 200, right
    for wrong in ("a", "a b", "a\u00fc", "a*", "a\tb", "a?b", "a\\b", "x" * 1225):
        sent["ExternalId"] = wrong
        status, answer = ask_form(server, "sts", "AssumeRole", sent, who=who)
        assert status == 400 and "<Code>ValidationError</Code>" in answer and "ExternalId" in answer, (wrong, answer)
        status, answer = server.ask("AssumeRole", "2015-04-01", who[1], who[0], **{**sent, "RoleArn": f"acs:ram::{account}:role/outside"})
        assert (status, answer["Code"]) == (400, "InvalidParameter.ExternalId"), (wrong, answer)


def test_a_group_has_a_name_as_long_as_aws_lets_it(server):
    iam, _ = clients(server)
    name = "g" * 128
    iam.create_user(UserName="member"), iam.create_group(GroupName=name)
    iam.add_user_to_group(UserName="member", GroupName=name)
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="member")["Groups"]] == [name]
    iam.put_group_policy(GroupName=name, PolicyName="own", PolicyDocument=document(allow("kms:ListKeys")))
    assert iam.simulate_principal_policy(PolicySourceArn=iam.get_group(GroupName=name)["Group"]["Arn"], ActionNames=["kms:ListKeys"])["EvaluationResults"][0]["EvalDecision"] == "allowed"
