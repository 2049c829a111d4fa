"""Makes bad kernel modules out of a good one: bad.py GOOD FOLDER.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import struct
import sys

PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_TLS = 1, 2, 4, 7
DT_NEEDED, DT_RELA, DT_RELASZ, DT_INIT_ARRAY, DT_GNU_HASH = 1, 7, 8, 25, 0x6FFFFEF5
R_COPY, R_GLOB_DAT, R_RELATIVE = 5, 6, 8

good = open(sys.argv[1], "rb").read()
phoff, = struct.unpack_from("<Q", good, 32)
phnum, = struct.unpack_from("<H", good, 56)


def headers(kind):
    """Places in the file of the program headers of a kind."""
    places = [phoff + 56 * i for i in range(phnum)]
    return [p for p in places if struct.unpack_from("<I", good, p)[0] == kind]


def offset_of(address):
    for p in headers(PT_LOAD):
        offset, start, _, size = struct.unpack_from("<4Q", good, p + 8)
        if start <= address < start + size:
            return offset + address - start
    raise ValueError(hex(address))


def dynamic(tag):
    """The place in the file of a dynamic entry."""
    place, = struct.unpack_from("<Q", good, headers(PT_DYNAMIC)[0] + 8)
    while True:
        found, = struct.unpack_from("<q", good, place)
        if found == tag:
            return place
        if not found:
            raise ValueError(f"no tag {tag}")
        place += 16


def value(tag):
    return struct.unpack_from("<Q", good, dynamic(tag) + 8)[0]


def relocation(kind, address=None):
    """The place in the file of the first relocation of a kind (at an address)."""
    start = offset_of(value(DT_RELA))
    for place in range(start, start + value(DT_RELASZ), 24):
        at, info = struct.unpack_from("<2Q", good, place)
        if info & 0xFFFFFFFF == kind and address in (None, at):
            return place
    raise ValueError(f"no relocation {kind}")


def write(name, *changes):
    data = bytearray(good)
    for place, form, new in changes:
        struct.pack_into(form, data, place, new)
    with open(os.path.join(sys.argv[2], name), "wb") as file:
        file.write(data)


def cut(name, size):
    with open(os.path.join(sys.argv[2], name), "wb") as file:
        file.write(good[:size])


loads = headers(PT_LOAD)
second, = struct.unpack_from("<Q", good, loads[1] + 16)
got = relocation(R_GLOB_DAT)
constructor = relocation(R_RELATIVE, value(DT_INIT_ARRAY))

cut("cut1.so", 40)
cut("cut2.so", phoff + 56)
cut("cut3.so", len(good) // 2)
write("arm.so", (18, "<H", 183))
write("exec.so", (16, "<H", 2))
write("share.so", (loads[0] + 40, "<Q", second + 1))
write("wx.so", (loads[1] + 4, "<I", 7))
write("type.so", (got + 8, "<I", 99))
write("copy.so", (got + 8, "<I", R_COPY))
write("place.so", (got, "<Q", 0x10))
write("sym.so", (got + 12, "<I", 0xFFFFF))
write("ctor.so", (constructor + 16, "<Q", value(DT_INIT_ARRAY)))
write("hash.so", (dynamic(DT_GNU_HASH) + 8, "<Q", 1 << 40))
write("dyn.so", (headers(PT_DYNAMIC)[0], "<I", 0x12345))
write("rela.so", (dynamic(DT_RELASZ) + 8, "<Q", 24 << 32))
write("note.so", (headers(PT_NOTE)[0], "<I", 0x12345))
