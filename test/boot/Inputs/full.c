// Fills the file system by contents, then by names, and goes on.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char data[1 << 20];

int main(void) {
  int fd = open("/tmp/big", O_CREAT | O_RDWR, 0600);
  while (write(fd, data, sizeof(data)) > 0)
    ;
  printf("contents: %s\n", strerrorname_np(errno));
  printf("ftruncate: %d\n", ftruncate(fd, 1 << 30));
  printf("fallocate: %s\n",
         fallocate(fd, 0, 0, 1 << 30) ? strerrorname_np(errno) : "done");
  printf("ftruncate: %d\n", ftruncate(fd, 0));
  printf("after it: %zd\n", write(fd, data, 100));
  close(fd);

  char name[64];
  long made = 0;
  do {
    sprintf(name, "/tmp/%ld", made);
    close(fd = open(name, O_CREAT | O_WRONLY, 0600));
  } while (fd >= 0 && ++made < 10000000);
  printf("names: %s\n", made < 10000000 ? "ENOSPC" : "no end");
  while (made--) {
    sprintf(name, "/tmp/%ld", made);
    if (unlink(name))
      printf("%s is gone\n", name);
  }
  fd = open("/tmp/1", O_CREAT | O_WRONLY, 0600);
  printf("after it: %zd\n", write(fd, data, 100));
  unlink("/tmp/1");
  unlink("/tmp/big");
  return 0;
}
