# Through the proxy. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set pagination off
set language c++
info tls
hbreak handleSyscall
continue
print 'thread::(anonymous namespace)::Current'->Id == $tls("thread::(anonymous namespace)::Current")->Id
print &thread::current() == 'thread::(anonymous namespace)::Current'
break thread::current if 'thread::(anonymous namespace)::Current'->Id > 1
delete 1
continue
print Current->Id > 1
set var $rip = $rip
thread apply all -q print &'thread::(anonymous namespace)::Current' == &$tls("thread::(anonymous namespace)::Current")
