/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifdef __cplusplus
extern "C" {
#endif
void put(const char *name, long value);
void use_block(int n);
void run_destructors(void);
extern __thread int other_def;
extern __thread long other_zero[16];
extern __thread struct pair { int a; long b; } other_pair;
extern __attribute__((weak)) __thread int nowhere;
int other_bump(void);
int *other_address(void);
int cpp_checks(void);
#ifdef __cplusplus
}
#endif
