/* Where kernel TLS lives: all that differs between the modes of the stub. The
 * C++ sources use __thread and thread_local; in mode gs the compiler plugin
 * puts them behind %gs, without it they stay behind %fs.
 *
 *   gs           GS_BASE is the kernel's thread pointer. FS is the program's
 *                alone: the kernel sets it when asked, saves and loads it at
 *                thread switches, and never reads memory through it.
 *   fs-switch    FS_BASE is the kernel's thread pointer while the kernel runs,
 *                and the program's while that runs: each entry from a program
 *                that has an FS of its own loads the one, each exit the other.
 *                The entry finds the kernel's through GS, which is the
 *                processor's.
 *   fs-shared    There is one FS. The kernel's block lies right below wherever
 *                it points, so when a program sets FS, the kernel's
 *                thread-locals must go along, into the program's own block:
 *                same offsets, same bytes. This is the collision that mode gs
 *                does away with.
 *   fs-reserved  There is one FS, the kernel's. The STUB_RESERVED bytes right
 *                below it are kept for a program that the kernel's loader
 *                starts. A program that wants to set FS is ended.
 *
 * CMakeLists.txt includes this first in every source file, assembly as well.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_MODE_H
#define STUB_MODE_H

#if defined(STUB_MODE_GS)
#define MODE_NAME "gs"
#define MODE_HAS_RING3     /* ring=3 on the kernel's command line */
#define MODE_HAS_TLS_GUARD /* tls-guard=1: tls_guard.h */
/* The protection key of kernel TLS, and IA32_PKRS (SDM volume 3, 5.6.2): two
 * bits for each key, of which the upper one forbids stores. */
#define TLS_GUARD_KEY 1
#define TLS_GUARD_MSR 0x6e1
#define TLS_GUARD_OPEN 0
#define TLS_GUARD_CLOSED (2 << (2 * TLS_GUARD_KEY))
/* The slot is in the TCB, which is closed when it is needed. 4096 bytes further
 * it is in the page behind the block: that begins at or below this, and less
 * than a page below. tls_guard.cpp makes sure. */
#define TLS_GUARD_SAVED_RSP 0x1088
#ifdef TLS_GUARD
#define SEGSHIFT_SLOT_SAVED_RSP TLS_GUARD_SAVED_RSP
#endif
#define MODE_HAS_MODULES /* module.h */
#elif defined(STUB_MODE_FS_SWITCH)
#define MODE_NAME "fs-switch"
#define MODE_HAS_RING3
#define MODE_SWITCHES_FS
#define SEGSHIFT_KERNEL_TLS_FS /* for the runtime's headers */
#define SEGSHIFT_TP_SWITCHED
/* While the kernel runs, GS_BASE is the processor's struct Cpu (smp.h): the
 * thread pointer and the top of the kernel stack are kept there anyway. */
#define CPU_TP 64
#define CPU_SAVED_RSP 80
#define CPU_RSP0 100
#define SEGSHIFT_SLOT_SEG gs
#define SEGSHIFT_SLOT_SYSCALL_STACK CPU_RSP0
#define SEGSHIFT_SLOT_SAVED_RSP CPU_SAVED_RSP
#elif defined(STUB_MODE_FS_SHARED)
#define MODE_NAME "fs-shared"
#define SEGSHIFT_KERNEL_TLS_FS
#elif defined(STUB_MODE_FS_RESERVED)
#define MODE_NAME "fs-reserved"
#define SEGSHIFT_KERNEL_TLS_FS
#else
#error "no TLS mode: see add_stub() in CMakeLists.txt"
#endif

#include "segshift/entry.h"

/* The kernel's slots in the TCB: the two of segshift/entry.h. In mode
 * fs-switch, the program's FS while the kernel runs, or the thread pointer
 * itself if the program has none of its own. */
#define TCB_SLOTS_SIZE 0x10
#define TCB_PROGRAM_FS 0x80

