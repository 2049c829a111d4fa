// OpenMP: threadprivate variables, bodies that GCC makes functions of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KEEP-FS: keep=all keep._omp_fn.0=all
#include "../../../runtime/include/segshift/keep_fs.h"
int counter;
long table[64];
#pragma omp threadprivate(counter, table)
__thread int x;
extern __thread int ext;
void count(int n) {
#pragma omp parallel for copyin(counter)
  for (int i = 0; i < n; i++) counter += i + x;
}
long reduce(int n) {
  long s = 0;
#pragma omp parallel for reduction(+ : s) schedule(dynamic)
  for (int i = 0; i < n; i++) s += table[i & 63] + ext;
  return s;
}
void task(int v) {
#pragma omp task firstprivate(v)
  { x = v; counter++; }
#pragma omp taskwait
}
#pragma omp declare simd
int simd(int v) { return v + x; }
SEGSHIFT_KEEPS_FS int keep(int n) {
#pragma omp parallel
  counter += n;
  return counter;
}
