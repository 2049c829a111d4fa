#!/bin/sh
# load.sh SECONDS SEED FOLDER RUNNER...: the load tests in their long form: the soak for
# so many seconds in each ring, on four processors, under NMIs; then fuzz-calls with
# seeds from SEED on for about as long. Says what it does; exit status 1 if a value was
# lost, a block leaked or the kernel did not go on.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
inputs=$(dirname "$0")
seconds=$1
seed=$2
folder=$3
shift 3
mkdir -p "$folder"
gcc -O2 -static -pthread "$inputs/soak.c" -o "$folder/soak" || exit 1
gcc -O2 -static -nostdlib -ffreestanding -fno-stack-protector "$inputs/fuzz-calls.c" \
  -o "$folder/fuzz-calls" || exit 1
failed=0

for ring in 0 3; do
  echo "== soak, ring $ring: 64 threads, 4 CPUs, $seconds s, an NMI each 2 ms"
  "$@" --ring=$ring --smp=4 --nmi-every=0.002 --timeout=$((seconds * 3 + 120)) --log "$folder/log" \
    "$folder/soak" "$seconds" 64 "$seed" || failed=1
  grep -E '^ended|overwritten' "$folder/log"
  grep -q 'ended: .* 0 blocks (0 bytes) are left' "$folder/log" || failed=1
  grep -q 'was overwritten' "$folder/log" && failed=1
done

for ring in 0 3; do
  echo "== fuzz-calls, ring $ring: seeds from $seed on"
  end=$(($(date +%s) + seconds))
  while [ "$(date +%s)" -lt "$end" ]; do
    "$@" --ring=$ring --smp=4 --mode=gs-debug --timeout=300 --log "$folder/log" \
      --then "$folder/fuzz-calls $((seed + 1)) 10000 4" \
      --then "$folder/soak 0 4" "$folder/fuzz-calls" "$seed" 10000 >"$folder/out" 2>&1
    if ! grep -qa 'soak: .* failures 0' "$folder/out"; then
      echo "seeds $seed, $((seed + 1)): the kernel did not go on:"
      tail -n 30 "$folder/out"
      failed=1
      break
    fi
    seed=$((seed + 2))
  done
  echo "last seed $((seed - 1))"
done
[ $failed = 0 ] && echo "load: nothing was lost" || echo "load: FAILED"
exit $failed
