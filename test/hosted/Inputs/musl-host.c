/* A program of musl: threads that come and go, key destructors, as many signals a
 * round as argv[1] says, fork, and errno, while something else works in the calls that
 * it makes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static __thread long mine = 1000;
static __thread char text[3000] = "musl's own";
static pthread_key_t key;
static atomic_long ended, wrong, signals;

static void end_key(void *value) {
  if (!getenv("PATH") || *(long *)value != mine)
    ++wrong;
  free(value);
  ++ended;
}

static void handler(int number) {
  int saved = errno;
  struct timespec t;
  (void)number;
  clock_gettime(CLOCK_MONOTONIC, &t);
  ++signals;
  errno = saved;
}

static void *thread(void *argument) {
  long *value = malloc(sizeof(*value));
  pthread_setspecific(key, value);
  for (int i = 0; i < 50; ++i) {
    errno = i;
    int fd = open("/dev/null", O_RDWR);
    if (fd < 0 || write(fd, text, strlen(text)) != 10)
      ++wrong;
    close(fd);
    if (close(-1) != -1 || errno != EBADF)
      ++wrong;
    *value = ++mine;
  }
  if (mine != 1050 || strcmp(text, "musl's own"))
    ++wrong;
  return argument;
}

static void in_child(void) {
  pthread_t t;
  pthread_create(&t, NULL, thread, NULL);
  pthread_join(t, NULL);
  _exit(wrong != 0);
}

int main(int argc, char **argv) {
  int signals_sent = argc > 1 ? atoi(argv[1]) : 0;
  pthread_key_create(&key, end_key);
  signal(SIGUSR1, handler);
  for (int round = 0; round < 10; ++round) {
    pthread_t threads[6];
    for (int i = 0; i < 6; ++i)
      pthread_create(&threads[i], NULL, thread, NULL);
    for (int i = 0; i < signals_sent; ++i)
      pthread_kill(threads[i % 6], SIGUSR1);
    for (int i = 0; i < 6; ++i)
      pthread_join(threads[i], NULL);
    pid_t pid = fork();
    if (pid == 0)
      in_child();
    int status;
    waitpid(pid, &status, 0);
    if (status)
      ++wrong;
  }
  DIR *directory = opendir("/");
  long entries = 0;
  while (readdir(directory))
    ++entries;
  closedir(directory);
  printf("%ld ended, %ld wrong, %d, %s %ld\n", (long)ended, (long)wrong,
         entries > 3, text, mine);
  return wrong ? 1 : 5;
}
