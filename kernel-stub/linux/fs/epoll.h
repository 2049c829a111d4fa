// epoll(7). Level- and edge-triggered, EPOLLONESHOT; EPOLLEXCLUSIVE and
// EPOLLWAKEUP are accepted and without effect. An epoll can be watched by
// another one, in chains of at most MaxNests.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_EPOLL_H
#define STUB_EPOLL_H

#include "linux/fs/file.h"

class OpenFile;

namespace epoll {

struct __attribute__((packed)) EventRecord { // struct epoll_event
  uint32_t Events;
  uint64_t Data;
};

constexpr int MaxNests = 4; // as in Linux

enum Flags : uint32_t {
  Exclusive = 1u << 28,
  WakeUp = 1u << 29,
  OneShot = 1u << 30,
  EdgeTriggered = 1u << 31
};
enum Operation : int { Add = 1, Delete = 2, Modify = 3 };

Node *make(); // null: no memory

// N: of make(), or else -EINVAL. These return -errno, or what they are to.
int control(Node &N, int Op, int Fd, OpenFile &F, const EventRecord &E);
// What is ready now, at most Max. Does not wait. SilentChanges: whether it is
// to be asked again and again (Node::changesSilently).
int collect(Node &N, EventRecord *Out, int Max, bool &SilentChanges);

// An open file that is watched is gone.
void forget(OpenFile &F);

} // namespace epoll

#endif
