#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# standstill.py CPU FILE: how late at most, in microseconds, that processor lets a process of real-time
# priority run that wants to every other millisecond; into the file, whenever it gets worse. Until it is ended.
import gc
import os
import sys
import time

EVERY_NS = 2_000_000
PRIORITY = 20  # above that of the elections

os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
gc.disable()
worst = 0
with open(sys.argv[2], "w", encoding="ascii", buffering=1) as out:
    due = time.monotonic_ns() + EVERY_NS
    while True:
        now = time.monotonic_ns()
        if now < due:
            time.sleep((due - now) / 1e9)
            now = time.monotonic_ns()
        if (now - due) // 1000 > worst:
            worst = (now - due) // 1000
            out.write(f"{worst}\n")
        due = max(due + EVERY_NS, now)
