#!/usr/bin/env python3
"""Compile by GCC, link and run the behaviour program with and without the plugin.

behave.py --gcc=gcc-12 --plugin=build/pass/gcc-12/segshift_gcc.so [--group=NAME] [NAME...]

test/pass/behave.py, by another compiler: see there.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "pass"))
import behave  # noqa: E402
from behave import Case  # noqa: E402

INITIAL = "-fplugin-arg-segshift_gcc-tls-model=initial-exec"
CASES = [
    Case("models", "nopic", "-O1 -fno-pic", "lld-static bfd-static"),
    Case("models", "pie-O0", "-O0 -fPIE"),
    Case("models", "pie-O2", "-O2 -fPIE", "lld-pie bfd-pie lld-gc bfd-gc"),
    Case("models", "pie-O3", "-O3 -fPIE -march=x86-64-v2", "lld-pie bfd-static"),
    Case("models", "pic-O0", "-O0 -fPIC"),
    Case("models", "pic-O2", "-O2 -fPIC"),
    Case("models", "pic-noplt", "-Os -fPIC -fno-plt"),
    Case("models", "pic-gnu2", "-O2 -fPIC -mtls-dialect=gnu2"),
    Case("models", "no-direct", "-O2 -fPIE -mno-tls-direct-seg-refs"),
    Case("models", "pic-initial-exec", f"-O2 -fPIC {INITIAL}"),
    Case("models", "pic-initial-exec-O0", f"-O0 -fPIC {INITIAL}"),
    Case("models", "own-initial-exec", "-O2 -fPIC -ftls-model=initial-exec"),
    Case("models", "kernel", "-O2 -fno-pic -mcmodel=kernel -mno-red-zone", "lld-static bfd-static"),
    Case("models", "large", "-O1 -fno-pic -mcmodel=large", "lld-static bfd-static"),
    Case("models", "ssp", "-O2 -fPIE -fstack-protector-all", "lld-static bfd-pie"),
    Case("models", "sections", "-O2 -fPIE -ffunction-sections -fdata-sections -g", "lld-gc bfd-gc"),
    # The code is made in the link, by as many lto1 as there are partitions.
    *[Case("lto", f"{name}-{level}{pic}", f"-{level} {pic} {flags}", "gcc-static gcc-pie"
           if pic != "-fno-pic" else "gcc-static", compile_plugin=both, link_plugin=True)
      for name, flags, both in (("slim", "-flto -fno-fat-lto-objects", False),
                                ("fat", "-flto -ffat-lto-objects", True),
                                ("partitions", "-flto=2 -flto-partition=max", True),
                                ("one", "-flto -flto-partition=none", True))
      for level, pic in (("O2", "-fPIC"), ("O1", "-fPIE"), ("O0", "-fno-pic"))],
    Case("lto", "slim-ssp", "-O2 -flto -fPIE -fstack-protector-all", "gcc-static", False, True),
    # What fat objects hold beside the intermediate code is moved as well.
    Case("lto", "fat-machine-code", "-O2 -flto -ffat-lto-objects -fPIE", "bfd-static"),
]


class Builder(behave.Builder):
    def compile(self, case, folder, moved):
        gcc, objects = self.options.gcc, []
        plugin = [f"-fplugin={self.plugin}"] if moved and case.compile_plugin else []
        # The plain build in the same model: the address of an undefined weak variable is
        # not the same in all.
        flags = [f if plugin else f.replace("-fplugin-arg-segshift_gcc-", "-f")
                 for f in case.flags.split()]
        for source in behave.SOURCES:
            objects.append(os.path.join(folder, source + ".o"))
            cxx = ["-fno-exceptions", "-std=c++20"] if source.endswith("pp") else []
            self.run([gcc.replace("gcc", "g++") if cxx else gcc, "-c", "-w",
                      "-fno-stack-protector", "-ffreestanding", *plugin, *flags, *cxx,
                      os.path.join(behave.INPUTS, source), "-o", objects[-1]])
        return objects

    def link(self, case, link, start, objects, output, moved):
        if not link.startswith("gcc-"):
            return super().link(case, link, start, objects, output, moved)
        kind = {"gcc-static": ["-static"], "gcc-pie": ["-static-pie", "-Wl,--no-dynamic-linker"]}
        plugin = [f"-fplugin={self.plugin}"] if moved and case.link_plugin else []
        self.run([self.options.gcc, "-nostdlib", *kind[link], *plugin, *case.flags.split(), start,
                  *objects, "-o", output])
        return None


def main():
    parser = behave.arguments(__doc__.splitlines()[0])
    parser.add_argument("--gcc", default="gcc")
    return behave.run(parser.parse_args(), CASES, Builder)


if __name__ == "__main__":
    sys.exit(main())
