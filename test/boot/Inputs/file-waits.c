// Waiting for files: pipes, event counters, poll, select, epoll, between threads.
// Told line by line: the same here and in the stub.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TELL(...) tell(#__VA_ARGS__, (long)(__VA_ARGS__))
static long tell(const char *what, long result) {
  if (result == -1)
    printf("%s: %s\n", what, strerrorname_np(errno));
  else
    printf("%s: %ld\n", what, result);
  return result;
}

static void pause_ms(int ms) {
  struct timespec t = {0, ms * 1000000};
  nanosleep(&t, NULL);
}

static volatile int signals, ended;
static void on_signal(int number) {
  (void)number;
  ++signals;
}

static int pipe_fds[2];

// -- A pipe that is filled by one thread and emptied by another.

enum { Total = 1 << 20 };

static void *fill(void *unused) {
  char data[3000];
  unsigned next = 0, sent = 0;
  while (sent != Total) {
    unsigned n = 1 + sent * 7 % sizeof(data);
    if (n > Total - sent)
      n = Total - sent;
    for (unsigned i = 0; i != n; ++i)
      data[i] = next++ % 251;
    for (unsigned done = 0; done != n;)
      done += write(pipe_fds[1], data + done, n - done);
    sent += n;
  }
  close(pipe_fds[1]);
  return unused;
}

