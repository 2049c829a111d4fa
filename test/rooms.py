"""The rooms of kernel-stub/ and their order: what ./dev lint holds includes to.

A file of the stub names another one from kernel-stub/ on, as in "thread/thread.h", and may
include what stands in its own room or in one below.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re

STUB = "kernel-stub"
# From the bottom up. The kernel proper, which knows nothing of what stands on it:
CORE = ("lib", "cpu", "memory", "device", "tls", "thread", "user", "entry", "boot")
ROOMS = (*CORE, "linux/strace", "linux/fs", "linux/process", "linux/signal", "linux/proc",
         "linux/calls", "module", "app", "cxx", "test", "main")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def includes(root, file):
    """(line, path) of each include in quotes that is not of the runtime."""
    with open(os.path.join(root, file), encoding="utf-8") as f:
        text = f.read()
    for found in INCLUDE.finditer(text):
        if not found[1].startswith("segshift/"):
            yield text.count("\n", 0, found.start()) + 1 + found[0].count("\n"), found[1]


def check(root, files):
    """Findings, FILE:LINE: TEXT each, for those of files that are the stub's."""
    for file in files:
        if not file.startswith(STUB + "/") or not file.endswith((".cpp", ".h", ".S", ".def")):
            continue
        room = os.path.dirname(file.removeprefix(STUB + "/"))
        if room not in ROOMS:
            yield f"{file}:1: '{room}' is not a room of the stub: test/rooms.py"
            continue
        for line, path in includes(root, file):
            other = os.path.dirname(path)
            if other not in ROOMS or not os.path.exists(os.path.join(root, STUB, path)):
                yield f"{file}:{line}: '{path}': an include names a file from {STUB}/ on"
            elif ROOMS.index(other) > ROOMS.index(room):
                yield f"{file}:{line}: '{path}' runs up: {room}/ stands below {other}/"
