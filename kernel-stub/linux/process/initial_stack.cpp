// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/initial_stack.h"
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "cpu/random.h"
#include "lib/string.h"
#include "memory/paging.h"
#include "user/vm.h"

namespace exec {
namespace {

constexpr uint64_t StackSize = 8 << 20; // RLIMIT_STACK, as on most systems
constexpr uint64_t StackTop = vm::High - 0x10000;
// As on Linux (execve(2)), arguments and environment may take a quarter.
constexpr uint64_t MaxStrings = StackSize / 4;

// Auxiliary vector (psABI 3.4.3, Linux include/uapi/linux/auxvec.h). There is
// no vDSO and so no AT_SYSINFO_EHDR.
enum : uint64_t {
  AT_NULL = 0,
  AT_PHDR = 3,
  AT_PHENT = 4,
  AT_PHNUM = 5,
  AT_PAGESZ = 6,
  AT_BASE = 7,
  AT_FLAGS = 8,
  AT_ENTRY = 9,
  AT_UID = 11,
  AT_EUID = 12,
  AT_GID = 13,
  AT_EGID = 14,
  AT_PLATFORM = 15,
  AT_HWCAP = 16,
  AT_CLKTCK = 17,
  AT_SECURE = 23,
  AT_RANDOM = 25,
  AT_HWCAP2 = 26,
  AT_EXECFN = 31,
  AT_MINSIGSTKSZ = 51,
};
constexpr uint64_t Hwcap2Fsgsbase = 2; // programs may use rdfsbase and its kin

unsigned count(process::Strings Strings) {
  unsigned N = 0;
  for (const char *S = nullptr; (S = Strings.next(S));)
    ++N;
  return N;
}

// Writes to the stack, from high to low addresses or from low to high, and
// notices whether all of it went well.
class Writer {
public:
  uint64_t Sp = 0;
  bool Ok = true;

  uint64_t push(const void *Data, size_t Size) {
    Sp = (Sp - Size) & -8ull;
    Ok &= copyToUser(Sp, Data, Size);
    return Sp;
  }
  void put(uint64_t Value) {
    Ok &= putUser(Sp, Value);
    Sp += 8;
  }
  // The addresses of strings that were pushed to Base in one piece.
  void putAddresses(process::Strings Strings, uint64_t Base) {
    for (const char *S = nullptr; (S = Strings.next(S));)
      put(Base + (S - Strings.Data));
    put(0);
  }
};

} // namespace

uint64_t mapStack(bool Executable) {
  vm::Mapping M;
  M.Protection = vm::Read | vm::Write | (Executable ? vm::Exec : 0u);
  M.NoReserve = true; // also where there is less memory than that
  M.GrowsDown = true;
  if (!vm::map(StackTop - StackSize, StackSize, M))
    return 0;
  vm::setStack(StackTop);
  return StackTop;
}

bool makeStack(const Description &D, process::Strings Arguments,
               process::Strings Environment, uint64_t &Rsp, Reason Error) {
  const elf::Plan &P = D.Program.Plan;
  unsigned NumArguments = count(Arguments), NumVariables = count(Environment);
  uint64_t Pointers = 8 * (3ull + NumArguments + NumVariables);
  uint64_t Total = Arguments.Size + Environment.Size + Pointers;
  if (Total > MaxStrings)
    return Error("arguments and environment take %lu bytes, the limit is %lu",
                 Total, MaxStrings);

  Writer W;
  if (!(W.Sp = mapStack(P.ExecutableStack)))
    return Error("no memory for its stack");
  uint64_t Path = W.push(D.Path, strlen(D.Path) + 1);
  uint64_t Variables = W.push(Environment.Data, Environment.Size);
  uint64_t Strings = W.push(Arguments.Data, Arguments.Size);
  static const char Name[] = "x86_64";
  uint64_t Platform = W.push(Name, sizeof(Name));
  uint64_t Bytes[2] = {random::next(), random::next()};
  uint64_t Random = W.push(Bytes, sizeof(Bytes));
  uint64_t Bias = D.Program.bias();
  // What a signal takes on a stack: the registers and their frame, rounded up.
  uint64_t SignalStack = extended_state::size() + 1024;

  const uint64_t Auxv[][2] = {
      {AT_HWCAP, cpu::cpuid(1).Edx},
      {AT_PAGESZ, paging::PageSize},
      {AT_CLKTCK, 100},
      {AT_PHDR, P.PhdrAddr ? Bias + P.PhdrAddr : 0},
      {AT_PHENT, P.PhdrSize},
      {AT_PHNUM, P.PhdrCount},
      {AT_BASE, D.Interpreter ? D.Interpreter->bias() : 0},
      {AT_FLAGS, 0},
      {AT_ENTRY, Bias + P.Entry},
      {AT_UID, 0},
      {AT_EUID, 0},
      {AT_GID, 0},
      {AT_EGID, 0},
      {AT_SECURE, 0},
      {AT_RANDOM, Random},
      {AT_HWCAP2, segshift_fsgsbase ? Hwcap2Fsgsbase : 0},
      {AT_MINSIGSTKSZ, SignalStack},
      {AT_PLATFORM, Platform},
      {AT_EXECFN, Path},
      {AT_NULL, 0},
  };
  Rsp = W.Sp = (W.Sp - Pointers - sizeof(Auxv)) & -16ull;
  W.put(NumArguments);
  W.putAddresses(Arguments, Strings);
  W.putAddresses(Environment, Variables);
  for (const auto &[Type, Value] : Auxv) {
    W.put(Type);
    W.put(Value);
  }
  return W.Ok || Error("no memory for its stack");
}

} // namespace exec
