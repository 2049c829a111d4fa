"""segshift-gdb.py: thread-local variables of a kernel on GS TLS, in gdb.

GDB asks a target's thread library for TLS addresses; a kernel has none, so
`print variable` says "Cannot find thread-local storage". This script computes
them: the offset from DWARF, or from the ELF symbol table, and the thread pointer
from $gs_base (or the other GS base, while an application in ring 3 runs). It works
over QEMU's gdb stub and on core dumps that hold the GS base.

  print $tls("variable")           in the selected thread (a CPU, under QEMU)
  print $tls("variable", WHERE)    elsewhere, see WHERE
  info tls                         one line for each CPU, and for each kernel thread
                                   that the kernel's own script knows of
  info tls WHERE                   control block and variables

WHERE is "cpu N" (gdb's thread N), "thread N" (a kernel thread's number) or a
thread pointer, as a number.

A kernel that keeps a list of its threads gives it with

  import segshift_gdb
  segshift_gdb.kernel_threads = function   # yields (number, name, thread pointer)

The contract is docs/abi.md, or segshift(7).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import functools
import re
import struct
import sys

import gdb

# The name by which a kernel's script imports this one.
sys.modules["segshift_gdb"] = sys.modules[__name__]

kernel_threads = None

# Offsets from the thread pointer: segshift/abi.h.
TCB = ((0x00, "self"), (0x08, "dtv"), (0x10, "self2"), (0x28, "canary"),
       (0x30, "pointer_guard"), (0x70, "split_stack"))
TCB_KERNEL = 0x80
DEFAULT_SLOTS = 4
STT_TLS, PT_TLS = 6, 7


class TlsImage:
    """PT_TLS and the TLS symbols of an ELF64 file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise gdb.GdbError(f"{path}: not a 64-bit little-endian ELF file")
        self.memsz = None
        phoff, = struct.unpack_from("<Q", self.data, 32)
        phentsize, phnum = struct.unpack_from("<HH", self.data, 54)
        for i in range(phnum):
            kind, _, _, vaddr, _, _, memsz, align = struct.unpack_from(
                "<IIQQQQQQ", self.data, phoff + i * phentsize)
            if kind == PT_TLS:
                self.vaddr, self.memsz, self.align = vaddr, memsz, max(align, 1)
        if self.memsz is None:
            raise gdb.GdbError(f"{path}: has no PT_TLS segment")
        # {name: [(offset in the image, size)]}; read when first asked for.
        self._symbols = None

    def tpoff(self, offset):
        """x@tpoff of what is at `offset` in the image: psABI variant II."""
        padding = -(self.vaddr + self.memsz) & (self.align - 1)
        return offset - self.memsz - padding

    @property
    def symbols(self):
        if self._symbols is None:
            self._symbols = {}
            shoff, = struct.unpack_from("<Q", self.data, 40)
            shentsize, shnum = struct.unpack_from("<HH", self.data, 58)
            sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize)
                        for i in range(shnum)]
            for s in sections:
                if s[1] == 2:  # SHT_SYMTAB
                    self._read_symbols(s, sections[s[6]])
        return self._symbols

    def _read_symbols(self, table, strings):
        for at in range(table[4], table[4] + table[5], 24):
            name, info, _, _, value, size = struct.unpack_from("<IBBHQQ", self.data, at)
            if info & 15 == STT_TLS:
                start = strings[4] + name
                text = self.data[start:self.data.index(b"\0", start)].decode()
                self._symbols.setdefault(text, []).append((value, size))


_images = {}


def tls_image():
    """The TLS image of the kernel: the first objfile that has one."""
    for objfile in gdb.objfiles():
        path = objfile.filename
        if path not in _images:
            try:
                _images[path] = TlsImage(path)
            except (OSError, struct.error, gdb.GdbError):
                _images[path] = None
        if _images[path]:
            return _images[path]
    raise gdb.GdbError("no file with a PT_TLS segment is loaded: name the kernel with 'file'")


def read_u64(address):
    """8 bytes, or None where nothing can be read."""
    try:
        return struct.unpack("<Q", gdb.selected_inferior().read_memory(address, 8))[0]
    except gdb.MemoryError:
        return None


def is_thread_pointer(value):
    return value != 0 and value % 64 == 0 and read_u64(value) == value


def register(name):
    try:
        return int(gdb.selected_frame().read_register(name)) & (1 << 64) - 1
    except (gdb.error, ValueError):
        return None


def selected_thread_pointer():
    """GS_BASE of the selected thread, or, where that is the application's, the other one."""
    tried = []
    for name in ("gs_base", "k_gs_base"):
        value = register(name)
        if value is not None:
            if is_thread_pointer(value):
                return value
            tried.append(f"{name} is {value:#x}")
    raise gdb.GdbError(f"no kernel thread pointer here: {'; '.join(tried) or 'no GS base'}")


def with_thread(thread, function):
    before = gdb.selected_thread()
    thread.switch()
    try:
        return function()
    finally:
        if before and before.is_valid():
            before.switch()


def cpus():
    return sorted(gdb.selected_inferior().threads(), key=lambda t: t.num)


def thread_pointer(where):
    """The thread pointer that `where` means; see WHERE in the file's text."""
    if where is None:
        return selected_thread_pointer()
    if match := re.fullmatch(r"cpu\s+(\d+)", str(where), re.I):
        for thread in cpus():
            if thread.num == int(match[1]):
                return with_thread(thread, selected_thread_pointer)
        raise gdb.GdbError(f"there is no CPU {match[1]}: see 'info threads'")
    if match := re.fullmatch(r"thread\s+(\d+)", str(where), re.I):
        for number, _, tp in list_kernel_threads():
            if number == int(match[1]):
                return tp
        raise gdb.GdbError(f"there is no kernel thread {match[1]}: see 'info tls'")
    try:
        value = int(gdb.parse_and_eval(str(where))) & (1 << 64) - 1
    except gdb.error as error:
        raise gdb.GdbError(f"{where}: neither 'cpu N', 'thread N' nor a thread pointer "
                           f"({error})") from None
    if not is_thread_pointer(value):
        raise gdb.GdbError(f"{value:#x} is no thread pointer: it does not hold its own address")
    return value


