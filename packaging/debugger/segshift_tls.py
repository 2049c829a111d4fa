"""segshift_tls.py: what segshift-gdb.py and segshift_lldb.py share.

A variable is at the thread pointer plus its offset in PT_TLS (psABI, variant II),
which DWARF and the ELF symbol table give. The thread pointer is a GS base of the
CPU, or comes from the kernel's own list of its threads:

  import segshift_tls

  def threads(variable):       # yields (number, description, thread pointer)
      thread = variable("all_threads")
      while thread:
          yield int(thread["id"]), "kernel", int(thread["tp"])
          thread = thread["next"]

  segshift_tls.kernel_threads = threads

`variable` gives a global variable by its full name, or None without DWARF. Its value
has members (of a pointer's target too), elements, len(), int(), bool() and str(). A
kernel with other slots behind the control block than segshift/entry.h's names them:

  segshift_tls.slots = ("syscall_stack", "saved_rsp", "cpu")    # 0x80, 0x88, 0x90

Such a script serves both debuggers.

The contract is docs/abi.md, or segshift(7).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import re
import struct

kernel_threads = None
slots = ("syscall_stack", "saved_rsp")  # segshift/entry.h

# Offsets from the thread pointer: segshift/abi.h.
TCB = ((0x00, "self"), (0x08, "dtv"), (0x10, "self2"), (0x28, "canary"),
       (0x30, "pointer_guard"), (0x70, "split_stack"))
TCB_KERNEL = 0x80

STT_TLS, STT_FILE, PT_NOTE, PT_TLS, SHT_SYMTAB = 6, 4, 4, 7, 2
U64 = (1 << 64) - 1

# QEMUCPUState, in the notes of `dump-guest-memory`: gs.base, kernel_gs_base.
QEMU_NOTE_SIZE, QEMU_NOTE_BASES = 440, (264, 432)


class TlsError(Exception):
    """What the user is told."""


def program_headers(data):
    """(type, offset, vaddr, filesz, memsz, align) of each in an ELF64 file."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise TlsError("not a 64-bit little-endian ELF file")
    phoff, = struct.unpack_from("<Q", data, 32)
    phentsize, phnum = struct.unpack_from("<HH", data, 54)
    for i in range(phnum):
        kind, _, offset, vaddr, _, filesz, memsz, align = struct.unpack_from(
            "<IIQQQQQQ", data, phoff + i * phentsize)
        yield kind, offset, vaddr, filesz, memsz, align


class TlsImage:
    """PT_TLS and the TLS symbols of an ELF64 file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.memsz = None
        for kind, _, vaddr, _, memsz, align in program_headers(self.data):
            if kind == PT_TLS:
                self.vaddr, self.memsz, self.align = vaddr, memsz, max(align, 1)
        if self.memsz is None:
            raise TlsError("has no PT_TLS segment")
        # [(name, offset in the image, size, source file or "")]; read when asked for.
        self._symbols = None

    def tpoff(self, offset):
        """x@tpoff of what is at `offset` in the image: psABI variant II."""
        padding = -(self.vaddr + self.memsz) & (self.align - 1)
        return offset - self.memsz - padding

    @property
    def symbols(self):
        if self._symbols is None:
            self._symbols = []
            shoff, = struct.unpack_from("<Q", self.data, 40)
            shentsize, shnum = struct.unpack_from("<HH", self.data, 58)
            sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize)
                        for i in range(shnum)]
            for s in sections:
                if s[1] == SHT_SYMTAB:
                    self._read_symbols(s, sections[s[6]])
        return self._symbols

    def _read_symbols(self, table, strings):
        source = ""
        for i, at in enumerate(range(table[4], table[4] + table[5], 24)):
            name, info, _, _, value, size = struct.unpack_from("<IBBHQQ", self.data, at)
            if info & 15 not in (STT_TLS, STT_FILE):
                continue
            start = strings[4] + name
            text = self.data[start:self.data.index(b"\0", start)].decode(errors="replace")
            if info & 15 == STT_FILE:
                source = text
            else:
                self._symbols.append((text, value, size, source if i < table[7] else ""))


def core_gs_bases(path):
    """(GS base, the other GS base) of each CPU, from the notes in QEMU's memory dump."""
    found = []
    with open(path, "rb") as file:
        data = file.read(1 << 20)  # headers and notes are in front
        for kind, offset, _, size, _, _ in program_headers(data):
            if kind != PT_NOTE:
                continue
            file.seek(offset)
            notes, at = file.read(size), 0
            while at + 12 <= len(notes):
                namesz, descsz, _ = struct.unpack_from("<III", notes, at)
                name, at = notes[at + 12:at + 12 + namesz], at + 12 + (namesz + 3 & ~3)
                if name == b"QEMU\0" and descsz >= QEMU_NOTE_SIZE:
                    found.append(tuple(struct.unpack_from("<Q", notes, at + o)[0]
                                       for o in QEMU_NOTE_BASES))
                at += descsz + 3 & ~3
    return found


