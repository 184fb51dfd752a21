#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""flow_compare.py MASTER STANDBY LEAST [RELAYED]: what two kernels remember of flows, one after the other.

Each file has the lines of flow_map.py, the first two with a word and a colon in front. RELAYED are
those of which the master knows that the standby has them. A flow that has less than LEAST seconds left
on either side may end while the two are read: it is left out, and counted. Prints

    both N       on both sides, with the same backend
    different N  with another one
    missing N    on the master alone
    extra N      on the standby alone
    relayed N    the same, and the master knows
    left_out N
    twice N      more than once on one side

and, behind a #, the first of each kind. Exit status 2: something is extra, which may have ended on the
master a moment ago; 1: something is different, missing or twice.
"""
import sys

SHOWN = 5


def read(path):
    flows, twice = {}, []
    with open(path) as f:
        for line in f:
            key, mark, left = line.split()
            if key in flows:
                twice.append(key)
            flows[key] = mark, int(left)
    return flows, twice


def main():
    master, twice = read(sys.argv[1])
    standby, twice_too = read(sys.argv[2])
    least = int(sys.argv[3])
    relayed = read(sys.argv[4])[0] if len(sys.argv) > 4 else {}
    found = {name: [] for name in ("both", "different", "missing", "extra", "relayed", "left_out")}
    for key in sorted(master.keys() | standby.keys()):
        here, there = master.get(key), standby.get(key)
        if min(side[1] for side in (here, there) if side) < least:
            kind = "left_out"
        elif not there:
            kind = "missing"
        elif not here:
            kind = "relayed" if key.partition(":")[2] in relayed else "extra"
        else:
            kind = "both" if here[0] == there[0] else "different"
        found[kind].append("%s %s %s" % (key, here, there))
    found["twice"] = twice + twice_too
    for kind, flows in found.items():
        print(kind, len(flows))
    bad = [kind for kind in ("different", "missing", "extra", "twice") if found[kind]]
    for kind in bad:
        for flow in found[kind][:SHOWN]:
            print("#", kind, flow)
    return 0 if not bad else 2 if bad == ["extra"] else 1


sys.exit(main())
