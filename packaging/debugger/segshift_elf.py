"""segshift_elf.py: what the debugger scripts read of an ELF file.

Which variables it has, how far its thread-local ones are from each other, and what its
own headers say of who made it. Nothing here asks a debugger.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import struct

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS = 1, 2, 3, 4, 7
SHT_SYMTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 2, 4, 7, 8, 11
SHF_ALLOC, PF_W = 2, 2
STT_OBJECT, STT_FILE, STT_TLS = 1, 4, 6
DT_SONAME, DT_FLAGS_1, DF_1_PIE = 14, 0x6ffffffb, 0x08000000
NT_GNU_ABI_TAG, NT_GNU_BUILD_ID = 1, 3
R_DTPMOD64, R_TPOFF64, R_TLSDESC = 16, 18, 36


class TlsError(Exception):
    """What the user is told."""


def program_headers(data):
    """(type, flags, offset, vaddr, filesz, memsz, align) of each in an ELF64 file."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise TlsError("not a 64-bit little-endian ELF file")
    phoff, = struct.unpack_from("<Q", data, 32)
    phentsize, phnum = struct.unpack_from("<HH", data, 54)
    for i in range(phnum):
        kind, flags, offset, vaddr, _, filesz, memsz, align = struct.unpack_from(
            "<IIQQQQQQ", data, phoff + i * phentsize)
        yield kind, flags, offset, vaddr, filesz, memsz, align


def notes(data):
    """(owner, type, description, its offset) of each in a section or segment of notes."""
    at = 0
    while at + 12 <= len(data):
        namesz, descsz, kind = struct.unpack_from("<III", data, at)
        owner, at = data[at + 12:at + 12 + namesz].rstrip(b"\0"), at + 12 + (namesz + 3 & ~3)
        yield owner, kind, data[at:at + descsz], at
        at += descsz + 3 & ~3


