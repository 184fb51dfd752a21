#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Says on eth0 that this host has the IPv4 address ADDRESS: gratuitous ARP requests, one or TIMES."""
import socket
import struct
import sys

address = socket.inet_aton(sys.argv[1])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
own = s.getsockname()[4]
frame = (b"\xff" * 6 + own + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, 1) +
         own + address + bytes(6) + address)
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
    s.send(frame)
