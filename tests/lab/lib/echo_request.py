#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""echo_request.py ADDRESS: one ICMP echo request; exit status 0 when it is answered in a second."""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main():
    address = sys.argv[1]
    ipv6 = ":" in address
    request = struct.pack("!BBHHH", 128 if ipv6 else 8, 0, 0, 0x4443, 1) + bytes(8)
    if not ipv6:  # of ICMPv6 the kernel makes it
        request = request[:2] + struct.pack("!H", checksum(request)) + request[4:]
    with socket.socket(
        socket.AF_INET6 if ipv6 else socket.AF_INET,
        socket.SOCK_RAW,
        socket.IPPROTO_ICMPV6 if ipv6 else socket.IPPROTO_ICMP,
    ) as s:
        s.settimeout(1)
        s.sendto(request, (address, 0))
        try:
            while True:
                answer, source = s.recvfrom(1024)
                body = answer if ipv6 else answer[(answer[0] & 15) * 4 :]
                if body[0] == (129 if ipv6 else 0) and source[0] == address:
                    return 0
        except TimeoutError:
            return 1


if __name__ == "__main__":
    sys.exit(main())
