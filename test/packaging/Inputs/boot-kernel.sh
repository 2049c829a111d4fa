#!/bin/sh
# boot-kernel.sh [OPTION...] KERNEL: a kernel in QEMU; of ./dev run's options
# --qemu-arg=ARGUMENT alone means something.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
for argument; do
  shift
  case $argument in
    --qemu-arg=*) set -- "$@" "${argument#--qemu-arg=}" ;;
    --*) ;;
    *) set -- "$@" -kernel "$argument" ;;
  esac
done
exec timeout 400 qemu-system-x86_64 -accel tcg -cpu max -m 64M -nodefaults -no-reboot \
  -display none -device isa-debug-exit,iobase=0xf4,iosize=1 "$@"
