#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Datagrams of one flow in odd forms, and who answers each (see echo.py serve).

odd.py HOST PORT FORM [FORM …]   prints a name for each form, "-" when nobody answers

plain      one whole packet
options    with IP options, or an IPv6 header of destination options
fragments  of three fragments
reversed   of three fragments, the last one first (IPv4)
collision  of three fragments, with the same identification for every flow (IPv4)
"""
import random
import socket
import struct
import sys

TIME_LIMIT_S = 1
FRAGMENT = 1400  # octets of payload, a multiple of 8
LONG = 4000

# No operation three times, end of options (RFC 791); one option that pads (RFC 8200, 4.2).
OPTIONS = b"\1\1\1\0"
OPTIONS6 = bytes((0, 0, 1, 4, 0, 0, 0, 0))
IPV6_DSTOPTS = 59


def set_options(s, on):
    if s.family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, OPTIONS if on else b"")
    else:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, OPTIONS6 if on else b"")


def send_fragments(s, number, order):
    """The checksum of the datagram is 0: there is none (RFC 768)."""
    (source, sport), (host, port) = s.getsockname(), s.getpeername()
    data = struct.pack("!HHHH", sport, port, 8 + LONG, 0) + b"x" * LONG
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for at in order(range(0, len(data), FRAGMENT)):
            part = data[at:at + FRAGMENT]
            more = 0x2000 if at + FRAGMENT < len(data) else 0
            raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), number,
                                   more | at // 8, 64, socket.IPPROTO_UDP, 0,
                                   socket.inet_aton(source), socket.inet_aton(host)) + part,
                       (host, 0))


def send(s, form):
    if form == "plain":
        s.send(b"x")
    elif form == "options":
        set_options(s, True)
        s.send(b"x")
        set_options(s, False)
    elif form == "fragments":
        s.send(b"x" * LONG)
    elif form == "reversed":
        send_fragments(s, random.randrange(1, 65536), reversed)
    elif form == "collision":
        send_fragments(s, 7, iter)
    else:
        sys.exit("no such form: " + form)


def ask(s, form):
    send(s, form)
    try:
        return s.recv(65535).split()[0].decode()
    except socket.timeout:
        return "-"


def main():
    host, port = sys.argv[1:3]
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as s:
        s.settimeout(TIME_LIMIT_S)
        s.connect(address)
        print(*(ask(s, form) for form in sys.argv[3:]))


main()
