// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/signal/signal_frame.h"
#include "cpu/copy_user.h"
#include "cpu/extended_state.h"
#include "lib/error.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "thread/thread.h"
#include <stddef.h>

namespace signal_frame {
namespace {

using signal::AltStack;

constexpr uint64_t RedZone = 128;
constexpr uint64_t MinSigStackSize = 2048; // MINSIGSTKSZ

struct Stack { // stack_t
  uint64_t Start;
  uint32_t Flags, Pad;
  uint64_t Size;
};

struct Context { // struct sigcontext_64
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  uint16_t cs, gs, fs, ss;
  uint64_t Error, Trap, OldMask, Cr2;
  uint64_t State; // address; 0: all of it is in its initial state
  uint64_t Reserved[8];
};

struct UserContext { // struct ucontext
  uint64_t Flags, Link;
  Stack Alt;
  Context Registers;
  signal::Set Mask;
};

struct RtFrame { // struct rt_sigframe
  uint64_t Return;
  UserContext User;
  signal::Info I;
  char InfoRest[80];
};
static_assert(offsetof(RtFrame, User) == 8);
static_assert(offsetof(UserContext, Registers) == 40);
static_assert(offsetof(UserContext, Mask) == 296);
static_assert(offsetof(RtFrame, I) == 312);
static_assert(sizeof(RtFrame) == 440);

enum : uint64_t { // uc_flags
  UC_FP_XSTATE = 1,
  UC_SIGCONTEXT_SS = 2,
  UC_STRICT_RESTORE_SS = 4,
};

// What the kernel writes into the bytes of the FXSAVE area that the CPU leaves
// to software, so that a reader knows what follows it.
struct SoftwareBytes { // struct _fpx_sw_bytes
  uint32_t Magic1, ExtendedSize;
  uint64_t Features;
  uint32_t StateSize, Padding[7];
};
static_assert(sizeof(SoftwareBytes) == 48);
constexpr uint32_t Magic1 = 0x46505853, Magic2 = 0x46505845;

// Offsets in the XSAVE area (SDM volume 1, 13.4).
constexpr unsigned LegacySize = 512, HeaderSize = 64;
constexpr unsigned OffsetMxcsr = 24, OffsetMxcsrMask = 28;
constexpr unsigned OffsetSoftware = 464;
constexpr unsigned OffsetXstateBv = LegacySize;
constexpr uint64_t LegacyFeatures = 3; // x87, SSE

template <typename T> T &at(void *State, unsigned Offset) {
  return *reinterpret_cast<T *>(static_cast<char *>(State) + Offset);
}

bool hasXsave() { return extended_state::mask(); }

// Bytes of the extended state in a frame.
uint64_t stateSize() {
  return extended_state::size() + (hasXsave() ? sizeof(Magic2) : 0);
}

// The registers are the program's, and stay so while it is in the kernel: a
// thread switch during the copy stores the same bytes to the same place.
bool pushState(uint64_t To) {
  void *State = thread::current().ExtendedState;
  uint64_t Size = extended_state::size();
  {
    thread::PreemptGuard Guard;
    extended_state::save(State);
  }
  if (!copyToUser(To, State, Size))
    return false;
  SoftwareBytes Bytes = {};
  if (hasXsave()) {
    Bytes.Magic1 = Magic1;
    Bytes.ExtendedSize = static_cast<uint32_t>(stateSize());
    Bytes.Features = extended_state::mask();
    Bytes.StateSize = static_cast<uint32_t>(Size);
  }
  return putUser(To + OffsetSoftware, Bytes) &&
         (!hasXsave() || putUser(To + Size, Magic2));
}

// Handlers start as programs do.
void clearState() {
  void *State = thread::current().ExtendedState;
  thread::PreemptGuard Guard;
  extended_state::init(State);
  extended_state::load(State);
}

// Whether From holds all components, and not only what FXSAVE stores.
bool isExtended(uint64_t From, SoftwareBytes &Bytes) {
  uint32_t End;
  return hasXsave() && Bytes.Magic1 == Magic1 &&
         Bytes.StateSize == extended_state::size() &&
         Bytes.ExtendedSize >= Bytes.StateSize &&
         getUser(End, From + Bytes.StateSize) && End == Magic2;
}

// What makes XRSTOR and FXRSTOR fault (SDM volume 1, 13.8; volume 2, FXRSTOR).
bool isLoadable(void *State, uint32_t MxcsrMask) {
  if (at<uint32_t>(State, OffsetMxcsr) & ~MxcsrMask)
    return false;
  if (!hasXsave())
    return true;
  for (unsigned I = 8; I != HeaderSize; I += 8)
    if (at<uint64_t>(State, OffsetXstateBv + I))
      return false;
  return !(at<uint64_t>(State, OffsetXstateBv) & ~extended_state::mask());
}

// The bits of MXCSR that may be set. The CPU says so itself.
uint32_t mxcsrMask() {
  void *State = thread::current().ExtendedState;
  thread::PreemptGuard Guard;
  extended_state::save(State);
  uint32_t Mask = at<uint32_t>(State, OffsetMxcsrMask);
  return Mask ? Mask : 0xffbf;
}

bool readState(void *State, uint64_t From) {
  if (From % 64 || !copyFromUser(State, From, LegacySize))
    return false;
  uint32_t Mxcsr = mxcsrMask();
  auto Bytes = at<SoftwareBytes>(State, OffsetSoftware);
  if (isExtended(From, Bytes)) {
    if (!copyFromUser(State, From, extended_state::size()) ||
        !isLoadable(State, Mxcsr))
      return false;
    at<uint64_t>(State, OffsetXstateBv) &= Bytes.Features;
    return true;
  }
  if (hasXsave())
    at<uint64_t>(State, OffsetXstateBv) = LegacyFeatures;
  return isLoadable(State, Mxcsr);
}

// By way of a page of its own: a thread switch overwrites ExtendedState with
// the registers as long as they are not loaded.
bool popState(uint64_t From) {
  if (!From) {
    clearState();
    return true;
  }
  uint64_t Page = memory::allocatePage();
  if (!Page)
    return false;
  void *State = memory::direct(Page);
  bool Ok = readState(State, From);
  if (Ok)
    extended_state::load(State);
  memory::freePage(Page);
  return Ok;
}

void fillContext(UserContext &U, const Frame &F, const signal::ThreadState &S,
                 uint64_t State, signal::Set Mask) {
  U.Flags =
      UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (hasXsave() ? UC_FP_XSTATE : 0);
  U.Link = 0;
  U.Alt = {S.Alt.Start, S.Alt.Size ? S.Alt.Flags : signal::SS_DISABLE, 0,
           S.Alt.Size};
  U.Registers = {F.r8,
                 F.r9,
                 F.r10,
                 F.r11,
                 F.r12,
                 F.r13,
                 F.r14,
                 F.r15,
                 F.rdi,
                 F.rsi,
                 F.rbp,
                 F.rbx,
                 F.rdx,
                 F.rax,
                 F.rcx,
                 F.rsp,
                 F.rip,
                 F.rflags,
                 static_cast<uint16_t>(F.cs),
                 0,
                 0,
                 static_cast<uint16_t>(F.ss),
                 S.Error,
                 S.Trap,
                 Mask,
                 S.Address,
                 State,
                 {}};
  U.Mask = Mask;
}

} // namespace

bool isOn(const AltStack &Alt, uint64_t Sp) {
  return !(Alt.Flags & signal::SS_AUTODISARM) && Sp > Alt.Start &&
         Sp - Alt.Start <= Alt.Size;
}

int setAltStack(uint64_t Start, uint32_t Flags, uint64_t Size, uint64_t Sp) {
  AltStack &Alt = signal::stateOf(thread::current()).Alt;
  if (Alt.Size && isOn(Alt, Sp))
    return -EPERM;
  uint32_t Mode = Flags & ~signal::SS_AUTODISARM;
  if (Mode != 0 && Mode != signal::SS_ONSTACK && Mode != signal::SS_DISABLE)
    return -EINVAL;
  if (Mode == signal::SS_DISABLE) {
    Alt = {0, 0, Flags};
    return 0;
  }
  if (Size < MinSigStackSize)
    return -ENOMEM;
  Alt = {Start, Size, Flags};
  return 0;
}

uint64_t maxSize() { return sizeof(RtFrame) + 16 + stateSize() + 64 + RedZone; }

bool push(Frame &F, const signal::Action &A, const signal::Info &I,
          signal::Set Mask) {
  signal::ThreadState &S = signal::stateOf(thread::current());
  if (!(A.Flags & signal::SA_RESTORER) ||
      A.Handler >= SEGSHIFT_APP_ADDRESS_LIMIT)
    return false;
  uint64_t Sp = F.rsp - RedZone;
  bool OnAlt = S.Alt.Size && isOn(S.Alt, F.rsp);
  if ((A.Flags & signal::SA_ONSTACK) && S.Alt.Size && !OnAlt) {
    Sp = S.Alt.Start + S.Alt.Size;
    OnAlt = true;
  }
  uint64_t State = (Sp - stateSize()) & -64ull;
  uint64_t At = ((State - sizeof(RtFrame)) & -16ull) - 8;
  // The alternate stack is full: what lies below it is not a stack.
  if (OnAlt && (At < S.Alt.Start || At >= S.Alt.Start + S.Alt.Size))
    return false;

  RtFrame R;
  memset(static_cast<void *>(&R), 0, sizeof(R)); // padding, too
  R.Return = A.Restorer;
  fillContext(R.User, F, S, State, Mask);
  R.I = I;
  if (!pushState(State) || !putUser(At, R))
    return false;
  clearState();
  if (S.Alt.Flags & signal::SS_AUTODISARM)
    S.Alt = {0, 0, signal::SS_DISABLE};

  enum : uint64_t { FlagsTF = 0x100, FlagsDF = 0x400, FlagsRF = 0x10000 };
  F.rdi = I.Signo;
  F.rsi = At + offsetof(RtFrame, I);
  F.rdx = At + offsetof(RtFrame, User);
  F.rax = 0; // the handler may have no prototype
  F.rip = A.Handler;
  F.rsp = At;
  F.rflags &= ~(FlagsTF | FlagsDF | FlagsRF);
  sanitizeProgramFrame(F);
  return true;
}

bool pop(Frame &F, signal::Set &Mask) {
  // The handler's return has taken the first word.
  UserContext U;
  if (!getUser(U, F.rsp))
    return false;
  const Context &C = U.Registers;
  Frame New = {C.r15, C.r14, C.r13, C.r12,    C.rbp, C.rbx, C.r11, C.r10,
               C.r9,  C.r8,  C.rdi, C.rsi,    C.rdx, C.rcx, C.rax, 0,
               0,     C.rip, C.cs,  C.rflags, C.rsp, C.ss};
  if (!sanitizeProgramFrame(New) || !popState(C.State))
    return false;
  F = New;
  Mask = U.Mask;
  // As sigaltstack(2) by the code that is gone back to; errors change nothing.
  setAltStack(U.Alt.Start, U.Alt.Flags, U.Alt.Size, C.rsp);
  return true;
}

} // namespace signal_frame