def list_kernel_threads():
    return list(kernel_threads()) if kernel_threads else []


def find_symbol(name):
    """The gdb.Symbol, or None."""
    try:
        found = gdb.lookup_symbol(name)[0]
    except gdb.error:  # no frame
        found = None
    return found or gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)


def dwarf_offset(name):
    """Offset in the TLS image as DWARF has it, or None."""
    if not find_symbol(name):
        return None
    try:
        text = gdb.execute(f"info address {name}", to_string=True)
    except gdb.error:
        return None
    match = re.search(r"thread-local variable at offset (0x[0-9a-f]+|\d+)", text)
    return int(match[1], 0) if match else None


def plain_type(size):
    char = gdb.lookup_type("unsigned char")
    names = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long"}
    return gdb.lookup_type(names[size]) if size in names else char.array(max(size, 1) - 1)


def variable(name, tp):
    """A thread-local variable as a gdb.Value in memory. Without DWARF it is a number
    or bytes. `name` may be the last part of a C++ name, if there is only one."""
    image = tls_image()
    name = name.strip("'")
    offset = dwarf_offset(name)
    if offset is not None:
        return value_at(image, tp, offset, find_symbol(name).type)
    found = [(full, *place) for full, places in image.symbols.items() for place in places
             if full == name or demangled(full) == name
             or demangled(full).endswith("::" + name)]
    if not found:
        raise gdb.GdbError(f"{name}: no thread-local variable of this name")
    if len(found) > 1:
        names = ", ".join(sorted({demangled(full) for full, *_ in found}))
        raise gdb.GdbError(f"{name}: {len(found)} thread-local variables: {names}")
    full, offset, size = found[0]
    return value_at(image, tp, offset, typed(full, offset, size))


def typed(name, offset, size):
    """The type of the variable at an offset, by DWARF if that means the same one."""
    name = demangled(name)
    if dwarf_offset(name) == offset:
        return find_symbol(name).type
    return plain_type(size)


def value_at(image, tp, offset, kind):
    address = (tp + image.tpoff(offset)) & (1 << 64) - 1
    return gdb.Value(address).cast(kind.pointer()).dereference()


class TlsFunction(gdb.Function):
    """$tls(NAME [, WHERE]): a thread-local variable of the kernel.

WHERE is "cpu N", "thread N" or a thread pointer; without it the selected thread."""

    def __init__(self):
        super().__init__("tls")

    def invoke(self, name, where=None):
        if where is not None:
            code = where.type.strip_typedefs().code
            where = where.string() if code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_PTR) \
                else int(where)
        return variable(name.string(), thread_pointer(where))


def describe_address(value):
    """<function+12> where the value lies in code."""
    text = gdb.execute(f"info symbol {value:#x}", to_string=True).strip()
    return "" if text.startswith("No symbol") else f"  <{text.split(' in section')[0]}>"


def print_control_block(tp):
    print(f"control block at {tp:#x}")
    for offset, name in TCB:
        value = read_u64(tp + offset)
        print(f"  +{offset:#04x} {name:<14} " + ("?" if value is None else f"{value:#x}"))
    for i in range(DEFAULT_SLOTS):
        value = read_u64(tp + TCB_KERNEL + 8 * i)
        if value is not None:
            print(f"  +{TCB_KERNEL + 8 * i:#04x} slot {i:<9} {value:#x}{describe_address(value)}")


def print_variables(tp):
    image = tls_image()
    print("variables")
    found = sorted((offset, size, name) for name, places in image.symbols.items()
                   for offset, size in places)
    for offset, size, name in found:
        try:
            value = value_at(image, tp, offset, typed(name, offset, size))
            text = value.format_string(max_elements=8)
        except gdb.error as error:
            text = str(error)
        print(f"  tp{image.tpoff(offset):+#x} {demangled(name)} = {text}")


@functools.lru_cache(maxsize=None)
def demangled(name):
    if not name.startswith("_Z"):
        return name
    text = gdb.execute(f"demangle -l c++ {name}", to_string=True).strip()
    return name if text.startswith("Can't") else text


class InfoTls(gdb.Command):
    """Thread pointers, control blocks and thread-local variables of a kernel on GS TLS.

  info tls            one line for each CPU and each kernel thread
  info tls cpu N      control block and variables of what runs on gdb's thread N
  info tls thread N   the same of a kernel thread
  info tls 0xTP       the same by its thread pointer"""

    def __init__(self):
        super().__init__("info tls", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        if argument.strip():
            tp = thread_pointer(argument.strip())
            print_control_block(tp)
            print_variables(tp)
            return
        selected = gdb.selected_thread()
        if selected is None:
            raise gdb.GdbError("no target: connect to QEMU ('target remote'), or load a core")
        running = {}
        for thread in cpus():
            mark = "*" if thread.num == selected.num else " "
            try:
                tp = with_thread(thread, selected_thread_pointer)
                running[tp] = thread.num
                print(f"{mark} cpu {thread.num:<4} tp {tp:#x}")
            except gdb.GdbError as error:
                print(f"{mark} cpu {thread.num:<4} {error}")
        for number, name, tp in list_kernel_threads():
            where = f"  on cpu {running[tp]}" if tp in running else ""
            print(f"  thread {number:<4} tp {tp:#x}  {name}{where}")


TlsFunction()
InfoTls()
