// /proc and /sys: directories whose members are made when they are looked up.
// What is in them stands in proc_files.cpp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_PROC_H
#define STUB_PROC_H

#include "linux/fs/file.h"
#include "linux/fs/text.h"

namespace proc {

struct Entry {
  const char *Name; // null: the end of the table
  // One of these says what it is.
  const Entry *Members = nullptr;        // a directory
  void (*Write)(Text &) = nullptr;       // a file
  void (*WriteLink)(Text &) = nullptr;   // a symbolic link
  Node *(*Target)() = nullptr;           // one that leads straight to a node
  Node *(*Lookup)(file::Name) = nullptr; // a directory with members of its own:
  bool (*MemberAfter)(uint64_t &Cookie, file::Member &) = nullptr;
};

extern const Entry ProcRoot, SysRoot; // directories

// proc_maps.cpp
void writeMaps(Text &);
void writeStatm(Text &);

// Null: no memory.
Node *makeDirectory(const Entry &E);
// A link that leads straight to a node; takes over the reference.
Node *makeLink(Node &Target);

} // namespace proc

#endif
