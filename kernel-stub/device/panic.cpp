// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/panic.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/smp.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/symbols.h"
#include "memory/paging.h"
#include "segshift/base.h"

namespace {

enum : unsigned char { PanicExitCode = 1 };

void logRegisters(const Frame &F) {
  log("  rip %p  rsp %p  rflags %p", (void *)F.rip, (void *)F.rsp,
      (void *)F.rflags);
  log("  rax %p  rbx %p  rcx %p", (void *)F.rax, (void *)F.rbx, (void *)F.rcx);
  log("  rdx %p  rsi %p  rdi %p", (void *)F.rdx, (void *)F.rsi, (void *)F.rdi);
  log("  rbp %p  r8  %p  r9  %p", (void *)F.rbp, (void *)F.r8, (void *)F.r9);
  log("  r10 %p  r11 %p  r12 %p", (void *)F.r10, (void *)F.r11, (void *)F.r12);
  log("  r13 %p  r14 %p  r15 %p", (void *)F.r13, (void *)F.r14, (void *)F.r15);
  if (F.vector < 32)
    log("  vector %u  error 0x%lx", unsigned(F.vector), F.error);
}

void logAddress(uint64_t Address) {
  symbols::Place P = symbols::lookUp(Address);
  if (P.Name)
    log("  %p %s+0x%lx", (void *)Address, P.Name, P.Offset);
  else
    log("  %p", (void *)Address);
}

// Follows the frame pointers, as long as they go up and lie on this stack: code
// of the C++ runtime is compiled without, and has something else in RBP.
void logStack(uint64_t Rip, uint64_t Rbp, uint64_t Rsp) {
  log("stack:");
  logAddress(Rip);
  const uint64_t StackTop = ((Rsp - 1) | (KSTACK_SIZE - 1)) + 1;
  for (unsigned Depth = 0; Depth != 32; ++Depth) {
    if (Rbp < DIRECT_MAP || Rbp % 8 || Rbp < Rsp || Rbp > StackTop - 16 ||
        !paging::isMapped(Rbp) || !paging::isMapped(Rbp + 8))
      return;
    auto *Slot = reinterpret_cast<const uint64_t *>(Rbp);
    if (!Slot[1])
      return;
    // A return address: the call is before it.
    logAddress(Slot[1] - 1);
    if (Slot[0] <= Rbp)
      return;
    Rbp = Slot[0];
  }
}

[[noreturn]] void finish(const Frame *F, uint64_t Rip, uint64_t Rbp,
                         uint64_t Rsp, const char *Message) {
  static const Cpu *Panicked;
  cpu::disableInterrupts();
  const Cpu *Here = &smp::current(), *First = nullptr;
  if (!__atomic_compare_exchange_n(&Panicked, &First, Here, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    if (First != Here) // another processor was first, and will stop this one
      cpu::halt();
    // A panic within the panic: the first one's message is what counts.
    control::send("panic (while reporting one) %s", Message);
    control::powerOff(PanicExitCode);
  }
  smp::stopOthers();
  breakLogLock();
  log("kernel panic: %s", Message);
  if (F)
    logRegisters(*F);
  log("  FS base %p  GS base %p", (void *)segshift_read_fs_base(),
      (void *)segshift_read_gs_base());
  log("  cr2 %p  cr3 %p  cr4 %p", (void *)cpu::readCr2(),
      (void *)cpu::readCr3(), (void *)cpu::readCr4());
  logStack(Rip, Rbp, Rsp);
  control::send("panic %s", Message);
  control::powerOff(PanicExitCode);
}

} // namespace

// No stack protector in these: the canary may be what is broken.
__attribute__((no_stack_protector)) void panic(const char *Format, ...) {
  char Message[160];
  va_list Arguments;
  va_start(Arguments, Format);
  formatV(Message, sizeof(Message), Format, Arguments);
  va_end(Arguments);
  finish(nullptr, reinterpret_cast<uint64_t>(__builtin_return_address(0)) - 1,
         *static_cast<uint64_t *>(__builtin_frame_address(0)),
         reinterpret_cast<uint64_t>(__builtin_frame_address(0)), Message);
}

__attribute__((no_stack_protector)) void panicAt(const Frame *F,
                                                 const char *Format, ...) {
  char Message[160];
  va_list Arguments;
  va_start(Arguments, Format);
  formatV(Message, sizeof(Message), Format, Arguments);
  va_end(Arguments);
  finish(F, F->rip, F->rbp, F->rsp, Message);
}

// Called by functions that find their canary changed.
extern "C" [[noreturn]] void __stack_chk_fail() {
  panic("stack protector: canary changed");
}
