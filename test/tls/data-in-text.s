# Bytes of an object in the code are no use of TLS, whatever they decode as.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj %s -o %t.o
# RUN: %segshift tls %t.o | FileCheck %s
# CHECK: uses: none found
  .type f, @function
f:
  leaq data(%rip), %rax
  jmp 1f
  .type data, @object
data:
  .byte 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0
  .size data, . - data
1:
  ret
  .size f, . - f
