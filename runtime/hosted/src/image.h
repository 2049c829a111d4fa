/* A world that is a program of its own: mapped, and started as Linux starts
 * one, on a thread that ends when the program's C library is initialised.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_IMAGE_H
#define SEGSHIFT_HOSTED_IMAGE_H

#include "segshift/hosted.h"
#include "segshift/tls.h"

/* The program finds its handoff through the auxiliary vector, by this type. */
#define AT_SEGSHIFT_HANDOFF 0x5e65

/* What the program's main fills in (glibc/glue.c). */
struct handoff {
  const struct segshift_world *world;
  const void *const *functions;
  uint64_t canary, pointer_guard;
  struct segshift_tls_image tls; /* filled in by image_start */
  int is_done;                   /* futex: set and woken by main */
};

/* -EINVAL, -ENOMEM, or what clone(2) says. */
int image_start(const void *file, size_t size, char **environment,
                struct handoff *handoff);

/* The name of the program's function at this address, or null. */
const char *image_name(const void *address);

#endif
