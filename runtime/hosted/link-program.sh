#!/bin/sh
# Links a shared object that has a world with glibc, its TLS behind GS.
#
#   link-program.sh [--build=DIR] -o OUT.so WORLD.o… -- BOUNDARY.o… [LINKER OPTIONS]
#
# As link-world.sh, but for glibc's static libc.a, which cannot be linked into a shared
# object (local-exec accesses, IRELATIVE relocations): the world becomes a static
# position-independent program, which the object carries and starts. WORLD.o defines
#
#   const void *const world_functions[];     /* what the boundary may call */
#
# and BOUNDARY.o calls through segshift_world_functions. There is no main.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build
# shellcheck source=/dev/null
[ ! -f "$here/paths.sh" ] || . "$here/paths.sh" # where it is installed
llvm=${SEGSHIFT_LLVM:-/usr/lib/llvm-22/bin}
cc=${CC:-gcc}
out=
world=

die() { echo "link-program.sh: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case $1 in
    --build=*) build=${1#*=} tool='' libraries='' ;;
    -o) [ $# -gt 1 ] || die "-o needs a file"; out=$2; shift ;;
    --) shift; break ;;
    -*) die "unknown option $1; the head of $0 lists them" ;;
    *) world="$world $1" ;;
  esac
  shift
done
tool=${tool:-$build/bin/segshift}
libraries=${libraries:-$build/hosted $build/runtime}
library() {
  for folder in $libraries; do
    [ ! -f "$folder/$1" ] || { echo "$folder/$1"; return; }
  done
  die "$1 is in none of: $libraries; build segshift where $2 is installed"
}
for needed in clang ld.lld; do
  [ -x "$llvm/$needed" ] ||
    die "$llvm/$needed is missing: install clang-22, lld-22 and llvm-22, or set SEGSHIFT_LLVM to their folder"
done
[ -n "$out" ] || die "no output: give -o OUT.so"
[ -n "$world" ] || die "no objects of the world"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 1. To GS: the world's objects, and all of its C library.
n=0
for file in $world; do
  n=$((n + 1))
  cp "$file" "$work/$n.o"
done
for file in rcrt1.o crti.o crtn.o libc.a libgcc.a libgcc_eh.a; do
  path=$($cc -print-file-name=$file)
  [ -f "$path" ] || die "$cc has no $file; install libc6-dev"
  cp "$path" "$work/$file"
done
cp "$(library libsegshift-glibc.a "libc6-dev 2.36 and musl-tools")" "$work/glue.a"
python3 "$here/glibc/set-gs.py" "$work/libc.a"
"$tool" rewrite --tcb-offsets=all --verify --in-place "$work"/*.o "$work"/*.a

# 2. The program, and no use of FS in it.
"$llvm/ld.lld" -static -pie --no-dynamic-linker -z text -z relro -o "$work/program" \
  "$work/rcrt1.o" "$work/crti.o" "$work"/[0-9]*.o --whole-archive "$work/glue.a" \
  --no-whole-archive --start-group "$work/libc.a" "$work/libgcc.a" "$work/libgcc_eh.a" \
  --end-group "$work/crtn.o"
"$tool" audit --quiet --tcb-offsets=all "$work/program" >"$work/audit" || {
  cat "$work/audit" >&2
  die "the world still uses FS, as listed above"
}

# 3. In the object, as data.
cat >"$work/image.s" <<END
        .section .rodata.segshift, "a", @progbits
        .balign 4096
        .globl segshift_image, segshift_image_end
        .hidden segshift_image, segshift_image_end
segshift_image:
        .incbin "$work/program"
segshift_image_end:
        .section .note.GNU-stack, "", @progbits
END
"$llvm/clang" -c "$work/image.s" -o "$work/image.obj"
"$llvm/ld.lld" -shared -z nodelete -z now -z relro --no-dependent-libraries \
  -u segshift_world_construct_program -o "$out" "$@" "$work/image.obj" \
  "$(library libsegshift-hosted.a gcc)" "$(library libsegshift.a gcc)"
