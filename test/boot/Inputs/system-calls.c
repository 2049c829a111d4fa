/* What is easily pretended or let through: owners, modes, priorities, limits,
 * flags that nobody knows, times that are too long, file nodes, epolls that
 * watch epolls. Prints the same under Linux, as root. Its argument is a folder
 * for files; a second one says that nobody else changes the file system.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
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
#define CALL(...) TELL(syscall(__VA_ARGS__))

/* A call returns a descriptor, whose number is not of interest. */
static int opened(long fd) {
  if (fd >= 0)
    close((int)fd);
  return fd < 0 ? -1 : 0;
}

static void owner(const char *path) {
  struct stat s;
  struct statx x;
  if (lstat(path, &s) ||
      statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_ALL, &x))
    printf("%s: no status\n", path);
  else
    printf("%s: %u %u %o, %u %u %o\n", path, s.st_uid, s.st_gid, s.st_mode,
           x.stx_uid, x.stx_gid, x.stx_mode);
}

static void owners(void) {
  puts("-- owners, modes, times");
  int fd = open("f", O_CREAT | O_RDWR, 0640), path = open("f", O_PATH);
  symlink("f", "l");
  mkdir("d", 0755);
  owner("f");
  TELL(fchown(fd, 12, 34));
  owner("f");
  TELL(chown("l", 56, -1));
  owner("f"), owner("l");
  TELL(lchown("l", -1, 78));
  owner("f"), owner("l");
  TELL(chmod("f", 06777)), owner("f");
  TELL(chown("f", -1, -1)), owner("f");
  TELL(chmod("f", 06755)), TELL(chmod("d", 06755));
  TELL(chown("f", 1, 1)), owner("f");
  TELL(chown("d", 1, 1)), owner("d");
  CALL(SYS_fchownat, AT_FDCWD, "l", 3, 4, AT_SYMLINK_NOFOLLOW), owner("l");
  CALL(SYS_fchownat, fd, "", 5, 6, AT_EMPTY_PATH), owner("f");
  CALL(SYS_fchownat, path, "", 7, 8, AT_EMPTY_PATH), owner("f");
  CALL(SYS_fchownat, fd, "", 5, 6, 0);
  CALL(SYS_fchownat, AT_FDCWD, "f", 5, 6, 0x10);
  TELL(fchown(path, 1, 2)), TELL(fchmod(path, 0600)), TELL(fchown(-1, 1, 2));
  TELL(chown("none", 1, 2));

  struct timespec t[2] = {{-2, 500000000}, {INT64_MAX, 999999999}};
  struct stat s;
  CALL(SYS_utimensat, AT_FDCWD, "f", t, 0x10);
  CALL(SYS_utimensat, fd, 0, t, AT_SYMLINK_NOFOLLOW);
  CALL(SYS_utimensat, path, 0, t, 0);
  CALL(SYS_utimensat, fd, 0, t, 0);
  stat("f", &s);
  printf("%ld.%ld, %d\n", s.st_atim.tv_sec, s.st_atim.tv_nsec,
         s.st_mtim.tv_sec > 9000000000);
  t[1].tv_nsec = 1000000000;
  CALL(SYS_utimensat, fd, 0, t, 0);
  close(fd), close(path);
}

