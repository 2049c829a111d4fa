// Lists an archive by the kernel's reader: mode, name, and contents in one
// line.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../../kernel-stub/lib/cpio.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int, char **Argv) {
  std::ifstream In(Argv[1], std::ios::binary);
  std::string Bytes(std::istreambuf_iterator<char>(In), {});
  cpio::Reader R(Bytes.data(), Bytes.size());
  for (cpio::Entry E;;) {
    cpio::Error Err = R.next(E);
    if (Err != cpio::Error::None) {
      std::puts(Err == cpio::Error::End ? "end" : cpio::describe(Err));
      return Err != cpio::Error::End;
    }
    std::printf("%06o %s ", E.Mode, E.Name);
    for (size_t I = 0; I != E.Size; ++I) {
      if (E.Data[I] == 0)
        std::fputs("\\0", stdout);
      else if (E.Data[I] == '\n')
        std::fputs("\\n", stdout);
      else
        std::putchar(E.Data[I]);
    }
    std::putchar('\n');
  }
}
