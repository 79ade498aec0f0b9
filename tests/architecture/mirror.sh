#!/bin/sh
# mirror.sh <source tree>: include/workpool/a/b.hpp has tests/a/b_test.cpp, which includes that header first; and every
# tests/a/*_test.cpp belongs to a header: b_test.cpp, or b_<aspect>_test.cpp for a second file about the same header.
# Front doors (headers of includes only, directly under workpool/) have no test of their own.
set -eu
cd "$1"
bad=0

is_front_door() {
  case "$1" in */*) return 1 ;; esac
  ! grep -qvE '^[[:space:]]*(//.*|#[[:space:]]*(pragma once|include .*))?$' "include/workpool/$1.hpp"
}

# The header a test belongs to: its own name, else with one _word after the other taken away.
header_of() {
  stem=$1
  while :; do
    if [ -f "include/workpool/$stem.hpp" ]; then echo "$stem"; return; fi
    case "${stem##*/}" in *_*) stem=${stem%_*} ;; *) return ;; esac
  done
}

for header in $(cd include/workpool && find . -name '*.hpp' | sort); do
  name=${header#./}; name=${name%.hpp}
  if ! is_front_door "$name" && [ ! -f "tests/${name}_test.cpp" ]; then
    echo "include/workpool/$name.hpp: has no test; write tests/${name}_test.cpp"; bad=1
  fi
done

for test in $(cd tests && find . -name '*_test.cpp' | sort); do
  name=${test#./}
  case "$name" in architecture/* | consumers/* | stress/* | support/*) continue ;; esac
  header=$(header_of "${name%_test.cpp}")
  if [ -z "$header" ]; then
    echo "tests/$name: belongs to no header; include/workpool/${name%_test.cpp}.hpp does not exist"; bad=1
    continue
  fi
  first=$(grep -m1 '^#include' "tests/$name" || true)
  if [ "$first" != "#include <workpool/$header.hpp>" ]; then
    echo "tests/$name: must include <workpool/$header.hpp> first, but begins with: $first"; bad=1
  fi
done
exit $bad
