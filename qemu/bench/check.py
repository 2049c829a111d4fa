#!/usr/bin/env python3
"""Compare the deterministic figures of ./dev bench with what is expected of them.

check.py --build=BUILD [--cpu=MODEL | --report=FILE] [--update]

The goals below hold whatever the figures are. expected.json has the rest: base
writes exactly, instructions and bytes at most so many, and the functions in which
gs and fs-shared may differ. A change that makes a crossing dearer on purpose
takes the new figures over by --update, and says why in its commit.

Exit status 1 if a figure is not as expected.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import json
import os
import sys

import exact
import report
import size
from common import HERE, BenchError

EXPECTED = os.path.join(HERE, "expected.json")
# What crosses once, and switches no thread.
SINGLE = ("null system call", "write to /dev/null", "demand page fault",
          "timer interrupt into the program", "first system call of a thread")
# Kernel: base writes of SINGLE; of a switch to the same FS, to another FS, to a
# kernel thread; and of a clone. A range where more than one is right.
GOALS = {
    "gs, ring 0": (range(0, 1), range(1, 2), range(2, 3), range(1, 2), range(0, 3)),
    "fs-switch, ring 0": (range(2, 3), range(1, 2), range(1, 4), range(1, 2), range(1, 2)),
}
SWITCHES = ("thread switch, same FS", "thread switch, other FS", "switch to a kernel thread", "clone")


def text_of(goal):
    return f"{goal[0]}" if len(goal) == 1 else f"{goal[0]} to {goal[-1]}"


def goal_failures(result):
    """Lines of what breaks a goal."""
    switches = report.thread_switches(result)
    for name, (single, *of_switches) in GOALS.items():
        if name not in result["kernels"]:
            continue
        figures = result["kernels"][name]["figures"]
        for what in SINGLE:
            if what in figures and report.base_writes(figures[what]) not in single:
                yield (f"{name}: {what}: {report.shown_writes(figures[what])} base writes; "
                       f"the goal is {text_of(single)}")
            if what in figures and name == "gs, ring 0" and figures[what]["swapgs"]:
                yield f"{name}: {what}: {figures[what]['swapgs']} swapgs; the goal is none"
        for what, goal, writes in zip(SWITCHES, of_switches, switches[name]):
            if writes not in goal:
                yield f"{name}: {what}: {writes} base writes; the goal is {text_of(goal)}"
    kernels = result["kernels"]
    if "gs, ring 0" in kernels and "fs-shared, ring 0" in kernels:
        moved, plain = (kernels[n]["figures"]["null system call"]["instructions"]
                        for n in ("gs, ring 0", "fs-shared, ring 0"))
        if moved > plain:
            yield f"a null system call takes {moved} instructions in gs, {plain} in fs-shared"


def summary(result):
    """{kernel: {crossing: figures}}, without the samples."""
    return {name: {what: {"writes": report.base_writes(f), "swapgs": f["swapgs"],
                          "instructions": f["instructions"]}
                   for what, f in kernel["figures"].items()}
            for name, kernel in result["kernels"].items()}


def crossing_failures(expected, result, slack, only_writes):
    """Lines of what differs from the expected figures."""
    found = summary(result)
    for name in expected:
        if name not in found:
            yield f"{name}: not measured: {result['absent'].get(name, 'not asked for')}"
            continue
        for what, e in expected[name].items():
            if what not in found[name]:
                yield f"{name}: {what}: not measured"
                continue
            f = found[name][what]
            for kind in ("writes", "swapgs"):
                if f[kind] != e[kind]:
                    yield f"{name}: {what}: {f[kind]} {kind}, expected {e[kind]}"
            most = int(e["instructions"] * (1 + slack))
            if not only_writes and f["instructions"] > most:
                yield f"{name}: {what}: {f['instructions']} instructions, at most {most} expected"
            if not result["kernels"][name]["figures"][what]["repeats"]:
                yield f"{name}: {what}: the second boot gave other figures"
        for what in found[name].keys() - expected[name].keys():
            yield f"{name}: {what}: measured, but not in expected.json"
    for name in found.keys() - expected.keys():
        yield f"{name}: measured, but not in expected.json"


def size_failures(expected, result, slack):
    for name, sizes in expected.items():
        for kind, value in sizes.items():
            found = result["kernels"].get(name, {}).get(kind)
            if found is None or found > value * (1 + slack):
                yield f"{name}: {kind}: {found} bytes, at most {int(value * (1 + slack))} expected"


def figures(options):
    """Crossings, and sizes if the processor is the usual one."""
    if options.report:
        with open(options.report, encoding="utf-8") as file:
            parts = json.load(file)["parts"]
        return parts["exact"], parts["size"]
    result = exact.run(options.build, True, lambda text: None, options.cpu)
    return result, size.run(options.build, True, lambda text: None) if options.cpu == "max" else None


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", required=True)
    p.add_argument("--cpu", default="max", help="QEMU's CPU model; with another than max, only base "
                   "writes are compared")
    p.add_argument("--report", metavar="FILE", help="the figures of a report.json of ./dev bench, "
                   "parts exact and size; nothing is measured")
    p.add_argument("--update", action="store_true", help="write the figures to expected.json")
    options = p.parse_args()
    with open(EXPECTED, encoding="utf-8") as file:
        expected = json.load(file)
    usual = options.cpu == "max"
    try:
        result, sizes = figures(options)
    except (BenchError, OSError) as error:
        print(f"check.py: {error}")
        return 1
    failures = list(goal_failures(result))
    if options.update:
        expected["crossings"] = summary(result)
        expected["bytes"] = sizes["kernels"]
        expected["functions of the mode"] = sizes["gs against fs-shared"]["differ"]
        with open(EXPECTED, "w", encoding="utf-8") as file:
            file.write(json.dumps(expected, indent=1) + "\n")
    else:
        failures += crossing_failures(expected["crossings"], result, expected["slack"], not usual)
        if usual:
            failures += size_failures(expected["bytes"], sizes, expected["slack of bytes"])
            failures += [f"{function}: differs between gs and fs-shared by more than prefixes"
                         for function in sizes["gs against fs-shared"]["differ"]
                         if function not in expected["functions of the mode"]]
    for failure in failures:
        print(failure)
    if failures:
        print(f"{len(failures)} figures are not as expected. If that is meant: "
              "qemu/bench/check.py --build=BUILD --update, and say why in the commit.")
    else:
        print(f"as expected: {', '.join(result['kernels'])}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
