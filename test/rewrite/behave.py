#!/usr/bin/env python3
"""Rewrite what other compilers make, link and run it behind %gs.

behave.py --segshift=build/bin/segshift --compiler=gcc-12 [--corpus] [NAME...]

The program of test/pass/Inputs is compiled without the plugin in many ways, and
moved to GS twice: as objects before the link, and as a linked image. Both run
with FS on unmapped memory; output and exit status must be those of the plain
build behind %fs, and no %fs operand may be left. With --corpus the files of
test/pass/corpus are compiled and rewritten only.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PASS = os.path.join(os.path.dirname(HERE), "pass")
SOURCES = ["program.c", "other.c", "other.cpp"]
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os"]
# What may be linked in which way. A large-model image is not position independent.
VARIANTS = {
    "nopic": ("-fno-pic", ["-static"]),
    "pie": ("-fPIE", ["-static", "-pie --no-dynamic-linker"]),
    "pic": ("-fPIC", ["-static", "-pie --no-dynamic-linker"]),
    "noplt": ("-fPIC -fno-plt", ["-static", "-pie --no-dynamic-linker"]),
    "gnu2": ("-fPIC -mtls-dialect=gnu2", ["-static"]),
    "large": ("-fPIC -mcmodel=large", ["-static"]),
    "ssp": ("-fPIE -fstack-protector-all", ["-static"]),
}
# ld.lld does not know GCC's large-model call sequences; it links them once moved.
ONLY_BFD_RELAXES = ("large",)
# These files of the corpus mean FS; that one reads fixed offsets from the thread pointer.
CORPUS_SKIP = ("keep-", "inlineasm", "late")
CORPUS_OPTIONS = {"threadpointer.c": ["--tcb-offsets=all"]}


class Failure(Exception):
    pass


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, **options)
    if done.returncode:
        raise Failure(f"{' '.join(command)}\n{(done.stdout + done.stderr)[:2000]}")
    return done.stdout


class Builder:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.starts = {}
        for moved in (False, True):
            self.starts[moved] = os.path.join(work, f"start-{moved}.o")
            run([f"{options.llvm}/clang", "-O1", "-fPIE", "-ffreestanding", "-fno-builtin", "-c",
                 "-fno-stack-protector", f"-DTLS_SEGMENT={'SET_GS' if moved else 'SET_FS'}",
                 os.path.join(PASS, "Inputs", "start.c"), "-o", self.starts[moved]])

    def compiler(self, source):
        name = self.options.compiler
        if source.endswith("pp"):
            folder, base = os.path.split(name)
            base = base.replace("gcc", "g++").replace("clang", "clang++")
            name = os.path.join(folder, base)
        return name

    def compile(self, source, flags, output):
        cxx = ["-fno-exceptions", "-std=c++17"] if source.endswith("pp") else []
        run([self.compiler(source), "-c", "-w", "-ffreestanding", *flags.split(), *cxx, source,
             "-o", output])

    def rewrite(self, output, *inputs, options=()):
        flags = ["--verify", *options]
        if self.options.no_rewrite:
            for i in inputs:
                run(["cp", i, output])
        elif len(inputs) == 1 and output.endswith(".gs"):
            run([self.options.segshift, "rewrite", *flags, "-o", output, *inputs])
        else:
            run([self.options.segshift, "rewrite", *flags, "--output-dir", output, *inputs])

    def link(self, linker, flags, moved, objects, output):
        tool = f"{self.options.llvm}/ld.lld" if linker == "lld" else "ld.bfd"
        run([tool, *flags.split(), self.starts[moved], *objects, "-o", output])

    def left(self, program):
        out = run([f"{self.options.llvm}/llvm-objdump", "-d", program])
        return [line.strip() for line in out.splitlines() if "%fs:" in line]

    def execute(self, program):
        done = subprocess.run([program], capture_output=True, text=True, timeout=100)
        return done.stdout, done.returncode

    def case(self, level, variant):
        """Problems of one way to compile."""
        flags, links = VARIANTS[variant]
        folder = os.path.join(self.work, variant + level)
        moved_folder = os.path.join(folder, "moved")
        os.makedirs(moved_folder)
        problems = []
        try:
            objects = [os.path.join(folder, s + ".o") for s in SOURCES]
            for source, output in zip(SOURCES, objects):
                self.compile(os.path.join(PASS, "Inputs", source), f"{level} {flags}", output)
            plain = os.path.join(folder, "plain")
            relaxing = ["bfd"] if variant in ONLY_BFD_RELAXES else ["lld", "bfd"]
            self.link(relaxing[0], links[0], False, objects, plain)
            expected = self.execute(plain)
            if expected[1] != 19 or "c++=" not in expected[0]:
                raise Failure(f"the plain build does not work: {expected}")
            if self.options.no_rewrite:
                moved = objects
            else:
                self.rewrite(moved_folder, *objects)
                moved = [os.path.join(moved_folder, s + ".o") for s in SOURCES]
            for linker in ("lld", "bfd"):
                for number, link in enumerate(links):
                    # As objects before the link, and as an image after it.
                    first = os.path.join(folder, f"{linker}{number}-objects")
                    self.link(linker, link, True, moved, first)
                    programs = [first]
                    if linker in relaxing:
                        image = os.path.join(folder, f"{linker}{number}-image")
                        self.link(linker, link, True, objects, image)
                        programs.append(image + ".gs")
                        self.rewrite(programs[1], image)
                    for program in programs:
                        name = os.path.basename(program)
                        os.chmod(program, 0o755)
                        if left := self.left(program):
                            problems.append(f"{name}: %fs left: {left[0]}")
                        if (seen := self.execute(program)) != expected:
                            problems.append(f"{name}: {first_difference(seen, expected)}")
        except Failure as failure:
            problems.append(str(failure).strip())
        return [f"{self.options.compiler} {variant} {level}: {p}" for p in problems]

    def corpus_case(self, source, level, flags):
        name = os.path.basename(source)
        output = os.path.join(self.work, f"{name}{level}{flags}.o".replace(" ", ""))
        try:
            self.compile_corpus(source, f"{level} {flags}", output)
        except Failure:
            return None  # this compiler lacks a feature that the file uses
        try:
            self.rewrite(output + ".gs", output, options=CORPUS_OPTIONS.get(name, ()))
            if left := self.left(output + ".gs"):
                raise Failure(f"%fs left: {left[0]}")
            if os.path.getsize(output) != os.path.getsize(output + ".gs"):
                raise Failure("the size changed")
        except Failure as failure:
            return [f"{self.options.compiler} {name} {level} {flags}: {failure}"]
        return []

    def compile_corpus(self, source, flags, output):
        run([self.compiler(source), "-c", "-w", *flags.split(), "-mavx512f", "-mcx16", source,
             "-o", output])


def first_difference(seen, expected):
    for a, b in zip(seen[0].splitlines(), expected[0].splitlines()):
        if a != b:
            return f"printed '{a}', expected '{b}'"
    return f"status {seen[1]}, expected {expected[1]}, after {seen[0].splitlines()[-1:]}"


def supports(compiler, flag):
    probe = subprocess.run([compiler, *flag.split(), "-x", "c", "-c", "-o", "/dev/null", "/dev/null"],
                           capture_output=True)
    return probe.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segshift", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin")
    parser.add_argument("--corpus", action="store_true")
    parser.add_argument("--no-rewrite", action="store_true", help="copy instead: every case must fail")
    parser.add_argument("names", nargs="*", help="variants; all without")
    options = parser.parse_args()
    variants = [v for v in options.names or VARIANTS if supports(options.compiler, VARIANTS[v][0])]
    failed = done = skipped = 0
    with tempfile.TemporaryDirectory() as work:
        builder = Builder(options, work)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            if options.corpus:
                sources = sorted(s for s in glob.glob(os.path.join(PASS, "corpus", "*.c*"))
                                 if not os.path.basename(s).startswith(CORPUS_SKIP))
                ways = [("-O0", "-fPIE"), ("-O2", "-fPIC")]
                jobs = [pool.submit(builder.corpus_case, s, *w) for s in sources for w in ways]
            else:
                jobs = [pool.submit(builder.case, level, v) for v in variants for level in LEVELS]
            for job in jobs:
                problems = job.result()
                if problems is None:
                    skipped += 1
                    continue
                done += 1
                failed += bool(problems)
                for p in problems:
                    print(f"FAIL {p}")
    what = "objects moved" if options.corpus else "ways to compile behave alike"
    print(f"{done - failed} of {done} {what}" + (f" ({skipped} not compiled)" if skipped else ""))
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
