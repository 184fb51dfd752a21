#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who has nothing to say to a TCP port, and says it in every way, for some seconds.

noise.py ADDRESS PORT SECONDS

Octets at random, all at once, one at a time, or too few; connections that say nothing, end at once or
are reset; always the same dice. Prints "CONNECTED REFUSED": how many were let in, how many not.
"""
import random
import socket
import struct
import sys
import time

IDLE_MOST = 40


def main():
    address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    dice = random.Random(8405)
    end = time.monotonic() + seconds
    idle, connected, refused = [], 0, 0
    while time.monotonic() < end:
        try:
            s = socket.create_connection((address, port), 1)
            connected += 1
            say(s, dice)
            idle.append(s)
        except OSError:
            refused += 1
        if len(idle) > IDLE_MOST:
            idle.pop(0).close()
        time.sleep(0.01)
    print(connected, refused)


def say(s, dice):
    what = dice.randrange(5)
    if what == 0:
        s.sendall(dice.randbytes(dice.randrange(1, 65536)))
    elif what == 1:
        for _ in range(20):
            s.sendall(dice.randbytes(1))
    elif what == 2:
        s.sendall(struct.pack("!I", dice.randrange(1 << 32)) + dice.randbytes(dice.randrange(64)))
    elif what == 3:
        # A reset instead of an orderly end.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


main()
