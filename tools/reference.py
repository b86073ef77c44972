#!/usr/bin/env python3
"""Writes the reference page of all operations from the contract tables (src/contract/*.def).

usage: reference.py OUT.md DEF...
"""
import sys

import contract

LEVELS = {"read": "reads", "list": "lists", "write": "changes", "use": "uses"}
WORDS = {"secret": "secret bytes", "json": "JSON", "int": "number", "bool": "true or false", "map": "names and values"}


def form(c, f):
    """What may stand there: "text, 1 to 64"."""
    kind = f["type"]
    many = "list of " if f["list"] else ""
    if kind in c.enums:
        return many + ", ".join(f"`{value}`" for value in c.enums[kind])
    limits = ""
    if f["max"]:
        limits = f", {f['min']} to {f['max']}" if f["min"] != f["max"] else f", {f['max']}"
    word = f"[{kind}](#{kind.lower()})" if kind in c.shapes else WORDS.get(kind, kind)
    return many + word + limits


def fields(c, rows, meanings):
    """A table of fields; without meanings those of answers."""
    if meanings:
        yield "| parameter | form | |"
        yield "|---|---|---|"
        for f, meaning in zip(rows, meanings):
            yield f"| {f['name']}{' *' if f['required'] else ''} | {form(c, f)} | {meaning} |"
    else:
        yield "| answer | form |"
        yield "|---|---|"
        for f in rows:
            yield f"| {f['name']} | {form(c, f)} |"
    yield ""


def operation(c, op):
    inputs, outputs = c.shapes[op["c"] + "In"], c.shapes[op["c"] + "Out"]
    right = op["options"].get("action", f"{op['product']}:{op['name']}")
    yield f"### {op['name']}"
    yield ""
    unsigned = op["options"].get("signed") == "no"
    yield (f"{op['help']} {LEVELS[op['level']].capitalize()}; "
           + ("nobody signs it" if unsigned else f"right `{right}`")
           + (f"; AWS's clients: `{op['aws']}`" if op["aws"] else "") + ".")
    yield ""
    if inputs:
        yield from fields(c, inputs, c.meanings[op["c"] + "In"])
    if outputs:
        yield from fields(c, outputs, None)


def nested(c):
    """The shapes that stand in parameters and answers of operations, and in each other."""
    waiting = [op["c"] + side for op in c.operations for side in ("In", "Out")]
    seen = set(waiting)
    while waiting:
        for f in c.shapes[waiting.pop()]:
            if f["type"] in c.shapes and f["type"] not in seen:
                seen.add(f["type"])
                waiting.append(f["type"])
                yield f["type"]


def page(c):
    yield "# Operations"
    yield ""
    yield ("Every operation by product, as the contract has it: what it takes (* is required; limits of texts are in characters, of bytes in bytes), what it answers, "
           "the right it needs. On the wires of AWS names differ where AWS's clients know others.")
    yield ""
    for name, version, _ in c.products:
        found = [op for op in c.operations if op["product"] == name]
        if not found:
            continue
        yield f"## {name} {version}"
        yield ""
        for op in sorted(found, key=lambda op: op["name"]):
            yield from operation(c, op)
    yield "## Shapes"
    yield ""
    for name in sorted(set(nested(c))):
        yield f"### {name}"
        yield ""
        yield from fields(c, c.shapes[name], c.meanings.get(name))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    read, _ = contract.read_all(sys.argv[2:])
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write("\n".join(page(read)))
