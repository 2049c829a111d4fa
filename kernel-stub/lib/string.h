// The part of <string.h> that the kernel has. The compiler calls the first four
// by itself.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_STRING_H
#define STUB_STRING_H

#include <stddef.h>

extern "C" {
void *memcpy(void *To, const void *From, size_t Size);
void *memmove(void *To, const void *From, size_t Size);
void *memset(void *To, int Byte, size_t Size);
int memcmp(const void *A, const void *B, size_t Size);
size_t strlen(const char *S);
int strcmp(const char *A, const char *B);
}

#endif
