#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""garbage.py SEED COUNT unix PATH | tcp ADDRESS PORT: COUNT connections that say what they should not.

Each is noise, or a good request with bits flipped, octets cut out, doubled or put in; whole or in pieces, left
open for a moment, shut down or reset. The same for the same seed. Prints how many connections were taken.
"""
import random
import socket
import struct
import sys

HTTP = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /status?x=%41 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        b"HEAD /metrics HTTP/1.0\r\n\r\n", b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]


def field(number, value):
    """Of a protobuf message: a number, or octets."""
    if isinstance(value, int):
        return bytes([number << 3]) + bytes([value & 127 | 128, value >> 7])
    return bytes([number << 3 | 2, len(value)]) + value


def control(r):
    body = field(1, r.randrange(1, 24))
    for number in r.sample(range(2, 12), r.randrange(4)):
        body += field(number, r.choice([b"www", b"web1", b"10.77.0.100", r.randrange(16384)]))
    return struct.pack(">I", len(body)) + body


def mutate(r, data):
    data = bytearray(data)
    for _ in range(r.randrange(1, 6)):
        at, size = r.randrange(len(data)), r.randrange(1, 9)
        match r.randrange(5):
            case 0:
                data[at] ^= 1 << r.randrange(8)
            case 1:
                del data[at:at + size]
            case 2:
                data[at:at] = data[at:at + size] * r.randrange(1, 40)
            case 3:
                data[at:at] = r.randbytes(size)
            case 4:
                data[:4] = struct.pack(">I", r.choice([0, 1, len(data), 4096, 2**31, 2**32 - 1]))
        if not data:
            return bytes([r.randrange(256)])
    return bytes(data)


def say(r, s, data):
    while data:
        n = r.choice([1, 3, len(data)]) if len(data) < 300 else len(data)
        s.sendall(data[:n])
        data = data[n:]
    end = r.randrange(3)
    if end == 0:
        s.shutdown(socket.SHUT_WR)
    elif end == 1 and s.family == socket.AF_INET:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        s.settimeout(0.02)
        s.recv(4096)


def main():
    r, taken = random.Random(int(sys.argv[1])), 0
    family, to = (socket.AF_UNIX, sys.argv[4]) if sys.argv[3] == "unix" else \
        (socket.AF_INET, (sys.argv[4], int(sys.argv[5])))
    for _ in range(int(sys.argv[2])):
        good = control(r) if family == socket.AF_UNIX else r.choice(HTTP)
        data = r.randbytes(r.randrange(1, 2000)) if r.randrange(4) == 0 else mutate(r, good)
        with socket.socket(family) as s:
            s.settimeout(5)
            try:
                s.connect(to)
                taken += 1
                say(r, s, data)
            except OSError:
                pass  # it is refused, and that is good
    print(taken)


main()
