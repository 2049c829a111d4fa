// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
thread_local int Counter = 5;
extern "C" int bump() { return ++Counter; }
