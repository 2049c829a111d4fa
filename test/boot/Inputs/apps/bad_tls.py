"""Gives a program's PT_TLS an alignment that is no power of two: bad_tls.py FROM TO.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import struct
import sys

PT_TLS = 7

data = bytearray(open(sys.argv[1], "rb").read())
start, = struct.unpack_from("<Q", data, 32)
number, = struct.unpack_from("<H", data, 56)
for place in range(start, start + 56 * number, 56):
    if struct.unpack_from("<I", data, place)[0] == PT_TLS:
        struct.pack_into("<Q", data, place + 48, 24)
with open(sys.argv[2], "wb") as file:
    file.write(data)
