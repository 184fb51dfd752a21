#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that says who it is and how much it got, over TCP and UDP, and its client.

echo.py serve NAME PORT           IPv4 and IPv6; prints "ready"
echo.py tcp HOST PORT BYTES       uploads so much; prints the answer: "NAME BYTES"
echo.py tcp-down HOST PORT BYTES  downloads so much; prints the same
echo.py udp HOST PORT BYTES       one datagram, sent up to three times until it is answered
Exit status 1 when nothing comes back within the time limit.
"""
import selectors
import socket
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


def main():
    what, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "serve":
        serve(host, port)
    count = int(sys.argv[4])
    try:
        answer = udp(host, port, count) if what == "udp" else tcp(host, port, count,
                                                                  what == "tcp-down")
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    if not answer:
        return 1
    print(answer.decode(), end="")
    return 0


sys.exit(main())
