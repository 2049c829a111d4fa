// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/epoll.h"
#include "device/log.h"
#include "lib/error.h"
#include "linux/fs/open_file.h"
#include "thread/mutex.h"

namespace epoll {
namespace {

struct Watch {
  Watch *Next;
  OpenFile *File; // no reference: see forget()
  int Fd;
  EventRecord E;
  uint64_t SeenCount; // of the node's Activity, when it was last reported
  bool Reported;
};

class Epoll;
// Of all epolls, their lists, and their watches. Taken before any node's lock.
Mutex EpollLock;
Epoll *AllEpolls;

class Epoll final : public Node {
public:
  Epoll() : Node(0600) {
    Info.Device = 5;
    MutexGuard Guard(EpollLock);
    NextEpoll = AllEpolls;
    AllEpolls = this;
  }
  ~Epoll() override {
    MutexGuard Guard(EpollLock);
    Epoll **Link = &AllEpolls;
    while (*Link != this)
      Link = &(*Link)->NextEpoll;
    *Link = NextEpoll;
    while (Watch *W = Watches) {
      Watches = W->Next;
      heap::free(W);
    }
  }

  uint32_t poll(uint32_t) override {
    MutexGuard Guard(EpollLock);
    for (Watch *W = Watches; W; W = W->Next)
      if (eventsOf(*W))
        return file::PollIn;
    return 0;
  }
  bool changesSilently() override {
    MutexGuard Guard(EpollLock);
    for (Watch *W = Watches; W; W = W->Next)
      if (W->File->N.changesSilently())
        return true;
    return false;
  }
  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "anon_inode:[eventpoll]");
  }

  Watch **find(int Fd, const OpenFile &F) {
    Watch **Link = &Watches;
    while (*Link && ((*Link)->Fd != Fd || (*Link)->File != &F))
      Link = &(*Link)->Next;
    return Link;
  }

  // What is to be reported.
  static uint32_t eventsOf(Watch &W) {
    constexpr uint32_t Always = file::PollError | file::PollHangUp;
    uint32_t Wanted = W.E.Events;
    if (!(Wanted & ~(OneShot | EdgeTriggered)))
      return 0; // a one-shot that was reported
    uint32_t Ready = W.File->N.poll(W.File->access()) & (Wanted | Always);
    bool Old = (Wanted & EdgeTriggered) && W.Reported &&
               W.SeenCount == W.File->N.Activity.count();
    return Old ? 0 : Ready;
  }

  Watch *Watches = nullptr;
  Epoll *NextEpoll;
};

// Under EpollLock.
Epoll *epollOf(Node &N) {
  for (Epoll *E = AllEpolls; E; E = E->NextEpoll)
    if (E == &N)
      return E;
  return nullptr;
}

void removeAt(Watch **Link) {
  Watch *W = *Link;
  *Link = W->Next;
  heap::free(W);
}

} // namespace

Node *make() { return heap::make<Epoll>(); }

int control(Node &N, int Op, int Fd, OpenFile &F, const EventRecord &E) {
  MutexGuard Guard(EpollLock);
  Epoll *P = epollOf(N);
  if (!P || epollOf(F.N))
    return -EINVAL;
  // Regular files are always ready.
  if (F.N.type() == file::Regular || F.N.isDirectory())
    return -EPERM;
  Watch **Link = P->find(Fd, F);
  if (Op == Add ? !!*Link : !*Link)
    return Op == Add ? -EEXIST : -ENOENT;
  if (Op == Delete) {
    removeAt(Link);
    return 0;
  }
  if (Op == Add) {
    auto *W = static_cast<Watch *>(heap::allocate(sizeof(Watch)));
    if (!W)
      return -ENOMEM;
    W->Next = P->Watches;
    W->File = &F;
    W->Fd = Fd;
    Link = &P->Watches;
    *Link = W;
    __atomic_store_n(&F.IsWatched, true, __ATOMIC_RELEASE);
  } else if (Op != Modify) {
    return -EINVAL;
  }
  (*Link)->E = E;
  (*Link)->Reported = false;
  file::AnyActivity.signal(); // it may be ready already
  return 0;
}

int collect(Node &N, EventRecord *Out, int Max, bool &SilentChanges) {
  SilentChanges = false;
  MutexGuard Guard(EpollLock);
  Epoll *P = epollOf(N);
  if (!P)
    return -EINVAL;
  int Num = 0;
  Watch *Rotate = nullptr;
  for (Watch *W = P->Watches; W && Num != Max; W = W->Next) {
    SilentChanges |= W->File->N.changesSilently();
    uint64_t Count = W->File->N.Activity.count(); // before the question
    uint32_t Events = Epoll::eventsOf(*W);
    if (!Events)
      continue;
    Out[Num++] = {Events, W->E.Data};
    W->SeenCount = Count;
    W->Reported = true;
    if (W->E.Events & OneShot)
      W->E.Events &= OneShot | EdgeTriggered;
    Rotate = W;
  }
  // What was not asked this time comes first the next.
  if (Num == Max && Rotate->Next) {
    Watch *First = P->Watches;
    P->Watches = Rotate->Next;
    Rotate->Next = nullptr;
    Watch *Last = P->Watches;
    while (Last->Next)
      Last = Last->Next;
    Last->Next = First;
  }
  return Num;
}

void forget(OpenFile &F) {
  MutexGuard Guard(EpollLock);
  for (Epoll *P = AllEpolls; P; P = P->NextEpoll)
    for (Watch **Link = &P->Watches; *Link;)
      if ((*Link)->File == &F)
        removeAt(Link);
      else
        Link = &(*Link)->Next;
}

} // namespace epoll
