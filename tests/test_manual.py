"""The manual pages name every noun and verb of the command line, and none that is not there; and every setting."""
import glob
import json
import os
import re
import subprocess

from manual import MAN, PATH


def rows(*words):
    """What a help text lists, by its left column."""
    done = subprocess.run(["keyhold", *words, "--help"], env={"PATH": PATH}, capture_output=True, text=True, timeout=30, check=True)
    return set(re.findall(r"^  ([a-z][a-z-]*)(?: |$)", done.stdout, re.MULTILINE))


def there_is():
    """Pairs of noun and verb; the verb of a noun that stands alone is None."""
    return {(noun, verb) for noun in rows() for verb in rows(noun) or {None}}


def page_text(path):
    """Without what makes letters bold: `*keyhold user* _NAME_` is `keyhold user NAME`, of which verbs differ by being in lower case."""
    with open(path, encoding="utf-8") as f:
        return re.sub(r"[*_]", "", f.read().replace("\\", ""))


def named_in(path, nouns):
    """`keyhold user|role bound|unbound` names four; on the page of a noun every word in bold that begins like a verb may be one."""
    named, page = set(), re.fullmatch(r"keyhold-(.*)\.1\.scd", os.path.basename(path))
    for subjects, verbs in re.findall(r"\bkeyhold ([a-z][a-z|-]*)(?: ([a-z][a-z|-]*))?", page_text(path)):
        for noun in nouns.intersection(subjects.split("|")):
            named.update((noun, verb or None) for verb in verbs.split("|"))
    if page:
        with open(path, encoding="utf-8") as f:
            bold = re.findall(r"\*([a-z][a-z|-]*)[ *]", f.read())
        named.update((page[1], verb) for each in bold for verb in each.split("|"))
    return named


def test_every_noun_and_verb_is_in_the_manual():
    exist, named = there_is(), set()
    nouns = {noun for noun, _ in exist}
    for path in glob.glob(os.path.join(MAN, "keyhold*.1.scd")):
        named |= named_in(path, nouns)
    assert len(exist) > 200
    missing = sorted(f"{noun} {verb or ''}" for noun, verb in exist - named)
    assert not missing, missing


def test_the_manual_names_no_verb_that_is_not_there():
    exist = there_is()
    with_verbs = {noun for noun, verb in exist if verb}
    named = {each for each in named_in(os.path.join(MAN, "keyhold.1.scd"), with_verbs) if each[1]}
    assert named and not named - exist, sorted(named - exist)


def test_every_setting_is_in_the_manual(tmp_path):
    done = subprocess.run(["keyhold", "config", "show", "--data", str(tmp_path), "-o", "json"], env={"PATH": PATH, "HOME": str(tmp_path)},
                          capture_output=True, text=True, timeout=30, check=True)
    names = [each["Setting"] for each in json.loads(done.stdout)]
    with open(os.path.join(MAN, "keyhold.conf.5.scd"), encoding="utf-8") as f:
        described = re.findall(r"^\*([a-z_]+)\*$", f.read(), re.MULTILINE)
    assert len(names) > 10 and sorted(described) == sorted(name.split(".")[-1] for name in names)


def anchors(path):
    """Of its headings, as they are made of them where the pages are shown."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"```.*?```", "", f.read(), flags=re.DOTALL)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def test_links_and_files_named_in_the_documentation_are_there():
    root, broken, looked_at = os.path.dirname(MAN), [], 0
    for page in glob.glob(os.path.join(root, "*.md")) + glob.glob(os.path.join(root, "docs", "**", "*.md"), recursive=True):
        with open(page, encoding="utf-8") as f:
            text = f.read()
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            meant = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
            looked_at += 1
            if not os.path.exists(meant) or (anchor and anchor not in anchors(meant)):
                broken.append((os.path.relpath(page, root), target))
        for name in re.findall(r"`((?:src|tests|tools|packaging)/[\w./-]+)`", text):
            looked_at += 1
            if not os.path.exists(os.path.join(root, name)):
                broken.append((os.path.relpath(page, root), name))
    assert looked_at > 50 and not broken, broken
