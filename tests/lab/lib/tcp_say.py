#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tcp_say.py ADDRESS PORT < what to say: says it, prints what comes back until the other side ends."""
import socket
import sys


def main():
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 3) as s:
        s.settimeout(8)
        try:
            s.sendall(sys.stdin.buffer.read())
            while data := s.recv(65536):
                sys.stdout.buffer.write(data)
        except ConnectionError:
            pass


main()
