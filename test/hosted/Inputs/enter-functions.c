/* enter-world.c's functions, as a table: for a world that is a program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
long world_count(void);
void *world_address(void);
long world_thread_number(void);
long world_call(long (*function)(long), long argument);
long world_processes(void);

const void *const world_functions[] = {
    (const void *)world_count, (const void *)world_address,
    (const void *)world_thread_number, (const void *)world_call,
    (const void *)world_processes};
