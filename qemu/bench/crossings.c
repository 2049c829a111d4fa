/* The program whose ways into the kernel are counted: static, without a libc,
 * so that nothing but what is measured crosses.
 *
 *   crossings [--own-fs] RING GROUP...    each GROUP a name in the table below
 *
 * RING, 0 or 3, is where it must run. With --own-fs, it first sets an FS base
 * of its own, as the start-up code of a libc does. What a kernel does not
 * support is told on standard output, a line each, and is not measured.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "crossings.h"
#include "marks.h"

#include <stdbool.h>
#include <stdint.h>

#define REPEATS 32

enum {
  SYS_write = 1,
  SYS_open = 2,
  SYS_mmap = 9,
  SYS_munmap = 11,
  SYS_rt_sigaction = 13,
  SYS_rt_sigreturn = 15,
  SYS_sched_yield = 24,
  SYS_nanosleep = 35,
  SYS_getpid = 39,
  SYS_clone = 56,
  SYS_exit = 60,
  SYS_arch_prctl = 158,
  SYS_gettid = 186,
  SYS_futex = 202,
  SYS_exit_group = 231,
  SYS_tgkill = 234,
};
enum { ARCH_SET_FS = 0x1002, ENOSYS = 38 };
enum { FUTEX_WAIT, FUTEX_WAKE };

/* A system call, with Begin and End around the one instruction. */
#define CALL_TEXT(Begin, End)                                                  \
  register uint64_t R10 __asm__("r10") = D;                                    \
  register uint64_t R8 __asm__("r8") = E;                                      \
  register uint64_t R9 __asm__("r9") = 0;                                      \
  int64_t Result;                                                              \
  __asm__ volatile(Begin "syscall\n\t" End                                     \
                   : "=a"(Result)                                              \
                   : "a"(Number), "D"(A), "S"(B), "d"(C), "r"(R10), "r"(R8),   \
                     "r"(R9)                                                   \
                   : "rcx", "r11", "memory");                                  \
  return Result;
#define DEFINE_CALL(Name, Begin, End)                                          \
  __attribute__((noinline)) static int64_t Name(int64_t Number, uint64_t A,    \
                                                uint64_t B, uint64_t C,        \
                                                uint64_t D, uint64_t E) {      \
    CALL_TEXT(Begin, End)                                                      \
  }
#define DEFINE_MARKED_CALL(Name, Id)                                           \
  DEFINE_CALL(Name, MARK_TEXT(MARK_BEGIN, Id), MARK_TEXT(MARK_END, Id))

DEFINE_CALL(call, "", "")
DEFINE_MARKED_CALL(nullCall, ID_NULL_CALL)
DEFINE_MARKED_CALL(writeNull, ID_WRITE_NULL)
DEFINE_MARKED_CALL(yieldSame, ID_YIELD_SAME_FS)
DEFINE_MARKED_CALL(yieldOther, ID_YIELD_OTHER_FS)
DEFINE_MARKED_CALL(firstCall, ID_FIRST_CALL)
DEFINE_MARKED_CALL(secondCall, ID_SECOND_CALL)
DEFINE_MARKED_CALL(sendSignal, ID_SIGNAL)
DEFINE_MARKED_CALL(sleepCall, ID_SLEEP)

/* Where the program has its own thread pointers: in the middle of memory, as
 * kernels that keep their TLS there too write below them. */
#define BELOW 0x10000
struct block {
  char below[BELOW];
  uint64_t tcb[512];
} __attribute__((aligned(4096)));
/* Main's, then the threads' in turn: in mode fs-shared, the kernel still uses
 * the block of a thread that has been joined, until that thread has left it. */
enum { THREAD_BLOCKS = 8 };
static struct block blocks[1 + THREAD_BLOCKS];
static bool own_fs;

static uint64_t fs_of(unsigned i) {
  uint64_t tp = (uint64_t)blocks[i].tcb;
  blocks[i].tcb[0] = tp;
  return tp;
}

static void print(const char *text) {
  uint64_t size = 0;
  while (text[size])
    ++size;
  call(SYS_write, 1, (uint64_t)text, size, 0, 0);
}

/* --- Threads ------------------------------------------------------------- */

static uint64_t next_fs(void) {
  static unsigned started;
  return fs_of(1 + started++ % THREAD_BLOCKS);
}

