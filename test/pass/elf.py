"""A reader of relocatable ELF64 files: just what comparing two objects needs.

Source of the layouts: System V gABI, chapters "Sections", "Symbol Table" and
"Relocation". Names stand in for indices wherever a file refers to another of its
parts, so that two files can be compared though one has more sections.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import struct
from dataclasses import dataclass

SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS, SHT_GROUP = 2, 3, 4, 8, 17
SHT_SYMTAB_SHNDX = 18
SHT_LLVM_ADDRSIG = 0x6FFF4C03
SHF_EXECINSTR, SHF_INFO_LINK, SHF_LINK_ORDER = 4, 0x40, 0x80
STT_SECTION = 3


@dataclass
class Section:
    index: int
    name: str
    type: int
    flags: int
    size: int
    link: int
    info: int
    align: int
    entsize: int
    data: bytes


@dataclass
class Symbol:
    name: str
    info: int
    other: int
    shndx: int
    value: int
    size: int


def _string(table, at):
    return table[at : table.index(b"\0", at)].decode()


class Object:
    """sections and symbols of the relocatable ELF64 file at path."""

    def __init__(self, path):
        with open(path, "rb") as f:
            image = f.read()
        if image[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a little-endian ELF64 file")
        shoff = struct.unpack_from("<Q", image, 0x28)[0]
        shnum, shstrndx = struct.unpack_from("<HH", image, 0x3C)
        first = struct.unpack_from("<IIQQQQIIQQ", image, shoff)
        shnum = shnum or first[5]  # more than 0xff00 sections
        if shstrndx == 0xFFFF:
            shstrndx = first[6]
        raw = [struct.unpack_from("<IIQQQQIIQQ", image, shoff + 64 * i) for i in range(shnum)]

        def body(h):
            return b"" if h[1] in (0, SHT_NOBITS) else image[h[4] : h[4] + h[5]]

        names = body(raw[shstrndx])
        self.header = image[:0x28] + image[0x30:0x3C]  # all but shoff, shnum, shstrndx
        self.sections = [
            Section(i, _string(names, h[0]), h[1], h[2], h[5], h[6], h[7], h[8], h[9], body(h))
            for i, h in enumerate(raw)
        ]
        self.symbols = []
        for s in self.sections:
            if s.type != SHT_SYMTAB:
                continue
            strings = self.sections[s.link].data
            for name, info, other, shndx, value, size in struct.iter_unpack("<IBBHQQ", s.data):
                self.symbols.append(Symbol(_string(strings, name), info, other, shndx, value, size))

    def relocations(self, section):
        """(offset, type, symbol index, addend) of an SHT_RELA section."""
        for offset, info, addend in struct.iter_unpack("<QQq", section.data):
            yield offset, info & 0xFFFFFFFF, info >> 32, addend
