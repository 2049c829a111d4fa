/* The second world of enter.c.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local long count = 100;
static _Thread_local char text[100];

/* The thread's count of calls, from 101 on; less than 0 if something is wrong.
 */
long world_count(void) {
  char *copy = malloc(64);
  if (!copy)
    return -1;
  snprintf(copy, 64, "%ld", ++count);
  if (strtol(copy, NULL, 10) != count)
    return -2;
  if (count > 101 && strtol(text, NULL, 10) != count - 1)
    return -3;
  strcpy(text, copy);
  free(copy);
  return count;
}

void *world_address(void) { return &count; }
long world_thread_number(void) { return gettid(); }

/* Calls a function of the host's. */
long world_call(long (*function)(long), long argument) {
  errno = 77;
  long result = function(argument);
  return errno == 77 ? result : -1;
}

/* Threads and processes of its own. */
static void *nothing(void *argument) { return argument; }
long world_processes(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, nothing, NULL) ||
      pthread_join(thread, NULL))
    return -1;
  pid_t pid;
  char *arguments[] = {"sh", "-c", "exit 7", NULL};
  if (posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ))
    return -2;
  int status;
  if (waitpid(pid, &status, 0) != pid)
    return -3;
  if (getauxval(AT_PAGESZ) != 4096)
    return -5;
  FILE *pipe = popen("echo 35", "r");
  long number = 0;
  if (!pipe || fscanf(pipe, "%ld", &number) != 1 || pclose(pipe))
    return -4;
  return WEXITSTATUS(status) + number;
}
