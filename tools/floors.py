#!/usr/bin/env python3
"""Checks that each room under src/ includes only rooms on lower floors, and libraries only where they are at home."""
import os
import re
import sys

# A room may include itself and any room on a lower floor, never a neighbour. "contract" holds the generated tables too.
FLOORS = {
    "base": 0,
    "crypto": 1, "format": 1, "system": 1,
    "contract": 2, "store": 2, "blobs": 2,
    "keys": 3, "access": 3, "trail": 3, "objects": 3, "custody": 3, "saml": 3, "wire": 3,
    "service": 4, "dialect": 4,
    "role": 5, "cli": 5,
}

# Where a library's headers may be included: rooms, or beginnings of paths. Tests have cmocka besides.
LIBRARIES = {
    r"openssl/": ["crypto/"],
    r"intel-ipsec-mb\.h|ipsec-mb": ["crypto/"],
    r"isa-l": ["crypto/"],
    r"argon2\.h": ["crypto/"],
    r"cbor(\.h|/)": ["crypto/"],
    r"(qrencode|png)\.h": ["format/"],
    r"sqlite3": ["store/"],
    r"jansson\.h": ["format/"],
    r"expat": ["format/"],
    r"(libxml|xmlsec)/": ["saml/"],
    r"ini\.h": ["format/"],
    r"microhttpd\.h": ["role/gateway/"],
    r"gnutls/": ["role/gateway/"],
    r"curl/": ["cli/"],
    r"seccomp\.h": ["system/"],
    r"linux/": ["system/"],
    r"sys/ioctl\.h": ["system/", "cli/terminal"],
    r"sys/(epoll|eventfd|inotify|mman|mount|personality|prctl|ptrace|random|signalfd|syscall|timerfd|un)\.h": ["system/"],
    r"(sched|grp|pwd)\.h": ["system/"],
    r"sys/(wait|socket)\.h": ["system/", "role/gateway/http", "cli/"],
    r"cmocka\.h": ["_test"],
}
GENERATED = {"status_codes.h"}  # from contract/errors.def, for base/status.h

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def is_test(path):
    """Tests and what only they use."""
    return "test" in os.path.basename(path) or "_scene." in path


def sources(root):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), root)


def check_own(path, room, included):
    """Why this include of ours is wrong, or None."""
    if included in GENERATED:
        return None
    other = included.split("/")[0]
    if "/" not in included or other not in FLOORS:
        return f'includes "{included}": write it as "room/file.h"'
    if other != room and FLOORS[other] >= FLOORS[room]:
        return f'includes "{included}": {other} is on floor {FLOORS[other]}, {room} on floor {FLOORS[room]}'
    return None


def check_foreign(path, included):
    for pattern, places in LIBRARIES.items():
        if not re.match(pattern, included):
            continue
        if is_test(path) or any(path.startswith(place) for place in places):
            return None
        return f"includes <{included}>, which only {', '.join(places)} may"
    return None


def check_file(root, path):
    room = path.split("/")[0]
    if "/" not in path or room not in FLOORS:
        yield path, 1, "lies in no room"
        return
    with open(os.path.join(root, path), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            why = check_own(path, room, found[1]) if found[1] else check_foreign(path, found[2])
            if why:
                yield path, number, why


def main():
    root = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")
    faults = [fault for path in sources(root) for fault in check_file(root, path)]
    for path, number, why in faults:
        print(f"src/{path}:{number}: {why}")
    print(f"floors: {len(faults)} violations")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
