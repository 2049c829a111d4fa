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
    return isReady() ? file::PollIn : 0u;
  }
  bool changesSilently() override {
    MutexGuard Guard(EpollLock);
    return hasSilent();
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

  // The rest under EpollLock, over all that is watched by what is watched.

  bool isReady() {
    for (Watch *W = Watches; W; W = W->Next)
      if (eventsOf(*W))
        return true;
    return false;
  }
  bool hasSilent() {
    for (Watch *W = Watches; W; W = W->Next)
      if (isSilent(*W))
        return true;
    return false;
  }
  // How many epolls follow one another from here on; TooDeep if Self is one.
  static constexpr int TooDeep = MaxNests + 1;
  int depth(const Epoll *Self) const;
  // The same in the other direction.
  int height() const;

  static bool isSilent(Watch &W);
  static uint64_t activityOf(Watch &W);

  // What is to be reported.
  static uint32_t eventsOf(Watch &W) {
    constexpr uint32_t Always = file::PollError | file::PollHangUp;
    uint32_t Wanted = W.E.Events;
    if (!(Wanted & ~(OneShot | EdgeTriggered)))
      return 0; // a one-shot that was reported
    uint32_t Ready = pollOne(W) & (Wanted | Always);
    bool Old =
        (Wanted & EdgeTriggered) && W.Reported && W.SeenCount == activityOf(W);
    return Old ? 0 : Ready;
  }
  static uint32_t pollOne(Watch &W);

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

// A watched epoll must not be asked as other files are, which would take
// EpollLock again.
uint32_t Epoll::pollOne(Watch &W) {
  if (Epoll *E = epollOf(W.File->N))
    return E->isReady() ? file::PollIn : 0u;
  return W.File->N.poll(W.File->access());
}

bool Epoll::isSilent(Watch &W) {
  Epoll *E = epollOf(W.File->N);
  return E ? E->hasSilent() : W.File->N.changesSilently();
}

uint64_t Epoll::activityOf(Watch &W) {
  uint64_t Count = W.File->N.Activity.count();
  if (Epoll *E = epollOf(W.File->N))
    for (Watch *I = E->Watches; I; I = I->Next)
      Count += activityOf(*I);
  return Count;
}

int Epoll::depth(const Epoll *Self) const {
  int Most = 0;
  for (Watch *W = Watches; W && Most != TooDeep; W = W->Next)
    if (const Epoll *E = epollOf(W->File->N)) {
      int D = E == Self ? TooDeep : 1 + E->depth(Self);
      Most = D >= TooDeep ? TooDeep : D > Most ? D : Most;
    }
  return Most;
}

int Epoll::height() const {
  int Most = 0;
  for (const Epoll *E = AllEpolls; E; E = E->NextEpoll)
    for (Watch *W = E->Watches; W; W = W->Next)
      if (&W->File->N == this)
        if (int H = 1 + E->height(); H > Most)
          Most = H;
  return Most;
}

// Whether P may watch what F is: 0 or -errno.
int checkNested(const Epoll &P, OpenFile &F) {
  Epoll *E = epollOf(F.N);
  if (!E)
    return 0;
  return E->depth(&P) + 1 + P.height() > MaxNests ? -ELOOP : 0;
}

// EPOLLEXCLUSIVE goes with few others, and not for an epoll.
int checkExclusive(int Op, OpenFile &F, const EventRecord &E) {
  if (Op == Delete || !(E.Events & Exclusive))
    return 0;
  constexpr uint32_t Known = file::PollIn | file::PollOut | file::PollError |
                             file::PollHangUp | WakeUp | EdgeTriggered |
                             Exclusive;
  return Op == Modify || (E.Events & ~Known) || epollOf(F.N) ? -EINVAL : 0;
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
  // Regular files are always ready.
  if (F.N.type() == file::Regular || F.N.isDirectory())
    return -EPERM;
  if (!P || &F.N == P)
    return -EINVAL;
  if (int Error = checkExclusive(Op, F, E))
    return Error;
  if (int Error = Op == Add ? checkNested(*P, F) : 0)
    return Error;
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
  P->changed(); // it may be ready already
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
    SilentChanges |= Epoll::isSilent(*W);
    uint64_t Count = Epoll::activityOf(*W); // before the question
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
