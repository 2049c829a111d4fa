// mmap(2) and its kin. What is checked here is how the arguments are encoded;
// vm.h has the rest.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "lib/error.h"
#include "linux/calls/syscall.h"
#include "linux/fs/file.h"
#include "memory/paging.h"
#include "user/vm.h"

namespace syscall {
namespace {

using paging::PageSize;

uint64_t pageUp(uint64_t N) { return (N + PageSize - 1) & -PageSize; }
bool isAligned(uint64_t N) { return N % PageSize == 0; }
uint32_t protectionOf(uint64_t Prot) {
  return Prot & (vm::Read | vm::Write | vm::Exec);
}

int64_t result(bool Ok) { return Ok ? 0 : -LastError; }
int64_t result(uint64_t Address) {
  return Address ? static_cast<int64_t>(Address) : -LastError;
}

// include/uapi/asm-generic/mman-common.h, arch/x86/include/uapi/asm/mman.h.
enum MapFlags : uint64_t {
  MAP_SHARED = 1,
  MAP_PRIVATE = 2,
  MAP_SHARED_VALIDATE = 3,
  MAP_TYPE = 0xf,
  MAP_FIXED = 0x10,
  MAP_ANONYMOUS = 0x20,
  MAP_32BIT = 0x40,
  MAP_GROWSDOWN = 0x100,
  MAP_LOCKED = 0x2000,
  MAP_NORESERVE = 0x4000,
  MAP_POPULATE = 0x8000,
  MAP_HUGETLB = 0x40000,
  MAP_FIXED_NOREPLACE = 0x100000,
};
// What MAP_SHARED_VALIDATE lets through: those that were there before it, with
// the size of huge pages.
constexpr uint64_t KnownMapFlags = 0x7c07f9f3;

// Sets M.File, with a reference, if the mapping has one. 0 or -errno.
int64_t openMapped(int Fd, vm::Mapping &M) {
  uint32_t Access;
  Node *File = file::nodeOf(Fd, Access);
  if (!File)
    return -EBADF;
  file::Status S;
  File->status(S);
  constexpr uint64_t DevZero = 1 << 8 | 5;
  bool IsZero = (S.Mode & file::TypeMask) == file::CharacterDevice &&
                S.DeviceId == DevZero;
  int64_t Error = 0;
  if (!(Access & file::Readable) ||
      (M.Shared && (M.Protection & vm::Write) && !(Access & file::Writable)))
    Error = -EACCES;
  else if (!IsZero && (S.Mode & file::TypeMask) != file::Regular)
    Error = -ENODEV;
  if (Error || IsZero) {
    File->unref();
    return Error;
  }
  M.File = File;
  M.NeverWritable = M.Shared && !(Access & file::Writable);
  return 0;
}

uint64_t mapMemory(uint64_t Address, uint64_t Size, uint64_t Flags,
                   const vm::Mapping &M) {
  if (Flags & MAP_FIXED_NOREPLACE)
    return vm::mapNew(Address, Size, M) ? Address : 0;
  if (Flags & MAP_FIXED)
    return vm::map(Address, Size, M) ? Address : 0;
  // A hint: if there is room.
  Address = pageUp(Address);
  if (Address && vm::mapNew(Address, Size, M))
    return Address;
  constexpr uint64_t Low2GiB = 1ull << 31;
  return vm::mapAnywhere(Size, M, Flags & MAP_32BIT ? Low2GiB : vm::MmapTop);
}

} // namespace

int64_t sysBrk(const Arguments &A) { return vm::setHeapEnd(A[0]); }

int64_t sysMmap(const Arguments &A) {
  uint64_t Size = pageUp(A[1]), Flags = A[3], Type = Flags & MAP_TYPE;
  if (!isAligned(A[5]))
    return -EINVAL;
  vm::Mapping M;
  M.Protection = protectionOf(A[2]);
  M.Shared = Type != MAP_PRIVATE;
  M.NoReserve = Flags & MAP_NORESERVE;
  M.GrowsDown = Flags & MAP_GROWSDOWN;
  if (!(Flags & MAP_ANONYMOUS)) {
    if (int64_t Error = openMapped(A[4], M))
      return Error;
    M.FileOffset = A[5];
  }
  auto Map = [&]() -> int64_t {
    if (!A[1] || Type == 0 || Type > MAP_SHARED_VALIDATE)
      return -EINVAL;
    if (Type == MAP_SHARED_VALIDATE && (Flags & MAP_ANONYMOUS))
      return -EINVAL;
    if (Type == MAP_SHARED_VALIDATE && (Flags & ~KnownMapFlags))
      return -EOPNOTSUPP;
    if (Size < A[1] || (Flags & MAP_HUGETLB)) // there are no huge pages
      return -ENOMEM;
    if (M.FileOffset + Size < M.FileOffset)
      return -EOVERFLOW;
    if ((Flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && !isAligned(A[0]))
      return -EINVAL;
    return result(mapMemory(A[0], Size, Flags, M));
  };
  int64_t Result = Map();
  if (M.File)
    M.File->unref(); // the region has its own reference
  if (Result > 0 && (Flags & (MAP_POPULATE | MAP_LOCKED)))
    vm::prefault(Result, Size);
  return Result;
}

int64_t sysMunmap(const Arguments &A) {
  if (!isAligned(A[0]) || pageUp(A[1]) < A[1])
    return -EINVAL;
  return result(vm::unmap(A[0], pageUp(A[1])));
}

int64_t sysMprotect(const Arguments &A) {
  enum : uint64_t {
    PROT_SEM = 8,
    PROT_GROWSDOWN = 0x1000000,
    Known = vm::Read | vm::Write | vm::Exec | PROT_SEM | PROT_GROWSDOWN,
  };
  if ((A[2] & ~Known) || !isAligned(A[0]))
    return -EINVAL;
  if (!A[1])
    return 0;
  if (pageUp(A[1]) < A[1])
    return -ENOMEM;
  return result(vm::protect(A[0], pageUp(A[1]), protectionOf(A[2]),
                            A[2] & PROT_GROWSDOWN));
}

int64_t sysMremap(const Arguments &A) {
  enum : uint64_t {
    MREMAP_MAYMOVE = 1,
    MREMAP_FIXED = 2,
    MREMAP_DONTUNMAP = 4,
  };
  uint64_t OldSize = pageUp(A[1]), NewSize = pageUp(A[2]), Flags = A[3];
  vm::Move M;
  M.MayMove = Flags & MREMAP_MAYMOVE;
  M.KeepOld = Flags & MREMAP_DONTUNMAP;
  bool Fixed = Flags & MREMAP_FIXED;
  if ((Flags & ~7ull) || !isAligned(A[0]) || !NewSize || NewSize < A[2] ||
      ((Fixed || M.KeepOld) && !M.MayMove) ||
      (M.KeepOld && OldSize != NewSize) ||
      (Fixed && (!A[4] || !isAligned(A[4]))))
    return -EINVAL;
  // Of size 0: on Linux a second view of a shared mapping.
  if (!A[1] || OldSize < A[1])
    return -EINVAL;
  M.Target = Fixed ? A[4] : 0;
  return result(vm::resize(A[0], OldSize, NewSize, M));
}

int64_t sysMadvise(const Arguments &A) {
  enum : uint64_t {
    MADV_DONTNEED = 4,
    MADV_FREE = 8,
    MADV_REMOVE = 9,
    MADV_POPULATE_READ = 22,
    MADV_POPULATE_WRITE = 23,
    MADV_DONTNEED_LOCKED = 24,
    MADV_COLLAPSE = 25,
  };
  uint64_t Start = A[0], Size = pageUp(A[1]), Advice = A[2];
  bool Unknown = Advice > MADV_COLLAPSE || (Advice > 4 && Advice < 8);
  if (!isAligned(Start) || Size < A[1] || Unknown || Start + Size < Start)
    return -EINVAL;
  if (!Size)
    return 0;
  switch (Advice) {
  case MADV_DONTNEED:
  case MADV_DONTNEED_LOCKED:
    return result(vm::discard(Start, Size));
  case MADV_FREE:
    return result(vm::discard(Start, Size, true));
  case MADV_POPULATE_READ:
  case MADV_POPULATE_WRITE:
    return result(vm::populate(Start, Size, Advice == MADV_POPULATE_WRITE));
  case MADV_REMOVE:
    return -EOPNOTSUPP; // files have no holes
  default:
    return result(vm::isMapped(Start, Size)); // advice only
  }
}

// A file's shared pages are the file: there is nothing to write back.
int64_t sysMsync(const Arguments &A) {
  enum : uint64_t { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4 };
  if ((A[2] & ~7ull) || !isAligned(A[0]) ||
      ((A[2] & MS_ASYNC) && (A[2] & MS_SYNC)))
    return -EINVAL;
  if (pageUp(A[1]) < A[1])
    return -ENOMEM;
  return A[1] ? result(vm::isMapped(A[0], pageUp(A[1]))) : 0;
}

int64_t sysMincore(const Arguments &A) {
  if (!isAligned(A[0]))
    return -EINVAL;
  uint64_t Size = pageUp(A[1]);
  if (Size < A[1])
    return -ENOMEM;
  uint8_t Present[256];
  for (uint64_t Done = 0; Done != Size;) {
    uint64_t N = Size - Done < sizeof(Present) * PageSize
                     ? Size - Done
                     : sizeof(Present) * PageSize;
    if (!vm::residence(A[0] + Done, N, Present))
      return -LastError;
    if (!copyToUser(A[2] + Done / PageSize, Present, N / PageSize))
      return -EFAULT;
    Done += N;
  }
  return 0;
}

// Nothing is ever moved out of memory: to lock it is to fetch it.
int64_t sysMlock(const Arguments &A) {
  uint64_t Start = A[0] & -PageSize, Size = pageUp(A[0] % PageSize + A[1]);
  if (!A[1])
    return 0;
  if (Size < A[1] || Start + Size < Start)
    return -EINVAL;
  if (!vm::isMapped(Start, Size))
    return -ENOMEM;
  return vm::populate(Start, Size, false) ? 0 : -ENOMEM;
}

int64_t sysMlock2(const Arguments &A) {
  enum : uint64_t { MLOCK_ONFAULT = 1 };
  if (A[2] & ~MLOCK_ONFAULT)
    return -EINVAL;
  if (!(A[2] & MLOCK_ONFAULT))
    return sysMlock(A);
  return sysMunlock(A);
}

int64_t sysMunlock(const Arguments &A) {
  uint64_t Start = A[0] & -PageSize, Size = pageUp(A[0] % PageSize + A[1]);
  if (!A[1])
    return 0;
  if (Size < A[1] || Start + Size < Start)
    return -EINVAL;
  return result(vm::isMapped(Start, Size));
}

int64_t sysMlockall(const Arguments &A) {
  enum : uint64_t { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };
  bool Known = A[0] && !(A[0] & ~7ull) && A[0] != MCL_ONFAULT;
  return Known ? 0 : -EINVAL;
}

int64_t sysMunlockall(const Arguments &) { return 0; }

} // namespace syscall
