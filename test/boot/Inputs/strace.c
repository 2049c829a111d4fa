/* System calls whose lines strace.test knows.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void *thread(void *argument) { return argument; }

int main(void) {
  syscall(SYS_write, 1, "quote \" \\ tab \t \001" "7 long: 0123456789 0123456789\n", 40);
  struct iovec parts[] = {{"one", 3}, {"two\n", 4}};
  syscall(SYS_writev, 1, parts, 2);
  syscall(SYS_openat, AT_FDCWD, "/none", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page, 4096);
  syscall(SYS_read, 77, page, 5);
  syscall(SYS_write, 1, (void *)8, 3);
  syscall(SYS_swapon, "disk", 1);
  syscall(5000, 1, 2);
  pthread_t t;
  pthread_create(&t, 0, thread, 0);
  pthread_join(t, 0);
  return 3;
}
