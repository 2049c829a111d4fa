// Walks along a path: path_resolution(7).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PATH_H
#define STUB_PATH_H

#include "linux/fs/directory.h"

constexpr size_t MaxPathSize = 4096; // PATH_MAX: with the NUL

class Walk {
public:
  enum Flags : uint32_t {
    NoFollow = 1, // a symbolic link at the end is itself what is looked for
    Parent = 2, // stop at the last name's directory: Name and Directory are set
    MayBeMissing = 4, // the last name need not exist: Found is null then
  };

  Walk() = default;
  Walk(const Walk &) = delete;
  Walk &operator=(const Walk &) = delete;
  ~Walk();

  // Path is relative to Start, or begins with '/'. Returns 0 or -errno.
  int run(Node &Start, const char *Path, uint32_t Flags);

  // Gives the reference to what was found away.
  Node *takeFound();

  Node *Found = nullptr;
  // Where the last name is, or would be, and that name: its text is in Path, or
  // in a buffer of this object. The name is empty if the path is "/" or ends
  // with "." or "..", where Found is that directory.
  Node *In = nullptr;
  file::Name Last = {nullptr, 0};
  bool EndsWithSlash = false; // must be a directory

private:
  int step(const char *&Path, uint32_t Flags, bool &Done);
  int follow(Node &Link, const char *&Path, bool &Moved);
  void moveTo(Node *N);

  Node *At = nullptr;
  unsigned NumLinks = 0;
  uint64_t Buffers[2] = {}; // pages for paths out of links, in turn
};

#endif
