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

import segshift_place
from segshift_elf import TlsError
from segshift_files import File, Variable, bias_of, read_elf
from segshift_place import U64, signed
from segshift_threads import Threads

kernel_threads = None
slots = ("syscall_stack", "saved_rsp")  # segshift/entry.h

# Offsets from the thread pointer: segshift/abi.h.
TCB = ((0x00, "self"), (0x08, "dtv"), (0x10, "self2"), (0x28, "canary"),
       (0x30, "pointer_guard"), (0x70, "split_stack"))
TCB_KERNEL = 0x80

# What the user has said of files, by path: see Debugger.role.
ROLES = ("kernel", "module", "program", "library")
roles = {}

class Debugger(Threads):
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

    def has_script(self):
        return kernel_threads is not None

    def threads(self):
        """[(number, description, thread pointer, the program's saved FS base)]; the last is
        None if it runs no program, and False if the script does not tell."""
        return [(*thread, False)[:4] for thread in kernel_threads(self.variable)] \
            if kernel_threads else []

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
