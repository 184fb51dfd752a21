#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
watch_terminal.py FILE COLUMNS LINES COMMAND …: runs it on a terminal of its own. What it writes is kept as the
screen that it makes, anew in FILE whenever it changes. Each line of standard input is one order:

    key TEXT      is typed ("\\x1b[B" is Down)
    size C L      the terminal becomes so large
    signal NAME   to the program, such as TSTP

Prints how it ended: `exit N`, `stopped` each time it stops, and at the end `modes same` when the terminal is
as it was, `cursor shown` and `screen back` when it was given back.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios

path, columns, lines, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
master, slave = pty.openpty()


def size(c, l):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", l, c, 0, 0))


class Screen:
    """As much of a terminal as the program uses; anything else is an error."""

    def __init__(self):
        self.cells, self.line, self.column = {}, 0, 0
        self.cursor, self.other, self.unknown = True, False, []

    def text(self):
        out = []
        for i in range(max([l for l, _ in self.cells] + [0]) + 1):
            row = [self.cells.get((i, c), " ") for c in range(256)]
            out.append("".join(row).rstrip())
        return "\n".join(out) + "\n"

    def sequence(self, arguments, kind):
        if kind == "H":
            self.line, self.column = [int(x) - 1 for x in arguments.split(";")]
        elif kind == "K":
            for at in [a for a in self.cells if a[0] == self.line and a[1] >= self.column]:
                del self.cells[at]
        elif kind == "J":
            self.cells = {}
        elif kind in "hl" and arguments == "?25":
            self.cursor = kind == "h"
        elif kind in "hl" and arguments == "?1049":
            self.other = kind == "h"
        elif kind != "m" and arguments != "?7":
            self.unknown.append(arguments + kind)

    def write(self, text):
        for arguments, kind, char in re.findall(r"\x1b\[([?0-9;]*)([A-Za-z])|(.)", text, re.S):
            if kind:
                self.sequence(arguments, kind)
            elif char == "\n":
                self.line += 1
            elif char == "\r":
                self.column = 0
            else:
                self.cells[(self.line, self.column)] = char
                self.column += 1


def save(screen):
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(screen.text())
    os.rename(path + ".new", path)


size(columns, lines)
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    os.execvp(command[0], command)
screen, pending, orders = Screen(), b"", b""
inputs, status = [master, 0], None
while status is None:
    for fd in select.select(inputs, [], [], 0.05)[0]:
        data = os.read(fd, 65536)
        if fd == 0:
            if not data:  # whoever gave orders has gone
                inputs.remove(0)
                os.kill(child, signal.SIGTERM)
                os.kill(child, signal.SIGCONT)
            orders += data
            continue
        pending += data
        # A character or a sequence may be cut: it waits for its rest.
        end = pending.rfind(b"\x1b")
        whole = pending if end < 0 or re.match(rb"\x1b\[[?0-9;]*[A-Za-z]", pending[end:]) else pending[:end]
        text = whole.decode("utf-8", "ignore")
        pending = pending[len(whole):]
        screen.write(text)
        save(screen)
    while b"\n" in orders:
        order, orders = orders.split(b"\n", 1)
        word, rest = order.decode().split(" ", 1)
        if word == "key":
            os.write(master, rest.encode().decode("unicode_escape").encode())
        elif word == "size":
            size(*[int(x) for x in rest.split()])
        elif word == "signal":
            os.kill(child, getattr(signal, "SIG" + rest))
    pid, how = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    if pid and os.WIFSTOPPED(how):
        print("stopped", "sane" if termios.tcgetattr(slave) == before else "raw", flush=True)
    elif pid:
        status = how
while select.select([master], [], [], 0.1)[0]:
    screen.write(os.read(master, 65536).decode("utf-8", "ignore"))
print("exit", os.waitstatus_to_exitcode(status))
print("modes", "same" if termios.tcgetattr(slave) == before else "changed")
print("cursor", "shown" if screen.cursor else "hidden")
print("screen", "left" if screen.other else "back")
print("unknown", len(screen.unknown), *screen.unknown)
