// Nested functions, which reach their own variables through a frame pointer, and
// trampolines.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int x;
static __thread long xs[16];
extern __thread int ext;
void use(int (*)(int));
int sum(int n) {
  int total = ext;
  int add(int v) { total += v + x; return total; }
  for (int i = 0; i < n; i++) add(xs[i & 15]);
  return total;
}
void pass(int k) {
  int inner(int v) { x += v + k; return ext; }
  use(inner);
}
int deep(int a) {
  int one(int b) {
    int two(int c) { return a + b + c + x; }
    return two(b) + ext;
  }
  return one(a);
}
int leave(int n) {
  __label__ out;
  int each(int v) { if (v > x) goto out; return v; }
  use(each);
  return n;
out:
  return ext;
}
