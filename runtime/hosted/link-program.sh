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

own_option() { return 1; }
# shellcheck source=runtime/hosted/link-common.sh
. "$(dirname "$0")/link-common.sh"
cc=${CC:-gcc}

# 1. To GS: the world's objects, and all of its C library.
for file in rcrt1.o crti.o crtn.o libc.a libgcc.a libgcc_eh.a; do
  path=$($cc -print-file-name=$file)
  [ -f "$path" ] || die "$cc has no $file; install libc6-dev"
  cp "$path" "$work/$file"
done
cp "$(library libsegshift-glibc.a "libc6-dev 2.36 and musl-tools")" "$work/glue.a"
python3 "$here/glibc/set-gs.py" "$work/libc.a"
move_to_gs --tcb-offsets=all

# 2. The program, and no use of FS in it.
"$llvm/ld.lld" -static -pie --no-dynamic-linker -z text -z relro -o "$work/program" \
  "$work/rcrt1.o" "$work/crti.o" "$work"/[0-9]*.o --whole-archive "$work/glue.a" \
  --no-whole-archive --start-group "$work/libc.a" "$work/libgcc.a" "$work/libgcc_eh.a" \
  --end-group "$work/crtn.o"
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
