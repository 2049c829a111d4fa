#!/usr/bin/env python3
"""Turns the PT_GNU_STACK of each file given into PT_NULL, in place.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import struct
import sys

PT_NULL, PT_GNU_STACK = 0, 0x6474E551

for path in sys.argv[1:]:
    with open(path, "r+b") as file:
        header = file.read(64)
        offset, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        for at in range(offset, offset + size * count, size):
            file.seek(at)
            if struct.unpack("<I", file.read(4))[0] == PT_GNU_STACK:
                file.seek(at)
                file.write(struct.pack("<I", PT_NULL))