static void fileFlags(void) {
  puts("-- flags of calls on files");
  char bytes[16];
  int fd = open("f", O_RDWR), path = open("f", O_PATH), ends[2];
  struct iovec v = {bytes, 4};
  struct statx x;
  TELL(pipe(ends));
  CALL(SYS_getrandom, bytes, 8, 0), CALL(SYS_getrandom, bytes, 8, 3);
  CALL(SYS_getrandom, bytes, 8, 8), CALL(SYS_getrandom, bytes, 8, 6);
  CALL(SYS_getrandom, bytes, 8, 1l << 31), CALL(SYS_getrandom, (char *)8, 8, 0);
  CALL(SYS_preadv2, fd, &v, 1, 0l, 0l, 0x400),
      CALL(SYS_pwritev2, fd, &v, 1, 0l, 0l, 0x400);
  CALL(SYS_pwritev2, fd, &v, 1, 0l, 0l, 4);
  CALL(SYS_statx, AT_FDCWD, "f", 0x10, 0, &x),
      CALL(SYS_statx, AT_FDCWD, "f", 0, 1u << 31, &x);
  CALL(SYS_statx, AT_FDCWD, "f", 0x6000, 0, &x),
      CALL(SYS_statx, AT_FDCWD, "f", 0x2000, 0, &x);
  CALL(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0x10),
      CALL(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0x200);
  CALL(SYS_copy_file_range, fd, 0, fd, 0, 1, 1);
  TELL(fsync(fd)), TELL(fsync(ends[0])), TELL(fsync(path)), TELL(fdatasync(-1));
  TELL(syncfs(fd)), TELL(syncfs(ends[0])), TELL(syncfs(path));
  TELL(sync_file_range(fd, 0, 0, 7)), TELL(sync_file_range(fd, 0, 0, 8));
  TELL(sync_file_range(fd, -1, 0, 0)),
      TELL(sync_file_range(fd, 1, INT64_MAX, 0));
  TELL(sync_file_range(ends[0], 0, 0, 0));
  CALL(SYS_fadvise64, fd, 0, 0, 5), CALL(SYS_fadvise64, fd, 0, 0, 6);
  CALL(SYS_fadvise64, fd, 0, -1l, 0), CALL(SYS_fadvise64, ends[0], 0, 0, 0);
  CALL(SYS_fadvise64, path, 0, 0, 0);
  TELL(flock(fd, LOCK_EX | LOCK_NB)), TELL(flock(fd, 0)),
      TELL(flock(fd, LOCK_EX | LOCK_SH));
  TELL(flock(path, LOCK_SH)), TELL(flock(fd, LOCK_UN));
  struct flock lock = {.l_type = 7}, unlock = {.l_type = F_UNLCK},
               write = {.l_type = F_WRLCK};
  TELL(fcntl(fd, F_SETLK, &lock)), TELL(fcntl(fd, F_SETLK, &unlock));
  TELL(fcntl(fd, F_GETLK, &unlock)), TELL(fcntl(fd, F_GETLK, &write));
  TELL(write.l_type == F_UNLCK);
  write.l_type = F_WRLCK;
  int reading = open("f", O_RDONLY);
  TELL(fcntl(reading, F_SETLK, &write));
  close(reading);
  TELL(fcntl(path, F_GETFD)), TELL(fcntl(path, F_SETFL, 0)),
      TELL(fcntl(path, F_SETLK, &unlock));
  TELL(opened(memfd_create("x", 0x8000))),
      TELL(opened(memfd_create("x", 0x18)));
  TELL(opened(eventfd(0, 8))), TELL(opened(epoll_create1(8)));
  TELL(pipe2(ends, 1)), TELL(dup3(fd, 99, O_APPEND)),
      TELL(close_range(50, 60, 1));
  CALL(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 8),
      CALL(SYS_unlinkat, AT_FDCWD, "f", 8);
  CALL(SYS_linkat, AT_FDCWD, "f", AT_FDCWD, "g", 0x10);
  close(fd), close(path), close(ends[0]), close(ends[1]);
}

static void otherFlags(void) {
  puts("-- flags of other calls");
  TELL(mmap(0, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0) ==
               MAP_FAILED
           ? -1
           : 0);
  int fd = open("f", O_RDWR);
  TELL(mmap(0, 4096, PROT_READ, MAP_SHARED_VALIDATE | 0x4000000, fd, 0) ==
               MAP_FAILED
           ? -1
           : 0);
  TELL(mmap(0, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0) ==
               MAP_FAILED
           ? -1
           : 0);
  TELL(mmap(0, 4096, PROT_READ, MAP_SHARED_VALIDATE, fd, 0) == MAP_FAILED ? -1
                                                                          : 0);
  close(fd);
  char *page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TELL(mprotect(page, 4096, 0x80)), TELL(madvise(page, 4096, 99)),
      TELL(msync(page, 4096, 8));
  CALL(SYS_mremap, page, 4096, 4096, 8, 0), CALL(SYS_mlock2, page, 4096, 2),
      TELL(mlockall(8));
  CALL(SYS_wait4, -1, 0, 0x100, 0), CALL(SYS_wait4, -1, 0, WNOHANG, 0);
  CALL(SYS_waitid, P_ALL, 0, 0, WNOHANG, 0),
      CALL(SYS_waitid, P_ALL, 0, 0, WEXITED | WNOHANG, 0);
  CALL(SYS_waitid, P_ALL, 0, 0, 0x10000 | WEXITED, 0),
      CALL(SYS_waitid, 9, 0, 0, WEXITED, 0);
  CALL(SYS_futex, page, 99, 0, 0, 0, 0),
      CALL(SYS_futex, page, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1);
  struct sched_param none = {0};
  TELL(sched_setscheduler(0, 77, &none)),
      TELL(sched_setscheduler(0, SCHED_OTHER, &none));
  TELL(sched_get_priority_max(6)), TELL(sched_get_priority_min(4));
}

