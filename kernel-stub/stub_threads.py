"""stub_threads.py: the stub's threads, for segshift-gdb.py or segshift_lldb.py, which
must be loaded first.

  gdb -x packaging/debugger/segshift-gdb.py -x kernel-stub/stub_threads.py KERNEL
  lldb -o "command script import packaging/debugger/segshift_lldb.py" \
       -o "command script import kernel-stub/stub_threads.py" KERNEL

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import segshift_tls


def threads(variable):
    lists = variable("thread::(anonymous namespace)::IdLists")
    found = []
    for i in range(0 if lists is None else len(lists)):
        thread = lists[i]
        while thread:
            state = str(thread["S"]).rpartition("::")[2].lower()
            what = "program" if thread["Owner"] else "kernel"
            bases = thread["Bases"]
            fs = int(bases["Fs"]["base"]) if bases["IsProgram"] else None
            found.append((int(thread["Id"]), f"{what}, {state}", int(bases["Tp"]), fs))
            thread = thread["IdNext"]
    return sorted(found, key=lambda thread: thread[0])


segshift_tls.kernel_threads = threads
