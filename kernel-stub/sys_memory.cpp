// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "error.h"
#include "paging.h"
#include "process.h"
#include "syscall.h"
#include "thread.h"
#include "vm.h"

namespace syscall {
namespace {

using paging::PageSize;

uint64_t pageUp(uint64_t N) { return (N + PageSize - 1) & -PageSize; }
bool isAligned(uint64_t N) { return N % PageSize == 0; }
uint32_t protectionOf(uint64_t Prot) {
  return Prot & (vm::Read | vm::Write | vm::Exec);
}

} // namespace

int64_t sysBrk(const Arguments &A) {
  constexpr uint64_t MaxHeap = 1ull << 40;
  thread::PreemptGuard Guard; // P.Brk and the region change as one
  Process &P = *process::current();
  uint64_t New = A[0], OldEnd = pageUp(P.Brk), NewEnd = pageUp(New);
  if (New < P.BrkStart || New > P.BrkStart + MaxHeap)
    return P.Brk;
  if (NewEnd > OldEnd &&
      !vm::mapNew(OldEnd, NewEnd - OldEnd, vm::Read | vm::Write))
    return P.Brk;
  if (NewEnd < OldEnd && !vm::unmap(NewEnd, OldEnd - NewEnd))
    return P.Brk;
  return P.Brk = New;
}

int64_t sysMmap(const Arguments &A) {
  enum : uint64_t {
    MAP_FIXED = 0x10,
    MAP_ANONYMOUS = 0x20,
    MAP_FIXED_NOREPLACE = 0x100000,
  };
  uint64_t Address = A[0], Size = pageUp(A[1]), Flags = A[3];
  if (!(Flags & MAP_ANONYMOUS))
    return -EBADF;
  if (!A[1] || Size < A[1])
    return -EINVAL;
  uint32_t Protection = protectionOf(A[2]);
  bool Fixed = Flags & (MAP_FIXED | MAP_FIXED_NOREPLACE), Mapped = false;
  if (Fixed && !isAligned(Address))
    return -EINVAL;
  if (Fixed && !(Flags & MAP_FIXED_NOREPLACE))
    Mapped = vm::map(Address, Size, Protection);
  else if (Fixed || (Address && isAligned(Address)))
    Mapped = vm::mapNew(Address, Size, Protection);
  if (!Mapped && !Fixed) {
    Address = vm::mapAnywhere(Size, Protection);
    Mapped = Address != 0;
  }
  return Mapped ? static_cast<int64_t>(Address) : -LastError;
}

int64_t sysMunmap(const Arguments &A) {
  if (!isAligned(A[0]) || pageUp(A[1]) < A[1])
    return -EINVAL;
  return vm::unmap(A[0], pageUp(A[1])) ? 0 : -LastError;
}

int64_t sysMprotect(const Arguments &A) {
  if (!isAligned(A[0]))
    return -EINVAL;
  if (!A[1])
    return 0;
  if (pageUp(A[1]) < A[1])
    return -ENOMEM;
  return vm::protect(A[0], pageUp(A[1]), protectionOf(A[2])) ? 0 : -LastError;
}

// Advice only, but for MADV_DONTNEED, after which pages read as zero.
int64_t sysMadvise(const Arguments &A) {
  enum : uint64_t { MADV_DONTNEED = 4 };
  if (!isAligned(A[0]) || pageUp(A[1]) < A[1])
    return -EINVAL;
  if (A[2] != MADV_DONTNEED || !A[1])
    return 0;
  return vm::discard(A[0], pageUp(A[1])) ? 0 : -LastError;
}

} // namespace syscall
