#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A paced flood of forged packets for a VIP, out of an interface. Prints how many were sent, and in
how many seconds.

flood.py DEVICE TO-MAC VIP PORT error|fragment|syn|reuse RATE SECONDS

error      ICMP: a TCP segment of VIP and PORT to some client was too long
fragment   the second fragment of a datagram whose first one nobody has seen
syn        SYNs of many clients, each one another (their checksum is wrong, so that nobody answers)
reuse      the same of one client and one port
"""
import socket
import struct
import sys
import time

FORMS = 1024  # different clients and identifications


def ipv4(source, to, protocol, number, offset, payload):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, offset, 64, protocol, 0,
                       source, to) + payload


def error(source, vip, port, number):
    about = ipv4(vip, source, socket.IPPROTO_TCP, number, 0,
                 struct.pack("!HHI", port, 1024 + number, 1))
    return ipv4(source, vip, socket.IPPROTO_ICMP, number, 0,
                struct.pack("!BBHHH", 3, 4, 0, 0, 1300) + about)


def fragment(source, vip, _, number):
    return ipv4(source, vip, socket.IPPROTO_UDP, number, 185, b"x" * 64)


def syn(source, vip, port, number):
    return ipv4(source, vip, socket.IPPROTO_TCP, number, 0,
                struct.pack("!HHIIBBHHH", 1024 + number, port, 0, 0, 0x50, 2, 65535, 0, 0))


SEQUENCE = 14 + 20 + 4  # where it is in such a frame


def frames(make, mac, vip, port):
    head = bytes.fromhex(mac.replace(":", "")) + b"\x02\0\0\0\0\x0a\x08\0"
    for i in range(FORMS):
        source = socket.inet_aton("198.18.%d.%d" % (i // 256, i % 256))
        yield (head + make(source, socket.inet_aton(vip), port, i)).ljust(60, b"\0")


def main():
    device, mac, vip, port, kind, rate, seconds = sys.argv[1:]
    make = {"error": error, "fragment": fragment, "syn": syn, "reuse": syn}[kind]
    forms = [bytearray(f) for f in frames(make, mac, vip, int(port))]
    if kind == "reuse":
        del forms[1:]
    rate, seconds, sent = float(rate), float(seconds), 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            # A few at a time: the receiver's queue is short.
            due = min(int(passed * rate) - sent, 64)
            for _ in range(due):
                frame = forms[sent % len(forms)]
                if make is syn:
                    struct.pack_into("!I", frame, SEQUENCE, sent)
                s.send(frame)
                sent += 1
            if due <= 0:
                time.sleep(0.0005)
    print(sent, "%.3f" % (time.monotonic() - begin))


main()
