// Makes system calls for ever, with a thread-local of its own, and in ring 3
// (in ring 0 that is refused) with something behind GS that looks like a thread
// control block. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
static __thread long count = 1000;
static void *block[8] __attribute__((aligned(64)));

static long call(long number, long first, void *second) {
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(first), "S"(second)
                   : "rcx", "r11", "memory");
  return number;
}

void _start(void) {
  block[0] = block;
  call(158, 0x1001, block); // arch_prctl(ARCH_SET_GS)
  for (;;) {
    ++count;
    call(24, 0, 0); // sched_yield
  }
}
