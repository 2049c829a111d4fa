# Kernel, program and library in one session; the stub places the program where Linux does.
# The last stop is in the first thread's sched_yield, 24. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add-symbol-file program -o 0x555555554000
show-tls "requests"
hbreak handleSyscall
continue
echo before the program has TLS\n
show-tls "requests"; "Depth"
delete
hbreak stop
continue
echo in the program\n
add-symbol-file liblibrary.so -o library
show-tls "requests"; "session"; "Depth"; "requests", "thread 3"; "Depth", "thread 3"
show-tls "library_count"; "liblibrary.so::Depth"; "liblibrary.so:files-library.c:Depth"
show-tls "'files-program.c'::Depth"; "program::Depth"; "stub-gs-debug.elf::Depth"; "nowhere::Depth"
show-tls "requests", "thread 1"
delete
hbreak turn
continue
show-tls "requests"; "Depth"; "library_count"; "liblibrary.so::Depth"
delete
hbreak handleSyscall if F->rax == 24
continue
echo in the kernel\n
show-tls "requests"; "Depth"; "program::Depth"; "library_count"
echo without a script\n
python segshift_tls.kernel_threads = None
show-tls "requests"
python gdb.execute(f'show-tls "requests", {3 - gdb.selected_thread().num}')  # idle, or the other thread's
echo a wrong address, another copy, a wrong file\n
python gdb.execute("add-symbol-file program -o 0x10000000", to_string=True)
python gdb.execute(f"add-symbol-file {debugger.kernel()}", to_string=True)
show-tls "requests"; "Depth"
