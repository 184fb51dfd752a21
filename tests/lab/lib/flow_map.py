#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""flow_map.py < `nft -j list map netdev director FARM-flows`: a line for each flow, sorted.

    CLIENT:PORT>ADDRESS:PORT BACKEND LEFT

BACKEND is the mark in hexadecimal, LEFT the seconds that the flow has. The map has of an IPv6 client
the network and the last four octets, and no address of the service: CLIENT is these two, ADDRESS is
empty. What is in the map twice has two lines. Exit status 1: this is no map of flows.
"""
import ipaddress
import json
import sys


def flow(parts):
    # nft shows 64 bits with a sign.
    first, second, ports = (part & (1 << 64) - 1 for part in parts)
    if second >> 32 or ports >> 32:
        raise ValueError("not the key of a flow: %s" % parts)
    if first >> 32:
        client = "%x..%x" % (first, second)
        service = ""
    else:
        client, service = (ipaddress.IPv4Address(part) for part in (first, second))
    return "%s:%d>%s:%d" % (client, ports >> 16, service, ports & 0xffff)


def lines(document):
    found = next(item["map"] for item in document["nftables"] if "map" in item)
    for key, mark in found.get("elem", []):
        element = key["elem"]
        yield "%s 0x%x %d" % (flow(element["val"]["concat"]), mark, element["expires"])


def main():
    try:
        for line in sorted(lines(json.load(sys.stdin))):
            print(line)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        print("no map of flows:", repr(error), file=sys.stderr)
        return 1
    return 0


sys.exit(main())
