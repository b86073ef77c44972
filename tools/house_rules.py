#!/usr/bin/env python3
"""Checks the house rules that a compiler does not: banned calls, where secrets may be looked into, sizes, globals.

Looks at src/, fuzz/ and bench/. A line that must break a rule says why in a comment with the rule's name in it, on the same
line or the one before: house_rules: memcmp, these texts are public."""
import os
import re
import sys

FUNCTION_LINES, FILE_LINES, PARAMETERS, NESTING, LINE_BYTES = 60, 500, 6, 4, 160

BANNED = re.compile(r"\b(strcpy|strncpy|strcat|strncat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|strtok_r|system|popen|alloca|"
                    r"rand|random|srand|srandom|drand48|mktemp|tmpnam|tempnam)\s*\(")
FINE_IN_TESTS = {"strncpy", "rand", "srand"}  # a seeded sequence is what a test wants
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Functions begin in the first column and end with a brace there.
OPENING = re.compile(r"^[A-Za-z_].*\)\s*\{$")
CONTROL_OPENS = re.compile(r"(\)|\belse|\bdo)\s*\{\s*$")
VARIABLE = re.compile(r"^(?:static\s+)?(?!typedef|extern|return|struct\s+\w+;|union\s+\w+;|enum\s+\w+;|_Static_assert|static_assert|#)"
                      r"(?P<type>[A-Za-z_][\w\s\*]*?[\s\*])(?P<name>\w+)(?:\[[^\]]*\])*\s*(?:=.*|;)$")


def blank(found):
    return re.sub(r"[^\n]", " ", found[0])


