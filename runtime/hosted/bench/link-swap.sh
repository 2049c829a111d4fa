#!/bin/sh
# Links a second world that stays on FS, for comparison with link-world.sh:
#   link-swap.sh BUILD OUT.so WORLD.o BOUNDARY.o
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu
llvm=${SEGSHIFT_LLVM:-/usr/lib/llvm-22/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# -z muldefs: the glue has functions of musl's, in front of them.
"$llvm/ld.lld" -r -z muldefs -o "$work/all.o" "$3" --whole-archive "$1/hosted/libsegshift-musl.a" \
  --no-whole-archive /usr/lib/x86_64-linux-musl/libc.a "$(gcc -print-libgcc-file-name)"
"$llvm/llvm-objcopy" --wildcard --keep-global-symbol='world_*' \
  --keep-global-symbol=segshift_world "$work/all.o"
"$llvm/ld.lld" -shared -z nodelete -z now -o "$2" "$4" "$work/all.o" "$1/runtime/libsegshift.a"
