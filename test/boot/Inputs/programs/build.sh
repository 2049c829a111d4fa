#!/bin/sh
# build.sh FOLDER KIND: builds the programs here, of one KIND of C library and linking:
#   glibc-static glibc-static-pie glibc-dynamic musl-static musl-dynamic
#   cxx-static cxx-static-pie cxx-dynamic
# and prints the command lines of what was built, for same.py.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck disable=SC2086 # flags and parts are lists of words
set -e
inputs=$(dirname "$(readlink -f "$0")")
folder=$1
kind=$2
mkdir -p "$folder"
folder=$(readlink -f "$folder")
case $kind in
  glibc-static) cc="gcc -static" ;;
  glibc-static-pie) cc="gcc -static-pie -fPIE" ;;
  glibc-dynamic) cc=gcc ;;
  musl-static) cc="musl-gcc -static" ;;
  musl-dynamic) cc=musl-gcc ;;
  cxx-static) cc="g++ -std=c++17 -static" ;;
  cxx-static-pie) cc="g++ -std=c++17 -static-pie -fPIE" ;;
  cxx-dynamic) cc="g++ -std=c++17" ;;
  *) echo "build.sh: unknown kind $kind" >&2; exit 1 ;;
esac

case $kind in
  cxx-*)
    $cc -O2 -pthread "$inputs/cxx-threads.cpp" -o "$folder/cxx-threads"
    echo "$folder/cxx-threads"
    exit ;;
esac

for name in threads ends; do
  $cc -O2 -pthread "$inputs/$name.c" -o "$folder/$name"
  echo "$folder/$name"
done

# One object, or for dynamic programs one library, for each model.
parts=
for model in gd ld ie desc; do
  flags="-DNAME=$model"
  case $model in
    gd) flags="$flags -ftls-model=global-dynamic -DSIZE=5000" ;;
    ld) flags="$flags -ftls-model=local-dynamic -DLOCAL -DSIZE=300" ;;
    ie) flags="$flags -ftls-model=initial-exec" ;;
    desc) flags="$flags -mtls-dialect=gnu2 -DSIZE=1000" ;;
  esac
  case $kind in
    *-dynamic)
      $cc -O2 -fPIC -shared $flags "$inputs/model.c" -o "$folder/lib$model.so"
      parts="$parts $folder/lib$model.so" ;;
    *)
      $cc -O2 -c -fPIC $flags "$inputs/model.c" -o "$folder/$model.o"
      parts="$parts $folder/$model.o" ;;
  esac
done
$cc -O2 -c -DNAME=own "$inputs/model.c" -o "$folder/own.o"
$cc -O2 -pthread "$inputs/models.c" "$folder/own.o" $parts -o "$folder/models"
echo "$folder/models"

case $kind in
  *-dynamic)
    plugin="$cc -O2 -fPIC -shared $inputs/plugin.c"
    $plugin -ftls-model=initial-exec -o "$folder/small-ie.so"
    $plugin -o "$folder/small-gd.so"
    $plugin -DSIZE=1048576 -o "$folder/large-gd.so"
    $plugin -DSIZE=70000 -o "$folder/medium-gd.so"
    $plugin -DALIGN=4096 -DSIZE=5000 -o "$folder/aligned-gd.so"
    $cc -O2 -pthread "$inputs/plugins.c" -o "$folder/plugins" -ldl
    echo "$folder/plugins $folder" ;;
esac
