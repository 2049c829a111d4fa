// TLS relocations that no linker turns into an FS access: with the segment
// already GS, initial-exec and descriptors stay on GS through relaxation.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -S -ftls-model=initial-exec %s -o %t.ie.s
// RUN: sed 's/%%fs/%%gs/' %t.ie.s > %t.ie.gs.s
// RUN: %clang --target=x86_64-linux-gnu -c %t.ie.gs.s -o %t.ie.o
// RUN: %segshift audit --quiet %t.ie.o
// RUN: %clang --target=x86_64-linux-gnu -O1 -fPIC -S -mtls-dialect=gnu2 %s -o %t.desc.s
// RUN: sed 's/%%fs/%%gs/' %t.desc.s > %t.desc.gs.s
// RUN: %clang --target=x86_64-linux-gnu -c %t.desc.gs.s -o %t.desc.o
// RUN: %segshift audit --quiet %t.desc.o
// RUN: for object in %t.ie.o %t.desc.o; do %llvm/ld.lld -e f $object -o %t.elf && %segshift audit --quiet %t.elf || exit 1; done

__thread int x;
int f(void) { return x; }
