/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/dtv.h"

#include "bytes.h"

/* In front of each dynamic block, at the last multiple of 16 that leaves room
 * for it: the block itself may be at an odd address. */
struct header {
  const struct segshift_tls_allocator *allocator;
  void *memory;
  size_t size;
  struct header *next; /* of blocks that are about to be released */
};

static struct header *header_of(void *block) {
  return (struct header *)((uintptr_t)block & ~(uintptr_t)15) - 1;
}

static uintptr_t lock(const struct segshift_tls_modules *modules) {
  return modules->hooks->lock(modules->hooks->context);
}

static void unlock(const struct segshift_tls_modules *modules,
                   uintptr_t state) {
  modules->hooks->unlock(modules->hooks->context, state);
}

static _Noreturn void fail(const struct segshift_tls_modules *modules,
                           const char *what, uint64_t number) {
  modules->hooks->fail(modules->hooks->context, what, number);
  __builtin_trap();
}

static size_t index_of(uint64_t number) { return number & 0xffff; }

static size_t align_of(const struct segshift_tls_image *image) {
  return image->align ? image->align : 1;
}

/* With the lock held. */
static struct segshift_tls_module *find(struct segshift_tls_modules *modules,
                                        uint64_t number) {
  size_t index = index_of(number);
  if (!index || index > modules->capacity ||
      modules->table[index].number != number)
    return 0;
  return &modules->table[index];
}

static void fill(char *block, const struct segshift_tls_image *image) {
  copy(block, image->init, image->file_size);
  zero(block + image->file_size, image->mem_size - image->file_size);
}

/* A slot's number is written last and read first, so that whoever finds the
 * number finds the block: an interrupt handler on this thread, which may come
 * between the two. Other threads write a slot only to end a module. */
static void slot_set(struct segshift_dtv_slot *slot, uint64_t number,
                     void *block) {
  __atomic_store_n(&slot->block, block, __ATOMIC_RELAXED);
  __atomic_store_n(&slot->module, number, __ATOMIC_RELEASE);
}

static void *slot_get(struct segshift_dtv_slot *slot, uint64_t number) {
  if (__atomic_load_n(&slot->module, __ATOMIC_ACQUIRE) != number)
    return 0;
  return __atomic_load_n(&slot->block, __ATOMIC_RELAXED);
}

/* Empties a slot. Returns the block to be released later, if there is one. */
static struct header *slot_take(struct segshift_tls_modules *modules,
                                struct segshift_dtv_slot *slot,
                                struct header *others) {
  if (!slot->module)
    return others;
  struct segshift_tls_module *module = find(modules, slot->module);
  char *block = slot->block;
  slot_set(slot, 0, 0);
  if (!module || module->distance)
    return others;
  --modules->blocks;
  header_of(block)->next = others;
  return header_of(block);
}

static void release_all(struct header *header) {
  while (header) {
    struct header *next = header->next;
    const struct segshift_tls_allocator *allocator = header->allocator;
    allocator->release(allocator->context, header->memory, header->size);
    header = next;
  }
}

/* --- Modules ---------------------------------------------------------------
 */

int segshift_tls_modules_init(struct segshift_tls_modules *modules,
                              const struct segshift_tls_layout *layout,
                              const struct segshift_tls_image *image,
                              size_t capacity,
                              const struct segshift_tls_allocator *allocator,
                              const struct segshift_tls_hooks *hooks) {
  if (!capacity || capacity > SEGSHIFT_TLS_MODULES_MAX)
    return -SEGSHIFT_EINVAL;
  size_t size = (capacity + 1) * sizeof(*modules->table);
  zero(modules, sizeof(*modules));
  modules->table = allocator->allocate(allocator->context, size, 16);
  if (!modules->table)
    return -SEGSHIFT_ENOMEM;
  zero(modules->table, size);
  modules->capacity = capacity;
  modules->allocator = modules->table_allocator = allocator;
  modules->hooks = hooks;
  modules->static_base = layout->tp_offset - layout->image_offset;
  modules->static_end = layout->tp_offset;
  modules->static_align = layout->align;

  struct segshift_tls_module *kernel = &modules->table[1];
  kernel->number = ++modules->generation << 16 | 1;
  copy(&kernel->image, image, sizeof(*image));
  kernel->distance = modules->static_base;
  return 0;
}