static void *keepPriority(void *unused) {
  (void)unused;
  TELL(getpriority(PRIO_PROCESS, 0)); // its maker's
  TELL(setpriority(PRIO_PROCESS, 0, -20));
  TELL(getpriority(PRIO_PGRP, 0)); // the highest
  return 0;
}

static void processes(void) {
  puts("-- priorities, limits, prctl");
  setpriority(PRIO_PROCESS, 0, 0);
  errno = 0;
  TELL(nice(3)), TELL(nice(4)), TELL(getpriority(PRIO_PROCESS, 0));
  TELL(getpriority(PRIO_PROCESS, gettid()));
  TELL(setpriority(PRIO_PROCESS, 0, 99)), TELL(getpriority(PRIO_PROCESS, 0));
  TELL(setpriority(PRIO_PROCESS, 0, 5));
  pthread_t thread;
  pthread_create(&thread, 0, keepPriority, 0);
  pthread_join(thread, 0);
  TELL(getpriority(PRIO_PROCESS, 0));
  TELL(getpriority(7, 0)), TELL(setpriority(7, 0, 0)),
      TELL(setpriority(PRIO_PROCESS, 999999999, 0));
  CALL(SYS_getpriority, PRIO_PROCESS, 0);
  TELL(setpriority(PRIO_PROCESS, 0, 0));

  struct rlimit limit, old;
  TELL(getrlimit(RLIMIT_NOFILE, &old));
  limit = old;
  limit.rlim_cur = 100;
  TELL(setrlimit(RLIMIT_NOFILE, &limit)),
      TELL(getrlimit(RLIMIT_NOFILE, &limit));
  printf("%lu %d\n", limit.rlim_cur, limit.rlim_max == old.rlim_max);
  limit.rlim_cur = limit.rlim_max = 99;
  TELL(prlimit(0, RLIMIT_NOFILE, &limit, &old));
  printf("%lu\n", old.rlim_cur);
  limit.rlim_cur = 100;
  TELL(setrlimit(RLIMIT_NOFILE, &limit)), TELL(setrlimit(99, &limit)),
      TELL(getrlimit(99, &limit));

  TELL(prctl(PR_SET_DUMPABLE, 0)), TELL(prctl(PR_GET_DUMPABLE)),
      TELL(prctl(PR_SET_DUMPABLE, 7));
  TELL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)),
      TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
  TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)),
      TELL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static volatile int signals;
static void count(int signal) { (void)signal, ++signals; }

/* What lasts until the signal of a timer: a time that was cut off would have
 * ended. */
#define UNTIL_SIGNAL(...)                                                      \
  do {                                                                         \
    struct itimerval soon = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};  \
    int before = signals;                                                      \
    setitimer(ITIMER_REAL, &soon, 0);                                          \
    TELL(__VA_ARGS__);                                                         \
    setitimer(ITIMER_REAL, &never, 0);                                         \
    printf("  after a signal: %d\n", signals > before);                        \
  } while (0)

