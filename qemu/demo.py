#!/usr/bin/env python3
"""./dev demo: one program under Linux and under both kernels, side by side.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "demo", "variables.c")
WIDTH = 21  # of a column

DESCRIPTION = """\
Build a small Linux program with thread-local variables, run it on this machine,
and boot it under two builds of the same kernel: one with the kernel's own
thread-locals in FS, where the program's are, and one with them in GS, compiled
with the segshift plugin. Print what the program found in its variables."""

EPILOG = """\
exit status:
  0  as it should be: values lost with the kernel in FS, none with it in GS
  1  not so, or the demo could not run; the last lines say which"""


class DemoError(Exception):
    """The demo cannot run: the message says why and what to do."""


def build_program(folder):
    """Compile the program; returns (path, command)."""
    compiler = shutil.which("musl-gcc") or shutil.which("gcc")
    if not compiler:
        raise DemoError("no musl-gcc and no gcc: install them with './dev setup'")
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, "variables")
    command = [compiler, "-O2", "-static", SOURCE, "-o", program]
    # Another demo may be running the one that is there.
    made = f"{program}.{os.getpid()}"
    done = subprocess.run([*command[:-1], made], capture_output=True, text=True)
    if done.returncode:
        raise DemoError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    os.replace(made, program)
    return program, [os.path.basename(compiler), *command[1:]]


class Column:
    """What one run of the program printed, and how it ended."""

    def __init__(self, output, end, kernel=""):
        self.end = end  # "" if the program ended by itself with status 0
        self.kernel = kernel  # what the kernel lost of its own; "" if nothing
        self.found = {}  # (moment, variable): (expected, found)
        for line in output.decode(errors="replace").splitlines():
            parts = line.split("|")
            try:
                moment, variable, expected, found = parts
                self.found[moment, variable] = (int(expected), int(found))
            except ValueError:
                pass  # a line that the collision has spoilt

    def values(self, rows):
        """What was found for each of the reference's values; None if nothing was."""
        return [self.found.get(key, (0, None))[1] for key in rows]

    def right(self, rows):
        """How many of the reference's values are there and right."""
        expected = (e for e, _ in rows.values())
        return sum(f == e for f, e in zip(self.values(rows), expected))

    def missing(self, rows):
        return self.values(rows).count(None)


def run_native(program):
    done = subprocess.run([program], capture_output=True, timeout=30)
    return Column(done.stdout, "" if done.returncode == 0 else f"status {done.returncode}")


def run_booted(program, options, mode):
    image = os.path.join(options.build, "kernel-stub", f"stub-{mode}.elf")
    with open(program, "rb") as file:
        data = file.read()
    archive = machine.initrd([["/variables"]], files=[("/variables", data, 0o755)])
    output = bytearray()
    outcome = machine.boot(
        machine.Machine(image=image, qemu=options.qemu), archive, 1, options.timeout,
        {"out": output.extend})
    if outcome.failure == machine.QEMU_ERROR:
        raise DemoError(f"QEMU error: {outcome.reason}")
    return Column(bytes(output), describe_end(outcome), kernel_loss(outcome.log))


def kernel_loss(log):
    """The kernel keeps a count of system calls in a thread-local and one elsewhere,
    and logs it at the program's end if they differ."""
    found = re.search(rb"kernel TLS was overwritten: it counts (\d+) .*, (\d+) were made", log)
    return f"{number(int(found[1]))}, not {int(found[2])} X" if found else ""


def describe_end(outcome):
    if outcome.failure:
        return outcome.failure
    kind, value = outcome.results[0]
    if kind == "signal":
        return f"killed: {machine.signal_name(value)}"
    if kind == "error":
        return f"not started: {value}"
    return f"exit status {value}" if value else ""


class Style:
    """Colour on a terminal, nothing elsewhere."""

    def __init__(self, colour):
        self.bold, self.red, self.green, self.off = (
            ("\033[1m", "\033[31m", "\033[32m", "\033[0m") if colour else ("",) * 4)

    def cell(self, text, colour):
        return f"{colour}{text:<{WIDTH}}{self.off if colour else ''}"


