# The allow-list: whole names, demangled names, kinds, reasons, unused entries.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: printf '%%s\n' '# Comment' '' 'switch_fs gives each thread its FS' '  "Cpu::set\(unsigned long\)"  [fs-base, fs-msr]  demangled' 'never_there is gone' > %t.allow
# RUN: %segshift audit --allow-file=%t.allow %t.o > %t.txt
# RUN: FileCheck %s --input-file=%t.txt
# CHECK: allowed: writes FS_BASE, in switch_fs+0x0 [fs-base]
# CHECK-NEXT: wrfsbase
# CHECK-NEXT: because: gives each thread its FS
# CHECK: allowed: writes FS_BASE, in Cpu::set(unsigned long)+0x0
# CHECK: because: demangled
# CHECK: allow.s.tmp.allow:5: note: allow entry 'never_there' allowed nothing [unused-allow]
# CHECK: 1 file: 0 findings, 2 allowed, 0 on purpose, 1 note

# An unused entry can be made to fail.
# RUN: %segshift audit --allow-file=%t.allow --error-on=unused-allow %t.o > /dev/null; test $? -eq 1
# On the command line.
# RUN: %segshift audit --allow=switch_fs --allow=_ZN3Cpu3setEm %t.o | FileCheck %s --check-prefix=CLI
# CLI: because: --allow=switch_fs
# CLI: because: --allow=_ZN3Cpu3setEm
# Such an entry has no place in a file.
# RUN: %segshift audit --allow=nobody --sarif %t.o > %t.sarif; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.sarif --check-prefix=SARIF
# SARIF: "text": "allow entry 'nobody' allowed nothing"
# SARIF-NEXT: {{^ *[}]$}}
# SARIF-NEXT: {{^ *[}]$}}
# Part of a name does not match, nor does another kind.
# RUN: %segshift audit --allow=switch --allow=Cpu::set.* %t.o > %t.part.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.part.txt --check-prefix=PART
# PART: finding: writes FS_BASE, in switch_fs
# PART: allowed: writes FS_BASE, in Cpu::set
# PART: note: allow entry 'switch' allowed nothing
# RUN: printf '%%s\n' '.* [fs-memory,fs-msr] another kind' > %t.kinds
# RUN: %segshift audit --allow-file=%t.kinds %t.o > %t.kinds.txt; test $? -eq 1

# Entries that are wrong.
# RUN: printf '%%s\n' 'fine because' 'switch_fs' > %t.bad
# RUN: %segshift audit --allow-file=%t.bad %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=REASON
# REASON: allow.s.tmp.bad:2: entry 'switch_fs' has no reason; write after the expression why FS is meant
# RUN: printf '%%s\n' 'switch_fs [fs-base]' > %t.bad
# RUN: %segshift audit --allow-file=%t.bad %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=REASON1
# REASON1: allow.s.tmp.bad:1: entry 'switch_fs' has no reason
# RUN: printf '%%s\n' 'switch_( because' > %t.bad
# RUN: %segshift audit --allow-file=%t.bad %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=REGEX
# REGEX: allow.s.tmp.bad:1: 'switch_(' is no regular expression: 
# RUN: printf '%%s\n' 'switch_fs [fs-bass] because' > %t.bad
# RUN: %segshift audit --allow-file=%t.bad %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=KIND
# KIND: allow.s.tmp.bad:1: 'fs-bass' is no kind of finding
# RUN: printf '%%s\n' '"switch_fs because' > %t.bad
# RUN: %segshift audit --allow-file=%t.bad %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=QUOTE
# QUOTE: allow.s.tmp.bad:1: '"' without a second one
# RUN: %segshift audit --allow-file=%t.absent %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=ABSENT
# ABSENT: allow.s.tmp.absent: No such file or directory

  .type switch_fs, @function
switch_fs:
  wrfsbase %rdi
  ret
  .type _ZN3Cpu3setEm, @function
_ZN3Cpu3setEm:
  wrfsbase %rdi
  ret