static char stacks[2][16384] __attribute__((aligned(16)));
static int tids[2];

#define CLONE_FLAGS                                                            \
  (0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x200000 | 0x1000000)
/* VM, FS, FILES, SIGHAND, THREAD, CHILD_CLEARTID, CHILD_SETTID */
#define CLONE_SETTLS 0x80000

/* Runs function(index) on a new thread; returns its id, or -errno. */
#define DEFINE_CLONE(Name, Begin, End)                                         \
  __attribute__((noinline)) static int64_t Name(                               \
      void (*function)(uint64_t), uint64_t index, bool other_fs) {             \
    uint64_t *top = (uint64_t *)(stacks[index] + sizeof(stacks[index]));       \
    *--top = 0;                                                                \
    *--top = (uint64_t)function;                                               \
    *--top = index;                                                            \
    register uint64_t R10 __asm__("r10") = (uint64_t)&tids[index];             \
    register uint64_t R8 __asm__("r8") = next_fs();                            \
    int64_t Result;                                                            \
    __asm__ volatile(Begin "syscall\n\t"                                       \
                           "testq %%rax, %%rax\n\t"                            \
                           "jnz 1f\n\t"                                        \
                           "popq %%rdi\n\t"                                    \
                           "popq %%rax\n\t"                                    \
                           "xorl %%ebp, %%ebp\n\t"                             \
                           "callq *%%rax\n\t"                                  \
                           "movl $60, %%eax\n\t"                               \
                           "xorl %%edi, %%edi\n\t"                             \
                           "syscall\n\t"                                       \
                           "ud2\n"                                             \
                           "1:" End                                            \
                     : "=a"(Result)                                            \
                     : "a"(SYS_clone),                                         \
                       "D"(CLONE_FLAGS | (other_fs ? CLONE_SETTLS : 0)),       \
                       "S"(top), "d"(0), "r"(R10), "r"(R8)                     \
                     : "rcx", "r11", "memory");                                \
    return Result;                                                             \
  }
DEFINE_CLONE(startThread, "", "")
DEFINE_CLONE(cloneMarked, MARK_TEXT(MARK_BEGIN, ID_CLONE),
             MARK_TEXT(MARK_END, ID_CLONE))
DEFINE_CLONE(cloneBegin, MARK_TEXT(MARK_BEGIN, ID_THREAD_LIFE), "")

static void join(unsigned index) {
  int tid;
  while ((tid = __atomic_load_n(&tids[index], __ATOMIC_ACQUIRE)))
    call(SYS_futex, (uint64_t)&tids[index], FUTEX_WAIT, tid, 0, 0);
}

/* Two threads run function, with the program's FS or one each. */
static void pair(void (*function)(uint64_t), bool other_fs) {
  for (unsigned i = 0; i != 2; ++i) {
    tids[i] = -1;
    startThread(function, i, other_fs);
  }
  join(0);
  join(1);
}

/* --- Groups -------------------------------------------------------------- */

static void nullGroup(void) {
  for (unsigned i = 0; i != REPEATS; ++i)
    nullCall(SYS_getpid, 0, 0, 0, 0, 0);
}

static void writeGroup(void) {
  int64_t fd = call(SYS_open, (uint64_t)"/dev/null", 1 /* O_WRONLY */, 0, 0, 0);
  if (fd < 0) {
    print("write: no /dev/null\n");
    return;
  }
  for (unsigned i = 0; i != REPEATS; ++i)
    writeNull(SYS_write, fd, (uint64_t)"x", 1, 0, 0);
}

static void faultGroup(void) {
  char *page = (char *)call(SYS_mmap, 0, REPEATS * 4096, 3, 0x22, -1);
  for (unsigned i = 0; i != REPEATS; ++i, page += 4096)
    // clang-format off
    __asm__ volatile(MARK_TEXT(MARK_BEGIN, ID_PAGE_FAULT)
                     "movb $1, (%0)\n\t"
                     MARK_TEXT(MARK_END, ID_PAGE_FAULT)
                     : : "r"(page) : "memory");
  // clang-format on
}

/* Long enough for some ticks of a millisecond, an instruction a nanosecond. */
static void tickGroup(void) {
  MARK(MARK_BEGIN, ID_TICK_PROGRAM);
  for (unsigned i = 0; i != 8000000; ++i)
    __asm__ volatile("");
  MARK(MARK_END, ID_TICK_PROGRAM);
}

