#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks on eth0 whose the address is, by ARP or neighbour discovery, and prints who answers.

who_has.py OWN ADDRESS [MAC]   asks from the address OWN, everybody or MAC alone, and listens for
                               half a second; one Ethernet address a line, sorted
"""
import socket
import struct
import sys
import time

ETH_P_ARP, ETH_P_IPV6 = 0x0806, 0x86DD
ARP_REPLY, NEIGHBOUR_ADVERTISEMENT = 2, 136
LISTEN_S = 0.5


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp_question(mac, own, wanted, to):
    body = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac + own + bytes(6) + wanted
    return (to or b"\xff" * 6) + mac + struct.pack("!H", ETH_P_ARP) + body


def solicitation(mac, own, wanted, to):
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + wanted[13:]
    destination = wanted if to else group
    body = wanted + b"\x01\x01" + mac

    def icmp(check):
        return struct.pack("!BBHI", 135, 0, check, 0) + body
    pseudo = own + destination + struct.pack("!II", len(icmp(0)), 58)
    payload = icmp(checksum(pseudo + icmp(0)))
    return ((to or b"\x33\x33" + group[12:]) + mac + struct.pack("!H", ETH_P_IPV6) +
            struct.pack("!IHBB", 6 << 28, len(payload), 58, 255) + own + destination + payload)


def answers(frame, wanted):
    if len(wanted) == 4:
        return frame[12:14] == b"\x08\x06" and frame[21] == ARP_REPLY and frame[28:32] == wanted
    return (frame[12:14] == b"\x86\xdd" and frame[20] == 58 and
            frame[54] == NEIGHBOUR_ADVERTISEMENT and frame[62:78] == wanted)


def main():
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    own, wanted = (socket.inet_pton(family, text) for text in sys.argv[1:3])
    to = bytes.fromhex(sys.argv[3].replace(":", "")) if len(sys.argv) > 3 else None
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind(("eth0", 3))
    mac = wire.getsockname()[4]
    question = solicitation if family == socket.AF_INET6 else arp_question
    wire.send(question(mac, own, wanted, to))
    said, end = set(), time.monotonic() + LISTEN_S
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame, place = wire.recvfrom(2048)
        except TimeoutError:
            break
        if place[2] != socket.PACKET_OUTGOING and len(frame) >= 42 and answers(frame, wanted):
            said.add(frame[6:12].hex(":"))
    print("\n".join(sorted(said)))


main()
