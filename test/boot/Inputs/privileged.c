/* Does what a program in ring 3 must not do; argv[1] says what. Ends well if
 * nothing stops it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile char *at(uint64_t Address) { return (volatile char *)Address; }

int main(int argc, char **argv) {
  const char *What = argc > 1 ? argv[1] : "";
  char Table[10];
#define IS(Name) (!strcmp(What, Name))
  if (IS("image"))
    (void)*at(0xffffffff80100000);
  else if (IS("direct-map"))
    (void)*at(0xffff800000100000);
  else if (IS("write"))
    *at(0xffff800000100000) = 1;
  else if (IS("jump"))
    ((void (*)(void))0xffffffff80100000)();
  else if (IS("non-canonical"))
    (void)*at(0x8000000000000000);
  else if (IS("jump-non-canonical"))
    ((void (*)(void))0x8000000000000000)();
  else if (IS("sgdt"))
    __asm__ volatile("sgdt %0" : "=m"(Table));
  else if (IS("sidt"))
    __asm__ volatile("sidt %0" : "=m"(Table));
  else if (IS("hlt"))
    __asm__ volatile("hlt");
  else if (IS("cli"))
    __asm__ volatile("cli");
  else if (IS("out"))
    __asm__ volatile("outb %%al, $0xf4" : : "a"(0));
  else if (IS("wrmsr"))
    __asm__ volatile("wrmsr" : : "c"(0xc0000101), "a"(0), "d"(0));
  else if (IS("swapgs"))
    __asm__ volatile("swapgs");
  else if (IS("int-timer"))
    __asm__ volatile("int $0x20");
  else if (IS("int-page-fault"))
    __asm__ volatile("int $14");
  else if (IS("int3"))
    __asm__ volatile("int3");
  else if (IS("kernel-stack")) {
    // Its own stack pointer is the kernel's, in a system call and in a fault.
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq $-4096, %%rsp\n\t"
                     "movl $39, %%eax\n\t"
                     "syscall\n\t"
                     "movq %%rbx, %%rsp"
                     :
                     :
                     : "rax", "rbx", "rcx", "r11", "memory");
    write(1, "went on\n", 8);
    __asm__ volatile("movq $-4096, %%rsp\n\tpushq %%rax" : : : "memory");
  } else
    puts("no such test");
  return 0;
}
