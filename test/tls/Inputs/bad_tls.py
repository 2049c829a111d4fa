# Writes an ELF executable with nothing but program headers.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import struct
import sys

PT_TLS, PF_R = 7, 4


def tls(memsz=16, align=16):
    return struct.pack("<IIQQQQQQ", PT_TLS, PF_R, 0, 0x1000, 0x1000, 0, memsz, align)


segments = {
    "align": [tls(align=24)],
    "size": [tls(memsz=1 << 63)],
    "two": [tls(), tls()],
}[sys.argv[1]]
header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
    "<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
sys.stdout.buffer.write(header + b"".join(segments))
