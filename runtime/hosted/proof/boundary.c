/* The host's side of libsecondlibc.so: functions that programs call, put in
 * front of the C library's by LD_PRELOAD. Each does work in the second world
 * and then what it was called for.
 *
 *   SECONDLIBC_REPORT=FILE   what was done is appended here at the end
 *
 * Host code: compiled as any shared object is.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "second.h"
#include "segshift/hosted.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long host_errors;

/* The world's malloc and stdio are no more for signal handlers than any: a
 * handler that interrupts work does none. */
static _Thread_local volatile sig_atomic_t busy;

static void work(const char *what) {
  int before = errno;
  if (busy)
    return;
  busy = 1;
  if (!segshift_enter())
    world_work(what);
  busy = 0;
  if (errno != before)
    __atomic_add_fetch(&host_errors, 1, __ATOMIC_RELAXED);
}

static void *find_next(const char *name) {
  int before = errno;
  void *next = dlsym(RTLD_NEXT, name);
  errno = before;
  return next;
}

#define NEXT(name)                                                             \
  static __typeof__(name) *next;                                               \
  if (!next)                                                                   \
    next = (__typeof__(name) *)find_next(#name);                               \
  work(#name)

EXPORT DIR *opendir(const char *path) {
  NEXT(opendir);
  return next(path);
}

EXPORT struct dirent *readdir(DIR *directory) {
  NEXT(readdir);
  return next(directory);
}

EXPORT ssize_t read(int fd, void *buffer, size_t size) {
  NEXT(read);
  return next(fd, buffer, size);
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size) {
  NEXT(write);
  return next(fd, buffer, size);
}

EXPORT int close(int fd) {
  NEXT(close);
  return next(fd);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
  NEXT(clock_gettime);
  return next(clock, time);
}

EXPORT char *getenv(const char *name) {
  NEXT(getenv);
  return next(name);
}

EXPORT char *setlocale(int category, const char *locale) {
  NEXT(setlocale);
  return next(category, locale);
}

#define OPEN(name)                                                             \
  EXPORT int name(const char *path, int flags, ...) {                          \
    NEXT(name);                                                                \
    mode_t mode = 0;                                                           \
    if (flags & (O_CREAT | O_TMPFILE)) {                                       \
      va_list list;                                                            \
      va_start(list, flags);                                                   \
      mode = va_arg(list, mode_t);                                             \
      va_end(list);                                                            \
    }                                                                          \
    return next(path, flags, mode);                                            \
  }
OPEN(open)
#ifdef __GLIBC__ /* musl's is the same function */
OPEN(open64)
#endif

/* Threads: the first thing that each one does is work in the second world,
 * before the program's own function, and after it. */
struct begin {
  void *(*function)(void *);
  void *argument;
};

static void *begin_thread(void *argument) {
  struct begin begin = *(struct begin *)argument;
  free(argument);
  work("thread");
  void *result = begin.function(begin.argument);
  work("thread's end");
  return result;
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *argument) {
  NEXT(pthread_create);
  struct begin *begin = malloc(sizeof(*begin));
  if (!begin)
    return EAGAIN;
  *begin = (struct begin){function, argument};
  int result = next(thread, attributes, begin_thread, begin);
  if (result)
    free(begin);
  return result;
}

__attribute__((constructor)) static void construct(void) {
  work("constructor");
}

__attribute__((destructor)) static void destruct(void) {
  work("destructor");
  char text[200];
  const char *path = secure_getenv("SECONDLIBC_REPORT");
  if (!path || segshift_enter())
    return;
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  world_report(text, sizeof(text));
  if (fd < 0)
    return;
  dprintf(fd, "%s host errors %ld blocks %zu\n", text, host_errors,
          segshift_world_threads());
  close(fd);
}
