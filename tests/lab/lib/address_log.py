#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses that come and go, as the kernel tells: "MILLISECONDS new|del ADDRESS", a line each."""
import socket
import struct
import time

RTM_NEWADDR, RTM_DELADDR = 20, 21
GROUPS = 0x10 | 0x100  # RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
IFA_ADDRESS = 1


def align(n):
    return n + 3 & ~3


def address(family, attributes):
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind == IFA_ADDRESS:
            return socket.inet_ntop(family, attributes[4:length])
        attributes = attributes[align(length):]
    return "?"


def main():
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((0, GROUPS))
    print("0 ready -", flush=True)
    while True:
        data = s.recv(65536)
        now = time.time_ns() // 1000000
        while len(data) >= 24:
            length, kind = struct.unpack_from("=IH", data)
            word = {RTM_NEWADDR: "new", RTM_DELADDR: "del"}.get(kind)
            if word:
                print(now, word, address(data[16], data[24:length]), flush=True)
            data = data[align(length):]


main()
