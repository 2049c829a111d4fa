#!/usr/bin/env python3
"""Fail if a kernel image whose TLS is behind GS has an instruction that accesses
memory through FS.

usage: check_no_fs.py OBJDUMP IMAGE

Loads of the FS selector, rdfsbase and wrfsbase are not memory accesses.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import re
import subprocess
import sys


def main():
    objdump, image = sys.argv[1:]
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", image], check=True,
                          capture_output=True, text=True).stdout
    function, bad = "?", 0
    for line in text.splitlines():
        start = re.fullmatch(r"[0-9a-f]+ <(.*)>:", line)
        if start:
            function = start.group(1)
        elif "%fs:" in line:
            bad += 1
            print(f"{image}: in {function}: {' '.join(line.split())}", file=sys.stderr)
    if bad:
        print(f"{image}: {bad} accesses through FS; compile these with the plugin, "
              "or rewrite the object", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
