"""segshift_tls.py: what segshift-gdb.py and segshift_lldb.py share.

A variable is at its file's block (segshift_place.py) plus its offset in PT_TLS, which
the ELF symbol table gives; its type is DWARF's. The thread pointer is a GS base of the
CPU, or comes from the kernel's own list of its threads:

  import segshift_tls

  def threads(variable):       # yields (number, description, thread pointer)
      thread = variable("all_threads")
      while thread:
          yield int(thread["id"]), "kernel", int(thread["tp"])
          thread = thread["next"]

  segshift_tls.kernel_threads = threads

A fourth value is the program's FS base that the kernel saved when it last switched from
the thread (segshift_app_fs), or None for a thread that runs no program.

`variable` gives a global variable by its full name, or None without DWARF. Its value
has members (of a pointer's target too), elements, len(), int(), bool() and str(). A
kernel with other slots after the control block than segshift/entry.h's names them:

  segshift_tls.slots = ("syscall_stack", "saved_rsp", "cpu")    # 0x80, 0x88, 0x90

Such a script serves both debuggers.

The contract is docs/abi.md, or segshift(7).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import struct

import segshift_elf
import segshift_place
from segshift_elf import TlsError
from segshift_place import U64, signed

kernel_threads = None
slots = ("syscall_stack", "saved_rsp")  # segshift/entry.h

# Offsets from the thread pointer: segshift/abi.h.
TCB = ((0x00, "self"), (0x08, "dtv"), (0x10, "self2"), (0x28, "canary"),
       (0x30, "pointer_guard"), (0x70, "split_stack"))
TCB_KERNEL = 0x80

# What the user has said of files, by path: see Debugger.role.
ROLES = ("kernel", "module", "program", "library")
roles = {}

NO_PROGRAM = (
    "not known whether a program called the kernel in this thread, and FS is its: stop in the "
    "program itself, or let a script tell which threads run programs (a fourth value of "
    "segshift_tls.kernel_threads, see docs/debugger.md)")

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


class Debugger:
    """The commands' work, for a debugger that a subclass knows:

    loaded()             [(path, {section: address}, path of debug information or None)]
    core()               path of the core dump, or None
    read_memory(address, size)  bytes, or None
    cpus()               numbers of the debugger's threads, which are CPUs
    selected_cpu()       the selected one's, or None
    register(cpu, name)  an integer, or None
    frame()              (program counter, base name of the source file or "") of the
                         selected frame, or None
    evaluate(text)       an integer; TlsError
    variable(name)       a global variable's value, or None
    demangled(name)
    describe(address)    function and offset, or ""
    typed(variable)      by DWARF: the type of this Variable, in its own file; or None
    plain_type(size)
    size_of(type)
    host_variable(name)  in a Linux process: (address, type) of the host's variable
    value_at(name, address, type)
    format(value)        one line
    """

    def files(self):
        """[File], without those that cannot be read."""
        found = []
        for path, sections, debug in self.loaded():
            if elf := read_elf(path):
                found.append(File(elf, bias_of(elf, sections), debug and read_elf(debug)))
        return found

    # Whose a file is.

    def role(self, file, files):
        """kernel, module, program, library, "other kernel", or None: not known."""
        role = roles.get(os.path.realpath(file.elf.path)) or file.elf.role()
        if role is None and any(self.role(other, ()) == "kernel" for other in files):
            return "program"  # it is not the kernel, and nothing else has no marks
        return role

    def set_role(self, text):
        """What the command `tls role ROLE FILE` does."""
        role, _, path = text.strip().partition(" ")
        files = [f.elf.path for f in self.files()
                 if path.strip() in (f.elf.name, f.elf.path)] if path else []
        if role not in ROLES or not files:
            raise TlsError(f"tls role ROLE FILE: ROLE is one of {', '.join(ROLES)}; FILE is one "
                           "that is loaded")
        for path in files:
            roles[os.path.realpath(path)] = role

    def kernel(self):
        """The kernel's path."""
        files = self.files()
        found = {f.elf.path for f in files if f.elf.tls and self.role(f, files) == "kernel"}
        if len(found) == 1:
            return found.pop()
        if found:
            raise TlsError(f"several kernels are loaded: {', '.join(sorted(found))}: load the "
                           "one that was booted alone")
        raise TlsError("no file with a PT_TLS segment is loaded that is known to be a kernel on GS "
                       "(.note.segshift): name the kernel, or say 'tls role kernel FILE'")

    def is_process(self):
        """Of Linux, with a second C library on GS, and not a kernel."""
        loaded = [entry[0] for entry in self.loaded()]
        return any(re.search(r"/ld-[^/]*\.so", path) for path in loaded) and \
            self.register(self.selected_cpu(), "k_gs_base") is None and \
            not any(file.elf.role() == "kernel" for file in self.files())

    def in_core(self, address):
        """QEMU's dump-guest-memory -p sets the 16 high bits of every address, also of those
        below 2^47 (target/i386/arch_memory_mapping.c). No true address is like that."""
        moved = address | 0xffff << 48
        if self.core() and not address >> 47 and self.read_memory(address, 1) is None and \
                self.read_memory(moved, 1) is not None and core_bases(self.core()):
            return moved
        return address

    def read(self, address, size):
        return self.read_memory(self.in_core(address & U64), size)

    def read_u64(self, address):
        data = self.read(address, 8)
        return struct.unpack("<Q", data)[0] if data else None

    # Thread pointers.

    def is_thread_pointer(self, value):
        return value != 0 and value % 64 == 0 and self.read_u64(value) == value

    def base(self, cpu, name):
        """A segment base of a CPU: its register, or QEMU's note in a core dump; or None."""
        value = self.register(cpu, name)
        if value is None and self.core():
            value = dict(zip(self.cpus(), core_bases(self.core()))).get(cpu, {}).get(name)
        return value

    def gs_bases(self, cpu):
        """[(name, value)]: the kernel's first, by the ring that the CPU is in."""
        bases = [(name, self.base(cpu, name)) for name in ("gs_base", "k_gs_base")]
        if self.in_ring3(cpu):
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
        """[(number, description, thread pointer, the program's saved FS base)]; the last is
        None if it runs no program, and False if the script does not tell."""
        return [(*thread, False)[:4] for thread in kernel_threads(self.variable)] \
            if kernel_threads else []

    def cpu_of(self, where):
        """The number of the CPU that WHERE names, or None if it names none."""
        if not where:
            return self.selected_cpu()
        match = re.fullmatch(r"(?:cpu\s+)?(\d{1,3})", where, re.I)
        if match and int(match[1]) not in self.cpus():
            numbers = ", ".join(map(str, self.cpus())) or "none: there is no target"
            raise TlsError(f"there is no CPU {match[1]}; there are: {numbers}")
        return match and int(match[1])

    def thread_pointer(self, where):
        """That of the selected CPU (None), of "cpu N" or "N", of "thread N", or a number."""
        where = "" if where is None else str(where).strip()
        cpu = self.cpu_of(where)
        if cpu is not None or not where:
            return self.cpu_thread_pointer(cpu)
        if match := re.fullmatch(r"thread\s+(\d+)", where, re.I):
            return self.thread_numbered(int(match[1]))[2]
        try:
            value = self.evaluate(where) & U64
        except TlsError as error:
            raise TlsError(f"{where}: neither 'cpu N', 'thread N' nor a thread pointer "
                           f"({error})") from None
        if not self.is_thread_pointer(value):
            raise TlsError(f"{value:#x} is not a thread pointer: it does not hold its own address")
        return value

    def thread_numbered(self, number):
        for thread in self.threads():
            if thread[0] == number:
                return thread
        if not kernel_threads:
            raise TlsError("no script has told where this kernel's threads are: see "
                           "segshift_tls.kernel_threads in docs/debugger.md")
        raise TlsError(f"there is no kernel thread {number}: see 'info tls'")

    def running_on(self, tp):
        """The CPU whose thread pointer this is, or None."""
        for cpu in self.cpus():
            try:
                if self.cpu_thread_pointer(cpu) == tp:
                    return cpu
            except TlsError:
                pass
        return None

    def program_fs(self, where):
        """The program's FS base: while a thread runs the register, also in the kernel, and
        else what the kernel has saved (segshift/app_fs.h)."""
        where = "" if where is None else str(where).strip()
        cpu, tp = self.cpu_of(where), None
        if cpu is None and not where:
            raise TlsError("no target: connect to QEMU, or load a core dump")
        try:
            tp = self.thread_pointer(where)
        except TlsError:
            if cpu is None:
                raise
        cpu = self.running_on(tp) if cpu is None else cpu
        threads = self.threads_if_any()
        saved = next((thread[3] for thread in threads if thread[2] == tp), False)
        if cpu is None:
            if saved is False:
                raise TlsError("this thread runs on no CPU, and no script tells its saved FS base: "
                               "a fourth value of segshift_tls.kernel_threads, see "
                               "docs/debugger.md")
        elif saved is False and not self.in_ring3(cpu):
            if any(thread[3] is not False for thread in threads):
                raise TlsError("the kernel's script lists no thread that runs here with a program")
            if not self.runs_program(cpu, tp):
                raise TlsError(NO_PROGRAM)
        if saved is None:
            raise TlsError("this kernel thread runs no program")
        if cpu is not None:
            saved = self.base(cpu, "fs_base")
        if saved is None:
            raise TlsError("the debugger has no fs_base here")
        return saved

    def in_ring3(self, cpu):
        return (self.register(cpu, "cs") or 0) & 3 != 0

    def runs_program(self, cpu, tp):
        """Whether FS is that of a program that this CPU runs, or has called the kernel from:
        a kernel thread may leave FS as the last program had it."""
        files = self.files()
        kernels = [f for f in files if self.role(f, files) in ("kernel", "module")]
        if not kernels:
            return False
        rip = self.register(cpu, "rip")
        if rip is not None and not rip >> 47 and not any(f.holds(rip) for f in kernels):
            return True
        rip = segshift_place.entered_from(self, tp) if tp else None
        return rip is not None and not rip >> 47 and not any(f.holds(rip) for f in kernels) and (
            any(f.holds(rip) for f in files) or
            self.read(rip - 2, 2) == segshift_place.SYSCALL)

    def threads_if_any(self):
        """For what is known without them as well."""
        try:
            return self.threads()
        except TlsError:
            return []

    # Variables.

    def full_name(self, symbol):
        """Demangled; without the hashes of Rust, at the end or after the crate."""
        return re.sub(r"::h[0-9a-f]{16}$|(?<=\w)\[[0-9a-f]+\](?=::)", "", self.demangled(symbol))

    def matching(self, name, files):
        """[Variable] by full name or its last part."""
        found = []
        for file in files:
            for symbol in file.symbols():
                full = self.full_name(symbol[0])
                if any(text == name or text.endswith("::" + name) for text in (symbol[0], full)):
                    found.append(Variable(file, symbol, full))
        return found

    def candidates(self, name, files):
        """([Variable], NAME): NAME, or FILE:NAME or FILE::NAME with a loaded file's or a
        source file's name, or both."""
        last = name.strip("'")
        found = self.matching(last, files)
        match = re.match(r"'?([^':]+)'?::?(?=.)", name)
        if found or not match:
            return found, last
        prefix, rest = match[1], name[match.end():]
        inside = [f for f in files if prefix in (f.elf.name, f.elf.path)]
        if inside:
            return self.candidates(rest, inside)
        last = rest.strip("'")
        return [v for v in self.matching(last, files) if v.source == prefix], last

    def is_variable(self, name):
        return bool(self.candidates(name, [f for f in self.files() if f.elf.tls])[0])

    def find(self, name):
        """The Variable that a name means here. Of several the selected frame's file's, then
        the one whose whole name it is, then the frame's source file's own."""
        files = [file for file in self.files() if file.elf.tls]
        found, last = self.candidates(name, files)
        if not found:
            names = ", ".join(sorted({f.elf.name for f in files})) or "none that is loaded"
            raise TlsError(f"{name}: no thread-local variable of this name (files with "
                           f"thread-local variables: {names})")
        frame = self.frame()
        for rule in (lambda v: frame and v.file.holds(frame[0]),
                     lambda v: last in (v.symbol, v.full),
                     lambda v: frame and v.file.holds(frame[0]) and v.source == frame[1]):
            found = [v for v in found if rule(v)] or found
        found = self.without_copies(found)
        if len(found) > 1:
            one_file = len({v.file for v in found}) == 1
            names = [v.full for v in found] if one_file else list(map(str, found))
            if len(set(names)) < len(names):
                names = [f"{v.source or '?'}:{v.full}" for v in found]
            raise TlsError(f"{name}: {len(found)} thread-local variables: "
                           + ", ".join(sorted(names)))
        return found[0]

    def without_copies(self, found):
        """One Variable for each of a file that is loaded twice: where it really is."""
        places = {}
        for variable in found:
            place = variable.file.elf.path, variable.symbol, variable.offset
            if place not in places or not self.is_loaded(places[place].file):
                places[place] = variable
        return list(places.values())

    def is_loaded(self, file):
        try:
            segshift_place.check_loaded(self, file)
            return True
        except TlsError:
            return False

    def block(self, file, where):
        """What an offset in a file's image is added to, in a thread."""
        files = self.files()
        role = self.role(file, files)
        if role == "kernel":
            if any(f.elf.data != file.elf.data and self.role(f, files) == "kernel"
                   for f in files if f.elf.tls):  # which of them was booted?
                segshift_place.check_loaded(self, file)
            return segshift_place.kernel_block(self, file, self.thread_pointer(where))
        if role == "module":
            return segshift_place.module_block(self, file, self.thread_pointer(where))
        if role in ("program", "library"):
            try:
                fs = self.program_fs(where)
            except TlsError as error:
                raise TlsError(f"{file.elf.name}: {error}") from None
            if role == "program":
                return segshift_place.program_block(self, file, fs)
            others = [f for f in files if f.elf.path != file.elf.path]
            return segshift_place.library_block(self, file, fs, others)
        if role:
            raise TlsError(f"{file.elf.name}: a kernel whose thread-local variables are behind FS, "
                           "or that has lost its note (.note.segshift) in the link. If they are "
                           "behind GS: 'tls role kernel FILE'")
        raise TlsError(f"{file.elf.name}: neither known to be the kernel (no .note.segshift) nor "
                       "a program: name the kernel, or say 'tls role kernel FILE' or 'tls role "
                       "program FILE'")

    def tls(self, name, where):
        """A thread-local variable's value. In a Linux process it is as far from GS as the
        host's is from FS."""
        if self.is_process():
            tp = self.thread_pointer(where)
            address, kind = self.host_variable(name)
            fs_base = self.register(self.selected_cpu(), "fs_base")
            return self.value_at(name, tp + address - fs_base & U64, kind)
        variable = self.find(name)
        return self.value(variable, self.block(variable.file, where))

    def value(self, variable, block):
        kind = self.typed(variable)
        if kind is None or variable.size not in (0, self.size_of(kind)):
            kind = self.plain_type(variable.size)
        address = self.in_core(block + variable.offset & U64)
        return self.value_at(variable.full, address, kind)

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
        for number, name, tp, _ in threads:
            where = f"  on cpu {running[tp]}" if tp in running else ""
            yield f"  thread {number:<4} tp {tp:#x}  {name}{where}"

    def details(self, where):
        tp = self.thread_pointer(where)
        yield f"control block at {tp:#x}"
        known = () if self.is_process() else slots
        for offset, name in (*TCB, *((TCB_KERNEL + 8 * i, s) for i, s in enumerate(known))):
            value = self.read_u64(tp + offset)
            what = self.describe(value) if value and offset >= TCB_KERNEL else ""
            yield (f"  +{offset:#04x} {name:<14} " + ("?" if value is None else f"{value:#x}")
                   + (f"  <{what}>" if what else ""))
        if self.is_process():
            return  # of many modules, in places that the loader knows
        files = {(f.elf.path, f.bias): f for f in self.files() if f.elf.tls}.values()
        for file in sorted(files, key=lambda f: self.role(f, files) != "kernel"):
            yield from self.variables(file, where, tp, self.role(file, files) == "kernel")

    def variables(self, file, where, tp, is_kernel):
        try:
            block = self.block(file, where)
        except TlsError as error:
            yield f"no variables of {error}"
            return
        yield "variables" if is_kernel else f"variables of {file.elf.name}, block at {block:#x}"
        for symbol in sorted(file.symbols(), key=lambda s: (s[1], s[0], s[2])):
            variable = Variable(file, symbol, self.full_name(symbol[0]))
            text = self.format(self.value(variable, block))
            place = f"tp{signed(block + variable.offset - tp & U64):+#x}" if is_kernel \
                else f"+{variable.offset:#x}"
            yield f"  {place} {variable.full} = {text}"
