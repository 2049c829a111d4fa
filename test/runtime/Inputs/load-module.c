/* Loads a shared object as a kernel's loader does, its TLS on GS, into a Linux
 * process whose own TLS is on FS.
 *
 *   load-module FILE [static]
 *
 * Threads that are older than the module and younger ones run its code.
 * `static` gives the module a block in the surplus.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "dtv.h"
#include "segshift/pages.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DIE(...)                                                               \
  do {                                                                         \
    printf(__VA_ARGS__);                                                       \
    putchar('\n');                                                             \
    exit(1);                                                                   \
  } while (0)

/* The kernel's image: 8 bytes, then the variable that it exports. */
static const uint64_t kernel_init[2] = {0, 1000};
static const struct segshift_tls_image kernel_image = {
    .init = kernel_init, .file_size = 16, .mem_size = 16, .align = 16};
enum { KernelCount = 8 };

static void fail(void *context, const char *what, uint64_t module) {
  (void)context;
  DIE("%s: %lx", what, (unsigned long)module);
}
static const struct segshift_tls_hooks hooks = {spin_lock, spin_unlock, fail,
                                                NULL};
static struct counting heap = COUNTING;
static struct segshift_tls_layout layout;
static struct segshift_tls_modules modules;

struct loaded {
  char *base;
  size_t size;
  uint64_t number;
  struct segshift_tls_index *indices;
  const Elf64_Sym *symbols;
  const char *names;
  const uint32_t *hash;
};

static void read_file(struct loaded *m, const char *path, bool is_static) {
  int fd = open(path, O_RDONLY);
  struct stat status;
  if (fd < 0 || fstat(fd, &status))
    DIE("%s: cannot be read", path);
  char *file =
      mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  const Elf64_Ehdr *header = (void *)file;
  const Elf64_Phdr *phdrs = (void *)(file + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i)
    if (phdrs[i].p_type == PT_LOAD &&
        phdrs[i].p_vaddr + phdrs[i].p_memsz > m->size)
      m->size = phdrs[i].p_vaddr + phdrs[i].p_memsz;
  m->base = mmap(NULL, m->size, PROT_READ | PROT_WRITE | PROT_EXEC,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < header->e_phnum; ++i)
    if (phdrs[i].p_type == PT_LOAD)
      memcpy(m->base + phdrs[i].p_vaddr, file + phdrs[i].p_offset,
             phdrs[i].p_filesz);

  struct segshift_tls_image image;
  if (segshift_tls_image_from_phdrs(&image, phdrs, header->e_phnum,
                                    header->e_phentsize, (uint64_t)m->base) ||
      (is_static ? segshift_tls_add_static : segshift_tls_add)(&modules, &image,
                                                               &m->number))
    DIE("%s: the module's TLS is refused", path);
}

/* What a TLS relocation of the symbol is about. */
static void tls_symbol(const struct loaded *m, uint32_t index, int64_t addend,
                       uint64_t *number, uint64_t *offset) {
  const Elf64_Sym *symbol = &m->symbols[index];
  const char *name = m->names + symbol->st_name;
  *number = m->number;
  *offset = (uint64_t)addend;
  if (index == 0 || symbol->st_shndx != SHN_UNDEF)
    *offset += symbol->st_value;
  else if (!strcmp(name, "kernel_count")) {
    *number = modules.table[1].number;
    *offset += KernelCount;
  } else
    DIE("undefined thread-local symbol %s", name);
}

static void relocate_one(struct loaded *m, const Elf64_Rela *r,
                         struct segshift_tls_index *index) {
  uint64_t *place = (void *)(m->base + r->r_offset);
  const Elf64_Sym *symbol = &m->symbols[ELF64_R_SYM(r->r_info)];
  uint64_t number, offset;
  int64_t tpoff;
  switch (ELF64_R_TYPE(r->r_info)) {
  case R_X86_64_RELATIVE:
    *place = (uint64_t)m->base + (uint64_t)r->r_addend;
    return;
  case R_X86_64_64:
  case R_X86_64_GLOB_DAT:
  case R_X86_64_JUMP_SLOT:
    if (symbol->st_shndx != SHN_UNDEF)
      *place = (uint64_t)m->base + symbol->st_value + (uint64_t)r->r_addend;
    else if (!strcmp(m->names + symbol->st_name, "__tls_get_addr"))
      *place = (uint64_t)(uintptr_t)__segshift_tls_get_addr;
    else if (ELF64_ST_BIND(symbol->st_info) == STB_WEAK)
      *place = 0;
    else
      DIE("undefined symbol %s", m->names + symbol->st_name);
    return;
  case R_X86_64_DTPMOD64:
    tls_symbol(m, ELF64_R_SYM(r->r_info), r->r_addend, place, &offset);
    return;
  case R_X86_64_DTPOFF64:
    tls_symbol(m, ELF64_R_SYM(r->r_info), r->r_addend, &number, place);
    return;
  case R_X86_64_TPOFF64:
    tls_symbol(m, ELF64_R_SYM(r->r_info), r->r_addend, &number, &offset);
    if (segshift_tls_module_tpoff(&modules, number, offset, &tpoff))
      DIE("TPOFF64 in a module without a static block");
    *place = (uint64_t)tpoff;
    return;
  case R_X86_64_TLSDESC:
    tls_symbol(m, ELF64_R_SYM(r->r_info), r->r_addend, &number, &offset);
    if (segshift_tlsdesc_set(&modules, (void *)place, index, number, offset,
                             __segshift_tlsdesc_dynamic_xsave))
      DIE("TLSDESC");
    return;
  default:
    DIE("relocation of type %lu", ELF64_R_TYPE(r->r_info));
  }
}