static void times(void) {
  puts("-- times");
  static const long seconds[] = {8589934591, 9223372036, 9223372037,
                                 18446744073, INT64_MAX};
  struct sigaction action = {.sa_handler = count};
  sigaction(SIGALRM, &action, 0);
  uint32_t word = 0;
  sigset_t none;
  sigemptyset(&none);
  struct epoll_event event;
  int e = epoll_create1(0);
  for (unsigned i = 0; i != sizeof(seconds) / sizeof(*seconds); ++i) {
    long s = seconds[i];
    printf("%ld seconds\n", s);
    struct itimerval timer = {{s, 999999}, {s, 999999}}, old;
    TELL(setitimer(ITIMER_REAL, &timer, 0)), TELL(getitimer(ITIMER_REAL, &old));
    // What is left is less than the clock's greatest value by its time.
    long most = s < 9223372036 ? s : 9223372036;
    printf("  %ld, %d\n", old.it_interval.tv_sec,
           old.it_value.tv_sec <= most &&
               old.it_value.tv_sec > most - 100000000);
    timer_t created;
    struct itimerspec spec = {{s, 999999999}, {s, 999999999}}, rest;
    timer_create(CLOCK_MONOTONIC, 0, &created);
    TELL(timer_settime(created, 0, &spec, 0)),
        TELL(timer_gettime(created, &rest));
    printf("  %ld, %d\n", rest.it_interval.tv_sec,
           rest.it_value.tv_sec > most - 100000000);
    TELL(timer_settime(created, TIMER_ABSTIME, &spec, 0)),
        TELL(timer_delete(created));

    struct timespec t = {s, 999999999}, left = {0, 0};
    UNTIL_SIGNAL(nanosleep(&t, &left));
    printf("  %d\n", left.tv_sec > most - 100000000);
    UNTIL_SIGNAL(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, 0));
    UNTIL_SIGNAL(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, 0));
    UNTIL_SIGNAL(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, 0, 0));
    UNTIL_SIGNAL(syscall(SYS_futex, &word,
                         FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, 0,
                         1));
    UNTIL_SIGNAL(syscall(SYS_ppoll, 0, 0, &t, 0, 8));
    printf("  %d\n", t.tv_sec > most - 100000000);
    t = (struct timespec){s, 999999999};
    UNTIL_SIGNAL(syscall(SYS_pselect6, 0, 0, 0, 0, &t, 0));
    t = (struct timespec){s, 999999999};
    struct timeval v = {s, 999999};
    UNTIL_SIGNAL(syscall(SYS_select, 0, 0, 0, 0, &v));
    UNTIL_SIGNAL(syscall(SYS_epoll_pwait2, e, &event, 1, &t, 0, 8));
    UNTIL_SIGNAL(syscall(SYS_rt_sigtimedwait, &none, 0, &t, 8));
  }
  puts("other times");
  UNTIL_SIGNAL(epoll_wait(e, &event, 1, INT32_MAX));
  UNTIL_SIGNAL(poll(0, 0, INT32_MAX));
  alarm(UINT32_MAX);
  TELL(alarm(0) > UINT32_MAX - 10);
  struct timespec t = {0, 1000000};
  CALL(SYS_ppoll, 0, 0, &t, 0, 8);
  printf("%ld.%ld left\n", t.tv_sec, t.tv_nsec);
  struct timeval v = {0, 1000}, many = {-1, 1500000}, negative = {1, -1};
  CALL(SYS_select, 0, 0, 0, 0, &v);
  printf("%ld.%ld left\n", v.tv_sec, v.tv_usec);
  CALL(SYS_select, 0, 0, 0, 0, &many), CALL(SYS_select, 0, 0, 0, 0, &negative);
  many = (struct timeval){0, 3000000};
  UNTIL_SIGNAL(syscall(SYS_select, 0, 0, 0, 0, &many));
  struct timespec bad[] = {{0, 1000000000}, {-1, 0}, {0, -1}};
  for (int i = 0; i != 3; ++i) {
    TELL(nanosleep(&bad[i], 0)), CALL(SYS_ppoll, 0, 0, &bad[i], 0, 8);
    CALL(SYS_futex, &word, FUTEX_WAIT, 0, &bad[i], 0, 0);
  }
  close(e);
}

/* Under Linux others make and remove files at the same time. */
static int alone;
static void moreNodes(const struct statfs *before, const struct statfs *after,
                      long wanted) {
  long more = (long)((after->f_files - after->f_ffree) -
                     (before->f_files - before->f_ffree));
  printf("%ld more: %d\n", wanted, !alone || more == wanted);
}

static void fileNodes(void) {
  puts("-- file nodes");
  struct statfs before, after;
  struct statvfs v;
  int ends[2];
  TELL(statfs(".", &before)), TELL(statvfs(".", &v));
  printf("%d %d %d\n", before.f_files > 0,
         before.f_ffree > 0 && before.f_ffree < before.f_files,
         v.f_files == before.f_files && v.f_favail > 0);
  for (int i = 0; i != 20; ++i) {
    char name[20];
    sprintf(name, "node%d", i);
    opened(open(name, O_CREAT, 0600));
  }
  link("node0", "again"); // the same file
  int fd = open("node0", O_RDONLY);
  TELL(fstatfs(fd, &after));
  moreNodes(&before, &after, 20);
  for (int i = 0; i != 20; ++i) {
    char name[20];
    sprintf(name, "node%d", i);
    unlink(name);
  }
  unlink("again");
  TELL(fstatfs(fd, &after)); // node0 is still there
  moreNodes(&before, &after, 1);
  close(fd);
  TELL(statfs(".", &after));
  moreNodes(&before, &after, 0);
  pipe(ends);
  TELL(fstatfs(ends[0], &after)), TELL(after.f_files);
  TELL(statfs("/proc", &after)), TELL(after.f_files);
  close(ends[0]), close(ends[1]);
}

