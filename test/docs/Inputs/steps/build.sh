#!/bin/sh
# build.sh STEP: kernel.elf after so many steps of docs/quick-start.md, in this folder.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck disable=SC2086 # lists of words
set -eu
step=$1
flags="-DSTEP=$step -O2 -Wall -Werror -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fstack-protector-strong"
library='' plugin=''
if [ "$step" -ge 3 ]; then
  flags="$flags $(pkg-config --cflags segshift)"
  library=$(pkg-config --libs segshift)
fi
[ "$step" -lt 4 ] || plugin=-fpass-plugin=$(pkg-config --variable=plugin segshift)
# What the example kernel has from segshift: in the boot code from step 3 on, in the linker
# script from step 4 on.
sed "$([ "$step" -ge 3 ] || echo '/[Ss][Ee][Gg][Ss][Hh][Ii][Ff][Tt]/d')" example/boot.S > boot.S
sed "$([ "$step" -ge 4 ] || echo /segshift/d)" example/kernel.ld > kernel.ld
for file in boot entries program; do
  clang $flags -c "$file.S"
done
clang $flags $plugin -c kernel.c
[ "$step" -lt 4 ] || segshift rewrite --in-place --verify --note entries.o
ld.lld -z noexecstack -T kernel.ld boot.o kernel.o entries.o program.o $library -o kernel.elf
