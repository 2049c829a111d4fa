"""Reads what a dynamic loader reads of an x86-64 ELF file.

Source: System V gABI, chapters 4 and 5.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import dataclasses
import os
import struct

EM_X86_64 = 62
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = (
    0, 1, 5, 10, 14, 15, 29)
DT_FLAGS_1, DF_1_NODEFLIB = 0x6FFFFFFB, 0x800
MAX_NAME = 4096  # bytes of any string in the file that is taken


class ElfError(Exception):
    """The file cannot be read: the message says what is wrong with it."""


class OtherElf(ElfError):
    """Not for this machine; a loader that searches goes on to the next file."""


class NotLoadable(ElfError):
    """An object file or a core dump: no loader takes it."""


@dataclasses.dataclass
class Elf:
    """A program or shared object. Strings are as in the file, unexpanded."""

    interpreter: str = None  # None: static, or a shared object
    dynamic: bool = False
    needed: list = dataclasses.field(default_factory=list)
    soname: str = None
    rpath: str = None  # used only if there is no runpath
    runpath: str = None
    no_default: bool = False  # linked with -z nodefaultlib


def is_elf(data):
    return data[:4] == b"\x7fELF"


def parse(data):
    """An Elf of these bytes. Raises ElfError."""
    if not is_elf(data):
        raise ElfError("not an ELF file")
    if len(data) < 64:
        raise ElfError("its ELF header is cut off")
    if data[4] != 2 or data[5] != 1:
        raise OtherElf("not a 64-bit little-endian ELF file")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if machine != EM_X86_64:
        raise OtherElf(f"for another machine (e_machine {machine}), not x86-64")
    if kind not in (ET_EXEC, ET_DYN):
        raise NotLoadable(f"neither a program nor a shared object (e_type {kind})")
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if count and (size < 56 or offset + size * count > len(data)):
        raise ElfError("its program headers reach past the end of the file")
    loads, dynamic, elf = [], None, Elf()
    for i in range(count):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, offset + i * size)
        if kind == PT_LOAD:
            loads.append((address, start, length))
        elif kind == PT_DYNAMIC:
            dynamic = _slice(data, start, length, "PT_DYNAMIC")
        elif kind == PT_INTERP:
            elf.interpreter = _string(_slice(data, start, length, "PT_INTERP"), 0, "PT_INTERP")
    if dynamic is not None:
        elf.dynamic = True
        _read_dynamic(elf, data, loads, dynamic)
    return elf


def _read_dynamic(elf, data, loads, dynamic):
    entries = []
    for tag, value in struct.iter_unpack("<QQ", dynamic[:len(dynamic) & -16]):
        if tag == DT_NULL:
            break
        entries.append((tag, value))
    values = dict(entries)
    elf.no_default = bool(values.get(DT_FLAGS_1, 0) & DF_1_NODEFLIB)
    names = {DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH}
    if not any(tag in names for tag, _ in entries):
        return
    if DT_STRTAB not in values or DT_STRSZ not in values:
        raise ElfError("its dynamic section has names, but no string table")
    strings = _slice(data, _offset(loads, values[DT_STRTAB]), values[DT_STRSZ], "DT_STRTAB")
    for tag, value in entries:
        if tag not in names:
            continue
        name = _string(strings, value, "a name of its dynamic section")
        if tag == DT_NEEDED:
            elf.needed.append(name)
        elif tag == DT_SONAME:
            elf.soname = name
        elif tag == DT_RPATH:
            elf.rpath = name
        else:
            elf.runpath = name


def _offset(loads, address):
    for start, offset, length in loads:
        if start <= address < start + length:
            return offset + address - start
    raise ElfError(f"its string table (address {address:#x}) is in no segment")


def _slice(data, offset, length, what):
    if offset + length > len(data):
        raise ElfError(f"its {what} reaches past the end of the file")
    return data[offset:offset + length]


def _string(data, offset, what):
    end = data.find(b"\0", offset, offset + MAX_NAME)
    if offset >= len(data) or end < 0:
        raise ElfError(f"{what} has no end")
    return os.fsdecode(data[offset:end])
