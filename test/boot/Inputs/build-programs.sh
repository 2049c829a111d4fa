#!/bin/sh
# build-programs.sh FOLDER COMPILER [FLAGS...]: builds the programs that
# run-programs.sh runs, with one compiler.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -e
inputs=$(dirname "$0")
folder=$1
shift
rm -rf "$folder"
mkdir -p "$folder"
for name in hello bytes end; do
  "$@" -O2 "$inputs/$name.c" -o "$folder/$name"
done
for size in 4 64 4096 65536; do
  "$@" -O2 -DSIZE=$size "$inputs/tls.c" -o "$folder/tls-$size"
done
for align in 64 4096; do
  "$@" -O2 -DSIZE=256 -DALIGN=$align "$inputs/tls.c" -o "$folder/tls-aligned-$align"
done