void segshift_tls_modules_end(struct segshift_tls_modules *modules) {
  const struct segshift_tls_allocator *allocator = modules->table_allocator;
  allocator->release(allocator->context, modules->table,
                     (modules->capacity + 1) * sizeof(*modules->table));
  zero(modules, sizeof(*modules));
}

void segshift_tls_set_allocator(
    struct segshift_tls_modules *modules,
    const struct segshift_tls_allocator *allocator) {
  uintptr_t state = lock(modules);
  modules->allocator = allocator;
  unlock(modules, state);
}

/* The smallest distance at which the image fits into the surplus, or 0. */
static size_t find_gap(const struct segshift_tls_modules *modules,
                       const struct segshift_tls_image *image) {
  size_t align = align_of(image), floor = modules->static_base;
  for (;;) {
    size_t distance = floor + image->mem_size;
    distance += (0 - image->vaddr - distance) & (align - 1);
    if (distance > modules->static_end)
      return 0;
    /* Of those in the way, the one that reaches furthest. */
    size_t end = 0;
    for (size_t i = 1; i <= modules->capacity; ++i) {
      const struct segshift_tls_module *other = &modules->table[i];
      if (other->number && other->distance > end &&
          other->distance > distance - image->mem_size &&
          other->distance - other->image.mem_size < distance)
        end = other->distance;
    }
    if (!end)
      return distance;
    floor = end;
  }
}

static int add(struct segshift_tls_modules *modules,
               const struct segshift_tls_image *image, bool is_static,
               uint64_t *number) {
  /* Whatever is too large or malformed for a kernel's image is for a module's.
   */
  struct segshift_tls_layout layout;
  if (segshift_tls_layout(&layout, image, 0) ||
      (is_static && align_of(image) > modules->static_align))
    return -SEGSHIFT_EINVAL;

  int result = -SEGSHIFT_ENOSPC;
  uintptr_t state = lock(modules);
  size_t index = 1;
  while (index <= modules->capacity && modules->table[index].number)
    ++index;
  size_t distance = 0;
  if (index <= modules->capacity &&
      (!is_static || (distance = find_gap(modules, image)))) {
    struct segshift_tls_module *module = &modules->table[index];
    copy(&module->image, image, sizeof(*image));
    module->distance = distance;
    module->number = *number = ++modules->generation << 16 | index;
    if (is_static)
      for (struct segshift_dtv *dtv = modules->threads; dtv; dtv = dtv->next)
        fill((char *)dtv->tp - distance, image);
    result = 0;
  }
  unlock(modules, state);
  return result;
}

int segshift_tls_add(struct segshift_tls_modules *modules,
                     const struct segshift_tls_image *image, uint64_t *number) {
  return add(modules, image, false, number);
}

int segshift_tls_add_static(struct segshift_tls_modules *modules,
                            const struct segshift_tls_image *image,
                            uint64_t *number) {
  return add(modules, image, true, number);
}

int segshift_tls_fill(struct segshift_tls_modules *modules, uint64_t number) {
  uintptr_t state = lock(modules);
  struct segshift_tls_module *module = find(modules, number);
  bool is_modules = module && module != &modules->table[1];
  if (is_modules && module->distance)
    for (struct segshift_dtv *dtv = modules->threads; dtv; dtv = dtv->next)
      fill((char *)dtv->tp - module->distance, &module->image);
  unlock(modules, state);
  return is_modules ? 0 : -SEGSHIFT_EINVAL;
}

