#!/bin/sh
# run-programs.sh FOLDER RUNNER [OPTIONS...]: boots the programs that
# build-programs.sh built, one after the other, and checks every line that comes
# out, on standard output and on standard error.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -e
inputs=$(dirname "$0")
folder=$1
shift
fail() { echo "run-programs: $1" >&2; cat "$folder/out" "$folder/err" >&2; exit 1; }

"$@" --env GREETING=hi --then "$folder/tls-4" --then "$folder/tls-64" \
  --then "$folder/tls-4096" --then "$folder/tls-65536" --then "$folder/tls-aligned-64" \
  --then "$folder/tls-aligned-4096" --then "$folder/end return 3" \
  "$folder/hello" a '' 'b c' >"$folder/out" 2>"$folder/err" && fail "status 0, not 3"
FileCheck "$inputs/run-programs.sh" --check-prefix=OUT --match-full-lines \
  --input-file="$folder/out"
FileCheck "$inputs/run-programs.sh" --check-prefix=ERR --input-file="$folder/err"

# Alone in its boot: every byte, each stream by itself.
"$@" "$folder/bytes" >"$folder/out" 2>"$folder/err" || fail "bytes ended with status $?"
"$folder/bytes" 2>"$folder/err.host" | cmp - "$folder/out"
cmp "$folder/err.host" "$folder/err"
exit 0

#      OUT: hello: argc 4
# OUT-NEXT: argv[1] = 'a'
# OUT-NEXT: argv[2] = ''
# OUT-NEXT: argv[3] = 'b c'
# OUT-NEXT: GREETING = hi
# OUT-NEXT: malloc: xx
# OUT-NEXT: strdup: small
# OUT-NEXT: close(-1) = -1, errno EBADF
# OUT-NEXT: floating point: 42.125
# OUT-NEXT: Mine = 43
# OUT-NEXT: stdin: empty
# OUT-NEXT: tls 4 4 right
# OUT-NEXT: tls 64 4 right
# OUT-NEXT: tls 4096 4 right
# OUT-NEXT: tls 65536 4 right
# OUT-NEXT: tls 256 64 right
# OUT-NEXT: tls 256 4096 right
# OUT-NEXT: end: return
#  OUT-NOT: {{.}}
#
#      ERR: to standard error
# ERR-NEXT: segshift-run: {{.*}}/hello: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-4: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-64: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-4096: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-65536: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-aligned-64: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/tls-aligned-4096: exit status 0
# ERR-NEXT: segshift-run: {{.*}}/end: exit status 3
#  ERR-NOT: {{.}}
