// /proc/self/maps and statm: what the program's address space is made of.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/file.h"
#include "linux/proc/proc.h"
#include "user/vm.h"

namespace proc {

// proc_pid_maps(5): START-END PERMISSIONS OFFSET DEVICE INODE  PATH.
void writeMaps(Text &T) {
  vm::Info I;
  for (uint64_t Address = 0; vm::find(Address, I); Address = I.End) {
    char Path[1024] = "";
    file::Status S;
    S.Device = 0;
    if (I.File) {
      auto &File = static_cast<Node &>(*I.File);
      File.status(S);
      file::pathOf(File, Path, sizeof(Path));
      I.File->unref();
    }
    // Linux pads to column 73, for a path to follow.
    const char *Name = I.File ? Path : I.Name;
    T.add("%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu%s%s\n", I.Start, I.End,
          I.Protection & vm::Read ? 'r' : '-',
          I.Protection & vm::Write ? 'w' : '-',
          I.Protection & vm::Exec ? 'x' : '-', I.Shared ? 's' : 'p',
          I.FileOffset, S.Device >> 8, S.Device & 0xff, S.Inode,
          *Name ? "                          " : "", Name);
  }
}

// proc_pid_statm(5), in pages; what is not known is 0.
void writeStatm(Text &T) {
  vm::Usage U = vm::usage();
  T.add("%lu %lu 0 0 0 0 0\n", U.Mapped / 4096, U.ResidentPages);
}

} // namespace proc
