// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry/interrupts.h"
#include "cpu/config.h"
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/lapic.h"
#include "device/log.h"
#include "device/timer.h"
#include "entry/guard_fault.h"
#include "entry/stress.h"
#include "thread/scheduler.h"
#include "thread/thread.h"
#include "tls/tls_guard.h"
#include "user/vm.h"

extern "C" {
extern const char copy_user_access[], copy_user_end[];
extern const char user_load32_access[], user_load32_end[];
extern const char user_cmpxchg32_access[], user_cmpxchg32_end[];
extern const char ring0_leave_trap_iretq[], ring0_leave_syscall_jump[];
extern const char ring3_leave_trap_iretq[], guarded_leave_trap_iretq[];
void handleInterrupt(Frame *F);
void handleParanoid(Frame *F);
[[noreturn]] void handleStackOverflow(Frame *F);
[[noreturn]] void handleMovedTp(const Frame *F, uint64_t Base);
[[noreturn]] void segshift_bad_tp(Frame *F, uint64_t Base);
}

namespace {

__thread unsigned Depth;
__thread const Frame *Current;
__thread unsigned NmiCount;
__thread unsigned KernelFaults;

uint64_t Nmis, Debugs;

enum Vector : uint64_t {
  Debug = 1,
  Nmi = 2,
  Breakpoint = 3,
  InvalidOpcode = 6,
  DoubleFault = 8,
  PageFault = 14,
  X87Error = 16,
  SimdError = 19,
};

// In a page fault's error code: by the program in ring 3; by a protection key.
constexpr uint64_t ErrorUser = 4, ErrorKey = 32;

struct Exception {
  const char *Name;
  int Signal; // what it does to a program
  int32_t Code = signal::SI_KERNEL;
};
const Exception Exceptions[32] = {
    {"divide error", SIGFPE, signal::FPE_INTDIV},
    {"debug exception", SIGTRAP, signal::TRAP_TRACE},
    {"NMI", SIGKILL},
    {"breakpoint", SIGTRAP},
    {"overflow", SIGSEGV},
    {"bound range exceeded", SIGSEGV},
    {"invalid opcode", SIGILL, signal::ILL_ILLOPN},
    {"device not available", SIGFPE},
    {"double fault", SIGKILL},
    {"coprocessor overrun", SIGFPE},
    {"invalid TSS", SIGSEGV},
    {"segment not present", SIGBUS},
    {"stack fault", SIGBUS},
    {"general protection", SIGSEGV},
    {"page fault", SIGSEGV},
    {"reserved", SIGKILL},
    {"x87 floating-point error", SIGFPE},
    {"alignment check", SIGBUS, signal::BUS_ADRALN},
    {"machine check", SIGKILL},
    {"SIMD floating-point error", SIGFPE},
    {"virtualization exception", SIGKILL},
    {"control protection", SIGSEGV},
};

bool isAt(const Frame &F, const char *Label) {
  return F.rip == reinterpret_cast<uint64_t>(Label);
}

bool isAtReturn(const Frame &F) {
#ifdef MODE_HAS_RING3
  if (isAt(F, ring3_leave_trap_iretq))
    return true;
#endif
#ifdef MODE_HAS_TLS_GUARD
  if (isAt(F, guarded_leave_trap_iretq))
    return true;
#endif
  return isAt(F, ring0_leave_trap_iretq);
}

bool isUserAccess(const Frame &F) {
  return isAt(F, copy_user_access) || isAt(F, user_load32_access) ||
         isAt(F, user_cmpxchg32_access);
}

// With the program in ring 3, the kernel touches its memory there alone.
// CPUs with SMAP see to it that the page is there to no avail.
bool isStrayAccess(const Frame &F, uint64_t Address) {
  return ProgramsInRing3 && !isFromProgram(F) && !isUserAccess(F) &&
         static_cast<int64_t>(Address) >= 0;
}

// f3 [REX] 0f ae /3 with a register.
bool isWrgsbase(uint64_t Rip) {
  uint8_t Code[5];
  if (!getUser(Code, Rip) || Code[0] != 0xf3)
    return false;
  const uint8_t *C = Code + 1;
  C += (*C & 0xf0) == 0x40;
  return C[0] == 0x0f && C[1] == 0xae && (C[2] & 0xf8) == 0xd8;
}

// What the kernel does about an exception of its own code.
void kernelException(Frame &F, const char *Text) {
  // A copy to or from the program's memory: it returns what is left.
  if (F.vector == PageFault && isAt(F, copy_user_access)) {
    F.rip = reinterpret_cast<uint64_t>(copy_user_end);
    return;
  }
  if (F.vector == PageFault && isAt(F, user_load32_access)) {
    F.rip = reinterpret_cast<uint64_t>(user_load32_end);
    return;
  }
  if (F.vector == PageFault && isAt(F, user_cmpxchg32_access)) {
    F.rip = reinterpret_cast<uint64_t>(user_cmpxchg32_end);
    return;
  }
  // The program's registers were not such that one could go back to them.
  if (isAtReturn(F))
    process::kill(SIGSEGV, "return to an impossible address");
  panicAt(&F, "%s in the kernel", Text);
}

// Not inlined: its buffer would cost every page fault a canary.
[[gnu::noinline]] void protectionKeyFault(const Frame &F, uint64_t Address) {
  char Whose[160];
  if (tls_guard::isCaught(F, Address, Whose, sizeof(Whose)))
    process::kill(SIGSEGV, "store to 0x%lx, %s, at rip 0x%lx", Address, Whose,
                  F.rip);
}

void pageFault(Frame &F) {
  uint64_t Address = cpu::readCr2();
  // From here on, another fault may come.
  if (F.rflags & FlagsIF)
    cpu::enableInterrupts();
  if (!isFromProgram(F))
    ++KernelFaults;
  if (F.error & ErrorKey)
    protectionKeyFault(F, Address);

  // Also in a kernel thread: it may be loading a program.
  vm::Fault Result = isStrayAccess(F, Address)
                         ? vm::Fault::NotAllowed
                         : vm::handleFault(Address, F.error);
  if (Result == vm::Fault::Resolved)
    return;

  const char *Access = F.error & 16  ? "execution of"
                       : F.error & 2 ? "write to"
                                     : "read of";
  if (Result == vm::Fault::NoMemory && isFromProgram(F))
    process::kill(SIGKILL, "out of memory");
  if (!isFromProgram(F)) {
    // In a system call: the copy stops, and the call is the program's last.
    Process *P = thread::current().Owner;
    if (Result == vm::Fault::NoMemory && P) {
      log("program killed by signal %d: out of memory in a system call",
          SIGKILL);
      process::endBySignal(*P, SIGKILL);
    }
    char Text[80];
    format(Text, sizeof(Text), "page fault: %s 0x%lx", Access, Address);
    return kernelException(F, Text);
  }
  bool IsMapped = Result != vm::Fault::NotMapped;
  // Program accesses have this bit where programs run in ring 3.
  F.error |= ErrorUser;
  if (Result == vm::Fault::NoFile)
    return signal::fault(F, {SIGBUS, signal::BUS_ADRERR, Address},
                         "%s 0x%lx, which its file does not have, at rip 0x%lx",
                         Access, Address, F.rip);
  signal::fault(
      F,
      {SIGSEGV, IsMapped ? signal::SEGV_ACCERR : signal::SEGV_MAPERR, Address},
      "%s 0x%lx, which is %s, at rip 0x%lx", Access, Address,
      IsMapped ? "protected" : "not mapped", F.rip);
}

// si_code of a floating-point error, from the flags that are raised and not
// masked (SDM volume 1, 8.1.3 and 10.2.3).
int32_t floatingPointCode(const Frame &F) {
  uint32_t Raised;
  if (F.vector == X87Error) {
    uint16_t Control, Status;
    asm volatile("fnstcw %0; fnstsw %1" : "=m"(Control), "=m"(Status));
    Raised = Status & ~Control;
  } else {
    uint32_t Mxcsr;
    asm volatile("stmxcsr %0" : "=m"(Mxcsr));
    Raised = Mxcsr & ~(Mxcsr >> 7);
  }
  enum : uint32_t { Invalid = 1, Denormal = 2, Zero = 4, Over = 8, Under = 16 };
  if (Raised & Invalid)
    return signal::FPE_FLTINV;
  if (Raised & Zero)
    return signal::FPE_FLTDIV;
  if (Raised & Over)
    return signal::FPE_FLTOVF;
  return Raised & (Under | Denormal) ? signal::FPE_FLTUND : signal::FPE_FLTRES;
}

// si_code and si_addr.
signal::Fault describe(const Frame &F, const Exception &E) {
  int Signal = E.Signal ? E.Signal : SIGKILL;
  int32_t Code = F.vector == X87Error || F.vector == SimdError
                     ? floatingPointCode(F)
                     : E.Code;
  bool HasAddress = Code != signal::SI_KERNEL && Signal != SIGBUS;
  return {Signal, Code, HasAddress ? F.rip : 0};
}

const char *nameOf(const Frame &F) {
  const char *Name = Exceptions[F.vector].Name;
  return Name ? Name : "unknown exception";
}

// Not inlined: it depends on the mode, and handleInterrupt, which is on every
// way in, shall not.
[[gnu::noinline]] void exceptionInProgram(Frame &F) {
  const Exception &E = Exceptions[F.vector];
  if (F.vector == InvalidOpcode && mode::GsIsKernels && !ProgramsInRing3 &&
      isWrgsbase(F.rip))
    process::kill(SIGILL,
                  "wrgsbase at rip 0x%lx: GS is the kernel's, as the program "
                  "runs in ring 0",
                  F.rip);
  signal::fault(F, describe(F, E), "%s at rip 0x%lx", nameOf(F), F.rip);
}

void exception(Frame &F) {
  if (F.vector == Breakpoint && interrupts::TouchAtBreakpoint)
    (void)*reinterpret_cast<volatile char *>(interrupts::TouchAtBreakpoint);
  // With one TLS for all, the program can have destroyed the kernel's. Look at
  // what everything else depends on.
  if (!thread::isCurrentSane())
    panicAt(&F, "the kernel's thread-locals are destroyed");
  if (F.vector == PageFault)
    return pageFault(F);
  if (!isFromProgram(F))
    return kernelException(F, nameOf(F));
  if (F.rflags & FlagsIF)
    cpu::enableInterrupts();
  exceptionInProgram(F);
}

// On a stack that any code was interrupted on. In a thread switch, the note of
// the thread pointer is ahead of the base.
void checkTp(const Frame &F) {
  const Cpu &C = smp::current();
  const void *Tp = segshift_tp();
  if (Tp != C.Tp && Tp != C.TpBefore)
    panicAt(&F, "thread pointer %p in exception %lu, should be %p", Tp,
            F.vector, C.Tp);
}

void interrupt(Frame &F) {
  Cpu &C = smp::current();
  switch (F.vector) {
  case VECTOR_TIMER:
    lapic::endOfInterrupt();
    if (!C.Id)
      ++timer::Ticks;
    scheduler::tick();
    process::tick();
    return;
  case VECTOR_RESCHEDULE:
    lapic::endOfInterrupt();
    ++C.NumReschedules;
    scheduler::requestSwitch();
    return;
  case VECTOR_SPURIOUS:
    return;
  }
  // No device interrupts: an INT instruction.
  if (!isFromProgram(F))
    panicAt(&F, "unexpected interrupt, vector %lu", F.vector);
  cpu::enableInterrupts();
  signal::fault(F, {SIGSEGV, signal::SI_KERNEL, 0},
                "software interrupt %lu at rip 0x%lx", F.vector, F.rip);
}

} // namespace

