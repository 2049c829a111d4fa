#!/bin/sh
# A stand-in for QEMU under ./dev demo: $BEFORE and $AFTER say how the program
# behaves under the two kernels.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
case "$*" in
*stub-fs-shared.elf*) how=$BEFORE ;;
*) how=$AFTER ;;
esac
start='out=at start|limit|1000000|1000000\nat start|zero|0|0\nat start|calls|0|0\n'
later=$(echo "$start" | sed 's/at start/after 100 system calls/g; s/calls|0|0/calls|100|100/')
first='out=at start|answer|42|42\n'
second='out=after 100 system calls|answer|42|42\n'
case $how in
right) FAKE_QEMU="$first;$start;$second;$later;control=exit 0;control=done;exit=1" ;;
badend) FAKE_QEMU="$first;$start;$second;$later;control=signal 11;control=done;exit=1" ;;
wrong) FAKE_QEMU="out=at start|answer|42|-140737488355328\n;$start;control=panic x;exit=3" ;;
dead) FAKE_QEMU="control=error no;control=done;exit=1" ;;
esac
export FAKE_QEMU
exec "$(dirname "$0")/fake-qemu.py" "$@"
