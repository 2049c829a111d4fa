// Starting the other processors: SDM volume 3, 9.4 (multiple-processor
// initialization).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/smp.h"
#include "boot/acpi.h"
#include "boot/pvh.h"
#include "device/lapic.h"
#include "device/log.h"
#include "device/timer.h"
#include "entry/processor.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "memory/tlb.h"
#include "segshift/base.h"
#include "segshift/tls.h"
#include "thread/scheduler.h"
#include "thread/thread.h"

// What boot.S starts a processor with.
struct BootCpu {
  void *Tcb;
  uint64_t StackTop;
  void (*Main)(BootCpu *);
};

extern "C" {
extern const char ap_trampoline[], ap_trampoline_end[];
extern void *boot_tcbs[smp::MaxCpus];
}

#ifdef MODE_SWITCHES_FS
static_assert(offsetof(Cpu, Tp) == CPU_TP &&
              offsetof(Cpu, SavedRsp) == CPU_SAVED_RSP &&
              offsetof(Cpu, State) + offsetof(Tss, Rsp) == CPU_RSP0);
#endif

namespace smp {
namespace {

Cpu Cpus[MaxCpus];
BootCpu BootCpus[MaxCpus];
unsigned NumCpus = 1;
const Cpu *Stopper; // who halts the others

// Aligned like kernel stacks, as entry code looks at the low bits of RSP.
alignas(KSTACK_SIZE) char BootInterruptStacks[NUM_ISTS * KSTACK_SIZE];

// How far the processor that is being started has come.
enum Step : unsigned { Silent, Here, Accepted, Refused };
Step Reached;

// What both sides have last read from their TSCs, and whether one was then
// behind the other: there is one clock for all (timer::now).
uint64_t TscOfBoot, TscOfOther;
bool TscDiffers;

void reach(Step S) { __atomic_store_n(&Reached, S, __ATOMIC_RELEASE); }
Step reached() { return __atomic_load_n(&Reached, __ATOMIC_ACQUIRE); }

void waitNanoseconds(uint64_t N) {
  for (uint64_t Start = timer::now(); timer::now() - Start < N;)
    cpu::pause();
}

void compareTsc(uint64_t &Mine, const uint64_t &Other) {
  uint64_t Theirs = __atomic_load_n(&Other, __ATOMIC_ACQUIRE);
  asm volatile("lfence" : : : "memory");
  uint64_t Now = cpu::readTsc();
  if (Now < Theirs)
    __atomic_store_n(&TscDiffers, true, __ATOMIC_RELEASE);
  __atomic_store_n(&Mine, Now, __ATOMIC_RELEASE);
  cpu::pause();
}

// The first C++ function of the other processors, on the stack of the idle
// thread. The canary changes under it, and it does not return.
[[noreturn]] __attribute__((no_stack_protector)) void apMain(BootCpu *B) {
  Cpu &C = Cpus[B - BootCpus];
  if (segshift_base_init_cpu())
    reach(Refused);
  else {
    segshift_set_tp(C.Idle->Bases.Tp);
    processor::initCpu(C);
    lapic::init();
    reach(Here);
  }
  while (reached() == Here)
    compareTsc(TscOfOther, TscOfBoot);
  if (reached() == Refused)
    cpu::halt();
  timer::initCpu();
  scheduler::idle();
}

bool mapInterruptStacks(const Cpu &C) {
  auto Start = reinterpret_cast<uint64_t>(C.InterruptStacks);
  for (uint64_t A = Start; A != Start + NUM_ISTS * KSTACK_SIZE;
       A += paging::PageSize) {
    if (A % KSTACK_SIZE == 0) // the guard page
      continue;
    uint64_t Page = memory::allocatePage();
    if (!Page || !paging::map(A, Page, paging::Writable | paging::NoExecute))
      return false;
  }
  return true;
}

// What a processor needs to start. What a first try has made is used again.
bool prepare(Cpu &C, unsigned Id, uint32_t ApicId) {
  C.Id = Id;
  C.ApicId = ApicId;
  if (C.Idle)
    return true;
  C.Running = C.Idle = thread::createIdle(C);
  C.InterruptStacks =
      reinterpret_cast<char *>(CPU_AREA + Id * NUM_ISTS * KSTACK_SIZE);
  if (!C.Idle || !mapInterruptStacks(C))
    return false;
  BootCpus[Id] = {boot_tcbs[Id], C.Idle->StackTop, apMain};
  return true;
}

bool startOne(Cpu &C) {
  auto *Page = static_cast<char *>(memory::direct(AP_TRAMPOLINE));
  size_t Size = ap_trampoline_end - ap_trampoline;
  memcpy(Page, ap_trampoline, Size);
  uint32_t Argument = reinterpret_cast<uint64_t>(&BootCpus[C.Id]) - KERNEL_BASE;
  memcpy(Page + Size - sizeof(Argument), &Argument, sizeof(Argument));

  reach(Silent);
  TscOfBoot = TscOfOther = 0;
  TscDiffers = false;
  lapic::send(C.ApicId, lapic::Init);
  waitNanoseconds(10'000'000);
  for (unsigned I = 0; I != 2 && reached() == Silent; ++I) {
    lapic::send(C.ApicId, lapic::Startup | AP_TRAMPOLINE >> 12);
    waitNanoseconds(200'000);
  }
  constexpr uint64_t Patience = 5'000'000'000;
  for (uint64_t Start = timer::now();
       reached() == Silent && timer::now() - Start < Patience;)
    cpu::pause();
  if (reached() == Here) {
    for (uint64_t Start = timer::now(); timer::now() - Start < 1'000'000;)
      compareTsc(TscOfBoot, TscOfOther);
    if (!__atomic_load_n(&TscDiffers, __ATOMIC_ACQUIRE)) {
      reach(Accepted);
      return true;
    }
  }
  log("smp: processor with APIC id %u is not used: %s", C.ApicId,
      reached() == Silent    ? "it does not start"
      : reached() == Refused ? "it has no FSGSBASE, the first one has"
                             : "its time stamp counter is not in step");
  // It must not come later.
  reach(Refused);
  lapic::send(C.ApicId, lapic::Init);
  return false;
}

} // namespace

unsigned numCpus() { return __atomic_load_n(&NumCpus, __ATOMIC_ACQUIRE); }
Cpu &cpu(unsigned Id) { return Cpus[Id]; }

Cpu &current() {
  struct [[gnu::packed]] {
    uint16_t Limit;
    uint64_t Base;
  } Gdt;
  asm volatile("sgdt %0" : "=m"(Gdt));
  return *reinterpret_cast<Cpu *>(Gdt.Base);
}

void sendReschedule(Cpu &C) { lapic::send(C.ApicId, VECTOR_RESCHEDULE); }
void sendNmi(Cpu &C) { lapic::send(C.ApicId, lapic::Nmi); }

bool handleNmi() {
  Cpu &C = current();
  ++C.NumNmis;
  const Cpu *S = __atomic_load_n(&Stopper, __ATOMIC_ACQUIRE);
  if (S && S != &C) {
    __atomic_store_n(&C.IsStopped, true, __ATOMIC_RELEASE);
    cpu::halt();
  }
  return tlb::serve(C);
}

void stopOthers() {
  if (numCpus() == 1)
    return;
  __atomic_store_n(&Stopper, &current(), __ATOMIC_RELEASE);
  // One that is stuck in an NMI, or in QEMU's, is not waited for for ever.
  unsigned Patience = 10'000'000;
  for (unsigned I = 0; I != numCpus(); ++I) {
    Cpu &C = Cpus[I];
    if (&C == &current())
      continue;
    sendNmi(C);
    while (!__atomic_load_n(&C.IsStopped, __ATOMIC_ACQUIRE) && --Patience)
      cpu::pause();
    Patience += !Patience;
  }
}

void logCounters() {
  for (unsigned I = 0; I != numCpus(); ++I) {
    const Cpu &C = Cpus[I];
    log("smp: processor %u: %lu ticks, %lu at work; %lu switches, %lu threads "
        "from others; %lu wake-ups, %lu TLB requests",
        I, C.NumTicks, C.NumBusyTicks, C.NumSwitches, C.NumStolen,
        C.NumReschedules, C.NumShootdowns);
  }
}

void initBoot() { Cpus[0].InterruptStacks = BootInterruptStacks; }

void start() {
  uint32_t ApicIds[64];
  constexpr unsigned Max = sizeof(ApicIds) / sizeof(*ApicIds);
  unsigned N = acpi::findProcessors(pvh::rsdp(), ApicIds, Max);
  Cpus[0].ApicId = lapic::id();
  if (N > 1) {
    paging::setIdentityMap(true);
    unsigned Next = 1;
    for (unsigned I = 0; I != N && I != Max && Next != MaxCpus; ++I) {
      Cpu &C = Cpus[Next];
      if (ApicIds[I] == Cpus[0].ApicId || !prepare(C, Next, ApicIds[I]) ||
          !startOne(C))
        continue;
      __atomic_store_n(&NumCpus, ++Next, __ATOMIC_RELEASE);
    }
    paging::setIdentityMap(false);
  }
  log("smp: runs on %u of %u processors", numCpus(), N ? N : 1);
}

} // namespace smp
