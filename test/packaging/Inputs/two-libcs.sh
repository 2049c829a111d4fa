#!/bin/sh
# two-libcs.sh SOURCE BUILD FOLDER: makes FOLDER/host, a program with a second C library on
# GS, whose thread-local variable is 42 when the program gets to stop().
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu
src=$1 build=$2
cd "$3"
cat > world.c <<'END'
static _Thread_local int count = 40;
int world_count(void) { return ++count; }
END
cat > boundary.c <<'END'
#include <segshift/hosted.h>
SEGSHIFT_HIDDEN int world_count(void);
__attribute__((visibility("default"))) int plugin_count(void) {
  int error = segshift_enter();
  return error ? error : world_count();
}
END
cat > host.c <<'END'
int plugin_count(void);
__attribute__((noinline)) void stop(int count) { __asm__ volatile("" : : "r"(count)); }
_Thread_local volatile int mine[100];
int main(void) {
  mine[1] = plugin_count();
  stop(plugin_count());
}
END
musl-gcc -g -O2 -fPIC -ftls-model=initial-exec -c world.c
gcc -g -O2 -fPIC -fvisibility=hidden -I "$src/runtime/hosted/include" -I "$src/runtime/include" \
  -c boundary.c
"$src/runtime/hosted/link-world.sh" --build="$build" -o libplugin.so world.o -- boundary.o
gcc -g -O2 host.c -o host -L. -lplugin -Wl,-rpath,"$PWD"
