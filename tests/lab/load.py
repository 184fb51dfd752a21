#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A steady load of HTTP requests, and where it had gaps.

Connections are opened at a fixed rate, whether or not earlier ones were answered, so that an outage
shows as what clients would see. Ends after --count connections or --duration seconds, or on SIGTERM,
then waits for the answers under way and prints one JSON document:

    sent, ok, failed   requests (one a connection, unless --requests); a failed one counts once
    retried            those that needed another try (--retries)
    moved              connections whose requests were answered by more than one backend
    backends           answers by the name in X-Backend
    errors             the tries that failed, by reason
    longest_gap_ms     longest time between two answers, and gap_start, when it began (epoch)

--log FILE has a line for every request: start and end (epoch), ok or the reason, backend, port.
"""
import argparse
import collections
import errno
import json
import selectors
import signal
import socket
import sys
import time


def arguments():
    p = argparse.ArgumentParser(description="A steady load of HTTP requests.")
    p.add_argument("address")
    p.add_argument("--port", type=int, default=80)
    p.add_argument("--path", default="/")
    p.add_argument("--rate", type=float, default=200, help="connections a second")
    p.add_argument("--count", type=int, help="connections in all")
    p.add_argument("--duration", type=float, help="seconds")
    p.add_argument("--timeout", type=float, default=1.0, help="seconds for each try")
    p.add_argument("--retries", type=int, default=0)
    p.add_argument("--requests", type=int, default=1, help="requests on each connection")
    p.add_argument("--pause", type=float, default=0.1, help="seconds between them")
    p.add_argument("--source-port", type=int, help="the first one; each connection takes the next")
    p.add_argument("--log", help="a line for every request")
    p.add_argument("--output", help="JSON into this file instead of standard output")
    args = p.parse_args()
    if args.source_port and args.count and args.source_port + args.count > first_port_of_kernel():
        p.error("--source-port reaches into the ports that the kernel gives to others")
    return args


def first_port_of_kernel():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        return int(f.read().split()[0])


class Answer:
    """One HTTP answer, fed as bytes arrive."""

    def __init__(self):
        self.head = b""
        self.backend = "?"
        self.left = None  # octets of the body, once the head is complete

    def feed(self, more):
        """True once the answer is complete."""
        if self.left is None:
            self.head += more
            head, end, more = self.head.partition(b"\r\n\r\n")
            if not end:
                return False
            self.read_head(head.decode("latin-1"))
        self.left -= len(more)
        return self.left <= 0

    def read_head(self, head):
        self.left = 0
        lines = head.split("\r\n")
        if " 200 " not in lines[0] + " ":
            raise ValueError(lines[0])
        for line in lines[1:]:
            key, _, value = line.partition(":")
            if key.lower() == "content-length":
                self.left = int(value)
            elif key.lower() == "x-backend":
                self.backend = value.strip()


class Connection:
    def __init__(self, load, source_port):
        self.load = load
        self.source_port = source_port
        self.left = load.args.requests
        self.tries = 0
        self.backends = set()
        self.sock = None
        self.done = False
        self.begin_request()

    def begin_request(self):
        self.started = time.time()
        self.resume_at = None
        self.answer = Answer()
        self.deadline = time.monotonic() + self.load.args.timeout

    def open(self):
        self.tries += 1
        self.deadline = time.monotonic() + self.load.args.timeout
        self.answer = Answer()
        self.sock = socket.socket(self.load.family, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        if self.source_port:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind(("", self.source_port))
        self.load.selector.register(self.sock, selectors.EVENT_WRITE, self)
        error = self.sock.connect_ex((self.load.args.address, self.load.args.port))
        if error not in (0, errno.EINPROGRESS):
            self.fail(errno.errorcode.get(error, str(error)))

    def send(self):
        last = self.left == 1
        request = "GET %s HTTP/1.1\r\nHost: lab\r\nConnection: %s\r\n\r\n" % (
            self.load.args.path, "close" if last else "keep-alive")
        self.sock.send(request.encode())
        self.load.selector.modify(self.sock, selectors.EVENT_READ, self)

    def ready(self, events):
        try:
            if events & selectors.EVENT_WRITE:
                error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, "")
                self.send()
            else:
                self.receive()
        except OSError as e:
            self.fail(errno.errorcode.get(e.errno, str(e.errno)))
        except ValueError as e:
            self.fail(str(e))

    def receive(self):
        more = self.sock.recv(65536)
        if self.done:
            if not more:
                self.close()
        elif not more:
            self.fail("closed early")
        elif self.answer.feed(more):
            self.answered()

    def answered(self):
        self.load.record(self, "ok")
        self.backends.add(self.answer.backend)
        self.left -= 1
        if self.left:
            self.resume_at = time.monotonic() + self.load.args.pause
            self.deadline = self.resume_at + self.load.args.timeout
        else:
            # The server closes first, so that it keeps the TIME_WAIT and the port is free again.
            self.done = True
            self.deadline = time.monotonic() + self.load.args.timeout

    def resume(self):
        """The next request on this connection."""
        self.begin_request()
        try:
            self.send()
        except OSError as e:
            self.fail(errno.errorcode.get(e.errno, str(e.errno)))

    def fail(self, reason):
        if self.done:
            self.close()
            return
        self.load.errors[reason] += 1
        self.drop_socket()
        if self.tries <= self.load.args.retries:
            self.load.retried += 1
            self.open()
        else:
            self.load.record(self, reason)
            self.close()

    def drop_socket(self):
        if self.sock:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def close(self):
        self.drop_socket()
        self.load.connections.discard(self)
        if len(self.backends) > 1:
            self.load.moved += 1


class Load:
    def __init__(self, args):
        self.args = args
        self.family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
        self.selector = selectors.DefaultSelector()
        self.connections = set()
        self.opened = self.sent = self.ok = self.failed = self.retried = self.moved = 0
        self.backends = collections.Counter()
        self.errors = collections.Counter()
        self.stopping = False
        self.last_answer = time.time()
        self.gap, self.gap_start = 0.0, self.last_answer
        self.log = open(args.log, "w", buffering=1) if args.log else None

    def record(self, connection, result):
        now = time.time()
        self.sent += 1
        if result == "ok":
            self.ok += 1
            self.backends[connection.answer.backend] += 1
            if now - self.last_answer > self.gap:
                self.gap, self.gap_start = now - self.last_answer, self.last_answer
            self.last_answer = now
        else:
            self.failed += 1
        if self.log:
            port = connection.sock.getsockname()[1] if connection.sock else connection.source_port
            self.log.write("%.6f %.6f %s %s %s\n" % (
                connection.started, now, result.replace(" ", "_"),
                connection.answer.backend, port))

    def over(self, now):
        return (self.stopping
                or (self.args.count is not None and self.opened >= self.args.count)
                or (self.args.duration is not None and now >= self.end))

    def open_one(self):
        first = self.args.source_port
        connection = Connection(self, first + self.opened if first else None)
        self.connections.add(connection)
        self.opened += 1
        connection.open()

    def tend(self, now):
        """Timeouts, and requests that follow on open connections."""
        for c in list(self.connections):
            if c.resume_at is not None and now >= c.resume_at:
                c.resume()
            elif now >= c.deadline:
                c.fail("timeout")

    def run(self):
        began = time.monotonic()
        self.end = began + (self.args.duration or 0)
        while True:
            now = time.monotonic()
            if self.over(now):
                if not self.connections:
                    break
                wait = 0.01
            else:
                due = began + self.opened / self.args.rate
                if now >= due:
                    self.open_one()
                    continue
                wait = min(due - now, 0.01)
            for key, events in self.selector.select(wait):
                key.data.ready(events)
            self.tend(time.monotonic())

    def result(self):
        return {
            "sent": self.sent, "ok": self.ok, "failed": self.failed, "retried": self.retried,
            "moved": self.moved, "backends": dict(sorted(self.backends.items())),
            "errors": dict(self.errors), "longest_gap_ms": round(self.gap * 1000),
            "gap_start": round(self.gap_start, 3),
        }


def main():
    args = arguments()
    load = Load(args)

    def stop(_signal, _frame):
        load.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    load.run()
    text = json.dumps(load.result()) + "\n"
    if args.output:
        with open(args.output, "w") as f:
            f.write(text)
    else:
        sys.stdout.write(text)


main()