int segshift_tls_remove(struct segshift_tls_modules *modules, uint64_t number) {
  size_t index = index_of(number);
  struct header *blocks = 0;
  uintptr_t state = lock(modules);
  struct segshift_tls_module *module = find(modules, number);
  if (module && index != 1) {
    for (struct segshift_dtv *dtv = modules->threads; dtv; dtv = dtv->next)
      blocks = slot_take(modules, segshift_dtv_slot(dtv, index), blocks);
    zero(module, sizeof(*module));
  }
  unlock(modules, state);
  release_all(blocks);
  return module && index != 1 ? 0 : -SEGSHIFT_EINVAL;
}

int segshift_tls_module_tpoff(struct segshift_tls_modules *modules,
                              uint64_t number, uint64_t offset,
                              int64_t *tpoff) {
  uintptr_t state = lock(modules);
  struct segshift_tls_module *module = find(modules, number);
  size_t distance = module ? module->distance : 0;
  unlock(modules, state);
  if (!distance)
    return -SEGSHIFT_EINVAL;
  *tpoff = (int64_t)(offset - distance);
  return 0;
}

int segshift_tlsdesc_set(struct segshift_tls_modules *modules,
                         struct segshift_tlsdesc *descriptor,
                         struct segshift_tls_index *index, uint64_t number,
                         uint64_t offset, void (*entry)(void)) {
  uintptr_t state = lock(modules);
  struct segshift_tls_module *module = find(modules, number);
  size_t distance = module ? module->distance : 0;
  unlock(modules, state);
  if (!module)
    return -SEGSHIFT_EINVAL;
  index->module = number;
  index->offset = offset;
  descriptor->entry = distance ? __segshift_tlsdesc_static : entry;
  descriptor->argument = distance ? offset - distance : (uintptr_t)index;
  return 0;
}

/* --- Threads ---------------------------------------------------------------
 */

int segshift_tls_attach(struct segshift_tls_modules *modules, void *tp,
                        void *memory) {
  struct segshift_tcb *tcb = tp;
  if (tcb->dtv || (uintptr_t)memory & (SEGSHIFT_DTV_ALIGN - 1))
    return -SEGSHIFT_EINVAL;

  const struct segshift_tls_allocator *allocator = 0;
  size_t size = segshift_dtv_size(modules->capacity);
  if (!memory) {
    allocator = __atomic_load_n(&modules->allocator, __ATOMIC_RELAXED);
    memory = allocator->allocate(allocator->context, size, SEGSHIFT_DTV_ALIGN);
    if (!memory)
      return -SEGSHIFT_ENOMEM;
  }
  struct segshift_dtv *dtv = memory;
  zero(dtv, size);
  dtv->modules = modules;
  dtv->tp = tp;
  dtv->allocator = allocator;
  dtv->size = size;

  uintptr_t state = lock(modules);
  for (size_t i = 2; i <= modules->capacity; ++i)
    if (modules->table[i].number && modules->table[i].distance)
      fill((char *)tp - modules->table[i].distance, &modules->table[i].image);
  dtv->next = modules->threads;
  if (dtv->next)
    dtv->next->previous = dtv;
  modules->threads = dtv;
  tcb->dtv = dtv;
  unlock(modules, state);
  return 0;
}

/* With the lock held: takes the thread out of the list and empties its DTV. */
static struct header *unlink_thread(struct segshift_tls_modules *modules,
                                    struct segshift_dtv *dtv,
                                    struct header *blocks) {
  if (dtv->previous)
    dtv->previous->next = dtv->next;
  else
    modules->threads = dtv->next;
  if (dtv->next)
    dtv->next->previous = dtv->previous;
  for (size_t i = 1; i <= modules->capacity; ++i)
    blocks = slot_take(modules, segshift_dtv_slot(dtv, i), blocks);
  return blocks;
}

static void release_dtv(struct segshift_dtv *dtv) {
  const struct segshift_tls_allocator *allocator = dtv->allocator;
  if (allocator)
    allocator->release(allocator->context, dtv, dtv->size);
}

