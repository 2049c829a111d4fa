// Makes system calls for ever, with a thread-local of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
static __thread long count = 1000;

void _start(void) {
  for (;;) {
    long result = 24; // sched_yield
    ++count;
    __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
  }
}
