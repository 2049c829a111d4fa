// What the system calls on files do, told line by line: the same here and in the
// stub. The argument is a directory that may be written in.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// A call's result, or the name of its error.
#define TELL(...) tell(#__VA_ARGS__, (long)(__VA_ARGS__))
static long tell(const char *what, long result) {
  if (result == -1)
    printf("%s: %s\n", what, strerrorname_np(errno));
  else
    printf("%s: %ld\n", what, result);
  return result;
}

static int put(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  int n = write(fd, text, strlen(text));
  close(fd);
  return n;
}

static void show(const char *path) {
  char text[200] = "";
  int fd = open(path, O_RDONLY);
  int n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  printf("%s: %d '%s'\n", path, n, text);
  close(fd);
}

static void stats(const char *path) {
  struct stat s, l;
  if (stat(path, &s) || lstat(path, &l)) {
    printf("stat %s: %s\n", path, strerrorname_np(errno));
    return;
  }
  printf("stat %s: mode %o links %ld size %ld, itself %o; modified %ld.%09ld\n", path,
         s.st_mode, S_ISDIR(s.st_mode) ? 0 : (long)s.st_nlink,
         S_ISDIR(s.st_mode) ? 0 : (long)s.st_size, l.st_mode,
         s.st_mtim.tv_sec > 1000000 ? 0 : s.st_mtim.tv_sec,
         s.st_mtim.tv_sec > 1000000 ? 0 : s.st_mtim.tv_nsec);
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path) {
  char *names[64];
  int n = 0;
  DIR *d = opendir(path);
  for (struct dirent *e; d && (e = readdir(d));)
    if (asprintf(&names[n++], "%s/%d", e->d_name, e->d_type) < 0)
      return;
  qsort(names, n, sizeof(*names), compare);
  printf("%s:", path);
  for (int i = 0; i != n; ++i)
    printf(" %s", names[i]);
  printf("\n");
  if (d)
    closedir(d);
}

