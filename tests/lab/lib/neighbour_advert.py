#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Says on eth0 that this host has the IPv6 address ADDRESS: one unsolicited neighbour advertisement."""
import socket
import struct
import sys

target = socket.inet_pton(socket.AF_INET6, sys.argv[1])
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
# Type, code, checksum (the kernel's business), the override flag, target (RFC 4861, 4.4).
s.sendto(struct.pack("!BBHI", 136, 0, 0, 0x20000000) + target,
         ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))
