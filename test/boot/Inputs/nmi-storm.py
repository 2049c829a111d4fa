"""nmi-storm.py SOCKET COMMAND...: runs the command, a ./dev run with
--qemu-arg=-qmp --qemu-arg=unix:SOCKET,server=on,wait=off, and from its first line of
output until it ends fires NMIs from QEMU's monitor, as fast as that takes them. (Ahead
of the first line the machine may have no handler yet.) Prints how many were asked
for; exit status: the command's.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import itertools
import json
import os
import socket
import subprocess
import sys


def storm(path, process):
    print(process.stdout.readline(), end="", flush=True)
    monitor = socket.socket(socket.AF_UNIX)
    monitor.connect(path)
    count = 0
    try:
        stream = monitor.makefile("rw")
        stream.readline()  # greeting
        for command in itertools.chain(["qmp_capabilities"], itertools.repeat("inject-nmi")):
            stream.write(json.dumps({"execute": command}) + "\n")
            stream.flush()
            while True:
                answer = json.loads(stream.readline())
                if "error" in answer:
                    sys.exit(f"monitor: {answer}")
                if "return" in answer:
                    break
            count += command == "inject-nmi"
    except (OSError, ValueError):  # QEMU has ended
        pass
    return count


def main():
    path, command = sys.argv[1], sys.argv[2:]
    if os.path.exists(path):
        os.unlink(path)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    count = storm(path, process)
    print(process.stdout.read(), end="")
    status = process.wait()
    print(f"asked for {count} NMIs", flush=True)
    return status


sys.exit(main())
