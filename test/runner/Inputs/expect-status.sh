#!/bin/sh
# expect-status.sh N COMMAND [ARGS...]: runs the command; fails unless it ends
# with status N.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
want=$1
shift
"$@"
got=$?
[ "$got" -eq "$want" ] && exit 0
echo "expect-status: status $got, expected $want: $*" >&2
exit 1
