#!/usr/bin/env python3
"""bad-elf.py GOOD FOLDER: writes files that are broken in one way each, made
from a good static executable.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import struct
import sys

PT_LOAD, PT_INTERP, PT_TLS = 1, 3, 7
FIELDS = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")

with open(sys.argv[1], "rb") as file:
    good = file.read()
phoff, = struct.unpack_from("<Q", good, 32)
phnum, = struct.unpack_from("<H", good, 56)
types = [struct.unpack_from("<I", good, phoff + 56 * i)[0] for i in range(phnum)]
loads = [i for i, t in enumerate(types) if t == PT_LOAD]


def get(header, field):
    values = struct.unpack_from("<IIQQQQQQ", good, phoff + 56 * header)
    return values[FIELDS.index(field)]


def write(name, data):
    path = os.path.join(sys.argv[2], name)
    with open(path, "wb") as out:
        out.write(data)
    os.chmod(path, 0o755)


def patch(name, offset, form, value):
    data = bytearray(good)
    struct.pack_into(form, data, offset, value)
    write(name, data)


def header(name, number, field, value):
    at = FIELDS.index(field)
    offset = phoff + 56 * number + (4 * at if at < 2 else 8 + 8 * (at - 2))
    patch(name, offset, "<I" if at < 2 else "<Q", value)


write("empty", b"")
write("text", b"echo hello\n")
write("script", b"#!/bin/no-such-shell -e\necho hello\n")
write("script-nothing", b"#! \n")
write("script-of-script", b"#!%s\n" % os.fsencode(os.path.join(sys.argv[2], "script")))
write("truncated", good[: get(loads[-1], "offset") + 1])
write("headers-cut", good[: phoff + 56 * phnum - 1])
patch("class32", 4, "<B", 1)
patch("aarch64", 18, "<H", 183)
patch("object", 16, "<H", 1)
patch("entry", 24, "<Q", 0x10)
header("overlap", loads[1], "vaddr", get(loads[0], "vaddr") + get(loads[1], "offset") % 4096)
header("memsz", loads[0], "memsz", get(loads[0], "filesz") - 1)
header("huge", loads[-1], "memsz", 1 << 45)
header("wraps", loads[-1], "memsz", (1 << 64) - 4096)
header("kernel", loads[-1], "vaddr", 0xffffffff80000000 + get(loads[-1], "vaddr") % 4096)
header("align", loads[0], "align", 3)
# A header that is neither is turned into PT_INTERP; the paths go behind the end.
spare = next(i for i, t in enumerate(types) if t not in (PT_LOAD, PT_TLS))


def dynamic(name, path, offset=len(good), size=None):
    data = bytearray(good) + path
    struct.pack_into("<IIQQQQQQ", data, phoff + 56 * spare, PT_INTERP, 4, offset, 0, 0,
                     len(path) if size is None else size, 0, 1)
    write(name, data)


def beside(name):
    return os.fsencode(os.path.abspath(os.path.join(sys.argv[2], name))) + b"\0"


dynamic("interp-missing", b"/lib/no-such-linker.so\0")
dynamic("interp-text", beside("text"))
dynamic("interp-machine", beside("aarch64"))
dynamic("interp-truncated", beside("truncated"))
dynamic("interp-fixed", beside("good"))  # for the program's own addresses
dynamic("interp-open", b"/lib/ld.so")
dynamic("interp-empty", b"\0")
dynamic("interp-outside", b"/lib/ld.so\0", size=1 << 40)
dynamic("interp-far", b"/lib/ld.so\0", offset=-8 % 2**64, size=16)
