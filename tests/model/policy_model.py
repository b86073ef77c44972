#!/usr/bin/env python3
"""A second policy evaluator, slow and obvious, compared with the one in C on random cases.

usage: policy_model.py PROBE [--cases N] [--seed S]

PROBE is the program policy_probe. The model follows the grammar of src/access/policy.h directly over the JSON values: wildcards
become regular expressions, numbers are fractions, addresses come from the ipaddress module. Documents of both clouds are made.
A case is some identity policies, or a resource policy or a role's trust policy and its caller, or all kinds of policies weighed
together. What no case had (an operator, a quantifier, a kind of principal, a decision) fails the run.
"""
import argparse
import datetime
import ipaddress
import json
import random
import re
import subprocess
import sys
from decimal import Decimal

# Canonical name of a key: what it may also be called. A name that ends in / goes on with one of the user's own.
KEYS = {"acs:CurrentTime": ["aws:CurrentTime"], "aws:EpochTime": [], "acs:SecureTransport": ["aws:SecureTransport"],
        "acs:SourceIp": ["aws:SourceIp"], "acs:MFAPresent": ["aws:MultiFactorAuthPresent"], "acs:UserAgent": ["aws:UserAgent"],
        "acs:AccessId": [], "acs:PrincipalARN": ["aws:PrincipalArn"], "acs:UserName": ["aws:username"], "oss:Prefix": ["s3:prefix"],
        "oss:Delimiter": ["s3:delimiter"], "acs:ResourceTag/": ["kms:tag/", "aws:ResourceTag/"], "acs:TagKeys": ["aws:TagKeys"]}

# What the actions of the cases are also called, in lower case.
TWINS = {"oss:getobject": ["s3:getobject"], "oss:listobjects": ["s3:listbucket"], "ram:createuser": ["iam:createuser"],
         "ram:attachpolicytouser": ["iam:attachuserpolicy"], "kms:getsecretvalue": ["secretsmanager:getsecretvalue"],
         "sts:assumerolewithoidc": ["sts:assumerolewithwebidentity"], "oss:encrypt": ["s3:encrypt"], "ram:encrypt": ["iam:encrypt"], "kms:reencryptto": ["kms:reencrypt"]}
ARN_KEYS = {"acs:PrincipalARN"}
SERVICES_ALSO = {"oss": ["s3"], "ram": ["iam", "sts"]}


# What the cases had, each with how it came out.
seen = set()


def note(what, outcome):
    seen.add((what, bool(outcome)))
    return outcome


# ---- the model

def as_list(value):
    return value if isinstance(value, list) else [value]


def wildcard(pattern, text):
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def ascii_lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def key_name(name):
    for canonical, others in KEYS.items():
        for known in [canonical] + others:
            if known.endswith("/") and name.lower().startswith(known.lower()) and len(name) > len(known):
                return canonical + name[len(known):]
            if name.lower() == known.lower():
                return canonical
    issuer, _, claim = name.rpartition(":")  # what a token says, under its issuer's own name: a host, so there is a dot
    if claim in ("aud", "sub", "oaud") and "." in issuer.split("/")[0]:
        return "oidc:of:" + name
    return name


class Unresolved(Exception):
    pass


def expression(pattern, request, is_glob=True):
    """The pattern as a regular expression, its variables filled in."""
    def value(inside):
        if inside in ("*", "?", "$"):
            return inside
        name, _, fallback = inside.partition(",")
        found = request["context"].get(key_name(name.strip()), [])
        if note("variable", len(found) == 1):
            return found[0]
        if not note("default", fallback):
            raise Unresolved(inside)
        return fallback.strip()[1:-1]

    out = ""
    for piece in re.split(r"(\$\{[^}]*\})", pattern) if request["version"] != "2008-10-17" else [pattern]:
        if piece.startswith("${") and request["version"] != "2008-10-17":
            out += re.escape(value(piece[2:-1]))
        else:
            out += "".join(".*" if is_glob and c == "*" else "." if is_glob and c == "?" else re.escape(c) for c in piece)
    return out


def template(pattern, text, request, is_glob=True, flags=0):
    try:
        return re.fullmatch(expression(pattern, request, is_glob), text, re.DOTALL | flags) is not None
    except Unresolved:
        request["unresolved"] = True
        return False


