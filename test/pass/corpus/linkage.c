// Every linkage, visibility and TLS model of a variable.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC 12 says "section type conflict" in this code model:
// GCC-SKIP: -mcmodel=medium
extern __thread int ext;
__thread int def = 7;
__thread int zero;
static __thread int local = 3;
static __thread int local_zero;
__attribute__((weak)) __thread int weak_def = 4;
extern __attribute__((weak)) __thread int weak_undef;
__attribute__((visibility("hidden"))) __thread int hidden = 5;
extern __attribute__((visibility("hidden"))) __thread int hidden_ext;
__attribute__((visibility("protected"))) __thread int prot;
__attribute__((visibility("internal"))) __thread int intern;
extern __attribute__((tls_model("initial-exec"))) __thread int ie;
extern __attribute__((tls_model("local-exec"))) __thread int le;
__attribute__((tls_model("initial-exec"))) __thread int ie_def = 6;
static __attribute__((tls_model("initial-exec"))) __thread int ie_local;
__attribute__((section(".tdata.mine"))) __thread int placed = 8;
__attribute__((aligned(64))) __thread int aligned64;
_Alignas(4096) __thread char page[4096];
__thread int big[40000];

#define EACH(X) X(ext) X(def) X(zero) X(local) X(local_zero) X(weak_def)       \
  X(weak_undef) X(hidden) X(hidden_ext) X(prot) X(intern) X(ie) X(le)          \
  X(ie_def) X(ie_local) X(placed) X(aligned64)

#define ONE(V)                                                                 \
  int get_##V(void) { return V; }                                              \
  void put_##V(int x) { V = x; }                                               \
  void inc_##V(void) { V++; }                                                  \
  int less_##V(int x) { return V < x; }                                        \
  int *addr_##V(void) { return &V; }                                           \
  long int_##V(void) { return (long)&V; }
EACH(ONE)

int maybe(void) { return &weak_undef ? weak_undef : -1; }
int *maybe_addr(void) { return &weak_undef; }
int sum(void) { return ext + def + local + weak_def + hidden + hidden_ext + ie + le; }
int loop(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    ext += i;
    s += ext ^ hidden_ext ^ le;
  }
  return s;
}
char *page_end(void) { return page + sizeof page; }
int big_at(long i) { return big[i]; }
int big_last(void) { return big[39999]; }
