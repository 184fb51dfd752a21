#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are opened and then silent.

hold.py tcp|udp ADDRESS PORT COUNT

TCP: a request of HTTP on each, which is answered; UDP: two datagrams of each socket, which echo.py
answers. Prints "ready COUNT" then, and closes them all when it is asked to end (SIGTERM). Exit status
1 when one is not answered.
"""
import signal
import socket
import sys

TIME_LIMIT_S = 5
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: keep-alive\r\n\r\n"


def open_tcp(address, port):
    s = socket.create_connection((address, port), TIME_LIMIT_S)
    s.sendall(REQUEST)
    answer = s.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise OSError("answered with %r" % answer)
    return s


def open_udp(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(TIME_LIMIT_S)
    s.connect((address, port))
    for _ in range(2):
        s.send(b"x" * 100)
        s.recv(65536)
    return s


def main():
    protocol, address, port, count = sys.argv[1:]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    opened = []
    try:
        for _ in range(int(count)):
            opened.append({"tcp": open_tcp, "udp": open_udp}[protocol](address, int(port)))
    except OSError as error:
        print("number %d: %s" % (len(opened) + 1, error), flush=True)
        return 1
    print("ready", len(opened), flush=True)
    signal.sigwait({signal.SIGTERM})
    for s in opened:
        s.close()
    return 0


sys.exit(main())
