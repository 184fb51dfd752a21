#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One ICMP error about a UDP datagram that VIP has sent to CLIENT.

icmp_error.py VIP PORT CLIENT PORT TYPE [options]   options: that datagram has IP options
"""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(vip, port, client, client_port, options):
    head = struct.pack("!BBHHHBBH4s4s", 0x46 if options else 0x45, 0, 1000, 1, 0, 64,
                       socket.IPPROTO_UDP, 0, socket.inet_aton(vip), socket.inet_aton(client))
    return (head + (b"\1\1\1\0" if options else b"") +
            struct.pack("!HHHH", port, client_port, 980, 0))


def main():
    vip, port, client, client_port, kind = sys.argv[1:6]
    about = datagram(vip, int(port), client, int(client_port), "options" in sys.argv[6:])
    total = checksum(struct.pack("!BBHI", int(kind), 0, 0, 0) + about)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(struct.pack("!BBHI", int(kind), 0, total, 0) + about, (vip, 0))


main()
