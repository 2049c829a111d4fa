/* The pool of threads' blocks. Memory of the pool is never given back to the
 * system: a thread that has not entered may have inherited a GS_BASE into a
 * block whose thread is gone, and must find that it is one of ours.
 *
 * Functions that change it need the caller's lock.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_BLOCKS_H
#define SEGSHIFT_HOSTED_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

/* Whose thread it is, and whether the world can still join it: then the block
 * stays after the thread's end. */
enum block_kind { OfHost, Detached, Joinable, Ended };

struct block {
  void *memory;
  int tid;            /* of the thread that has it; 0: free */
  int rounds;         /* of key destructors that it has lived through */
  bool is_registered; /* the host tells when the thread ends */
  enum block_kind kind;
  unsigned long thread; /* the host's pthread_t; not for OfHost */
  void **exit;          /* where the thread returns to the host; same */
  struct block *next;   /* in the list of free ones */
};

enum { BlockPage = 4096 };

/* Whole pages each. */
void blocks_init(size_t block_size);
/* Null if there is no memory. */
struct block *blocks_take(int tid);
void blocks_give(struct block *block);
/* In a forked child, whatever the others were doing: all but this one, whose
 * thread is now `tid`, are free. */
void blocks_keep(struct block *block, int tid);
/* The block that holds the address, or null. Takes no lock. */
struct block *blocks_find(const void *address);
/* Whether the address lies in any block, free ones included. Takes no lock. */
bool blocks_contain(const void *address);
/* Calls `visit` for each block in use. */
void blocks_each(void (*visit)(struct block *block, void *context),
                 void *context);
extern size_t blocks_used, blocks_made;

#endif
