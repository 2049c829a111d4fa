// The ELF note says what made an object. It survives every link, and bitcode
// does not carry it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang -fpass-plugin=%plugin -O2 -fPIE -ffunction-sections -c %s -o %t.o
// RUN: llvm-readelf -S -n %t.o | FileCheck %s --check-prefixes=SECTION,NOTE
// An object without TLS has one too.
// RUN: %clang -fpass-plugin=%plugin -O0 -DEMPTY -c %s -o %t.empty.o && llvm-readelf -n %t.empty.o | FileCheck %s --check-prefix=NOTE
// RUN: ld.lld --gc-sections -e _start %t.o -o %t.lld && llvm-readelf -n %t.lld | FileCheck %s --check-prefix=NOTE
// RUN: ld.bfd --gc-sections -e _start %t.o -o %t.bfd && llvm-readelf -n %t.bfd | FileCheck %s --check-prefix=NOTE
// RUN: ld.lld -pie --gc-sections -e _start %t.o -o %t.pie && llvm-readelf -n %t.pie | FileCheck %s --check-prefix=NOTE
// The linker makes one of equal ones, also of those that `ld -r` has put together.
// RUN: for i in $(seq 300); do cp %t.empty.o %t.$i.copy.o; done
// RUN: for l in ld.lld ld.bfd; do $l -e 0 %t.*.copy.o -o %t.300 && $l -r %t.*.copy.o -o %t.r && $l -e 0 %t.r %t.1.copy.o -o %t.300r && llvm-readelf -S %t.300 | FileCheck %s --check-prefix=ONE && llvm-readelf -S %t.300r | FileCheck %s --check-prefix=ONE || exit 1; done
// An object of an older version has a note that does not merge; it is read.
// RUN: llvm-objcopy --set-section-flags=.note.segshift=alloc,readonly,contents --set-section-type=.note.segshift=7 %t.empty.o %t.old.o
// RUN: ld.lld -e 0 %t.*.copy.o %t.old.o -o %t.mixed && llvm-readelf -n %t.mixed | FileCheck %s --check-prefixes=NOTE,TWO
// RUN: %segshift audit %t.mixed
// A link map tells the objects apart all the same.
// RUN: ld.lld -e _start %t.o -Map=%t.map -o %t.mapped && %segshift audit --error-on=unmarked-object --link-map=%t.map %t.mapped
// RUN: llvm-readelf -lW %t.lld | FileCheck %s --check-prefix=SEGMENT
// The description of a stripped image is still there.
// RUN: llvm-strip %t.lld -o %t.stripped && llvm-readelf -n %t.stripped | FileCheck %s --check-prefix=NOTE

// RUN: %clang -fpass-plugin=%plugin -O2 -emit-llvm -c %s -o %t.bc
// RUN: llvm-dis %t.bc -o - | FileCheck %s --check-prefix=BITCODE
// RUN: %clang -O2 -c %t.bc -o %t.plain.o && llvm-readelf -S %t.plain.o | FileCheck %s --check-prefix=PLAIN
// RUN: %clang -O2 -c %s -o %t.plain.o && llvm-readelf -S %t.plain.o | FileCheck %s --check-prefix=PLAIN
// RUN: llc -filetype=obj -load-pass-plugin=%plugin %t.bc -o %t.llc.o && llvm-readelf -n %t.llc.o | FileCheck %s --check-prefix=NOTE
// RUN: %clang -fpass-plugin=%plugin -flto=thin -c %s -o %t.lto.o && llvm-dis %t.lto.o -o - | FileCheck %s --check-prefix=BITCODE
// RUN: ld.lld -e _start %t.lto.o -o %t.lto.plain && llvm-readelf -S %t.lto.plain | FileCheck %s --check-prefix=PLAIN
// RUN: ld.lld --load-pass-plugin=%plugin -e _start %t.lto.o -o %t.lto && llvm-readelf -n %t.lto | FileCheck %s --check-prefix=NOTE

// SECTION: .note.segshift NOTE {{0+}} {{[0-9a-f]+}} 000020 20 AM 0 0 4
// SECTION: .segshift.object PROGBITS {{0+}} {{[0-9a-f]+}} 000001 00 0 0 1
// ONE: .note.segshift NOTE {{[0-9a-f]+}} {{[0-9a-f]+}} 000020
// NOTE: Owner Data size Description
// NOTE-NEXT: segshift 0x00000008
// NOTE-NEXT: description data: 01 00 00 00 01 00 00 00
// TWO: description data: 01 00 00 00 01 00 00 00
// SEGMENT: NOTE {{.*}} R {{.*}}4
// BITCODE-NOT: note.segshift
// PLAIN-NOT: segshift
#ifndef EMPTY
__thread int x;
int unused(void) { return x + 1; }
void _start(void) { x = 3; }
#endif
