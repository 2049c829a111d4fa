// Varargs, setjmp, nested control flow, large frames, attributes of functions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__thread int depth;
__thread void *env[5];
extern __thread int ext;
__thread char name[32];
typedef long jmpbuf[8];
extern __thread jmpbuf buf;
int my_setjmp(void *) __attribute__((returns_twice));
void use(void *);
int format(char *, ...);

int va(int n, ...) {
  __builtin_va_list l;
  __builtin_va_start(l, n);
  int s = 0;
  while (n--) { s += __builtin_va_arg(l, int); depth += s; }
  __builtin_va_end(l);
  return s;
}
int call_va(void) { return format(name, depth, ext, &depth, name); }
int sj(void) {
  depth++;
  if (my_setjmp(buf)) { depth = 0; return ext; }
  use(buf);
  depth--;
  return 0;
}
int bsj(void) { if (__builtin_setjmp(env)) return depth; use(env); return ext; }
void blj(void) { depth = 3; __builtin_longjmp(env, 1); }
void big_frame(int i) { char b[9000]; use(b); b[i] = (char)depth; use(b); ext = b[i]; }
void vla(int n) { char b[n]; use(b); depth += b[n - 1]; }
void *alloca_user(int n) { char *p = __builtin_alloca(n); use(p); depth = p[0]; return 0; }
__attribute__((naked)) void naked(void) { __asm__("ret"); }
__attribute__((cold, noinline)) void cold(void) { depth = 9; use(name); }
void sometimes(int x) { if (__builtin_expect(x == 77, 0)) cold(); else depth++; }
__attribute__((constructor)) void ctor(void) { depth = 1; }
__attribute__((section(".init.text"))) int placed(void) { return ++ext; }
__attribute__((no_stack_protector)) int unprotected(void) { char b[64]; use(b); return b[0] + depth; }
__attribute__((preserve_most)) void preserve(void) { depth++; use(0); }
__attribute__((target("avx2,bmi2"))) int tuned(int s) { return depth << s; }
__attribute__((optnone, noinline)) int plain(int s) { depth += s; return depth; }
__attribute__((minsize)) int small(int s) { depth += s; return depth; }
__attribute__((noreturn)) void end(void) { depth = 0; __builtin_trap(); }
__attribute__((ifunc("resolve"))) int chosen(int);
__attribute__((used)) static int (*resolve(void))(int) { return depth ? tuned : plain; }
static inline __attribute__((always_inline)) int inlined(int x) { return ext += x; }
int several(int x) { return inlined(x) + inlined(x + 1) * inlined(3); }
int find(int k) {
  for (int i = 0; i < 8; i++) {
    if (k == i) continue;
    for (int j = i; j < 8; j++) {
      depth += i * j;
      if (depth > 100) goto out;
      if (ext & j) break;
    }
  }
out:
  return depth;
}
int pressure(int a, int b, int c, int d, int e, int f) {
  int g = a * depth, h = b * ext, i = c ^ depth, j = d + ext, k = e - depth, l = f | ext;
  use(&depth);
  return g * h + i * j + k * l + depth * a + ext * b + c * depth + d * ext + g + h + i + j + k + l + e + f;
}
