#!/bin/sh
# Links a shared object that has a C library of its own, whose TLS is behind GS.
#
#   link-world.sh [OPTIONS] -o OUT.so WORLD.o… -- BOUNDARY.o… [LINKER OPTIONS]
#
# WORLD.o      code of the second world, by any compiler, -fPIC. Its thread-local
#              variables and the C library's move to GS here.
# BOUNDARY.o   host code: exports the object's functions, calls segshift_enter, then
#              the world's.
# Options:
#   --build=DIR      segshift's build folder (default: build/ of this tree, or what is
#                    installed)
#   --libc=FILE      the world's C library: a libc.a of musl (default: Debian's)
#   --symbols=GLOB   names of the world's functions that the boundary calls; may be
#                    given several times (default: world_*)
#   --host=NAME      a function of the host that the world may call by name; may be
#                    given several times
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu

libc=/usr/lib/x86_64-linux-musl/libc.a
symbols=
host=
own_option() {
  case $1 in
    --libc=*) libc=${1#*=} ;;
    --symbols=*) symbols="$symbols --keep-global-symbol=${1#*=}" ;;
    --host=*) host="$host ${1#*=}" ;;
    *) return 1 ;;
  esac
}
# shellcheck source=runtime/hosted/link-common.sh
. "$(dirname "$0")/link-common.sh"
[ -f "$libc" ] || die "$libc: no such file; install musl-dev, or give --libc=FILE"
[ -n "$symbols" ] || symbols='--keep-global-symbol=world_*'

# The glue knows these structures by their places: musl 1.2 with mallocng.
for known in '__malloc_context 3a0' '__libc 68'; do
  "$llvm/llvm-nm" --defined-only --print-size "$libc" 2>/dev/null |
    awk -v known="$known" '{ sub(/^0+/, "", $2) } $4 " " $2 == known { found = 1 } END { exit !found }' ||
    die "$libc is not a musl that the glue knows: it has no ${known% *} of 0x${known#* } bytes"
done

# 1. To GS: the world's objects, and all of its C library.
# The glue has some of its functions, in front of it.
"$llvm/llvm-objcopy" --weaken-symbol=__pthread_create --weaken-symbol=__pthread_exit \
  --weaken-symbol=pthread_cancel --weaken-symbol=fork "$libc" "$work/libc.a"
cp "$(${CC:-gcc} -print-libgcc-file-name)" "$work/libgcc.a"
cp "$(library libsegshift-musl.a musl-dev)" "$work/glue.a"
move_to_gs --tcb-offsets=all --tls-model=initial-exec

# 2. One object, whose names nobody else sees: the host has its own malloc.
"$llvm/ld.lld" -r -o "$work/world.o.all" "$work"/[0-9]*.o --whole-archive "$work/glue.a" \
  --no-whole-archive "$work/libc.a" "$work/libgcc.a"
# shellcheck disable=SC2086 # lists of words
"$llvm/llvm-objcopy" --wildcard $symbols --keep-global-symbol=segshift_world \
  --rename-section=.init_array=world_init --rename-section=.fini_array=world_fini \
  "$work/world.o.all" "$work/world.linked"

# 3. What is still undefined would be the host's, but for what the linker defines.
linker='_GLOBAL_OFFSET_TABLE_ _DYNAMIC __ehdr_start __init_array_start __init_array_end
  __fini_array_start __fini_array_end'
"$llvm/llvm-nm" --undefined-only --format=just-symbols "$work/world.linked" |
  sort >"$work/undefined"
for name in $linker $host; do echo "$name"; done | sort >"$work/allowed"
missing=$(comm -23 "$work/undefined" "$work/allowed")
[ -z "$missing" ] || die "the world lacks: $(echo "$missing" | tr '\n' ' ')
(a function of the host is called through a pointer, or allowed by --host=NAME)"

# And no use of FS may be left.
refuse_fs "$work/world.linked"

# 4. With the host's side, as an object like any other.
link_object segshift_world_construct "$@" "$work/world.linked"

# 5. All of the world's TLS has its place when the object is loaded.
if "$llvm/llvm-readelf" -rW "$out" | grep -E 'DTPMOD64|DTPOFF64|TLSDESC' >&2; then
  rm -f "$out"
  die "$out would use dynamic TLS of the host: compile with -ftls-model=initial-exec"
fi
