// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"

// entry.S. Returns the number of bytes that were not copied.
extern "C" size_t copy_user(void *To, const void *From, size_t Size);

static bool isUserRange(uint64_t Address, size_t Size) {
  return Address < SEGSHIFT_APP_ADDRESS_LIMIT &&
         Size <= SEGSHIFT_APP_ADDRESS_LIMIT - Address;
}

bool copyToUser(uint64_t To, const void *From, size_t Size) {
  return isUserRange(To, Size) &&
         copy_user(reinterpret_cast<void *>(To), From, Size) == 0;
}

bool copyFromUser(void *To, uint64_t From, size_t Size) {
  return isUserRange(From, Size) &&
         copy_user(To, reinterpret_cast<const void *>(From), Size) == 0;
}

bool copyStringFromUser(char *To, uint64_t From, size_t Size) {
  for (size_t I = 0; I != Size; ++I) {
    if (!copyFromUser(To + I, From + I, 1))
      return false;
    if (!To[I])
      return true;
  }
  return false;
}
