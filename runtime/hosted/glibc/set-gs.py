#!/usr/bin/env python3
"""Makes a static program's C library give its first thread's pointer to GS.

set-gs.py LIBC.a: glibc's __libc_setup_tls calls arch_prctl(ARCH_SET_FS, tp) by an
inline system call; its one constant becomes that of ARCH_SET_GS, in place. (No
instruction names a segment there, so `segshift rewrite` has nothing to move.)

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import sys

SET_FS = bytes.fromhex("bf02100000")  # mov $0x1002, %edi
SET_GS = bytes.fromhex("bf01100000")
ARCH_PRCTL = bytes.fromhex("b89e000000")  # mov $158, %eax


def main():
    path = sys.argv[1]
    with open(path, "rb") as file:
        data = file.read()
    places = [i for i in range(len(data)) if data.startswith(SET_FS, i) and ARCH_PRCTL in data[i:i + 48]] \
        if SET_FS in data else []
    if len(places) != 1:
        sys.exit(f"set-gs.py: {path}: arch_prctl(ARCH_SET_FS) was found {len(places)} times, not once; "
                 "this C library is not known")
    with open(path, "r+b") as file:
        file.seek(places[0])
        file.write(SET_GS)


if __name__ == "__main__":
    main()
