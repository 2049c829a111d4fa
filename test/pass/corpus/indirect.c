// Push, call and jmp through memory; tail calls; jump tables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
typedef int (*fn)(int);
typedef void (*vfn)(void);
__thread fn hook;
static __thread fn local_hook;
extern __thread fn ext_hook;
__thread fn table[8];
__thread struct { long pad; fn f; vfn v; } ops;
__thread int state;
__thread long words[6];
int many(int, int, int, int, int, int, long, long, long);
void unknown(void);

int call(int x) { return hook(x) + 1; }
int tail(int x) { return hook(x); }
int tail_local(int x) { return local_hook(x); }
int tail_ext(int x) { return ext_hook(x); }
int tail_table(int i) { return table[i](i); }
int call_table(int i) { return table[i](i) + table[2](i); }
int call_field(int x) { return ops.f(x) + ops.f(x + 1); }
void tail_field(void) { ops.v(); }
__attribute__((noreturn)) void jump(void) { ops.v(); __builtin_unreachable(); }
int maybe(int x) { return hook ? hook(x) : 0; }
void set(fn f) { local_hook = f; table[3] = f; }
// Arguments on the stack: push of a memory operand.
int push(void) { return many(1, 2, 3, 4, 5, 6, words[0], words[1], words[2]) + 1; }
int push_at(int i) { return many(1, 2, 3, 4, 5, 6, words[i], words[i + 1], state) + 1; }
int dispatch(void) {
  switch (state) {
  case 0: unknown(); return 4;
  case 1: return hook(1);
  case 2: state = 7; return 9;
  case 3: return 1;
  case 4: words[2]++; return 12;
  case 5: return state + 2;
  case 9: unknown(); return 33;
  default: return -1;
  }
}
int machine(int n) {
  static const void *const at[] = {&&a, &&b, &&c};
  goto *at[state];
a:
  state = 1;
  if (!n--) return 1;
  goto *at[state];
b:
  state = 2;
  goto *at[state];
c:
  state = 0;
  goto *at[n & 1];
}
__thread void *resume;
int computed(int x) {
  if (x) {
    resume = x > 3 ? &&here : &&there;
    unknown();
  }
  goto *resume;
here:
  return 1;
there:
  return 2;
}
