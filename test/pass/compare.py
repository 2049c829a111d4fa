#!/usr/bin/env python3
"""Compile the corpus with and without the plugin and compare the outputs.

compare.py --plugin=build/pass/SegShift.so [--group=NAME]... [--full]
compare.py --plugin=... --config=O2-kernel corpus/atomic.c      one reproduction
compare.py --list                                            names of all configurations

Exit status 1 if any output differs from what yardstick.py allows. Comments in a
corpus file steer it:
  FLAGS: ...     flags it is always compiled with
  SKIP: ...      it is left out of configurations that have one of these flags
  GCC-FLAGS: ..., GCC-SKIP: ...   the same for test/gcc/compare.py alone
  KEEP-FS: f=N   in function f, N FS operands are on purpose and stay
                 ('all': all but the canary; 'every': that too)

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import concurrent.futures
import itertools
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import yardstick

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Config:
    name: str
    group: str
    flags: tuple
    assembly: bool = False  # compare -S too
    heavy: bool = False  # also the files that include <immintrin.h>
    plain_flags: tuple = None  # flags of the compile without the plugin, if others
    only: str = ""  # a pattern of file names

    @property
    def plain(self):
        return self.flags if self.plain_flags is None else self.plain_flags


def config(group, name, flags, levels="O0 O2", plain=None, **kw):
    """plain: flags of the compile without the plugin, if others."""
    return [Config(f"{o}{name and '-' + name}", group, (f"-{o}", *flags.split()),
                   plain_flags=None if plain is None else (f"-{o}", *plain.split()), **kw)
            for o in levels.split()]


BATCH = 16  # comparisons for one process that disassembles
ALL_LEVELS = "O0 O1 O2 O3 Os Oz"
# The files whose shapes hardening and layout options can change.
SHAPES = r"^(indirect|control|exception|closure|threadlocal|keep|ir|inlineasm|address)"
MATRIX = [
    # -fPIE is what most compilers do without being told: it is not a model of its own.
    *config("levels", "", "-fPIE", "O0 O2", assembly=True, heavy=True),
    *config("levels", "", "-fPIE", "O1 O3"),
    *config("levels", "", "-fPIE", "Os", assembly=True),
    *config("levels", "", "-fPIE", "Oz"),
    *config("models", "nopic", "-fno-pic -fno-plt -fno-builtin", "O3"),
    *config("models", "pic-ie", "-fPIC -ftls-model=initial-exec", "O0 O2"),
    *config("models", "pic-le", "-fPIC -ftls-model=local-exec", "Os"),
    *config("models", "kernel", "-fno-pic -mcmodel=kernel -mno-red-zone", "O0 Os"),
    *config("models", "kernel", "-fno-pic -mcmodel=kernel -mno-red-zone", "O2", assembly=True),
    *config("models", "large", "-fno-pic -mcmodel=large", "O0 O2"),
    *config("models", "large-pie", "-fPIE -mcmodel=large", "O1"),
    *config("models", "medium", "-fPIE -mcmodel=medium", "O0 O2"),
    *config("models", "none-elf", "-target x86_64-unknown-none-elf", "O2"),
    *config("models", "musl", "-target x86_64-linux-musl -fPIE", "O1"),
    *config("features", "general-regs", "-mgeneral-regs-only -mno-red-zone", "O0 O2"),
    *config("features", "ssp", "-fstack-protector-all", "O0"),
    *config("features", "ssp", "-fstack-protector-all", "O2", assembly=True),
    *config("features", "ssp-kernel", "-fstack-protector-strong -fno-pic -mcmodel=kernel", "Os", only=SHAPES),
    *config("features", "ssp-tls", "-fstack-protector-all -mstack-protector-guard=tls", "O1", only=SHAPES),
    *config("features", "ssp-tls-guard", "-fstack-protector-all -DGUARD -mstack-protector-guard=global", "O0 O2", only="^late"),
    *config("features", "ssp-tls-guard-pie", "-fPIE -fstack-protector-all -DGUARD -mstack-protector-guard-symbol=__stack_chk_guard -mno-tls-direct-seg-refs", "O2", only="^late"),
    *config("features", "ssp-hermit", "-target x86_64-unknown-hermit -fno-pic -fstack-protector-all -DGUARD", "O2", only="^late"),
    *config("features", "safe-stack", "-fsanitize=safe-stack -fstack-protector-strong", "O0 O2", only="^(late|scalar|threadlocal)"),
    *config("features", "safe-stack-ie", "-fPIC -ftls-model=initial-exec -fsanitize=safe-stack -mstack-protector-guard=global", "O1", only="^late"),
    *config("features", "gisel", "-fglobal-isel -fstack-protector-all", "O0", only=SHAPES + "|^late"),
    *config("features", "debug", "-g", "O0"),
    *config("features", "debug", "-g -fdebug-types-section", "O2", assembly=True),
    *config("features", "sections", "-ffunction-sections -fdata-sections", "O2", assembly=True),
    *config("features", "avx2", "-mavx2 -mtune=haswell", "O3"),
    *config("features", "avx512", "-march=x86-64-v4", "O2"),
    *config("features", "retpoline", "-mretpoline -mharden-sls=all -fcf-protection", "O2", only=SHAPES),
    *config("features", "kcfi", "-fsanitize=kcfi -fpatchable-function-entry=16,16", "O2", only=SHAPES),
    *config("features", "slh", "-mspeculative-load-hardening -mtune=znver3", "O1", only=SHAPES),
    *config("features", "frame", "-fno-omit-frame-pointer -pg -mfentry -fstack-clash-protection", "O2", only=SHAPES),
    *config("features", "ubsan", "-fsanitize=undefined -fno-sanitize=function -fsanitize-trap=undefined", "O1", only=SHAPES),
    *config("features", "zeroregs", "-fzero-call-used-regs=used -ftrivial-auto-var-init=zero", "O2", only=SHAPES),
    *config("features", "outline", "-mllvm -enable-machine-outliner=always -mno-red-zone", "Oz"),
    *config("features", "blocks", "-fbasic-block-sections=all -fxray-instrument -fxray-instruction-threshold=1", "O2", only=SHAPES),
]
EXTRA_FOR_FULL = [
    c for n, f in [
        ("pie", "-fPIE"), ("pic-ie", "-fPIC -ftls-model=initial-exec"),
        ("kernel", "-fno-pic -mcmodel=kernel -mno-red-zone"), ("large", "-fno-pic -mcmodel=large"),
        ("medium", "-fPIE -mcmodel=medium"), ("none-elf", "-target x86_64-unknown-none-elf"),
        ("musl", "-target x86_64-linux-musl"), ("ssp", "-fstack-protector-all"), ("debug", "-g"),
        ("general-regs", "-fno-pic -mgeneral-regs-only"), ("v3", "-march=x86-64-v3"),
        ("v4", "-march=x86-64-v4"), ("sections", "-ffunction-sections -fdata-sections"),
        ("apx", "-mapxf"), ("retpoline", "-mretpoline"), ("znver4", "-march=znver4"),
    ] for c in config("full", "full-" + n, f, ALL_LEVELS, assembly=True, heavy=True)
]


class Corpus:
    def __init__(self, path, gcc=False):
        self.path, self.flags, self.skip = path, [], []
        with open(path) as f:
            text = f.read()
        for only_gcc, kind, words in re.findall(r"^[/;]+ (GCC-)?(FLAGS|SKIP): (.*)$", text, re.M):
            if gcc or not only_gcc:
                (self.skip if kind == "SKIP" else self.flags).extend(words.split())
        self.heavy = "immintrin.h" in text
        self.spec = yardstick.keep_spec(path)
        if path.endswith(".cpp"):
            self.flags.append("-std=c++20")
        if path.endswith(".ll"):
            self.skip += ["-target", "-fsanitize=kcfi"]  # a module has its own

    def fits(self, config):
        if self.heavy and not config.heavy or set(self.skip) & set(config.flags):
            return False
        return re.search(config.only, os.path.basename(self.path)) is not None


class Driver:
    """Runs clang. test/gcc/compare.py has another one."""
    script = "test/pass/compare.py"

    def __init__(self, options, work):
        self.options, self.work, self.serial = options, work, itertools.count()
        self.clang = os.path.join(options.llvm, "clang")
        self.objdump = os.path.join(options.llvm, "llvm-objdump")

    def command(self, source, flags, plugin, kind, output):
        return [self.clang, *([f"-fpass-plugin={plugin}"] if plugin else []), "-w", kind, *flags,
                *source.flags, source.path, "-o", output]

    def compile(self, source, flags, plugin, kind, output):
        command = self.command(source, flags, plugin, kind, output)
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        return command, done.returncode, done.stdout + done.stderr

    def build(self, source, config, kind):
        """One file in one configuration: (reproduction, [problem], plain, moved), the last
        two being null if they could not be made."""
        stem = os.path.join(self.work, str(next(self.serial)))
        suffix = ".s" if kind == "-S" else ".o"
        plain, moved = stem + "-fs" + suffix, stem + "-gs" + suffix
        reproduce = (f"{self.script} --plugin={self.options.plugin} "
                     f"--config={config.name} --kind={kind} {os.path.relpath(source.path)}")
        command, status, said = self.compile(source, config.plain, None, kind, plain)
        if status:
            return (reproduce, [f"does not compile without the plugin: {said.strip()}: {command}"],
                    None, None)
        command, status, said_now = self.compile(source, config.flags, self.options.plugin, kind, moved)
        if status:
            return (reproduce, [f"does not compile with the plugin: {said_now.strip()[-2000:]}"],
                    None, None)
        problems = []
        if said_now != said:
            problems.append(f"the plugin printed: {said_now.strip()[:300]!r}")
        return reproduce, problems, plain, moved

    def compare(self, jobs):
        """[(reproduction, [problem])] of some (source, configuration, kind)."""
        built = [(job, *self.build(*job)) for job in jobs]
        objects = [plain for (_, _, kind), _, _, plain, _ in built if plain and kind == "-c"]
        code = yardstick.disassemble(self.objdump, objects) if objects else {}
        results = []
        for (source, _, kind), reproduce, problems, plain, moved in built:
            if plain and kind == "-S":
                problems += yardstick.compare_assembly(plain, moved, source.spec)
            elif plain:
                problems += yardstick.compare_objects(plain, code[plain], moved, source.spec)
            if plain and not self.options.keep:
                os.unlink(plain), os.unlink(moved)
            results.append((reproduce, problems))
        return results


def arguments(description, groups):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--plugin", default="", help="the plugin; none: compare plain with plain")
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin")
    parser.add_argument("--group", action="append", help=groups)
    parser.add_argument("--config", action="append", help="configurations by name")
    parser.add_argument("--kind", choices=["-c", "-S"], help="objects or assembly only")
    parser.add_argument("--list", action="store_true", help="print the configurations")
    parser.add_argument("--keep", metavar="DIR", help="leave the outputs there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*")
    return parser


def run(options, matrix, corpus, make_driver):
    """Compare each file of the corpus in each configuration that it fits."""
    if options.list:
        for c in matrix:
            print(f"{c.group:10} {c.name:20} {' '.join(c.flags)}")
        return 0
    if options.plugin and not os.path.exists(options.plugin):
        print(f"compare.py: {options.plugin}: no such plugin; build it first", file=sys.stderr)
        return 1
    if options.group:
        matrix = [c for c in matrix if c.group in options.group]
    if options.config:
        matrix = [c for c in matrix if c.name in options.config]
    jobs = [(s, c, k) for c in matrix for s in corpus
            if options.files and not set(s.skip) & set(c.flags) or s.fits(c)
            for k in ("-c", "-S") if (k == options.kind if options.kind else k == "-c" or c.assembly)]
    if not jobs:
        print("compare.py: nothing to compare", file=sys.stderr)
        return 1

    batches = [jobs[at : at + BATCH] for at in range(0, len(jobs), BATCH)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
        driver = make_driver(options, options.keep or scratch)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for reproduce, problems in itertools.chain.from_iterable(pool.map(driver.compare, batches)):
                failed += bool(problems)
                if problems:
                    print(f"FAIL {reproduce}")
                for p in problems[:5]:
                    print(f"  {p}")
                if len(problems) > 5:
                    print(f"  ... {len(problems)} differences")
    print(f"{len(jobs) - failed} of {len(jobs)} outputs equal")
    return 1 if failed else 0


def sources(folder):
    return sorted(os.path.join(folder, f) for f in os.listdir(folder))


def main():
    parser = arguments(__doc__.splitlines()[0], "levels, models, features, full")
    parser.add_argument("--full", action="store_true", help="a larger product of flags; slow")
    options = parser.parse_args()
    matrix = MATRIX + (EXTRA_FOR_FULL if options.full or options.config else [])
    corpus = [Corpus(p) for p in options.files or sources(os.path.join(HERE, "corpus"))]
    return run(options, matrix, corpus, Driver)


if __name__ == "__main__":
    sys.exit(main())
