# Over QEMU's gdb stub, stopped in a system call. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set pagination off
hbreak handleSyscall
continue
continue
info tls
print $tls("thread::(anonymous namespace)::Current")->NumSyscalls
print $tls("Depth")
print $tls("thread::(anonymous namespace)::Current", "thread 1")->Id
python
cpu = f"cpu {gdb.selected_thread().num}" # either may run the program
gdb.execute(f'print $tls("thread::(anonymous namespace)::Current", "{cpu}")->Id')
gdb.execute('print $tls("thread.cpp:Current") == $tls("thread::(anonymous namespace)::Current", $gs_base)')
gdb.execute(f"info tls {cpu}")
for arguments in ('"nothing"', '"Current"', '"Depth", 9', '"Depth", "thread 99"', '"Depth", 0x1040L'):
    try:
        gdb.execute(f'print $tls({arguments})')
    except gdb.error as error:
        print(error)
end
