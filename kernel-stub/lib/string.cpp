// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/string.h"

// String instructions, because loops would be compiled into calls of these very
// functions. Eight bytes at a time: without fast string operations, as in QEMU,
// each step costs as much as an instruction.
void *memcpy(void *To, const void *From, size_t Size) {
  void *Result = To;
  size_t Words = Size / 8, Rest = Size % 8;
  asm volatile("rep movsq\n\t"
               "mov %[Rest], %%rcx\n\t"
               "rep movsb"
               : "+D"(To), "+S"(From), "+c"(Words)
               : [Rest] "r"(Rest)
               : "memory");
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
  size_t Words = Size / 8, Rest = Size % 8;
  uint64_t Pattern = static_cast<unsigned char>(Byte) * 0x0101010101010101;
  asm volatile("rep stosq\n\t"
               "mov %[Rest], %%rcx\n\t"
               "rep stosb"
               : "+D"(To), "+c"(Words)
               : [Rest] "r"(Rest), "a"(Pattern)
               : "memory");
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
