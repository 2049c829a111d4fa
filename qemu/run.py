#!/usr/bin/env python3
"""./dev run: boot the kernel stub with a program of this machine.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import posixpath
import re
import shlex
import shutil
import signal
import sys
import tempfile

import machine
from guest import Guest, GuestError
from libraries import Libraries
from machine import PANIC, QEMU_ERROR, TIMEOUT, RunError

PREFIX = "segshift-run: "
STATUS = {TIMEOUT: 124, QEMU_ERROR: 125, PANIC: 126}
CANNOT_RUN, CANNOT_START = 125, 127
KILLED = re.compile(rb"^program killed by signal (\d+): ([ -~]+)$", re.MULTILINE)

DESCRIPTION = """\
Boot the kernel stub in QEMU with PROGRAM, an unmodified Linux executable of this
machine, in an initrd made on the fly. What the program writes to its standard
output and error comes out unchanged on ours, as it is written; it reads our
standard input.

A dynamic program is given what it needs, as its loader (glibc's or musl's) would
find it here: the loader itself, the libraries, their libraries, by RPATH, RUNPATH,
LD_LIBRARY_PATH and LD_PRELOAD (from --env), ld.so.cache and the default
directories; all at their own paths, with the symbolic links on the way. A script
is given its interpreter. What a program opens by itself while it runs, such as data
and plugins, is for --file and --root to add. Its working directory is /."""

EPILOG = """\
exit status:
  0-255  the program's own; 128+N if signal N killed it, as in a shell
  124    time-out
  125    QEMU error, wrong usage, or something missing (QEMU, image, KVM)
  126    kernel panic
  127    the program could not be started
  The last four also say on standard error what they are, in a line that starts
  with 'segshift-run:'. So does a signal. A program may end with 124 to 127 by
  itself: then there is no such line.

examples:
  ./dev run ./hello a b               arguments after PROGRAM are its own
  ./dev run --mode=fs-shared ./hello  the same under the kernel with TLS in FS
  ./dev run --cpu=qemu64 ./hello      on a CPU without FSGSBASE
  ./dev run /bin/ls -lR /             dynamic: libraries are collected
  ./dev run --file /etc/passwd /bin/cat /etc/passwd
  ./dev run --file /usr/lib/python3.11 /usr/bin/python3.11 -c 'print(1)'
  ./dev run --root ./tree /bin/busybox ls -R /
  echo 1 2 | ./dev run /usr/bin/wc    standard input
  ./dev run --then './second x' ./first
  ./dev run --qemu-arg=-s --qemu-arg=-S ./hello   wait for gdb on port 1234"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(CANNOT_RUN, f"{PREFIX}{message}\n")


def positive(text):
    value = int(text)
    if value <= 0:
        raise ValueError
    return value


def seconds(text):
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError
    return value


def assignment(text):
    if not text.partition("=")[1] or text.startswith("="):
        raise ValueError
    return text


