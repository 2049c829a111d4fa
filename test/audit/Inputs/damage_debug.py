#!/usr/bin/env python3
"""Damage an ELF64 object: damage_debug.py IN OUT

The line table and the units of its debug information are overwritten.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import struct
import sys

source, target = sys.argv[1:]
with open(source, "rb") as file:
    data = bytearray(file.read())
table, = struct.unpack_from("<Q", data, 0x28)
count, names = struct.unpack_from("<HH", data, 0x3c)


def section(index):
    return struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * index)


def name(index):
    start = section(names)[4] + section(index)[0]
    return data[start:data.index(0, start)].decode()


found = 0
for index in range(count):
    if name(index) in (".debug_info", ".debug_line"):
        _, _, _, _, offset, size, *_ = section(index)
        data[offset:offset + size] = b"\xa5" * size
        found += 1
if found != 2:
    sys.exit(f"{source}: nothing to damage")
with open(target, "wb") as file:
    file.write(data)