static void relocate(struct loaded *m, uint64_t rela, uint64_t size,
                     struct segshift_tls_index *indices) {
  for (uint64_t i = 0; i < size / sizeof(Elf64_Rela); ++i)
    relocate_one(m, (const Elf64_Rela *)(m->base + rela) + i, &indices[i]);
}

static void load(struct loaded *m, const char *path, bool is_static) {
  memset(m, 0, sizeof(*m));
  read_file(m, path, is_static);
  const Elf64_Ehdr *header = (void *)m->base;
  const Elf64_Phdr *phdrs = (void *)(m->base + header->e_phoff);
  uint64_t values[64] = {0};
  for (int i = 0; i < header->e_phnum; ++i)
    if (phdrs[i].p_type == PT_DYNAMIC)
      for (const Elf64_Dyn *d = (void *)(m->base + phdrs[i].p_vaddr);
           d->d_tag != DT_NULL; ++d)
        if (d->d_tag < 64)
          values[d->d_tag] = d->d_un.d_val;
  m->symbols = (void *)(m->base + values[DT_SYMTAB]);
  m->names = m->base + values[DT_STRTAB];
  m->hash = (void *)(m->base + values[DT_HASH]);
  uint64_t relocations =
      (values[DT_RELASZ] + values[DT_PLTRELSZ]) / sizeof(Elf64_Rela);
  m->indices = calloc(relocations + 1, sizeof(*m->indices));
  relocate(m, values[DT_RELA], values[DT_RELASZ], m->indices);
  relocate(m, values[DT_JMPREL], values[DT_PLTRELSZ],
           m->indices + values[DT_RELASZ] / sizeof(Elf64_Rela));
}

static void *find(const struct loaded *m, const char *name) {
  for (uint32_t i = 0; i < m->hash[1]; ++i)
    if (m->symbols[i].st_shndx &&
        !strcmp(m->names + m->symbols[i].st_name, name))
      return m->base + m->symbols[i].st_value;
  DIE("no symbol %s", name);
}

static void unload(struct loaded *m) {
  CHECK(!segshift_tls_remove(&modules, m->number), "remove");
  munmap(m->base, m->size);
  free(m->indices);
}

/* --- Threads ---------------------------------------------------------------
 */

enum { Threads = 4, Turns = 100 };
static pthread_barrier_t attached, module_loaded, module_ended;
static long (*touch)(long turn);
static char *(*address_of)(int which);
static char *zeroed_at[2 * Threads];

static void *run(void *argument) {
  uintptr_t id = (uintptr_t)argument;
  bool is_older = id < Threads;
  void *tp = new_block(&layout, &kernel_image);
  CHECK(!segshift_tls_attach(&modules, tp, NULL), "attach");
  set_gs(tp);
  if (is_older)
    pthread_barrier_wait(&attached);
  pthread_barrier_wait(&module_loaded);
  for (long turn = 0; turn < Turns; ++turn) {
    long result = touch(turn);
    CHECK(result == 0, "thread %lu, turn %ld: %ld", id, turn, result);
  }
  char *own = (char *)tp + segshift_tls_tpoff(&layout, KernelCount);
  CHECK(address_of(0) == own, "the kernel's variable of this thread");
  long count;
  memcpy(&count, own, sizeof(count));
  CHECK(count == 1000 + Turns, "thread %lu: %ld", id, count);
  zeroed_at[id] = address_of(2);
  pthread_barrier_wait(&module_ended); /* all have their blocks */
  pthread_barrier_wait(&module_ended); /* and the module is gone */
  segshift_tls_detach(&modules, tp);
  set_gs(NULL);
  free_block(tp, &layout);
  return NULL;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc < 2)
    return 2;
  bool is_static = argc > 2;
  heap.allocator.context = &heap;
  if (segshift_tls_layout_surplus(&layout, &kernel_image, 0, 2048) ||
      segshift_tls_modules_init(&modules, &layout, &kernel_image, 4,
                                &heap.allocator, &hooks))
    DIE("init");
  for (int round = 0; round < 3; ++round) {
    pthread_barrier_init(&attached, NULL, Threads + 1);
    pthread_barrier_init(&module_loaded, NULL, 2 * Threads + 1);
    pthread_barrier_init(&module_ended, NULL, 2 * Threads + 1);
    pthread_t threads[2 * Threads];
    for (uintptr_t i = 0; i < Threads; ++i)
      pthread_create(&threads[i], NULL, run, (void *)i);
    pthread_barrier_wait(&attached);
    struct loaded module;
    load(&module, argv[1], is_static);
    touch = (long (*)(long))find(&module, "touch");
    address_of = (char *(*)(int))find(&module, "address_of");
    for (uintptr_t i = Threads; i < 2 * Threads; ++i)
      pthread_create(&threads[i], NULL, run, (void *)i);
    pthread_barrier_wait(&module_loaded);
    pthread_barrier_wait(&module_ended);
    for (int i = 0; i < 2 * Threads; ++i)
      for (int j = 0; j < i; ++j)
        CHECK(zeroed_at[i] != zeroed_at[j], "threads %d and %d", i, j);
    CHECK(modules.blocks == (is_static ? 0 : 2 * Threads), "%zu blocks",
          modules.blocks);
    unload(&module);
    CHECK(modules.blocks == 0, "%zu blocks after unloading", modules.blocks);
    pthread_barrier_wait(&module_ended);
    for (int i = 0; i < 2 * Threads; ++i)
      pthread_join(threads[i], NULL);
  }
  segshift_tls_modules_end(&modules);
  CHECK(heap.blocks == 0, "%ld", (long)heap.blocks);
  printf("%lu failures\n", (unsigned long)failures);
  return failures != 0;
}
