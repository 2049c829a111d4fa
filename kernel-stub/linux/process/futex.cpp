// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/futex.h"
#include "cpu/user_atomic.h"
#include "lib/error.h"
#include "linux/process/process.h"
#include "thread/thread.h"

namespace futex {
namespace {

const void *key(uint64_t Address) {
  return reinterpret_cast<const void *>(Address);
}

int check(uint64_t Address) {
  if (Address % 4)
    return -EINVAL;
  return Address < SEGSHIFT_APP_ADDRESS_LIMIT ? 0 : -EFAULT;
}

// FUTEX_OP of linux/futex.h: op << 28 | cmp << 24 | oparg << 12 | cmparg. Both
// arguments are signed.
struct Operation {
  unsigned Op, Compare;
  uint32_t Argument;
  int32_t CompareArgument;

  explicit Operation(uint32_t Code)
      : Op(Code >> 28), Compare(Code >> 24 & 15),
        Argument(static_cast<int32_t>(Code << 8) >> 20),
        CompareArgument(static_cast<int32_t>(Code << 20) >> 20) {
    enum : unsigned { ArgumentIsShift = 8 };
    if (Op & ArgumentIsShift)
      Argument = 1u << (Argument & 31);
    Op &= ~ArgumentIsShift;
  }

  bool isValid() const { return Op <= 4 && Compare <= 5; }

  uint32_t change(uint32_t Old) const {
    switch (Op) {
    case 0:
      return Argument;
    case 1:
      return Old + Argument;
    case 2:
      return Old | Argument;
    case 3:
      return Old & ~Argument;
    default:
      return Old ^ Argument;
    }
  }

  bool holds(uint32_t Value) const {
    auto Old = static_cast<int32_t>(Value);
    switch (Compare) {
    case 0:
      return Old == CompareArgument;
    case 1:
      return Old != CompareArgument;
    case 2:
      return Old < CompareArgument;
    case 3:
      return Old <= CompareArgument;
    case 4:
      return Old > CompareArgument;
    default:
      return Old >= CompareArgument;
    }
  }
};

} // namespace

int64_t wait(uint64_t Address, uint32_t Value, uint32_t Bits,
             uint64_t Deadline) {
  if (int Error = check(Address))
    return Error;
  for (;;) {
    // The look may take a page fault, so that no lock is held: the ticket tells
    // whether someone called wake() since it was taken.
    thread::Ticket Ticket = thread::ticket(key(Address));
    uint32_t Now;
    if (!user_atomic::load(Address, Now))
      return -EFAULT;
    if (Now != Value)
      return -EAGAIN;
    switch (thread::wait(key(Address), Ticket, {Deadline, true, Bits})) {
    case thread::WaitResult::Woken:
      return 0;
    case thread::WaitResult::TimedOut:
      return -ETIMEDOUT;
    case thread::WaitResult::Interrupted:
      return -EINTR;
    case thread::WaitResult::Changed:
      break;
    }
  }
}

int64_t wake(uint64_t Address, uint32_t Max, uint32_t Bits) {
  if (int Error = check(Address))
    return Error;
  return thread::wake(key(Address), Max, Bits);
}

int64_t requeue(uint64_t Address, uint32_t MaxWake, uint64_t To,
                uint32_t MaxRequeue, const uint32_t *Expected) {
  if (int Error = check(Address))
    return Error;
  if (int Error = check(To))
    return Error;
  uint32_t Now;
  if (Expected) {
    if (!user_atomic::load(Address, Now))
      return -EFAULT;
    if (Now != *Expected)
      return -EAGAIN;
  }
  // Who begins to wait from here on, after a change of the word, may be moved
  // too. It is woken by a wake of To, as the caller wants it of all.
  unsigned Woken = thread::wake(key(Address), MaxWake);
  return Woken + thread::requeue(key(Address), key(To), MaxRequeue);
}

int64_t wakeOp(uint64_t Address, uint32_t MaxWake, uint64_t Second,
               uint32_t MaxSecond, uint32_t Code) {
  if (int Error = check(Address))
    return Error;
  if (int Error = check(Second))
    return Error;
  Operation O(Code);
  if (!O.isValid())
    return -ENOSYS;
  uint32_t Old;
  if (!user_atomic::update(Second, Old,
                           [&O](uint32_t Value) { return O.change(Value); }))
    return -EFAULT;
  int64_t Woken = thread::wake(key(Address), MaxWake);
  return O.holds(Old) ? Woken + thread::wake(key(Second), MaxSecond) : Woken;
}

} // namespace futex