class Debugger:
    """The commands' work, for a debugger that a subclass knows:

    files()              paths of the ELF files that are loaded
    core()               path of the core dump, or None
    read(address, size)  bytes, or None
    cpus()               numbers of the debugger's threads, which are CPUs
    selected_cpu()       the selected one's, or None
    register(cpu, name)  an integer, or None
    evaluate(text)       an integer; TlsError
    variable(name)       a global variable's value, or None
    demangled(name)
    describe(address)    function and offset, or ""
    typed(name, offset)  by DWARF: the type of the thread-local variable of this full
                         name, if it is the one at this offset in the image; or None
    plain_type(size)
    behind_fs(name)      in a Linux process: (address, type) of the host's variable
    value_at(name, address, type)
    format(value)        one line
    """

    def __init__(self):
        self._images = {}

    def kernel(self):
        """The first file that has a TLS image."""
        for path in self.files():
            if path not in self._images:
                try:
                    self._images[path] = TlsImage(path)
                except (OSError, ValueError, struct.error, TlsError):
                    self._images[path] = None
            if self._images[path]:
                return path
        raise TlsError("no file with a PT_TLS segment is loaded: name the kernel")

    def image(self):
        return self._images[self.kernel()]

    def read_u64(self, address):
        data = self.read(address, 8)
        return struct.unpack("<Q", data)[0] if data else None

    # Thread pointers.

    def is_thread_pointer(self, value):
        return value != 0 and value % 64 == 0 and self.read_u64(value) == value

    def gs_bases(self, cpu):
        """[(name, value)]: the kernel's first, by the ring that the CPU is in."""
        bases = [(name, self.register(cpu, name)) for name in ("gs_base", "k_gs_base")]
        if bases[1][1] is None and self.core():
            notes = dict(zip(self.cpus(), core_gs_bases(self.core())))
            if cpu in notes:
                bases[1] = "k_gs_base", notes[cpu][1]
        if (self.register(cpu, "cs") or 0) & 3:
            bases.reverse()
        return [(name, value) for name, value in bases if value is not None]

    def cpu_thread_pointer(self, cpu):
        if cpu is None:
            raise TlsError("no target: connect to QEMU, or load a core dump")
        bases = self.gs_bases(cpu)
        for _, value in bases:
            if self.is_thread_pointer(value):
                return value
        text = "; ".join(f"{name} is {value:#x}" for name, value in bases)
        raise TlsError(f"no kernel thread pointer here: {text or 'no GS base'}")

    def threads(self):
        return list(kernel_threads(self.variable)) if kernel_threads else []

    def thread_pointer(self, where):
        """That of the selected CPU (None), of "cpu N" or "N", of "thread N", or a number."""
        where = "" if where is None else str(where).strip()
        if not where:
            return self.cpu_thread_pointer(self.selected_cpu())
        if match := re.fullmatch(r"(?:cpu\s+)?(\d{1,3})", where, re.I):
            if int(match[1]) in self.cpus():
                return self.cpu_thread_pointer(int(match[1]))
            numbers = ", ".join(map(str, self.cpus())) or "none: there is no target"
            raise TlsError(f"there is no CPU {match[1]}; there are: {numbers}")
        if match := re.fullmatch(r"thread\s+(\d+)", where, re.I):
            for number, _, tp in self.threads():
                if number == int(match[1]):
                    return tp
            if not kernel_threads:
                raise TlsError("no script has told where this kernel's threads are: see "
                               "segshift_tls.kernel_threads in docs/debugger.md")
            raise TlsError(f"there is no kernel thread {match[1]}: see 'info tls'")
        try:
            value = self.evaluate(where) & U64
        except TlsError as error:
            raise TlsError(f"{where}: neither 'cpu N', 'thread N' nor a thread pointer "
                           f"({error})") from None
        if not self.is_thread_pointer(value):
            raise TlsError(f"{value:#x} is no thread pointer: it does not hold its own address")
        return value

    # Variables.

    def find(self, name):
        """(full name, offset in the image, size) from the symbol table. `name` may be
        the last part of a C++ or Rust name, if there is only one, or 'file.c:name'."""
        source, _, last = name.rpartition(":")
        if not source or source.endswith(":"):
            source, last = "", name
        found = [symbol for symbol in self.image().symbols
                 if source in ("", symbol[3])
                 and any(full == last or full.endswith("::" + last)
                         for full in (symbol[0], self.full_name(symbol[0])))]
        if len(found) > 1 and not source:  # a whole name comes before a last part
            whole = [s for s in found if last in (s[0], self.full_name(s[0]))]
            found = whole if len(whole) == 1 else found
        if not found:
            raise TlsError(f"{name}: no thread-local variable of this name")
        if len(found) > 1:
            names = sorted(self.full_name(s[0]) for s in found)
            if len(set(names)) < len(names):
                names = sorted(f"{s[3] or '?'}:{self.full_name(s[0])}" for s in found)
            raise TlsError(f"{name}: {len(found)} thread-local variables: {', '.join(names)}")
        return found[0][:3]

    def full_name(self, symbol):
        """Demangled; without the hashes of Rust, at the end or behind the crate."""
        return re.sub(r"::h[0-9a-f]{16}$|(?<=\w)\[[0-9a-f]+\](?=::)", "", self.demangled(symbol))

    def is_process(self):
        """Of Linux, with a second C library on GS, and not a kernel."""
        return any(re.search(r"/ld-[^/]*\.so", path) for path in self.files())

    def symbol_value(self, name, tp):
        """A thread-local variable by the symbol table; its type by DWARF, or by its size.
        In a Linux process it is as far from GS as the host's is from FS."""
        if self.is_process():
            address, kind = self.behind_fs(name)
            fs_base = self.register(self.selected_cpu(), "fs_base")
            return self.value_at(name, tp + address - fs_base & U64, kind)
        symbol, offset, size = self.find(name)
        full = self.full_name(symbol)
        return self.place(full, tp, offset, self.typed(full, offset) or self.plain_type(size))

    def place(self, name, tp, offset, kind):
        return self.value_at(name, tp + self.image().tpoff(offset) & U64, kind)

    # What `info tls` prints, in lines.

    def overview(self):
        if not self.cpus():
            raise TlsError("no target: connect to QEMU, or load a core dump")
        running = {}
        for cpu in self.cpus():
            mark = "*" if cpu == self.selected_cpu() else " "
            try:
                tp = self.cpu_thread_pointer(cpu)
                running[tp] = cpu
                yield f"{mark} cpu {cpu:<4} tp {tp:#x}"
            except TlsError as error:
                yield f"{mark} cpu {cpu:<4} {error}"
        try:
            threads = self.threads()
        except TlsError as error:
            yield f"  kernel threads: {error}"
            return
        for number, name, tp in threads:
            where = f"  on cpu {running[tp]}" if tp in running else ""
            yield f"  thread {number:<4} tp {tp:#x}  {name}{where}"

    def details(self, tp):
        yield f"control block at {tp:#x}"
        known = () if self.is_process() else slots
        for offset, name in (*TCB, *((TCB_KERNEL + 8 * i, s) for i, s in enumerate(known))):
            value = self.read_u64(tp + offset)
            what = self.describe(value) if value and offset >= TCB_KERNEL else ""
            yield (f"  +{offset:#04x} {name:<14} " + ("?" if value is None else f"{value:#x}")
                   + (f"  <{what}>" if what else ""))
        if self.is_process():
            return  # of many modules, in places that the loader knows
        yield "variables"
        image = self.image()
        for offset, name, size in sorted((s[1], s[0], s[2]) for s in image.symbols):
            full = self.full_name(name)
            kind = self.typed(full, offset) or self.plain_type(size)
            text = self.format(self.place(full, tp, offset, kind))
            yield f"  tp{image.tpoff(offset):+#x} {full} = {text}"
