// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "string.h"

// String instructions, because loops would be compiled into calls of these very
// functions.
void *memcpy(void *To, const void *From, size_t Size) {
  void *Result = To;
  asm volatile("rep movsb" : "+D"(To), "+S"(From), "+c"(Size) : : "memory");
  return Result;
}

void *memmove(void *To, const void *From, size_t Size) {
  if (reinterpret_cast<size_t>(To) - reinterpret_cast<size_t>(From) >= Size)
    return memcpy(To, From, Size);
  void *Result = To;
  To = static_cast<char *>(To) + Size - 1;
  From = static_cast<const char *>(From) + Size - 1;
  asm volatile("std; rep movsb; cld"
               : "+D"(To), "+S"(From), "+c"(Size)
               :
               : "memory");
  return Result;
}

void *memset(void *To, int Byte, size_t Size) {
  void *Result = To;
  asm volatile("rep stosb" : "+D"(To), "+c"(Size) : "a"(Byte) : "memory");
  return Result;
}

int memcmp(const void *A, const void *B, size_t Size) {
  auto *X = static_cast<const unsigned char *>(A);
  auto *Y = static_cast<const unsigned char *>(B);
  for (size_t I = 0; I != Size; ++I)
    if (X[I] != Y[I])
      return X[I] - Y[I];
  return 0;
}

size_t strlen(const char *S) {
  size_t N = 0;
  while (S[N])
    ++N;
  return N;
}

int strcmp(const char *A, const char *B) {
  while (*A && *A == *B)
    ++A, ++B;
  return static_cast<unsigned char>(*A) - static_cast<unsigned char>(*B);
}
