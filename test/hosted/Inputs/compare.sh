#!/bin/sh
# compare.sh OBJECT COMMAND…: the command gives the same output and status with the
# object preloaded as without it. Prints the object's report, a line a process.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
object=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$@" >"$work/without" 2>&1 </dev/null
without=$?
SECONDLIBC_REPORT=$work/report LD_PRELOAD=$object "$@" >"$work/with" 2>&1 </dev/null
with=$?
if ! diff "$work/without" "$work/with" || [ $with -ne $without ]; then
  echo "differs: status $with instead of $without"
  exit 1
fi
echo "same output, status $with"
cat "$work/report"
