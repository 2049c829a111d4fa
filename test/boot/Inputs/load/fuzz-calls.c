/* Makes random system calls with hostile arguments: bad, kernel and non-canonical
   pointers, huge sizes, structures of random bytes, any FS that the kernel takes.
   The kernel must answer or end this program, and go on.
   usage: fuzz-calls SEED [CALLS [THREADS [trace]]]
   A run of one thread repeats; more race for the random numbers too. With trace, each
   call is told on standard error before it is made.

   No C library and no thread-locals, so that it lives with any FS:
     gcc -O2 -static -nostdlib -ffreestanding -fno-stack-protector fuzz-calls.c

   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <stddef.h>
#include <stdint.h>

enum {
  SYS_write = 1, SYS_mmap = 9, SYS_munmap = 11, SYS_rt_sigaction = 13, SYS_rt_sigreturn = 15,
  SYS_pause = 34, SYS_nanosleep = 35, SYS_getpid = 39, SYS_clone = 56, SYS_fork = 57,
  SYS_vfork = 58, SYS_execve = 59, SYS_exit = 60, SYS_kill = 62, SYS_arch_prctl = 158,
  SYS_gettid = 186, SYS_tkill = 200, SYS_exit_group = 231, SYS_tgkill = 234, SYS_clone3 = 435,
};
enum { ArenaSize = 1 << 20, NumArenas = 3, SIGUSR2 = 12, MaxThreads = 8, StackSize = 16384 };

static uint64_t state;
static char *arenas[NumArenas]; /* to be written to, only read, not even that */
static volatile uint64_t calls, end_of_calls;
static int main_tid, pid;
static int trace;
static char stacks[MaxThreads][StackSize] __attribute__((aligned(16))); /* the watchdog's first */

static long call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                 uint64_t f) {
  long result;
  register uint64_t r10 __asm__("r10") = d;
  register uint64_t r8 __asm__("r8") = e;
  register uint64_t r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void print(int fd, const char *text) {
  size_t n = 0;
  while (text[n])
    ++n;
  call(SYS_write, fd, (uint64_t)text, n, 0, 0, 0);
}

static void print_number(int fd, uint64_t value, unsigned base) {
  char digits[24];
  size_t at = sizeof(digits);
  digits[--at] = 0;
  do
    digits[--at] = "0123456789abcdef"[value % base];
  while (value /= base);
  print(fd, digits + at);
}

static uint64_t next(void) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t n) { return (next() >> 11) % n; }

static const char *const paths[] = {
    "/", "/tmp", "/tmp/fuzz", "/tmp/fuzz/deeper", "/proc/self/maps", "/dev/zero",
    "/dev/null", "/dev/urandom", "/none", "", "/tmp/fuzz", "/tmp/fuzz/../../tmp/./fuzz", "/proc/self/fd/0",
    "/proc", "/etc/passwd/x"};

static uint64_t pointer(void) {
  char *arena = arenas[below(4) ? 0 : below(NumArenas)];
  switch (below(16)) {
  case 0:
    return 0;
  case 1: /* the kernel: image, direct map, threads */
    return 0xffffffff80000000 + below(0x400000);
  case 2:
    return 0xffff800000000000 + below(1ull << 32);
  case 3: /* not canonical */
    return 0x0000800000000000 + below(1ull << 40) * 4096 - below(32);
  case 4:
    return 0x8000000000000000 + next() % (1ull << 62);
  case 5: /* the end of the program's half */
    return 0x00007fffffffffff - below(0x3000);
  case 6:
    return -below(4096);
  case 7:
    return next();
  case 8:
    return below(0x20000); /* low, not mapped */
  case 9:
    return (uint64_t)paths[below(sizeof(paths) / sizeof(*paths))];
  case 10: /* over the end of what is mapped */
    return (uint64_t)(arena + ArenaSize - below(64));
  default:
    return (uint64_t)(arena + below(ArenaSize - 8192) / 8 * 8);
  }
}

static uint64_t argument(void) {
  switch (below(12)) {
  case 0:
    return 0;
  case 1:
    return below(8);
  case 2:
    return below(64);
  case 3:
    return -1 - below(4) * below(100);
  case 4:
    return 1ull << below(64);
  case 5:
    return (1ull << below(64)) - 1 + below(3);
  case 6:
    return below(1 << 16);
  case 7:
    return 4096 * below(64);
  default:
    return pointer();
  }
}

/* Something of every kind lies in the arena: numbers, pointers, paths, times. */
static void fill_arena(void) {
  uint64_t *words = (uint64_t *)arenas[0];
  for (int i = 0; i != 64; ++i)
    words[below(ArenaSize / 8)] = below(2) ? argument() : below(10);
}

static void on_signal(int number) { (void)number; }

__attribute__((naked)) static void restore(void) {
  __asm__ volatile("mov $15, %eax\n\tsyscall");
}

static void set_handlers(void) {
  for (int number = 1; number != 65; ++number) {
    uint64_t action[4] = {(uint64_t)on_signal, 0x04000000 /* SA_RESTORER */, (uint64_t)restore, 0};
    if (number != 11 && number != 7 && number != 4 && number != 8)
      call(SYS_rt_sigaction, number, (uint64_t)action, 0, 8, 0, 0);
  }
}