def parser():
    p = Parser(
        prog="./dev run",
        usage="%(prog)s [OPTIONS] PROGRAM [ARGS...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = p.add_argument_group("what runs")
    what.add_argument("program", nargs="?", metavar="PROGRAM",
                      help="path of an executable, or a name that is looked up in PATH; with "
                      "--root, first a path or name there")
    what.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS",
                      help="its arguments; argv[0] is the program's absolute path")
    what.add_argument("--then", action="append", default=[], metavar="'PROGRAM ARGS'",
                      help="run this one next, in the same boot; may be repeated. It is split "
                      "as a shell splits words. Each program's end is told on standard error, "
                      "and the exit status is the first that is not 0")
    what.add_argument("--selftest", metavar="NAME",
                      help="run a self-test of the kernel in place of a program")
    what.add_argument("--env", action="append", default=[], type=assignment, metavar="K=V",
                      help="set a variable in the programs' environment, which is empty otherwise")
    what.add_argument("--file", action="append", default=[], metavar="HOST[:GUEST]",
                      help="put a file, or a directory with all that is in it, into the initrd, "
                      "at its absolute path or at GUEST, with modes and times; for an ELF file "
                      "with what it needs. May be repeated")
    what.add_argument("--module", action="append", default=[], metavar="HOST",
                      help="put a file into the initrd and have the kernel load it as a module "
                      "before the programs, at /modules/NAME; may be repeated")
    what.add_argument("--loader", choices=("kernel",),
                      help="kernel: the kernel itself links the programs, position-independent "
                      "objects without libraries, to its own functions, which they call without "
                      "system calls, and to its thread-local variables, errno among them. Mode "
                      "gs, ring 0")
    what.add_argument("--root", metavar="DIR",
                      help="start from this directory tree as the guest's root. What is in it "
                      "comes before this machine's files")
    what.add_argument("--stdin", metavar="FILE",
                      help="the programs' standard input (default: ours; it is read only when a "
                      "program reads)")
    where = p.add_argument_group("the kernel and the machine")
    where.add_argument("--mode", choices=machine.MODES, default="gs",
                       help="where the kernel keeps its TLS: gs, behind GS and out of the "
                       "program's way (default); gs-debug, the same with the kernel's checks "
                       "on; fs-switch, behind FS, which is switched at each crossing; fs-shared, "
                       "behind FS, shared with the program; fs-reserved, the same with some "
                       "bytes kept for the program")
    where.add_argument("--ring", choices=("0", "3"),
                       help="where programs run: 0, in the kernel's ring, as in a unikernel "
                       "(default); 3, in user mode. Not every kernel has both")
    where.add_argument("--tls-guard", action="store_true",
                       help="close the kernel's TLS while a program runs in ring 0, by a "
                       "protection key: a store into it ends the program. Mode gs, on a CPU "
                       "with PKS ('max')")
    where.add_argument("--accel", choices=("tcg", "kvm"), default="tcg",
                       help="QEMU's accelerator (default: tcg)")
    where.add_argument("--cpu", default="max", metavar="MODEL",
                       help="QEMU's CPU model (default: max); 'max,-fsgsbase' and 'qemu64' have "
                       "no FSGSBASE")
    where.add_argument("--smp", type=positive, default=1, metavar="N",
                       help="CPUs, of which the kernel uses the first 8 (default: 1)")
    where.add_argument("--memory", metavar="SIZE",
                       help="memory, as for QEMU's -m (default: 256M, more with a large initrd)")
    where.add_argument("--icount", action="store_true",
                       help="run on a clock of executed instructions, so that a run repeats exactly")
    where.add_argument("--nmi-every", type=seconds, default=0, metavar="S",
                       help="send an NMI to all CPUs every S seconds, through QEMU's monitor")
    where.add_argument("--append", action="append", default=[], metavar="OPTS",
                       help="options for the kernel, key=value; may be repeated")
    where.add_argument("--timeout", type=seconds, default=60, metavar="S",
                       help="give up after S seconds (default: 60)")
    out = p.add_argument_group("what is shown")
    out.add_argument("--strace", action="store_true",
                     help="show each system call of the programs on standard error, as strace "
                     "does. A call that the kernel does not have ends in ENOSYS")
    out.add_argument("--log", metavar="FILE",
                     help="write the kernel log to FILE. Without it, the log of a run that fails "
                     "is kept in a temporary file, whose name is told")
    out.add_argument("--verbose", action="store_true",
                     help="show QEMU's command, its messages and the kernel log on standard error")
    dev = p.add_argument_group("development")
    dev.add_argument("--build", default=default_build(), metavar="DIR", help="build folder")
    dev.add_argument("--image", metavar="FILE", help="boot this kernel image, whatever the mode")
    dev.add_argument("--qemu", default="qemu-system-x86_64", metavar="PATH",
                     help="the QEMU to run")
    dev.add_argument("--qemu-arg", action="append", default=[], metavar="ARG",
                     help="one further argument for QEMU; may be repeated")
    return p


def default_build():
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build")


