// The root file system, and paths.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/file.h"
#include "boot/initrd.h"
#include "cpu/panic.h"
#include "device/calendar.h"
#include "device/log.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/devices.h"
#include "linux/fs/file_memory.h"
#include "linux/fs/open_file.h"
#include "linux/fs/path.h"
#include "linux/fs/regular_file.h"
#include "linux/fs/unpack.h"

namespace file {
namespace {

Name nameOf(const char *Text) { return {Text, strlen(Text)}; }

// The directory of this name in the root; made, in the place of what else the
// initrd has there. Null: no memory.
Directory *directoryInRoot(const char *Text, uint32_t Permissions) {
  Node *N = Root->lookup(nameOf(Text));
  if (N && !N->asDirectory()) {
    N->unref();
    N = nullptr;
    Root->remove(nameOf(Text));
  }
  if (!N) {
    N = heap::make<Directory>(Permissions);
    if (N && Root->add(nameOf(Text), *N)) {
      N->unref();
      N = nullptr;
    }
  }
  if (N)
    N->unref(); // the root has one
  return N ? N->asDirectory() : nullptr;
}

} // namespace

void init() {
  fileMemory::init();
  Root = heap::make<Directory>(0755u);
  if (!Root)
    panic("no memory for the root directory");
  initrd::Archive A = initrd::archive();
  if (A.Size) {
    unpack::Result R = unpack::unpack(*Root, A.Data, A.Size);
    if (R.Error != cpio::Error::End)
      log("initrd: %s (at byte %lu)", cpio::describe(R.Error), R.Offset);
    if (R.NumRefused)
      log("initrd: %u members left out: devices, or impossible paths",
          R.NumRefused);
    if (R.NoMemory)
      log("initrd: no memory for all of its members");
  }
  Directory *Dev = directoryInRoot("dev", 0755);
  if (!Dev || !devices::addTo(*Dev) || !directoryInRoot("tmp", 01777))
    log("no memory for /dev and /tmp");
}

bool mount(const char *Text, Node *N) {
  if (!N)
    return false;
  int Error = Root->replace(nameOf(Text), *N);
  N->unref();
  return !Error;
}

int64_t now() { return static_cast<int64_t>(calendar::now()); }

Node *open(const char *Path, int &Error) {
  if (!Root || strlen(Path) >= MaxPathSize) {
    Error = Root ? ENAMETOOLONG : ENOENT;
    return nullptr;
  }
  Walk W;
  Error = -W.run(*Root, Path, 0);
  return Error ? nullptr : W.takeFound();
}

namespace {

class AnonymousFile final : public RegularFile {
public:
  explicit AnonymousFile(const char *Name) : RegularFile(0777) {
    format(Label, sizeof(Label), "/%s (deleted)", Name);
  }
  size_t describe(char *Text, size_t Size) override {
    return format(Text, Size, "%s", Label);
  }

private:
  char Label[272];
};

} // namespace

Node *makeAnonymous(const char *Name) {
  Node *N = heap::make<AnonymousFile>(Name);
  if (N)
    N->Info.NumLinks = 0;
  return N;
}

} // namespace file
