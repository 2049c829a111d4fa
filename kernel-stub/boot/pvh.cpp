// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "boot/pvh.h"
#include "boot/initrd.h"
#include "cpu/panic.h"
#include "device/log.h"
#include "lib/options.h"
#include "memory/memory.h"

extern "C" {
extern const char __image_end[];
uint64_t boot_start_info; // physical; set by boot.S
}

namespace pvh {
namespace {

struct StartInfo {
  uint32_t Magic, Version, Flags, NumModules;
  uint64_t Modules, CommandLine, Rsdp;
  uint64_t MemoryMap; // from version 1 on
  uint32_t NumMemoryMap, Reserved;
};
constexpr uint32_t StartMagic = 0x336ec578;

struct Module {
  uint64_t Address, Size, CommandLine, Reserved;
};

struct MemoryRange {
  uint64_t Address, Size;
  uint32_t Type, Reserved;
};
constexpr uint32_t Ram = 1;

template <typename T> const T *at(uint64_t Physical) {
  return static_cast<const T *>(memory::direct(Physical));
}

// The parts of [Start, End) that are not [HoleStart, HoleEnd).
void addAround(uint64_t Start, uint64_t End, uint64_t HoleStart,
               uint64_t HoleEnd) {
  if (HoleEnd <= Start || HoleStart >= End)
    return memory::addRegion(Start, End);
  if (Start < HoleStart)
    memory::addRegion(Start, HoleStart);
  if (HoleEnd < End)
    memory::addRegion(HoleEnd, End);
}

} // namespace

uint64_t rsdp() { return at<StartInfo>(boot_start_info)->Rsdp; }

// Whether it is one at all, init says.
void readOptions() {
  auto *Info = at<StartInfo>(boot_start_info);
  if (Info->Magic == StartMagic && Info->CommandLine)
    options::init(at<char>(Info->CommandLine));
}

void init() {
  auto *Info = at<StartInfo>(boot_start_info);
  if (Info->Magic != StartMagic || Info->Version < 1)
    panic("not started by PVH with a memory map: magic 0x%x, version %u",
          Info->Magic, Info->Version);

  uint64_t InitrdStart = 0, InitrdEnd = 0;
  if (Info->NumModules) {
    auto *M = at<Module>(Info->Modules);
    InitrdStart = M->Address;
    InitrdEnd = M->Address + M->Size;
    initrd::init(at<char>(M->Address), M->Size);
  }

  // Below the image are the structures read above and the firmware's; what is
  // above 4 GiB is not in the direct map.
  uint64_t ImageEnd = reinterpret_cast<uint64_t>(__image_end) - KERNEL_BASE;
  auto *Ranges = at<MemoryRange>(Info->MemoryMap);
  for (uint32_t I = 0; I != Info->NumMemoryMap; ++I) {
    uint64_t Start = Ranges[I].Address, End = Start + Ranges[I].Size;
    if (Ranges[I].Type != Ram)
      continue;
    if (Start < ImageEnd)
      Start = ImageEnd;
    if (End > DIRECT_MAP_SIZE)
      End = DIRECT_MAP_SIZE;
    if (Start < End)
      addAround(Start, End, InitrdStart, InitrdEnd);
  }
  log("memory: %lu KiB free, initrd of %lu bytes", memory::freePages() * 4,
      InitrdEnd - InitrdStart);
}

} // namespace pvh
