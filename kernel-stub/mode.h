/* Where kernel TLS lives: all that differs between the modes of the stub. The
 * C++ sources use __thread and thread_local; in mode gs the compiler plugin
 * puts them behind %gs, without it they stay behind %fs.
 *
 *   gs         GS_BASE is the kernel's thread pointer. FS is the program's
 *              alone: the kernel sets it when asked, saves and loads it at
 *              thread switches, and never reads memory through it.
 *   fs-shared  There is one FS. The kernel's block lies right below wherever it
 *              points, so when a program sets FS, the kernel's thread-locals
 *              must go along, into the program's own block: same offsets, same
 *              bytes. This is the collision that mode gs does away with.
 *
 * CMakeLists.txt includes this first in every source file, assembly as well.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_MODE_H
#define STUB_MODE_H

#if defined(STUB_MODE_GS)
#define MODE_NAME "gs"
#define MODE_HAS_RING3 /* ring=3 on the kernel's command line */
#elif defined(STUB_MODE_FS_SHARED)
#define MODE_NAME "fs-shared"
#define SEGSHIFT_KERNEL_TLS_FS /* for the runtime's headers */
#else
#error "no TLS mode: see add_stub() in CMakeLists.txt"
#endif

#include "segshift/entry.h"

/* The kernel's slots in the TCB: the two of segshift/entry.h. */
#define TCB_SLOTS_SIZE 0x10

#ifdef __ASSEMBLER__
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
#else
#include "copy_user.h"
#include "cpu.h"
#include "frame.h"
#include "kernel_tls.h"
#include "segshift/app_fs.h"
#include "segshift/tls.h"

// What the rest of the kernel calls at the places where the modes differ.
namespace mode {

// A thread's segment bases while it does not run. The same in all modes, so that
// the code that does not know of the mode is the same, too.
struct Bases {
  void *Tp;           // the kernel's; in the modes with one TLS, the program's too
  bool IsProgram;     // kernel threads leave the program's bases alone
  segshift_app_fs Fs; // the program's, where it has its own
  uint64_t Gs;        // the program's, if it runs in ring 3
};

#if defined(STUB_MODE_GS)

// Whether a program in ring 0 has no GS of its own.
constexpr bool GsIsKernels = true;
#define SEGSHIFT_SEG_NAME "GS"

// The program's GS, while the kernel runs. The register is the one record of it,
// as for FS.
inline void switchUserGs(Bases &From, const Bases &To) {
  if (From.IsProgram)
    From.Gs = segshift_read_kernel_gs_base();
  if (To.IsProgram && segshift_read_kernel_gs_base() != To.Gs)
    segshift_write_kernel_gs_base(To.Gs);
}

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

// The FS of a thread that has not run yet. False: not to be had.
inline bool setInitialFs(Bases &B, uint64_t Base) {
  B.Fs.base = Base;
  return true;
}

// The GS of a thread that has not run yet is that of the running one.
inline void inheritGs(Bases &B) {
  if (ProgramsInRing3)
    B.Gs = segshift_read_kernel_gs_base();
}

// arch_prctl(2) for the running thread, whose bases these are. In ring 0,
// ARCH_SET_GS and ARCH_GET_GS get EINVAL: GS is the kernel's.
inline int archPrctl(Bases &, int Code, uint64_t Argument) {
  if (ProgramsInRing3 && Code == SEGSHIFT_ARCH_GET_GS)
    return putUser64(Argument, segshift_read_kernel_gs_base());
  if (ProgramsInRing3 && Code == SEGSHIFT_ARCH_SET_GS) {
    if (!segshift_app_fs_valid(Argument, SEGSHIFT_APP_ADDRESS_LIMIT))
      return -SEGSHIFT_EPERM;
    segshift_write_kernel_gs_base(Argument);
    return 0;
  }
  static constexpr segshift_app App = {SEGSHIFT_APP_ADDRESS_LIMIT, putUser64};
  return segshift_app_arch_prctl(&App, Code, Argument);
}

// Where the kernel's loader puts a program's initial TLS (PT_TLS) for a program
// without a libc of its own to do it: in a block of the program's own.
constexpr bool LoaderSharesBlock = false;

#elif defined(STUB_MODE_FS_SHARED)

constexpr bool GsIsKernels = false;
#define SEGSHIFT_SEG_NAME "FS"

inline void switchBases(Bases &, const Bases &To) { segshift_set_tp(To.Tp); }
inline void inheritGs(Bases &) {}

inline bool setInitialFs(Bases &B, uint64_t Base) {
  if (!kernel_tls::move(B.Tp, Base))
    return false;
  B.Tp = reinterpret_cast<void *>(Base);
  return true;
}

// From the moment that FS points elsewhere, the kernel's own thread-locals are
// what lies there: they are copied first, and no interrupt may change the old ones
// in between. EFAULT: there is no memory for them.
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

#endif

} // namespace mode
#endif

#endif
