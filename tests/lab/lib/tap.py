#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tap.py TAP IF: makes the tap TAP and carries frames between it and the interface IF, until ended.

Both ends speak with the virtio header, so that checksums and segments that the kernel leaves
unfinished between two interfaces of one machine stay what they are.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 2, 0x1000, 0x4000
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 1, 15, 23
PACKET_MR_PROMISC = 1
ETH_P_ALL = 3
LONGEST = 70000


def main():
    tap = os.open("/dev/net/tun", os.O_RDWR)
    flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH14x", sys.argv[1].encode(), flags))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    wire.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    wire.bind((sys.argv[2], ETH_P_ALL))
    promisc = struct.pack("iHH8x", socket.if_nametoindex(sys.argv[2]), PACKET_MR_PROMISC, 0)
    wire.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, promisc)
    while True:
        for fd in select.select([tap, wire], [], [])[0]:
            try:
                if fd is wire:
                    os.write(tap, wire.recv(LONGEST))
                else:
                    wire.send(os.read(tap, LONGEST))
            except OSError:
                pass  # a frame is lost, as on any wire


main()
