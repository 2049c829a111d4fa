#!/usr/bin/env python3
"""Calls per second between two C libraries in one process, three ways:

  plain  both sides use one C library: a call is a call
  swap   the second library's thread control block is swapped into FS at each call
         by rdfsbase and wrfsbase, and out at each return and callback
  gs     the second library is behind GS: segshift_enter, and a call

hosted.py [--quick] [--runs=N] [--seconds=S] [--threads=N,N...] [--json=FILE] [--long]

The same code is called in all three (runtime/hosted/proof/calls-world.c): it reads
and writes its errno and thread-local variables. "call" is one call; "callback" is a
call in which the world calls a function of the host. Runs of the three ways take
turns, in random order within a turn, so that a change of the machine's speed hits
all alike; shown are medians over the turns, and of the ratios to plain in a turn.

--long does not measure: it makes two hundred million calls with a callback each over
eight threads while threads come and go, and checks every one.

No figure is judged. With --json the figures of every run go to FILE.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys

WAYS = ["plain", "swap", "gs"]


def fail(text):
    sys.exit(f"hosted.py: {text}")


def run(options, way, *arguments):
    command = [f"{options.build}/hosted/calls-host", f"{options.build}/hosted/libcalls-{way}.so", *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        fail(f"'{' '.join(command)}' ended with status {result.returncode}: {result.stdout}{result.stderr}".strip())
    return result.stdout


def has_fsgsbase():
    with open("/proc/cpuinfo") as file:
        return any(line.startswith("flags") and "fsgsbase" in line.split() for line in file)


def measure(options, ways):
    """{threads: {way: {"call": [rates], "callback": [rates]}}}"""
    rates = {}
    for threads in options.threads:
        rates[threads] = {way: {"call": [], "callback": []} for way in ways}
        for _ in range(options.runs):
            for way in random.sample(ways, len(ways)):
                output = run(options, way, "--time", str(options.seconds), "--threads", str(threads))
                for kind, rate in json.loads(output).items():
                    rates[threads][way][kind].append(rate)
    return rates


def show(rates, ways):
    print(f"{'threads':>7}  {'what':<8}  {'way':<5}  {'calls per second':>16}  {'ns per call':>11}  {'to plain':>8}")
    for threads, by_way in rates.items():
        for kind in ["call", "callback"]:
            for way in ways:
                runs = by_way[way][kind]
                rate = statistics.median(runs)
                ratio = statistics.median(r / p for r, p in zip(runs, by_way["plain"][kind]))
                print(f"{threads:>7}  {kind:<8}  {way:<5}  {rate:>16,.0f}  {1e9 * threads / rate:>11.1f}  "
                      f"{ratio:>7.2f}x")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    parser.add_argument("--threads", default=f"1,{os.cpu_count()}",
                        type=lambda text: sorted({int(n) for n in text.split(",")}))
    parser.add_argument("--json")
    parser.add_argument("--long", action="store_true", help="two hundred million checked calls")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, 0.1
    if options.runs < 1 or options.seconds <= 0 or min(options.threads) < 1:
        fail("--runs, --seconds and --threads must be positive")
    if not os.path.exists(f"{options.build}/hosted/libcalls-gs.so"):
        fail("libcalls-gs.so is not built: install musl-dev, and build again")
    if options.long:
        print(run(options, "gs", "--calls", "200000000", "--threads", "8", "--lives", "500"), end="")
        return
    ways = WAYS if has_fsgsbase() else ["plain", "gs"]
    if ways != WAYS:
        print("no swap: this CPU or kernel has no rdfsbase and wrfsbase")
    rates = measure(options, ways)
    show(rates, ways)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"seconds": options.seconds, "rates": rates}, file, indent=1)


if __name__ == "__main__":
    main()
