#!/usr/bin/env python3
"""Reads the contract tables (src/contract/*.def) and writes the C that follows from them.

usage: contract.py status-codes ERRORS.def OUT.h
       contract.py tables OUT_DIR DEF...          contract_tables.h, contract_tables.c, contract_handlers.h,
                                                  contract_parameters.c
"""
import os
import re
import sys

SCALARS = {"text": "TEXT", "bytes": "BYTES", "secret": "SECRET", "json": "JSON", "int": "INT", "time": "TIME",
           "bool": "BOOL", "map": "MAP"}
C_TYPES = {"TEXT": "slice", "BYTES": "slice", "SECRET": "slice", "JSON": "slice", "INT": "maybe_int",
           "TIME": "maybe_int", "BOOL": "maybe_bool", "MAP": "pair_list", "TEXTS": "slice_list",
           "JSONS": "slice_list", "BLOBS": "slice_list"}
ROLES = {"any": "0"}
WIRES = 4  # columns of errors.def between name and message: enum wire in contract/failure.h
# How many pure steps an operation has: prepare; finish, after the vault's part; keep, after its body is on disk.
STEPS = {"1": ["prepare"], "2": ["prepare", "finish"], "3": ["prepare", "finish", "keep"],
         "trail": ["prepare", "keep"]}  # keep completes what the auditor found


def stop(where, why):
    sys.exit(f"{where}: {why}")


