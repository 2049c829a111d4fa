#!/usr/bin/env python3
"""Random programs behind FS and behind GS: the same output.

differential.py --build=build [--seed=N] [--count=N | --seconds=S]

Each program of generate.py is compiled by every compiler that is there, at a random
level and with random options, in these ways:

  gcc, clang-14, clang-19   plain; objects rewritten before the link; the linked image
                            rewritten
  clang-22                  the same, and by the plugin

All must print the same and end alike; those on GS run with FS on unmapped memory. The
program of a failure stays, with the commands that made it. What the rewriter refuses is a
failure, but for one documented limit, in linked images, which is counted.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import generate

START = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pass", "Inputs", "start.c")
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os"]
OPTIONS = ["", "-fPIC", "-fPIE", "-fno-pic", "-fstack-protector-all", "-fPIC -mtls-dialect=gnu2",
           "-fPIC -fno-plt", "-ffunction-sections", "-march=x86-64-v3"]


# A constant of the index, folded into the displacement, has led it out of PT_TLS, and in an
# image no relocation tells the two apart (docs/rewrite.md, Limits).
FOLDED = re.compile(r"error: .* %fs:-?0x[0-9a-f]+\(.*: unknown FS use: no path .*\[SEG208\]$")


class Failure(Exception):
    pass


class Job:
    """One program: its folder, and the commands run so far."""

    def __init__(self, options, seed, folder):
        self.options, self.seed, self.folder = options, seed, folder
        self.rng = random.Random(f"ways {seed}")
        self.commands = []
        self.refused = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        self.commands.append(shlex.join(command))
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise Failure(f"{shlex.join(command)}\n{done.stdout + done.stderr}")

    def execute(self, program):
        self.commands.append(program)
        done = subprocess.run([program], capture_output=True, text=True, timeout=100)
        return done.stdout, done.returncode

    def compile(self, name, compiler, flags):
        objects = []
        for source in ("a.c", "b.c"):
            output = self.path(f"{name}-{source}.o")
            self.run(compiler, "-c", "-w", "-ffreestanding", *flags, self.path(source), "-o", output)
            objects.append(output)
        return objects

    def link(self, name, start, objects):
        output = self.path(name)
        linker = self.rng.choice([f"{self.options.llvm}/ld.lld", "ld.bfd"])
        self.run(linker, "-static", self.options.starts[start], *objects, "-o", output)
        return output

    def rewrite(self, output, *inputs):
        where = ["-o", output] if len(inputs) == 1 else ["--output-dir", output]
        self.run(self.options.segshift, "rewrite", "--verify", *where, *inputs)

    def check(self):
        generate.write(self.seed, self.folder)
        expected = None
        for name, compiler in self.options.compilers.items():
            level = self.rng.choice(LEVELS)
            flags = [level, *self.rng.choice(OPTIONS).split()]
            if "14" in name and "-mtls-dialect=gnu2" in flags:
                flags.remove("-mtls-dialect=gnu2")  # has no such option
            plain = self.compile(name, compiler, flags)
            ways = {"plain": self.link(f"{name}-plain", "fs", plain)}
            moved = self.path(f"{name}-moved")
            os.mkdir(moved)
            self.rewrite(moved, *plain)
            ways["objects"] = self.link(f"{name}-objects", "gs",
                                        [os.path.join(moved, os.path.basename(o)) for o in plain])
            image = self.link(f"{name}-image", "gs", plain)
            try:
                self.rewrite(image + ".moved", image)
                os.chmod(image + ".moved", 0o755)
                ways["image"] = image + ".moved"
            except Failure as failure:
                errors = [l for l in str(failure).splitlines() if ": error: " in l]
                if not errors or not all(FOLDED.search(line) for line in errors):
                    raise
                self.refused += 1
            if name == "clang-22":
                ways["plugin"] = self.link(
                    f"{name}-plugin", "gs",
                    self.compile(f"{name}-by-plugin", compiler,
                                 [*flags, f"-fpass-plugin={self.options.plugin}"]))
            for way, program in ways.items():
                seen = self.execute(program)
                expected = expected or seen
                if seen != expected:
                    raise Failure(f"{name} {' '.join(flags)}, {way}: {difference(seen, expected)}")


def difference(seen, expected):
    for a, b in zip(seen[0].splitlines(), expected[0].splitlines()):
        if a != b:
            return f"printed {a!r}, expected {b!r}"
    return f"status {seen[1]}, expected {expected[1]}"


def compilers(llvm):
    found = {"clang-22": f"{llvm}/clang"}
    for name in ("gcc", "clang-14", "clang-19"):
        if path := shutil.which(name):
            found[name] = path
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    p.add_argument("--build", default="build", metavar="DIR", help="build folder (default: build)")
    p.add_argument("--llvm", default="/usr/lib/llvm-22/bin", metavar="DIR", help="LLVM's tools")
    p.add_argument("--seed", type=int, default=1, metavar="N", help="first seed (default: 1)")
    p.add_argument("--count", type=int, metavar="N", help="number of programs (default: 20)")
    p.add_argument("--seconds", type=float, metavar="S", help="go on for so long")
    options = p.parse_args()
    options.segshift = os.path.join(options.build, "bin", "segshift")
    options.plugin = os.path.join(options.build, "pass", "SegShift.so")
    options.compilers = compilers(options.llvm)
    print("compilers:", ", ".join(options.compilers))

    folder = tempfile.mkdtemp(prefix="segshift-differential-")
    options.starts = {}
    for segment in ("fs", "gs"):
        options.starts[segment] = os.path.join(folder, f"start-{segment}.o")
        subprocess.run([f"{options.llvm}/clang", "-O1", "-fPIE", "-ffreestanding", "-c",
                        "-fno-builtin", "-fno-stack-protector", f"-DTLS_SEGMENT=SET_{segment.upper()}", START, "-o",
                        options.starts[segment]], check=True)
    end = time.monotonic() + options.seconds if options.seconds else None
    count = options.count if options.count else 20 if end is None else sys.maxsize
    done = refused = 0
    while done < count and (end is None or time.monotonic() < end):
        work = os.path.join(folder, f"seed-{options.seed + done}")
        os.mkdir(work)
        job = Job(options, options.seed + done, work)
        try:
            job.check()
        except (Failure, subprocess.TimeoutExpired) as failure:
            with open(job.path("commands"), "w", encoding="utf-8") as file:
                file.write("\n".join(job.commands) + "\n")
            print(f"seed {job.seed}: {str(failure)[:2000]}\nthe program and the commands are in {work}")
            return 1
        shutil.rmtree(work)
        done += 1
        refused += job.refused
    shutil.rmtree(folder)
    print(f"{done} programs, all alike" + (f"; {refused} images refused" if refused else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