static int watch(int e, int fd, uint32_t events) {
  struct epoll_event event = {events, {.fd = fd}};
  return epoll_ctl(e, EPOLL_CTL_ADD, fd, &event);
}
static void showReady(int e, int timeout) {
  struct epoll_event events[4];
  int n = epoll_wait(e, events, 4, timeout);
  printf("%d ready", n);
  for (int i = 0; i < n; ++i)
    printf(", %x", events[i].events);
  puts("");
}
static void *writeSoon(void *fd) {
  usleep(10000);
  eventfd_write((int)(intptr_t)fd, 1);
  return 0;
}

static void nested(void) {
  puts("-- epolls of epolls");
  int e[8], n = eventfd(0, EFD_NONBLOCK);
  eventfd_t value;
  for (int i = 0; i != 8; ++i)
    e[i] = epoll_create1(0);
  TELL(watch(e[0], n, EPOLLIN)), TELL(watch(e[1], e[0], EPOLLIN)),
      TELL(watch(e[1], e[0], EPOLLIN));
  TELL(watch(e[0], e[0], EPOLLIN)), TELL(watch(e[0], e[1], EPOLLIN));
  TELL(watch(e[2], e[1], EPOLLIN)), TELL(watch(e[0], e[2], EPOLLIN));
  showReady(e[2], 0);
  pthread_t thread;
  pthread_create(&thread, 0, writeSoon, (void *)(intptr_t)n);
  showReady(e[2], -1);
  pthread_join(thread, 0);
  struct pollfd p = {e[2], POLLIN | POLLOUT, 0};
  TELL(poll(&p, 1, 0)), TELL(p.revents);
  showReady(e[2], 0), showReady(e[1], 0), showReady(e[0], 0);
  eventfd_read(n, &value);
  showReady(e[2], 0), TELL(poll(&p, 1, 0));
  // Edge-triggered above: once for each event below.
  struct epoll_event edge = {EPOLLIN | EPOLLET, {.fd = 1}};
  TELL(epoll_ctl(e[2], EPOLL_CTL_MOD, e[1], &edge));
  eventfd_write(n, 1), showReady(e[2], 0), showReady(e[2], 0);
  eventfd_write(n, 1), showReady(e[2], 0), showReady(e[2], 0);
  eventfd_read(n, &value), showReady(e[2], 0);
  // What is closed is watched no more.
  eventfd_write(n, 1), close(e[0]), showReady(e[1], 0), showReady(e[2], 0);
  // Long chains, made from below, from above, and from both.
  TELL(watch(e[3], e[2], EPOLLIN));
  int last = e[3], length = 0;
  for (int i = 4; i != 8 && !watch(e[i], last, EPOLLIN); last = e[i++])
    ++length;
  TELL(length < 4);
  TELL(errno == ELOOP || errno == EINVAL);
  TELL(watch(e[1], last, EPOLLIN));
  // Exclusive.
  close(e[1]), close(e[2]);
  e[1] = epoll_create1(0), e[2] = epoll_create1(0);
  TELL(watch(e[1], n, EPOLLIN | EPOLLEXCLUSIVE)),
      TELL(watch(e[1], e[2], EPOLLIN | EPOLLEXCLUSIVE));
  struct epoll_event exclusive = {EPOLLIN | EPOLLEXCLUSIVE, {.fd = n}};
  TELL(epoll_ctl(e[1], EPOLL_CTL_MOD, n, &exclusive));
  TELL(watch(e[2], n, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
  TELL(watch(e[2], open("f", O_RDONLY), EPOLLIN)),
      TELL(watch(n, e[2], EPOLLIN));
}

int main(int argc, char **argv) {
  umask(022);
  close_range(3, ~0u, 0); // what the caller left
  if (argc < 2 || chdir(argv[1]) || mkdir("calls", 0755) || chdir("calls")) {
    perror("a folder is needed");
    return 1;
  }
  alone = argc > 2;
  owners();
  fileFlags();
  otherFlags();
  times();
  fileNodes();
  nested();
  processes(); // last, as it limits files
  return 0;
}
