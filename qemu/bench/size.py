"""Part "size": the kernel's code in each mode, and what TLS costs in memory.

The objects of two kernels are compared function by function (they are compiled
with -ffunction-sections): code and relocations are equal, but for the segment
prefix of an instruction, or the function is named.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import glob
import os
import re
import subprocess
import sys

from common import LLVM, MODES, ROOT, BenchError, image_of, output_of

sys.path.insert(0, os.path.join(ROOT, "test", "pass"))
import elf  # noqa: E402
import yardstick  # noqa: E402

THREADS = (10, 1_000, 100_000)
SHF_STRINGS = 0x20


def section_sizes(image):
    out = output_of(f"{LLVM}/llvm-size", "-A", image)
    return {name: int(size) for name, size in re.findall(r"^(\.\w+) +(\d+) ", out, re.M)}


def tls_size(image):
    """p_memsz of PT_TLS."""
    found = re.search(r"^ +TLS +\S+ \S+ \S+ \S+ (\S+)", output_of(f"{LLVM}/llvm-readelf", "-lW", image),
                      re.M)
    return int(found[1], 16) if found else 0


def reserved_size(build, mode):
    """Bytes of the kernel's TLS that are kept for a program: reserved_tls.S."""
    path = os.path.join(build, "kernel-stub", "CMakeFiles", f"stub-{mode}-objects.dir", "tls",
                        "reserved_tls.S.o")
    return section_sizes(path).get(".tls_reserved", 0) if os.path.exists(path) else 0


def demangled(names):
    out = subprocess.run([f"{LLVM}/llvm-cxxfilt"], input="\n".join(names), check=True,
                         capture_output=True, text=True).stdout
    return out.split("\n")[:len(names)]


class Functions:
    """{name: section} of an object's functions."""

    def __init__(self, path):
        self.object = elf.Object(path)
        self.code = {s.name.removeprefix(".text."): s for s in self.object.sections
                     if s.flags & elf.SHF_EXECINSTR and s.size}
        self.relocations_of = {s.info: s for s in self.object.sections if s.type == elf.SHT_RELA}
        listings = yardstick.disassemble(f"{LLVM}/llvm-objdump", [path])[path]
        self.listing = dict(zip(self.code, listings))

    def relocations(self, name):
        section = self.relocations_of.get(self.code[name].index)
        if not section:
            return []
        return [(offset, kind, *self.target(symbol, addend))
                for offset, kind, symbol, addend in self.object.relocations(section)]

    def target(self, index, addend):
        """What a relocation points to, whatever else is in that section."""
        symbol = self.object.symbols[index]
        if symbol.name or not symbol.shndx:
            return symbol.name, addend
        section = self.object.sections[symbol.shndx]
        if section.flags & SHF_STRINGS:
            return "string", section.data[addend:section.data.index(b"\0", addend)]
        return section.name, addend


def differing_functions(plain, moved):
    """(names of functions whose code differs by more than prefixes, functions in all)."""
    a, b = Functions(plain), Functions(moved)
    names = sorted(a.code.keys() | b.code.keys())
    differ = []
    for name in names:
        s, t = a.code.get(name), b.code.get(name)
        if (not s or not t or s.size != t.size or a.relocations(name) != b.relocations(name)
                or list(yardstick.compare_code(s, t, a.listing[name], []))):
            differ.append(name)
    return differ, len(names)


def compare_kernels(build, plain, moved):
    """The same of all objects of two kernels."""
    pattern = os.path.join(build, "kernel-stub", "CMakeFiles", "stub-{}-objects.dir")
    differ, total = [], 0
    paths = sorted(glob.glob(os.path.join(pattern.format(plain), "**", "*.cpp.o"), recursive=True))
    if not paths:
        raise BenchError(f"no objects of stub-{plain}.elf in {build}: build with CMake and Ninja")
    for path in paths:
        source = os.path.basename(path).removesuffix(".o")
        other = os.path.relpath(path, pattern.format(plain))
        names, count = differing_functions(path, os.path.join(pattern.format(moved), other))
        differ += [f"{source}: {name}" for name in demangled(names)]
        total += count
    return differ, total


def run(build, quick, progress):
    del quick
    result = {"kernels": {}, "absent": []}
    for mode in MODES:
        progress(f"size: {mode}")
        image = image_of(build, mode)
        if not os.path.exists(image):
            result["absent"].append(mode)
            continue
        sizes = section_sizes(image)
        result["kernels"][mode] = {
            "text": sizes[".text"],
            "tls": tls_size(image),
            "reserved": reserved_size(build, mode),
        }
    result["reserved"] = {threads: {mode: threads * kernel["reserved"]
                                    for mode, kernel in result["kernels"].items()}
                          for threads in THREADS}
    differ, total = compare_kernels(build, "fs-shared", "gs")
    result["gs against fs-shared"] = {"functions": total, "differ": differ}
    return result
