// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int initialised = 42;
static __thread long zero[8];
int bump(void);
int in_assembly(void);
void use_block(int n);

__attribute__((noinline)) static int with_canary(volatile char *Out) {
  volatile char Buffer[32];
  Buffer[31] = *Out;
  return Buffer[31];
}

int main(void) {
  char Seven = 7;
  if (initialised++ != 42 || zero[3]++ != 0 || bump() != 6 || bump() != 7)
    return 1;
  if (in_assembly() != 43 || with_canary(&Seven) != 7)
    return 2;
  use_block(1);
  if (initialised != 42 || zero[3] != 0 || bump() != 6 || in_assembly() != 42)
    return 3;
  return 0;
}
