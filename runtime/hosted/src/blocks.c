/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "blocks.h"
#include "linux.h"

enum { PerChunk = 32 };

/* One mapping: this, in whole pages, and then the blocks. */
struct chunk {
  struct chunk *next;
  char *start, *end;
  struct block blocks[PerChunk];
};

static struct chunk *chunks;
static struct block *free_blocks;
static size_t stride;
size_t blocks_used, blocks_made;

static size_t pages(size_t size) {
  return (size + BlockPage - 1) & ~(size_t)(BlockPage - 1);
}

void blocks_init(size_t block_size) { stride = pages(block_size); }

static bool add_chunk(void) {
  size_t header = pages(sizeof(struct chunk)), size = PerChunk * stride;
  long memory = linux_call(SYS_mmap, 0, (long)(header + size),
                           3 /* PROT_READ | PROT_WRITE */,
                           0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */, -1, 0);
  if (memory < 0 && memory > -4096)
    return false;
  struct chunk *chunk = (struct chunk *)memory;
  chunk->start = (char *)memory + header;
  chunk->end = chunk->start + size;
  for (size_t i = PerChunk; i--;) {
    chunk->blocks[i].memory = chunk->start + i * stride;
    chunk->blocks[i].next = free_blocks;
    free_blocks = &chunk->blocks[i];
  }
  chunk->next = chunks;
  blocks_made += PerChunk;
  __atomic_store_n(&chunks, chunk, __ATOMIC_RELEASE);
  return true;
}

struct block *blocks_take(int tid) {
  if (!free_blocks && !add_chunk())
    return 0;
  struct block *block = free_blocks;
  free_blocks = block->next;
  block->tid = tid;
  block->rounds = 0;
  block->is_registered = false;
  block->kind = OfHost;
  ++blocks_used;
  return block;
}

void blocks_give(struct block *block) {
  block->tid = 0;
  block->next = free_blocks;
  free_blocks = block;
  --blocks_used;
}

void blocks_keep(struct block *mine, int tid) {
  free_blocks = 0;
  blocks_made = 0;
  for (struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
    for (size_t i = PerChunk; i--;)
      if (&chunk->blocks[i] != mine)
        blocks_give(&chunk->blocks[i]);
    blocks_made += PerChunk;
  }
  mine->tid = tid;
  blocks_used = 1;
}

static struct chunk *chunk_of(const void *address) {
  struct chunk *chunk = __atomic_load_n(&chunks, __ATOMIC_ACQUIRE);
  while (chunk && ((const char *)address < chunk->start ||
                   (const char *)address >= chunk->end))
    chunk = chunk->next;
  return chunk;
}

bool blocks_contain(const void *address) { return chunk_of(address); }

struct block *blocks_find(const void *address) {
  struct chunk *chunk = chunk_of(address);
  if (!chunk)
    return 0;
  return &chunk
              ->blocks[(size_t)((const char *)address - chunk->start) / stride];
}

void blocks_each(void (*visit)(struct block *block, void *context),
                 void *context) {
  for (struct chunk *chunk = chunks; chunk; chunk = chunk->next)
    for (size_t i = 0; i < PerChunk; ++i)
      if (chunk->blocks[i].tid)
        visit(&chunk->blocks[i], context);
}