def say(text):
    sys.stderr.write(f"{PREFIX}{text}\n")
    sys.stderr.flush()


def find_program(name, guest, environment):
    """The absolute path of a program: in the tree of --root, or of this machine."""
    folders = environment.get("PATH", os.defpath).split(":")
    for path in [name] if "/" in name else [posixpath.join(f, name) for f in folders]:
        if guest.find(path, host=False) is not None:
            return "/" + posixpath.normpath(path).lstrip("/")
    path = name if "/" in name or os.path.isfile(name) else shutil.which(name) or name
    return os.path.abspath(path)


def add_files(options, guest):
    """Put --root's and --file's into the guest; returns the paths of --file's files."""
    if options.root:
        if not os.path.isdir(options.root):
            raise GuestError(f"--root {options.root}: not a directory")
        guest.add_tree(options.root)
    added = []
    for text in options.file:
        host, _, path = text.partition(":")
        if os.path.isdir(host):
            added += guest.add_tree(host, path or os.path.abspath(host))
        elif path:
            guest.add_file(host, path)
            added.append(path)
        else:
            added.append(guest.add(os.path.abspath(host)))
    return added


def add_modules(options, guest):
    """Put --module's files into the guest; returns the kernel's option for them."""
    paths = []
    for host in options.module:
        path = f"/modules/{os.path.basename(host)}"
        if "," in path or " " in path:
            raise GuestError(f"--module {host}: a comma or a space in the name")
        if path in paths:
            raise GuestError(f"--module {host}: a second one of this name")
        guest.add_file(host, path)
        paths.append(path)
    option = f"module={','.join(paths)}"
    # The kernel's limits: options.h, module_object.h.
    if len(option) > 511 or any(len(path) > 63 for path in paths):
        raise GuestError("--module: names of files that are too long for the kernel")
    return [option] if paths else []


def programs_of(options, guest, environment):
    """The argument lists of all programs, argv[0] the absolute path."""
    commands = [[options.program, *options.args]] if options.program else []
    for text in options.then:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise RunError(f"--then {text!r}: {error}") from None
        if not words:
            raise RunError("--then '': names no program")
        commands.append(words)
    return [[find_program(name, guest, environment), *args] for name, *args in commands]


def add_interpreter(script, guest):
    """Put the program that a script's first line names into the guest (execve(2));
    returns its path. None if there is no such line, or no such program: then the
    kernel tells."""
    first = (guest.find(script) or b"").partition(b"\n")[0]
    words = first[2:].split(None, 1)
    if not first.startswith(b"#!") or not words:
        return None
    try:
        return guest.add(os.fsdecode(words[0]))
    except GuestError:
        return None


def add_programs(programs, added, guest, environment):
    """Put programs into the guest, with what they and the added files need. False if
    one cannot be started; that was told."""
    missing = []
    libraries = Libraries(guest, environment, missing.append)
    for path, *_ in programs:
        try:
            found = guest.add(path)
        except GuestError as error:
            say(f"no program {error}")
            return False
        trouble = libraries.add_program(add_interpreter(found, guest) or found)
        if trouble:
            say(trouble)
    # Its loader would not start it either.
    for text in missing:
        say(f"cannot be started: {text}")
    if missing:
        return False
    libraries = Libraries(guest, environment, say)
    for path in added:
        trouble = libraries.add_object(path)
        if trouble:
            say(trouble)
    return True


def memory_for(archive):
    """QEMU's -m if none was chosen: the archive, and room to unpack and run."""
    return f"{256 + (2 * len(archive) >> 26) * 64}M"


def open_input(name):
    """A descriptor of the programs' standard input; None if there is none."""
    if name:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fstat(0)
    except OSError:  # closed
        return None
    return 0


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def keep_log(log, name):
    """Write the kernel log; returns where."""
    if name:
        with open(name, "wb") as file:
            file.write(log)
        return name
    fd, name = tempfile.mkstemp(prefix="segshift-kernel-", suffix=".log")
    with open(fd, "wb") as file:
        file.write(log)
    return name