def code_of(text):
    """The text with comments, strings and characters blanked; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.S)


class Source:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as f:
            self.text = f.read()
        self.lines = self.text.split("\n")
        self.code = code_of(self.text).split("\n")
        # Tests, and what only tests, fuzzers and benchmarks use.
        name = os.path.basename(path)
        self.is_test = not path.startswith("src/") or "test" in name or "_scene." in name or "_probe." in name

    def is_in(self, *places):
        return any(self.path.startswith("src/" + place) for place in places)

    def is_excused(self, number, rule):
        around = "\n".join(self.lines[max(0, number - 2):number])
        return re.search(r"house_rules: [^*]*\b" + rule + r"\b", around) is not None


def check_calls(s):
    for number, line in enumerate(s.code, 1):
        found = BANNED.search(line)
        if found and not s.is_excused(number, found[1]) and not (s.is_test and found[1] in FINE_IN_TESTS):
            yield number, f"calls {found[1]}"
        if re.search(r"\bmemcmp\s*\(", line) and not (s.is_in("base/", "crypto/compare") or s.is_test):
            if not s.is_excused(number, "memcmp"):
                yield number, "calls memcmp: bytes_equal_secret for secrets, slice_equals for anything else"
        if re.search(r"\b(secure_)?getenv\s*\(", line) and not (s.is_in("cli/", "system/", "role/settings") or s.is_test):
            yield number, "reads the environment"
        if re.search(r"\bsecret_(expose|fill)\b", line) and not s.is_in("base/secret.h", "crypto/", "custody/"):
            yield number, "looks into a secret: only crypto/ and custody/ may"


def check_words(s):
    for number, line in enumerate(s.lines, 1):
        found = UNFINISHED.search(line)
        if found and not re.search(r"XXXXXX", line):
            yield number, f"says {found[0]}"
        if "\t" in line:
            yield number, "has a tab"
        if line != line.rstrip():
            yield number, "ends in blanks"
        if len(line.encode()) > LINE_BYTES:
            yield number, f"is longer than {LINE_BYTES} bytes"


def check_file(s):
    count = len(s.lines) - 1
    if count > FILE_LINES:
        yield count, f"the file has {count} lines, {FILE_LINES} is the limit"
    if not s.lines[0].startswith("/*"):
        yield 1, "the first line does not say what the file is for"
    if s.path.endswith(".h") and not s.is_test and "#ifndef" not in s.text:
        yield 1, "the header has no guard"
    if not s.text.endswith("\n") or s.text.endswith("\n\n"):
        yield count, "does not end in exactly one line feed"


def functions(s):
    """(first line, last line) of every function, counted from 1; the signature is part of it."""
    at = 0
    while at < len(s.code):
        start = at
        line = s.code[at].rstrip()
        # a signature over several lines
        while re.match(r"^[A-Za-z_][^;={}]*[,(]$", s.code[start]) and at + 1 < len(s.code) and not line.endswith(("{", ";", "}")):
            at += 1
            line += " " + s.code[at].strip()
        if OPENING.match(line) and not re.match(r"^(struct|union|enum|typedef)\b[^(]*\{$", line):
            end = at
            while end < len(s.code) and not s.code[end].startswith("}"):
                end += 1
            yield start + 1, min(end + 1, len(s.code)), line
            at = end
        at += 1


def count_parameters(signature):
    inside, depth, count = signature[signature.index("(") + 1:signature.rindex(")")], 0, 1
    for c in inside:
        depth += c in "([{"
        depth -= c in ")]}"
        count += c == "," and depth == 0
    return count


def check_nesting(s, first, last):
    """Blocks of if, for, while, switch and do inside each other."""
    stack = []
    for number in range(first, last):  # lines after the signature's first
        line = s.code[number]
        for c in re.finditer(r"[{}]", line):
            if c[0] == "}":
                if stack:
                    stack.pop()
                continue
            stack.append(bool(CONTROL_OPENS.search(line[:c.end()])))
            if sum(stack) > NESTING:
                yield number + 1, f"nests deeper than {NESTING}"
                return


def check_functions(s):
    for first, last, signature in functions(s):
        if last - first + 1 > FUNCTION_LINES:
            yield first, f"the function has {last - first + 1} lines, {FUNCTION_LINES} is the limit"
        if count_parameters(signature) > PARAMETERS and not s.is_excused(first, "parameters"):
            yield first, f"takes {count_parameters(signature)} parameters, {PARAMETERS} is the limit"
        yield from check_nesting(s, first, last)


def check_globals(s):
    """At most one variable per file, and none that other files see; constants are free."""
    if s.path.endswith(".h"):
        return
    variables, depth = [], 0
    for number, line in enumerate(s.code, 1):
        found = VARIABLE.match(line.rstrip()) if depth == 0 else None
        depth += line.count("{") - line.count("}")
        if not found or "(" in line.split("=")[0]:
            continue
        kind = found["type"]
        if re.search(r"\bconst\b", kind + line.split("=")[0]) or kind.split()[0] in ("return", "typedef", "extern", "goto", "OWNED"):
            continue
        variables.append((number, found["name"], line.startswith("static")))
    for number, name, is_static in variables:
        if not is_static and not s.is_test and not s.is_excused(number, "globals"):
            yield number, f"{name} is visible to the whole program"
    kept = [v for v in variables if not s.is_excused(v[0], "globals")]
    if len(kept) > 1 and not s.is_test:
        yield kept[1][0], "has " + ", ".join(v[1] for v in kept) + " as variables of the file: one is the limit"


def check_macros(s):
    """Only TRY and ENSURE return from the function they stand in; no typedef hides a pointer; no #if inside functions."""
    for number, line in enumerate(s.code, 1):
        if re.match(r"^typedef [^(]*\*\s*\w+;", line):
            yield number, "hides a pointer in a typedef"
    for found in re.finditer(r"^#define (\w+)\([^)]*\)(?:.*\\\n)*.*", "\n".join(s.code), flags=re.M):
        if re.search(r"\breturn\b", found[0]) and not (s.path == "src/base/status.h" or s.is_test):
            yield s.text[:found.start()].count("\n") + 1, f"the macro {found[1]} returns"
    for first, last, _ in functions(s):
        for number in range(first, last):
            if re.match(r"^\s*#\s*if", s.code[number - 1]):
                yield number, "has an #if inside a function"


CHECKS = [check_calls, check_words, check_file, check_functions, check_globals, check_macros]


def contract_faults(root):
    """Every operation has a help line; every failure is used by somebody."""
    import contract
    folder = os.path.join(root, "src", "contract")
    for op in contract.of_tree(root).operations:
        if not op.get("help"):
            yield f"src/contract: operation {op['name']} has no help"
    used = set()
    for path in paths(root):
        if path.startswith("src/") and "_test" not in path:
            with open(os.path.join(root, path), encoding="utf-8") as f:
                text = re.sub(r"FAILED_WITH\([^;]*?, \w+\)", "", code_of(f.read()))
            used |= set(re.findall(r"\bFAILURE_([A-Z0-9_]+)\b|\bFAIL\(([A-Z0-9_]+)\)|,\s*([A-Z0-9_]+)\)", text))
    words = {word for triple in used for word in triple if word}
    for row in contract.error_rows(os.path.join(folder, "errors.def")):
        if row[0] not in words:
            yield f"src/contract/errors.def: {row[0]} is used by nobody"


def paths(root):
    for place in ("src", "fuzz", "bench"):
        for folder, _, names in sorted(os.walk(os.path.join(root, place))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    faults = []
    for path in paths(root):
        s = Source(root, path)
        faults += [f"{path}:{number}: {why}" for check in CHECKS for number, why in check(s)]
    faults += contract_faults(root)
    for fault in faults:
        print(fault)
    print(f"house rules: {len(faults)} violations")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
