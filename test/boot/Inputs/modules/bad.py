"""Makes bad kernel modules out of a good one: bad.py GOOD FOLDER.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import struct
import sys

PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_GNU_RELRO = 1, 2, 4, 0x6474E552
DT_NEEDED, DT_PLTGOT, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_SYMENT = 1, 3, 6, 7, 8, 9, 11
DT_INIT, DT_FINI, DT_REL, DT_PLTREL, DT_TEXTREL = 12, 13, 17, 20, 22
DT_INIT_ARRAY, DT_FLAGS = 25, 30
DT_RELRSZ, DT_RELR, DT_RELRENT, DT_GNU_HASH, DT_RELACOUNT = 35, 36, 37, 0x6FFFFEF5, 0x6FFFFFF9
DF_TEXTREL = 4
R_COPY, R_GLOB_DAT, R_RELATIVE, R_DTPMOD64, R_TPOFF64, R_IRELATIVE = 5, 6, 8, 16, 18, 37
STT_TLS = 6

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


def relocation(kinds, address=None):
    """The place in the file of the first relocation of these kinds (at an address)."""
    start = offset_of(value(DT_RELA))
    for place in range(start, start + value(DT_RELASZ), 24):
        at, info = struct.unpack_from("<2Q", good, place)
        if info & 0xFFFFFFFF in kinds and address in (None, at):
            return place
    raise ValueError(f"no relocation {kinds}")


def symbol(fits):
    """The number of the first symbol whose type and section fit."""
    number = 1
    while True:
        info, _, section = struct.unpack_from(
            "<BBH", good, offset_of(value(DT_SYMTAB)) + 24 * number + 4)
        if fits(info & 15, section):
            return number
        number += 1


def spare(*entries):
    """Changes that put dynamic entries, of tag and value, where the loader looks at none."""
    changes = []
    for tag, entry in zip((DT_RELACOUNT, DT_PLTGOT), entries):
        changes += [(dynamic(tag), "<q", entry[0]), (dynamic(tag) + 8, "<Q", entry[1])]
    return changes


def write(name, *changes):
    spoilt = bytearray(good)
    for place, form, *new in changes:
        struct.pack_into(form, spoilt, place, *new)
    with open(os.path.join(sys.argv[2], name), "wb") as file:
        file.write(spoilt)


def cut(name, size):
    with open(os.path.join(sys.argv[2], name), "wb") as file:
        file.write(good[:size])


loads = headers(PT_LOAD)
second, = struct.unpack_from("<Q", good, loads[1] + 16)
got = relocation([R_GLOB_DAT])
local = relocation([R_DTPMOD64, R_TPOFF64])
constructor = relocation([R_RELATIVE], value(DT_INIT_ARRAY))
data = value(DT_INIT_ARRAY)  # an address that is not in the code

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
write("ctor.so", (constructor + 16, "<Q", data))
write("hash.so", (dynamic(DT_GNU_HASH) + 8, "<Q", 1 << 40))
write("dyn.so", (headers(PT_DYNAMIC)[0], "<I", 0x12345))
write("rela.so", (dynamic(DT_RELASZ) + 8, "<Q", 24 << 32))
write("note.so", (headers(PT_NOTE)[0], "<I", 0x12345))

# Symbols and relocations that do not go together.
write("tsym.so", (got + 12, "<I", symbol(lambda kind, _: kind == STT_TLS)))
write("var.so", (local + 12, "<I", 0xFFFFF))
write("kind.so", (local + 12, "<I", symbol(lambda kind, section: section and kind != STT_TLS)))
write("irel.so", (got + 8, "<Q", R_IRELATIVE), (got + 16, "<Q", data))
write("iplace.so", (got, "<3Q", 0x10, R_IRELATIVE, second))

# What the dynamic section says.
write("unit.so", (dynamic(DT_RELASZ) + 8, "<Q", value(DT_RELASZ) + 1))
write("form1.so", *spare((DT_REL, 0)))
write("form2.so", (dynamic(DT_PLTREL) + 8, "<Q", DT_REL))
write("form3.so", (dynamic(DT_RELAENT) + 8, "<Q", 16))
write("form4.so", (dynamic(DT_SYMENT) + 8, "<Q", 16))
write("form5.so", *spare((DT_RELRENT, 4)))
write("text1.so", *spare((DT_TEXTREL, 0)))
write("text2.so", *spare((DT_FLAGS, DF_TEXTREL)))
write("init.so", *spare((DT_INIT, data)))
write("fini.so", *spare((DT_FINI, data)))
write("relr.so", *spare((DT_RELR, 0x40), (DT_RELRSZ, 8)))  # program headers, as places
write("name.so", *spare((DT_NEEDED, 1 << 40)))

# Segments.
write("relro.so", (headers(PT_GNU_RELRO)[0] + 16, "<Q", 0))
write("end.so", (headers(PT_GNU_RELRO)[0] + 40, "<Q", 0x3000))  # as linkers may: it loads
write("low.so", (loads[0] + 32, "<2Q", 0, 0), (loads[1] + 48, "<Q", 2 * second))
write("page.so", (loads[0] + 40, "<Q", second + 8),
      *((loads[1] + place, "<Q", second + 16) for place in (8, 16)))
