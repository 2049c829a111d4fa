/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "image.h"

#include "auxiliary.h"
#include "linux.h"

enum { Page = 4096, StackSize = 1 << 18 };
enum { SYS_mprotect = 10, SYS_clone = 56 };

static void copy_bytes(char *to, const char *from, size_t size) {
  for (size_t i = 0; i < size; ++i)
    to[i] = from[i];
}

static long map(size_t size) {
  return linux_call(SYS_mmap, 0, (long)size, 3, 0x22, -1, 0);
}

static bool is_error(long result) { return result < 0 && result > -4096; }

/* Maps the program's segments. Returns its load address, or a negated error. */
static long map_segments(const char *file, size_t size) {
  const Elf64_Ehdr *header = (const void *)file;
  static const char magic[] = {0x7f, 'E', 'L', 'F', 2, 1};
  for (size_t i = 0; i < sizeof(magic); ++i)
    if (size < sizeof(*header) || file[i] != magic[i])
      return -EINVAL_;
  if (header->e_type != ET_DYN || header->e_machine != EM_X86_64 ||
      header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff > size ||
      header->e_phnum > (size - header->e_phoff) / sizeof(Elf64_Phdr))
    return -EINVAL_;
  const Elf64_Phdr *phdrs = (const void *)(file + header->e_phoff);
  size_t end = 0;
  for (int i = 0; i < header->e_phnum; ++i) {
    const Elf64_Phdr *p = &phdrs[i];
    if (p->p_type == PT_INTERP)
      return -EINVAL_;
    if (p->p_type != PT_LOAD)
      continue;
    if (p->p_filesz > p->p_memsz || p->p_offset > size ||
        p->p_filesz > size - p->p_offset || p->p_align > Page ||
        p->p_memsz > (size_t)1 << 31 || p->p_vaddr > (size_t)1 << 31)
      return -EINVAL_;
    if (p->p_vaddr + p->p_memsz > end)
      end = p->p_vaddr + p->p_memsz;
  }
  long base = map(end);
  if (is_error(base))
    return base;
  for (int i = 0; i < header->e_phnum; ++i) {
    const Elf64_Phdr *p = &phdrs[i];
    if (p->p_type != PT_LOAD)
      continue;
    copy_bytes((char *)base + p->p_vaddr, file + p->p_offset, p->p_filesz);
    uint64_t first = p->p_vaddr & ~(uint64_t)(Page - 1);
    long access = (p->p_flags & PF_R ? 1 : 0) | (p->p_flags & PF_W ? 2 : 0) |
                  (p->p_flags & PF_X ? 4 : 0);
    linux_call(SYS_mprotect, base + (long)first,
               (long)(p->p_vaddr + p->p_memsz - first), access, 0, 0, 0);
  }
  return base;
}

enum { Auxiliary = AuxiliaryMost + 6 };

/* The process's auxiliary vector, with what is the program's. */
static void make_auxiliary(Elf64_auxv_t out[Auxiliary], long base,
                           struct handoff *handoff) {
  const Elf64_Ehdr *header = (const void *)base;
  const Elf64_auxv_t own[] = {
      {AT_PHDR, {(uint64_t)base + header->e_phoff}},
      {AT_PHENT, {header->e_phentsize}},
      {AT_PHNUM, {header->e_phnum}},
      {AT_ENTRY, {(uint64_t)base + header->e_entry}},
      {AT_SEGSHIFT_HANDOFF, {(uint64_t)(uintptr_t)handoff}},
      {AT_NULL, {0}},
  };
  out += read_auxiliary(out);
  for (size_t i = 0; i < sizeof(own) / sizeof(*own); ++i)
    out[i] = own[i];
}

/* A new thread that shares all with this one but the stack, on which it starts
 * at `entry` as a new program does. FS is a copy of this thread's, and not
 * used. */
static long start_thread(uint64_t entry, void *stack) {
  /* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
  register long flags __asm__("rdi") =
      0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000;
  register void *rsi __asm__("rsi") = stack;
  register uint64_t r9 __asm__("r9") = entry;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  long result;
  __asm__ volatile("xorl %%edx, %%edx\n\t"
                   "syscall\n\t"
                   "testq %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xorl %%ebp, %%ebp\n\t"
                   "xorl %%edx, %%edx\n\t"
                   "jmpq *%%r9\n"
                   "1:"
                   : "=a"(result)
                   : "0"((long)SYS_clone), "r"(flags), "r"(rsi), "r"(r9),
                     "r"(r10), "r"(r8)
                   : "rcx", "rdx", "r11", "memory");
  return result;
}

static const char *started; /* the program's file, and where it is mapped */
static uint64_t started_at;

const char *image_name(const void *address) {
  if (!started)
    return 0;
  const Elf64_Ehdr *header = (const void *)started;
  const Elf64_Shdr *sections = (const void *)(started + header->e_shoff);
  uint64_t at = (uint64_t)address - started_at;
  for (int i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB)
      continue;
    const Elf64_Sym *symbols = (const void *)(started + sections[i].sh_offset);
    const char *names = started + sections[sections[i].sh_link].sh_offset;
    for (size_t k = 0; k < sections[i].sh_size / sizeof(*symbols); ++k)
      if (ELF64_ST_TYPE(symbols[k].st_info) == STT_FUNC &&
          at - symbols[k].st_value < symbols[k].st_size)
        return names + symbols[k].st_name;
  }
  return 0;
}

int image_start(const void *file, size_t size, char **environment,
                struct handoff *handoff) {
  long base = map_segments(file, size);
  if (is_error(base))
    return (int)base;
  const Elf64_Ehdr *header = (const void *)base;
  if (segshift_tls_image_from_phdrs(
          &handoff->tls, (char *)base + header->e_phoff, header->e_phnum,
          header->e_phentsize, (uint64_t)base))
    return -EINVAL_;
  handoff->is_done = 0;
  started = file;
  started_at = (uint64_t)base;

  /* The stack stays: the C library keeps pointers to what lies on it. From its
     top down: auxiliary vector, environment, arguments. */
  size_t variables = 0;
  while (environment && environment[variables])
    ++variables;
  size_t words = 3 + variables + 1 + 2 * Auxiliary;
  long stack = map(StackSize + words * 8);
  if (is_error(stack))
    return (int)stack;
  uint64_t *top = (uint64_t *)(((uint64_t)stack + StackSize) & ~(uint64_t)15),
           *out = top;
  static char name[] = "world";
  *out++ = 1;
  *out++ = (uint64_t)(uintptr_t)name;
  *out++ = 0;
  for (size_t i = 0; i < variables; ++i)
    *out++ = (uint64_t)(uintptr_t)environment[i];
  *out++ = 0;
  make_auxiliary((Elf64_auxv_t *)out, base, handoff);

  uint64_t signals = signals_block();
  long tid = start_thread((uint64_t)base + header->e_entry, top);
  if (tid >= 0)
    while (!__atomic_load_n(&handoff->is_done, __ATOMIC_ACQUIRE))
      linux_call(SYS_futex, (long)&handoff->is_done, 128, 0, 0, 0, 0);
  signals_restore(signals);
  return tid < 0 ? (int)tid : 0;
}
