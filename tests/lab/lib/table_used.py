#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""table_used.py TABLE: how many elements it has, of what `directorctl -j farm show` prints; 0 without it."""

import json
import sys


def main():
    farm = json.load(sys.stdin)
    used = [t["used"] for t in farm["tables"] if t["name"] == sys.argv[1]]
    print(used[0] if used else 0)


if __name__ == "__main__":
    main()
