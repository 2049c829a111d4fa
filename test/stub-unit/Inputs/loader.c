/* With each relocation that a program or module can have but IRELATIVE.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
extern __thread int errno;
__thread long shared = 3;
static __thread char own[100] = "own";
static __thread long more;
int imported(const char *);
static int local;
void *table[] = {&local, (char *)imported + 1, table};

int main(void) {
  errno = imported(own) + imported("");
  return errno + shared++ + more++ + (table[1] == (void *)imported);
}