void segshift_tls_detach(struct segshift_tls_modules *modules, void *tp) {
  struct segshift_tcb *tcb = tp;
  struct segshift_dtv *dtv = tcb->dtv;
  if (!dtv)
    return;
  uintptr_t state = lock(modules);
  struct header *blocks = unlink_thread(modules, dtv, 0);
  tcb->dtv = 0;
  unlock(modules, state);
  release_all(blocks);
  release_dtv(dtv);
}

void segshift_tls_forked(struct segshift_tls_modules *modules, void *tp) {
  struct header *blocks = 0;
  struct segshift_dtv *others = 0;
  uintptr_t state = lock(modules);
  for (struct segshift_dtv *dtv = modules->threads, *next; dtv; dtv = next) {
    next = dtv->next;
    if (dtv->tp == tp)
      continue;
    blocks = unlink_thread(modules, dtv, blocks);
    ((struct segshift_tcb *)dtv->tp)->dtv = 0;
    dtv->next = others;
    others = dtv;
  }
  unlock(modules, state);
  release_all(blocks);
  while (others) {
    struct segshift_dtv *next = others->next;
    release_dtv(others);
    others = next;
  }
}

/* --- Variables -------------------------------------------------------------
 */

/* Null if there is no memory. */
static void *make_block(const struct segshift_tls_image *image,
                        const struct segshift_tls_allocator *allocator) {
  size_t align = align_of(image) > 16 ? align_of(image) : 16;
  size_t lead = (sizeof(struct header) + align - 1) & ~(align - 1);
  size_t skew = image->vaddr & (align_of(image) - 1);
  size_t size = lead + skew + image->mem_size;
  char *memory = allocator->allocate(allocator->context, size, align);
  if (!memory)
    return 0;
  char *block = memory + lead + skew;
  struct header *header = header_of(block);
  header->allocator = allocator;
  header->memory = memory;
  header->size = size;
  header->next = 0;
  fill(block, image);
  return block;
}

/* The thread's block of a module that its DTV does not have yet. An interrupt
 * on this thread may make it too, between the two times the lock is held: the
 * first one stays. */
static __attribute__((noinline)) void *find_block(struct segshift_dtv *dtv,
                                                  uint64_t number) {
  struct segshift_tls_modules *modules = dtv->modules;
  struct segshift_dtv_slot *slot = segshift_dtv_slot(dtv, index_of(number));

  uintptr_t state = lock(modules);
  struct segshift_tls_module *module = find(modules, number);
  if (!module) {
    unlock(modules, state);
    fail(modules, "thread-local variable of a module that is gone", number);
  }
  if (module->distance) {
    void *block = (char *)dtv->tp - module->distance;
    slot_set(slot, number, block);
    unlock(modules, state);
    return block;
  }
  struct segshift_tls_image image;
  copy(&image, &module->image, sizeof(image));
  const struct segshift_tls_allocator *allocator = modules->allocator;
  unlock(modules, state);

  void *block = make_block(&image, allocator);
  if (!block)
    fail(modules, "no memory for a module's thread-local variables", number);

  state = lock(modules);
  bool is_gone = !find(modules, number);
  void *first = slot_get(slot, number);
  if (!is_gone && !first) {
    slot_set(slot, number, block);
    ++modules->blocks;
  }
  unlock(modules, state);
  if (is_gone)
    fail(modules, "module ended while a thread was using it", number);
  if (!first)
    return block;
  release_all(header_of(block));
  return first;
}

void *__segshift_tls_get_addr(const struct segshift_tls_index *index) {
  struct segshift_dtv *dtv = ((struct segshift_tcb *)segshift_tp())->dtv;
  if (__builtin_expect(!dtv, 0))
    __builtin_trap(); /* attach was forgotten: there are no hooks to ask */
  uint64_t number = index->module;
  void *block = slot_get(segshift_dtv_slot(dtv, index_of(number)), number);
  if (__builtin_expect(!block, 0))
    block = find_block(dtv, number);
  return (char *)block + index->offset;
}
