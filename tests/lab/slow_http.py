#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that an HTTP server has to get rid of by itself.

slow_http.py ADDRESS PORT silent|dribble|deaf COUNT

silent: connections that say nothing. dribble: an octet of a request without an end each half second.
deaf: a request for /metrics whose reply nobody reads, with the smallest of windows, and more that
the server does not want. Prints "opened" when they are there, and at the end for each how long the
server kept it, in ms, sorted; -1 when it still did after twelve seconds.
"""
import select
import socket
import sys
import time

MOST_S = 12
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(address, kind):
    s = socket.socket()
    if kind == "deaf":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    s.settimeout(MOST_S)
    s.connect(address)
    s.setblocking(False)
    if kind == "deaf":
        s.send(REQUEST + b"x" * 60000)
    return s


def is_gone(s, kind):
    """Whether the server has ended it."""
    if kind == "deaf":
        poll = select.poll()
        poll.register(s, select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))
    try:
        return s.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def main():
    address, kind, count = (sys.argv[1], int(sys.argv[2])), sys.argv[3], int(sys.argv[4])
    open_, kept = [], []
    for _ in range(count):
        open_.append((connect(address, kind), time.monotonic()))
    print("opened", flush=True)
    end = time.monotonic() + MOST_S
    dribbled = 0
    while open_ and time.monotonic() < end:
        for s, began in open_[:]:
            if is_gone(s, kind):
                kept.append(int((time.monotonic() - began) * 1000))
                open_.remove((s, began))
                s.close()
            elif kind == "dribble" and time.monotonic() - dribbled > 0.5:
                try:
                    s.send(b"G")
                except OSError:
                    pass
        if time.monotonic() - dribbled > 0.5:
            dribbled = time.monotonic()
        time.sleep(0.02)
    kept.extend([-1] * len(open_))
    print(*sorted(kept))


main()
