/* What the kernel offers to modules, beside __tls_get_addr. C and C++; a module
 * includes this and no other header of the kernel. May be called anywhere in a
 * module's code, but for kernel_yield with interrupts on and no spin lock held.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_MODULE_API_H
#define STUB_MODULE_API_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

/* One line of the kernel's log; formats as in log.h. */
void kernel_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed, aligned to 16 bytes; null: no memory. */
void *kernel_allocate(size_t size);
void kernel_free(void *memory);

/* The running thread's number, and the processor that it runs on (or just ran).
 */
int kernel_thread(void);
unsigned kernel_cpu(void);
void kernel_yield(void);

/* For each thread, at the module's disposal; 0 at first. */
extern __thread long kernel_scratch;
extern __thread int kernel_errno;

#ifdef __cplusplus
}
#endif

#endif
