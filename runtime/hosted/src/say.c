/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "say.h"

#include "image.h"
#include "linux.h"

/* The host's; in another library than libc.so before glibc 2.34. */
struct symbol {
  const char *file;
  void *base;
  const char *name;
  void *address;
};
__attribute__((weak)) int dladdr(const void *address, struct symbol *symbol);

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

static char *put_name(char *out, const char *name) {
  for (int i = 0; i < 200 && name && name[i]; ++i)
    *out++ = name[i];
  return out;
}

void say_exception(const void *from, const void *to) {
  struct symbol symbol = {0};
  /* A call that does not return may be the function's last instruction. */
  const char *name = image_name((const char *)from - 1);
  char text[1000], *out = put(text, "segshift: an exception that nothing in "
                                    "the world catches leaves its function ");
  out = put_name(out, name ? name : "(no name)");
  if (dladdr && dladdr(to, &symbol)) {
    out = put(out, " to ");
    out = put_name(out, symbol.name ? symbol.name : symbol.file);
    out = put(out, "+0x");
    out = put_number(out,
                     (uint64_t)to -
                         (uint64_t)(symbol.name ? symbol.address : symbol.base),
                     16);
  }
  print(text, put(out, "; the process ends\n"));
}
