// The whole kernel: what is started on the core, and what it runs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "app/app.h"
#include "boot/initrd.h"
#include "boot/start.h"
#include "device/calendar.h"
#include "device/control.h"
#include "device/log.h"
#include "lib/options.h"
#include "linux/fs/file.h"
#include "linux/proc/proc.h"
#include "linux/process/process.h"
#include "linux/strace/strace.h"
#include "module/module.h"
#include "module/module_tls.h"
#include "test/selftest.h"
#include "thread/thread_memory.h"

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
const kernel_tls::Extension *extensionOfModules() {
  static constexpr kernel_tls::Extension E = {
      module_tls::Surplus, module_tls::DtvSize, module_tls::init,
      module_tls::attach, module_tls::detach};
  return options::get("module") ? &E : nullptr;
}
#else
bool loadModules() {
  if (!options::get("module"))
    return true;
  control::send("error module=: this kernel, of mode %s, has no modules",
                MODE_NAME);
  return false;
}
void unloadModules() {}
const kernel_tls::Extension *extensionOfModules() { return nullptr; }

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

} // namespace

namespace start {

const kernel_tls::Extension *extension() { return extensionOfModules(); }

bool choose() { return chooseLoader(); }

void prepare() {
  calendar::init();
  strace::On = options::getNumber("strace", 0);
}

void run() {
  file::init();
  if (!file::mount("proc", proc::makeDirectory(proc::ProcRoot)) ||
      !file::mount("sys", proc::makeDirectory(proc::SysRoot)))
    log("no memory for /proc and /sys");
  log("thread: %lu bytes of kernel memory each",
      thread_memory::bytesPerThread());
  control::send("ready");
  if (const char *Name = options::get("selftest"))
    selftest::run(Name);
  else if (loadModules())
    runPrograms();
  unloadModules();
}

} // namespace start
