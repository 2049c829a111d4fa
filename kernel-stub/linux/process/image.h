// An ELF file in the program's address space: the program, or its dynamic
// linker.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_IMAGE_H
#define STUB_IMAGE_H

#include "lib/elf.h"
#include "linux/fs/file.h"

namespace exec {

// Where it is written why a program cannot be started.
class Reason {
public:
  Reason(char *Text, size_t Size) : Text(Text), Size(Size) {}
  // The same, of the interpreter with this name.
  Reason about(const char *Name) const {
    Reason R = *this;
    R.Interpreter = Name;
    return R;
  }

  // Returns false.
  bool operator()(const char *Format, ...)
      __attribute__((format(printf, 2, 3)));

private:
  char *Text;
  size_t Size;
  const char *Interpreter = nullptr;
};

class Image {
public:
  explicit Image(Reason Error) : Error(Error) {}
  ~Image();
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;

  // In this order. False: Error was told why.
  bool open(const char *Path);
  bool plan(bool HasEntry = true); // whether e_entry counts
  // Puts its segments where they belong; if it may be anywhere: at Base, which
  // is rounded up as its alignment wants, or if Base is 0 at the top of what is
  // free. Their pages are read from the file when they are touched.
  bool map(uint64_t Base);

  // The first Size bytes of the file, or all if it is shorter. Returns how
  // many.
  size_t readStart(char *To, size_t Size);
  // Size bytes of the file to the program's memory.
  bool copyToUser(uint64_t To, uint64_t Offset, uint64_t Size);
  bool read(uint64_t Offset, void *To, size_t Size);

  uint64_t size() const;

  // After map, what is added to each address of the Plan. Set it in the place
  // of map, if someone else has put the segments there.
  uint64_t bias() const { return Bias; }
  void setBias(uint64_t B) { Bias = B; }

  elf::Plan Plan;
  Reason Error;

private:
  bool mapSegment(const elf::Segment &G);
  bool mapPages(uint64_t Start, uint64_t End, uint32_t Protection, Node *From,
                uint64_t Offset);

  Node *File = nullptr;
  uint64_t Bias = 0;
  // While segments are mapped, in ascending order: the end of what is done, and
  // the protection of its last page.
  uint64_t Done = 0;
  uint32_t LastProtection = 0;
};

} // namespace exec

#endif
