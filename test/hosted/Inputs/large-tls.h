// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
static thread_local char Large[5000] __attribute__((aligned(64), used)) = "x";
