"""segshift_lldb.py: thread-local variables of a kernel on GS TLS, and of its program, in LLDB.

  (lldb) command script import PREFIX/share/segshift/segshift_lldb.py

LLDB asks its dynamic loader plugin for TLS addresses; a kernel has none, so `target
variable` says "no TLS data currently exists for this thread". This script computes
them: the offset from the ELF symbol table, the type from DWARF, and the block by the
file that the variable is from. A kernel's and its modules' are at gs_base (or the other
GS base, while an application in ring 3 runs), a program's and its libraries' at fs_base.
It works over QEMU's gdb stub and on core dumps.

  tls print VARIABLE         in the selected thread (a CPU, under QEMU). What follows the
                             name is LLDB's to read: tls print current->id
  tls print FILE::VARIABLE   of several files' that one's; FILE is loaded, or a source file
  tls info                   one line for each CPU, and for each kernel thread that the
                             kernel's own script knows of (see segshift_tls.py)
  tls info WHERE             control block and variables
  tls role ROLE FILE         whose a file is, where it does not tell by itself

WHERE is -c N (LLDB's thread N), -t N (a kernel thread's number) or -p ADDRESS (a thread
pointer); `tls print` takes it as well.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import re
import shlex
import sys

import lldb

# Beside this file. Nothing is written there.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
_dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
import segshift_tls
from segshift_tls import TlsError
sys.dont_write_bytecode = _dont_write
del sys.path[0]


class Value:
    """An SBValue as kernels' scripts see it."""

    def __init__(self, value):
        self.value = value

    def __getitem__(self, key):
        child = self.value.GetChildMemberWithName(key) if isinstance(key, str) \
            else self.value.GetChildAtIndex(key)
        if not child.IsValid():
            raise TlsError(f"{self.value.GetName()} has no {key}")
        return Value(child)

    def __len__(self):
        return self.value.GetNumChildren()

    def __bool__(self):
        return int(self) != 0

    def __int__(self):
        error = lldb.SBError()
        signed = self.value.GetType().GetTypeFlags() & lldb.eTypeIsSigned
        number = (self.value.GetValueAsSigned if signed else self.value.GetValueAsUnsigned)(error)
        if error.Fail():
            raise TlsError(f"{self.value.GetName()}: {error}")
        return number

    def __str__(self):
        return self.value.GetSummary() or self.value.GetValue() or ""


def is_executable(path):
    """Of type ET_EXEC."""
    try:
        with open(path, "rb") as file:
            return file.read(18)[16:] == b"\2\0"
    except OSError:
        return False


