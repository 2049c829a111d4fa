"""segshift_threads.py: a thread's pointers, of the kernel (GS) and of its program (FS).

A thread is named as the user does: nothing (the selected CPU), "cpu N" or "N", "thread N"
of the kernel's own script, or a thread pointer.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import re
import struct

import segshift_place
from segshift_elf import TlsError
from segshift_files import core_bases
from segshift_place import U64

NO_PROGRAM = (
    "not known whether a program called the kernel in this thread, and FS is its: stop in the "
    "program itself, or let a script tell which threads run programs (a fourth value of "
    "segshift_tls.kernel_threads, see docs/debugger.md)")


class Threads:
    """A base of segshift_tls.Debugger, which says what it asks for."""

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
        if not self.has_script():
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
