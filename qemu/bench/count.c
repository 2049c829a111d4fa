/* A QEMU TCG plugin that counts what a crossing executes: instructions, and
 * writes of segment bases, each as it is executed.
 *
 *   qemu-system-x86_64 -plugin count.so,out=FILE[,switch=ADDRESS] ...
 *
 * FILE gets one line an event, from MARK_START to MARK_STOP (marks.h):
 *
 *   EVENT  N  ADDRESS  INSTRUCTIONS FS GS KERNEL_GS SWAPGS SELECTOR UNKNOWN
 *
 *   mark     begin, end: a mark with number N
 *   enter    first kernel instruction after the program's (address >= 2^63)
 *   leave    first instruction of the program after the kernel's
 *   hlt      the CPU goes idle
 *   wake     the instruction after a hlt: the first of an interrupt
 *   iret     an iretq of the kernel is executed
 *   switch   the instruction at ADDRESS is executed: the thread switch
 *
 * The counters are of all that was executed before the event: marks are not
 * counted. FS, GS: wrfsbase, wrgsbase, or WRMSR of that base. KERNEL_GS: WRMSR
 * of IA32_KERNEL_GS_BASE. SELECTOR: loads of the FS or GS selector. UNKNOWN: a
 * WRMSR whose register is not set by a constant in the same translation block.
 * An instruction that faults counts, and again when it is repeated. One CPU
 * only.
 *
 * The API is that of QEMU 7.2 (docs/devel/tcg-plugins.rst, plugin version 1),
 * declared here, as Debian does not package its header.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "marks.h"
#include "segshift/abi.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- QEMU's plugin API --------------------------------------------------- */

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*exec_callback)(unsigned cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                           void (*)(qemu_plugin_id_t,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                            exec_callback, int flags, void *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t,
                                    void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

/* --- What is counted ----------------------------------------------------- */

enum counter {
  INSTRUCTIONS,
  FS,
  GS,
  KERNEL_GS,
  SWAPGS,
  SELECTOR,
  UNKNOWN,
  NUM_COUNTERS
};

/* What an instruction is, apart from that it counts. */
enum kind { PLAIN, WRITES_BASE, IS_MARK, IS_HLT, IS_IRET, IS_SWITCH };

/* One for each place of an instruction that is not PLAIN. Never freed: QEMU
 * keeps translations as long as it likes. */
struct place {
  uint64_t address;
  enum kind kind;
  enum counter counter; /* WRITES_BASE */
  uint8_t what, id;     /* IS_MARK */
};

static uint64_t counters[NUM_COUNTERS];
static uint64_t switch_address;
static FILE *out;
static bool writing, in_kernel = true, idle;

static void event(const char *name, unsigned number, uint64_t address) {
  if (!writing)
    return;
  fprintf(out, "%s %u %" PRIx64, name, number, address);
  for (int i = 0; i != NUM_COUNTERS; ++i)
    fprintf(out, " %" PRIu64, counters[i]);
  fputc('\n', out);
}

/* Before each instruction: whether the last one was on the other side. */
static void side(bool kernel, uint64_t address) {
  if (idle) {
    idle = false;
    event("wake", 0, address);
  }
  if (kernel == in_kernel)
    return;
  in_kernel = kernel;
  event(kernel ? "enter" : "leave", 0, address);
}

static bool is_kernel(uint64_t address) { return address >> 63; }

static void on_plain(unsigned cpu, void *data) {
  (void)cpu;
  uint64_t address = (uint64_t)data;
  side(is_kernel(address), address);
  ++counters[INSTRUCTIONS];
}

static void on_mark(const struct place *p) {
  if (p->what == MARK_START)
    writing = true;
  if (p->what == MARK_BEGIN || p->what == MARK_END)
    event(p->what == MARK_BEGIN ? "begin" : "end", p->id, p->address);
  if (p->what == MARK_STOP) {
    writing = false;
    fflush(out);
  }
}

static void on_special(unsigned cpu, void *data) {
  (void)cpu;
  const struct place *p = data;
  side(is_kernel(p->address), p->address);
  switch (p->kind) {
  case IS_MARK:
    on_mark(p);
    return;
  case IS_HLT:
    event("hlt", 0, p->address);
    idle = true;
    break;
  case IS_IRET:
    event("iret", 0, p->address);
    break;
  case IS_SWITCH:
    event("switch", 0, p->address);
    break;
  case WRITES_BASE:
    ++counters[p->counter];
    break;
  case PLAIN:
    break;
  }
  ++counters[INSTRUCTIONS];
}

/* --- Which instruction it is --------------------------------------------- */

/* An instruction's bytes from its opcode on; the prefixes that matter apart. */
struct code {
  uint8_t byte[16];
  bool rep; /* f3 */
};

static struct code read_code(const struct qemu_plugin_insn *insn) {
  struct code c = {{0}, false};
  const uint8_t *data = qemu_plugin_insn_data(insn);
  size_t size = qemu_plugin_insn_size(insn), i = 0;
  for (; i < size; ++i) {
    uint8_t b = data[i];
    bool legacy = b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 ||
                  b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 ||
                  b == 0x64 || b == 0x65 || b == 0xf0;
    if (!legacy && (b & 0xf0) != 0x40)
      break;
    c.rep |= b == 0xf3;
  }
  if (size - i <= sizeof(c.byte))
    memcpy(c.byte, data + i, size - i);
  return c;
}

static uint32_t little32(const uint8_t *b) {
  return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Which base a WRMSR writes: ecx is set by a constant ahead of it, in the same
 * block, or it is unknown. NUM_COUNTERS: none. */
static enum counter wrmsr_counter(const struct qemu_plugin_tb *tb, size_t i) {
  while (i-- != 0) {
    struct code c = read_code(qemu_plugin_tb_get_insn(tb, i));
    if (c.byte[0] != 0xb9) /* mov $imm32, %ecx */
      continue;
    switch (little32(c.byte + 1)) {
    case SEGSHIFT_MSR_FS_BASE:
      return FS;
    case SEGSHIFT_MSR_GS_BASE:
      return GS;
    case SEGSHIFT_MSR_KERNEL_GS_BASE:
      return KERNEL_GS;
    }
    return NUM_COUNTERS;
  }
  return UNKNOWN;
}

static struct place classify(const struct qemu_plugin_tb *tb, size_t i) {
  const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
  struct code c = read_code(insn);
  const uint8_t *b = c.byte;
  unsigned modrm_reg = b[2] >> 3 & 7;
  bool modrm_is_register = b[2] >> 6 == 3;
  struct place p = {.address = qemu_plugin_insn_vaddr(insn), .kind = PLAIN};
  enum counter writes = NUM_COUNTERS;

  if (b[0] == 0x0f && b[1] == 0x1f && b[2] == 0x80 &&
      little32(b + 3) >> 16 == MARK_MAGIC) {
    p.kind = IS_MARK;
    p.what = b[4];
    p.id = b[3];
    return p;
  }
  if (b[0] == 0x0f && b[1] == 0xae && c.rep && modrm_is_register &&
      (modrm_reg == 2 || modrm_reg == 3))
    writes = modrm_reg == 2 ? FS : GS;
  else if (b[0] == 0x0f && b[1] == 0x30)
    writes = wrmsr_counter(tb, i);
  else if (b[0] == 0x0f && b[1] == 0x01 && b[2] == 0xf8)
    writes = SWAPGS;
  else if (b[0] == 0x8e && ((b[1] >> 3 & 7) == 4 || (b[1] >> 3 & 7) == 5))
    writes = SELECTOR; /* mov to %fs, %gs */
  else if (b[0] == 0x0f &&
           (b[1] == 0xa1 || b[1] == 0xa9 || b[1] == 0xb4 || b[1] == 0xb5))
    writes = SELECTOR; /* pop %fs, pop %gs, lfs, lgs */
  if (writes != NUM_COUNTERS) {
    p.kind = WRITES_BASE;
    p.counter = writes;
  } else if (b[0] == 0xf4) {
    p.kind = IS_HLT;
  } else if (b[0] == 0xcf) {
    p.kind = IS_IRET;
  } else if (p.address == switch_address) {
    p.kind = IS_SWITCH;
  }
  return p;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i != n; ++i) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    struct place p = classify(tb, i);
    exec_callback callback = on_plain;
    void *data = (void *)p.address;
    if (p.kind != PLAIN) {
      struct place *kept = malloc(sizeof(p));
      if (!kept)
        abort();
      *kept = p;
      callback = on_special;
      data = kept;
    }
    qemu_plugin_register_vcpu_insn_exec_cb(insn, callback,
                                           QEMU_PLUGIN_CB_NO_REGS, data);
  }
}

static void at_exit(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  fclose(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                               const struct qemu_info *info, int argc,
                               char **argv) {
  (void)info;
  const char *name = NULL;
  for (int i = 0; i != argc; ++i)
    if (!strncmp(argv[i], "out=", 4)) {
      name = argv[i] + 4;
    } else if (!strncmp(argv[i], "switch=", 7)) {
      switch_address = strtoull(argv[i] + 7, NULL, 16);
    } else {
      fprintf(stderr, "count.so: unknown argument %s\n", argv[i]);
      return 1;
    }
  if (!name || !(out = fopen(name, "w"))) {
    fprintf(stderr, "count.so: give out=FILE, a file that can be written\n");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
