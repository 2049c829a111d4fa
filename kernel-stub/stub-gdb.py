"""stub-gdb.py: the stub's threads, for segshift-gdb.py, which must be loaded first.

  gdb -x packaging/gdb/segshift-gdb.py -x kernel-stub/stub-gdb.py build/kernel-stub/stub-gs-debug.elf

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import gdb
import segshift_gdb


def threads():
    try:
        lists = gdb.parse_and_eval("'thread::(anonymous namespace)::IdLists'")
    except gdb.error:
        return  # an image without DWARF
    first, last = lists.type.range()
    for i in range(first, last + 1):
        thread = lists[i]
        while thread:
            state = str(thread["S"]).rpartition("::")[2].lower()
            what = "program" if thread["Owner"] else "kernel"
            yield int(thread["Id"]), f"{what}, {state}", int(thread["Bases"]["Tp"])
            thread = thread["IdNext"]


segshift_gdb.kernel_threads = lambda: sorted(threads())
