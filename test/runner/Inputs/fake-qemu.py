#!/usr/bin/env python3
"""A stand-in for QEMU: plays the script in the environment variable FAKE_QEMU.

Steps are separated by ';':
  log=, out=, err=, control=TEXT   write to a port (control adds a newline)
  say=TEXT                         a message of QEMU's own
  repeat=PORT:N:TEXT               write TEXT N times
  await=FILE                       wait until FILE is there
  input=FILE                       ask for standard input until its end; write it to FILE
  pid=FILE                         write our process id to FILE
  initrd=FILE, args=FILE           copy the initrd, write the arguments
  forever                          never end
  exit=N, kill=N                   end with a status, or by a signal
TEXT knows Python's backslash escapes for bytes.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import shutil
import sys
import time


def text(escaped):
    return escaped.encode().decode("unicode_escape").encode("latin-1")


def main():
    args = sys.argv[1:]
    ports = {}
    for arg in args:
        if arg.startswith("pipe,"):
            fields = dict(f.split("=", 1) for f in arg.split(",")[1:])
            ports[fields["id"]] = os.open(fields["path"] + ".out", os.O_RDWR)
            if fields["id"] == "out":
                typed = os.open(fields["path"] + ".in", os.O_RDWR)

    def write(port, data):
        while data:
            data = data[os.write(ports[port], data):]

    def read(size):
        data = b""
        while len(data) < size:
            data += os.read(typed, size - len(data))
        return data

    for step in os.environ["FAKE_QEMU"].split(";"):
        name, _, value = step.strip().partition("=")
        if name in ("log", "out", "err"):
            write(name, text(value))
        elif name == "control":
            write(name, text(value) + b"\n")
        elif name == "say":
            os.write(2, text(value) + b"\n")
        elif name == "repeat":
            port, count, what = value.split(":")
            write(port, text(what) * int(count))
        elif name == "await":
            while not os.path.exists(value):
                time.sleep(0.01)
        elif name == "input":
            with open(value, "wb") as file:
                size = 1
                while size:
                    write("control", b"input\n")
                    size = int.from_bytes(read(2), "little")
                    file.write(read(size))
        elif name == "pid":
            with open(value + ".new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(value + ".new", value)
        elif name == "initrd":
            shutil.copy(args[args.index("-initrd") + 1], value)
        elif name == "args":
            with open(value, "w") as file:
                file.write("\n".join(args) + "\n")
        elif name == "forever":
            while True:
                time.sleep(3600)
        elif name == "exit":
            os._exit(int(value))
        elif name == "kill":
            os.kill(os.getpid(), int(value))
        else:
            sys.exit(f"fake-qemu: unknown step {step!r}")


main()
