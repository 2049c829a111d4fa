# What link-world.sh and link-program.sh have in common; they read it by `.`, with their
# own arguments. Before, they define own_option, which takes an option of theirs or
# returns 1. After it there are
#
#   out work     the output; a folder that is removed at the end
#   llvm tool    the folder of LLVM's tools; segshift
#   $@           the boundary's objects and the linker's options
#   $work/N.o    the world's objects
#
# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
die() { echo "${0##*/}: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build
# shellcheck source=/dev/null
[ ! -f "$here/paths.sh" ] || . "$here/paths.sh" # where it is installed
llvm=${SEGSHIFT_LLVM:-/usr/lib/llvm-22/bin}
out=
world=

while [ $# -gt 0 ]; do
  case $1 in
    --build=*) build=${1#*=} tool='' libraries='' ;;
    -o) [ $# -gt 1 ] || die "-o needs a file"; out=$2; shift ;;
    --) shift; break ;;
    -*) own_option "$1" || die "unknown option $1; the head of $0 lists them" ;;
    *) world="$world $1" ;;
  esac
  shift
done
tool=${tool:-$build/bin/segshift}
libraries=${libraries:-$build/hosted $build/runtime}

# library NAME PACKAGES: the path of a library of segshift's; with PACKAGES, it is built.
library() {
  for folder in $libraries; do
    [ ! -f "$folder/$1" ] || { echo "$folder/$1"; return; }
  done
  die "$1 is in none of: $libraries; build segshift where $2 is installed"
}

for needed in clang ld.lld llvm-nm llvm-objcopy llvm-readelf; do
  [ -x "$llvm/$needed" ] ||
    die "$llvm/$needed is missing: install clang-22, lld-22 and llvm-22, or set SEGSHIFT_LLVM to their folder"
done
[ -n "$out" ] || die "no output: give -o OUT.so"
[ -n "$world" ] || die "no objects of the world"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
for file in $world; do
  n=$((n + 1))
  cp "$file" "$work/$n.o"
done

# move_to_gs OPTIONS: the world's objects, and all of its C library, in $work.
move_to_gs() {
  "$tool" rewrite --verify "$@" --in-place "$work"/*.o "$work"/*.a
}

# refuse_fs FILE: ends here if FILE still uses FS.
refuse_fs() {
  "$tool" audit --quiet --tcb-offsets=all "$1" >"$work/audit" || {
    cat "$work/audit" >&2
    die "the world still uses FS, as listed above"
  }
}

# link_object CONSTRUCTOR FILES…: $out. It is never unloaded: threads keep what is in it
# until they end.
link_object() {
  constructor=$1
  shift
  "$llvm/ld.lld" -shared -z nodelete -z now -z relro --no-dependent-libraries \
    -u "$constructor" -o "$out" "$@" \
    "$(library libsegshift-hosted.a gcc)" "$(library libsegshift.a gcc)"
}
