"""segshift-gdb.py: thread-local variables of a kernel on GS TLS, and of its program, in gdb.

GDB asks a target's thread library for TLS addresses; a kernel has none, so
`print variable` says "Cannot find thread-local variables". This script computes
them: the offset from the ELF symbol table, and the block by the file that the
variable is from. A kernel's and its modules' are at $gs_base (or the other GS base,
while an application in ring 3 runs), a program's and its libraries' at $fs_base. It
works over QEMU's gdb stub and on core dumps that hold the bases.

  print $tls("variable")           in the selected thread (a CPU, under QEMU)
  print $tls("FILE::variable")     of several files' that one's, FILE as in `info files`,
                                   or a source file
  print $tls("variable", WHERE)    elsewhere, see WHERE
  info tls                         one line for each CPU, and for each kernel thread
                                   that the kernel's own script knows of
  info tls WHERE                   control block and variables
  tls role ROLE FILE               whose a file is, where it does not tell by itself
  tls remote ADDRESS               as `target remote ADDRESS`, and from then on plain
                                   `print variable` works: see segshift-gdb-proxy.py

WHERE is "cpu N" or N (gdb's thread N), "thread N" (a kernel thread's number; see
segshift_tls.py) or a thread pointer, as a number.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import atexit
import functools
import os
import re
import shlex
import sys
import tempfile

import gdb

# Beside this file, whose name older gdbs do not tell otherwise. Nothing is written there.
folder = os.path.dirname(os.path.realpath(sys._getframe().f_code.co_filename))
sys.path.insert(0, folder)
_dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
import segshift_tls
from segshift_tls import TlsError
sys.dont_write_bytecode = _dont_write
del sys.path[0]


def reading(function):
    """What gdb cannot do, as TlsError."""
    @functools.wraps(function)
    def wrapper(*arguments):
        try:
            return function(*arguments)
        except gdb.error as error:
            raise TlsError(str(error)) from None
    return wrapper


class Value:
    """A gdb.Value as kernels' scripts see it."""

    def __init__(self, value):
        self.value = value

    @reading
    def __getitem__(self, key):
        return Value(self.value[key])

    def __len__(self):
        first, last = self.value.type.range()
        return last - first + 1

    @reading
    def __bool__(self):
        return bool(self.value)

    @reading
    def __int__(self):
        return int(self.value)

    @reading
    def __str__(self):
        return str(self.value)


def tls_symbol(name):
    """What gdb takes NAME for here, if it is thread-local: (gdb.Symbol, its offset in the
    image); or (None, None)."""
    try:
        symbol = gdb.lookup_symbol(name)[0]
        text = gdb.execute(f"info address {name}", to_string=True)
    except gdb.error:  # no frame
        return None, None
    match = re.search(r"thread-local variable at offset (0x[0-9a-f]+|\d+)", text)
    return (symbol, int(match[1], 0)) if symbol and match else (None, None)


def path_of(symbol):
    """The file that a symbol is from, and not that of its debug information."""
    objfile = symbol.symtab.objfile
    return (objfile.owner or objfile).filename


def sections():
    """[(path, {section: address})] of all files."""
    text = gdb.execute("maint info sections -all-objects", to_string=True)
    found = []
    for line in text.splitlines():
        if match := re.match(r"(?:Exec|Object) file: `(.*)', file type", line):
            found.append((match[1], {}))
        elif match := re.match(r" \[\d+\]\s+(0x[0-9a-f]+)->.*?: (\S+)", line):
            found[-1][1][match[2]] = int(match[1], 16)
    return found


class Gdb(segshift_tls.Debugger):
    def loaded(self):
        debug = {objfile.owner.filename: objfile.filename
                 for objfile in gdb.objfiles() if objfile.owner}
        return [(path, where, debug.get(path)) for path, where in sections()
                if path not in debug.values()]

    def frame(self):
        try:
            frame = gdb.selected_frame()
        except gdb.error:
            return None
        symtab = frame.find_sal().symtab
        return frame.pc(), os.path.basename(symtab.filename) if symtab else ""

    def core(self):
        text = gdb.execute("info files", to_string=True)
        match = re.search(r"Local core dump file:\s+`(.*)', file type", text)
        return match and match[1]

    def read_memory(self, address, size):
        try:
            return bytes(gdb.selected_inferior().read_memory(address, size))
        except gdb.MemoryError:
            return None

    def cpus(self):
        return sorted(thread.num for thread in gdb.selected_inferior().threads())

    def selected_cpu(self):
        thread = gdb.selected_thread()
        return thread and thread.num

    def register(self, cpu, name):
        before = gdb.selected_thread()
        frame = gdb.selected_frame()
        for thread in gdb.selected_inferior().threads():
            if thread.num == cpu:
                thread.switch()
        try:
            return int(gdb.newest_frame().read_register(name)) & segshift_tls.U64
        except (gdb.error, ValueError):
            return None
        finally:
            before.switch()
            frame.select()

    @reading
    def evaluate(self, text):
        return int(gdb.parse_and_eval(text))

    def variable(self, name):
        try:
            return Value(gdb.parse_and_eval(f"'{name}'"))
        except gdb.error:
            return None

    @functools.lru_cache(maxsize=None)
    def demangled(self, name):
        if not name.startswith(("_Z", "_R")):
            return name
        language = "rust" if name.startswith("_R") else "c++"
        text = gdb.execute(f"demangle -l {language} {name}", to_string=True).strip()
        return name if text.startswith("Can't") else text

    def describe(self, address):
        text = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
        return "" if text.startswith("No symbol") else text.split(" in section")[0]

    def typed(self, variable):
        """That of gdb's symbol in the same file, of the same source file if it is static."""
        path = variable.file.elf.path
        symbol, offset = tls_symbol(variable.full)
        if symbol and offset == variable.offset and path_of(symbol) == path:
            return symbol.type
        found = [gdb.lookup_static_symbols(variable.full)] if variable.source else \
            [[objfile.lookup_global_symbol(variable.full)] for objfile in gdb.objfiles()]
        kinds = [s.type for symbols in found for s in symbols if s and path_of(s) == path
                 and variable.source in ("", os.path.basename(s.symtab.filename))]
        return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None

    def size_of(self, kind):
        return kind.sizeof

    def plain_type(self, size):
        names = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long"}
        char = gdb.lookup_type("unsigned char")
        return gdb.lookup_type(names[size]) if size in names else char.array(max(size, 1) - 1)

    def value_at(self, name, address, kind):
        return gdb.Value(address).cast(kind.pointer()).dereference()

    def format(self, value):
        try:
            return value.format_string(max_elements=8)
        except gdb.error as error:
            return str(error)

    @reading
    def host_variable(self, name):
        symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
        if not symbol:
            raise TlsError(f"{name}: no variable of this name with debug information")
        return int(symbol.value().address), symbol.type


