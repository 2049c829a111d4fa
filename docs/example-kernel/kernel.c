/* A kernel with two threads' worth of thread-locals, all behind GS. What FS
 * points to does not matter to it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <segshift/tls.h>

extern char __tdata[], __tdata_end[], __tbss_end[];
extern const char __tls_align[]; /* its address is the number */

static __thread int number = 42; /* .tdata */
static __thread char name[16];   /* .tbss */

static void put(const char *text) {
  for (; *text; ++text)
    __asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)0x3f8));
}

static void exit_qemu(int status) { /* -device isa-debug-exit */
  __asm__ volatile("outb %0, %1"
                   :
                   : "a"((uint8_t)status), "Nd"((uint16_t)0xf4));
}

__attribute__((noreturn)) void __stack_chk_fail(void) {
  put("stack smashed\n");
  exit_qemu(2);
  for (;;)
    ;
}

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i != size; ++i)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i != size; ++i)
    ((char *)to)[i] = (char)byte;
  return to;
}

/* Changes the running thread's variables. Not to be inlined into a function
 * that switches threads: a compiler takes the address of a thread-local
 * variable for the same in all of one function. */
__attribute__((noinline)) static int work(const char *its_name) {
  char buffer[16]; /* has a canary, at %gs:0x28 */
  memcpy(buffer, its_name, 6);
  memcpy(name, buffer, 5);
  put(name);
  return ++number;
}

__attribute__((no_stack_protector)) void kernel_main(void) {
  static _Alignas(4096) char memory[2][4096];
  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  segshift_base_init(true);
  if (segshift_tls_image_from_symbols(&image, __tdata, __tdata_end, __tbss_end,
                                      (size_t)__tls_align) ||
      segshift_tls_layout(&layout, &image, 0) || layout.size > 4096)
    return exit_qemu(3);

  void *tp[2];
  for (int i = 0; i != 2; ++i)
    tp[i] = segshift_tls_init(memory[i], &layout, &image, 0x1234567800 + i, 0);
  segshift_write_fs_base(
      0x5e65dead0000); /* the application's: nothing is there */

  int a, b, again;
  segshift_set_tp(tp[0]); /* as at a thread switch */
  a = work("one, ");
  segshift_set_tp(tp[1]);
  b = work("two, ");
  segshift_set_tp(tp[0]);
  again = work("one, ");
  put(a == 43 && b == 43 && again == 44 ? "right\n" : "WRONG\n");
  exit_qemu(0);
}
