"""segshift_files.py: the files that a debugger has loaded, their variables, and the segment
bases in QEMU's core dumps.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import struct

import segshift_elf
from segshift_elf import TlsError
from segshift_place import U64

# QEMUCPUState, in the notes of `dump-guest-memory`.
QEMU_NOTE_SIZE = 440
QEMU_NOTE_BASES = {"fs_base": 240, "gs_base": 264, "k_gs_base": 432}


def core_bases(path):
    """{name: segment base} of each CPU, from the notes in QEMU's memory dump."""
    found = []
    with open(path, "rb") as file:
        data = file.read(1 << 20)  # headers and notes are in front
        for kind, _, offset, _, size, _, _ in segshift_elf.program_headers(data):
            if kind == segshift_elf.PT_NOTE:
                file.seek(offset)
                for owner, _, text, _ in segshift_elf.notes(file.read(size)):
                    if owner == b"QEMU" and len(text) >= QEMU_NOTE_SIZE:
                        found.append({name: struct.unpack_from("<Q", text, at)[0]
                                      for name, at in QEMU_NOTE_BASES.items()})
    return found


class File:
    """An ELF file that the debugger has loaded. `bias` is what was added to its linked
    addresses, or None if that is not one number; `debug` is a file with its symbols."""

    def __init__(self, elf, bias, debug=None):
        self.elf, self.bias, self.debug = elf, bias, debug

    def symbols(self):
        return self.elf.symbols() or (self.debug.symbols() if self.debug else [])

    def holds(self, address):
        return any(kind == segshift_elf.PT_LOAD and
                   vaddr <= address - (self.bias or 0) & U64 < vaddr + memsz
                   for kind, _, _, vaddr, _, memsz, _ in self.elf.segments)


class Variable:
    """A thread-local variable's symbol; `source` is its source file's base name, of a
    static variable, or ""."""

    def __init__(self, file, symbol, full):
        self.file, self.full = file, full
        self.symbol, self.offset, self.size, self.source = symbol

    def __str__(self):
        source = f"{self.source}:" if self.source else ""
        return f"{self.file.elf.name}:{source}{self.full}"


_elves = {}


def read_elf(path):
    """The Elf, read once, or None."""
    try:
        key = path, os.stat(path).st_mtime_ns
        if key not in _elves:
            _elves[key] = segshift_elf.Elf(path)
        return _elves[key]
    except (OSError, ValueError, IndexError, struct.error, TlsError):
        return None


def bias_of(elf, sections):
    """What was added to the linked addresses, if it is one number: `sections` are
    {name: address} as the debugger has them, or empty if it has none."""
    if not sections:
        return 0 if elf.kind == segshift_elf.ET_EXEC else None
    distances = {sections[name] - header[3] & U64 for name, header in elf.sections
                 if header[2] & segshift_elf.SHF_ALLOC and name in sections}
    return distances.pop() if len(distances) == 1 else None
