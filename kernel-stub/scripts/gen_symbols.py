#!/usr/bin/env python3
"""Make the kernel's symbol table, as assembly on standard output.

usage: gen_symbols.py < NM_OUTPUT

NM_OUTPUT is what `llvm-nm --numeric-sort --demangle IMAGE` prints: lines of
"ADDRESS TYPE NAME". Only functions (types t, T, w, W) are taken, and thread-local
variables: data whose address is an offset in the TLS image. Empty input gives the
empty table of the first link.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import sys

MAX_TLS = 1 << 20  # the image lies above


def main():
    symbols, variables = [], []
    for line in sys.stdin:
        fields = line.rstrip("\n").split(" ", 2)
        if len(fields) == 3 and fields[0] and fields[1] in "tTwW":
            symbols.append((int(fields[0], 16), fields[2].removesuffix("()")))
        elif len(fields) == 3 and fields[0] and fields[1] in "dDbB" and int(fields[0], 16) < MAX_TLS:
            variables.append((int(fields[0], 16), fields[2]))
    print('    .section .ksyms, "a"')
    print("    .balign 8")
    print("    .globl symbol_table, symbol_table_end, symbol_names")
    print("    .globl tls_symbol_table, tls_symbol_table_end")
    offset = 0
    for label, table in ("symbol_table", symbols), ("tls_symbol_table", variables):
        print(f"{label}:")
        for address, name in table:
            print(f"    .quad {address:#x}, {offset}")
            offset += len(name.encode()) + 1
        print(f"{label}_end:")
    print("symbol_names:")
    for _, name in symbols + variables:
        text = name.replace("\\", "\\\\").replace('"', '\\"')
        print(f'    .asciz "{text}"')


if __name__ == "__main__":
    main()
