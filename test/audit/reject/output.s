# JSON and SARIF say what the text says.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj -g %s -o %t.o
# RUN: printf '%%s\n' 'allowed_one for the test' 'gone not there' > %t.allow
# RUN: %segshift audit --allow-file=%t.allow --json=%t.json --sarif=%t.sarif %t.o > %t.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.txt
# RUN: python3 %S/../Inputs/check_output.py %t.json %t.sarif %t.o %s %t.allow
# One of them on standard output in place of the text.
# RUN: %segshift audit --allow-file=%t.allow --json %t.o > %t.json2; test $? -eq 1
# RUN: cmp %t.json %t.json2
# RUN: %segshift audit --allow-file=%t.allow --sarif %t.o > %t.sarif2; test $? -eq 1
# RUN: cmp %t.sarif %t.sarif2
# RUN: %segshift audit --json --sarif %t.o 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=BOTH
# BOTH: --json and --sarif both go to standard output; name a file for one
# RUN: %segshift audit --json=%t.absent/x %t.o 2> %t.err > /dev/null; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=ABSENT
# ABSENT: output.s.tmp.absent/x: cannot create a temporary file beside it: {{.*}} [SEG231]

# A name that is not UTF-8.
# RUN: printf '"\377": rdfsbase %%%%rax\n' | %llvm/llvm-mc -triple=x86_64 -filetype=obj - -o %t.name.o
# RUN: %segshift audit --json=%t.json --sarif=%t.sarif %t.name.o > /dev/null; test $? -eq 1
# RUN: python3 -c 'import json, sys; [json.load(open(f, encoding="utf-8")) for f in sys.argv[1:]]' %t.json %t.sarif

# CHECK: output.s.tmp.o: in function 'bad':
# CHECK-NEXT: output.s:[[#@LINE+5]]: finding: memory access through %fs:0x28
  .text
  .globl bad
  .type bad, @function
bad:
  movq %fs:0x28, %rax
  swapgs
  ret
  .size bad, .-bad
  .type allowed_one, @function
allowed_one:
  wrfsbase %rax
  ret
  .size allowed_one, .-allowed_one