class Lldb(segshift_tls.Debugger):
    def __init__(self, target):
        super().__init__()
        self.target = target
        self.process = target.GetProcess()
        self._names = {}
        if self.process.IsValid() and self.core():
            self.place_modules()

    def place_modules(self):
        """In a core dump nothing tells LLDB that what is linked to an address lies there."""
        for module in self.target.modules:
            if module.GetObjectFileHeaderAddress().GetLoadAddress(self.target) == \
                    lldb.LLDB_INVALID_ADDRESS and is_executable(module.GetFileSpec().fullpath):
                self.target.SetModuleLoadAddress(module, 0)

    def loaded(self):
        found = []
        for module in self.target.modules:
            path = module.GetFileSpec().fullpath
            debug = module.GetSymbolFileSpec().fullpath
            where = {section.GetName(): section.GetLoadAddress(self.target)
                     for section in self.sections(module.sections)}
            where = {name: address for name, address in where.items()
                     if address != lldb.LLDB_INVALID_ADDRESS}
            if path:
                found.append((path, where, debug if debug != path else None))
        return found

    def sections(self, some):
        """Segments have sections in them, or not."""
        for section in some:
            yield section
            yield from self.sections(section)

    def frame(self):
        frame = self.process.GetSelectedThread().GetSelectedFrame()
        if not frame.IsValid():
            return None
        return frame.GetPC(), frame.GetCompileUnit().GetFileSpec().GetFilename() or ""

    def core(self):
        return self.process.GetCoreFile().fullpath

    def read_memory(self, address, size):
        error = lldb.SBError()
        data = self.process.ReadMemory(address, size, error)
        return data if error.Success() else None

    def cpus(self):
        return sorted(thread.GetIndexID() for thread in self.process)

    def selected_cpu(self):
        thread = self.process.GetSelectedThread()
        return thread.GetIndexID() if thread.IsValid() else None

    def register(self, cpu, name):
        frame = self.process.GetThreadByIndexID(cpu).GetFrameAtIndex(0)
        value = frame.FindRegister(name)
        return value.GetValueAsUnsigned() if value.IsValid() and not value.GetError().Fail() \
            else None

    def evaluate(self, text):
        options = lldb.SBExpressionOptions()
        options.SetSuppressPersistentResult(True)
        frame = self.process.GetSelectedThread().GetSelectedFrame()
        value = (frame if frame.IsValid() else self.target).EvaluateExpression(text, options)
        if value.GetError().Fail():
            lines = value.GetError().GetCString().splitlines()
            raise TlsError(next((line for line in lines if ": error: " in line or
                                 line.startswith("error: <")), lines[0]))
        return value.GetValueAsUnsigned()

    def variable(self, name):
        for value in self.globals(name):
            return Value(value)
        return None

    def globals(self, name):
        """Global variables of this full name."""
        return [value for value in self.target.FindGlobalVariables(name, 100)
                if value.GetName() in (name, "::" + name)]

    def command(self, text):
        result = lldb.SBCommandReturnObject()
        self.target.GetDebugger().GetCommandInterpreter().HandleCommand(text, result)
        return result.GetOutput() or ""

    def demangled(self, name):
        if not name.startswith(("_Z", "_R")):
            return name
        if name.startswith("_R"):  # the command below does not know it
            symbols = (module.FindSymbol(name) for module in self.target.modules)
            return next((symbol.GetName() for symbol in symbols if symbol.IsValid()), name)
        if name not in self._names:
            match = re.search(r"---> (.*)", self.command(f"language cplusplus demangle {name}"))
            self._names[name] = match[1] if match else name
        return self._names[name]

    def describe(self, address):
        place = self.target.ResolveLoadAddress(address)
        symbol = place.GetSymbol()
        if not symbol.IsValid():
            return ""
        offset = address - symbol.GetStartAddress().GetLoadAddress(self.target)
        return symbol.GetName() + (f"+{offset}" if offset else "")

    def typed(self, variable):
        """That of LLDB's variable in the same file, of the same source file if it is static."""
        kinds = [value.GetType() for module in self.target.modules
                 if module.GetFileSpec().fullpath == variable.file.elf.path
                 for value in module.FindGlobalVariables(self.target, variable.full, 100)
                 if value.GetName() in (variable.full, "::" + variable.full)
                 and variable.source in ("", value.GetDeclaration().GetFileSpec().GetFilename())]
        return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None

    def size_of(self, kind):
        return kind.GetByteSize()

    def host_variable(self, name):
        # An expression would take the address of a copy.
        match = re.match(r"(0x[0-9a-f]+): ", self.command(f"target variable -L {name}"))
        kinds = [value.GetType() for value in self.globals(name)]
        if not match or not kinds:
            raise TlsError(f"{name}: no variable of this name with debug information")
        return int(match[1], 16), kinds[0]

    def plain_type(self, size):
        kinds = {1: lldb.eBasicTypeUnsignedChar, 2: lldb.eBasicTypeUnsignedShort,
                 4: lldb.eBasicTypeUnsignedInt, 8: lldb.eBasicTypeUnsignedLong}
        if size in kinds:
            return self.target.GetBasicType(kinds[size])
        return self.target.GetBasicType(lldb.eBasicTypeUnsignedChar).GetArrayType(max(size, 1))

    def value_at(self, name, address, kind):
        return self.target.CreateValueFromAddress(
            name, lldb.SBAddress(address, self.target), kind)

    def format(self, value):
        if value.GetError().Fail():
            return str(value.GetError())
        text = " ".join(str(value).partition(" = ")[2].split())
        return text if len(text) <= 160 else text[:160] + "..."


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise TlsError(f"{message}\n{self.format_usage().strip()}")