#ifdef __ASSEMBLER__
/* clang-format off */
/* Boot, after the thread pointer is set. Clobbers rax, rcx, rdx. In mode gs, FS
 * points to nothing until a program sets it, so that a kernel access through it
 * faults at once; address 0 would not do, as it is mapped at first. */
.macro MODE_SET_BOOT_FS
#ifdef STUB_MODE_GS
    movl $SEGSHIFT_MSR_FS_BASE, %ecx
    movl $0xdead0000, %eax
    movl $0x00005e65, %edx
    wrmsr
#endif
.endm

/* After an entry from the program, and ahead of an exit to it: all that mode
 * fs-switch does at a crossing. RSP: the frame. Clobber rax, rcx, rdx. */
.macro MODE_ENTER_FROM_PROGRAM
#ifdef MODE_SWITCHES_FS
    movq %gs:CPU_TP, %rcx
    cmpb $0, segshift_fsgsbase(%rip)
    je .Lmsr_\@
    rdfsbase %rax
    cmpq %rcx, %rax
    je .Ldone_\@
    movq %rax, TCB_PROGRAM_FS(%rcx)     /* by its own wrfsbase, perhaps */
    wrfsbase %rcx
    jmp .Ldone_\@
.Lmsr_\@:
    cmpq TCB_PROGRAM_FS(%rcx), %rcx
    je .Ldone_\@
    movq %rcx, %rax
    SEGSHIFT_WRITE_TP
.Ldone_\@:
#endif
.endm

.macro MODE_LEAVE_TO_PROGRAM
#ifdef MODE_SWITCHES_FS
    movq %gs:CPU_TP, %rcx
    movq TCB_PROGRAM_FS(%rcx), %rax
    cmpq %rcx, %rax
    je .Ldone_\@
    cmpb $0, segshift_fsgsbase(%rip)
    je .Lmsr_\@
    wrfsbase %rax
    jmp .Ldone_\@
.Lmsr_\@:
    SEGSHIFT_WRITE_TP
.Ldone_\@:
#endif
.endm
/* clang-format on */
#else
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/frame.h"
#include "segshift/app_fs.h"
#include "segshift/tls.h"
#include "tls/kernel_tls.h"

