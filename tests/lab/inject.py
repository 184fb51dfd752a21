#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends one hand-made frame out of eth0 (or another interface): Ethernet, IPv4 or IPv6, a TCP segment (SYN)."""
import argparse
import socket
import struct


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dst-mac", required=True)
    p.add_argument("--src-mac", required=True)
    p.add_argument("--src", required=True, help="IP source")
    p.add_argument("--dst", required=True, help="IP destination")
    p.add_argument("--sport", type=int, required=True)
    p.add_argument("--dport", type=int, default=80)
    p.add_argument("--ttl", type=int, default=64)
    p.add_argument("--interface", default="eth0")
    p.add_argument("--flags", type=lambda n: int(n, 0), default=0x02, help="of TCP")
    return p.parse_args()


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def pseudo_header(src, dst, length):
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, socket.IPPROTO_TCP, length)
    return src + dst + struct.pack("!IHBB", length, 0, 0, socket.IPPROTO_TCP)


def tcp_segment(a, src, dst):
    def header(check):
        return struct.pack("!HHIIBBHHH", a.sport, a.dport, 1, 0, 5 << 4, a.flags, 64240, check, 0)
    return header(checksum(pseudo_header(src, dst, 20) + header(0)))


def ipv4(a, src, dst, payload):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0x4c41, 0, a.ttl,
                           socket.IPPROTO_TCP, check, src, dst)
    return header(checksum(header(0))) + payload


def ipv6(a, src, dst, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), socket.IPPROTO_TCP, a.ttl) + src + dst + payload


def main():
    a = arguments()
    family = socket.AF_INET6 if ":" in a.src else socket.AF_INET
    src, dst = socket.inet_pton(family, a.src), socket.inet_pton(family, a.dst)
    header = ipv6 if family == socket.AF_INET6 else ipv4
    kind = b"\x86\xdd" if family == socket.AF_INET6 else b"\x08\x00"
    frame = mac(a.dst_mac) + mac(a.src_mac) + kind + header(a, src, dst, tcp_segment(a, src, dst))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((a.interface, 0))
    s.send(frame.ljust(60, b"\0"))


main()
