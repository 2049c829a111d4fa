// The ELF note says what made an object. Intermediate code does not carry it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: gcc-plugin-12
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -fPIE -ffunction-sections -c %s -o %t.o
// RUN: llvm-readelf -S -n %t.o | FileCheck %s --check-prefixes=SECTION,NOTE
// Nothing is said of it by the assembler.
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -c %s -o %t.o 2>&1 | count 0
// It is the Clang plugin's to the byte.
// RUN: %clang -fpass-plugin=%plugin -c %s -o %t.clang.o && llvm-readelf -S -x .note.segshift %t.clang.o | grep -A3 'note.segshift.:' > %t.clang.txt
// RUN: llvm-readelf -x .note.segshift %t.o | grep -A3 'note.segshift.:' | cmp - %t.clang.txt
// An object without TLS has one too.
// RUN: gcc-12 -fplugin=%gcc12-plugin -O0 -DEMPTY -c %s -o %t.empty.o && llvm-readelf -n %t.empty.o | FileCheck %s --check-prefix=NOTE
// RUN: ld.lld --gc-sections -e _start %t.o -o %t.lld && llvm-readelf -n %t.lld | FileCheck %s --check-prefix=NOTE
// RUN: ld.bfd --gc-sections -e _start %t.o -o %t.bfd && llvm-readelf -n %t.bfd | FileCheck %s --check-prefix=NOTE
// RUN: gcc-12 -fplugin=%gcc12-plugin -flto -c %s -o %t.slim.o && llvm-readelf -S %t.slim.o | FileCheck %s --check-prefix=PLAIN
// RUN: gcc-12 -fplugin=%gcc12-plugin -flto -ffat-lto-objects -c %s -o %t.fat.o && llvm-readelf -n %t.fat.o | FileCheck %s --check-prefix=NOTE
// RUN: gcc-12 -O2 -flto -nostdlib -static %t.fat.o -o %t.plain && llvm-readelf -S %t.plain | FileCheck %s --check-prefix=PLAIN
// RUN: gcc-12 -fplugin=%gcc12-plugin -O2 -flto -nostdlib -static %t.slim.o -o %t.lto && llvm-readelf -n %t.lto | FileCheck %s --check-prefix=NOTE
// SECTION: .note.segshift NOTE {{0+}} {{[0-9a-f]+}} 000020 00 A 0 0 4
// NOTE: Owner Data size Description
// NOTE: segshift 0x00000008
// NOTE-NEXT: description data: 01 00 00 00 01 00 00 00
// PLAIN-NOT: note.segshift
#ifndef EMPTY
__thread int x;
int unused(void) { return x + 1; }
void _start(void) { x = 3; }
#endif
