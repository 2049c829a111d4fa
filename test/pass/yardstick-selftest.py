#!/usr/bin/env python3
"""The yardstick must be able to fail: feed it objects that are wrong on purpose.

Each fake is made from a plain object by changing bytes, so no plugin is needed.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import struct
import subprocess
import sys
import tempfile

import elf
import yardstick

LLVM = sys.argv[1]
SOURCE = """
__thread int x; extern __thread int y;
int move(int v) { x = v; return y + x; }
int __seg_fs *p; int stay(void) { return *p; }
int mix(volatile int __seg_fs *q) { return *q + x; }
int data[] = {0x64, 0x65}; int plain(int v) { return v + 0x6464; }
"""
SPEC = {"stay": "all", "mix": 1}


def place(path):
    """File offsets of every section."""
    with open(path, "rb") as f:
        image = f.read()
    shoff = struct.unpack_from("<Q", image, 0x28)[0]
    count = struct.unpack_from("<H", image, 0x3C)[0]
    return [struct.unpack_from("<Q", image, shoff + 64 * i + 0x18)[0] for i in range(count)]


def fake(plain, path, change):
    """Write to path a copy of plain whose bytes were changed by change(image)."""
    with open(plain, "rb") as f:
        image = bytearray(f.read())
    change(image)
    with open(path, "wb") as f:
        f.write(image)


def main():
    failed = 0

    def check(name, problems, expected):
        nonlocal failed
        good = any(expected in p for p in problems) if expected else not problems
        failed += not good
        print(f"{'ok' if good else 'FAILED'}: {name}: {problems[:1]}")

    with tempfile.TemporaryDirectory() as work:
        source, plain, moved = (os.path.join(work, n) for n in ("t.c", "fs.o", "gs.o"))
        with open(source, "w") as f:
            f.write(SOURCE)
        objdump = f"{LLVM}/llvm-objdump"
        subprocess.run([f"{LLVM}/clang", "-O1", "-c", source, "-o", plain], check=True)
        obj = elf.Object(plain)
        code = next(s for s in obj.sections if s.name == ".text")
        data = next(s for s in obj.sections if s.name == ".data")
        rela = next(s for s in obj.sections if s.name == ".rela.text")
        offsets = place(plain)
        code_of_all = yardstick.disassemble(objdump, [plain])[plain]
        instructions = code_of_all[0]

        def prefixes(*functions):
            return [offsets[code.index] + o + c.index(0x64) for o, c, f, t in instructions
                    if "%fs:" in t and f in functions]

        def patch(places, other=None, value=0x65):
            def change(image):
                for p in places:
                    image[p] = 0x65
                if other is not None:
                    image[other] = value
            return change

        right = prefixes("move") + prefixes("mix")[1:]

        def objects(name, change, expected):
            fake(plain, moved, change)
            check(name, yardstick.compare_objects(plain, code_of_all, moved, SPEC), expected)

        objects("as it should be", patch(right), None)
        objects("nothing moved", patch([]), "did not move")
        objects("one of move not moved", patch(right[1:]), "did not move")
        objects("on-purpose FS moved", patch(right + prefixes("stay")), "means FS")
        objects("all of mix moved", patch(right + prefixes("mix")), "stayed, expected 1")
        objects("none of mix moved", patch(prefixes("move")), "stayed, expected 1")
        objects("prefix became another", patch(right, right[0], 0x26), "became")
        stray = offsets[code.index] + next(o for o, c, f, t in instructions if "0x6464" in t)
        objects("0x64 in an immediate", patch(right, stray + 2), "became")
        objects("0x64 in data", patch(right, offsets[data.index]), ".data")
        objects("an addend", patch(right, offsets[rela.index] + 16, 9), ".rela.text")
        objects("a relocation's type", patch(right, offsets[rela.index] + 8, 9), ".rela.text")
        symtab = next(s for s in obj.sections if s.type == elf.SHT_SYMTAB)
        last = offsets[symtab.index] + symtab.size - 24
        objects("a symbol's value", patch(right, last + 8, 7), "symbols")

        assembly, new = os.path.join(work, "fs.s"), os.path.join(work, "gs.s")
        subprocess.run([f"{LLVM}/clang", "-O1", "-S", source, "-o", assembly], check=True)
        with open(assembly) as f:
            text = f.read()

        def lines(name, text, expected):
            with open(new, "w") as f:
                f.write(text)
            check(name, yardstick.compare_assembly(assembly, new, SPEC), expected)

        head, tail = text.split("stay:", 1)
        stay, rest = tail.split("mix:", 1)
        good = head.replace("%fs:", "%gs:") + "stay:" + stay + "mix:" + rest.replace("%fs:x", "%gs:x")
        own = '\t.section\t.note.segshift,"a",@note\n\t.long 1\n\t.text\n'
        lines("-S as it should be", good, None)
        lines("-S own section", good.replace("stay:", own + "stay:", 1), None)
        lines("-S own label", good.replace("\tretq", ".Lpcsection0:\n\tretq", 1), None)
        lines("-S nothing moved", text, "did not move")
        lines("-S all moved", text.replace("%fs:", "%gs:"), "means FS")
        lines("-S one line more", good.replace("\tretq", "\tnop\n\tretq", 1), "became")
        lines("-S one line less", good.replace("\tretq", "", 1), "became")
        lines("-S another section", good.replace("\t.data", "\t.bss"), "became")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