class Elf:
    """An ELF64 file. `tls` is None without PT_TLS."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        self.segments = list(program_headers(self.data))
        self.kind, = struct.unpack_from("<H", self.data, 16)
        self.tls = None
        for kind, _, _, vaddr, _, memsz, align in self.segments:
            if kind == PT_TLS:
                self.tls = True
                self.vaddr, self.memsz, self.align = vaddr, memsz, max(align, 1)
        self.sections = self._sections()
        self._symbols = {}
        self._read_notes()

    def _sections(self):
        """[(name, header)]"""
        shoff, = struct.unpack_from("<Q", self.data, 40)
        shentsize, shnum, names = struct.unpack_from("<HHH", self.data, 58)
        if not shoff:
            return []
        if not shnum or names == 0xffff:  # more than fit in the ELF header
            first = struct.unpack_from("<IIQQQQIIQQ", self.data, shoff)
            shnum, names = shnum or first[5], first[6] if names == 0xffff else names
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize)
                   for i in range(shnum)]
        return [(self.string(headers[names], h[0]), h) for h in headers]

    def string(self, table, at):
        start = table[4] + at
        return self.data[start:self.data.index(b"\0", start)].decode(errors="replace")

    def contents(self, header):
        return b"" if header[1] == SHT_NOBITS else self.data[header[4]:header[4] + header[5]]

    def _read_notes(self):
        """Whether the plugin or the rewriter made it; the build ID and where it is loaded."""
        self.has_note, self.build_id, self.is_linux, self.is_xen = False, None, False, False
        places = [(h[3], self.contents(h)) for _, h in self.sections if h[1] == SHT_NOTE] or \
            [(s[3], self.data[s[2]:s[2] + s[4]]) for s in self.segments if s[0] == PT_NOTE]
        for address, data in places:
            for owner, kind, text, at in notes(data):
                self.has_note |= owner == b"segshift"
                self.is_xen |= owner == b"Xen"
                self.is_linux |= owner == b"GNU" and kind == NT_GNU_ABI_TAG
                if owner == b"GNU" and kind == NT_GNU_BUILD_ID and address:
                    self.build_id = address + at, text

    # Who made it.

    def dynamic(self, wanted):
        for kind, _, offset, _, filesz, _, _ in self.segments:
            if kind == PT_DYNAMIC:
                for tag, value in struct.iter_unpack(
                        "<QQ", self.data[offset:offset + (filesz & ~15)]):
                    if tag == wanted:
                        return value
        return None

    @property
    def interpreted(self):
        return any(segment[0] == PT_INTERP for segment in self.segments)

    @property
    def shared(self):
        """A shared object, not an executable that may run at any address."""
        return self.kind == ET_DYN and not (self.dynamic(DT_FLAGS_1) or 0) & DF_1_PIE and (
            self.dynamic(DT_SONAME) is not None or not self.interpreted)

    @property
    def on_gs(self):
        """The plugin, the rewriter or the runtime has been here. A linker script may have
        dropped the note, and marks are kept in another section."""
        return self.has_note or any(h[5] and name in ("segshift_fs", "segshift_fs64")
                                    for name, h in self.sections)

    def role(self):
        """kernel, module (behind the kernel's GS), program, library (behind FS); or None
        where the file alone does not tell."""
        if self.shared:
            return "module" if self.on_gs else "library"
        if self.on_gs:
            return "program" if self.interpreted else "kernel"
        high = any(s[0] == PT_LOAD and s[3] >> 63 for s in self.segments)
        if self.interpreted or self.is_linux:
            return "program"
        return "other kernel" if high or self.is_xen else None

    # Symbols and relocations.

    def tpoff(self, offset):
        """x@tpoff of what is at `offset` in an executable's image: psABI variant II."""
        padding = -(self.vaddr + self.memsz) & (self.align - 1)
        return offset - self.memsz - padding

    def symbols(self, kind=STT_TLS):
        """[(name, value, size, source file or "")]. Of TLS symbols, the value is the offset
        in the image."""
        if kind not in self._symbols:
            self._symbols[kind] = [symbol for _, h in self.sections if h[1] == SHT_SYMTAB
                                   for symbol in self._table(h, kind)]
        return self._symbols[kind]

    def _table(self, table, kind):
        strings, source = self.sections[table[6]][1], ""
        data = self.contents(table)
        for i, (name, info, _, section, value, size) in enumerate(
                struct.iter_unpack("<IBBHQQ", data[:len(data) // 24 * 24])):
            if info & 15 == STT_FILE:
                source = self.string(strings, name)
            elif info & 15 == kind and section:
                yield self.string(strings, name), value, size, source if i < table[7] else ""

    def exports(self):
        """Names of the thread-local variables that others may use."""
        return {symbol[0] for _, h in self.sections if h[1] == SHT_DYNSYM
                for symbol in self._table(h, STT_TLS)}

    def tls_relocations(self):
        """(place, type, symbol's name or "", its offset in the image and addend) of those
        that name this file's own variables."""
        for _, h in self.sections:
            if h[1] != SHT_RELA or not h[2] & SHF_ALLOC:
                continue
            table = self.sections[h[6]][1]
            for place, info, addend in struct.iter_unpack("<QQq", self.contents(h)):
                if info & 0xffffffff not in (R_DTPMOD64, R_TPOFF64, R_TLSDESC):
                    continue
                name, section, value = "", 1, 0
                if info >> 32:
                    text, _, _, section, value, _ = struct.unpack_from(
                        "<IBBHQQ", self.data, table[4] + 24 * (info >> 32))
                    name = self.string(self.sections[table[6]][1], text)
                if section:
                    yield place, info & 0xffffffff, name, value + addend

    def samples(self):
        """(address as linked, bytes) of what a loaded copy has unchanged: the build ID, then
        the starts of pages, some of which may not be in memory yet."""
        if self.build_id:
            yield self.build_id
        tries = 64
        for kind, flags, offset, vaddr, filesz, _, _ in self.segments:
            covered = [h[1] for _, h in self.sections
                       if h[2] & SHF_ALLOC and vaddr <= h[3] < vaddr + filesz]
            if kind != PT_LOAD or flags & PF_W or \
                    (covered and all(kind in (SHT_NOBITS, SHT_NOTE) for kind in covered)):
                continue  # debug information alone has no contents
            for at in range(0, min(filesz, 4096 * tries), 4096):
                tries -= 1
                yield vaddr + at, self.data[offset + at:offset + min(at + 512, filesz)]

    @property
    def name(self):
        return os.path.basename(self.path)
