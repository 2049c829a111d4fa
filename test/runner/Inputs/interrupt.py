#!/usr/bin/env python3
"""interrupt.py SIGNAL PIDFILE COMMAND...: start the command, send it the signal
when PIDFILE is there, and say how it ended and whether the process of PIDFILE
is gone.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import signal
import subprocess
import sys
import time

number = signal.Signals[sys.argv[1]]
pidfile = sys.argv[2]
# A shell starts background jobs with SIGINT ignored; the command must not inherit
# that.
signal.signal(signal.SIGINT, signal.default_int_handler)
process = subprocess.Popen(sys.argv[3:])
while not os.path.exists(pidfile):
    time.sleep(0.01)
process.send_signal(number)
print("status", process.wait())
with open(pidfile) as file:
    pid = int(file.read())
for _ in range(1000):  # the kernel may take a moment to reap it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        print("QEMU is gone")
        break
    time.sleep(0.01)
else:
    print("QEMU is still there")