def snake(name):
    name = re.sub(r"[^A-Za-z0-9]+", "_", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def error_rows(path):
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != WIRES + 2 or not re.fullmatch(r"[A-Z][A-Z0-9_]*", cells[0]):
            stop(f"{path}:{number}", "a row is NAME | alibaba_rpc | oss_rest | aws_json | aws_query | message")
        yield cells


def parameter_rows(path):
    """(where, name, what it means) of each line."""
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, text = line.partition(" ")
        if not text.strip():
            stop(f"{path}:{number}", "a row is NAME, OPERATION.NAME or SHAPE.NAME, and what it means")
        yield f"{path}:{number}", name, text.strip()


def status_codes(errors, out):
    names = [row[0] for row in error_rows(errors)]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        stop(errors, f"more than one row for {', '.join(sorted(doubled))}")
    with open(out, "w", encoding="utf-8") as f:
        f.write("/* Generated from contract/errors.def. */\n#ifndef STATUS_CODES_H\n#define STATUS_CODES_H\n\n")
        f.write("#define STATUS_CODES(ROW) \\\n    ROW(OK)" + "".join(f" \\\n    ROW({n})" for n in names) + "\n\n")
        f.write("enum status_code {\n    STATUS_OK,\n" + "".join(f"    FAILURE_{n},\n" for n in names) + "};\n\n#endif\n")


class Contract:
    def __init__(self):
        self.products, self.enums, self.shapes, self.operations, self.messages = [], {}, {}, [], []
        self.meanings = {}

    def read(self, path):
        target = None
        for number, raw in enumerate(open(path, encoding="utf-8"), 1):
            line = raw.split("#", 1)[0].rstrip()
            where = f"{path}:{number}"
            if not line:
                continue
            words = line.split()
            if raw[0] not in " \t":
                target = self.head(words, line, where)
            elif target is None:
                stop(where, "a field without a shape")
            elif isinstance(target, dict):
                self.operation_line(target, words, where)
            else:
                target.append(self.field(words, where))

    def head(self, words, line, where):
        kind = words[0]
        if kind == "product":
            self.products.append(words[1:4])
            return None
        if kind == "enum":
            if words[1] in self.enums:
                stop(where, f"enum {words[1]} is there twice")
            self.enums[words[1]] = line.split("=", 1)[1].split()
            return None
        if kind in ("shape", "record", "message"):
            name = words[1]
            shape = f"{name.title().replace('_', '')}Message" if kind == "message" else name
            if kind == "message":
                self.messages.append((name, words[2], words[3], shape))
            if shape in self.shapes:
                stop(where, f"{name} is there twice")
            self.shapes[shape] = []
            return self.shapes[shape]
        if kind == "operation":
            name, product, level, resource = words[1:5]
            options = dict(word.split("=", 1) for word in words[5:])
            op = {"name": name, "product": product, "level": level, "resource": resource, "options": options,
                  "help": "", "aws": None, "c": options.get("c", name)}
            if op["c"] + "In" in self.shapes:
                stop(where, f"{name} is there twice: c=NAME gives one of them another name in C")
            self.shapes[op["c"] + "In"], self.shapes[op["c"] + "Out"] = [], []
            self.operations.append(op)
            return op
        stop(where, f"what is {kind}?")

    def operation_line(self, op, words, where):
        if words[0] == "help":
            op["help"] = " ".join(words[1:])
        elif words[0] == "aws":
            op["aws"] = words[1]
        elif words[0] in ("in", "out"):
            self.shapes[op["c"] + words[0].title()].append(self.field(words[1:], where))
        else:
            stop(where, f"in, out, help or aws, not {words[0]}")

    def field(self, words, where):
        name, rest = words[0], words[1:]
        is_list = rest[0] == "list"
        kind = rest[1] if is_list else rest[0]
        rest = rest[2:] if is_list else rest[1:]
        low = high = 0
        required, binds = False, ""
        for word in rest:
            limits = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", word)
            if limits:
                low, high = int(limits[1]), int(limits[2])
            elif word == "required":
                required = True
            elif word.startswith("binds="):
                binds = word[6:]
            else:
                stop(where, f"limits, 'required' or 'binds=', not {word}")
        return {"name": name, "type": kind, "list": is_list, "min": low, "max": high, "required": required,
                "binds": binds, "where": where}

    def binding(self, f):
        """binds=PART of every act of the request, or binds=Act.PART of one; the compiler knows the parts."""
        act, dot, part = f["binds"].rpartition(".")
        if dot and act not in self.enums["VaultAct"]:
            stop(f["where"], f"no act {act}")
        return f"BIND_{(part or 'nothing').upper()}", f"VAULT_ACT_{snake(act).upper()}" if dot else "0"

    def kind(self, f):
        if f["type"] in SCALARS:
            kind = SCALARS[f["type"]]
            if not f["list"]:
                return kind
            if kind in ("TEXT", "JSON"):
                return kind + "S"
            if kind == "BYTES":
                return "BLOBS"
            stop(f["where"], f"no lists of {f['type']}")
        if f["type"] in self.enums and not f["list"]:
            return "CHOICE"
        if f["type"] in self.shapes:
            return "SHAPES" if f["list"] else "SHAPE"
        stop(f["where"], f"unknown type {f['type']}")

    def c_type(self, f):
        kind = self.kind(f)
        if kind == "CHOICE":
            return f"int /* enum {snake(f['type'])} */ "
        if kind == "SHAPE":
            return f"struct {snake(f['type'])} *"
        if kind == "SHAPES":
            return f"struct {{ struct {snake(f['type'])} *at; size_t count; }} "
        return C_TYPES[kind] + " "

    def ordered_shapes(self):
        """Nested shapes only by pointer, so any order compiles; keep the order of the files."""
        return list(self.shapes.items())

    def header(self):
        out = ["/* Generated from src/contract/ tables by tools/contract.py. */", "#ifndef CONTRACT_TABLES_H",
               "#define CONTRACT_TABLES_H", "", '#include "contract/shape.h"', ""]
        for name, values in self.enums.items():
            prefix = snake(name).upper()
            out.append(f"enum {snake(name)} {{\n    {prefix}_ABSENT,")
            out += [f"    {prefix}_{snake(value).upper()}," for value in values]
            out.append(f"}};\nextern const char *const {snake(name)}_choices[];")
        resources = sorted({op["resource"] for op in self.operations})
        out.append("enum resource_kind {\n" + "".join(f"    RESOURCE_{snake(r).upper()},\n" for r in resources) + "};")
        out.append("enum operation_id {\n    OPERATION_NONE," + "".join(
            f"\n    OPERATION_{snake(op['c']).upper()}," for op in self.operations) + "\n    OPERATION_COUNT\n};")
        out.append("enum message_verb {\n    MESSAGE_NONE," + "".join(
            f"\n    MESSAGE_{m[0]}," for m in self.messages) + "\n    MESSAGE_COUNT\n};")
        for name, fields in self.ordered_shapes():
            out.append(f"\ntypedef struct {snake(name)} {{")
            out += [f"    {self.c_type(f)}{snake(f['name'])};" for f in fields] or ["    char nothing;"]
            out.append(f"}} {snake(name)};\nextern const shape {snake(name)}_shape;")
        out.append("\n#endif\n")
        return "\n".join(out)

    def source(self, errors):
        out = ["/* Generated from src/contract/ tables by tools/contract.py. */", '#include "contract/failure.h"',
               '#include "contract/message.h"', '#include "contract/operation.h"', "",
               "extern const operation operation_table[];", "extern const product product_table[];",
               "extern const size_t product_count;", "extern const message_rule message_table[];",
               "extern const failure_row failure_table[];", "extern const size_t failure_count;"]
        for name, values in self.enums.items():
            listed = ", ".join(f'"{value}"' for value in values)
            out.append(f"const char *const {snake(name)}_choices[] = {{{listed}, NULL}};")
        for name, fields in self.ordered_shapes():
            out += self.shape_source(snake(name), name, fields)
        out.append("const product product_table[] = {")
        out += [f'    {{"{name}", "{version}", "{service}"}},' for name, version, service in self.products]
        out.append(f"}};\nconst size_t product_count = {len(self.products)};")
        out += self.operation_source()
        out.append("const message_rule message_table[] = {\n    {0},")
        for name, sender, receiver, shape in self.messages:
            ends = [ROLES.get(role, f"ROLE_{role.upper()}") for role in (sender, receiver)]
            out.append(f'    {{"{name}", {ends[0]}, {ends[1]}, &{snake(shape)}_shape}},')
        out.append("};")
        out += self.failure_source(errors)
        return "\n".join(out) + "\n"

    def shape_source(self, c_name, name, fields):
        out = []
        if fields:
            out.append(f"static const field {c_name}_fields[] = {{")
            for f in fields:
                kind = self.kind(f)
                nested = f"&{snake(f['type'])}_shape" if kind in ("SHAPE", "SHAPES") else "NULL"
                choices = f"{snake(f['type'])}_choices" if kind == "CHOICE" else "NULL"
                out.append(f'    {{"{f["name"]}", FIELD_{kind}, {str(f["required"]).lower()}, {f["min"]}, {f["max"]}, '
                           f'offsetof({c_name}, {snake(f["name"])}), {nested}, {choices}, '
                           f'{", ".join(self.binding(f))}}},')
            out.append("};")
        pointer = f"{c_name}_fields" if fields else "NULL"
        out.append(f'const shape {c_name}_shape = {{"{name}", sizeof({c_name}), {len(fields)}, {pointer}}};')
        return out

    def acts(self, op):
        """The acts a signed request for the operation may ask the vault for, as a mask."""
        named = [act for act in op["options"].get("acts", "").split(",") if act]
        for act in named:
            if act not in self.enums["VaultAct"]:
                stop(op["name"], f"no act {act}")
        return " | ".join(f"ACT_BIT(VAULT_ACT_{snake(act).upper()})" for act in named) or "0"

    def aws(self, op):
        """The action as AWS's clients name it, or NULL when they have none such."""
        if op["aws"] and not re.fullmatch(r"[a-z]+:[A-Za-z]+", op["aws"]):
            stop(op["name"], "aws is SERVICE:ACTION")
        return f'"{op["aws"]}"' if op["aws"] else "NULL"

    def operation_source(self):
        index = {row[0]: i for i, row in enumerate(self.products)}
        out = ["const operation operation_table[] = {\n    {0},"]
        for op in self.operations:
            options = op["options"]
            action = options.get("action", f"{op['product']}:{op['name']}")
            text = op["help"].replace('"', '\\"')
            out.append(f'    {{"{op["name"]}", &product_table[{index[op["product"]]}], "{action}", '
                       f'LEVEL_{op["level"].upper()}, RESOURCE_{snake(op["resource"]).upper()}, '
                       f'BODY_{options.get("body", "none").upper()}, {str("steps" in options).lower()}, '
                       f'{str(options.get("signed") == "no").lower()}, '
                       f'{str(options.get("across") == "accounts").lower()}, {self.acts(op)},\n'
                       f'     &{snake(op["c"])}_in_shape, &{snake(op["c"])}_out_shape, "{text}", {self.aws(op)}}},')
        out.append("};")
        return out

    def failure_source(self, errors):
        out = ["const failure_row failure_table[] = {\n    {{{0}}},"]
        rows = list(error_rows(errors))
        for row in rows:
            cells = []
            for cell in row[1:-1]:
                http, code = ("500", "NULL") if cell == "-" else (cell.split()[0], f'"{cell.split()[1]}"')
                cells.append(f"{{{http}, {code}}}")
            out.append(f'    {{{{{", ".join(cells)}}}, "{row[-1]}"}},')
        out.append(f"}};\nconst size_t failure_count = {len(rows) + 1};")
        return out

    def parameter_shapes(self):
        """Every shape that callers fill in, with the name its lines in parameters.def may begin with."""
        found = {op["c"] + "In": op["c"] for op in self.operations}
        waiting = list(found)
        while waiting:
            for f in self.shapes[waiting.pop()]:
                if self.kind(f) in ("SHAPE", "SHAPES") and f["type"] not in found:
                    found[f["type"]] = f["type"]
                    waiting.append(f["type"])
        return found

    def read_parameters(self, path):
        """What parameters mean, {shape: [text]}: a line for each of them, and no line too many."""
        rows, used = {}, set()
        for where, name, text in parameter_rows(path):
            if name in rows:
                stop(where, f"{name} is there twice")
            rows[name] = text
        for shape, owner in self.parameter_shapes().items():
            self.meanings[shape] = []
            for f in self.shapes[shape]:
                name = next((n for n in (f"{owner}.{f['name']}", f["name"]) if n in rows), None)
                if name is None:
                    stop(f["where"], f"no line about {owner}.{f['name']} in {os.path.basename(path)}")
                used.add(name)
                self.meanings[shape].append(rows[name])
        for name in sorted(set(rows) - used):
            stop(path, f"no operation has a parameter {name}, or each has a line of its own")

    def parameter_source(self):
        out = ["/* Generated from src/contract/ tables by tools/contract.py. */", '#include "contract/parameter.h"', ""]
        shapes = [shape for shape, texts in self.meanings.items() if texts]
        for shape in shapes:
            texts = ",\n    ".join('"' + text.replace('"', '\\"') + '"' for text in self.meanings[shape])
            out.append(f"static const char *const {snake(shape)}_meanings[] = {{\n    {texts},\n}};")
        out.append("const parameter_rows parameter_table[] = {")
        out += [f"    {{&{snake(shape)}_shape, {snake(shape)}_meanings}}," for shape in shapes]
        return "\n".join(out) + f"\n}};\nconst size_t parameter_table_count = {len(shapes)};\n"

    def handlers(self):
        """Prototypes and the table of handlers: a handler that does not fit its row does not compile."""
        out = ["/* Generated from src/contract/ tables by tools/contract.py. Included by service/serve.c alone. */", ""]
        for op in self.operations:
            c_name = snake(op["c"])
            steps = STEPS[op["options"].get("steps", "1")]
            for step in steps:
                out.append(f"status {c_name}_{step}(call *c, const {c_name}_in *in, {c_name}_out *out);")
        out.append("\n#define HANDLER_WRAPPERS \\")
        for op in self.operations:
            c_name = snake(op["c"])
            steps = STEPS[op["options"].get("steps", "1")]
            for step in steps:
                out.append(f"    static status {c_name}_{step}_any(call *c, const void *in, void *out) {{ \\\n"
                           f"        return {c_name}_{step}(c, in, out); \\\n    }} \\")
        out.append("\n#define HANDLER_ROWS \\")
        for op in self.operations:
            c_name = snake(op["c"])
            steps = STEPS[op["options"].get("steps", "1")]
            row = ", ".join(f".{step} = {c_name}_{step}_any" for step in steps)
            out.append(f"    [OPERATION_{c_name.upper()}] = {{{row}}}, \\")
        return "\n".join(out) + "\n\n"


def read_all(paths):
    contract = Contract()
    apart = {name: next(path for path in paths if path.endswith(name)) for name in ("errors.def", "parameters.def")}
    for path in paths:
        if path not in apart.values():
            contract.read(path)
    contract.read_parameters(apart["parameters.def"])
    return contract, apart["errors.def"]


def of_tree(root):
    """The contract of a source tree. Numbers follow the order in which its build lists the files."""
    folder = os.path.join(root, "src", "contract")
    with open(os.path.join(folder, "meson.build"), encoding="utf-8") as f:
        listed = re.search(r"^defs = files\((.*?)\)", f.read(), re.M | re.S)[1]
    return read_all([os.path.join(folder, name) for name in re.findall(r"'(\w+\.def)'", listed)])[0]


def tables(out_dir, paths):
    contract, errors = read_all(paths)
    for name, text in (("contract_tables.h", contract.header()), ("contract_tables.c", contract.source(errors)),
                       ("contract_handlers.h", contract.handlers()),
                       ("contract_parameters.c", contract.parameter_source())):
        with open(os.path.join(out_dir, name), "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "status-codes":
        status_codes(sys.argv[2], sys.argv[3])
    elif len(sys.argv) > 3 and sys.argv[1] == "tables":
        tables(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
