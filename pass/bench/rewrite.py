#!/usr/bin/env python3
"""Time of `segshift rewrite` against a plain copy and a disassembly of the same file.

rewrite.py [--runs=N] [--json=FILE] [FILE...]

On each FILE run `segshift rewrite -o`, `llvm-objcopy` (a plain copy; archives too)
and, less often, `llvm-objdump -d`, in turns and in random order within a turn, so
that a change of the machine's speed hits all alike. Shown are medians of wall-clock
time and of processor time (user and system, wait4(2)), in seconds, and the median
over the turns of rewrite / copy. Unknown FS uses and libc-private offsets are
let pass (--allow-unknown --tcb-offsets=all): the time is that of the whole work.
Without FILEs: glibc's libc.a, libLLVM.so.22.1, the kernel stub with its C++ runtime,
and in place of a large kernel, as one that holds few FS uses, GCC's cc1.

No figure is judged. With --json the figures of every run go to FILE.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import glob
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
DEFAULTS = [f"{LIBRARIES}/libc.a", f"{LIBRARIES}/libLLVM.so.22.1", "{build}/kernel-stub/stub-gs-cxx.elf",
            "/usr/lib/gcc/x86_64-linux-gnu/*/cc1"]


class BenchError(Exception):
    pass


def measure(command):
    """Wall-clock and processor seconds of one run."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise BenchError(f"'{' '.join(command)}' ended with status {process.returncode}: "
                             + errors.read(2000).decode(errors="replace").strip())
    return wall, usage.ru_utime + usage.ru_stime


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def bench(path, options, output):
    rewrite = [options.segshift, "rewrite", "--allow-unknown", "--tcb-offsets=all"]
    if options.jobs:
        rewrite.append(f"-j{options.jobs}")
    tools = {
        "rewrite": rewrite + ["-o", output, path],
        "copy": [f"{options.llvm}/llvm-objcopy", path, output],
        "objdump": [f"{options.llvm}/llvm-objdump", "-d", path],
    }
    for name in ("rewrite", "copy"):  # once before, so that the file is in memory
        progress(f"{os.path.basename(path)}: warming up")
        measure(tools[name])
    runs = {name: [] for name in tools}
    for turn in range(options.runs):
        names = [n for n in tools if n != "objdump" or turn < options.objdump_runs]
        random.shuffle(names)
        for name in names:
            progress(f"{os.path.basename(path)}: turn {turn + 1} of {options.runs}, {name}")
            runs[name].append(measure(tools[name]))
    progress("")
    return runs


def summary(path, runs):
    row = {"file": path, "bytes": os.path.getsize(path), "runs": runs}
    for index, kind in enumerate(("wall", "cpu")):
        for name, times in runs.items():
            row[f"{name}_{kind}"] = statistics.median(t[index] for t in times) if times else None
        row[f"ratio_{kind}"] = statistics.median(
            r[index] / c[index] for r, c in zip(runs["rewrite"], runs["copy"]))
    return row


def table(rows):
    print(f"{'':24}{'':>8} {'wall-clock seconds':^29}  {'processor seconds':^29}")
    head = f"{'rewrite':>8}{'copy':>7}{'ratio':>6}{'objdump':>8}"
    print(f"{'file':24}{'MB':>8} {head}  {head}")
    for row in rows:
        line = f"{os.path.basename(row['file']):24}{row['bytes'] / 1e6:8.1f}"
        for kind in ("wall", "cpu"):
            dump = row[f"objdump_{kind}"]
            line += (f" {row[f'rewrite_{kind}']:8.3f}{row[f'copy_{kind}']:7.3f}"
                     f"{row[f'ratio_{kind}']:6.2f}" + ("       -" if dump is None else f"{dump:8.2f}") + " ")
        print(line.rstrip())


def main():
    build = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")
    parser = argparse.ArgumentParser(description=__doc__, prog="rewrite.py",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.normpath(build), help="segshift's build folder")
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin", help="folder of LLVM's tools")
    parser.add_argument("--runs", type=int, default=11, help="turns (default: 11)")
    parser.add_argument("--objdump-runs", type=int, default=1,
                        help="in how many turns llvm-objdump takes part (default: 1; 0: none)")
    parser.add_argument("--jobs", "-j", type=int, help="threads of segshift rewrite (default: its own)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args()
    if options.runs < 1 or options.objdump_runs < 0:
        parser.error("--runs must be 1 or more, and --objdump-runs 0 or more")
    options.segshift = os.path.join(options.build, "bin", "segshift")
    files = options.files
    if not files:
        files = [f for pattern in DEFAULTS for f in glob.glob(pattern.format(build=options.build))]
    rows = []
    try:
        with tempfile.TemporaryDirectory() as work:
            for path in files:
                if not os.path.isfile(path):
                    raise BenchError(f"{path}: no such file")
                rows.append(summary(path, bench(path, options, os.path.join(work, "output"))))
        table(rows)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as out:
                json.dump({"version": 1, "files": rows}, out, indent=1)
                out.write("\n")
    except (BenchError, OSError) as error:
        progress("")
        print(f"rewrite.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress("")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
