#!/usr/bin/env python3
"""Time `segshift rewrite` against llvm-objcopy and llvm-objdump -d on the same files.

bench.py --segshift=build/bin/segshift [--runs=N] [FILE...]

Prints the best of N runs of each, in seconds of wall-clock time. No figure is
judged: machines differ.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import subprocess
import tempfile
import time


def best(command, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segshift", required=True)
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-objdump", action="store_true", help="it is slow on large files")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    print(f"{'file':32} {'MB':>7} {'rewrite':>9} {'objcopy':>9} {'ratio':>6} {'objdump -d':>11}")
    with tempfile.TemporaryDirectory() as work:
        output = os.path.join(work, "output")
        for path in filter(os.path.exists, options.files):
            rewrite = best([options.segshift, "rewrite", "--tcb-offsets=all", "--allow-unknown",
                            "-o", output, path], options.runs)
            objcopy = best([f"{options.llvm}/llvm-objcopy", path, output], options.runs)
            dump = "" if options.no_objdump else (
                f"{best([f'{options.llvm}/llvm-objdump', '-d', path], 1):11.2f}")
            print(f"{os.path.basename(path):32} {os.path.getsize(path) / 1e6:7.1f} {rewrite:9.3f} "
                  f"{objcopy:9.3f} {rewrite / objcopy:6.1f} {dump:>11}", flush=True)


if __name__ == "__main__":
    main()
