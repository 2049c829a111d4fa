// Formatted text for the kernel log (COM1).
//
// Formats: %s %c %d %u %x %p %%, with l for 64 bits, and a width with or
// without a leading 0. %p prints 16 hexadecimal digits.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_LOG_H
#define STUB_LOG_H

#include <stdarg.h>
#include <stddef.h>

// Writes at most Size - 1 characters and a NUL to Out. Returns the number of
// characters written. Size must not be 0.
size_t format(char *Out, size_t Size, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));
size_t formatV(char *Out, size_t Size, const char *Format, va_list Arguments);

// One line of the log, with its newline.
void log(const char *Format, ...) __attribute__((format(printf, 1, 2)));

// From now on, log waits for nobody: for a panic, which may come in the middle
// of a line.
void breakLogLock();

#endif
