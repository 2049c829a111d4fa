#!/bin/sh
# smoke.sh PACKAGES: installs the packages in that folder on a bare Debian 12, which
# mmdebstrap makes and throws away, builds the example kernel there by Make and by CMake,
# and boots both here. Needs mmdebstrap, QEMU and Debian's archive ($MIRROR, $SECURITY).
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu
packages=$(realpath "$1")
example=$(realpath "$(dirname "$0")/../../docs/example-kernel")
mirror=${MIRROR:-http://deb.debian.org/debian}
security=${SECURITY:-http://deb.debian.org/debian-security}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

cat > "$work/inside.sh" <<'END'
set -eux
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
install="apt-get install -y -qq --no-install-recommends"
cd /tmp
$install ./segshift_*.deb ./libsegshift-dev_*.deb
segshift --version
$install clang-22 lld-22 make pkg-config cmake gdb man-db >log 2>&1 || { cat log; exit 1; }
segshift selftest --quiet
whatis segshift segshift-rewrite segshift-audit | tee log
if grep unknown log; then exit 1; fi
gdb -batch -ex "help info tls" | grep "Thread pointers"
cp -r /usr/share/doc/libsegshift-dev/examples/kernel make
cp -r make cmake
make -C make
CC=clang-22 cmake -S cmake -B cmake/build
cmake --build cmake/build
mv make/kernel.elf make.elf
mv cmake/build/kernel.elf cmake.elf
apt-get purge -y -qq segshift libsegshift-dev
test ! -e /usr/share/segshift
END

mmdebstrap --quiet --variant=minbase --format=null --include=ca-certificates \
  --customize-hook="copy-in $(echo "$packages"/*.deb) $work/inside.sh /tmp" \
  --chrooted-customize-hook='sh /tmp/inside.sh' \
  --customize-hook="copy-out /tmp/make.elf /tmp/cmake.elf $work" \
  bookworm /dev/null "deb $mirror bookworm main" "deb $mirror bookworm-updates main" \
  "deb $security bookworm-security main"
for kernel in make cmake; do
  sh "$example/run.sh" "$work/$kernel.elf"
done
