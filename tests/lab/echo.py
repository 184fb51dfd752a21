#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that says who it is and how much it got, over TCP and UDP, and its client.

echo.py serve NAME PORT           IPv4 and IPv6; prints "ready"
echo.py tcp HOST PORT BYTES       uploads so much; prints the answer: "NAME BYTES"
echo.py tcp-down HOST PORT BYTES  downloads so much; prints the same
echo.py udp HOST PORT BYTES       one datagram, sent up to three times until it is answered
echo.py ping HOST                 an echo request of ICMP or ICMPv6, likewise
Exit status 1 when nothing comes back within the time limit.
"""
import os
import selectors
import socket
import struct
import sys
import threading

TIME_LIMIT_S = 8
DATAGRAM_LIMIT_S = 1


def say(name, count):
    return ("%s %d\n" % (name, count)).encode()


def serve_tcp(name, connection):
    """The first line is "up" or "down BYTES"; the answer to the first is what came after it."""
    connection.settimeout(TIME_LIMIT_S)
    try:
        with connection, connection.makefile("rb") as stream:
            words = stream.readline().split()
            if words[0] == b"down":
                connection.sendall(say(name, int(words[1])) + b"x" * int(words[1]))
                return
            count = 0
            while chunk := stream.read(65536):
                count += len(chunk)
            connection.sendall(say(name, count))
    except (OSError, IndexError, ValueError):
        pass  # the client sees that nothing comes


def serve(name, port):
    loop = selectors.DefaultSelector()
    # A socket for each address that is there: the answer to a datagram leaves from where it was sent.
    tcp = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True,
                               backlog=1024)
    loop.register(tcp, selectors.EVENT_READ)
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            udp.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        udp.bind((anywhere, port))
        loop.register(udp, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in loop.select():
            if key.fileobj is tcp:
                threading.Thread(target=serve_tcp, args=(name, tcp.accept()[0]), daemon=True).start()
                continue
            data, ancillary, _, peer = key.fileobj.recvmsg(65535, 256)
            key.fileobj.sendmsg([say(name, len(data))], answer_from(ancillary), 0, peer)


def answer_from(ancillary):
    """The address that the datagram was sent to, as the source of the answer, on any interface."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP:
            return [(level, kind, b"\0" * 4 + data[8:12] + b"\0" * 4)]
        if level == socket.IPPROTO_IPV6:
            return [(level, kind, data[:16] + b"\0" * 4)]
    return []


def read_answer(stream):
    """The line, and as many octets as it promises."""
    line = stream.readline()
    return line, line.split()[1] if line else b"0"


def tcp(host, port, count, down):
    with socket.create_connection((host, port), TIME_LIMIT_S) as s, s.makefile("rb") as stream:
        if down:
            s.sendall(b"down %d\n" % count)
        else:
            s.sendall(b"up\n" + b"x" * count)
            s.shutdown(socket.SHUT_WR)
        line, promised = read_answer(stream)
        if down and len(stream.read(int(promised))) != count:
            return None
        return line


def udp(host, port, count):
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as s:
        s.settimeout(DATAGRAM_LIMIT_S)
        s.connect(address)
        for _ in range(3):
            s.send(b"x" * count)
            try:
                return s.recv(65535)
            except socket.timeout:
                pass
    return None


def icmp_checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(host):
    """The kernel fills in the checksum of ICMPv6, and leaves the IP header before an ICMP answer."""
    six = ":" in host
    request = bytearray(struct.pack("!BBHHH8s", 128 if six else 8, 0, 0, os.getpid() & 0xffff, 1,
                                    b"director"))
    if not six:
        request[2:4] = struct.pack("!H", icmp_checksum(bytes(request)))
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP) as s:
        s.settimeout(DATAGRAM_LIMIT_S)
        for _ in range(3):
            s.sendto(request, (host, 0))
            try:
                while True:
                    answer, peer = s.recvfrom(1024)
                    answer = answer if six else answer[20:]
                    if answer[0] == (129 if six else 0) and answer[4:] == request[4:]:
                        return ("%s\n" % peer[0]).encode()
            except socket.timeout:
                pass
    return None


def ask(what, arguments):
    host = arguments[0]
    if what == "ping":
        return ping(host)
    port, count = int(arguments[1]), int(arguments[2])
    if what == "udp":
        return udp(host, port, count)
    return tcp(host, port, count, what == "tcp-down")


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "serve":
        serve(arguments[0], int(arguments[1]))
    try:
        answer = ask(what, arguments)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    if not answer:
        return 1
    print(answer.decode(), end="")
    return 0


sys.exit(main())
