// On-purpose FS at address 0, which looks just like a thread-pointer load.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GCC-SKIP: -fprofile-arcs
// KEEP-FS: null=all null_again=all null_field=all null_index=all
long null(void) { return *(long __seg_fs *)0; }
void *null_again(void) { return *(void *__seg_fs *)0; }
int null_field(void) { return *(int __seg_fs *)0; }
long null_index(long i) { return ((long __seg_fs *)0)[i]; }