/* Another thread: ends calls that wait, and the program if that does not help. Also
   when all calls are made: the main thread may have made one that waits, and others the
   rest. */
static void watch(void) {
  uint64_t seen = 0;
  int stuck = 0;
  for (;;) {
    uint64_t time[2] = {0, 20000000};
    call(SYS_nanosleep, (uint64_t)time, 0, 0, 0, 0, 0);
    stuck = calls == seen ? stuck + 1 : 0;
    seen = calls;
    if (stuck)
      call(SYS_tgkill, pid, main_tid, SIGUSR2, 0, 0, 0);
    if (stuck > 25) {
      print(1, "fuzz-calls: the main thread waits with signals blocked, or has ended\n");
      call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
    }
  }
}

static void start_thread(void (*function)(void), char *stack) {
  uint64_t *top = (uint64_t *)(stack + StackSize - 64);
  long result;
  register uint64_t r10 __asm__("r10") = 0;
  register uint64_t r8 __asm__("r8") = 0;
  /* CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM */
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "call *%[function]\n"
                   "1:"
                   : "=a"(result)
                   : "a"((long)SYS_clone), "D"(0x50f00ul), "S"(top), "d"(0ul), "r"(r10), "r"(r8),
                     [function] "r"(function)
                   : "rcx", "r11", "memory");
  if (result < 0)
    print(1, "fuzz-calls: no thread\n");
}

static int is_seldom(uint64_t number) {
  switch (number) {
  case SYS_rt_sigreturn:
  case SYS_clone:
  case SYS_clone3:
  case SYS_fork:
  case SYS_vfork:
  case SYS_execve:
  case SYS_exit:
  case SYS_exit_group:
  case SYS_kill:
  case SYS_tkill:
  case SYS_tgkill:
  case SYS_munmap:
    return 1;
  }
  return 0;
}

static uint64_t parse(const char *text) {
  uint64_t value = 0;
  while (text && *text >= '0' && *text <= '9')
    value = value * 10 + (uint64_t)(*text++ - '0');
  return value;
}

static void fuzz(void) {
  while (calls < end_of_calls) {
    uint64_t number = below(20) ? below(462) : argument();
    uint64_t a[6];
    for (int i = 0; i != 6; ++i)
      a[i] = argument();
    if (below(3) == 0)
      fill_arena();
    if (below(16) == 0) { /* any FS that Linux takes, and some that it does not */
      number = SYS_arch_prctl;
      a[0] = 0x1001 + below(4);
      a[1] = argument();
    }
    if (is_seldom(number) && below(400))
      continue;
    if (number == SYS_mmap) { /* not over what runs, most of the time */
      if (below(200))
        a[3] &= ~0x10ull;
      if (below(4))
        a[1] &= 0xffffff;
    }
    /* The output is ours: write, writev, pwrite64, pwritev, close; dup2, dup3. */
    if ((number == SYS_write || number == 20 || number == 18 || number == 296 || number == 3) &&
        (unsigned)a[0] <= 2)
      a[0] = 77;
    if ((number == 33 || number == 292) && (unsigned)a[1] <= 2)
      a[1] = 77;
    if (number == 40 && (unsigned)a[0] <= 2) /* sendfile */
      a[0] = 77;
    if ((number == 275 || number == 326) && (unsigned)a[2] <= 2) /* splice, copy_file_range */
      a[2] = 77;
    if (number == 436 && (unsigned)a[0] <= 2) /* close_range */
      continue;
    if (trace) {
      print(2, "call ");
      print_number(2, number, 10);
      for (int i = 0; i != 6; ++i) {
        print(2, i ? ", 0x" : " 0x");
        print_number(2, a[i], 16);
      }
      print(2, "\n");
    }
    call((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    ++calls;
    if (below(500) == 0)
      set_handlers();
  }
}

static void fuzz_for_ever(void) {
  fuzz();
  for (;;)
    call(SYS_pause, 0, 0, 0, 0, 0, 0);
}

__attribute__((used)) static void start(uint64_t *stack) {
  uint64_t seed = stack[0] > 1 ? parse((const char *)stack[2]) : 1;
  end_of_calls = stack[0] > 2 ? parse((const char *)stack[3]) : 20000;
  state = seed * 0x9e3779b97f4a7c15 + 0x1234567;
  pid = (int)call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  main_tid = (int)call(SYS_gettid, 0, 0, 0, 0, 0, 0);
  static const int protections[NumArenas] = {3, 1, 0};
  for (int i = 0; i != NumArenas; ++i)
    arenas[i] = (char *)call(SYS_mmap, 0, ArenaSize, protections[i], 0x22, (uint64_t)-1, 0);
  print(1, "fuzz-calls: seed ");
  print_number(1, seed, 10);
  print(1, "\n");
  set_handlers();
  start_thread(watch, stacks[0]);
  uint64_t threads = stack[0] > 3 ? parse((const char *)stack[4]) : 1;
  trace = stack[0] > 4;
  for (uint64_t i = 1; i < threads && i < MaxThreads; ++i)
    start_thread(fuzz_for_ever, stacks[i]);
  fuzz();
  print(1, "fuzz-calls: done after ");
  print_number(1, calls, 10);
  print(1, " calls\n");
  call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

__attribute__((naked, used)) void _start(void) {
  __asm__ volatile("mov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start");
}