// What the rest of the kernel calls at the places where the modes differ.
namespace mode {

// What is kept for the program's TLS right below the kernel's thread pointer
// (reserved_tls.S), and the loader sees to.
#ifdef STUB_MODE_FS_RESERVED
constexpr uint64_t ReservedBytes = STUB_RESERVED;
#else
constexpr uint64_t ReservedBytes = ~0ull;
#endif

// Ends the running program, which wants to set FS where it cannot. exec.cpp
[[noreturn]] void refuseFs();

// A thread's segment bases while it does not run. The same in all modes, so
// that the code that does not know of the mode is the same, too.
struct Bases {
  void *Tp;       // the kernel's; in the modes with one TLS, the program's too
  bool IsProgram; // kernel threads leave the program's bases alone
  segshift_app_fs Fs; // the program's, where it has its own
  uint64_t Gs;        // the program's, if it runs in ring 3
};

inline void setSlot(void *Tp, uint64_t Offset, uint64_t Value) {
  *reinterpret_cast<uint64_t *>(static_cast<char *>(Tp) + Offset) = Value;
}

#ifdef MODE_HAS_RING3

// The program's GS, while the kernel runs. The register is the one record of
// it, as for FS.
inline void switchUserGs(Bases &From, const Bases &To) {
  if (From.IsProgram)
    From.Gs = segshift_read_kernel_gs_base();
  if (To.IsProgram && segshift_read_kernel_gs_base() != To.Gs)
    segshift_write_kernel_gs_base(To.Gs);
}

// The GS of a thread that has not run yet is that of the running one.
inline void inheritGs(Bases &B) {
  if (ProgramsInRing3)
    B.Gs = segshift_read_kernel_gs_base();
}

// ARCH_SET_GS and ARCH_GET_GS. False: another code, or the program runs in ring
// 0, where they get EINVAL: GS is the kernel's.
inline bool archPrctlGs(int Code, uint64_t Argument, int &Result) {
  if (!ProgramsInRing3 ||
      (Code != SEGSHIFT_ARCH_GET_GS && Code != SEGSHIFT_ARCH_SET_GS))
    return false;
  Result = 0;
  if (Code == SEGSHIFT_ARCH_GET_GS)
    Result = putUser64(Argument, segshift_read_kernel_gs_base());
  else if (!segshift_app_fs_valid(Argument, SEGSHIFT_APP_ADDRESS_LIMIT))
    Result = -SEGSHIFT_EPERM;
  else
    segshift_write_kernel_gs_base(Argument);
  return true;
}

#else
inline void inheritGs(Bases &) {}
#endif

#if defined(STUB_MODE_GS)

// A new block's slots.
inline void setSlots(void *Tp, uint64_t StackTop) {
  setSlot(Tp, SEGSHIFT_SLOT_SYSCALL_STACK, StackTop);
}
// On each processor.
inline void initCpu(const void *) {}

// Whether a program in ring 0 has no GS of its own, and whether the thread
// pointer is there.
constexpr bool GsIsKernels = true, TpIsInGs = true;
#define SEGSHIFT_SEG_NAME "GS"

// At a thread switch, interrupts off. See segshift/app_fs.h for why there is no
// other record of FS than the register.
inline void switchBases(Bases &From, const Bases &To) {
  if (From.IsProgram)
    segshift_app_fs_save(&From.Fs);
  segshift_set_tp(To.Tp);
  if (To.IsProgram)
    segshift_app_fs_load(&To.Fs);
  if (ProgramsInRing3)
    switchUserGs(From, To);
}

// The running program's FS.
SEGSHIFT_INLINE uint64_t programFs() { return segshift_read_fs_base(); }

// The FS of a thread that has not run yet. False: not to be had.
inline bool setInitialFs(Bases &B, uint64_t Base) {
  B.Fs.base = Base;
  return true;
}

// arch_prctl(2) for the running thread, whose bases these are.
inline int archPrctl(Bases &, int Code, uint64_t Argument) {
  int Result;
  if (archPrctlGs(Code, Argument, Result))
    return Result;
  static constexpr segshift_app App = {SEGSHIFT_APP_ADDRESS_LIMIT, putUser64};
  return segshift_app_arch_prctl(&App, Code, Argument);
}

// Where the kernel's loader puts a program's initial TLS (PT_TLS) for a program
// without a libc of its own to do it: in a block of the program's own.
constexpr bool LoaderSharesBlock = false;

#elif defined(STUB_MODE_FS_SWITCH)

constexpr bool GsIsKernels = true, TpIsInGs = false;
#define SEGSHIFT_SEG_NAME "GS"

inline void setSlots(void *Tp, uint64_t) {
  setSlot(Tp, TCB_PROGRAM_FS, reinterpret_cast<uint64_t>(Tp));
}
inline void initCpu(const void *Cpu) {
  segshift_write_gs_base(reinterpret_cast<uint64_t>(Cpu));
}

// The program's FS stays where the exit finds it, in the thread's block: one
// write.
inline void switchBases(Bases &From, const Bases &To) {
  segshift_set_tp(To.Tp);
  if (ProgramsInRing3)
    switchUserGs(From, To);
}

inline uint64_t programFs() {
  auto *Tp = static_cast<char *>(segshift_tp());
  uint64_t Fs = *reinterpret_cast<uint64_t *>(Tp + TCB_PROGRAM_FS);
  return Fs == reinterpret_cast<uint64_t>(Tp) ? 0 : Fs;
}

inline bool setInitialFs(Bases &B, uint64_t Base) {
  if (Base)
    setSlot(B.Tp, TCB_PROGRAM_FS, Base);
  return true;
}

// The exit loads it.
inline int archPrctl(Bases &B, int Code, uint64_t Argument) {
  int Result;
  if (archPrctlGs(Code, Argument, Result))
    return Result;
  if (Code == SEGSHIFT_ARCH_GET_FS)
    return putUser64(Argument, programFs());
  if (Code != SEGSHIFT_ARCH_SET_FS)
    return -SEGSHIFT_EINVAL;
  if (!segshift_app_fs_valid(Argument, SEGSHIFT_APP_ADDRESS_LIMIT))
    return -SEGSHIFT_EPERM;
  setSlot(B.Tp, TCB_PROGRAM_FS, Argument);
  return 0;
}

constexpr bool LoaderSharesBlock = false;

#elif defined(STUB_MODE_FS_SHARED)

constexpr bool GsIsKernels = false, TpIsInGs = false;
#define SEGSHIFT_SEG_NAME "FS"

inline void switchBases(Bases &, const Bases &To) { segshift_set_tp(To.Tp); }
inline void setSlots(void *Tp, uint64_t StackTop) {
  setSlot(Tp, SEGSHIFT_SLOT_SYSCALL_STACK, StackTop);
}
inline void initCpu(const void *) {}
SEGSHIFT_INLINE uint64_t programFs() { return segshift_read_fs_base(); }

inline bool setInitialFs(Bases &B, uint64_t Base) {
  if (!kernel_tls::move(B.Tp, Base))
    return false;
  B.Tp = reinterpret_cast<void *>(Base);
  return true;
}

// From the moment that FS points elsewhere, the kernel's own thread-locals are
// what lies there: they are copied first, and no interrupt may change the old
// ones in between. EFAULT: there is no memory for them.
inline int archPrctl(Bases &B, int Code, uint64_t Argument) {
  if (Code == SEGSHIFT_ARCH_GET_FS)
    return putUser64(Argument, segshift_read_fs_base());
  if (Code != SEGSHIFT_ARCH_SET_FS)
    return -SEGSHIFT_EINVAL;
  if (!segshift_app_fs_valid(Argument, SEGSHIFT_APP_ADDRESS_LIMIT))
    return -SEGSHIFT_EPERM;
  cpu::InterruptGuard Guard;
  if (!setInitialFs(B, Argument))
    return -SEGSHIFT_EFAULT;
  segshift_set_tp(B.Tp);
  return 0;
}

// In the kernel's block, as the loader of a unikernel with one TLS does.
constexpr bool LoaderSharesBlock = true;

#elif defined(STUB_MODE_FS_RESERVED)

constexpr bool GsIsKernels = false, TpIsInGs = false;
#define SEGSHIFT_SEG_NAME "FS"

inline void setSlots(void *Tp, uint64_t StackTop) {
  setSlot(Tp, SEGSHIFT_SLOT_SYSCALL_STACK, StackTop);
}
inline void initCpu(const void *) {}
inline void switchBases(Bases &, const Bases &To) { segshift_set_tp(To.Tp); }
SEGSHIFT_INLINE uint64_t programFs() { return segshift_read_fs_base(); }

constexpr bool LoaderSharesBlock = true;

// A thread that does not want an FS of its own: what the parent's variables
// are.
inline bool setInitialFs(Bases &B, uint64_t Base) {
  if (Base != segshift_read_fs_base())
    return false;
  auto From = reinterpret_cast<const char *>(Base) - ReservedBytes;
  auto To = static_cast<char *>(B.Tp) - ReservedBytes;
  for (uint64_t I = 0; I != ReservedBytes; ++I)
    To[I] = From[I];
  return true;
}

inline int archPrctl(Bases &, int Code, uint64_t Argument) {
  if (Code == SEGSHIFT_ARCH_GET_FS)
    return putUser64(Argument, segshift_read_fs_base());
  if (Code == SEGSHIFT_ARCH_SET_FS)
    refuseFs();
  return -SEGSHIFT_EINVAL;
}

#endif

} // namespace mode
#endif

#endif
