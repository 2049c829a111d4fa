#!/usr/bin/env python3
"""Compile, link and run the behaviour program with and without the plugin.

behave.py --plugin=build/pass/SegShift.so [--group=NAME] [NAME...]

With the plugin its TLS is behind %gs while FS points to unmapped memory; output
and exit status must be those of the plain build behind %fs, and the linked image
must not hold one %fs operand.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = os.path.join(HERE, "Inputs")
SOURCES = ["program.c", "other.c", "other.cpp"]
LINKS = {
    "lld-static": ["ld.lld", "-static"],
    "lld-pie": ["ld.lld", "-pie", "--no-dynamic-linker"],
    "lld-gc": ["ld.lld", "-static", "--gc-sections"],
    "bfd-static": ["ld.bfd", "-static"],
    "bfd-pie": ["ld.bfd", "-pie", "--no-dynamic-linker"],
    "bfd-gc": ["ld.bfd", "-static", "--gc-sections"],
}


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    flags: str
    links: str = "lld-static lld-pie bfd-static bfd-pie"
    compile_plugin: bool = True  # the plugin is given to the compiler
    link_plugin: bool = False  # and to the linker


CASES = [
    Case("models", "nopic", "-O1 -fno-pic", "lld-static bfd-static"),
    Case("models", "pie-O0", "-O0 -fPIE"),
    Case("models", "pie-O2", "-O2 -fPIE", "lld-pie bfd-pie lld-gc bfd-gc"),
    Case("models", "pic-O0", "-O0 -fPIC"),
    Case("models", "pic-O2", "-O2 -fPIC"),
    Case("models", "pic-noplt", "-Os -fPIC -fno-plt"),
    Case("models", "pic-gnu2", "-O2 -fPIC -mtls-dialect=gnu2"),
    Case("models", "pie-gnu2", "-O1 -fPIE -mtls-dialect=gnu2"),
    Case("models", "pic-local-exec", "-O1 -fPIC -mllvm -segshift-tls-model=local-exec"),
    Case("models", "pic-initial-exec", "-O2 -fPIC -mllvm -segshift-tls-model=initial-exec"),
    Case("models", "pic-initial-exec-O0", "-O0 -fPIC -mllvm -segshift-tls-model=initial-exec"),
    Case("models", "own-initial-exec", "-O2 -fPIC -ftls-model=initial-exec"),
    Case("models", "kernel", "-O2 -fno-pic -mcmodel=kernel -mno-red-zone", "lld-static bfd-static"),
    Case("models", "large", "-O1 -fno-pic -mcmodel=large", "lld-static bfd-static"),
    Case("models", "medium", "-O1 -fPIE -mcmodel=medium", "lld-pie bfd-static"),
    Case("models", "ssp", "-O2 -fPIE -fstack-protector-all", "lld-static bfd-pie"),
    Case("models", "sections", "-O2 -fPIE -ffunction-sections -fdata-sections -g", "lld-gc bfd-gc"),
    *[
        Case("lto", f"{kind}-{who}-{pic}-{level}", f"-{level} -flto={kind} -f{pic}",
             "lld-static" if pic == "no-pic" else "lld-static lld-pie", who == "both", True)
        for kind in ("full", "thin")
        for who in ("linker", "both")
        for pic, level in (("PIC", "O2"), ("PIE", "O1"), ("no-pic", "O0"))
    ],
    Case("lto", "thin-ssp", "-O2 -flto=thin -fPIC -fstack-protector-all", "lld-static", False, True),
    Case("lto", "full-gnu2", "-O2 -flto -fPIC -mtls-dialect=gnu2", "lld-pie", False, True),
]


class Failure(Exception):
    pass


class Builder:
    def __init__(self, options, work):
        self.llvm, self.plugin, self.work = options.llvm, options.plugin, work
        self.options = options

    def run(self, command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise Failure(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def compile(self, case, folder, moved):
        objects = []
        plugin = [f"-fpass-plugin={self.plugin}"] if moved and case.compile_plugin else []
        flags = case.flags.split()
        if not plugin and "-mllvm" in flags:
            flags = flags[: flags.index("-mllvm")]
        for source in SOURCES:
            objects.append(os.path.join(folder, source + ".o"))
            cxx = ["-fno-exceptions", "-std=c++20"] if source.endswith("pp") else []
            self.run([f"{self.llvm}/clang", "-c", *plugin, *flags, *cxx,
                      os.path.join(INPUTS, source), "-o", objects[-1]])
        return objects

    def start(self, moved):
        output = os.path.join(self.work, f"start-{moved}.o")
        self.run([f"{self.llvm}/clang", "-O1", "-fPIE", "-ffreestanding", "-fno-builtin", "-c",
                  "-fno-stack-protector", f"-DTLS_SEGMENT={'SET_GS' if moved else 'SET_FS'}",
                  os.path.join(INPUTS, "start.c"), "-o", output])
        return output

    def link(self, case, link, start, objects, output, moved):
        tool, *flags = LINKS[link]
        tool = f"{self.llvm}/{tool}" if tool == "ld.lld" else tool
        if moved and case.link_plugin:
            flags.append(f"--load-pass-plugin={self.plugin}")
        self.run([tool, *flags, start, *objects, "-o", output])

    def execute(self, program):
        done = subprocess.run([program], capture_output=True, text=True, timeout=100)
        return done.stdout, done.returncode

    def fs_operands(self, program):
        out = self.run([f"{self.llvm}/llvm-objdump", "-d", program])
        return [line for line in out.splitlines() if re.search(r"\bfs:|%fs", line)]

    def case(self, case, starts):
        """Problems of one case."""
        folder = os.path.join(self.work, case.name)
        os.makedirs(folder)
        problems = []
        try:
            plain = self.compile(case, folder, False)
            reference = os.path.join(folder, "plain")
            self.link(case, case.links.split()[0], starts[False], plain, reference, False)
            expected = self.execute(reference)
            if expected[1] != 19 or "c++=" not in expected[0]:
                raise Failure(f"the plain build does not work: {expected}")
            objects = self.compile(case, folder, True)
            for link in case.links.split():
                program = os.path.join(folder, link)
                self.link(case, link, starts[True], objects, program, True)
                if left := self.fs_operands(program):
                    problems.append(f"{link}: %fs left after the link: {left[0].strip()}")
                notes = self.run([f"{self.llvm}/llvm-readelf", "-n", program])
                if notes.count("segshift") < 1:
                    problems.append(f"{link}: no segshift note in the image")
                if (seen := self.execute(program)) != expected:
                    problems.append(f"{link}: {first_line(seen, expected)}")
        except Failure as failure:
            problems.append(str(failure).strip())
        return [f"{case.name} ({case.flags}): {p}" for p in problems]


def first_line(seen, expected):
    for a, b in zip(seen[0].splitlines(), expected[0].splitlines()):
        if a != b:
            return f"printed '{a}', expected '{b}'"
    return f"status {seen[1]}, expected {expected[1]}, after {seen[0].splitlines()[-1:]}"


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin")
    parser.add_argument("--group", choices=["models", "lto"])
    parser.add_argument("--no-plugin", action="store_true",
                        help="link plain objects behind %%gs: every case must fail")
    parser.add_argument("names", nargs="*")
    return parser


def run(options, cases, make_builder):
    cases = [c for c in cases if (not options.group or c.group == options.group)
             and (not options.names or c.name in options.names)]
    if options.no_plugin:
        cases = [Case(c.group, c.name, c.flags, c.links, False, False) for c in cases]
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        builder = make_builder(options, work)
        starts = {moved: builder.start(moved) for moved in (False, True)}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for problems in pool.map(lambda c: builder.case(c, starts), cases):
                failed += bool(problems)
                for p in problems:
                    print(f"FAIL {p}")
    print(f"{len(cases) - failed} of {len(cases)} cases behave alike")
    return 1 if failed or not cases else 0


def main():
    return run(arguments(__doc__.splitlines()[0]).parse_args(), CASES, Builder)


if __name__ == "__main__":
    sys.exit(main())
