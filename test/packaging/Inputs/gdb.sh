#!/bin/sh
# gdb.sh RUN PROGRAM FOLDER GDB_ARGUMENTS...: boots PROGRAM stopped, with RUN and
# QEMU's gdb stub, and runs gdb on it. Unix socket names are short: under /tmp.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
run=$1 program=$2 log=$3/run.log
shift 3
folder=$(mktemp -d)
trap 'kill $! 2>/dev/null; wait; rm -rf "$folder"' EXIT
$run --mode=gs-debug --smp=2 --memory=64M --timeout=400 --qemu-arg=-S --qemu-arg=-gdb \
  --qemu-arg="unix:$folder/gdb,server=on,wait=off" "$program" > "$log" 2>&1 &
for _ in $(seq 1200); do [ -S "$folder/gdb" ] && break; sleep 0.1; done
timeout 400 gdb -nx -batch -ex "target remote $folder/gdb" "$@"
