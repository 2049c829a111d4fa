"""Boots the kernel stub in QEMU and says how it ended.

This module owns QEMU's command line, the time-out, the kernel log and the
verdict; run.py and demo.py are its callers.

The kernel talks over four serial ports:
  COM1  kernel log
  COM2  the program's standard output, and input
  COM3  the program's standard error
  COM4  control: lines of text: 'ready' when the kernel is up, then one verdict
        for each program in turn
            exit N       it ended with status N, 0 to 255
            signal N     signal N killed it
            error TEXT   it could not be started
        then 'done'; or, at any time, 'panic TEXT', the kernel's own end.
        'input' asks for standard input, by COM2: two bytes, the low one first, say
        how many bytes follow, at most 4096; 0 says that the input has ended.
The program, its arguments and its environment are in the initrd:
/.segshift/argv and /.segshift/env hold NUL-terminated strings, argv[0] being
the program's path; /.segshift/argv.1, argv.2, ... hold further programs, run
one after the other in the same boot.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import ctypes
import dataclasses
import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import cpio

PORTS = ("log", "out", "err", "control")  # COM1 to COM4
MODES = ("gs", "gs-debug", "fs-switch", "fs-shared", "fs-reserved")

# How a boot can end, other than by 'done'.
TIMEOUT, QEMU_ERROR, PANIC = "time-out", "QEMU error", "kernel panic"


class RunError(Exception):
    """Nothing was booted: the message says what is missing and what to do."""


@dataclasses.dataclass
class Machine:
    """What to boot, and on what."""

    image: str
    qemu: str = "qemu-system-x86_64"
    accel: str = "tcg"
    cpu: str = "max"
    smp: int = 1
    memory: str = "256M"
    icount: bool = False
    append: str = ""
    nmi_every: float = 0  # seconds between NMIs to all CPUs; 0: none
    extra: tuple = ()  # further QEMU arguments

    def check(self):
        """Raise RunError if something that the boot needs is not there."""
        if not os.path.isfile(self.image):
            raise RunError(f"no kernel image {self.image}: build it with './dev build'")
        if not shutil.which(self.qemu):
            raise RunError(
                f"{self.qemu} not found: install it with './dev setup' "
                "(Debian and Ubuntu: package qemu-system-x86), or name it with --qemu"
            )
        if self.accel == "kvm":
            try:
                os.close(os.open("/dev/kvm", os.O_RDWR))
            except OSError as error:
                raise RunError(
                    f"no KVM here: /dev/kvm: {error.strerror}; use --accel=tcg, or on a "
                    "machine with KVM join the group 'kvm'"
                ) from None
            if self.icount:
                raise RunError("--icount counts instructions, which KVM cannot: use --accel=tcg")

    def command(self, initrd, pipes):
        """QEMU's argument list; pipes is the common prefix of the ports' FIFOs."""
        command = [self.qemu, "-kernel", self.image, "-initrd", initrd]
        if self.append:
            command += ["-append", self.append]
        command += ["-accel", self.accel, "-cpu", self.cpu]
        command += ["-smp", str(self.smp), "-m", self.memory]
        if self.icount:
            command += ["-icount", "shift=0,sleep=off"]
            # The date too comes from the count.
            command += ["-rtc", "base=2026-01-01,clock=vm"]
        command += ["-nodefaults", "-display", "none", "-no-reboot"]
        command += ["-device", "isa-debug-exit,iobase=0xf4"]
        for port in PORTS:
            command += ["-chardev", f"pipe,id={port},path={pipes}{port}"]
            command += ["-serial", f"chardev:{port}"]
        if self.nmi_every:
            command += ["-qmp", f"unix:{pipes}qmp,server=on,wait=off"]
        return command + list(self.extra)


@dataclasses.dataclass
class Outcome:
    """How a boot ended.

    results has for each program that came to an end ("exit", N), ("signal", N)
    or ("error", TEXT). failure is None if every program has a result, else
    TIMEOUT, QEMU_ERROR or PANIC, and reason says more. log is the kernel log.
    """

    results: list
    failure: str
    reason: str
    log: bytes

    def panic_text(self):
        """The part of the kernel log that tells of a panic: from its first line
        that says so, or else the last lines."""
        lines = self.log.decode(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if "panic" in line.lower():
                return lines[number:]
        return lines[-20:]


def initrd(programs, env=(), files=(), archive=None):
    """The archive for a boot.

    programs: a list of argument lists, each argv[0] the program's guest path;
    env: strings K=V; files: (guest path, data, mode) of everything, the
    programs included; archive: a cpio.Archive that has files already.
    """
    archive = archive or cpio.Archive()
    for number, argv in enumerate(programs):
        name = ".segshift/argv" + (f".{number}" if number else "")
        archive.add(name, _strings(argv))
    archive.add(".segshift/env", _strings(env))
    for path, data, mode in files:
        archive.add(path, data, mode)
    return bytes(archive)


def _strings(strings):
    return b"".join(os.fsencode(s) + b"\0" for s in strings)


def boot(machine, archive, count, timeout, sinks=None, started=None, stdin=None):
    """Boot with this initrd and wait for the end.

    count: verdicts to expect; timeout: seconds; sinks: for "log", "out", "err"
    or "qemu" (QEMU's own messages) a function that takes bytes as they come;
    started: called with QEMU's argument list before it starts; stdin: a file
    descriptor that has the programs' standard input, read when a program reads;
    None: it is empty. QEMU is gone when this returns or raises.
    """
    machine.check()
    with tempfile.TemporaryDirectory(prefix="segshift-run-") as folder:
        path = os.path.join(folder, "initrd")
        with open(path, "wb") as file:
            file.write(archive)
        pipes = os.path.join(folder, "")
        for port in PORTS:
            os.mkfifo(pipes + port + ".in")
            os.mkfifo(pipes + port + ".out")
        command = machine.command(path, pipes)
        if started:
            started(command)
        run = _Run(command, pipes, count, sinks or {}, stdin)
        if machine.nmi_every:
            run.nmis = _Nmis(pipes + "qmp", machine.nmi_every)
        return run.wait(timeout)


class _Nmis:
    """Sends NMIs through QEMU's monitor (QMP), one after the other."""

    def __init__(self, path, interval):
        self.path, self.interval = path, interval
        self.count = 0  # sent
        self._socket = None
        self._next = time.monotonic()

    def due(self):
        """Seconds until tick() is to be called."""
        return max(0, self._next - time.monotonic())

    def tick(self):
        if self.due():
            return
        self._next = time.monotonic() + self.interval
        try:
            if not self._socket:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.connect(self.path)
                self._socket.sendall(b'{"execute":"qmp_capabilities"}\n')
                self._socket.setblocking(False)
            self._socket.sendall(b'{"execute":"inject-nmi"}\n')
            self.count += 1
            self._socket.recv(1 << 16)  # answers: of no interest, but they must go
        except BlockingIOError:
            pass
        except OSError:  # not there yet, or no more
            self.close()

    def close(self):
        if self._socket:
            self._socket.close()
            self._socket = None


def _die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Run:
    """One QEMU process, read until its end."""

    GRACE = 2.0  # seconds for QEMU to leave by itself after the kernel's last word
    MAX_INPUT = 4096  # bytes at a time; a pipe takes them at once

    def __init__(self, command, pipes, count, sinks, stdin):
        self.command, self.count, self.sinks = command, count, sinks
        self.stdin, self.input_wanted = stdin, False
        self.nmis, self.ready = None, False
        self.results, self.panic, self.done, self.garbage = [], None, False, None
        self.seen = {name: bytearray() for name in ("log", "qemu")}
        self.line = b""
        # Our own writing end keeps a FIFO from reading as ended.
        self.fds = {os.open(f"{pipes}{p}.out", os.O_RDWR | os.O_NONBLOCK): p for p in PORTS}
        self.input_port = os.open(f"{pipes}out.in", os.O_RDWR | os.O_NONBLOCK)

    def wait(self, timeout):
        deadline = time.monotonic() + timeout
        try:
            # A session of its own: Ctrl-C reaches us, not QEMU.
            process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            self._close()
            raise RunError(f"{self.command[0]}: {error.strerror}") from None
        try:
            expired = self._pump(process, deadline)
            status = process.poll()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            self._close()
            if self.nmis:
                self.nmis.close()
        failure, reason = self._judge(expired, status, timeout)
        return Outcome(self.results, failure, reason, bytes(self.seen["log"]))

    def _close(self):
        for fd in self.fds:
            os.close(fd)
        if self.fds:
            os.close(self.input_port)
        self.fds = {}

    def _pump(self, process, deadline):
        """Pass on what comes until QEMU ends; True if the deadline came first."""
        os.set_blocking(process.stdout.fileno(), False)
        sources = {**self.fds, process.stdout.fileno(): "qemu"}
        ended = os.pidfd_open(process.pid)
        try:
            with selectors.DefaultSelector() as selector:
                for fd in (*sources, ended):
                    selector.register(fd, selectors.EVENT_READ)
                over = False
                while True:
                    if not over and (self.done or self.panic is not None):
                        over, deadline = True, time.monotonic() + self.GRACE
                    left = deadline - time.monotonic()
                    if left <= 0:
                        self._drain(sources)
                        return not over and not self.done and self.panic is None
                    if self.input_wanted:
                        self.input_wanted = False
                        self._ask_input(selector)
                    if self.nmis and self.ready:
                        self.nmis.tick()
                        left = min(left, self.nmis.due())
                    ready = {key.fd for key, _ in selector.select(left)}
                    if self.stdin in ready:
                        ready.remove(self.stdin)
                        selector.unregister(self.stdin)
                        self._send_input()
                    if ended in ready:
                        self._drain(sources)
                        return False
                    for fd in ready:
                        if not self._take(fd, sources[fd]):
                            selector.unregister(fd)
        finally:
            os.close(ended)

    def _ask_input(self, selector):
        """Send input once there is some: at once from a regular file, which cannot
        be waited for."""
        try:
            if self.stdin is not None:
                selector.register(self.stdin, selectors.EVENT_READ)
                return
        except PermissionError:
            pass
        self._send_input()

    def _send_input(self):
        data = b""
        if self.stdin is not None:
            try:
                data = os.read(self.stdin, self.MAX_INPUT)
            except BlockingIOError:  # somebody else was faster
                self.input_wanted = True
                return
            except OSError:  # a terminal that is gone: the end
                pass
        os.write(self.input_port, len(data).to_bytes(2, "little") + data)

    def _drain(self, sources):
        for fd, name in sources.items():
            while select.select([fd], [], [], 0)[0] and self._take(fd, name):
                pass

    def _take(self, fd, name):
        """Read once and pass it on; False at the end of the file."""
        try:
            data = os.read(fd, 1 << 16)
        except BlockingIOError:
            return True
        if name == "control":
            *lines, self.line = (self.line + data).split(b"\n")
            for line in lines:
                self._control(line.decode(errors="replace").rstrip("\r"))
        elif data:
            if name in self.seen:
                self.seen[name] += data
            if name in self.sinks:
                self.sinks[name](data)
        return bool(data)

    def _control(self, line):
        word, _, rest = line.partition(" ")
        if self.done or self.panic is not None:
            return
        if word == "panic":
            self.panic = rest
        elif line == "done":
            self.done = True
        elif line == "ready":
            self.ready = True
        elif line == "input":
            self.input_wanted = True
        elif word == "error":
            self.results.append((word, rest))
        elif word == "exit" and rest.isdecimal() and int(rest) <= 255:
            self.results.append((word, int(rest)))
        elif word == "signal" and rest.isdecimal() and 1 <= int(rest) <= 64:
            self.results.append((word, int(rest)))
        elif self.garbage is None:
            self.garbage = line

    def _judge(self, expired, status, timeout):
        if self.panic is not None:
            return PANIC, self.panic
        if self.garbage is not None:
            return PANIC, f"the kernel wrote {self.garbage!r} to the control port"
        if self.done:
            if len(self.results) == self.count:
                return None, ""
            return PANIC, f"the kernel was done after {len(self.results)} of {self.count} programs"
        if expired:
            return TIMEOUT, f"not done after {timeout:g} s"
        message = self.seen["qemu"].decode(errors="replace").strip()
        if status < 0:
            reason = f"QEMU was killed by {signal_name(-status)}"
            return QEMU_ERROR, reason + (f": {message}" if message else "")
        if status == 0:
            return PANIC, "the machine reset or shut down (a triple fault?)"
        if self.seen["log"] and not message:
            return PANIC, f"the kernel left without 'done' (QEMU's exit status {status})"
        return QEMU_ERROR, message or f"QEMU ended with status {status} and said nothing"


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