static void names(void) {
  puts("-- names");
  TELL(mkdir("d", 0755));
  TELL(mkdir("d", 0755));
  TELL(mkdir("d/e/", 0700));
  TELL(mkdir("none/e", 0700));
  TELL(mkdir(".", 0700));
  TELL(put("d/a", "first"));
  TELL(mkdir("d/a/x", 0700));
  TELL(open("d/a", O_CREAT | O_EXCL | O_RDWR, 0600));
  TELL(open("d/a", O_DIRECTORY));
  TELL(open("d/a/", O_RDONLY));
  TELL(open("d/new/", O_CREAT | O_RDWR, 0600));
  TELL(open("d", O_RDWR));
  TELL(open("d", O_CREAT | O_RDONLY, 0600));
  TELL(open("none", O_RDONLY));
  TELL(open("", O_RDONLY));
  TELL(open(NULL, O_RDONLY));
  TELL(symlink("a", "d/l"));
  TELL(symlink("a", "d/l"));
  TELL(symlink("", "d/m"));
  TELL(symlink("loop", "loop"));
  TELL(symlink("d/made", "dangling"));
  TELL(open("loop", O_RDONLY));
  TELL(open("d/l", O_RDONLY | O_NOFOLLOW));
  TELL(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600));
  TELL(put("dangling", "through"));
  show("d/made");
  show("d/l");
  char text[16] = "";
  TELL(readlink("d/l", text, sizeof(text)));
  TELL(readlink("dangling", text, 3));
  printf("'%s'\n", text);
  TELL(readlink("d/a", text, sizeof(text)));
  TELL(readlink("d/l", text, 0));
  TELL(link("d/a", "d/hard"));
  TELL(link("d", "d2"));
  TELL(link("d/l", "d/hardlink"));
  stats("d/a");
  stats("d/l");
  stats("d");
  TELL(rename("d/a", "d/hard"));
  TELL(rename("d/a", "d/b"));
  TELL(rename("d/a", "d/b"));
  TELL(rename("d", "d/e/f"));
  TELL(rename("d/b", "d/e"));
  TELL(rename("d/e", "d/b"));
  TELL(rename("d/e", "d/g/"));
  TELL(rename("d/b", "d/c/"));
  TELL(syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/hard", 1));
  TELL(syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/g", 2));
  list("d");
  TELL(syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/g", 2));
  TELL(unlink("d/g"));
  TELL(unlink("d/none"));
  TELL(unlink("d/b/"));
  TELL(rmdir("d/b"));
  TELL(rmdir("d"));
  TELL(rmdir("d/."));
  TELL(unlink("d/l"));
  list("d");
  char name[300];
  memset(name, 'n', sizeof(name));
  name[256] = 0;
  TELL(mkdir(name, 0700));
  name[255] = 0;
  TELL(mkdir(name, 0700));
  TELL(rmdir(name));
  static char path[5000];
  memset(path, '/', sizeof(path));
  path[4096] = 0;
  TELL(open(path, O_RDONLY));
  path[4095] = 0;
  int fd = TELL(open(path, O_RDONLY));
  close(fd);
}

static void directories(const char *top) {
  puts("-- directories");
  char text[5000];
  int start = open(".", O_RDONLY | O_DIRECTORY);
  TELL(mkdir("w", 0755));
  TELL(chdir("w"));
  TELL(strcmp(getcwd(text, sizeof(text)) + strlen(top), "/w"));
  int fd = open("../d", O_RDONLY);
  TELL(openat(fd, "none", O_RDONLY));
  TELL(close(openat(fd, "g", O_RDONLY)));
  TELL(mkdirat(fd, "sub", 0700));
  TELL(unlinkat(fd, "sub", 0));
  TELL(unlinkat(fd, "sub", AT_REMOVEDIR));
  TELL(faccessat(fd, "hard", R_OK | W_OK, 0));
  TELL(faccessat(fd, "hard", X_OK, 0));
  TELL(fchmodat(fd, "hard", 0755, 0));
  TELL(faccessat(fd, "hard", X_OK, 0));
  TELL(access("../d/none", F_OK));
  struct stat s;
  TELL(fstatat(fd, "", &s, AT_EMPTY_PATH));
  TELL(S_ISDIR(s.st_mode));
  TELL(fstatat(fd, "", &s, 0));
  TELL(fstatat(-1, "x", &s, 0));
  TELL(fchdir(fd));
  TELL(access("hard", F_OK));
  TELL(fchdir(start));
  TELL(chdir("d/hard"));
  TELL(chdir("w"));
  TELL(rmdir("../w"));
  TELL(getcwd(text, sizeof(text)) != NULL);
  TELL(open("x", O_CREAT | O_WRONLY, 0600));
  TELL(syscall(SYS_getdents64, fd, text, 10));
  TELL(read(fd, text, 10));
  TELL(lseek(fd, 0, SEEK_SET));
  TELL(syscall(SYS_getdents64, fd, text, sizeof(text)) > 0);
  TELL(syscall(SYS_getdents64, fd, text, sizeof(text)));
  TELL(syscall(SYS_getcwd, text, 2));
  TELL(fchdir(start));
  TELL(syscall(SYS_getcwd, text, 2));
  close(fd);
  close(start);
  // More than one call's worth, some removed on the way.
  TELL(mkdir("many", 0755));
  for (int i = 0; i != 500; ++i) {
    snprintf(text, sizeof(text), "many/%d", i);
    close(open(text, O_CREAT | O_WRONLY, 0600));
  }
  int n = 0;
  DIR *d = opendir("many");
  for (struct dirent *e; (e = readdir(d)); ++n)
    if (e->d_name[0] != '.')
      unlinkat(dirfd(d), e->d_name, 0);
  printf("%d seen\n", n);
  closedir(d);
  TELL(rmdir("many"));
  // A path that is longer than any that can be told.
  int top_fd = open(".", O_PATH);
  memset(text, 'p', 200);
  text[200] = 0;
  for (int i = 0; i != 25; ++i)
    if (mkdir(text, 0700) || chdir(text))
      puts("too deep");
  char where[8192];
  TELL(syscall(SYS_getcwd, where, sizeof(where)));
  for (int i = 0; i != 25; ++i)
    if (chdir("..") || rmdir(text))
      puts("no way back");
  struct stat here;
  fstat(top_fd, &s), stat(".", &here);
  TELL(here.st_ino == s.st_ino);
  close(top_fd);
}

static void contents(void) {
  puts("-- contents");
  char text[100] = "";
  int fd = open("f", O_CREAT | O_RDWR | O_TRUNC, 0644);
  TELL(write(fd, "hello, world", 12));
  TELL(lseek(fd, 0, SEEK_CUR));
  TELL(lseek(fd, -5, SEEK_END));
  TELL(read(fd, text, 100));
  printf("'%s'\n", text);
  TELL(lseek(fd, -100, SEEK_CUR));
  TELL(lseek(fd, 0, 77));
  TELL(lseek(fd, 5000, SEEK_SET));
  TELL(read(fd, text, 100));
  TELL(write(fd, "far", 3));
  TELL(pread(fd, text, 10, 4995));
  TELL(text[0] | text[4]);
  TELL(pwrite(fd, "HELLO", 5, 0));
  TELL(pread(fd, text, 10, -1));
  TELL(pread(fd, NULL, 10, 0));
  TELL(write(fd, NULL, 10));
  TELL(ftruncate(fd, 3));
  TELL(ftruncate(fd, 8));
  TELL(ftruncate(fd, -1));
  TELL(pread(fd, text, 100, 0));
  printf("%d %d %d\n", text[0], text[2], text[3]);
  struct iovec v[3] = {{"one ", 4}, {"", 0}, {"two", 3}};
  TELL(pwritev(fd, v, 3, 1));
  char a[3], b[50] = "";
  struct iovec r[2] = {{a, 3}, {b, 49}};
  TELL(preadv(fd, r, 2, 0));
  printf("'%.3s' '%s'\n", a, b);
  TELL(syscall(SYS_readv, fd, r, 2000));
  TELL(lseek(fd, 0, SEEK_SET));
  TELL(writev(fd, v, 3));
  TELL(fallocate(fd, 0, 0, 100));
  TELL(fallocate(fd, 0, 0, 0));
  TELL(posix_fallocate(fd, 0, 50));
  TELL(fsync(fd) | fdatasync(fd));
  stats("f");
  struct timespec times[2] = {{1000, 5}, {2000, 7}};
  TELL(futimens(fd, times));
  TELL(fchmod(fd, 01640));
  stats("f");
  TELL(utimensat(AT_FDCWD, "f", NULL, 0));
  stats("f");
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  TELL(fcntl(fd, F_SETLK, &lock));
  TELL(fcntl(fd, F_GETLK, &lock));
  TELL(lock.l_type == F_UNLCK);
  TELL(flock(fd, LOCK_EX));
  int n;
  TELL(ioctl(fd, TCGETS, text));
  TELL(ioctl(fd, FIONREAD, &n));
  printf("%d left\n", n);
  // Appending, whatever the position; the offset is behind it then.
  int end = open("f", O_WRONLY | O_APPEND);
  TELL(write(end, "END", 3));
  TELL(lseek(end, 0, SEEK_CUR));
  TELL(lseek(end, 0, SEEK_SET));
  TELL(write(end, "END", 3));
  TELL(read(end, text, 1));
  TELL(fcntl(end, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
  // An unlinked file lives on.
  TELL(unlink("f"));
  TELL(pread(fd, text, 3, 103));
  printf("'%.3s'\n", text);
  struct stat s;
  TELL(fstat(fd, &s));
  TELL(s.st_nlink);
  // Copies.
  int out = open("copy", O_CREAT | O_RDWR, 0600);
  off_t at = 100;
  TELL(sendfile(out, fd, &at, 1000));
  TELL(at);
  TELL(lseek(out, 0, SEEK_CUR));
  // A mapping is the file.
  TELL(ftruncate(out, 5000));
  char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
  TELL(m != MAP_FAILED);
  m[4096] = 'M';
  TELL(pread(out, text, 1, 4096));
  printf("%c\n", text[0]);
  TELL(pwrite(out, "W", 1, 4097));
  printf("%c\n", m[4097]);
  munmap(m, 8192);
  TELL(truncate("copy", 1));
  TELL(truncate("d", 1));
  TELL(lseek(out, 0, SEEK_END));
  int memory = memfd_create("name", MFD_CLOEXEC);
  TELL(write(memory, "12345", 5));
  TELL(pread(memory, text, 5, 0));
  snprintf(b, sizeof(b), "/proc/self/fd/%d", memory);
  memset(text, 0, sizeof(text));
  TELL(readlink(b, text, 99));
  puts(text);
  int again = TELL(open(b, O_RDONLY));
  TELL(read(again, text, 99));
  close(memory), close(again), close(end), close(fd), close(out);
}

static void descriptors(void) {
  puts("-- descriptors");
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){1024, 1024}); // whatever the caller has
  int fd = open("g", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  printf("lowest %d\n", fd);
  TELL(fcntl(fd, F_GETFD));
  TELL(dup(fd));
  TELL(fcntl(fd + 1, F_GETFD));
  TELL(dup2(fd, 100));
  TELL(dup2(fd, fd));
  TELL(dup3(fd, fd, 0));
  TELL(dup3(fd, 101, O_CLOEXEC));
  TELL(fcntl(101, F_GETFD));
  TELL(fcntl(fd, F_DUPFD, 50));
  TELL(fcntl(fd, F_DUPFD_CLOEXEC, 50));
  TELL(fcntl(51, F_GETFD));
  TELL(fcntl(51, F_SETFD, 0));
  TELL(fcntl(51, F_GETFD));
  TELL(fcntl(99, F_GETFD));
  TELL(dup2(99, 98));
  TELL(dup2(fd, -1));
  TELL(dup2(fd, 1 << 20));
  // One position for all of them, and one set of flags.
  TELL(write(100, "abc", 3));
  TELL(lseek(51, 0, SEEK_CUR));
  TELL(fcntl(51, F_SETFL, O_APPEND | O_NONBLOCK));
  TELL(fcntl(101, F_GETFL) & (O_APPEND | O_NONBLOCK));
  TELL(close_range(100, 101, 0));
  TELL(close(100));
  TELL(close_range(50, 10, 0));
  TELL(close(fd + 1) | close(50) | close(51) | close(fd));
  TELL(close(fd));
  int path = TELL(open("g", O_PATH));
  char c;
  TELL(read(path, &c, 1));
  struct stat s;
  TELL(fstat(path, &s));
  close(path);
  int n = 0, opened;
  while ((opened = open("/dev/null", O_RDONLY)) >= 0)
    ++n;
  printf("%d until %s\n", n, strerrorname_np(errno));
  TELL(close_range(3, ~0u, 0));
}

static void devices(void) {
  puts("-- devices");
  char text[20] = "x";
  int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR),
      full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDONLY);
  TELL(read(null, text, 9));
  TELL(write(null, text, 9));
  TELL(read(zero, text, 9));
  TELL(text[0]);
  TELL(write(full, text, 9));
  TELL(read(full, text, 9));
  TELL(read(random, text, 20));
  TELL(lseek(null, 0, SEEK_CUR));
  TELL(ftruncate(null, 0));
  struct stat s;
  fstat(zero, &s);
  printf("%o %lx\n", s.st_mode, (long)s.st_rdev);
  TELL(isatty(null));
  char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
  TELL(m != MAP_FAILED && m[0] == 0 && (m[0] = 1));
  TELL(close_range(3, ~0u, 0));
  list("/proc/self/fd/0/none");
  char path[300] = "";
  TELL(readlink("/proc/self/exe", path, 299) > 0);
  TELL(strstr(path, "files") != NULL);
  TELL(access("/proc/self/none", F_OK));
  TELL(open("/proc/self/status", O_WRONLY) < 0 || 1);
  FILE *f = fopen("/proc/self/cmdline", "r");
  TELL(fread(path, 1, 299, f) > 0);
  fclose(f);
  f = fopen("/proc/self/maps", "r");
  int stack = 0, lines = 0;
  for (char line[500]; fgets(line, sizeof(line), f); ++lines)
    stack += strstr(line, "[stack]") != NULL;
  printf("stack %d, lines %d\n", stack, lines > 4);
  fclose(f);
}

int main(int argc, char **argv) {
  char top[4096];
  umask(022);
  close_range(3, ~0u, 0); // what the caller left
  if (argc < 2 || chdir(argv[1]) || mkdir("files", 0755) || chdir("files") ||
      !getcwd(top, sizeof(top))) {
    perror("a directory is needed");
    return 1;
  }
  names();
  directories(top);
  contents();
  descriptors();
  devices();
  TELL(umask(077));
  TELL(umask(022));
  return 0;
}
