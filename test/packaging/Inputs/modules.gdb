# In the self-test of modules, whose slots config.h has.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add-symbol-file counter.so -o 0xffffd80000000000
add-symbol-file static.so -o 0xffffd80000200000
hbreak *(0xffffd80000000000+CHECK)
continue
echo first call\n
show-tls "exported"; "static.so::exported"; "static.so::exported", "thread 1"
delete
hbreak kernel_yield
continue
up
echo after use\n
show-tls "exported"
show-tls "counter.so::text"; "exported", "thread 1"; "kernel_errno"; "LastError"
down
show-tls "exported"
