// What LLVM adds after the plugin has looked at the IR: a canary that is a
// thread-local variable, SafeStack's pointer and its own load of the canary.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KEEP-FS: own=3
#ifdef GUARD
__thread unsigned long __stack_chk_guard;
#endif
__thread int variable;
extern __thread int elsewhere;
void use(char *, long);
void plain(void) { char b[64]; use(b, 1); }
void with_tls(void) { char b[64]; use(b, variable + elsewhere); }
void dynamic(int n) { char b[n]; use(b, n); }
long own(long __seg_fs *p, long i) {
  char b[64];
  use(b, i);
  return p[i] + *(volatile long __seg_fs *)0x38 + *(long __seg_fs *)0x48 + variable;
}
