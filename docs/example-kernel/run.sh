#!/bin/sh
# Boots a kernel; its exit status is 0 if the kernel said 0. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
timeout 60 qemu-system-x86_64 -accel tcg -cpu max -m 64M -nodefaults -no-reboot -display none \
  -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 -kernel "$1"
[ $? -eq 1 ]
