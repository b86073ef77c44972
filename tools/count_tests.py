#!/usr/bin/env python3
"""Adds up what the test runners reported and prints one line: N passed, N failed[, N skipped].

usage: count_tests.py FOLDER

FOLDER holds any of meson.json (meson's testlog.json), pytest.xml (JUnit), node.tap, and files NAME.failed, each a failure
that left no report (a build that broke, say). Exits with 1 when something failed or nothing passed."""
import json
import os
import re
import sys
import xml.etree.ElementTree as xml


def of_meson(path):
    """A test program counts as many as the cmocka cases it tells of, any other program as one."""
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            test = json.loads(line)
            output = (test.get("stdout") or "") + (test.get("stderr") or "")
            cases = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", output))
            bad = sum(int(n) for n in re.findall(r"\[  FAILED  \] (\d+) test", output))
            idle = sum(int(n) for n in re.findall(r"\[  SKIPPED \] (\d+) test", output))
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                passed += cases or (0 if idle else 1)
                skipped += idle
            elif test["result"] == "SKIP":
                skipped += 1
            else:
                passed += cases
                failed += bad or 1
    return passed, failed, skipped


def of_pytest(path):
    root = xml.parse(path).getroot()
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    total, bad, skipped = (sum(int(s.get(key, 0)) for s in suites for key in keys)
                           for keys in (["tests"], ["failures", "errors"], ["skipped"]))
    return total - bad - skipped, bad, skipped


def of_node(path):
    with open(path, encoding="utf-8") as f:
        counts = dict(re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", f.read(), flags=re.M))
    number = {name: int(counts.get(name, 0)) for name in ("pass", "fail", "cancelled", "skipped", "todo")}
    if not counts:
        return 0, 1, 0
    return number["pass"], number["fail"] + number["cancelled"], number["skipped"] + number["todo"]


READERS = {"meson.json": of_meson, "pytest.xml": of_pytest, "node.tap": of_node}


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    passed = failed = skipped = 0
    for name in sorted(os.listdir(sys.argv[1])):
        path = os.path.join(sys.argv[1], name)
        if name.endswith(".failed"):
            failed += 1
        elif name in READERS:
            try:
                counts = READERS[name](path)
            except (ValueError, KeyError, xml.ParseError) as why:
                print(f"{name} cannot be read: {why}", file=sys.stderr)
                counts = 0, 1, 0
            passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
