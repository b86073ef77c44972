#!/usr/bin/env python3
"""Counts the uses of keys from exported events alone (JSON lines on stdin, or files), independent of the server.

usage: key_usage.py [FILE…]      prints one JSON line for each key, hour, version, operation, act and caller"""
import collections
import json
import sys


def count(events):
    """{(key, hour, version, operation, act, caller type, id, name): [count, last time]}; the hour "" is all time."""
    lines = collections.defaultdict(lambda: [0, ""])
    for event in events:
        who = event["userIdentity"]
        caller = tuple(who.get(name, "") for name in ("type", "principalId", "userName"))
        for use in event.get("keyUse", []):
            for hour in ("", event["eventTime"][:13] + ":00:00Z"):
                line = lines[(use["keyId"], hour, use["keyVersionId"], event["eventName"], use["operation"], *caller)]
                line[0] += 1
                line[1] = max(line[1], event["eventTime"])
    return dict(lines)


def last(events, key_id):
    """The newest event that used the key for more than making or importing it, or None."""
    newest = None
    for event in events:
        used = any(use["keyId"] == key_id and use["operation"] not in ("NewKey", "Import") for use in event.get("keyUse", []))
        if used and (newest is None or event["eventTime"] >= newest["eventTime"]):
            newest = event
    return newest


def main():
    files = [open(name, encoding="utf-8") for name in sys.argv[1:]] or [sys.stdin]
    counted = count(json.loads(line) for f in files for line in f if line.strip())
    for line, (number, when) in sorted(counted.items()):
        print(json.dumps([*line, number, when]))


if __name__ == "__main__":
    main()
