/* Start-up code of the behaviour tests: a program without libc, whose TLS is
 * behind the segment that TLS_SEGMENT names while the other one points to
 * unmapped memory. Compiled without the plugin; uses no TLS itself.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <elf.h>

typedef unsigned long word;
enum { SET_GS = 0x1001, SET_FS = 0x1002 }; /* arch_prctl(2) */
enum { SYS_WRITE = 1, SYS_ARCH_PRCTL = 158, SYS_EXIT_GROUP = 231 };
static const word unmapped = 0x123450000000;
static const word canary = 0x5a17c0ffee00ab00;

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
int main(void);

static long syscall3(long n, long a, long b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}

void *memcpy(void *to, const void *from, word n) {
  for (word i = 0; i < n; i++)
    ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memset(void *to, int v, word n) {
  for (word i = 0; i < n; i++)
    ((volatile char *)to)[i] = (char)v;
  return to;
}

__attribute__((noreturn)) void stop(int status) {
  for (;;)
    syscall3(SYS_EXIT_GROUP, status, 0, 0);
}

static void text(const char *s) {
  word n = 0;
  while (s[n])
    n++;
  syscall3(SYS_WRITE, 1, (long)s, (long)n);
}

/* Print one checked value. */
void put(const char *name, long v) {
  char digits[20], *p = digits + sizeof digits - 1;
  word u = v < 0 ? -(word)v : (word)v;
  *p = 0;
  do
    *--p = (char)('0' + u % 10);
  while (u /= 10);
  text(name);
  text(v < 0 ? "=-" : "=");
  text(p);
  text("\n");
}

__attribute__((noreturn)) void __stack_chk_fail(void) {
  text("stack smashed\n");
  stop(99);
}

/* Two threads' worth of blocks; block 0 is the one at start. */
static char blocks[2][65536] __attribute__((aligned(4096)));
static word pointers[2];

static word make_block(char *memory, word size) {
  const Elf64_Phdr *ph = (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
  word base = (word)&__ehdr_start;
  const Elf64_Phdr *tls = 0;
  for (int i = 0; i < __ehdr_start.e_phnum; i++) {
    if (ph[i].p_type == PT_TLS)
      tls = &ph[i];
    if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
      base -= ph[i].p_vaddr;
  }
  word tp = (word)memory + size - 4096;
  if (tls) {
    /* Variant II: the image ends at tp, but for what p_vaddr's alignment needs. */
    word start = tp - tls->p_memsz - (-(tls->p_vaddr + tls->p_memsz) & (tls->p_align - 1));
    memcpy((void *)start, (const void *)(base + tls->p_vaddr), tls->p_filesz);
  }
  *(word *)tp = tp;
  *(word *)(tp + 0x10) = tp;
  *(word *)(tp + 0x28) = canary;
  return tp;
}

void use_block(int n) { syscall3(SYS_ARCH_PRCTL, TLS_SEGMENT, (long)pointers[n], 0); }

static struct { void (*run)(void *); void *object; } destructors[32];
static int destructor_count;
void *__dso_handle;
int __cxa_thread_atexit(void (*run)(void *), void *object, void *dso) {
  destructors[destructor_count].run = run;
  destructors[destructor_count++].object = object;
  return dso != 0 && 0;
}
void run_destructors(void) {
  while (destructor_count) {
    destructor_count--;
    destructors[destructor_count].run(destructors[destructor_count].object);
  }
}

__attribute__((used)) static void start(void) {
  syscall3(SYS_ARCH_PRCTL, TLS_SEGMENT == SET_GS ? SET_FS : SET_GS, (long)unmapped, 0);
  for (int i = 0; i < 2; i++)
    pointers[i] = make_block(blocks[i], sizeof blocks[i]);
  use_block(0);
  stop(main());
}

__asm__(".globl _start\n_start: xorl %ebp, %ebp\n andq $-16, %rsp\n call start\n hlt");
