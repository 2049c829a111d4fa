#!/usr/bin/env python3
"""Compile the corpus with and without the GCC plugin and compare the objects.

compare.py --gcc=gcc-12 --plugin=build/pass/gcc-12/segshift_gcc.so [--group=NAME]...
compare.py --gcc=... --plugin=... --config=O2-kernel corpus/nested.c   one reproduction
compare.py --list                                                   all configurations

The corpus is test/pass/corpus, which Clang's plugin is compared over, and what only
GCC compiles, in corpus/. test/pass/compare.py says how a file steers it.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "pass"))
import compare  # noqa: E402
from compare import SHAPES, config  # noqa: E402

STATIC = "-fPIC -ftls-model=local-exec"
MATRIX = [
    # -fPIE is what most compilers do without being told: it is not a model of its own.
    *config("levels", "", "-fPIE", "O0 O2", heavy=True),
    *config("levels", "", "-fPIE", "O1 O3 Os"),
    *config("models", "nopic", "-fno-pic", "O0 O1 Os", heavy=True),
    *config("models", "nopic", "-fno-pic", "O2 O3"),
    # Dynamic models become local-exec: the object is that of -ftls-model=local-exec.
    *config("models", "pic", "-fPIC", "O0 O1 O2 O3 Os", plain=STATIC),
    *config("models", "pic-noplt", "-fPIC -fno-plt", "O2", plain=STATIC + " -fno-plt"),
    *config("models", "pic-gnu2", "-fPIC -mtls-dialect=gnu2", "O0 O2",
            plain=STATIC + " -mtls-dialect=gnu2"),
    *config("models", "pie-gnu2", "-fPIE -mtls-dialect=gnu2", "O2"),
    *config("models", "pic-ie", "-fPIC -ftls-model=initial-exec", "O0 O2"),
    *config("models", "kernel", "-fno-pic -mcmodel=kernel -mno-red-zone", "O0 O1 O2 O3 Os"),
    *config("models", "large", "-fno-pic -mcmodel=large", "O0 O2"),
    *config("models", "large-pie", "-fPIE -mcmodel=large", "O1"),
    *config("models", "medium", "-fPIE -mcmodel=medium", "O0 O2"),
    *config("models", "no-direct", "-mno-tls-direct-seg-refs", "O0 O1 O2 O3 Os"),
    *config("models", "no-direct-nopic", "-fno-pic -mno-tls-direct-seg-refs", "O2"),
    *config("features", "general-regs", "-mgeneral-regs-only -mno-red-zone", "O0 O2"),
    *config("features", "ssp", "-fstack-protector-all", "O0 O2 O3"),
    *config("features", "ssp-tls", "-fstack-protector-all -mstack-protector-guard=tls", "O1",
            only=SHAPES),
    *config("features", "ssp-offset", "-fstack-protector-all -mstack-protector-guard-offset=40", "O2",
            only=SHAPES),
    *config("features", "ssp-kernel", "-fstack-protector-strong -fno-pic -mcmodel=kernel", "Os",
            only=SHAPES),
    *config("features", "debug", "-g -gno-record-gcc-switches", "O0 O2"),
    *config("features", "split", "-gsplit-dwarf -gno-record-gcc-switches", "O2"),
    *config("features", "sections", "-ffunction-sections -fdata-sections", "O2"),
    *config("features", "avx2", "-mavx2 -mtune=haswell", "O3"),
    *config("features", "avx512", "-march=x86-64-v4", "O2"),
    *config("features", "znver3", "-mtune=znver3 -fno-schedule-insns2", "O2"),
    *config("features", "sched", "-fschedule-insns -fsched-pressure -mtune=atom", "O2"),
    *config("features", "selective", "-fselective-scheduling2 -fno-schedule-insns2", "O2"),
    *config("features", "loops", "-funroll-all-loops -ftracer -fgcse-las -fgcse-sm -fweb -frename-registers", "O3"),
    *config("features", "no-combine", "-fno-forward-propagate -fno-ipa-ra -fno-tree-ter", "O1"),
    *config("features", "retpoline",
            "-mindirect-branch=thunk -mfunction-return=thunk -mindirect-branch-register -fcf-protection=none",
            "O2", only=SHAPES),
    *config("features", "cet", "-fcf-protection=full -mshstk -mmanual-endbr", "O2", only=SHAPES),
    *config("features", "frame", "-fno-omit-frame-pointer -pg -mfentry -fstack-clash-protection", "O2",
            only=SHAPES),
    *config("features", "profile", "-fprofile-arcs -fprofile-values -frandom-seed=1 -dumpbase one.c", "O2",
            only=SHAPES),
    *config("features", "ubsan", "-fsanitize=undefined -fsanitize-undefined-trap-on-error", "O1", only=SHAPES),
    *config("features", "zeroregs", "-fzero-call-used-regs=used", "O2", only=SHAPES),
    *config("features", "cold", "-freorder-blocks-and-partition -fno-ipa-icf -fno-guess-branch-probability",
            "O2", only=SHAPES),
    *config("features", "openmp", "-fopenmp", "O0 O2", only="openmp"),
]


class Driver(compare.Driver):
    script = "test/gcc/compare.py"

    def command(self, source, flags, plugin, kind, output):
        gcc = self.options.gcc
        if source.path.endswith(".cpp"):
            gcc = gcc.replace("gcc", "g++")
        return [gcc, *([f"-fplugin={plugin}"] if plugin else []), "-w", kind, *flags,
                *source.flags, source.path, "-o", output]


def main():
    parser = compare.arguments(__doc__.splitlines()[0], "levels, models, features")
    parser.add_argument("--gcc", default="gcc")
    options = parser.parse_args()
    paths = options.files or [p for folder in (compare.HERE, HERE)
                              for p in compare.sources(os.path.join(folder, "corpus"))
                              if not p.endswith(".ll")]
    return compare.run(options, MATRIX, [compare.Corpus(p, gcc=True) for p in paths], Driver)


if __name__ == "__main__":
    sys.exit(main())