def number(value):
    """Decimal, or hexadecimal where that tells more: addresses."""
    return str(value) if abs(value) < 10**7 else f"{value & (1 << 64) - 1:#x}"


def show(columns, rows, style):
    """The table: rows are the reference's values, one column for each run."""
    def print_row(label, cells):
        print(f"  {label:<12}" + "".join(cells).rstrip())

    print("\nWhat the program found in its variables (X: not what it had put there):\n")
    print_row("", (style.cell(name, style.bold) for name, _ in columns))
    moment = None
    for (now, variable), (expected, _) in rows.items():
        if now != moment:
            moment = now
            print(f"{style.bold}{moment}{style.off}")
        cells = []
        for _, column in columns:
            found = column.found.get((now, variable), (0, None))[1]
            if found is None:
                cells.append(style.cell("-", style.red))
            elif found == expected:
                cells.append(style.cell(number(found), style.green))
            else:
                cells.append(style.cell(f"{number(found)} X", style.red))
        print_row(variable, cells)
    print(f"{style.bold}at the end{style.off}")
    print_row("program", [style.cell(c.end or "ended well", style.red if c.end else style.green)
                          for _, c in columns])
    # Only the booted kernels tell of their own; the first column is this machine's.
    print(f"{style.bold}in the kernel's own thread-locals{style.off}")
    print_row("call count", [style.cell("", "")] + [
        style.cell(c.kernel or ("?" if c.end else "right"), style.red if c.kernel else style.green)
        for _, c in columns[1:]])
    print()


def demo(options, style):
    folder = os.path.join(options.build, "demo")
    program, command = build_program(folder)
    print("An ordinary Linux program with four thread-local variables, built with")
    print(f"  {' '.join(os.path.relpath(w) if '/' in w else w for w in command)}")
    print("runs on this machine, and then, the same file, under two builds of one kernel:")
    print("  before  the kernel's own thread-locals are reached through FS, as the program's are")
    print("  after   the kernel is compiled with the segshift plugin: its own are behind GS")
    sys.stdout.flush()
    native = run_native(program)
    rows = native.found
    if native.end or native.right(rows) != len(rows) or not rows:
        raise DemoError(f"{program} does not run right on this machine: {native.end or 'values'}")
    before = run_booted(program, options, "fs-shared")
    after = run_booted(program, options, "gs")
    show([("Linux", native), ("before (FS)", before), ("after (GS)", after)], rows, style)
    return verdict(before, after, rows, style)


def verdict(before, after, rows, style):
    total, missing = len(rows), before.missing(rows)
    wrong = total - before.right(rows) - missing
    # A program that did not come to its first line shows nothing.
    collided = wrong > 0 or (missing < total and bool(before.end))
    clean = after.right(rows) == total and not after.end and not after.kernel
    lost = f", {missing} are missing (-)" if missing else ""
    print(f"before: {wrong} of {total} values are wrong (X){lost}: "
          + ("program and kernel overwrite each other." if collided else "NO COLLISION WAS SHOWN."))
    print(f"after:  {after.right(rows)} of {total} values are right"
          + (": neither touches the other's." if clean else ": NOT ALL, OR A BAD END."))
    good = collided and clean
    print((f"{style.green}OK: " if good else f"{style.red}FAILED: it was not shown that ")
          + f"kernel TLS in GS leaves FS to the program.{style.off}")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(
        prog="./dev demo", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--build", default=os.path.join(os.path.dirname(HERE), "build"),
                        metavar="DIR", help="build folder")
    parser.add_argument("--qemu", default="qemu-system-x86_64", metavar="PATH",
                        help="the QEMU to run")
    parser.add_argument("--timeout", type=float, default=30, metavar="S",
                        help="seconds for each boot (default: 30)")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto",
                        help="auto: on a terminal, unless NO_COLOR is set")
    options = parser.parse_args()
    colour = options.color == "always" or (
        options.color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    try:
        return demo(options, Style(colour))
    except (DemoError, machine.RunError, OSError, subprocess.TimeoutExpired) as error:
        print(f"segshift-demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