static void idleGroup(void) {
  uint64_t time[2] = {0, 20000000};
  MARK(MARK_BEGIN, ID_TICK_IDLE);
  call(SYS_nanosleep, (uint64_t)time, 0, 0, 0, 0);
  MARK(MARK_END, ID_TICK_IDLE);
  time[1] = 1000;
  for (unsigned i = 0; i != 8; ++i)
    sleepCall(SYS_nanosleep, (uint64_t)time, 0, 0, 0, 0);
}

/* Whose turn it is; a thread waits until it is its own. */
static int turn;
static void pass(uint64_t index) {
  __atomic_store_n(&turn, !index, __ATOMIC_RELEASE);
  call(SYS_futex, (uint64_t)&turn, FUTEX_WAKE, 1, 0, 0);
  while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != (int)index)
    call(SYS_futex, (uint64_t)&turn, FUTEX_WAIT, !index, 0, 0);
}
static void pingPong(uint64_t index) {
  for (unsigned i = 0; i != REPEATS; ++i) {
    if (index == 0)
      MARK(MARK_BEGIN, ID_FUTEX);
    pass(index);
    if (index == 0)
      MARK(MARK_END, ID_FUTEX);
  }
  __atomic_store_n(&turn, !index, __ATOMIC_RELEASE);
  call(SYS_futex, (uint64_t)&turn, FUTEX_WAKE, 1, 0, 0);
}
static void futexGroup(void) {
  turn = 0;
  pair(pingPong, own_fs);
}

static void yieldSameThread(uint64_t index) {
  (void)index;
  for (unsigned i = 0; i != REPEATS; ++i)
    yieldSame(SYS_sched_yield, 0, 0, 0, 0, 0);
}
static void yieldOtherThread(uint64_t index) {
  (void)index;
  for (unsigned i = 0; i != REPEATS; ++i)
    yieldOther(SYS_sched_yield, 0, 0, 0, 0, 0);
}
static void yieldSameGroup(void) { pair(yieldSameThread, false); }
static void yieldOtherGroup(void) { pair(yieldOtherThread, true); }

static void nothing(uint64_t index) { (void)index; }
static void cloneGroup(void) {
  for (unsigned i = 0; i != REPEATS; ++i) {
    tids[0] = -1;
    cloneMarked(nothing, 0, own_fs);
    join(0);
  }
}
static void lifeGroup(void) {
  for (unsigned i = 0; i != REPEATS; ++i) {
    tids[0] = -1;
    cloneBegin(nothing, 0, own_fs);
    join(0);
    MARK(MARK_END, ID_THREAD_LIFE);
  }
}

/* To the new thread the main one goes by its wait in join. */
static void started(uint64_t index) {
  (void)index;
  MARK(MARK_END, ID_START);
}
static void startGroup(void) {
  for (unsigned i = 0; i != REPEATS; ++i) {
    tids[0] = -1;
    startThread(started, 0, own_fs);
    MARK(MARK_BEGIN, ID_START);
    join(0);
  }
}

static void callTwice(uint64_t index) {
  (void)index;
  firstCall(SYS_getpid, 0, 0, 0, 0, 0);
  secondCall(SYS_getpid, 0, 0, 0, 0, 0);
}
static void firstGroup(void) {
  for (unsigned i = 0; i != REPEATS; ++i) {
    tids[0] = -1;
    startThread(callTwice, 0, own_fs);
    join(0);
  }
}

static unsigned handled;
static void handler(int number) {
  (void)number;
  ++handled;
}
__asm__("restore: movl $15, %eax\n\tsyscall\n");
extern const char restore[];
static void signalGroup(void) {
  enum { SIGUSR1 = 10, SA_RESTORER = 0x4000000 };
  struct {
    uint64_t handler, flags, restorer, mask;
  } action = {(uint64_t)handler, SA_RESTORER, (uint64_t)restore, 0}, old;
  old.handler = 0;
  /* A kernel without handlers takes the action and forgets it. */
  if (call(SYS_rt_sigaction, SIGUSR1, (uint64_t)&action, 0, 8, 0) ||
      call(SYS_rt_sigaction, SIGUSR1, 0, (uint64_t)&old, 8, 0) ||
      old.handler != (uint64_t)handler) {
    print("signal: no signal handlers\n");
    return;
  }
  int64_t pid = call(SYS_getpid, 0, 0, 0, 0, 0);
  int64_t tid = call(SYS_gettid, 0, 0, 0, 0, 0);
  for (unsigned i = 0; i != REPEATS; ++i)
    sendSignal(SYS_tgkill, pid, tid, SIGUSR1, 0, 0);
  if (handled != REPEATS)
    print("signal: not delivered\n");
}