def action_matches(pattern, action, request):
    if pattern == "*":
        return True
    wanted = ascii_lower(pattern).split(":", 1)
    names = [ascii_lower(action)] + TWINS.get(ascii_lower(action), [])
    return any(all(wildcard(w, g) for w, g in zip(wanted, name.split(":", 1))) for name in names)


def cut(pattern):
    """The pieces of a name, cut at colons outside of variables."""
    out, depth, piece = [], 0, ""
    for c in pattern:
        depth += (c == "{") - (c == "}")
        if c == ":" and not depth:
            out.append(piece)
            piece = ""
        else:
            piece += c
    return out + [piece]


def resource_matches(pattern, resource, request):
    if pattern == "*":
        return True
    wanted = cut(pattern)
    if wanted[0] == "arn":
        wanted = wanted[1:]
        if wanted[3] == "aws":
            wanted[3] = "system"
    service, region, account = wanted[1:4]
    relative = ":".join(wanted[4:])
    given = resource.split(":", 4)
    if service == "secretsmanager" and relative.startswith("secret:"):
        relative = "secret/" + re.sub(r"(?<=.)-[A-Za-z0-9?]{6}$", "", relative[7:])
    names = [ascii_lower(given[1])] + SERVICES_ALSO.get(ascii_lower(given[1]), [])
    if ascii_lower(given[1]) == "kms" and given[4].startswith("secret/"):
        names.append("secretsmanager")
    return (template(relative, given[4], request) and any(wildcard(ascii_lower(service), name) for name in names)
            and template(account or "*", given[3], request)
            and wildcard(ascii_lower(region) or "*", ascii_lower(given[2])))


def number(text):
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", text):
        raise ValueError(text)
    return Decimal(text)


def date(text):
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        text += "T00:00:00Z"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII):
        raise ValueError(text)
    return datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00")).timestamp()


def truth(text):
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def address(text):
    found = ipaddress.ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def in_network(text, given):
    network = ipaddress.ip_network(text, strict=False)
    mapped = network.version == 6 and network.prefixlen >= 96 and network.network_address.ipv4_mapped
    if mapped:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")
    return given.version == network.version and given in network


RELATIONS = {"Equals": lambda a, b: a == b, "LessThan": lambda a, b: a < b, "LessThanEquals": lambda a, b: a <= b,
             "GreaterThan": lambda a, b: a > b, "GreaterThanEquals": lambda a, b: a >= b}

def same_arn(given, wanted, request):
    if not re.fullmatch(r"acs:[A-Za-z0-9-]+:[A-Za-z0-9*-]*:[0-9*]*:.+", given, re.ASCII):
        return False
    return resource_matches(wanted, given, request)


TESTS = {"StringEquals": lambda g, w, r: template(w, g, r, False),
         "StringEqualsIgnoreCase": lambda g, w, r: template(w, g, r, False, re.IGNORECASE | re.ASCII),
         "StringLike": lambda g, w, r: template(w, g, r), "Bool": lambda g, w, r: truth(g) == truth(w),
         "IpAddress": lambda g, w, r: in_network(w, address(g)), "BinaryEquals": lambda g, w, r: g == w,
         "ArnEquals": same_arn, "ArnLike": same_arn}
for name, relation in RELATIONS.items():
    TESTS["Numeric" + name] = lambda g, w, r, relation=relation: relation(number(g), number(w))
    TESTS["Date" + name] = lambda g, w, r, relation=relation: relation(date(g), date(w))

