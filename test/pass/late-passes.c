// Accesses that LLVM's late passes add are moved, and never marked as meant. What
// nothing attributes to one side is an error at its line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DEFINE: %{flags} =
// DEFINE: %{moved} = %clang -fpass-plugin=%plugin -O2 -fno-pic %{flags} -c %s -o %t.o && llvm-objdump -d %t.o | FileCheck %s --check-prefix=GS && %segshift audit %t.o | FileCheck %s --check-prefix=AUDIT
// REDEFINE: %{flags} = -DGUARD -fstack-protector-all -mstack-protector-guard-symbol=__stack_chk_guard
// RUN: %{moved}
// REDEFINE: %{flags} = -DGUARD -fstack-protector-all -mstack-protector-guard-reg=gs -mstack-protector-guard-symbol=__stack_chk_guard
// RUN: %{moved}
// REDEFINE: %{flags} = -DGUARD -fstack-protector-all -mstack-protector-guard=global
// RUN: %{moved}
// REDEFINE: %{flags} = -DGUARD -fstack-protector-all --target=x86_64-unknown-none-elf
// RUN: %{moved}
// REDEFINE: %{flags} = -DGUARD -fstack-protector-all --target=x86_64-unknown-hermit -O0
// RUN: %{moved}
// REDEFINE: %{flags} = -DGUARD -DKEEP -fstack-protector-all -mstack-protector-guard=global
// RUN: %{moved}
// REDEFINE: %{flags} = -fsanitize=safe-stack -fstack-protector-strong
// RUN: %{moved}
// REDEFINE: %{flags} = -fsanitize=safe-stack -fstack-protector-strong -O0 -mno-tls-direct-seg-refs
// RUN: %{moved}
// REDEFINE: %{flags} = -fsanitize=safe-stack -fstack-protector-strong -mstack-protector-guard=global
// RUN: %{moved}
// GS-NOT: %fs
// GS: %gs:
// GS-NOT: %fs
// AUDIT: 0 findings, 0 allowed, 0 on purpose

// By an option it stays, but an option is not a mark: the audit tells.
// RUN: %clang -fpass-plugin=%plugin -O2 -fno-pic -fstack-protector-all -mstack-protector-guard-reg=fs -c %s -o %t.fs.o && not %segshift audit %t.fs.o | FileCheck %s --check-prefix=ASKED
// ASKED: %fs:0x28
// ASKED: {{[1-9]}} findings in 3 functions, 0 allowed, 0 on purpose

// RUN: not %clang -fpass-plugin=%plugin -O2 -g -fno-pic -DMERGED -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MERGED
// RUN: not %clang -fpass-plugin=%plugin -O2 -fno-pic -DBOTH -DGUARD -fstack-protector-all -mstack-protector-guard=global -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not %clang -fpass-plugin=%plugin -O2 -fno-pic -DNAMED -fstack-protector-all -mstack-protector-guard-symbol=my_guard -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=NAMED
#ifdef GUARD
__thread unsigned long __stack_chk_guard;
#endif
__thread int x;
void use(char *, int);
void plain(void) { char b[64]; use(b, 1); }
void with_tls(void) { char b[64]; use(b, x); }
#ifndef BOTH
void no_tls_of_its_own(void) { char b[8]; use(b, 0); }
#endif
#ifdef KEEP // the stack is the kernel's
__attribute__((annotate("segshift.keep-fs"))) void keep(void) { char b[64]; use(b, 1); }
#endif
#ifdef MERGED
// Two accesses that differ in the segment alone become one, which has no line.
// MERGED: late-passes.c:[[#@LINE+1]]:{{.*}}error: segshift: cannot tell whether this use of %fs is a thread-local variable's, {{.*}} [SEG109]
int merged(int c, unsigned long i) {
  if (c)
    return *(int __seg_fs *)i;
  __asm__("" : "+r"(i));
  return *(int *)((char *)__builtin_thread_pointer() + i);
}
#endif
#ifdef BOTH
// BOTH: error: {{.*}}segshift: cannot tell whether {{.*}} (variable '__stack_chk_guard')
__attribute__((annotate("segshift.keep-fs"))) long both(void) { char b[64]; use(b, 1); return __stack_chk_guard; }
#endif
#ifdef NAMED
extern long __seg_fs my_guard;
// NAMED: late-passes.c:[[#@LINE+1]]:{{.*}}error: segshift: cannot tell whether
long named(void) { char b[64]; use(b, 1); return *(volatile long __seg_fs *)&my_guard; }
#endif
