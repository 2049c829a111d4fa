// TLS of every model, for the archive and image tests.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int counter = 3;
extern __thread int elsewhere;
static __thread char names[64];
int get(void) { return counter + elsewhere; }
void put(int n) { counter = n; }
char *name(int i) { return &names[i]; }
int sum(int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += names[i];
  return s;
}
