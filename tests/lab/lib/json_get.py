#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""json_get.py PATH < document: prints the value at a path such as vrrp.0.state.

A list of objects may also be entered by name: farms.www.backends.web1.mac. Objects and lists are
printed as JSON. Exit status 1 when there is no such value.
"""
import json
import sys


def enter(value, step):
    if isinstance(value, dict):
        return value[step]
    if step.isdigit():
        return value[int(step)]
    return next(item for item in value if item.get("name") == step)


def main():
    try:
        value = json.load(sys.stdin)
        for step in sys.argv[1].split("."):
            value = enter(value, step)
    except (ValueError, KeyError, IndexError, TypeError, StopIteration):
        return 1
    print(value if isinstance(value, str) else json.dumps(value))
    return 0


sys.exit(main())