namespace interrupts {

unsigned depth() { return Depth; }
unsigned nmiCount() { return NmiCount; }
uint64_t TouchAtBreakpoint;
uint64_t nmis() { return __atomic_load_n(&Nmis, __ATOMIC_RELAXED); }
uint64_t debugs() { return __atomic_load_n(&Debugs, __ATOMIC_RELAXED); }
unsigned kernelFaults() { return KernelFaults; }
const Frame *currentFrame() { return Current; }

FrameGuard::FrameGuard(const Frame *F) : Outer(Current) { Current = F; }
FrameGuard::~FrameGuard() { Current = Outer; }

void checkThreadPointer([[maybe_unused]] Frame *F) {
#if defined(SEGSHIFT_DEBUG) && !defined(SEGSHIFT_KERNEL_TLS_FS)
  cpu::InterruptGuard Guard; // on this processor until the end
  const Cpu &C = smp::current();
  void *Tp = segshift_tp();
  if (Tp != C.Tp && Tp != C.TpBefore)
    segshift_bad_tp(F, segshift_read_gs_base());
#endif
}

#ifdef SEGSHIFT_DEBUG
void checkFlags() {
  uint64_t Left = cpu::readFlags() & SEGSHIFT_SFMASK & ~FlagsIF;
  if (Left)
    panic("flags of the program in the kernel: 0x%lx", Left);
}
#endif

} // namespace interrupts

