"""The checks of ./dev lint find what they are for, and the counting of tests counts."""
import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import contract  # noqa: E402
import floors  # noqa: E402
import house_rules  # noqa: E402
import reference  # noqa: E402


@pytest.mark.parametrize("path, included, is_wrong", [
    ("keys/key.c", "store/store.h", False), ("keys/key.c", "keys/key.h", False), ("keys/key.c", "access/policy.h", True),
    ("base/text.c", "crypto/hash.h", True), ("service/call.c", "dialect/dialect.h", True), ("role/core.c", "service/serve.h", False),
    ("base/status.h", "status_codes.h", False), ("keys/key.c", "key.h", True), ("keys/key.c", "../store/store.h", True),
])
def test_floors_know_who_may_include_whom(path, included, is_wrong):
    assert (floors.check_own(path, path.split("/")[0], included) is not None) == is_wrong


@pytest.mark.parametrize("path, included, is_wrong", [
    ("crypto/mac.c", "openssl/evp.h", False), ("service/call.c", "openssl/evp.h", True), ("store/sqlite.c", "sqlite3.h", False),
    ("keys/key.c", "sqlite3.h", True), ("role/gateway/http.c", "microhttpd.h", False), ("role/core.c", "microhttpd.h", True),
    ("service/call.c", "sys/mman.h", True), ("system/spawn.c", "sys/wait.h", False), ("keys/key.c", "cmocka.h", True),
    ("keys/key_test.c", "cmocka.h", False), ("keys/key.c", "stdlib.h", False),
])
def test_libraries_stay_where_they_are_at_home(path, included, is_wrong):
    assert (floors.check_foreign(path, included) is not None) == is_wrong


def faults(tmp_path, body, path="src/keys/sample.c", first="/* A sample. */\n"):
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(first + body)
    source = house_rules.Source(str(tmp_path), path)
    return [why for check in house_rules.CHECKS for _, why in check(source)]


def lines(count, text="    call();\n"):
    return text * count


@pytest.mark.parametrize("body, complaint", [
    ("void f(void) {\n    strcpy(a, b);\n}\n", "calls strcpy"),
    ("void f(void) {\n    x = atoi(a);\n}\n", "calls atoi"),
    ("void f(void) {\n    x = memcmp(a, b, 3);\n}\n", "calls memcmp"),
    ("void f(void) {\n    x = getenv(\"A\");\n}\n", "reads the environment"),
    ("void f(void) {\n    x = secret_expose(s);\n}\n", "looks into a secret"),
    ("void f(void) {\n    call(); /* TO" + "DO */\n}\n", "says TO" + "DO"),
    ("void f(void) {\n" + lines(59) + "}\n", "has 61 lines"),
    ("void f(int a, int b, int c,\n       int d, int e, int g, int h) {\n}\n", "takes 7 parameters"),
    ("void f(void) {\n" + "".join("    " * (i + 1) + "if (a) {\n" for i in range(5)) + "".join("    " * (5 - i) + "}\n" for i in range(5)) + "}\n",
     "nests deeper"),
    ("static int a;\nstatic int b = 3;\n", "as variables of the file"),
    ("int shared;\n", "visible to the whole program"),
    ("typedef struct thing *thing_p;\n", "hides a pointer"),
    ("#define CHECK(x) if (!(x)) return 1\n", "the macro CHECK returns"),
    ("void f(void) {\n#if A\n    call();\n#endif\n}\n", "#if inside a function"),
    ("int f(void); \n", "ends in blanks"),
    ("\tint f(void);\n", "has a tab"),
    (lines(500, "int f(void);\n"), "the file has 501 lines"),
])
def test_house_rules_find(tmp_path, body, complaint):
    assert any(complaint in why for why in faults(tmp_path, body)), faults(tmp_path, body)


@pytest.mark.parametrize("body", [
    "void f(void) {\n    x = memcmp(a, b, 3); /* house_rules: memcmp, public */\n}\n",
    "void f(void) {\n    call(\"strcpy(a)\"); /* strcpy( */\n}\n",
    "void f(void) {\n" + lines(58) + "}\n",
    "static const int a = 1;\nstatic const int b[] = {\n    1,\n};\nstatic int c;\nint f(int);\n",
    "typedef struct pair {\n    int *a;\n} pair;\n",
])
def test_house_rules_leave_in_peace(tmp_path, body):
    assert faults(tmp_path, body) == []


