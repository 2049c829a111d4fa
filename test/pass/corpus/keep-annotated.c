// Functions that keep FS by an attribute.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The outliner shares code of keep-fs functions and others, unless they differ.
// SKIP: -enable-machine-outliner=always
// KEEP-FS: keep_get=all keep_set=all keep_add=all keep_tp=all keep_call=all
// KEEP-FS: keep_array=all keep_canary=all
#include "../../../runtime/include/segshift/keep_fs.h"
#define KEEP SEGSHIFT_KEEPS_FS __attribute__((noinline))
__thread int x;
__thread long xs[8];
extern __thread int ext;
void use(void *);
KEEP int keep_get(void) { return x + ext; }
KEEP void keep_set(int v) { x = v; ext = v; }
KEEP void keep_add(int v) { x += v; __atomic_fetch_add(&ext, v, 5); }
KEEP void *keep_tp(void) { return __builtin_thread_pointer(); }
KEEP long keep_array(long i) { return xs[i] += i; }
KEEP int keep_canary(void) { char b[64]; use(b); return b[1] + x; }
KEEP void keep_call(void) { use(&x); use(&ext); }
int moves(void) { return x + ext; }
int moves_around(int v) { x = v; keep_set(v); return keep_get() + x; }
