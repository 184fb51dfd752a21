# SPDX-License-Identifier: GPL-2.0-or-later
#
# parts.py SOCKET whole | parts [WHILE COMMAND …]: asks directord for its status, in one reply or in parts, and
# tells in one line how many replies came, how many farms are in them and what the last one is. WHILE: runs
# the command when the head has come and nothing else was read.
import socket
import struct
import subprocess
import sys

REQUESTS = {"whole": b"\x08\x01", "parts": b"\x08\x01\x88\x01\x01"}
STATUS, FARMS, NAME, MORE = 3, 9, 1, 30


def varint(octets, at):
    value = shift = 0
    while True:
        octet = octets[at]
        at += 1
        value |= (octet & 127) << shift
        shift += 7
        if octet < 128:
            return value, at


def fields(octets):
    at = 0
    while at < len(octets):
        tag, at = varint(octets, at)
        if tag & 7 == 0:
            value, at = varint(octets, at)
        elif tag & 7 == 2:
            length, at = varint(octets, at)
            value, at = octets[at:at + length], at + length
        else:
            value, at = None, at + (8 if tag & 7 == 1 else 4)
        yield tag >> 3, value


def take(s, n):
    octets = b""
    while len(octets) < n:
        got = s.recv(n - len(octets))
        if not got:
            sys.exit("it ended after %d of %d octets" % (len(octets), n))
        octets += got
    return octets


def reply(s):
    return list(fields(take(s, struct.unpack(">I", take(s, 4))[0])))


def main():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    request = REQUESTS[sys.argv[2]]
    s.sendall(struct.pack(">I", len(request)) + request)
    replies, names, more = 0, [], True
    while more:
        got = reply(s)
        if replies == 0 and sys.argv[3:]:
            subprocess.run(sys.argv[3:], check=True, stdout=sys.stderr)
        replies += 1
        for number, status in got:
            if number == STATUS:
                names += [dict(fields(farm))[NAME].decode() for n, farm in fields(status) if n == FARMS]
        more = dict(got).get(MORE, 0)
    if s.recv(1):
        sys.exit("something comes behind the last reply")
    print("%s replies, %d farms, the last %s" % ("1" if replies == 1 else "several", len(names),
                                                  names[-1] if names else "none"))
    if len(set(names)) != len(names):
        sys.exit("a farm came twice")


main()
