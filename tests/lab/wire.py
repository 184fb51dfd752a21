#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A wire between two interfaces on which each frame takes its time.

wire.py FIRST SECOND MS   prints "ready", then carries frames until it is ended
"""
import collections
import select
import socket
import sys
import time

ETH_P_ALL = 3
FRAME_MAX = 65536


def open_end(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((name, ETH_P_ALL))
    return end


def main():
    ends = [open_end(name) for name in sys.argv[1:3]]
    delay = int(sys.argv[3]) / 1000
    under_way = collections.deque()  # (when, to, frame): in the order of time, the delay is one
    print("ready", flush=True)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for end in select.select(ends, [], [], wait)[0]:
            frame, place = end.recvfrom(FRAME_MAX)
            if place[2] != socket.PACKET_OUTGOING:
                under_way.append((time.monotonic() + delay, ends[1 - ends.index(end)], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, to, frame = under_way.popleft()
            try:
                to.send(frame)
            except OSError:  # the interface is going
                pass


main()
