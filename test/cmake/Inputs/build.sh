#!/bin/sh
# build.sh WORK CC CXX GENERATOR [CMAKE-ARGUMENT...]: configures and builds a copy of
# the project in WORK, whose name holds a space, runs it, and disassembles it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -e
work=$1 cc=$2 cxx=$3 generator=$4
shift 4
rm -rf "$work" && mkdir -p "$work/a b" && cp "$(dirname "$0")"/target/* "$work/a b"
cmake -S "$work/a b" -B "$work/build it" -G "$generator" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_CXX_COMPILER="$cxx" -DSEGSHIFT_CMAKE="$SEGSHIFT_CMAKE" \
  -DSEGSHIFT_BUILD="$SEGSHIFT_BUILD" -DSTART="$START" "$@" >"$work/configure.log"
cmake --build "$work/build it" --verbose >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$work/build it/kernel"
llvm-objdump -d --no-show-raw-insn "$work/build it/kernel"
