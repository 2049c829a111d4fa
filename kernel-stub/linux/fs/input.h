// The program's standard input. The runner sends it when it is asked, so that a
// program that does not read takes nothing from whoever feeds it:
//
//   kernel to runner, COM4   the line "input": all that came so far was read
//   runner to kernel, COM2   two bytes, N, the low one first; then N bytes of
//                            input, at most MaxChunk. N = 0: the input has
//                            ended, there will be no more
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_INPUT_H
#define STUB_INPUT_H

#include <stddef.h>
#include <stdint.h>

namespace input {

constexpr size_t MaxChunk = 4096;

// Copies at most Size bytes to kernel memory, without waiting for the runner.
// Returns how many; 0 at the end of the input; -EAGAIN if nothing has come yet:
// it was asked for, try again later.
int64_t read(void *To, size_t Size);

// Whether read() would say something else than -EAGAIN.
bool ready();

} // namespace input

#endif
