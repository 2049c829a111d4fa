#!/bin/sh
# boot-stopped.sh RUN PROGRAM FOLDER COMMAND...: boots PROGRAM stopped, with RUN and
# QEMU's gdb stub, and runs the debugger COMMAND, in whose arguments SOCKET is the
# stub's. Unix socket names are short: under /tmp.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
run=$1 program=$2 log=$3/run.log
shift 3
folder=$(mktemp -d)
trap 'kill $! 2>/dev/null; wait; rm -rf "$folder"' EXIT
$run --mode=gs-debug --smp="${SMP:-2}" --memory=64M --timeout=400 --qemu-arg=-S --qemu-arg=-gdb \
  --qemu-arg="unix:$folder/gdb,server=on,wait=off" "$program" > "$log" 2>&1 &
for _ in $(seq 1200); do [ -S "$folder/gdb" ] && break; sleep 0.1; done
for argument; do
  shift
  set -- "$@" "$(printf '%s' "$argument" | sed "s|SOCKET|$folder/gdb|g")"
done
timeout 400 "$@"