void handleInterrupt(Frame *F) {
  interrupts::checkThreadPointer(F);
  // At the last instruction of a system call's exit, with all but RIP the
  // program's.
  if (isAt(*F, ring0_leave_syscall_jump) && isFromProgram(*F))
    F->rip = F->rcx;
  ++Depth;
  {
    interrupts::FrameGuard Guard(F);
    if (F->vector < 32)
      exception(*F);
    else
      interrupt(*F);
    cpu::disableInterrupts();
  }
  --Depth;

  if (F->rflags & FlagsIF)
    scheduler::preempt();
  if (isFromProgram(*F))
    process::leaveKernel();
}

// Must not fault: the iretq of another exception would let the next NMI in, on
// this same stack.
void handleParanoid(Frame *F) {
  interrupts::checkThreadPointer(F);
  switch (F->vector) {
  case Nmi:
    if (smp::handleNmi())
      return;
    checkTp(*F);
    ++NmiCount;
    __atomic_add_fetch(&Nmis, 1, __ATOMIC_RELAXED);
    return;
  case Debug:
    // The kernel stopped at a breakpoint, or stepped: SYSCALL clears TF, but
    // the exit to a program in ring 0 sets it again two instructions early.
    checkTp(*F);
    __atomic_add_fetch(&Debugs, 1, __ATOMIC_RELAXED);
    F->rflags |= FlagsRF;
    stress::step(*F);
    return;
  case DoubleFault:
    // Programs in ring 3: interrupts are served on the kernel stack itself.
    if (((F->rsp - 1) & (KSTACK_SIZE - 1)) < 4096 + KSTACK_RESERVE)
      handleStackOverflow(F);
  }
  panicAt(F, "%s", Exceptions[F->vector].Name);
}

void handleStackOverflow(Frame *F) { panicAt(F, "kernel stack overflow"); }

// A program in ring 0 has set the base of the kernel's thread pointer, and a
// kernel entry has faulted by it. The base is mended.
void handleMovedTp(const Frame *F, uint64_t Base) {
  Frame Copy = *F;
  interrupts::FrameGuard Guard(&Copy);
  process::kill(SIGSEGV,
                "it set " SEGSHIFT_SEG_NAME
                " base to 0x%lx: that is the kernel's, as the program runs in "
                "ring 0",
                Base);
}

void segshift_bad_tp(Frame *F, uint64_t Base) {
  panicAt(F, "thread pointer is wrong: base 0x%lx", Base);
}
