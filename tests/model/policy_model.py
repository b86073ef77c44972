#!/usr/bin/env python3
"""A second policy evaluator, slow and obvious, compared with the one in C on random cases.

usage: policy_model.py PROBE [--cases N] [--seed S]

PROBE is the program policy_probe. The model follows the grammar of src/access/policy.h directly over the JSON values: wildcards
become regular expressions, numbers are fractions, addresses come from the ipaddress module.
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

KEYS = ["acs:CurrentTime", "acs:SecureTransport", "acs:SourceIp", "acs:MFAPresent", "acs:UserAgent", "acs:AccessId",
        "acs:PrincipalARN", "oss:Prefix", "oss:Delimiter"]


# ---- the model

def as_list(value):
    return value if isinstance(value, list) else [value]


def wildcard(pattern, text):
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def ascii_lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def action_matches(pattern, action):
    if pattern == "*":
        return True
    wanted, given = (ascii_lower(x).split(":", 1) for x in (pattern, action))
    return all(wildcard(w, g) for w, g in zip(wanted, given))


def resource_matches(pattern, resource):
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 4), resource.split(":", 4)
    for i in (1, 2):
        wanted[i], given[i] = ascii_lower(wanted[i]), ascii_lower(given[i])
    for i in (2, 3):
        wanted[i] = wanted[i] or "*"
    return all(wildcard(w, g) for w, g in zip(wanted, given))


def number(text):
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", text):
        raise ValueError(text)
    return Decimal(text)


def date(text):
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

TESTS = {"StringEquals": lambda g, w: g == w, "StringEqualsIgnoreCase": lambda g, w: ascii_lower(g) == ascii_lower(w),
         "StringLike": lambda g, w: wildcard(w, g), "Bool": lambda g, w: truth(g) == truth(w),
         "IpAddress": lambda g, w: in_network(w, address(g))}
for name, relation in RELATIONS.items():
    TESTS["Numeric" + name] = lambda g, w, r=relation: r(number(g), number(w))
    TESTS["Date" + name] = lambda g, w, r=relation: r(date(g), date(w))

NEGATIONS = {"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase", "StringNotLike": "StringLike",
             "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals", "NotIpAddress": "IpAddress"}


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def value_matches(operator, given, wanted):
    try:
        return TESTS[operator](given, text_of(wanted))
    except ValueError:
        return False


def condition_holds(operator, key, wanted, context):
    name = next((k for k in KEYS if k.lower() == key.lower()), None) or "kms:tag/" + key[8:]
    given = context.get(name, [])
    if operator == "Null":
        return any(truth(text_of(w)) == (not given) for w in wanted)
    quantifier, _, operator = operator.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negated = operator in NEGATIONS
    operator = NEGATIONS.get(operator, operator)
    if not given:
        return if_exists or quantifier == "ForAllValues" or (negated and not quantifier)
    matching = [any(value_matches(operator, g, w) for w in wanted) for g in given]
    if quantifier == "ForAllValues":
        return not any(matching) if negated else all(matching)
    if quantifier == "ForAnyValue":
        return not all(matching) if negated else any(matching)
    return any(matching) != negated


def statement_applies(statement, request):
    def chosen(name, matches, subject):
        if name in statement:
            return any(matches(p, subject) for p in as_list(statement[name]))
        return not any(matches(p, subject) for p in as_list(statement["Not" + name]))

    now = datetime.datetime.fromtimestamp(request["now"], datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    context = dict(request["conditions"], **{"acs:CurrentTime": [now]})
    return (chosen("Action", action_matches, request["action"]) and chosen("Resource", resource_matches, request["resource"])
            and all(condition_holds(operator, key, as_list(wanted), context)
                    for operator, keys in statement.get("Condition", {}).items() for key, wanted in keys.items()))


def decide(policies, request):
    for effect, name in (("Deny", "explicit"), ("Allow", "allow")):
        for p, policy in enumerate(policies):
            for s, statement in enumerate(as_list(policy["Statement"])):
                if statement["Effect"] == effect and statement_applies(statement, request):
                    return f"{name} {p} {s}"
    return "implicit"


# ---- random cases, from few words so that matches are frequent

SERVICES = ["kms", "oss", "ram", "KMS"]
NAMES = ["Encrypt", "Decrypt", "GetObject", "getobject", "ListKeys", "ReEncrypt", "E"]
REGIONS = ["cn-hangzhou", "CN-Hangzhou", "*", ""]
ACCOUNTS = ["1234", "5678", "*", ""]
RELATIVES = ["key/a", "key/A", "key/ab", "b", "b/k", "b/x:y/k", "b/日本", "user/*", "a" * 40, "ab?b"]
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


def action_pattern(rng):
    if rng.random() < 0.1:
        return "*"
    return (blurred(rng, rng.choice(SERVICES)) or "*") + ":" + (blurred(rng, rng.choice(NAMES)) or "*")


def resource_pattern(rng):
    if rng.random() < 0.2:
        return "*"
    parts = [blurred(rng, rng.choice(words)) for words in (SERVICES, REGIONS, ACCOUNTS, RELATIVES)]
    return "acs:" + ":".join([parts[0] or "*", parts[1], parts[2], parts[3] or "*"])


def few(rng, make, most=3):
    items = [make(rng) for _ in range(rng.randint(1, most))]
    return items[0] if len(items) == 1 and rng.random() < 0.5 else items


OPERATOR_FAMILIES = [
    (["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"], ["acs:AccessId", "kms:tag/t"], TEXTS),
    (["StringLike", "StringNotLike"], ["oss:Prefix", "kms:tag/t", "acs:CurrentTime"], TEXTS + ["*", "?", "a*b", "2024*"]),
    (["Numeric" + r for r in RELATIONS] + ["NumericNotEquals"], ["kms:tag/n"], [n for n in NUMBERS if n not in ("1e3", "x")]),
    (["Date" + r for r in RELATIONS] + ["DateNotEquals"], ["acs:CurrentTime", "ACS:currenttime", "kms:tag/d"], DATES),
    (["Bool"], ["acs:SecureTransport", "acs:mfapresent"], TRUTHS + [True, False]),
    (["IpAddress", "NotIpAddress"], ["acs:SourceIp", "kms:tag/ip"], NETWORKS),
    (["Null"], ["acs:MFAPresent", "kms:tag/t", "acs:CurrentTime"], TRUTHS + [True, False]),
]


def condition(rng):
    block = {}
    for _ in range(rng.randint(1, 2)):
        operators, keys, values = rng.choice(OPERATOR_FAMILIES)
        operator = rng.choice(operators)
        if operator != "Null":
            operator = rng.choice(["", "", "", "ForAnyValue:", "ForAllValues:"]) + operator + rng.choice(["", "", "IfExists"])
        block.setdefault(operator, {})[rng.choice(keys)] = few(rng, lambda r, v=values: r.choice(v))
    return block


def statement(rng):
    made = {"Effect": rng.choice(["Allow", "Allow", "Deny"]),
            rng.choice(["Action", "Action", "NotAction"]): few(rng, action_pattern),
            rng.choice(["Resource", "Resource", "NotResource"]): few(rng, resource_pattern)}
    if rng.random() < 0.6:
        made["Condition"] = condition(rng)
    return made


def case(rng):
    policies = [{"Version": "1", "Statement": [statement(rng) for _ in range(rng.randint(1, 4))]} for _ in range(rng.randint(1, 3))]
    pools = {"acs:AccessId": TEXTS, "kms:tag/t": TEXTS, "oss:Prefix": TEXTS, "kms:tag/n": NUMBERS, "kms:tag/d": DATES + ["x"],
             "acs:SecureTransport": TRUTHS, "acs:MFAPresent": TRUTHS + ["x"], "acs:SourceIp": ADDRESSES, "kms:tag/ip": ADDRESSES}
    conditions = {key: [rng.choice(pool) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
                  for key, pool in pools.items() if rng.random() < 0.7}
    request = {"action": rng.choice(SERVICES) + ":" + rng.choice(NAMES),
               "resource": "acs:" + ":".join(rng.choice(words) for words in (SERVICES, REGIONS, ACCOUNTS, RELATIVES)),
               "now": rng.choice([1716186861, 1716186862, 0]), "conditions": conditions}
    return policies, request


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--cases", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    cases = [case(rng) for _ in range(options.cases)]
    lines = [json.dumps({"policies": [json.dumps(p, ensure_ascii=rng.random() < 0.5) for p in policies], "request": request})
             for policies, request in cases]
    answers = subprocess.run([options.probe], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(cases):
        sys.exit(f"{len(answers)} answers to {len(cases)} cases")
    tally, wrong = {}, 0
    for (policies, request), line, answer in zip(cases, lines, answers):
        expected = decide(policies, request)
        tally[expected.split()[0]] = tally.get(expected.split()[0], 0) + 1
        if answer != expected:
            wrong += 1
            if wrong <= 5:
                print(f"model: {expected}\nprobe: {answer}\n{line}\n")
    print(f"{len(cases)} cases, {wrong} differ; " + ", ".join(f"{name} {count}" for name, count in sorted(tally.items())))
    if wrong or min(tally.get(name, 0) for name in ("allow", "explicit", "implicit")) < options.cases // 20:
        sys.exit(1)


if __name__ == "__main__":
    main()
