// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/process/robust_list.h"
#include "cpu/copy_user.h"
#include "cpu/user_atomic.h"
#include "linux/process/futex.h"
#include "thread/thread.h"

namespace robust_list {
namespace {

constexpr unsigned MaxLength = 2048; // ROBUST_LIST_LIMIT

struct Head {        // struct robust_list_head
  uint64_t First;    // link; the last one points back to the head
  int64_t Offset;    // from a link to its futex
  uint64_t Acquired; // one that is about to be put in or taken out, or 0
};
static_assert(sizeof(Head) == HeadSize);

enum : uint32_t { // linux/futex.h
  FUTEX_WAITERS = 0x80000000,
  FUTEX_OWNER_DIED = 0x40000000,
  FUTEX_TID_MASK = 0x3fffffff,
};
constexpr uint64_t IsPi = 1; // in a link: a mutex with priority inheritance

// IsPending: the thread had not got it yet, or was about to wake someone after
// it had let go.
bool releaseOne(uint64_t Link, int64_t Offset, bool IsPending) {
  uint64_t Address = (Link & ~IsPi) + Offset;
  auto Tid = static_cast<uint32_t>(thread::current().Id);
  uint32_t Value;
  if (!user_atomic::load(Address, Value))
    return false;
  if (IsPending && !(Link & IsPi) && !(Value & FUTEX_TID_MASK)) {
    futex::wake(Address, 1);
    return true;
  }
  if ((Value & FUTEX_TID_MASK) != Tid)
    return true;
  if (!user_atomic::update(Address, Value, [Tid](uint32_t Old) {
        return (Old & FUTEX_TID_MASK) == Tid
                   ? (Old & FUTEX_WAITERS) | FUTEX_OWNER_DIED
                   : Old;
      }))
    return false;
  if (!(Link & IsPi) && (Value & FUTEX_WAITERS))
    futex::wake(Address, 1);
  return true;
}

} // namespace

void release(uint64_t Address) {
  Head H;
  if (!Address || !getUser(H, Address))
    return;
  uint64_t Link = H.First;
  for (unsigned I = 0; I != MaxLength && (Link & ~IsPi) != Address; ++I) {
    // Read first: once it is released, its next owner may change the link.
    uint64_t Next;
    bool HasNext = getUser(Next, Link & ~IsPi);
    if (Link != H.Acquired && !releaseOne(Link, H.Offset, false))
      break;
    if (!HasNext)
      break;
    Link = Next;
  }
  if (H.Acquired)
    releaseOne(H.Acquired, H.Offset, true);
}

} // namespace robust_list