NEGATIONS = {"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase", "StringNotLike": "StringLike",
             "NumericNotEquals": "NumericEquals", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike", "DateNotEquals": "DateEquals", "NotIpAddress": "IpAddress"}


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def value_matches(operator, given, wanted, request):
    try:
        return TESTS[operator](given, text_of(wanted), request)
    except ValueError:
        return False


def condition_holds(operator, key, wanted, request):
    holds = condition_outcome(operator, key, wanted, request)
    quantifier, _, name = operator.rpartition(":")
    note(name.removesuffix("IfExists"), holds)
    note(quantifier or "no quantifier", holds)
    note("IfExists" if name.endswith("IfExists") else "no IfExists", holds)
    return holds


def condition_outcome(operator, key, wanted, request):
    name = key_name(key)
    given = request["context"].get(name, [])
    if name in ARN_KEYS and "String" in operator:
        wanted = [re.sub("^acs:ram::aws:", "acs:ram::system:", re.sub(r"^(arn:aws:(iam|sts):|acs:ram:\*?:)", "acs:ram::" if w.startswith("acs") else "acs:ram:", w))
                  for w in wanted]
    if operator == "Null":
        return any(truth(text_of(w)) == (not given) for w in wanted)
    quantifier, _, operator = operator.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negated = operator in NEGATIONS
    operator = NEGATIONS.get(operator, operator)
    if not given:
        return if_exists or quantifier == "ForAllValues" or (negated and not quantifier)
    matching = [any(value_matches(operator, g, w, request) for w in wanted) for g in given]
    if quantifier == "ForAllValues":
        return not any(matching) if negated else all(matching)
    if quantifier == "ForAnyValue":
        return not all(matching) if negated else any(matching)
    return any(matching) != negated


def principal_reach(who, request, allows):
    """How one principal reaches the caller: 2 by name, 1 through the account, 0 not at all. Everybody is nobody from elsewhere when it
    comes to giving; a name is whoever had it when the policy was set."""
    return note(who[0], principal_outcome(who, request, allows))


def principal_outcome(who, request, allows):
    family, name = who
    caller = request["caller"]
    if family == "Service":
        return 2 if name == caller.get("service") else 0
    if family == "Federated":
        return 2 if re.sub("^arn:aws:iam:", "acs:ram:", name) == caller.get("federated") else 0
    if name == "*":
        return 0 if allows and request.get("foreign") else 2
    name = re.sub("^arn:aws:(iam|sts):", "acs:ram:", name)
    if name == caller.get("id"):
        return 2
    account = re.fullmatch(r"(?:acs:ram::)?([0-9]+)(?::(?:root|\*))?", name)
    if account:
        if account[1] != caller.get("account"):
            return 0
        return 2 if caller["arn"].endswith(":root") else 1
    if name not in (caller.get("arn"), caller.get("role")):
        return 0
    bound = request.get("bound")
    bearer = re.sub("^(acs:ram::[0-9]+:)assumed-role/([^/]*)/.*", r"\1role/\2", name)
    return 2 if bound is None or (bearer in bound and bound[bearer] == caller.get("id")) else 0


def principals_of(value):
    if isinstance(value, dict):
        return [(family, name) for family, names in value.items() for name in as_list(names)]
    return [("RAM", name) for name in as_list(value)]


def reach(statement, request):
    """0: the statement does not apply; otherwise how well it reaches the caller."""
    found = 2
    if "Principal" in statement:
        allows = statement["Effect"] == "Allow"
        found = max(principal_reach(who, request, allows) for who in principals_of(statement["Principal"]))
    if "NotPrincipal" in statement:
        found = 0 if max(principal_reach(who, request, False) for who in principals_of(statement["NotPrincipal"])) == 2 else 2

    def chosen(name, matches, subject):
        if name not in statement and "Not" + name not in statement:
            return True
        if name in statement:
            return any([matches(p, subject, request) for p in as_list(statement[name])])
        return not any([matches(p, subject, request) for p in as_list(statement["Not" + name])])

    def resource_fits():
        request["unresolved"] = False
        fits = chosen("Resource", resource_matches, request["resource"])
        return fits and not (request["unresolved"] and statement["Effect"] == "Allow" and "NotResource" in statement)

    for name in ("NotPrincipal", "NotAction", "NotResource", "Sid"):
        note(name, name in statement)
    applies = (found and chosen("Action", action_matches, request["action"]) and resource_fits()
               and all(condition_holds(operator, key, as_list(wanted), request)
                       for operator, keys in statement.get("Condition", {}).items() for key, wanted in keys.items()))
    note(request["version"], applies)
    return found if applies else 0


def prepared(request, policy):
    now = datetime.datetime.fromtimestamp(request["now"], datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    context = dict(request["conditions"], **{"acs:CurrentTime": [now], "aws:EpochTime": [str(request["now"])]})
    return dict(request, context=context, version=policy["Version"])


def decide(policies, request):
    for effect, name in (("Deny", "explicit"), ("Allow", "allow")):
        for p, policy in enumerate(policies):
            for s, statement in enumerate(as_list(policy["Statement"])):
                if statement["Effect"] == effect and reach(statement, prepared(request, policy)):
                    return f"{name} {p} {s}"
    return "implicit"


def consult(policy, request):
    found = [(s, statement["Effect"], reach(statement, prepared(request, policy))) for s, statement in enumerate(as_list(policy["Statement"]))]
    denying = [s for s, effect, how in found if effect == "Deny" and how]
    if denying:
        return f"explicit 0 {denying[0]}"
    for wanted, name in ((2, "caller"), (1, "account")):
        allowing = [s for s, effect, how in found if effect == "Allow" and how == wanted]
        if allowing:
            return f"allow-{name} 0 {allowing[0]}"
    return "implicit"


def weigh(policies, request, parts):
    """All kinds of policies together: (decision, the kind that decided)."""
    rest = list(policies)

    def take(count):
        taken, rest[:count] = rest[:count], []
        return taken

    rails, identity, sessions = take(parts["rails"]), take(parts["identity"]), take(parts["session"])
    boundary, resource = take(parts["boundary"]), take(parts["resource"])
    own = not parts["foreign"]
    said = consult(resource[0], dict(request, foreign=not own)).split()[0] if resource else "implicit"
    reach_ = {"allow-caller": 2, "allow-account": 1}.get(said, 0)
    if not resource and parts["key"] and own:
        reach_ = 1
    is_owners_own = parts["root"] and parts["about"] and own

    def says(some):
        return decide(some, request).split()[0]

    # a deny anywhere
    for name, some in [("GuardRail", rails[:1]), ("GuardRail", rails[1:]), ("SessionPolicy", sessions), ("PermissionBoundary", boundary), ("IdentityPolicy", identity)]:
        if says(some) == "explicit":
            return f"explicit {name}"
    if said == "explicit" and not is_owners_own:
        return "explicit ResourcePolicy"
    # ceilings
    if any(says([each]) != "allow" for each in rails):
        return "implicit GuardRail"
    if boundary and says(boundary) != "allow":
        return "implicit PermissionBoundary"
    if any(says([each]) != "allow" for each in sessions):
        return "implicit SessionPolicy"
    # who gives it
    gives = parts["root"] or says(identity) == "allow"
    by = "Owner" if parts["root"] else "IdentityPolicy"
    if own:
        if is_owners_own:
            return "allow Owner"
        if reach_ == 2:
            return "allow ResourcePolicy"
        counts = not parts["key"] or reach_ == 1 or parts["grant"] == 1
        if counts and gives:
            return f"allow {by}"
        if parts["grant"] == 2:
            return "allow Grant"
        return "implicit None" if counts else "implicit ResourcePolicy"
    if not gives:
        return "implicit None"
    if not reach_ and not parts["grant"]:
        return "implicit ResourcePolicy"
    return "allow ResourcePolicy" if reach_ else "allow Grant"


# ---- random cases, from few words so that matches are frequent

SERVICES = ["kms", "oss", "ram", "KMS", "s3", "iam"]
ACTIONS = ["kms:Encrypt", "kms:Decrypt", "oss:GetObject", "OSS:getobject", "oss:ListObjects", "ram:CreateUser", "kms:ReEncryptTo",
           "ram:AttachPolicyToUser", "kms:GetSecretValue", "KMS:E", "oss:Encrypt", "ram:Encrypt"]
NAMES = ["Encrypt", "Decrypt", "GetObject", "getobject", "ListObjects", "ListBucket", "ReEncrypt", "E", "CreateUser", "AttachUserPolicy",
         "GetSecretValue"]
REGIONS = ["cn-hangzhou", "CN-Hangzhou", "*", ""]
ACCOUNTS = ["1234", "5678", "*", ""]
RELATIVES = ["key/a", "key/A", "key/ab", "b", "b/k", "b/x:y/k", "b/日本", "user/*", "a" * 40, "ab?b", "secret/db"]
WORDS = ["${aws:username}", "${acs:UserName}", "${*}", "${?}", "${$}", "${kms:tag/t}", "${aws:username, 'b'}", "${aws:EpochTime}"]
NAMED = ["acs:ram::1234:user/a", "acs:ram::1234:root", "acs:ram::5678:assumed-role/r/s", "acs:ram::5678:role/r", "acs:ram::1234:role/R"]
TEXTS = ["", "a", "A", "ab", "aab", "b/k", "日本", "ab*", "1.5", "true"]
NUMBERS = ["0", "-0", "1", "1.5", "01.50", "-1.5", "-1.2", "2", "999999999999999999", "0.000000001", "1e3", "x"]
DATES = ["2024-05-20T06:34:21Z", "2024-05-20T14:34:21+08:00", "2024-05-20T06:34:22Z", "2023-01-01T00:00:00.9Z", "1970-01-01T00:00:00Z"]
ADDRESSES = ["10.1.2.3", "11.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "2001:db9::1", "::1", "none"]
NETWORKS = ["10.0.0.0/8", "10.1.2.3", "10.1.2.77/25", "0.0.0.0/0", "::/0", "2001:db8::/32", "::ffff:10.0.0.0/104", "2001:db8::/33"]
TRUTHS = ["true", "false", "True"]


def blurred(rng, text):
    """The text, or a pattern near it."""
    if rng.random() < 0.4 or not text:
        return text
    at = rng.randrange(len(text) + 1)
    end = rng.randint(at, len(text))
    pattern = text[:at] + rng.choice(["*", "*", "?", "**"]) + text[end:]
    return blurred(rng, pattern) if rng.random() < 0.3 else pattern


def with_variables(rng, text):
    if rng.random() < 0.85:
        return text
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(WORDS) + text[rng.randint(at, len(text)):]


def action_pattern(rng):
    if rng.random() < 0.1:
        return "*"
    if rng.random() < 0.3:
        return rng.choice(ACTIONS)
    return (blurred(rng, rng.choice(SERVICES + ["secretsmanager"])) or "*") + ":" + (blurred(rng, rng.choice(NAMES)) or "*")


def resource_pattern(rng):
    if rng.random() < 0.2:
        return "*"
    parts = [blurred(rng, rng.choice(words)) for words in (SERVICES, REGIONS, ACCOUNTS, RELATIVES)]
    parts[0], parts[3] = parts[0] or "*", with_variables(rng, parts[3]) or "*"
    if rng.random() < 0.6:
        return "acs:" + ":".join(parts)
    if rng.random() < 0.1:
        return "arn:aws:secretsmanager:*:*:secret:" + rng.choice(["db", "db-??????", "db-a1b2c3", "d*", "db-"])
    if parts[0].lower() not in ("iam", "s3") and not set("*?") & set(parts[0]):
        parts[1], parts[2] = parts[1] or "*", parts[2] or "*"
    if rng.random() < 0.1:
        parts[2] = "aws"
    return rng.choice(["arn:aws:", "arn:aws-cn:", "arn:*:"]) + ":".join(parts)


def arn_pattern(rng):
    name = with_variables(rng, blurred(rng, rng.choice(NAMED)))
    ok = re.fullmatch(r"acs:[a-z*?]+:[a-z*?]*:[0-9*?]*:.+", name)
    return name if ok else "*"


def aws_form(rng, name):
    return re.sub("^acs:ram:", "arn:aws:iam:", name) if rng.random() < 0.5 else name


SERVICES_WHO = ["oss.keyhold", "rds.aliyuncs.com"]
PROVIDERS = ["acs:ram::1234:oidc-provider/p", "acs:ram::1234:saml-provider/p", "acs:ram::5678:oidc-provider/p"]


def principals(rng):
    name = rng.choice(["*", "1234", "5678", "9", "77", "88", "acs:ram::1234:*", "acs:ram::9:user/b"] + NAMED)
    if name == "*" and rng.random() < 0.5:
        return "*"
    if rng.random() < 0.2:
        return [rng.choice(["*", "1234", "5678"])]
    families = {rng.choice(["AWS", "RAM"]): few(rng, lambda r: aws_form(r, r.choice([name, "9"]))),
                "Service": few(rng, lambda r: r.choice(SERVICES_WHO)), "Federated": few(rng, lambda r: aws_form(r, r.choice(PROVIDERS)))}
    kept = [family for family in families if rng.random() < (0.7 if family in ("AWS", "RAM") else 0.25)] or list(families)[:1]
    return {family: families[family] for family in kept}


def few(rng, make, most=3):
    items = [make(rng) for _ in range(rng.randint(1, most))]
    return items[0] if len(items) == 1 and rng.random() < 0.5 else items


OPERATOR_FAMILIES = [
    (["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"], ["acs:AccessId", "kms:tag/t", "aws:ResourceTag/t"],
     TEXTS + WORDS),
    (["StringLike", "StringNotLike"], ["oss:Prefix", "s3:prefix", "kms:tag/t", "acs:CurrentTime"], TEXTS + ["*", "?", "a*b", "2024*"] + WORDS),
    (["StringLike", "StringNotEquals"], ["aws:PrincipalArn"], NAMED + ["arn:aws:iam::1234:*", "*user*"]),
    (["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], ["aws:PrincipalArn", "acs:principalarn"], arn_pattern),
    (["BinaryEquals"], ["kms:tag/b"], ["QQ==", "QUI=", ""]),
    (["Numeric" + r for r in RELATIONS] + ["NumericNotEquals"], ["kms:tag/n", "aws:EpochTime"], [n for n in NUMBERS if n not in ("1e3", "x")] + ["1716186861"]),
    (["Date" + r for r in RELATIONS] + ["DateNotEquals"], ["acs:CurrentTime", "ACS:currenttime", "aws:CurrentTime", "aws:EpochTime", "kms:tag/d"],
     DATES + ["2024-05-20", "1716186861"]),
    (["Bool"], ["acs:SecureTransport", "acs:mfapresent", "aws:MultiFactorAuthPresent"], TRUTHS + [True, False]),
    (["IpAddress", "NotIpAddress"], ["acs:SourceIp", "aws:SourceIp", "kms:tag/ip"], NETWORKS),
    (["Null"], ["acs:MFAPresent", "kms:tag/t", "acs:CurrentTime"], TRUTHS + [True, False]),
]


def condition(rng):
    block = {}
    for _ in range(rng.randint(1, 2)):
        operators, keys, values = rng.choice(OPERATOR_FAMILIES)
        operator = rng.choice(operators)
        if operator != "Null":
            operator = rng.choice(["", "", "", "ForAnyValue:", "ForAllValues:"]) + operator + rng.choice(["", "", "IfExists"])
        made = values if callable(values) else lambda r, v=values: r.choice(v)
        block.setdefault(operator, {})[rng.choice(keys)] = few(rng, made)
    return block


def trust_action_pattern(rng):
    return "sts:" + (blurred(rng, rng.choice(TRUSTED)[4:]) or "*")


def statement(rng, kind):
    made = {"Effect": rng.choice(["Allow", "Allow", "Deny"])}
    if rng.random() < 0.1:
        made["Sid"] = "s"
    made[rng.choice(["Action", "Action", "NotAction"])] = few(rng, trust_action_pattern if kind == "trust" else action_pattern)
    if kind != "trust":
        made[rng.choice(["Resource", "Resource", "NotResource"])] = few(rng, resource_pattern)
    if rng.random() < 0.6:
        made["Condition"] = condition(rng)
    if kind != "identity":
        made["NotPrincipal" if made["Effect"] == "Deny" and rng.random() < 0.5 else "Principal"] = principals(rng)
    return made


def document(rng, kind):
    statements = [statement(rng, kind) for _ in range(rng.randint(1, 4))]
    is_bare = len(statements) == 1 and rng.random() < 0.3
    return {"Version": rng.choice(["1", "2012-10-17", "2012-10-17", "2008-10-17"]), "Statement": statements[0] if is_bare else statements}


CALLERS = [{"account": "1234", "arn": "acs:ram::1234:user/a", "id": "77"}, {"account": "1234", "arn": "acs:ram::1234:root", "id": "1234"},
           {"account": "5678", "arn": "acs:ram::5678:assumed-role/r/s", "role": "acs:ram::5678:role/r", "id": "88"}]
STRANGERS = [{"service": "oss.keyhold"}, {"federated": PROVIDERS[0]}, {"federated": PROVIDERS[1]}]
TRUSTED = ["sts:AssumeRole", "sts:AssumeRoleWithOIDC", "sts:AssumeRoleWithSAML"]

# Whom names meant when the policy was set: not asked about, the very callers, or somebody else and nobody.
BOUND = [None, None, {"acs:ram::1234:user/a": "77", "acs:ram::5678:role/r": "88"}, {"acs:ram::1234:user/a": "78"}, {}]


PARTS = {"rails": [0, 0, 0, 1, 2], "identity": [0, 1, 2, 2], "session": [0, 0, 0, 1, 2], "boundary": [0, 0, 0, 1], "resource": [0, 1, 1], "root": [0, 0, 0, 1],
         "foreign": [0, 0, 1], "key": [0, 1, 1], "about": [0, 0, 1], "grant": [0, 0, 1, 2]}


def case(rng):
    kind = rng.choice(["identity", "resource", "trust", "all", "all"])
    parts = {name: rng.choice(choices) for name, choices in PARTS.items()} if kind == "all" else None
    if kind == "all":
        policies = [document(rng, "identity") for _ in range(sum(parts[name] for name in ("rails", "identity", "session", "boundary")))]
        policies += [document(rng, "resource")] if parts["resource"] else []
    else:
        policies = [document(rng, kind) for _ in range(rng.randint(1, 3) if kind == "identity" else 1)]
    pools = {"acs:AccessId": TEXTS, "acs:ResourceTag/t": TEXTS, "oss:Prefix": TEXTS, "acs:ResourceTag/n": NUMBERS,
             "acs:ResourceTag/d": DATES + ["x"], "acs:SecureTransport": TRUTHS, "acs:MFAPresent": TRUTHS + ["x"], "acs:SourceIp": ADDRESSES,
             "acs:ResourceTag/ip": ADDRESSES, "acs:ResourceTag/b": ["QQ==", "QUI=", "x"], "acs:UserName": ["a", "b", "*", "日本"],
             "acs:PrincipalARN": NAMED + ["x"]}
    conditions = {key: [rng.choice(pool) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
                  for key, pool in pools.items() if rng.random() < 0.7}
    callers = CALLERS if kind in ("identity", "all") else CALLERS + STRANGERS
    request = {"action": rng.choice(TRUSTED if kind == "trust" else ACTIONS),
               "resource": "acs:" + ":".join(rng.choice(words) for words in (["kms", "oss", "ram", "KMS"], REGIONS, ACCOUNTS + ["system"], RELATIVES)),
               "now": rng.choice([1716186861, 1716186862, 0]), "conditions": conditions, "caller": rng.choice(callers), "bound": rng.choice(BOUND)}
    return kind, policies, request, parts


def unseen():
    """What no case had, of all that there is."""
    operators = list(TESTS) + list(NEGATIONS) + ["Null"]
    others = ["no quantifier", "ForAnyValue", "ForAllValues", "no IfExists", "IfExists", "variable", "default", "AWS", "RAM", "Service",
              "Federated", "NotPrincipal", "NotAction", "NotResource", "Sid", "1", "2012-10-17", "2008-10-17"]
    return [f"{what} {outcome}" for what in operators + others for outcome in (True, False) if (what, outcome) not in seen]


def expected_answer(kind, policies, request, parts):
    if kind == "all":
        return weigh(policies, request, parts)
    return decide(policies, request) if kind == "identity" else consult(policies[0], request)


def compare(probe, rng, count, tally):
    """How many of so many random cases are decided differently."""
    cases = [case(rng) for _ in range(count)]
    lines = [json.dumps({"policies": [json.dumps(p, ensure_ascii=rng.random() < 0.5) for p in policies], "request": request,
                         "kind": kind, "parts": parts}) for kind, policies, request, parts in cases]
    answers = subprocess.run([probe], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(cases):
        sys.exit(f"{len(answers)} answers to {len(cases)} cases")
    wrong = 0
    for each, line, answer in zip(cases, lines, answers):
        expected = expected_answer(*each)
        name = expected if each[0] == "all" else expected.split()[0]
        tally[name] = tally.get(name, 0) + 1
        if answer != expected:
            wrong += 1
            if wrong <= 5:
                print(f"model: {expected}\nprobe: {answer}\n{line}\n")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--cases", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tally, wrong = {}, 0
    for done in range(0, options.cases, 10000):
        wrong += compare(options.probe, rng, min(10000, options.cases - done), tally)
    print(f"seed {options.seed}: {options.cases} cases, {wrong} differ; " + ", ".join(f"{name} {count}" for name, count in sorted(tally.items())))
    kinds = ("allow", "explicit", "implicit", "allow-caller", "allow-account", "allow Owner", "allow IdentityPolicy", "allow Grant",
             "allow ResourcePolicy", "explicit ResourcePolicy", "implicit SessionPolicy", "implicit GuardRail", "implicit PermissionBoundary")
    missing = unseen() + [name for name in kinds if tally.get(name, 0) < options.cases // 1000]
    if missing:
        print("too few cases have " + ", ".join(missing))
    if wrong or missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