static void pipes(void) {
  puts("-- pipes");
  char data[70000] = "";
  TELL(pipe2(pipe_fds, O_NONBLOCK));
  TELL(read(pipe_fds[0], data, 10));
  TELL(write(pipe_fds[1], "abc", 3));
  int n = 0;
  TELL(ioctl(pipe_fds[0], FIONREAD, &n));
  printf("%d there\n", n);
  TELL(read(pipe_fds[0], data, 2));
  TELL(read(pipe_fds[0], data, 2));
  TELL(write(pipe_fds[1], data, 65536));
  TELL(write(pipe_fds[1], data, 1));
  TELL(lseek(pipe_fds[0], 0, SEEK_CUR));
  TELL(pread(pipe_fds[0], data, 1, 0));
  TELL(write(pipe_fds[0], data, 1));
  TELL(read(pipe_fds[1], data, 1));
  TELL(fcntl(pipe_fds[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK));
  TELL(read(pipe_fds[0], data, sizeof(data)));
  TELL(close(pipe_fds[1]));
  TELL(read(pipe_fds[0], data, 1));
  TELL(close(pipe_fds[0]));
  signal(SIGPIPE, SIG_IGN);
  TELL(pipe(pipe_fds));
  TELL(close(pipe_fds[0]));
  TELL(write(pipe_fds[1], data, 1));
  TELL(close(pipe_fds[1]));

  TELL(pipe(pipe_fds));
  pthread_t thread;
  pthread_create(&thread, NULL, fill, NULL);
  unsigned next = 0, wrong = 0, got = 0;
  for (int r; (r = read(pipe_fds[0], data, 1 + got % 5000)) > 0; got += r)
    for (int i = 0; i != r; ++i)
      wrong += (unsigned char)data[i] != next++ % 251;
  pthread_join(thread, NULL);
  printf("%u bytes, %u wrong\n", got, wrong);
  close(pipe_fds[0]);
}

// -- A wait that a signal ends, or not.

// Until the wait has ended: the first signals may come before it begins.
static void *interrupt(void *thread) {
  while (!ended) {
    pause_ms(30);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
  }
  return NULL;
}

// Writes once the waiting thread has had the signal.
static void *interrupt_and_write(void *thread) {
  pause_ms(30);
  pthread_kill(*(pthread_t *)thread, SIGUSR1);
  while (!signals)
    pause_ms(1);
  pause_ms(30);
  if (write(pipe_fds[1], "late", 4) != 4)
    abort();
  return NULL;
}

static void interruption(int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
  TELL(pipe(pipe_fds));
  pthread_t self = pthread_self(), thread;
  signals = ended = 0;
  pthread_create(&thread, NULL, flags & SA_RESTART ? interrupt_and_write : interrupt, &self);
  char data[10];
  long got = read(pipe_fds[0], data, sizeof(data));
  int error = errno;
  ended = 1;
  pthread_join(thread, NULL);
  errno = error;
  TELL(got);
  close(pipe_fds[0]), close(pipe_fds[1]);
}

// -- Event counters.

static int counter;

static void *count_up(void *unused) {
  for (int i = 0; i != 1000; ++i)
    eventfd_write(counter, 1);
  return unused;
}

static void counters(void) {
  puts("-- event counters");
  uint64_t value = 0;
  counter = TELL(eventfd(3, EFD_NONBLOCK));
  TELL(read(counter, &value, 4));
  TELL(read(counter, &value, 8));
  printf("%lu\n", value);
  TELL(read(counter, &value, 8));
  value = ~0ull;
  TELL(write(counter, &value, 8));
  value = ~0ull - 1;
  TELL(write(counter, &value, 8));
  value = 1;
  TELL(write(counter, &value, 8));
  struct pollfd p = {counter, POLLIN | POLLOUT, 0};
  TELL(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  close(counter);
  counter = eventfd(2, EFD_SEMAPHORE);
  TELL(read(counter, &value, 8) + read(counter, &value, 8));
  printf("%lu\n", value);
  close(counter);
  counter = eventfd(0, 0);
  pthread_t threads[4];
  for (int i = 0; i != 4; ++i)
    pthread_create(&threads[i], NULL, count_up, NULL);
  uint64_t sum = 0;
  while (sum < 4000) {
    eventfd_read(counter, &value);
    sum += value;
  }
  for (int i = 0; i != 4; ++i)
    pthread_join(threads[i], NULL);
  printf("counted %lu\n", sum);
  close(counter);
}

// -- poll and select.

static void *write_soon(void *text) {
  pause_ms(20);
  if (write(pipe_fds[1], text, strlen(text)) < 0)
    abort();
  return NULL;
}

static void polling(void) {
  puts("-- poll");
  pthread_t thread;
  char data[10];
  TELL(pipe(pipe_fds));
  struct pollfd p[4] = {{pipe_fds[0], POLLIN, 0},
                        {pipe_fds[1], POLLOUT, 0},
                        {-1, POLLIN, 0},
                        {999, POLLIN, 0}};
  TELL(poll(p, 4, 0));
  printf("%x %x %x %x\n", p[0].revents, p[1].revents, p[2].revents, p[3].revents);
  TELL(poll(p, 1, 1));
  pthread_create(&thread, NULL, write_soon, "x");
  TELL(poll(p, 1, -1));
  printf("%x\n", p[0].revents);
  pthread_join(thread, NULL);
  TELL(read(pipe_fds[0], data, 10));
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(pipe_fds[0], &in);
  FD_SET(pipe_fds[1], &out);
  TELL(select(pipe_fds[1] + 1, &in, &out, NULL, NULL));
  printf("%d %d\n", !!FD_ISSET(pipe_fds[0], &in), !!FD_ISSET(pipe_fds[1], &out));
  FD_SET(pipe_fds[0], &in);
  pthread_create(&thread, NULL, write_soon, "y");
  TELL(select(pipe_fds[1] + 1, &in, NULL, NULL, NULL));
  pthread_join(thread, NULL);
  struct timeval short_time = {0, 1000};
  FD_ZERO(&in);
  FD_SET(20, &in);
  TELL(select(21, &in, NULL, NULL, &short_time));
  TELL(read(pipe_fds[0], data, 10));
  FD_ZERO(&in);
  FD_SET(pipe_fds[0], &in);
  TELL(select(pipe_fds[1] + 1, &in, NULL, NULL, &short_time));
  printf("%d\n", !!FD_ISSET(pipe_fds[0], &in));
  struct timespec bad = {0, -1};
  TELL(ppoll(p, 1, &bad, NULL));
  TELL(syscall(SYS_poll, 8, 1, 0));
  close(pipe_fds[1]);
  TELL(poll(p, 1, -1));
  printf("%x\n", p[0].revents);
  close(pipe_fds[0]);
  TELL(pipe(pipe_fds));
  close(pipe_fds[0]);
  TELL(poll(p + 1, 1, -1));
  printf("%x\n", p[1].revents);
  close(pipe_fds[1]);
  // A signal that is blocked but in ppoll.
  sigset_t blocked, none;
  sigemptyset(&none), sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  raise(SIGUSR1);
  TELL(ppoll(NULL, 0, NULL, &none));
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

// -- epoll.

static void show(int e, int timeout) {
  struct epoll_event events[8];
  int n = epoll_wait(e, events, 8, timeout);
  printf("%d ready:", n);
  for (int i = 0; i < n; ++i)
    printf(" %x/%lu", events[i].events, events[i].data.u64);
  printf("\n");
}

static void epolls(void) {
  puts("-- epoll");
  TELL(epoll_create(0));
  int e = TELL(epoll_create1(EPOLL_CLOEXEC)), n = eventfd(0, EFD_NONBLOCK);
  TELL(pipe2(pipe_fds, O_NONBLOCK));
  struct epoll_event in = {EPOLLIN, {.u64 = 1}},
                     edge = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u64 = 2}},
                     once = {EPOLLIN | EPOLLONESHOT, {.u64 = 3}};
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, pipe_fds[0], &in));
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, pipe_fds[0], &in));
  TELL(epoll_ctl(e, EPOLL_CTL_MOD, n, &in));
  TELL(epoll_ctl(e, EPOLL_CTL_DEL, n, NULL));
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, e, &in));
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, 999, &in));
  TELL(epoll_ctl(n, EPOLL_CTL_ADD, pipe_fds[0], &in));
  int file = open("/proc/self/exe", O_RDONLY);
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, file, &in));
  close(file);
  show(e, 0);
  TELL(write(pipe_fds[1], "ab", 2));
  show(e, -1);
  show(e, 0); // still
  char data[10];
  TELL(epoll_ctl(e, EPOLL_CTL_MOD, pipe_fds[0], &edge));
  show(e, -1);
  show(e, 0); // told already
  TELL(write(pipe_fds[1], "c", 1));
  show(e, -1); // again
  TELL(read(pipe_fds[0], data, 10));
  TELL(epoll_ctl(e, EPOLL_CTL_MOD, pipe_fds[0], &once));
  show(e, 0);
  TELL(write(pipe_fds[1], "d", 1));
  show(e, -1);
  show(e, 0); // once only
  TELL(epoll_ctl(e, EPOLL_CTL_MOD, pipe_fds[0], &once));
  show(e, -1);
  struct pollfd p = {e, POLLIN, 0};
  TELL(poll(&p, 1, 0));
  TELL(epoll_ctl(e, EPOLL_CTL_MOD, pipe_fds[0], &in));
  TELL(poll(&p, 1, 0));
  TELL(read(pipe_fds[0], data, 10));
  // Go's wake-up: an event counter that another thread writes.
  TELL(epoll_ctl(e, EPOLL_CTL_ADD, n, &(struct epoll_event){EPOLLIN, {.u64 = 4}}));
  counter = n;
  pthread_t thread;
  pthread_create(&thread, NULL, write_soon, "e");
  show(e, -1);
  pthread_join(thread, NULL);
  TELL(read(pipe_fds[0], data, 10));
  pthread_create(&thread, NULL, count_up, NULL);
  show(e, -1);
  pthread_join(thread, NULL);
  eventfd_read(n, &(eventfd_t){0});
  // What is closed is watched no more; a duplicate keeps it.
  int copy = dup(pipe_fds[0]);
  TELL(write(pipe_fds[1], "f", 1));
  close(pipe_fds[0]);
  show(e, 0);
  close(copy);
  show(e, 0);
  close(pipe_fds[1]), close(n);
  show(e, 1);
  TELL(epoll_wait(e, NULL, 0, 0));
  close(e);
}

int main(void) {
  close_range(3, ~0u, 0); // what the caller left
  pipes();
  puts("-- interruption");
  interruption(0);
  interruption(SA_RESTART);
  counters();
  polling();
  epolls();
  return 0;
}
