# A kernel, and a program that it does not run.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
hbreak kernel_main
continue
echo boot TCB\n
show-tls "kernel.elf::number"
hbreak work
continue
continue
echo in a thread\n
python
if not gdb.current_progspace().filename.endswith("other"):
    gdb.execute("add-symbol-file other -o 0x10000000")
end
show-tls "number"; "name"; "zero"; "other::number"
