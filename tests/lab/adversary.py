#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody without the key at the port of the sync channel; each does one thing, some seconds long.

adversary.py WHAT ADDRESS PORT SECONDS [FILE]

  crowd      a thousand connections that say nothing, again and again as they are closed
  octets     the hello in FILE, of which each connection sends one octet more than the one before, and
             the whole with octets behind it that are no confirm
  endless    octets without end: behind nothing, behind the hello in FILE, behind a huge length
  version    hellos of each other version
  hello      the stream in FILE, as it was recorded, and again one octet at a time
  answer     listens at ADDRESS, and answers each hello with the stream in FILE
  mirror     listens at ADDRESS, and sends back what it hears
  splice     listens at ADDRESS, and connects who comes with FILE's port: FILE is an address

Prints "ready" when it has begun or listens, and at the end "CONNECTIONS ANSWERED": how many there were,
and how many heard an octet of the other side.

adversary.py streams PCAP FOLDER: the streams of each direction of the first whole connection of the
channel in PCAP go to FOLDER/initiator and FOLDER/responder; prints the initiator's address.
"""
import os
import resource
import select
import socket
import struct
import sys
import threading
import time

CROWD = 1000
HELLO_LEN = 106
MAGIC = b"DSYN"


class Crowd:
    """Connections that are kept until the other side has done with them."""

    def __init__(self, address, port):
        self.to = (address, port)
        self.open, self.made, self.answered = [], 0, 0

    def connect(self, octets=b""):
        try:
            s = socket.create_connection(self.to, 2)
            self.made += 1
            s.sendall(octets)
        except OSError:
            return None
        s.setblocking(False)
        self.open.append(s)
        return s

    def tend(self):
        for s in list(self.open):
            try:
                got = s.recv(4096)
                self.answered += bool(got)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            if not got:
                s.close()
                self.open.remove(s)

    def tend_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tend()
            time.sleep(0.002)

    def end(self):
        print(self.made, self.answered)


def crowd(c, seconds, _):
    """Longer where the machine is slow: until there were as many as that."""
    end = time.monotonic() + seconds
    last = end + 8
    while time.monotonic() < end or (c.made < CROWD and time.monotonic() < last):
        c.connect()
        if c.made % 50 == 0:
            c.tend()


def octets(c, seconds, file):
    hello = read(file)[:HELLO_LEN]
    end = time.monotonic() + seconds
    for n in range(HELLO_LEN + 33):
        c.connect((hello + bytes(32))[:n])
        c.tend_for(max(0.0, (end - time.monotonic()) / (HELLO_LEN + 33 - n)))


def endless(c, seconds, file):
    hello = read(file)[:HELLO_LEN]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for first in (b"", MAGIC, hello, hello + bytes(32), b"\xff\xff\xff\xff", hello[:40]):
            s = c.connect(first)
            for _ in range(100 if s else 0):
                try:
                    s.setblocking(True)
                    s.settimeout(0.2)
                    s.sendall(bytes(65536))
                except OSError:
                    break
            if s:
                s.setblocking(False)
            c.tend()


def version(c, seconds, file):
    hello = bytearray(read(file)[:HELLO_LEN])
    mine = hello[4]
    end = time.monotonic() + seconds
    for v in range(256):
        if v != mine:
            hello[4] = v
            c.connect(bytes(hello))
            c.tend()
            time.sleep(max(0.0, (end - time.monotonic()) / (256 - v)))


def hello(c, seconds, file):
    stream = read(file)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        c.connect(stream)
        s = c.connect()
        for i in range(min(len(stream), HELLO_LEN + 64) if s else 0):
            try:
                s.sendall(stream[i : i + 1])
            except OSError:
                break
        c.tend_for(0.05)


def listen(address, port, seconds, serve):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(16)
    print("ready", flush=True)
    end = time.monotonic() + seconds
    made, answered = 0, []
    while time.monotonic() < end:
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            who, _ = s.accept()
        except OSError:
            break
        made += 1
        threading.Thread(target=serve, args=(who, answered), daemon=True).start()
    print(made, len(answered))


def answerer(stream):
    def serve(who, answered):
        try:
            who.settimeout(5)
            if who.recv(4096):
                answered.append(1)
            who.sendall(stream)
            while who.recv(4096):
                pass
        except OSError:
            pass
        who.close()

    return serve


def mirrored(who, answered):
    try:
        who.settimeout(5)
        while True:
            got = who.recv(4096)
            if not got:
                break
            answered.append(1)
            who.sendall(got)
    except OSError:
        pass
    who.close()


def splicer(address, port):
    def serve(who, answered):
        try:
            other = socket.create_connection((address, port), 2)
            while True:
                for s in select.select([who, other], [], [], 5)[0]:
                    got = s.recv(4096)
                    if not got:
                        raise OSError
                    answered.append(1)
                    (other if s is who else who).sendall(got)
        except OSError:
            pass
        who.close()

    return serve


def read(path):
    with open(path, "rb") as f:
        return f.read()


def segments(pcap):
    """Addresses, ports, sequence number and payload of each TCP segment over IPv4 over Ethernet."""
    data = read(pcap)
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack("<I", data[at + 8 : at + 12])[0]
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        ip = frame[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack("!H", ip[2:4])[0]]
        ports = struct.unpack("!HH", tcp[:4])
        yield (ip[12:16], ip[16:20], *ports), struct.unpack("!I", tcp[4:8])[0], tcp[
            (tcp[12] >> 4) * 4 :
        ]


def joined(pieces):
    start = min(pieces)
    stream, at = b"", start
    for seq in sorted(pieces):
        if seq > at:
            break
        stream += pieces[seq][at - seq :]
        at = start + len(stream)
    return stream


def streams(pcap, folder):
    flows = {}
    for flow, seq, payload in segments(pcap):
        if payload and len(payload) > len(flows.setdefault(flow, {}).get(seq, b"")):
            flows[flow][seq] = payload
    for flow, pieces in flows.items():
        back = flows.get((flow[1], flow[0], flow[3], flow[2]))
        there = joined(pieces)
        if there[:4] != MAGIC or there[5] != 1 or not back:
            continue
        answer = joined(back)
        if len(there) < 250 or len(answer) < 250:
            continue
        for name, stream in (("initiator", there), ("responder", answer)):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(stream)
        print(socket.inet_ntoa(flow[0]))
        return
    sys.exit("no whole connection in " + pcap)


def main():
    if sys.argv[1] == "streams":
        streams(sys.argv[2], sys.argv[3])
        return
    what, address, port, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    file = sys.argv[5] if len(sys.argv) > 5 else None
    if what in ("answer", "mirror", "splice"):
        serve = {
            "answer": lambda: answerer(read(file)),
            "mirror": lambda: mirrored,
            "splice": lambda: splicer(file, port),
        }[what]()
        listen(address, port, seconds, serve)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * CROWD, 4 * CROWD))
    c = Crowd(address, port)
    print("ready", flush=True)
    {"crowd": crowd, "octets": octets, "endless": endless, "version": version, "hello": hello}[what](
        c, seconds, file
    )
    c.end()


main()