class Command:
    """What both commands share."""

    def __init__(self, debugger, _):
        self.parser = Arguments(prog=self.name, description=self.__doc__, add_help=False)
        where = self.parser.add_mutually_exclusive_group()
        where.add_argument("-c", "--cpu", metavar="N", type=int, help="LLDB's thread N")
        where.add_argument("-t", "--thread", metavar="N", type=int,
                           help="thread N of the kernel, running or not")
        where.add_argument("-p", "--pointer", metavar="ADDRESS", help="a thread pointer")

    def get_short_help(self):
        return self.__doc__.splitlines()[0]

    def get_long_help(self):
        return self.parser.format_help()

    def __call__(self, debugger, command, context, result):
        target = context.GetTarget() or debugger.GetSelectedTarget()
        try:
            options = self.parser.parse_args(shlex.split(command))
            if not target.IsValid():
                raise TlsError("no target: name the kernel")
            if target.GetProcess().GetState() == lldb.eStateRunning:
                raise TlsError("the kernel runs: 'process interrupt' stops it")
            where = options.pointer
            if options.cpu is not None:
                where = f"cpu {options.cpu}"
            elif options.thread is not None:
                where = f"thread {options.thread}"
            self.run(Lldb(target), options, where, result)
        except (TlsError, ValueError) as error:  # ValueError: an open quotation
            result.SetError(str(error))


class Print(Command):
    """A thread-local variable of the kernel, a module or a program.

    Its value is kept as $0, $1 and so on, for expressions."""

    name = "tls print"

    def __init__(self, debugger, internal):
        super().__init__(debugger, internal)
        self.parser.add_argument("variable", nargs="+", help="its name, or the last part of a "
                                 "C++ name, or FILE::NAME with a loaded or source file; then ->member, .member or [index]")

    def run(self, tls, options, where, result):
        text = " ".join(options.variable)
        name, path = text, ""
        if not tls.is_variable(text):
            name, path = re.fullmatch(r"(.*?)((?:(?:->|\.)\w+|\[\d+\])*)", text).groups()
        value = tls.tls(name, where)
        if path:
            value = value.GetValueForExpressionPath(path)
            if not value.IsValid():
                raise TlsError(f"{text}: {name} has no {path}")
        if value.GetError().Fail():
            raise TlsError(f"{text}: {value.GetError()}")
        result.AppendMessage(str(value.Persist()))


class Role(Command):
    """Say whose a file is that does not tell by itself."""

    name = "tls role"

    def __init__(self, debugger, internal):
        super().__init__(debugger, internal)
        self.parser = Arguments(prog=self.name, description=self.__doc__, add_help=False)
        self.parser.set_defaults(pointer=None, cpu=None, thread=None)
        self.parser.add_argument("role", choices=segshift_tls.ROLES)
        self.parser.add_argument("file", help="a file that is loaded")

    def run(self, tls, options, where, result):
        tls.set_role(f"{options.role} {options.file}")


class Info(Command):
    """Thread pointers, control blocks and thread-local variables of a kernel on GS TLS.

    Without options one line for each CPU, and for each kernel thread that the kernel's own
    script knows of; else all that is known of one of them."""

    name = "tls info"

    def run(self, tls, options, where, result):
        lines = tls.details(where) if where else tls.overview()
        for line in lines:
            result.AppendMessage(line)


def __lldb_init_module(debugger, _):
    debugger.HandleCommand('command container add -o -h "Thread-local variables of a kernel on '
                           'GS TLS." tls')
    for command in (Print, Role, Info):
        debugger.HandleCommand(f"command script add -o -c {__name__}.{command.__name__} "
                               f"{command.name}")
