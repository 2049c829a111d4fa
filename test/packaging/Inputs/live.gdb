# Over QEMU's gdb stub, stopped in a system call. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set pagination off
hbreak handleSyscall
continue
continue
info tls
print $tls("thread::(anonymous namespace)::Current")->NumSyscalls
print $tls("Depth")
print $tls("thread::(anonymous namespace)::Current", "thread 1")->Id
print $tls("thread::(anonymous namespace)::Current", "cpu 1")->Id
info tls cpu 1
python
for name in ("nothing", "Current"):
    try:
        gdb.execute(f'print $tls("{name}")')
    except gdb.error as error:
        print(error)
end