def test_a_file_says_what_it_is_for(tmp_path):
    assert any("first line" in why for why in faults(tmp_path, "int f(void);\n", first=""))


def count(folder):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "count_tests.py"), str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def test_counting(tmp_path):
    assert count(tmp_path) == (1, "0 passed, 0 failed")
    meson = [{"result": "OK", "stdout": "[  PASSED  ] 3 test(s).", "stderr": ""}, {"result": "OK", "stdout": "anything"}]
    (tmp_path / "meson.json").write_text("\n".join(json.dumps(test) for test in meson) + "\n")
    (tmp_path / "node.tap").write_text("ok 1 - a\n# pass 5\n# fail 0\n# cancelled 0\n# skipped 1\n# todo 0\n")
    (tmp_path / "pytest.xml").write_text('<testsuites><testsuite tests="7" failures="0" errors="0" skipped="2"/></testsuites>')
    assert count(tmp_path) == (0, "14 passed, 0 failed, 3 skipped")
    meson += [{"result": "FAIL", "stdout": "[  PASSED  ] 3 test(s).\n[  FAILED  ] 2 test(s), listed below:"}, {"result": "TIMEOUT"}]
    (tmp_path / "meson.json").write_text("\n".join(json.dumps(test) for test in meson) + "\n")
    assert count(tmp_path) == (1, "17 passed, 3 failed, 3 skipped")
    (tmp_path / "system.failed").write_text("")
    (tmp_path / "node.tap").write_text("nothing came\n")
    assert count(tmp_path) == (1, "12 passed, 5 failed, 2 skipped")


def contract_of(tmp_path, operations, parameters):
    """The contract of a small house of its own."""
    texts = {"a.def": "product kms 2016-01-20 kms.aliyuncs.com\nshape Pair\n  Left text 1..9 required\n" + operations,
             "errors.def": "", "parameters.def": parameters}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return contract.read_all([str(tmp_path / name) for name in texts])[0]


ONE = "operation Try kms read account\n  help Tries.\n  in Key text 1..64 required\n  in Pair Pair\n  out Answer text\n"
ITS = "Key   which one\nPair  both\nLeft  the first\n"


@pytest.mark.parametrize("parameters, complaint", [
    ("Pair  both\nLeft  the first\n", "no line about Try.Key"),
    ("Key   which one\nPair  both\n", "no line about Pair.Left"),
    (ITS + "Right  the second\n", "no operation has a parameter Right"),
    (ITS + "Try.Right  the second\n", "no operation has a parameter Try.Right"),
    (ITS + "Try.Key  this one\n", "no operation has a parameter Key"),
    (ITS + "Key  again\n", "Key is there twice"),
    (ITS + "Right\n", "a row is NAME"),
])
def test_every_parameter_has_one_line_that_says_what_it_means(tmp_path, parameters, complaint):
    with pytest.raises(SystemExit, match=complaint):
        contract_of(tmp_path, ONE, parameters)


def test_reference_page_tells_what_operations_take_and_answer(tmp_path):
    page = "\n".join(reference.page(contract_of(tmp_path, ONE, ITS)))
    assert "### Try\n\nTries. Reads; right `kms:Try`.\n" in page
    assert "| Key * | text, 1 to 64 | which one |\n| Pair | [Pair](#pair) | both |" in page
    assert "| answer | form |\n|---|---|\n| Answer | text |" in page
    assert "### Pair\n\n| parameter | form | |\n|---|---|---|\n| Left * | text, 1 to 9 | the first |" in page


def test_reference_page_has_every_operation():
    whole = contract.of_tree(ROOT)
    lines_of_page = set("\n".join(reference.page(whole)).split("\n"))
    assert len(whole.operations) > 250
    for op in whole.operations:
        assert f"### {op['name']}" in lines_of_page
