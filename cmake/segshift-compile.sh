#!/bin/sh
# segshift-compile.sh SEGSHIFT OBJECT OPTIONS COMMAND...
# Runs a compile command, then moves the TLS of its object to GS. OPTIONS is one
# argument, split at semicolons. A failed rewrite leaves no object behind.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
segshift=$1 object=$2 options=$3
shift 3
"$@" || exit
[ -f "$object" ] || exit 0
IFS=';'
# shellcheck disable=SC2086 # the options are to be split
if ! "$segshift" rewrite --in-place $options "$object"; then
  rm -f "$object"
  exit 1
fi