def status_of(result):
    kind, value = result
    return {"exit": lambda: value, "signal": lambda: 128 + value,
            "error": lambda: CANNOT_START}[kind]()


def describe(name, result):
    kind, value = result
    if kind == "exit":
        return f"{name}: exit status {value}"
    if kind == "signal":
        return f"{name}: killed by signal {value} ({machine.signal_name(value)})"
    return f"{name}: cannot be started: {value}"


def report(options, names, outcome):
    """Tell on standard error what the programs' own output does not; returns the
    exit status."""
    reasons = KILLED.finditer(outcome.log)
    for name, result in zip(names, outcome.results):
        text = describe(name, result)
        if result[0] == "signal":
            reason = next(reasons, None)
            if reason and int(reason[1]) == result[1]:
                text += f": {reason[2].decode()}"
        if len(names) > 1 or result[0] != "exit":
            say(text)
    if outcome.failure is None:
        if options.log:
            keep_log(outcome.log, options.log)
        return next((s for s in map(status_of, outcome.results) if s), 0)
    running = names[len(outcome.results):]
    where = f" (in {running[0]})" if running else ""
    say(f"{outcome.failure}: {outcome.reason}{where}")
    if outcome.failure == PANIC and not options.verbose:
        for line in outcome.panic_text():
            sys.stderr.write(f"  {line}\n")
    if outcome.log or options.log:
        say(f"kernel log: {keep_log(outcome.log, options.log)}")
    return STATUS[outcome.failure]


def run(options):
    if bool(options.program) == bool(options.selftest):
        raise RunError("give a PROGRAM or --selftest=NAME, one of them (see --help)")
    image = options.image or os.path.join(
        options.build, "kernel-stub", f"stub-{options.mode}.elf")
    append = list(options.append)
    if options.ring:
        append.append(f"ring={options.ring}")
    if options.loader:
        append.append(f"loader={options.loader}")
    if options.tls_guard:
        append.append("tls-guard=1")
    if options.strace:
        append.append("strace=1")
    if options.selftest:
        append.append(f"selftest={options.selftest}")
    target = machine.Machine(
        image=image, qemu=options.qemu, accel=options.accel, cpu=options.cpu, smp=options.smp,
        icount=options.icount, nmi_every=options.nmi_every, extra=tuple(options.qemu_arg))
    target.check()
    guest = Guest(note=say)
    environment = dict(text.split("=", 1) for text in options.env)
    try:
        target.append = " ".join(append + add_modules(options, guest))
        added = add_files(options, guest)
        programs = programs_of(options, guest, environment)
        if not add_programs(programs, added, guest, environment):
            return CANNOT_START
        archive = machine.initrd(programs, options.env, archive=guest.archive)
    except (GuestError, ValueError) as error:
        raise RunError(str(error)) from None
    target.memory = options.memory or memory_for(archive)
    stdin = open_input(options.stdin)
    names = [argv[0] for argv in programs]
    if options.selftest:
        names.insert(0, f"selftest {options.selftest}")

    sinks = {"out": lambda data: write_all(1, data), "err": lambda data: write_all(2, data)}
    if options.verbose:
        sinks["log"] = sinks["qemu"] = sinks["err"]
    outcome = machine.boot(
        target, archive, len(names), options.timeout, sinks,
        started=lambda command: options.verbose and say(shlex.join(command)), stdin=stdin)
    return report(options, names, outcome)


def interrupted(number, frame):
    # Raised in the main thread; QEMU is killed on the way out.
    raise SystemExit(128 + number)


def main():
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    try:
        return run(options)
    except RunError as error:
        say(error)
        return CANNOT_RUN
    except BrokenPipeError:  # nobody reads our output any more
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        say("interrupted")
        return 128 + signal.SIGINT
    except OSError as error:  # --log in a folder that is not there, no space, ...
        say(f"{error.filename or 'output'}: {error.strerror}")
        return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
