// epoll(7). Level- and edge-triggered, EPOLLONESHOT; EPOLLEXCLUSIVE and
// EPOLLWAKEUP are accepted and without effect. An epoll cannot be watched by
// another one.
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

enum Flags : uint32_t { OneShot = 1u << 30, EdgeTriggered = 1u << 31 };
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
