#!/usr/bin/env python3
"""The table of docs/programs.md that says which system calls are missing, partial or
pretended, from syscalls.def.

system_calls.py          prints the table
system_calls.py check    is it in the page? And is each call that strace.def has in
                         syscalls.def too, by the same number?
system_calls.py write    puts it there

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALLS = ROOT / "kernel-stub/linux/calls/syscalls.def"
STRACE = ROOT / "kernel-stub/linux/strace/strace.def"
PAGE = ROOT / "docs/programs.md"
BEGIN = "<!-- from syscalls.def, by system_calls.py -->\n"
END = "<!-- end -->\n"


def calls():
    """Of each row of syscalls.def: number, name, kind ("" if whole), text."""
    text = re.sub(r"^(//|#).*\n", "", CALLS.read_text(), flags=re.M)
    row = re.compile(r'\s*SYSCALL(?:_(\w+))?\((\d+), (\w+)(?:, \w+)?(?:,\s*"([^"]*)")?\)')
    at, rows = 0, []
    while text[at:].strip():
        match = row.match(text, at)
        if not match:
            sys.exit(f"{CALLS}: not understood: {text[at:at + 60]!r}")
        kind, number, name, about = match.groups()
        rows.append((int(number), name, (kind or "").lower(), about))
        at = match.end()
    return rows


def table(rows):
    texts = {}  # calls by what is said of them, in the order of the first
    for _, name, kind, about in rows:
        if kind:
            texts.setdefault((kind, about or "`ENOSYS`"), []).append(f"`{name}`")
    lines = ["| | calls | what is so |", "|---|---|---|"]
    for wanted in ("partial", "pretended", "missing"):
        lines += [f"| {kind} | {', '.join(names)} | {about} |"
                  for (kind, about), names in texts.items() if kind == wanted]
    return "".join(line + "\n" for line in lines)


def check(rows):
    found = [(number, name) for number, name, _, _ in rows]
    known = [(int(number), name) for number, name in
             re.findall(r"^CALL\((\d+), (\w+),", STRACE.read_text(), re.M)]
    for number, name in sorted(set(found) ^ set(known)):
        where = "syscalls.def" if (number, name) in known else "strace.def"
        sys.exit(f"{name}, {number}, is not in {where}")
    if len(set(found)) != len(found):
        sys.exit("a call is twice in syscalls.def")
    if BEGIN + table(rows) + END not in PAGE.read_text():
        sys.exit("docs/programs.md has another table: system_calls.py write")
    print(f"{len(rows)} calls")


def write(rows):
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table(rows) + END + rest.partition(END)[2])


if __name__ == "__main__":
    actions = {"check": check, "write": write}
    if len(sys.argv) == 1:
        print(table(calls()), end="")
    elif len(sys.argv) == 2 and sys.argv[1] in actions:
        actions[sys.argv[1]](calls())
    else:
        sys.exit(__doc__)
