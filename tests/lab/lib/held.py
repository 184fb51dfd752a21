#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are held open, one for each line "CLIENT PORT" of a file, and who answers on them.

    held.py VIP PORT ENDS OUT

Opens one after the other, asks for "/" on each and writes "CLIENT PORT BACKEND" lines to OUT. Whenever
OUT.again appears it asks again on the same connections, writes OUT.second in the same way and removes it.
OUT and OUT.second are there when they are whole. Ends by a signal.
"""
import os
import socket
import sys
import time


def ask(s):
    s.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
    text = b""
    while b"\r\n\r\n" not in text:
        text += read(s)
    head, body = text.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += read(s)
    return body.split()[0].decode()


def read(s):
    piece = s.recv(4096)
    if not piece:
        raise ConnectionError("it was closed")
    return piece


def write(path, connections):
    with open(path + ".new", "w") as out:
        for client, port, s in connections:
            try:
                backend = ask(s)
            except OSError as error:
                backend = type(error).__name__
            print(client, port, backend, file=out)
    os.rename(path + ".new", path)


def main():
    vip, port, ends, out = sys.argv[1:]
    connections = []
    for line in open(ends):
        client, from_port = line.split()
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(3)
        s.bind((client, int(from_port)))
        s.connect((vip, int(port)))
        connections.append((client, from_port, s))
    write(out, connections)
    while True:
        time.sleep(0.05)
        if os.path.exists(out + ".again"):
            write(out + ".second", connections)
            os.unlink(out + ".again")


main()
