/* What the kernel offers to programs that its own loader starts
 * (loader=kernel): functions of the C library by their names there, to be
 * called as such. A program may include this, or its system's headers. C and
 * C++.
 *
 * Memory whose address is given to a function must not be thread-local: that
 * lies in the kernel's half of the address space, and EFAULT is what comes of
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef STUB_APP_API_H
#define STUB_APP_API_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel's, a variable behind GS there; the program reaches it by an
 * initial-exec relocation. The function says where it is for the kernel. */
extern __thread int errno;
int *__errno_location(void);

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

/* As in Linux: -1, and errno is set. */
long read(int fd, void *to, size_t size);
long write(int fd, const void *from, size_t size);
int close(int fd);
void *mmap(void *address, size_t size, int protection, int flags, int fd,
           long offset);
int munmap(void *address, size_t size);
int getpid(void);
int gettid(void);
int sched_yield(void);
int sched_getcpu(void);

/* A line of the kernel's log, with the value that errno has for the kernel. */
void perror(const char *text);

/* Return an error number. Attributes must be null. */
int pthread_create(unsigned long *thread, const void *attributes,
                   void *(*function)(void *), void *argument);
int pthread_join(unsigned long thread, void **result);
void pthread_exit(void *result) __attribute__((noreturn));

/* Runs the program's destructors (DT_FINI_ARRAY, DT_FINI), then ends it. */
void exit(int status) __attribute__((noreturn));
void _exit(int status) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
