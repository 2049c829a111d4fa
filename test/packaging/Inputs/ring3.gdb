# Stopped in the program, in ring 3. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set pagination off
set language c++
hbreak handleSyscall
continue
continue
hbreak *F->rip
delete 1
continue
printf "ring %d\n", $cs & 3
print $tls("thread::(anonymous namespace)::Current")->Owner != 0
