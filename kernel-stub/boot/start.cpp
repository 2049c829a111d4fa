// The first C++ function, and the order in which the core starts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "boot/start.h"
#include "boot/pvh.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "cpu/smp.h"
#include "device/control.h"
#include "device/log.h"
#include "device/serial.h"
#include "device/timer.h"
#include "entry/interrupts.h"
#include "entry/processor.h"
#include "entry/stress.h"
#include "entry/trace.h"
#include "lib/options.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "segshift/base.h"
#include "thread/scheduler.h"
#include "thread/thread.h"
#include "thread/thread_memory.h"
#include "tls/tls_guard.h"

extern "C" {
using Constructor = void (*)();
extern const Constructor __init_array_start[], __init_array_end[];
[[noreturn]] void kernelMain();
}

namespace {

// False, after a message: not to be had.
bool chooseRing() {
  uint64_t Ring = options::getNumber("ring", 0);
  if (!Ring)
    return true;
  if (Ring != 3) {
    control::send("error ring=%lu: programs run in ring 0 or 3", Ring);
    return false;
  }
#if defined(MODE_HAS_RING3) && !KERNEL_RED_ZONE
  ProgramsInRing3 = true;
  return true;
#else
  // A red zone in the kernel needs interrupt stacks all the time.
  control::send(
      "error ring=3: this kernel, of mode %s, runs programs in ring 0 "
      "only",
      MODE_NAME);
  return false;
#endif
}

// The first kernel thread with a stack of its own.
[[noreturn]] void mainThread(void *) {
  start::run();
  if (interrupts::nmis() || interrupts::debugs())
    log("NMIs: %lu, debug exceptions in the kernel: %lu", interrupts::nmis(),
        interrupts::debugs());
  smp::logCounters();
  thread::reap();
  // This one and the idle ones, if none was lost.
  log("threads: %lu in use, memory of %lu kept for new ones, %lu bytes each",
      thread::numThreads(), thread_memory::numKept(),
      thread_memory::bytesPerThread());
  control::send("done");
  control::powerOff(0);
}

} // namespace

// On boot.S's static TCB, which has a canary but no thread-locals, and on a
// stack without a guard page. It never returns, and so never compares the
// canary that initBoot replaces.
__attribute__((no_stack_protector)) void kernelMain() {
  serial::init();
  pvh::readOptions();
  kernel_tls::initBoot(start::extension());
  log("stub: kernel TLS mode %s", MODE_NAME);
  pvh::init();
  segshift_base_init(options::getNumber("fsgsbase", 1));
  for (const Constructor *C = __init_array_start; C != __init_array_end; ++C)
    (*C)();
  if (!chooseRing() || !start::choose() || !tls_guard::choose()) {
    control::send("done");
    control::powerOff(0);
  }
  smp::initBoot();
  processor::init(smp::cpu(0));
  paging::setIdentityMap(false);
  thread::init();
  timer::init(options::getNumber("tick", 1000));
  trace::setVerbose(options::getNumber("trace", 0));
  start::prepare();
  Thread *Main = thread::create(mainThread, nullptr, nullptr);
  if (!Main)
    panic("no memory for the main thread");
  smp::start();
  thread::start(*Main);
  stress::start();
  scheduler::idle();
}
