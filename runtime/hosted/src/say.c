/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "say.h"

#include "linux.h"

static char *put(char *out, const char *text) {
  while (*text)
    *out++ = *text++;
  return out;
}

static char *put_number(char *out, uint64_t value, unsigned radix) {
  char digits[20];
  int count = 0;
  do
    digits[count++] = "0123456789abcdef"[value % radix];
  while (value /= radix);
  while (count)
    *out++ = digits[--count];
  return out;
}

static bool is_first(int *said) {
  return !__atomic_exchange_n(said, 1, __ATOMIC_RELAXED);
}

static void print(const char *text, const char *end) {
  linux_call(SYS_write, 2, (long)text, end - text, 0, 0, 0);
}

int say_foreign(const void *base) {
  static int said;
  if (!is_first(&said))
    return -EBUSY_;
  char text[320], *out = put(text, "segshift: GS base of thread ");
  out = put_number(out, (uint64_t)linux_gettid(), 10);
  out = put(out, " is 0x");
  out = put_number(out, (uint64_t)base, 16);
  out = put(out, ", which this world has not set: something else in the "
                 "process uses GS (Wine, or another second C library); the "
                 "world is not entered\n");
  print(text, out);
  return -EBUSY_;
}

int say_no_gs(int error) {
  static int said;
  if (!is_first(&said))
    return error;
  char text[320], *out = put(text, "segshift: GS base of thread ");
  out = put_number(out, (uint64_t)linux_gettid(), 10);
  out = put(out, " cannot be read or set: arch_prctl gives error ");
  out = put_number(out, (uint64_t)-error, 10);
  out = put(out, error == -EIO_ ? " (it does nothing)" : "");
  out = put(out, "; is it refused by a seccomp filter? The world is not "
                 "entered\n");
  print(text, out);
  return error;
}

int say_no_world(const char *why, int error) {
  char text[320], *out = put(text, "segshift: the world does not start: ");
  out = put(out, why);
  out = put(out, " (error ");
  out = put_number(out, (uint64_t)-error, 10);
  out = put(out, ")\n");
  print(text, out);
  return error;
}
