#!/usr/bin/env python3
"""./dev bench: measure what moving kernel TLS to GS costs and saves.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import json
import os
import sys
import time

import environment
import exact
import report
import size
import timing
from common import ROOT, BenchError

sys.path.insert(0, os.path.join(ROOT, "pass", "bench"))
import corpus  # noqa: E402

# Name: (what it measures, function of build folder, quick, progress)
PARTS = {
    "exact": ("instructions and base writes of each crossing, in QEMU", exact.run),
    "cycles": ("entry and exit sequences on this CPU, in a process", timing.run_cycles),
    "tls": ("TLS access on this CPU", timing.run_tls),
    "size": ("code of the kernels, memory for TLS", size.run),
    "build": ("compile time with the plugin, throughput of the rewriter", corpus.run),
}
VERSION = 1


def parser():
    parts = "\n".join(f"  {name:8} {text}" for name, (text, _) in PARTS.items())
    p = argparse.ArgumentParser(
        prog="./dev bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measure, and write report.json, report.md and plots.",
        epilog=f"parts (default: all):\n{parts}\n\nalso: ./dev bench rewrite, ./dev bench compile: "
        "one tool on files of one's own; see their --help")
    p.add_argument("--quick", action="store_true", help="about a minute: fewer rounds and files")
    p.add_argument("--compare", metavar="OLD.json", help="print the ratios to an earlier report")
    p.add_argument("--build", default=os.path.join(ROOT, "build"), help="segshift's build folder")
    p.add_argument("--output", metavar="DIR", help="where the report goes (default: BUILD/bench)")
    p.add_argument("parts", nargs="*", metavar="PART")
    return p


class Progress:
    """One line on a terminal, a line each elsewhere."""

    def __init__(self):
        self.start = time.monotonic()

    def __call__(self, text):
        line = f"[{time.monotonic() - self.start:5.1f} s] {text}"
        if sys.stderr.isatty():
            line = f"\r\033[K{line}"
        print(line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def end(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def read_report(path):
    try:
        with open(path, encoding="utf-8") as file:
            read = json.load(file)
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise BenchError(f"{path}: not a report of ./dev bench: {error}") from None
    if not isinstance(read, dict) or read.get("version") != VERSION or "parts" not in read:
        raise BenchError(f"{path}: not a report of ./dev bench, version {VERSION}")
    return read


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    p = parser()
    options = p.parse_args()
    for part in options.parts:
        if part not in PARTS:
            p.error(f"no part '{part}': there are {', '.join(PARTS)}")
    progress = Progress()
    try:
        old = read_report(options.compare) if options.compare else None
        made = {"version": VERSION, "quick": options.quick, "environment": environment.describe(),
                "parts": {}}
        for name, (_, run) in PARTS.items():
            if not options.parts or name in options.parts:
                made["parts"][name] = run(options.build, options.quick, progress)
        progress.end()
        folder = options.output or os.path.join(options.build, "bench")
        plots = report.plots(made)
        write(folder, "report.json", json.dumps(made, indent=1) + "\n")
        write(folder, "report.md", report.markdown(made, plots))
        for name, svg in plots.items():
            write(folder, name, svg)
        if old:
            print("\n".join(report.comparison(old, made)))
        print(f"{folder}/report.md")
    except (BenchError, OSError) as error:
        progress.end()
        print(f"dev bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.end()
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
