#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends one hand-made frame out of eth0: Ethernet, IPv4, a TCP segment (SYN)."""
import argparse
import socket
import struct


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dst-mac", required=True)
    p.add_argument("--src-mac", required=True)
    p.add_argument("--src", required=True, help="IPv4 source")
    p.add_argument("--dst", required=True, help="IPv4 destination")
    p.add_argument("--sport", type=int, required=True)
    p.add_argument("--dport", type=int, default=80)
    p.add_argument("--ttl", type=int, default=64)
    p.add_argument("--flags", type=lambda n: int(n, 0), default=0x02, help="of TCP")
    return p.parse_args()


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def tcp_segment(a, src, dst):
    def header(check):
        return struct.pack("!HHIIBBHHH", a.sport, a.dport, 1, 0, 5 << 4, a.flags, 64240, check, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20)
    return header(checksum(pseudo + header(0)))


def ipv4(a, src, dst, payload):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0x4c41, 0, a.ttl,
                           socket.IPPROTO_TCP, check, src, dst)
    return header(checksum(header(0))) + payload


def main():
    a = arguments()
    src, dst = socket.inet_aton(a.src), socket.inet_aton(a.dst)
    frame = mac(a.dst_mac) + mac(a.src_mac) + b"\x08\x00" + ipv4(a, src, dst, tcp_segment(a, src, dst))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("eth0", 0))
    s.send(frame.ljust(60, b"\0"))


main()
