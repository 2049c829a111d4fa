/* Stores into kernel memory, as a program in ring 0 can. argv[1] says where:
 *   thread           the kernel's canary of a second thread, four bytes of it
 *   variable         the end of the running thread's last variable; no bit changes
 *   on CPU           the same on this processor, after some time without a system call
 *   beside PAGES     both ends of the pages below and above the running thread's TLS,
 *                    which is so many pages; no bit changes
 *   at ADDRESS PLUS  there; no bit changes
 * It has a handler for SIGSEGV, which ends it with status 3.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t threadPointer(void) {
  uint64_t Tp;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(Tp));
  return Tp;
}

/* A store like any other, but for what it does. */
static void touch(uint64_t Address) {
  __asm__ volatile("lock orb $0, (%0)" : : "r"(Address) : "memory");
}

static void say(const char *Text) { write(1, Text, strlen(Text)); }

static void *publish(void *To) {
  *(volatile uint64_t *)To = threadPointer();
  for (;;)
    pause();
}

static void handler(int Signal) {
  (void)Signal;
  say("in a handler\n");
  _exit(3);
}

int main(int argc, char **argv) {
  const char *Where = argc > 1 ? argv[1] : "";
  signal(SIGSEGV, handler);
  if (!strcmp(Where, "thread")) {
    static volatile uint64_t Other;
    pthread_t Thread;
    pthread_create(&Thread, 0, publish, (void *)&Other);
    while (!Other)
      usleep(1000);
    *(volatile uint32_t *)(Other + 0x28) = 0x5eed;
  } else if (!strcmp(Where, "variable")) {
    touch(threadPointer() - 1);
  } else if (!strcmp(Where, "on")) {
    cpu_set_t Set;
    CPU_ZERO(&Set);
    CPU_SET(atoi(argv[2]), &Set);
    if (sched_setaffinity(0, sizeof(Set), &Set))
      return 2;
    for (volatile unsigned I = 0; I != 20000000; ++I)
      ;
    touch(threadPointer() - 1);
  } else if (!strcmp(Where, "beside")) {
    uint64_t Pages = strtoul(argv[2], 0, 0);
    uint64_t End = (threadPointer() + 0x90 + 4095) & -4096ul;
    touch(End);
    touch(End + 4095);
    touch(End - 4096 * Pages - 1);
    touch(End - 4096 * Pages - 4096);
  } else if (!strcmp(Where, "at")) {
    touch(strtoul(argv[2], 0, 16) + strtol(argv[3], 0, 0));
  } else
    return 2;
  say("went on\n");
  return 0;
}
