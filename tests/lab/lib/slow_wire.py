#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# slow_wire.py INTERFACE INTERFACE MS: a cable between two interfaces of this namespace on which every frame
# takes so long. Until it is ended. The hosts must not leave checksums or segments to their network cards.
import heapq
import select
import socket
import sys
import time

ETH_P_ALL = 3
OUTGOING = 4
LARGEST = 65535


def open_end(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((name, 0))
    end.setblocking(False)
    return end


def main():
    ends = [open_end(sys.argv[1]), open_end(sys.argv[2])]
    late_s = int(sys.argv[3]) / 1000
    wire = []  # (when, number, end, frame)
    number = 0

    print("ready", flush=True)
    while True:
        wait_s = max(0, wire[0][0] - time.monotonic()) if wire else None
        for end in select.select(ends, [], [], wait_s)[0]:
            frame, where = end.recvfrom(LARGEST)
            if where[2] == OUTGOING:
                continue
            number += 1
            heapq.heappush(wire, (time.monotonic() + late_s, number, ends[end is ends[0]], frame))
        while wire and wire[0][0] <= time.monotonic():
            _, _, end, frame = heapq.heappop(wire)
            try:
                end.send(frame)
            except OSError:
                pass  # no room, or no carrier: a frame may be lost


main()
