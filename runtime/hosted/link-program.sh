#!/bin/sh
# Links a shared object that has a world with glibc, its TLS behind GS.
#
#   link-program.sh [--build=DIR] [--cxx] -o OUT.so WORLD.o… -- BOUNDARY.o… [LINKER OPTIONS]
#
# As link-world.sh, but for glibc's static libc.a, which cannot be linked into a shared
# object (local-exec accesses, IRELATIVE relocations): the world becomes a static
# position-independent program, which the object carries and starts. WORLD.o defines
#
#   const void *const world_functions[];     /* what the boundary may call */
#
# and BOUNDARY.o calls through segshift_world_functions. There is no main. A WORLD.o may be
# an archive (Rust's static libraries). --cxx: with libstdc++.a.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu

cxx=
own_option() {
  case $1 in
    --cxx) cxx=libstdc++.a ;;
    *) return 1 ;;
  esac
}
# shellcheck source=runtime/hosted/link-common.sh
. "$(dirname "$0")/link-common.sh"
cc=${CC:-gcc}

# 1. To GS: the world's objects, and all of its C library.
for file in rcrt1.o crti.o crtbeginS.o crtendS.o crtn.o libc.a libgcc.a libgcc_eh.a $cxx; do
  path=$($cc -print-file-name="$file")
  [ -f "$path" ] || die "$cc has no $file; install libc6-dev"
  cp "$path" "$work/$file"
done
cp "$(library libsegshift-glibc.a "libc6-dev 2.36 and musl-tools")" "$work/glue.a"
# The glue has a function of the same file, in front of it.
"$llvm/llvm-objcopy" --weaken-symbol=__pthread_create "$work/libc.a"
python3 "$here/glibc/set-gs.py" "$work/libc.a"
move_to_gs --tcb-offsets=all

# 2. The program, and no use of FS in it.
"$llvm/ld.lld" -static -pie --no-dynamic-linker --eh-frame-hdr -z text -z relro \
  --wrap=_Unwind_RaiseException --wrap=_Unwind_Resume_or_Rethrow \
  -o "$work/program" \
  "$work/rcrt1.o" "$work/crti.o" "$work/crtbeginS.o" "$work"/[0-9]*.o \
  --whole-archive "$work/glue.a" --no-whole-archive \
  --start-group ${cxx:+"$work/$cxx"} "$work/libc.a" "$work/libgcc.a" "$work/libgcc_eh.a" \
  --end-group "$work/crtendS.o" "$work/crtn.o"
refuse_fs "$work/program"

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
link_object segshift_world_construct_program "$@" "$work/image.obj"