debugger = Gdb()


def telling(function):
    """TlsError as gdb tells what is wrong, without a trace."""
    @functools.wraps(function)
    def wrapper(*arguments):
        try:
            return function(*arguments)
        except TlsError as error:
            raise gdb.GdbError(str(error)) from None
    return wrapper


class TlsFunction(gdb.Function):
    """$tls(NAME [, WHERE]): a thread-local variable of the kernel, a module, a program.

NAME is its name, or the last part of a C++ name, or FILE::NAME.
WHERE is "cpu N", "thread N" or a thread pointer; without it the selected thread."""

    def __init__(self):
        super().__init__("tls")

    @telling
    def invoke(self, name, where=None):
        if where is not None:
            code = where.type.strip_typedefs().code
            if code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_PTR):
                where = where.string()
            elif not 0 <= int(where) < 1000:  # else a CPU
                where = hex(int(where) & segshift_tls.U64)
        return debugger.tls(name.string(), where)


class InfoTls(gdb.Command):
    """Thread pointers, control blocks and thread-local variables of a kernel on GS TLS.

  info tls            one line for each CPU and each kernel thread
  info tls cpu N      control block and variables of what runs on gdb's thread N
  info tls thread N   the same of a kernel thread
  info tls 0xTP       the same by its thread pointer"""

    def __init__(self):
        super().__init__("info tls", gdb.COMMAND_STATUS)

    @telling
    def invoke(self, argument, from_tty):
        if argument.strip():
            lines = debugger.details(argument)
        else:
            lines = debugger.overview()
        for line in lines:
            print(line)


class Tls(gdb.Command):
    """Thread-local variables of a kernel on GS TLS."""

    def __init__(self):
        super().__init__("tls", gdb.COMMAND_RUNNING, prefix=True)


class TlsRole(gdb.Command):
    """Say whose a file is that does not tell by itself.

  tls role kernel|module|program|library FILE"""

    def __init__(self):
        super().__init__("tls role", gdb.COMMAND_STATUS)

    @telling
    def invoke(self, argument, from_tty):
        debugger.set_role(argument)


class Loaded:
    """Tells the proxy, in a file of paths, what may have thread-local variables."""

    path = None

    @classmethod
    def write(cls, *_):
        if cls.path:
            with open(cls.path, "w") as file:
                file.writelines(f"{f.elf.path}\n" for f in debugger.files() if f.elf.tls)

    @classmethod
    def start(cls):
        if not cls.path:
            descriptor, cls.path = tempfile.mkstemp(prefix="segshift-gdb-")
            os.close(descriptor)
            atexit.register(os.unlink, cls.path)
            gdb.events.new_objfile.connect(cls.write)
            gdb.events.clear_objfiles.connect(cls.write)
            gdb.events.before_prompt.connect(cls.write)
        cls.write()
        return cls.path


class TlsRemote(gdb.Command):
    """Connect to QEMU so that gdb finds thread-local variables by itself.

  tls remote [HOST]:PORT
  tls remote SOCKET"""

    def __init__(self):
        super().__init__("tls remote", gdb.COMMAND_RUNNING)

    @telling
    @reading
    def invoke(self, argument, from_tty):
        if not argument.strip():
            raise TlsError("tls remote: where is QEMU's stub? [HOST]:PORT, or a socket's path")
        proxy = [f"{folder}/segshift-gdb-proxy.py", argument.strip(), debugger.kernel(),
                 Loaded.start()]
        gdb.execute("target remote | python3 " + shlex.join(proxy), from_tty)


TlsFunction()
InfoTls()
Tls()
TlsRole()
TlsRemote()
