#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# journal_exec.py PROGRAM [ARGUMENT ...]: runs it with standard error in the journal, as the service
# manager does: a stream whose device and inode are in JOURNAL_STREAM.
import os
import socket
import sys

stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
stream.connect("/run/systemd/journal/stdout")
# identifier, unit, priority, levels in lines, to syslog, to kmsg, to the console
stream.sendall(b"directord\n\n6\n1\n0\n0\n0\n")
os.dup2(stream.fileno(), 2)
about = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{about.st_dev}:{about.st_ino}"
os.execv(sys.argv[1], sys.argv[1:])
