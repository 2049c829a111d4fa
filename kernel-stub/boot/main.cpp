// The first C++ function, and the order in which everything starts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app.h"
#include "boot/initrd.h"
#include "boot/pvh.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/smp.h"
#include "device/calendar.h"
#include "device/control.h"
#include "device/log.h"
#include "device/panic.h"
#include "device/serial.h"
#include "device/timer.h"
#include "entry/interrupts.h"
#include "entry/processor.h"
#include "lib/options.h"
#include "linux/calls/trace.h"
#include "linux/fs/file.h"
#include "linux/process/process.h"
#include "linux/strace/strace.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "module/module.h"
#include "test/selftest.h"
#include "test/stress.h"
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

process::Strings stringsOf(const char *Path) {
  initrd::File F;
  if (!initrd::find(Path, F))
    return {};
  return {reinterpret_cast<const char *>(F.Data), F.Size};
}

// Runs the programs that the initrd names, one after the other.
void runPrograms() {
  process::Strings Environment = stringsOf("/.segshift/env");
  char Path[40] = "/.segshift/argv";
  for (unsigned I = 1;; ++I) {
    process::Strings Arguments = stringsOf(Path);
    if (!Arguments.Size) {
      if (I == 1)
        control::send("error the initrd has no /.segshift/argv");
      return;
    }
    process::run(Arguments, Environment);
    format(Path, sizeof(Path), "/.segshift/argv.%u", I);
  }
}

#ifdef MODE_HAS_MODULES
bool loadModules() { return module::loadAll(); }
void unloadModules() { module::unloadAll(); }
bool chooseLoader() { return app::choose(); }
#else
bool loadModules() {
  if (!options::get("module"))
    return true;
  control::send("error module=: this kernel, of mode %s, has no modules",
                MODE_NAME);
  return false;
}
void unloadModules() {}

bool chooseLoader() {
  if (!options::get("loader"))
    return true;
  control::send(
      "error loader=kernel: this kernel, of mode %s, has its TLS behind "
      "FS, where the program's would be; modes gs and gs-debug load "
      "programs",
      MODE_NAME);
  return false;
}
#endif

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
  file::init();
  log("thread: %lu bytes of kernel memory each",
      thread_memory::bytesPerThread());
  control::send("ready");
  if (const char *Name = options::get("selftest"))
    selftest::run(Name);
  else if (loadModules())
    runPrograms();
  unloadModules();
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
  kernel_tls::initBoot();
  log("stub: kernel TLS mode %s", MODE_NAME);
  pvh::init();
  segshift_base_init(options::getNumber("fsgsbase", 1));
  for (const Constructor *C = __init_array_start; C != __init_array_end; ++C)
    (*C)();
  if (!chooseRing() || !chooseLoader() || !tls_guard::choose()) {
    control::send("done");
    control::powerOff(0);
  }
  smp::initBoot();
  processor::init(smp::cpu(0));
  paging::setIdentityMap(false);
  thread::init();
  timer::init(options::getNumber("tick", 1000));
  calendar::init();
  trace::setVerbose(options::getNumber("trace", 0));
  strace::On = options::getNumber("strace", 0);
  Thread *Main = thread::create(mainThread, nullptr, nullptr);
  if (!Main)
    panic("no memory for the main thread");
  smp::start();
  thread::start(*Main);
  stress::start();
  scheduler::idle();
}
