# Who made an object: its note, in objects, in images, and by the link map.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym NOTE=1 %s -o %t.noted.o
# RUN: %segshift audit %t.noted.o | FileCheck %s --check-prefix=NOTED
# NOTED-NOT: unmarked-object
# NOTED: 1 file: 0 findings, 0 allowed, 0 on purpose, 0 notes
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym OTHER=1 %s -o %t.bare.o
# RUN: %segshift audit %t.bare.o | FileCheck %s --check-prefix=BARE
# BARE: .bare.o: note: object touches TLS and has no segshift note [unmarked-object]
# RUN: %segshift audit --error-on=unmarked-object %t.bare.o > /dev/null; test $? -eq 1

# In a link, by the maps of both linkers. The object without a note is named,
# also out of an archive.
# RUN: rm -f %t.a && %llvm/llvm-ar rc %t.a %t.bare.o
# RUN: %llvm/ld.lld -e noted -u bare %t.noted.o %t.a -o %t.elf -Map=%t.map
# RUN: %segshift audit --link-map=%t.map %t.elf | FileCheck %s --check-prefix=MAP
# MAP-NOT: unmarked-object
# MAP: .elf: note: {{.*}}.tmp.a({{.*}}bare.o) holds .tbss, and has no segshift note [unmarked-object]
# MAP-NOT: unmarked-object
# MAP: 1 file: 0 findings, 0 allowed, 0 on purpose, 1 note{{$}}

# A note of another version.
# RUN: %llvm/llvm-mc -triple=x86_64 -filetype=obj --defsym NOTE=9 %s -o %t.new.o
# RUN: %segshift audit %t.new.o > %t.new.txt; test $? -eq 1
# RUN: FileCheck %s --input-file=%t.new.txt --check-prefix=NEW
# NEW: .new.o: finding: segshift note of ABI version 9; this segshift knows version 1 [abi-version]

# Map files that are none, and one for several images.
# RUN: %segshift audit --link-map=%s %t.elf 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=NOMAP
# NOMAP: notes.s: not a link map of ld.lld, ld.bfd or gold
# RUN: %segshift audit --link-map=%t.map %t.elf %t.elf 2> %t.err; test $? -eq 2
# RUN: FileCheck %s --input-file=%t.err --check-prefix=TWO
# TWO: --link-map belongs to one image, but there are 2 files
  .text
  .ifdef OTHER
  .globl bare
bare:
  .else
  .globl noted
noted:
  .endif
  movl %gs:x@tpoff, %eax
  ret
  .section .tbss,"awT",@nobits
x:
  .zero 4
  .ifdef NOTE
  .section .note.segshift,"a",@note
  .p2align 2
  .long 9, 8, 1
  .asciz "segshift"
  .p2align 2
  .long NOTE, 1
  .endif
