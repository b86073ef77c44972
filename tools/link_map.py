#!/usr/bin/env python3
"""Checks what each executable contains: what a role links is what it can do.

usage: link_map.py BUILD_FOLDER

Rooms are recognised by the functions their libraries define, libraries by what the executable asks the loader for."""
import glob
import os
import re
import subprocess
import sys

SYSTEM_LIBRARIES = {"libc.so", "libm.so", "ld-linux-x86-64.so", "libgcc_s.so", "libasan.so", "libubsan.so"}
CRYPTO = {"libcrypto.so", "libIPSec_MB.so"}
ROLE = CRYPTO | {"libseccomp.so"}

# Executable: rooms it must not contain a single function of, and the only libraries it may load besides the system's.
ROLES = {
    "keyhold-vault": (["store", "blobs", "format", "keys", "access", "trail", "objects", "body", "service", "dialect", "wire"],
                      ROLE | {"libargon2.so", "libcbor.so"}),
    "keyhold-keygen": (["custody", "store", "blobs", "format", "keys", "access", "trail", "objects", "body", "service", "dialect", "wire"],
                       ROLE | {"libargon2.so"}),
    "keyhold-reader": (["custody", "crypto", "store", "blobs", "format", "keys", "access", "trail", "objects", "body", "service", "dialect", "wire"],
                       {"libseccomp.so", "libxml2.so", "libxmlsec1.so", "libxmlsec1-openssl.so", "libcrypto.so"}),
    "keyhold-gateway": (["custody", "store", "blobs", "keys", "access", "trail", "objects", "service"],
                        ROLE | {"libisal.so", "libjansson.so", "libexpat.so", "libmicrohttpd.so", "libgnutls.so",
                                "libqrencode.so", "libpng16.so"}),
    "keyhold-core": (["custody", "dialect", "body"], ROLE | {"libjansson.so", "libsqlite3.so"}),
    "keyhold-auditor": (["custody", "store", "blobs", "keys", "access", "objects", "body", "service", "dialect", "wire"],
                        ROLE | {"libisal.so", "libjansson.so"}),
    "keyhold-supervisor": (["custody", "store", "blobs", "keys", "access", "objects", "body", "service", "dialect", "wire"],
                           ROLE | {"libinih.so", "libjansson.so"}),
    "keyhold": (["custody", "store", "blobs", "keys", "access", "objects", "body", "service"],
                ROLE | {"libisal.so", "libjansson.so", "libexpat.so", "libinih.so", "libcurl-gnutls.so"}),
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def defined(path, kinds):
    """Names of the functions and data a file defines, by nm's letters."""
    lines = (line.split() for line in run("nm", "--defined-only", path).splitlines())
    return {words[2] for words in lines if len(words) == 3 and words[1] in kinds}


def rooms(build):
    """The names that other files can use, per room; only those that one room alone defines."""
    found = {}
    for path in glob.glob(os.path.join(build, "src", "*", "lib*.a")):
        name = re.sub(r"^lib|(_room)?\.a$", "", os.path.basename(path))
        found[name] = defined(path, "TDRB")
    for name, symbols in found.items():
        others = set().union(*(s for other, s in found.items() if other != name))
        found[name] = symbols - others
    return found


def executables(build):
    found = {}
    for folder, _, names in os.walk(os.path.join(build, "src")):
        found.update({name: os.path.join(folder, name) for name in names if name in ROLES})
    return found


def libraries(path):
    asked = re.findall(r"\(NEEDED\).*\[(.+?)\]", run("readelf", "-d", path))
    return {re.sub(r"\.so.*", ".so", name) for name in asked}


def hardening_faults(path):
    headers, dynamic = run("readelf", "-lW", path), run("readelf", "-dW", path)
    if not re.search(r"Elf file type is DYN", headers):
        yield "is not position independent"
    if "GNU_RELRO" not in headers or not re.search(r"BIND_NOW|\bNOW\b", dynamic):
        yield "is not fully RELRO"
    if re.search(r"GNU_STACK.*\bRWE\b", headers):
        yield "has an executable stack"


def faults_of(name, path, known):
    forbidden, allowed = ROLES[name]
    own = (defined(part, "TDRB") for part in glob.glob(path + ".p/*.o"))  # may have a name that a room has too
    symbols = defined(path, "TtDdRrBb") - set().union(*own)
    for room in forbidden:
        inside = sorted(symbols & known.get(room, set()))
        if inside:
            yield f"contains {room}: {', '.join(inside[:5])}" + (f" and {len(inside) - 5} more" if len(inside) > 5 else "")
    for library in sorted(libraries(path) - allowed - SYSTEM_LIBRARIES):
        yield f"loads {library}"
    yield from hardening_faults(path)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    build = sys.argv[1]
    known, found = rooms(build), executables(build)
    faults = [f"{name}: not built" for name in ROLES if name not in found]
    faults += [f"{room}: no library of that room is built" for room in {r for f, _ in ROLES.values() for r in f} - set(known)]
    for name, path in sorted(found.items()):
        faults += [f"{name}: {why}" for why in faults_of(name, path, known)]
    for fault in faults:
        print(fault)
    print(f"link map: {len(faults)} violations in {len(found)} executables")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
