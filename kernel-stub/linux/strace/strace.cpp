// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/strace/strace.h"
#include "cpu/copy_user.h"
#include "device/log.h"
#include "device/serial.h"
#include "lib/error.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "thread/mutex.h"
#include "thread/thread.h"

namespace strace {

bool On;

namespace {

constexpr size_t MaxLine = 1024, MaxString = 256, MaxBytes = 32;
constexpr unsigned MaxVectors = 8;

struct Call {
  const char *Name;
  const char *Arguments;
};

constexpr unsigned TableSize = 512;

struct Table {
  Call Calls[TableSize] = {};
  constexpr Table() {
#define CALL(Number, Name, Arguments) Calls[Number] = {#Name, Arguments};
#include "linux/strace/strace.def"
#undef CALL
  }
};
constexpr Table Calls;

struct Constant {
  uint64_t Value;
  const char *Name;
};

// A set of flags; Mask: bits that are one number, not flags.
struct Flags {
  const Constant *Names;
  size_t Count;
  uint64_t Mask;
};

// Linux, include/uapi/asm-generic/fcntl.h
constexpr Constant OpenFlags[] = {
    {0, "O_RDONLY"},          {1, "O_WRONLY"},          {2, "O_RDWR"},
    {0100, "O_CREAT"},        {0200, "O_EXCL"},         {0400, "O_NOCTTY"},
    {01000, "O_TRUNC"},       {02000, "O_APPEND"},      {04000, "O_NONBLOCK"},
    {04010000, "O_SYNC"},     {010000, "O_DSYNC"},      {040000, "O_DIRECT"},
    {020200000, "O_TMPFILE"}, {0200000, "O_DIRECTORY"}, {0400000, "O_NOFOLLOW"},
    {01000000, "O_NOATIME"},  {02000000, "O_CLOEXEC"},  {010000000, "O_PATH"},
    {0100000, "O_LARGEFILE"}};
// include/uapi/asm-generic/mman-common.h, mman.h
constexpr Constant Protections[] = {
    {0, "PROT_NONE"}, {1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}};
constexpr Constant MapFlags[] = {
    {1, "MAP_SHARED"},          {2, "MAP_PRIVATE"},
    {3, "MAP_SHARED_VALIDATE"}, {0x10, "MAP_FIXED"},
    {0x20, "MAP_ANONYMOUS"},    {0x40, "MAP_32BIT"},
    {0x100, "MAP_GROWSDOWN"},   {0x800, "MAP_DENYWRITE"},
    {0x1000, "MAP_EXECUTABLE"}, {0x2000, "MAP_LOCKED"},
    {0x4000, "MAP_NORESERVE"},  {0x8000, "MAP_POPULATE"},
    {0x10000, "MAP_NONBLOCK"},  {0x20000, "MAP_STACK"},
    {0x40000, "MAP_HUGETLB"},   {0x100000, "MAP_FIXED_NOREPLACE"}};
constexpr Constant Advices[] = {
    {0, "MADV_NORMAL"},         {1, "MADV_RANDOM"},
    {2, "MADV_SEQUENTIAL"},     {3, "MADV_WILLNEED"},
    {4, "MADV_DONTNEED"},       {8, "MADV_FREE"},
    {9, "MADV_REMOVE"},         {10, "MADV_DONTFORK"},
    {11, "MADV_DOFORK"},        {14, "MADV_HUGEPAGE"},
    {15, "MADV_NOHUGEPAGE"},    {16, "MADV_DONTDUMP"},
    {20, "MADV_COLD"},          {21, "MADV_PAGEOUT"},
    {22, "MADV_POPULATE_READ"}, {23, "MADV_POPULATE_WRITE"}};
// include/uapi/linux/sched.h
constexpr Constant CloneFlags[] = {{0x100, "CLONE_VM"},
                                   {0x200, "CLONE_FS"},
                                   {0x400, "CLONE_FILES"},
                                   {0x800, "CLONE_SIGHAND"},
                                   {0x1000, "CLONE_PIDFD"},
                                   {0x2000, "CLONE_PTRACE"},
                                   {0x4000, "CLONE_VFORK"},
                                   {0x8000, "CLONE_PARENT"},
                                   {0x10000, "CLONE_THREAD"},
                                   {0x20000, "CLONE_NEWNS"},
                                   {0x40000, "CLONE_SYSVSEM"},
                                   {0x80000, "CLONE_SETTLS"},
                                   {0x100000, "CLONE_PARENT_SETTID"},
                                   {0x200000, "CLONE_CHILD_CLEARTID"},
                                   {0x400000, "CLONE_DETACHED"},
                                   {0x1000000, "CLONE_CHILD_SETTID"},
                                   {0x100000000, "CLONE_CLEAR_SIGHAND"}};
// include/uapi/linux/futex.h
constexpr uint64_t FutexCommand = 0x7f;
constexpr Constant FutexOps[] = {{0, "FUTEX_WAIT"},
                                 {1, "FUTEX_WAKE"},
                                 {3, "FUTEX_REQUEUE"},
                                 {4, "FUTEX_CMP_REQUEUE"},
                                 {5, "FUTEX_WAKE_OP"},
                                 {6, "FUTEX_LOCK_PI"},
                                 {7, "FUTEX_UNLOCK_PI"},
                                 {8, "FUTEX_TRYLOCK_PI"},
                                 {9, "FUTEX_WAIT_BITSET"},
                                 {10, "FUTEX_WAKE_BITSET"},
                                 {11, "FUTEX_WAIT_REQUEUE_PI"},
                                 {12, "FUTEX_CMP_REQUEUE_PI"},
                                 {13, "FUTEX_LOCK_PI2"},
                                 {128, "FUTEX_PRIVATE_FLAG"},
                                 {256, "FUTEX_CLOCK_REALTIME"}};
constexpr Constant Whences[] = {{0, "SEEK_SET"},
                                {1, "SEEK_CUR"},
                                {2, "SEEK_END"},
                                {3, "SEEK_DATA"},
                                {4, "SEEK_HOLE"}};
constexpr Constant Hows[] = {
    {0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}};
constexpr Constant Clocks[] = {
    {0, "CLOCK_REALTIME"},           {1, "CLOCK_MONOTONIC"},
    {2, "CLOCK_PROCESS_CPUTIME_ID"}, {3, "CLOCK_THREAD_CPUTIME_ID"},
    {4, "CLOCK_MONOTONIC_RAW"},      {5, "CLOCK_REALTIME_COARSE"},
    {6, "CLOCK_MONOTONIC_COARSE"},   {7, "CLOCK_BOOTTIME"}};
// arch/x86/include/uapi/asm/prctl.h
constexpr Constant ArchCodes[] = {{0x1001, "ARCH_SET_GS"},
                                  {0x1002, "ARCH_SET_FS"},
                                  {0x1003, "ARCH_GET_FS"},
                                  {0x1004, "ARCH_GET_GS"},
                                  {0x1011, "ARCH_GET_CPUID"},
                                  {0x1012, "ARCH_SET_CPUID"},
                                  {0x3001, "0x3001 /* ARCH_CET_STATUS */"}};
// include/uapi/linux/fcntl.h
constexpr Constant AtFlags[] = {{0, "0"},
                                {0x100, "AT_SYMLINK_NOFOLLOW"},
                                {0x200, "AT_REMOVEDIR"},
                                {0x400, "AT_SYMLINK_FOLLOW"},
                                {0x800, "AT_NO_AUTOMOUNT"},
                                {0x1000, "AT_EMPTY_PATH"},
                                {0x2000, "AT_STATX_FORCE_SYNC"},
                                {0x4000, "AT_STATX_DONT_SYNC"}};
constexpr Constant FileCommands[] = {
    {0, "F_DUPFD"},         {1, "F_GETFD"},         {2, "F_SETFD"},
    {3, "F_GETFL"},         {4, "F_SETFL"},         {5, "F_GETLK"},
    {6, "F_SETLK"},         {7, "F_SETLKW"},        {8, "F_SETOWN"},
    {9, "F_GETOWN"},        {1024, "F_SETLEASE"},   {1030, "F_DUPFD_CLOEXEC"},
    {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"}, {1034, "F_GET_SEALS"}};
// include/uapi/asm-generic/ioctls.h
constexpr Constant Requests[] = {
    {0x5401, "TCGETS"},     {0x5402, "TCSETS"},     {0x5403, "TCSETSW"},
    {0x5404, "TCSETSF"},    {0x540f, "TIOCGPGRP"},  {0x5410, "TIOCSPGRP"},
    {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"},
    {0x5421, "FIONBIO"},    {0x40049409, "FICLONE"}};
// include/uapi/asm-generic/resource.h
constexpr Constant Resources[] = {
    {0, "RLIMIT_CPU"},       {1, "RLIMIT_FSIZE"},  {2, "RLIMIT_DATA"},
    {3, "RLIMIT_STACK"},     {4, "RLIMIT_CORE"},   {5, "RLIMIT_RSS"},
    {6, "RLIMIT_NPROC"},     {7, "RLIMIT_NOFILE"}, {8, "RLIMIT_MEMLOCK"},
    {9, "RLIMIT_AS"},        {10, "RLIMIT_LOCKS"}, {11, "RLIMIT_SIGPENDING"},
    {12, "RLIMIT_MSGQUEUE"}, {13, "RLIMIT_NICE"},  {14, "RLIMIT_RTPRIO"},
    {15, "RLIMIT_RTTIME"}};

constexpr const char *Signals[] = {
    "0",       "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP",
    "SIGABRT", "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV",
    "SIGUSR2", "SIGPIPE", "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD",
    "SIGCONT", "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU",   "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",
    "SIGPWR",  "SIGSYS"};

// include/uapi/asm-generic/errno-base.h, errno.h, from 1
constexpr const char *Errors[] = {
    "EPERM",  "ENOENT",  "ESRCH",     "EINTR",  "EIO",     "ENXIO",
    "E2BIG",  "ENOEXEC", "EBADF",     "ECHILD", "EAGAIN",  "ENOMEM",
    "EACCES", "EFAULT",  "ENOTBLK",   "EBUSY",  "EEXIST",  "EXDEV",
    "ENODEV", "ENOTDIR", "EISDIR",    "EINVAL", "ENFILE",  "EMFILE",
    "ENOTTY", "ETXTBSY", "EFBIG",     "ENOSPC", "ESPIPE",  "EROFS",
    "EMLINK", "EPIPE",   "EDOM",      "ERANGE", "EDEADLK", "ENAMETOOLONG",
    "ENOLCK", "ENOSYS",  "ENOTEMPTY", "ELOOP"};
constexpr Constant MoreErrors[] = {
    {61, "ENODATA"},         {75, "EOVERFLOW"},
    {84, "EILSEQ"},          {88, "ENOTSOCK"},
    {93, "EPROTONOSUPPORT"}, {95, "EOPNOTSUPP"},
    {97, "EAFNOSUPPORT"},    {98, "EADDRINUSE"},
    {107, "ENOTCONN"},       {110, "ETIMEDOUT"},
    {111, "ECONNREFUSED"},   {130, "EOWNERDEAD"},
    {512, "ERESTARTSYS"},    {513, "ERESTARTNOINTR"},
    {514, "ERESTARTNOHAND"}, {516, "ERESTART_RESTARTBLOCK"}};

template <size_t N> const char *find(const Constant (&Names)[N], uint64_t V) {
  for (const Constant &C : Names)
    if (C.Value == V)
      return C.Name;
  return nullptr;
}

Mutex Output; // a line comes out in one piece

class Line {
public:
  Line() { add("[pid %d] ", thread::current().Id); }

  __attribute__((format(printf, 2, 3))) void add(const char *Format, ...) {
    va_list Values;
    va_start(Values, Format);
    // A byte for the newline.
    N += formatV(Text + N, sizeof(Text) - 1 - N, Format, Values);
    va_end(Values);
  }

  void write() {
    Text[N++] = '\n';
    MutexGuard Guard(Output);
    serial::write(serial::ErrorOutput, Text, N);
  }

  // A line's arguments. Results are shown if there are some.
  void arguments(const Call &C, const uint64_t (&A)[6], bool Done,
                 int64_t Result) {
    const char *F = C.Arguments;
    if (*F == '!')
      ++F;
    for (unsigned I = 0; *F && *F != '=' && I != 6; ++I, ++F) {
      if (I)
        add(", ");
      argument(*F, A[I], I < 5 ? A[I + 1] : 0, Done, Result);
    }
  }

  void result(const Call &C, int64_t Result) {
    if (Result < 0 && Result > -4096) {
      const char *Name =
          Result >= -40 ? Errors[-Result - 1] : find(MoreErrors, -Result);
      if (Result <= -512)
        add(" = ? %s", Name ? Name : "");
      else if (Name)
        add(" = -1 %s", Name);
      else
        add(" = -1 (errno %ld)", -Result);
      return;
    }
    const char *Kind = C.Arguments;
    while (*Kind && *Kind != '=')
      ++Kind;
    if (Kind[0] && Kind[1] == 'x')
      add(" = 0x%lx", Result);
    else
      add(" = %ld", Result);
  }

private:
  template <size_t Count>
  void constant(const Constant (&Names)[Count], uint64_t V) {
    if (const char *Name = find(Names, V))
      add("%s", Name);
    else
      add("0x%lx", V);
  }

  // The bits of Mask together are one number.
  template <size_t Count>
  void flags(const Constant (&Names)[Count], uint64_t V, uint64_t Mask = 0) {
    const char *Bar = "";
    if (Mask || !V) {
      if (const char *Name = find(Names, V & Mask)) {
        add("%s", Name);
        Bar = "|";
        V &= ~Mask;
      }
    }
    for (const Constant &C : Names) {
      if (!C.Value || (C.Value & Mask) || (V & C.Value) != C.Value)
        continue;
      add("%s%s", Bar, C.Name);
      Bar = "|";
      V &= ~C.Value;
    }
    if (V || !*Bar)
      add("%s0x%lx", Bar, V);
  }

  void address(uint64_t V) {
    if (V)
      add("0x%lx", V);
    else
      add("NULL");
  }

  void fd(uint64_t V) {
    constexpr int AtCwd = -100;
    if (static_cast<int>(V) == AtCwd)
      add("AT_FDCWD");
    else
      add("%d", static_cast<int>(V));
  }

  void quoted(const char *Data, size_t Size, bool Cut) {
    add("\"");
    for (size_t I = 0; I != Size; ++I) {
      unsigned char C = Data[I];
      if (C == '\n')
        add("\\n");
      else if (C == '\t')
        add("\\t");
      else if (C == '\r')
        add("\\r");
      else if (C == '"' || C == '\\')
        add("\\%c", C);
      else if (C >= ' ' && C < 0x7f)
        add("%c", C);
      else // the next byte must not become part of it
        add("\\%c%c%c", '0' + (C >> 6), '0' + (C >> 3 & 7), '0' + (C & 7));
    }
    add(Cut ? "\"..." : "\"");
  }

  void bytes(uint64_t Address, uint64_t Size) {
    char Data[MaxBytes];
    size_t Part = Size < MaxBytes ? Size : MaxBytes;
    if (copyFromUser(Data, Address, Part))
      quoted(Data, Part, Part != Size);
    else
      address(Address);
  }

  void string(uint64_t Address) {
    char Data[MaxString];
    size_t Size = 0;
    while (Size != MaxString && copyFromUser(Data + Size, Address + Size, 1) &&
           Data[Size])
      ++Size;
    char C;
    if (Size || (Address && copyFromUser(&C, Address, 1)))
      quoted(Data, Size, Size == MaxString);
    else
      address(Address);
  }

  // Left: bytes that are in the buffers, in turn.
  void vector(uint64_t Address, uint64_t Count, uint64_t Left) {
    struct { // struct iovec
      uint64_t Base, Size;
    } V;
    if (!getUser(V, Address))
      return address(Address);
    add("[");
    for (uint64_t I = 0; I != Count; ++I) {
      if (I == MaxVectors) {
        add(", ...");
        break;
      }
      if (!getUser(V, Address + I * sizeof(V)))
        break;
      uint64_t Here = V.Size < Left ? V.Size : Left;
      add("%s{iov_base=", I ? ", " : "");
      bytes(V.Base, Here);
      add(", iov_len=%lu}", V.Size);
      Left -= Here;
    }
    add("]");
  }

  void statusOf(uint64_t Address) {
    struct { // struct stat, arch/x86/include/uapi/asm/stat.h
      uint64_t Dev, Ino, NumLinks;
      uint32_t Mode, Uid, Gid, Pad;
      uint64_t Rdev, Size;
    } S;
    static constexpr Constant Types[] = {
        {0140000, "S_IFSOCK"}, {0120000, "S_IFLNK"}, {0100000, "S_IFREG"},
        {0060000, "S_IFBLK"},  {0040000, "S_IFDIR"}, {0020000, "S_IFCHR"},
        {0010000, "S_IFIFO"}};
    if (!getUser(S, Address))
      return address(Address);
    add("{st_mode=");
    constant(Types, S.Mode & 0170000);
    add("|");
    octal(S.Mode & 07777);
    add(", st_size=%lu, ...}", S.Size);
  }

  void octal(uint64_t V) {
    char Digits[24];
    unsigned I = sizeof(Digits);
    Digits[--I] = 0;
    do
      Digits[--I] = '0' + (V & 7);
    while (V >>= 3);
    add("0%s", Digits + I);
  }

  void signalName(uint64_t V) {
    if (V < sizeof(Signals) / sizeof(*Signals))
      add("%s", Signals[V]);
    else if (V <= 64)
      add("SIGRT_%lu", V - 32);
    else
      add("%ld", static_cast<int64_t>(V));
  }

  void argument(char Kind, uint64_t V, uint64_t Next, bool Done,
                int64_t Result) {
    bool Good = Done && Result >= 0;
    switch (Kind) {
    case 'd':
      return add("%d", static_cast<int>(V));
    case 'u':
      return add("%lu", V);
    case 'x':
      return V ? add("0x%lx", V) : add("0");
    case 'o':
      return octal(V);
    case 'p':
      return address(V);
    case 'f':
    case 'A':
      return fd(V);
    case 's':
      return string(V);
    case 'G':
      return Good ? string(V) : address(V);
    case 'b':
      return bytes(V, Next);
    case 'B':
      return Good ? bytes(V, Result) : address(V);
    case 'v':
      return vector(V, Next, ~0ull);
    case 'V':
      return Good ? vector(V, Next, Result) : address(V);
    case 'z':
      return Good ? statusOf(V) : address(V);
    case 'i': {
      int Two[2];
      if (Good && getUser(Two, V))
        return add("[%d, %d]", Two[0], Two[1]);
      return address(V);
    }
    case 'T': {
      int64_t Time[2];
      if (getUser(Time, V))
        return add("{tv_sec=%ld, tv_nsec=%ld}", Time[0], Time[1]);
      return address(V);
    }
    case 'm': {
      uint64_t Set;
      if (getUser(Set, V))
        return add("[0x%lx]", Set);
      return address(V);
    }
    case 'E': {
      struct { // struct clone_args
        uint64_t Flags, Pidfd, ChildTid, ParentTid, Signal, Stack, Size, Tls;
      } E;
      if (!getUser(E, V))
        return address(V);
      add("{flags=");
      flags(CloneFlags, E.Flags);
      return add(", stack=0x%lx, stack_size=0x%lx, tls=0x%lx}", E.Stack, E.Size,
                 E.Tls);
    }
    case 'O':
      return flags(OpenFlags, V, 3);
    case 'P':
      return flags(Protections, V);
    case 'M':
      return flags(MapFlags, V, 3);
    case 'C':
      return flags(CloneFlags, V);
    case 'F':
      return flags(FutexOps, V, FutexCommand);
    case 'S':
      return signalName(V);
    case 'W':
      return constant(Whences, V);
    case 'H':
      return constant(Hows, V);
    case 'D':
      return constant(Advices, V);
    case 'K':
      return constant(Clocks, V);
    case 'a':
      return constant(ArchCodes, V);
    case 't':
      return flags(AtFlags, V);
    case 'c':
      return constant(FileCommands, V);
    case 'I':
      return constant(Requests, V);
    case 'R':
      return constant(Resources, V);
    }
  }

  char Text[MaxLine];
  size_t N = 0;
};

const Call *find(uint64_t Number) {
  return Number < TableSize && Calls.Calls[Number].Name ? &Calls.Calls[Number]
                                                        : nullptr;
}

bool mayWait(const Call &C, uint64_t Number, const uint64_t (&A)[6]) {
  enum : uint64_t { Futex = 202, Wait = 0, WaitBitset = 9 };
  if (Number == Futex) {
    uint64_t Command = A[1] & FutexCommand;
    return Command == Wait || Command == WaitBitset;
  }
  return C.Arguments[0] == '!';
}

bool returns(const Call &C) {
  for (const char *F = C.Arguments; *F; ++F)
    if (F[0] == '=' && F[1] == '?')
      return false;
  return true;
}

// A line is too large for a kernel stack.
class LineOwner {
public:
  LineOwner() : L(heap::make<Line>()) {}
  ~LineOwner() { heap::destroy(L); }
  explicit operator bool() const { return L; }
  Line *operator->() { return L; }

private:
  Line *L;
};

} // namespace

const char *name(uint64_t Number) {
  const Call *C = find(Number);
  return C ? C->Name : nullptr;
}

void enter(uint64_t Number, const uint64_t (&A)[6]) {
  const Call *C = find(Number);
  if (!C || (returns(*C) && !mayWait(*C, Number, A)))
    return;
  LineOwner L;
  if (!L)
    return;
  L->add("%s(", C->Name);
  L->arguments(*C, A, false, 0);
  L->add(returns(*C) ? " <unfinished ...>" : ") = ?");
  L->write();
}

void leave(uint64_t Number, const uint64_t (&A)[6], int64_t Result) {
  const Call *C = find(Number);
  if (C && !returns(*C)) // rt_sigreturn: "returns" what was interrupted
    return;
  LineOwner L;
  if (!L)
    return;
  static constexpr Call Unknown = {"", "xxxxxx"};
  if (C && mayWait(*C, Number, A)) {
    L->add("<... %s resumed>)", C->Name);
    L->result(*C, Result);
    return L->write();
  }
  if (C)
    L->add("%s(", C->Name);
  else
    L->add("syscall_%lu(", Number);
  L->arguments(C ? *C : Unknown, A, true, Result);
  L->add(")");
  L->result(C ? *C : Unknown, Result);
  L->write();
}

void signal(int Signal, uint64_t Address) {
  LineOwner L;
  if (!L)
    return;
  if (Address)
    L->add("--- %s {si_addr=0x%lx} ---",
           Signal < 32 ? Signals[Signal] : "SIGRT", Address);
  else if (Signal < 32)
    L->add("--- %s ---", Signals[Signal]);
  else
    L->add("--- SIGRT_%d ---", Signal - 32);
  L->write();
}

} // namespace strace
