// The kernel's access to the program's memory. Pages that are not there yet are
// filled on the way, by page faults taken in the kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_COPY_USER_H
#define STUB_COPY_USER_H

#include "segshift/abi.h"
#include <stddef.h>
#include <stdint.h>

// False if part of the program's range is outside the lower half, not mapped or
// not accessible. What came before that part has been copied.
bool copyToUser(uint64_t To, const void *From, size_t Size);
bool copyFromUser(void *To, uint64_t From, size_t Size);

template <typename T> bool putUser(uint64_t To, const T &Value) {
  return copyToUser(To, &Value, sizeof(T));
}
// 0, or -SEGSHIFT_EFAULT; see struct segshift_app.
inline int putUser64(uint64_t To, uint64_t Value) {
  return putUser(To, Value) ? 0 : -SEGSHIFT_EFAULT;
}
template <typename T> bool getUser(T &Value, uint64_t From) {
  return copyFromUser(&Value, From, sizeof(T));
}

// Copies a NUL-terminated string of less than Size bytes. False also if it is
// longer.
bool copyStringFromUser(char *To, uint64_t From, size_t Size);

#endif
