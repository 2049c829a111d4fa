"""Puts tables in text in several places and sees that only the code around them moves.

    tables.py SEGSHIFT LLVM

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import itertools
import os
import subprocess
import sys

tool, llvm = sys.argv[1:]
AGREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agree.py")

TABLES = {
    "page-table": ".set i, 0x60000083\n.rept 64\n.quad i\n.set i, i + 0x200000\n.endr\n",
    "gdt": ".quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x0064920000006464\n",
    "idt": ".rept 16\n.word 0x6410, 8\n.byte 0, 0x8e\n.word 0x6464\n.long -1, 0\n.endr\n",
    "string": '.asciz "hard disk error"\n',
    "format": '.asciz "%fs:0x28 is bad"\n',
    "quads": ".rept 8\n.quad 0x6464646464646464\n.endr\n",
    "longs": ".long 1, 2, 3, 100, 100, 100, 5\n",
    "fill": ".fill 64, 1, 0x64\n",
    "addresses": ".quad a, b, a, 0x64\n",
    "root": ".quad table + 3, 0, 0x64\n",
}
CODE = ".globl a\na: movq %fs:0x28, %rax\n ret\nb: movq %fs:0, %rax\n ret\n"
TYPED = ".type {0}, @function\n{0}: movq %fs:0x28, %rax\n ret\n.size {0}, .-{0}\n"
PLACES = {
    "between": "f: ret\n.balign 8\ntable:\n{table}" + CODE,
    "end": CODE + "f: ret\n.balign 8\ntable:\n{table}",
    "global": CODE + ".globl table\ntable:\n{table}",
    "no-label": CODE + "f: ret\n.balign 16\n.Ltable:\n.set table, .Ltable\n{table}",
    "referred": CODE + "f: lea table(%rip), %rax\n ret\n.balign 8\ntable:\n{table}" +
                TYPED.format("g"),
    "typed": TYPED.format("a") + ".balign 16\ntable:\n{table}.balign 16\n" + TYPED.format("b"),
    "boot": '.section .text.boot, "ax"\n' + CODE +
            "table:\n{table}.balign 16\nentry: movq %fs:0, %rdx\n jmp a\n",
    "after-call": CODE + "f: call panic\ntable:\n{table}",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def main():
    objects, images, expected = [], [], {}
    for (what, table), (where, text) in itertools.product(TABLES.items(), PLACES.items()):
        name = f"{what}-{where}"
        source = ".text\n" + text.replace("{table}", table)
        with open(name + ".s", "w") as file:
            file.write(source)
        done = run("as", name + ".s", "-o", name + ".o")
        if done.returncode:
            sys.exit(f"{name}: {done.stderr}")
        run(f"{llvm}/ld.lld", "--unresolved-symbols=ignore-all", "-e", "a", name + ".o", "-o", name)
        objects.append(name + ".o")
        images.append(name)
        expected[name] = expected[name + ".o"] = source.count("movq %fs:")
    wrong = 0
    for path in objects + images:
        done = run(tool, "rewrite", "--dump-plan", "--verify", path)
        moved = sum(line.split(": ", 1)[-1].startswith("move ") or line.startswith("move ")
                    for line in done.stdout.splitlines())
        if done.returncode or moved != expected[path]:
            print(f"wrong: {path}: {moved} moved, not {expected[path]} {done.stderr[:200]}")
            wrong += 1
    done = run(sys.executable, AGREE, tool, *objects)
    if done.returncode:
        print(f"wrong: {done.stdout[:1000]}")
        wrong += 1
    print(f"{len(objects) + len(images)} files, {wrong} wrong")
    sys.exit(wrong != 0)


main()
