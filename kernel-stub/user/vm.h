// The program's address space: regions of the lower half, each with what it is
// filled with when its pages are first touched: zeros, or a file. One program
// at a time.
//
// One mutex protects it. It is taken by every function here, and so by every
// page fault: no caller may hold a lock of its own across a copy to or from the
// program's memory. Within it, files are read (pager.h) and pages allocated.
//
// How much a program may have: a request for private writable memory must fit
// into what is free when it is made, less a reserve for the kernel, or it gets
// ENOMEM. It takes nothing yet: pages are taken when they are touched, and a
// program that touches one when there is none is killed. MAP_NORESERVE leaves
// out the check, as on Linux (proc(5), overcommit_memory 0), and PROT_NONE and
// read-only memory are free until mprotect makes them writable.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_VM_H
#define STUB_VM_H

#include "segshift/abi.h"
#include <stddef.h>
#include <stdint.h>

class Pager;

namespace vm {

// What programs may use. The lowest pages stay unmapped, to catch null
// pointers.
constexpr uint64_t Low = 0x10000, High = SEGSHIFT_APP_ADDRESS_LIMIT;
// mapAnywhere looks below this; the stack is above.
constexpr uint64_t MmapTop = 0x7fff00000000;

// Regions that a program may have, as vm.max_map_count of Linux.
constexpr unsigned MaxRegions = 65530;

enum Protection : uint32_t { Read = 1, Write = 2, Exec = 4 }; // PROT_*

// What a region is.
struct Mapping {
  uint32_t Protection = 0;
  bool Shared = false;        // MAP_SHARED
  bool NeverWritable = false; // shared, of a file that is not open for writing
  bool NoReserve = false;
  bool GrowsDown = false;  // a stack; for mprotect's PROT_GROWSDOWN alone
  Pager *File = nullptr;   // null: zeros
  uint64_t FileOffset = 0; // of the region's start; a multiple of the page size
};

// In all of these, Start and Size are multiples of the page size, Size not 0.
// False, or address 0: LastError is set. A region keeps a reference to its file
// of its own.
bool map(uint64_t Start, uint64_t Size, const Mapping &M);    // replaces
bool mapNew(uint64_t Start, uint64_t Size, const Mapping &M); // or EEXIST
// In the highest free range below Top. Returns its address.
uint64_t mapAnywhere(uint64_t Size, const Mapping &M, uint64_t Top = MmapTop);

bool unmap(uint64_t Start, uint64_t Size);
// FromRegionStart: PROT_GROWSDOWN.
bool protect(uint64_t Start, uint64_t Size, uint32_t Protection,
             bool FromRegionStart = false);

// mremap(2). Target 0: anywhere, if it may move. KeepOld: MREMAP_DONTUNMAP.
struct Move {
  bool MayMove = false, KeepOld = false;
  uint64_t Target = 0;
};
uint64_t resize(uint64_t Start, uint64_t OldSize, uint64_t NewSize,
                const Move &M);

// Frees the pages; the next access finds zeros, or what the file has.
// OnlyAnonymous: as MADV_FREE, EINVAL for others.
bool discard(uint64_t Start, uint64_t Size, bool OnlyAnonymous = false);
// Takes the page faults of the range now; for writing, or else for reading.
// EINVAL: a page is not accessible so; EFAULT: it is behind its file's end.
bool populate(uint64_t Start, uint64_t Size, bool ForWriting);
// populate, as far as it goes.
void prefault(uint64_t Start, uint64_t Size);
// Sets Present[I] to whether page I is in memory. ENOMEM: part is not mapped.
bool residence(uint64_t Start, uint64_t Size, uint8_t *Present);
// Whether all of it is mapped; else ENOMEM.
bool isMapped(uint64_t Start, uint64_t Size);

// The program's heap: starts empty at Start.
void setHeap(uint64_t Start);
// brk(2): returns the end, which is Wanted if that was to be had.
uint64_t setHeapEnd(uint64_t Wanted);
// For the name of its region.
void setStack(uint64_t Top);

// A region, for /proc/self/maps. The caller gets a reference to File.
struct Info : Mapping {
  uint64_t Start, End;
  const char *Name; // "[heap]", "[stack]"; "" for others
};
// The first one that ends above Address. False: there is none.
bool find(uint64_t Address, Info &I);

// Bytes that are mapped, and pages that are in memory.
struct Usage {
  uint64_t Mapped, ResidentPages;
};
Usage usage();

// Takes the pages of File from Offset on out of the address space, for a file
// that gets shorter: to be called without its lock, after sharedPage gives them
// no more and before they are freed.
void forgetFile(const Pager &File, uint64_t Offset);

// Removes everything, for the next program.
void clear();

enum class Fault {
  Resolved,
  NotMapped,  // SIGSEGV, SEGV_MAPERR
  NotAllowed, // SIGSEGV, SEGV_ACCERR
  NoFile,     // SIGBUS, BUS_ADRERR: behind the file's end, or it cannot be read
  NoMemory,   // the program is to be killed
};
// A page fault at Address, with the CPU's error code (SDM volume 3, 4.7).
Fault handleFault(uint64_t Address, uint64_t Error);

} // namespace vm

#endif
