#!/bin/sh
# Builds and runs shape.c in many shapes of PT_TLS, by one compiler and linker.
#
# usage: shapes.sh SRC BUILD OUT SHAPE-FILE COMPILER [ARGS...]
# A line of the shape file: data size, data alignment, bss size, bss alignment;
# size 0 leaves that variable out. Prints the shape and what the program prints.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu
src=$1 build=$2 out=$3 shapes=$4
shift 4
grep -v '^#' "$shapes" | while read -r data data_align bss bss_align; do
  macros=
  [ "$data" = 0 ] || macros="-DDATA_SIZE=$data -DDATA_ALIGN=$data_align"
  [ "$bss" = 0 ] || macros="$macros -DBSS_SIZE=$bss -DBSS_ALIGN=$bss_align"
  echo "shape $data/$data_align $bss/$bss_align"
  # shellcheck disable=SC2086 # the macros are words
  "$@" -O1 -w -I "$src/runtime/include" $macros "$src/test/runtime/Inputs/shape.c" \
    "$build/runtime/libsegshift.a" $SEGSHIFT_LINK -o "$out"
  "$out"
done
