// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/devices.h"
#include "cpu/random.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/open_file.h"
#include "linux/fs/symlink.h"

namespace devices {
namespace {

enum Kind { Null, Zero, Full, Random, Terminal };

class Device final : public Node {
public:
  // Major, minor: Linux, Documentation/admin-guide/devices.txt.
  Device(Kind K, unsigned Major, unsigned Minor)
      : Node(file::CharacterDevice | 0666), K(K) {
    Info.Device = 2;
    Info.DeviceId = Major << 8 | Minor;
  }

  // There is no terminal.
  Node *opened(uint32_t, int &Error) override {
    if (K == Terminal) {
      Error = ENXIO;
      return nullptr;
    }
    ref();
    return this;
  }

  int64_t readAt(uint64_t, void *To, size_t Size) override {
    if (K == Null)
      return 0;
    if (K != Random) {
      memset(To, 0, Size);
      return Size;
    }
    for (size_t Done = 0; Done < Size; Done += 8) {
      uint64_t Bytes = random::next();
      memcpy(static_cast<char *>(To) + Done, &Bytes,
             Size - Done < 8 ? Size - Done : 8);
    }
    return Size;
  }

  int64_t writeAt(uint64_t, const void *, size_t Size) override {
    return K == Full ? -ENOSPC : static_cast<int64_t>(Size);
  }

private:
  Kind K;
};

// Takes over the reference to Child.
bool put(Directory &D, const char *Text, Node *Child) {
  if (!Child)
    return false;
  file::Name N = {Text, strlen(Text)};
  D.remove(N); // what the initrd has of that name
  int Error = D.add(N, *Child);
  Child->unref();
  return !Error || Error == -EEXIST; // a directory of the initrd's
}

} // namespace

bool addTo(Directory &Dev) {
  static constexpr struct {
    const char *Name;
    Kind K;
    unsigned Major, Minor;
  } Table[] = {
      {"null", Null, 1, 3},      {"zero", Zero, 1, 5},
      {"full", Full, 1, 7},      {"random", Random, 1, 8},
      {"urandom", Random, 1, 9}, {"tty", Terminal, 5, 0},
  };
  for (const auto &E : Table)
    if (!put(Dev, E.Name, heap::make<Device>(E.K, E.Major, E.Minor)))
      return false;
  return put(Dev, "fd", file::makeSymlink("/proc/self/fd")) &&
         put(Dev, "stdin", file::makeSymlink("/proc/self/fd/0")) &&
         put(Dev, "stdout", file::makeSymlink("/proc/self/fd/1")) &&
         put(Dev, "stderr", file::makeSymlink("/proc/self/fd/2")) &&
         put(Dev, "shm", heap::make<Directory>(01777u));
}

} // namespace devices