/* --- Time, for a CPU that has it (KVM) ----------------------------------- */

static uint64_t cycles(void) {
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc\n\tlfence"
                   : "=a"(low), "=d"(high)
                   :
                   : "memory");
  return (uint64_t)high << 32 | low;
}

static void printNumber(uint64_t n) {
  char text[24];
  unsigned i = sizeof(text) - 1;
  for (text[i] = 0; n || i == sizeof(text) - 1; n /= 10)
    text[--i] = '0' + n % 10;
  print(text + i);
}

enum { TIMED = 256 }; /* crossings in a row */

static void timeCalls(void) {
  for (unsigned i = 0; i != TIMED; ++i)
    call(SYS_getpid, 0, 0, 0, 0, 0);
}
static void timeFaults(void) {
  int64_t pages = call(SYS_mmap, 0, TIMED * 4096, 3, 0x22, -1);
  for (unsigned i = 0; i != TIMED; ++i)
    *(volatile char *)(pages + i * 4096) = 1;
  call(SYS_munmap, pages, TIMED * 4096, 0, 0, 0);
}

/* As cycles.c has it: a name, a tab, the cycles of one crossing by rounds. */
static void printTimes(const char *name, void (*run)(void)) {
  print(name);
  print("\t");
  for (unsigned round = 0; round != REPEATS; ++round) {
    uint64_t begin = cycles();
    run();
    print(" ");
    printNumber((cycles() - begin) / TIMED);
  }
  print("\n");
}
static void timeGroup(void) {
  printTimes("null system call", timeCalls);
  printTimes("demand page fault, with its share of mmap and munmap",
             timeFaults);
}

static const struct {
  const char *name;
  void (*run)(void);
} groups[] = {
    {"null", nullGroup},
    {"write", writeGroup},
    {"fault", faultGroup},
    {"tick", tickGroup},
    {"idle", idleGroup},
    {"futex", futexGroup},
    {"yield-same-fs", yieldSameGroup},
    {"yield-other-fs", yieldOtherGroup},
    {"clone", cloneGroup},
    {"thread-life", lifeGroup},
    {"start", startGroup},
    {"first-call", firstGroup},
    {"signal", signalGroup},
    {"time", timeGroup},
};

static bool equal(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

static int run(char **names) {
  int status = 0;
  for (; *names; ++names) {
    bool found = false;
    for (unsigned i = 0; i != sizeof(groups) / sizeof(groups[0]); ++i)
      if (equal(groups[i].name, *names)) {
        found = true;
        groups[i].run();
      }
    if (!found) {
      print("crossings: no such group: ");
      print(*names);
      print("\n");
      status = 1;
    }
  }
  return status;
}

__attribute__((used)) static void start(uint64_t *stack) {
  char **argv = (char **)(stack + 1);
  ++argv;
  if (*argv && equal(*argv, "--own-fs")) {
    ++argv;
    own_fs = true;
    call(SYS_arch_prctl, ARCH_SET_FS, fs_of(0), 0, 0, 0);
  }
  uint64_t cs;
  __asm__("movq %%cs, %0" : "=r"(cs));
  if (!*argv || (cs & 3) != (uint64_t)(**argv - '0')) {
    print("crossings: not in the ring that was asked for\n");
    call(SYS_exit_group, 1, 0, 0, 0, 0);
  }
  MARK(MARK_START, 0);
  int status = run(argv + 1);
  MARK(MARK_STOP, 0);
  call(SYS_exit_group, status, 0, 0, 0, 0);
  __builtin_trap();
}
__asm__(".globl _start\n"
        "_start: xorl %ebp, %ebp\n\t"
        "movq %rsp, %rdi\n\t"
        "andq $-16, %rsp\n\t"
        "callq start\n\t"
        "ud2\n");
